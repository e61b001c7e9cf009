// Links that open a private chat with the bot and say something there: `https://t.me/<bot>?start=<payload>`. Whoever gets such a link may
// have been sent it by anybody, so it only ever opens what looks or asks, never what acts.

const PAYLOAD_CHARS_MAX = 64
const OPENABLE: ReadonlySet<string> = new Set(['deploy', 'destroy', 'help', 'how', 'instances', 'link', 'logs', 'prices', 'share', 'status'])

/** By whose link somebody comes. */
const INVITATION = /^ref_[a-z0-9]{8}$/

export type Command = { name: string; args: readonly string[] }

/** The link that repeats `command` in private; for one that acts, the link that only opens the chat. */
export function deepLink(botName: string, command: Command | null): string {
  return `https://t.me/${botName}?start=${command === null ? 'do_help' : payloadOf(command)}`
}

function payloadOf({ name, args }: Command): string {
  const [arg = ''] = args
  if (name === 'start' && INVITATION.test(arg)) return arg
  if (!OPENABLE.has(name)) return 'do_instances'
  const payload = name === 'link' ? `link_${arg}` : `do_${name}_${arg}`
  return payload.length <= PAYLOAD_CHARS_MAX && /^[A-Za-z0-9-]+$/.test(arg) ? payload : `do_${name}`
}

/** What a payload asks for: a command, nothing in particular, or an instance's name, since `/start my-claw` is also typed by hand. */
export function openedBy(payload: string): Command | 'nothing' | 'name' {
  const [mark, name = '', ...args] = payload.split('_')
  // The question who made the code, and nothing more: it is answered by a tap.
  if (mark === 'link' && name !== '' && args.length === 0) return { name: 'link', args: [name] }
  if (INVITATION.test(payload)) return { name: 'start', args: [payload] }
  // One word at most: "/link yes …" would be an answer already.
  if (mark === 'do' && OPENABLE.has(name) && args.length <= 1) return { name, args }
  // No instance's name has an underscore: it is a link of ours that we no longer know.
  return payload === '' || payload.includes('_') ? 'nothing' : 'name'
}
