// The few words that only Discord needs: around its forms and its replies.
import type { ReadyView } from '../core/view.ts'

type Form = { button: string; title: string; label: string; placeholder: string }

/** The form that takes an answer: a button below the question opens it. */
export const forms: Readonly<Record<'secret' | 'text', Form>> = {
  secret: { button: 'Paste it', title: 'Paste it here', label: 'Key or token', placeholder: 'Nobody sees it in the chat' },
  text: { button: 'Type it', title: 'Type it here', label: 'Your answer', placeholder: '' },
}

/** Said in place of a question, or for a command whose answer is a message of its own. */
export function underWayView(where: 'here' | 'in-private'): ReadyView {
  const text = where === 'here' ? 'It is under way: how it goes follows here.' : 'It is under way: I tell you in our private chat how it goes.'
  return { tone: 'plain', blocks: [{ kind: 'text', text: [text] }], actions: [] }
}
