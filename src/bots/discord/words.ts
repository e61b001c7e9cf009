// The few words that only Discord needs: around its replies.
import { t } from '../core/language.ts'
import type { ReadyView } from '../core/view.ts'

/** Said in place of a question, or for a command whose answer is a message of its own. */
export function underWayView(where: 'here' | 'in-private'): ReadyView {
  const text = where === 'here' ? t`It is under way: how it goes follows here.` : t`It is under way: I tell you in our private chat how it goes.`
  return { tone: 'plain', blocks: [{ kind: 'text', text: [text] }], actions: [] }
}
