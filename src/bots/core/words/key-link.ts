// The page that takes a key around the chat: its link, and what came of it.
import { t } from '../language.ts'
import { bold, button, code, paragraph, type Button, type View } from '../view.ts'

function keysOf(name: string | null): Button {
  return name === null ? button(t`Keys`, 'keys') : button(t`Keys`, 'keys', name)
}

/** The link itself. */
export function keyLinkView(made: { name: string; title: string; address: string; minutes: number }): View {
  const { name, title, address, minutes } = made
  return {
    tone: 'plain',
    blocks: [
      paragraph`${bold(title)} for ${bold(name)}: open this page within ${minutes} minutes, it works once. What you paste there is in no chat.`,
      paragraph`Keep the link to yourself: whoever has it can answer in your place.`,
    ],
    actions: [{ label: t`Open the page`, url: address }, keysOf(name)],
  }
}

/** What was pasted on the page is saved. Takes the place of the link, which has no more use. */
export function keyLinkUsedView(set: { key: string; name: string; title: string; last4: readonly string[]; stopped: boolean }): View {
  const { key, name, title, last4, stopped } = set
  const ends = last4.map((one) => `…${one}`).join(' ')
  return {
    tone: 'good',
    key,
    blocks: [
      ends === '' ? paragraph`✓ ${bold(title)} for ${bold(name)} is saved.` : paragraph`✓ ${bold(title)} for ${bold(name)} is saved: ${code(ends)}`,
      ...(stopped ? [paragraph`${bold(name)} is stopped, and takes it at its next start.`] : []),
      paragraph`It came from the page whose link I gave you. If that was not you, replace it now.`,
    ],
    actions: [keysOf(name), button(t`Status`, 'status', name)],
  }
}

/** There is no page that this person's browser could open. */
export function noKeyPageView(name: string | null): View {
  return {
    tone: 'plain',
    blocks: [paragraph`There is no page for that here: whoever runs me has given me no address on the web. You can hand the key over in this chat.`],
    actions: [keysOf(name)],
  }
}

/** Which credential the page shall take. */
export function whichKeyLinkView(name: string, offered: readonly { id: string; title: string }[]): View {
  return {
    tone: 'plain',
    blocks: [paragraph`What shall ${bold(name)} get by way of a web page?`],
    actions: offered.map((one) => button(one.title, 'set-key-link', name, one.id)),
  }
}
