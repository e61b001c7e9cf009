// What a press carries. A verb with few words travels in the button itself; the rest waits in the database under a token that is bound to
// one person, works once, and ends.
import { createActionToken, spendActionToken } from '../../db/action-tokens.ts'
import type { Db } from '../../db/connect.ts'
import type { Button, Press, ReadyButton, ReadyView, View } from './view.ts'

/** Telegram's limit for a button's data, the narrowest of all platforms (Bot API, InlineKeyboardButton.callback_data). */
export const BUTTON_ID_BYTES_MAX = 64
const TOKEN_TTL_MINUTES = 24 * 60
const TOKEN = 't'

export type Recipient = { provider: string; subject: string }
export type Opened = { kind: 'press'; press: Press } | { kind: 'refused'; why: 'used' | 'expired' | 'not-yours' | 'unknown' }

/** The press as a button's id, or null when it needs a token. */
export function inlineId(press: Press): string | null {
  const id = [press.verb, ...press.args.map(encodeURIComponent)].join(':')
  return Buffer.byteLength(id) <= BUTTON_ID_BYTES_MAX ? id : null
}

/** The view with every button's id made, for one person to press. */
export async function readyView(db: Db, view: View, recipient: Recipient): Promise<ReadyView> {
  const { actions, select, ...document } = view
  const ready: ReadyButton[] = []
  for (const one of actions) ready.push(await readyButton(db, one, recipient))
  if (select === undefined) return { ...document, actions: ready }
  const options: { label: string; id: string }[] = []
  for (const option of select.options) options.push({ label: option.label, id: await buttonId(db, option.press, recipient) })
  return { ...document, actions: ready, select: { label: select.label, options } }
}

async function readyButton(db: Db, one: Button, recipient: Recipient): Promise<ReadyButton> {
  if ('url' in one) return { kind: 'link', label: one.label, url: one.url }
  return { kind: 'press', label: one.label, style: one.style ?? 'plain', id: await buttonId(db, one.press, recipient) }
}

async function buttonId(db: Db, press: Press, recipient: Recipient): Promise<string> {
  const id = inlineId(press)
  if (id !== null) return id
  const { provider, subject } = recipient
  return `${TOKEN}:${await createActionToken(db, { provider, subject, verb: press.verb, args: press.args, ttlMinutes: TOKEN_TTL_MINUTES })}`
}

/** What a button that came back says, if the person who pressed it may. */
export async function openButton(db: Db, id: string, presser: Recipient): Promise<Opened> {
  const [verb = '', ...args] = id.split(':')
  if (verb !== TOKEN) return { kind: 'press', press: { verb, args: args.map(decoded) } }
  const use = await spendActionToken(db, { id: args[0] ?? '', provider: presser.provider, subject: presser.subject })
  return use.kind === 'granted' ? { kind: 'press', press: { verb: use.verb, args: use.args } } : { kind: 'refused', why: use.kind }
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}
