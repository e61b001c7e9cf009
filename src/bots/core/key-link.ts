// The way around the chat for keys: a link to a page that works once. The token is in the message and nowhere else.
import { addToSubject } from '../../db/one-time-tokens.ts'
import { show, type Turn } from './turn.ts'
import { keyLinkView, noKeyPageView } from './words/key-link.ts'
import { refusalView } from './words/refusals.ts'

/** Whether this person's browser can open our pages: on the web, or on the computer at whose terminal they sit. */
export function hasKeyPage({ deps, inbound }: Turn): boolean {
  const { webAddress } = deps.info
  return webAddress !== null && (webAddress.startsWith('https:') || inbound.place === 'terminal')
}

/** Answers with a link to the page that takes one credential of one assistant. */
export async function answerKeyLink(turn: Turn, args: readonly string[]): Promise<void> {
  const { deps, actor, inbound } = turn
  const [instance, credential] = args.length > 1 ? args : [undefined, args[0]]
  if (!hasKeyPage(turn)) return void (await show(turn, noKeyPageView(instance ?? null)))
  const wanted = { credential: credential ?? '', language: turn.language, ...(instance !== undefined && { instance }) }
  const made = await deps.actions.perform('set-key-link', wanted, actor)
  if (!made.ok) {
    const asked = { action: 'set-key-link', rest: [wanted.credential], ...(instance !== undefined && { instance }) }
    return void (await show(turn, refusalView(made, asked)))
  }
  const { link, token, minutes } = made.value
  const address = `${deps.info.webAddress ?? ''}/k/${token.open()}`
  const messageRef = await show(turn, keyLinkView({ name: made.value.instance.name, title: made.value.credential, address, minutes }), {
    inPlace: true,
  })
  // What only one person sees for a while cannot be changed later: the news then comes to their private chat as a message of its own.
  if (messageRef !== null && inbound.place !== 'group') await addToSubject(deps.db, link, { messageRef })
}
