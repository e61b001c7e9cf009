// Inviting others.
import { t } from '../language.ts'
import type { Elsewhere } from '../info.ts'
import { button, code, paragraph, type View } from '../view.ts'
import { platformTitle } from './key-problems.ts'

/** A person's own link. `words` do the same where there is no link. */
export function inviteView({ words, came, links }: { words: string; came: number; links: readonly Elsewhere[] }): View {
  const [first] = links
  return {
    tone: 'plain',
    blocks: [
      first === undefined
        ? paragraph`Whoever sends me ${code(words)} as their first words came by your invitation.`
        : paragraph`This is your link: ${first.url}. Whoever opens it and is new here came by your invitation. Without a link, they send me ${code(words)} as their first words.`,
      came === 0
        ? paragraph`Nobody came by it yet.`
        : came === 1
          ? paragraph`One person came by it so far.`
          : paragraph`${came} people came by it so far.`,
    ],
    actions: [...links.map(({ provider, url }) => ({ label: t`Open it in ${platformTitle(provider)}`, url })), button(t`My assistants`, 'instances')],
  }
}
