// The chats of a simulated Telegram: who is in them, what stands in them, and what a bot may do there.
import { z } from 'zod'
import { parseHtml, type Stress } from './markup.ts'

const keySchema = z.object({ text: z.string(), callback_data: z.string().optional(), url: z.string().optional(), style: z.string().optional() })
const keyboardSchema = z.object({ inline_keyboard: z.array(z.array(keySchema)) })
export type Key = z.infer<typeof keySchema>

export type Message = {
  id: number
  chatId: number
  /** Null: the bot's. */
  from: number | null
  text: string
  stresses: Stress[]
  keyboard: Key[][]
  deleted: boolean
  edits: number
  file: string | null
}
export type Chat =
  | { id: number; kind: 'private'; reachable: 'yes' | 'not-started' | 'blocked'; name: string }
  | { id: number; kind: 'group'; name: string; mayDelete: boolean }
export type Answer = { ok: true; result: unknown } | { ok: false; error_code: number; description: string; parameters?: { retry_after: number } }

const sendSchema = z.object({
  chat_id: z.coerce.number(),
  text: z.string(),
  parse_mode: z.literal('HTML').optional(),
  reply_markup: keyboardSchema.optional(),
  message_id: z.number().optional(),
})

export type Chats = {
  all: Map<number, Chat>
  messages: Message[]
  add(message: Pick<Message, 'chatId' | 'from' | 'text'>): Message
  send(params: unknown): Answer
  edit(params: unknown): Answer
  sendFile(chatId: number, file: { name: string; text: string }): Answer
  remove(params: unknown): Answer
  wire(message: Message): Record<string, unknown>
}

const refusal = (error_code: number, description: string): Answer => ({ ok: false, error_code, description })
const bad = (description: string): Answer => refusal(400, `Bad Request: ${description}`)

/** An empty Telegram; `bot` is who the bot's messages are from. */
export function createChats(bot: Record<string, unknown>): Chats {
  const all = new Map<number, Chat>()
  const messages: Message[] = []
  const add: Chats['add'] = (message) => {
    const made = { ...message, id: messages.length + 101, stresses: [], keyboard: [], deleted: false, edits: 0, file: null }
    messages.push(made)
    return made
  }
  const wire: Chats['wire'] = (message) => {
    const chat = all.get(message.chatId)
    const { id, from, text, keyboard, chatId } = message
    const where =
      chat?.kind === 'group' ? { id: chatId, type: 'supergroup', title: chat.name } : { id: chatId, type: 'private', first_name: chat?.name }
    const who = from === null ? bot : { id: from, is_bot: false, first_name: all.get(from)?.name ?? 'Somebody', language_code: 'en' }
    const markup = keyboard.length === 0 ? {} : { reply_markup: { inline_keyboard: keyboard } }
    return { message_id: id, date: Math.floor(Date.now() / 1_000), chat: where, from: who, text, ...markup }
  }
  const find = (params: unknown): Message | undefined => {
    const { chat_id, message_id } = z.object({ chat_id: z.coerce.number(), message_id: z.number() }).parse(params)
    return messages.find((one) => one.chatId === chat_id && one.id === message_id && !one.deleted)
  }
  return {
    all,
    messages,
    add,
    wire,
    send(params) {
      const checked = contentOf(all, params)
      if (!checked.ok) return checked.answer
      const message = add({ chatId: checked.chatId, from: null, text: checked.text })
      Object.assign(message, { stresses: checked.stresses, keyboard: checked.keyboard })
      return { ok: true, result: wire(message) }
    },
    edit(params) {
      const checked = contentOf(all, params)
      if (!checked.ok) return checked.answer
      const message = find(params)
      if (message === undefined) return bad('message to edit not found')
      if (message.from !== null) return bad("message can't be edited")
      const { text, stresses, keyboard } = checked
      const same = JSON.stringify([message.text, message.stresses, message.keyboard]) === JSON.stringify([text, stresses, keyboard])
      if (same) return bad('message is not modified: specified new message content and reply markup are exactly the same')
      Object.assign(message, { text, stresses, keyboard, edits: message.edits + 1 })
      return { ok: true, result: wire(message) }
    },
    sendFile(chatId, file) {
      const refused = unreachable(all, chatId)
      if (refused !== null) return refused
      const message = add({ chatId, from: null, text: `(${file.name})` })
      message.file = file.text
      return { ok: true, result: wire(message) }
    },
    remove(params) {
      const message = find(params)
      if (message === undefined) return bad('message to delete not found')
      const chat = all.get(message.chatId)
      if (chat?.kind === 'group' && message.from !== null && !chat.mayDelete) return bad("message can't be deleted")
      message.deleted = true
      return { ok: true, result: true }
    },
  }
}

function unreachable(all: Chats['all'], chatId: number): Answer | null {
  const chat = all.get(chatId)
  if (chat === undefined) return bad('chat not found')
  if (chat.kind === 'private' && chat.reachable === 'blocked') return refusal(403, 'Forbidden: bot was blocked by the user')
  if (chat.kind === 'private' && chat.reachable === 'not-started') return refusal(403, "Forbidden: bot can't initiate conversation with a user")
  return null
}

type Content = { ok: true; chatId: number; text: string; stresses: Stress[]; keyboard: Key[][] } | { ok: false; answer: Answer }

function contentOf(all: Chats['all'], params: unknown): Content {
  const { chat_id: chatId, text, parse_mode, reply_markup } = sendSchema.parse(params)
  const refused = unreachable(all, chatId)
  if (refused !== null) return { ok: false, answer: refused }
  const parsed = parse_mode === undefined ? ({ ok: true, text, stresses: [] } as const) : parseHtml(text)
  if (!parsed.ok) return { ok: false, answer: bad(parsed.why) }
  if (parsed.text.trim() === '') return { ok: false, answer: bad('message text is empty') }
  if (parsed.text.length > 4_096) return { ok: false, answer: bad('message is too long') }
  if (!text.isWellFormed()) return { ok: false, answer: bad('strings must be encoded in UTF-8') }
  const keyboard = reply_markup?.inline_keyboard ?? []
  const why = keyboardProblem(keyboard)
  if (why !== null) return { ok: false, answer: bad(why) }
  return { ok: true, chatId, text: parsed.text, stresses: [...parsed.stresses], keyboard }
}

function keyboardProblem(rows: readonly Key[][]): string | null {
  if (rows.flat().length > 100 || rows.some((row) => row.length > 8)) return 'reply markup is too long'
  for (const { text, callback_data: data, url, style } of rows.flat()) {
    if (text.trim() === '') return 'text buttons are unallowed in the inline keyboard'
    if ((data === undefined) === (url === undefined)) return 'a button has one purpose'
    if (data !== undefined && (data === '' || Buffer.byteLength(data) > 64)) return 'BUTTON_DATA_INVALID'
    if (style !== undefined && !['danger', 'success', 'primary'].includes(style)) return 'BUTTON_STYLE_INVALID'
    const host = url === undefined ? null : (URL.parse(url)?.hostname ?? '')
    if (host !== null && (!host.includes('.') || host.endsWith('.localhost') || host.startsWith('127.'))) return 'BUTTON_URL_INVALID'
  }
  return null
}
