// The chats of a simulated Telegram: who is in them, what stands in them, and what a bot may do there.
import { z } from 'zod'
import { markupProblem, markupSchema, type Key, type Markup, type ReplyKey } from './keyboards.ts'
import { parseHtml, type Stress } from './markup.ts'

export type Message = {
  id: number
  chatId: number
  /** Null: the bot's. */
  from: number | null
  text: string
  stresses: Stress[]
  keyboard: Key[][]
  /** What the message says besides words: that a bot was made. */
  service: Record<string, unknown>
  deleted: boolean
  edits: number
  file: string | null
  /** What the file is called, if a person sent it. */
  fileName: string | null
  photo: Buffer | null
}
export type Chat =
  | { id: number; kind: 'private'; reachable: 'yes' | 'not-started' | 'blocked'; name: string }
  | { id: number; kind: 'group'; name: string; mayDelete: boolean }
/** A keyboard below a chat, in the place of the letters. One that was used once hides, and can be brought back until a bot takes it away. */
export type StandingKeyboard = { keys: ReplyKey[][]; messageId: number; once: boolean; hidden: boolean }
export type Answer = { ok: true; result: unknown } | { ok: false; error_code: number; description: string; parameters?: { retry_after: number } }

const sendSchema = z.object({
  chat_id: z.coerce.number(),
  text: z.string(),
  parse_mode: z.literal('HTML').optional(),
  reply_markup: markupSchema.optional(),
  message_id: z.number().optional(),
})

export type Chats = {
  all: Map<number, Chat>
  messages: Message[]
  /** By the chat that each stands below. */
  keyboards: Map<number, StandingKeyboard>
  add(message: Pick<Message, 'chatId' | 'from' | 'text'> & Partial<Pick<Message, 'service'>>): Message
  send(params: unknown): Answer
  edit(params: unknown): Answer
  sendPhoto(params: unknown, photo: Buffer): Answer
  editPhoto(params: unknown, photo: Buffer): Answer
  sendFile(chatId: number, file: { name: string; text: string }): Answer
  remove(params: unknown): Answer
  wire(message: Message): Record<string, unknown>
}

const captionSchema = z.looseObject({ chat_id: z.coerce.number(), caption: z.string() })
const mediaEditSchema = z.looseObject({ chat_id: z.unknown(), media: z.looseObject({ caption: z.string() }), reply_markup: z.unknown() })

const refusal = (error_code: number, description: string): Answer => ({ ok: false, error_code, description })
const bad = (description: string): Answer => refusal(400, `Bad Request: ${description}`)

/** An empty Telegram; `bot` is who the bot's messages are from, and `manages` whether it may manage other bots. */
export function createChats(bot: Record<string, unknown>, manages: () => boolean): Chats {
  const all = new Map<number, Chat>()
  const keyboards: Chats['keyboards'] = new Map()
  const messages: Message[] = []
  const add: Chats['add'] = (message) => {
    const made = { ...blank(), ...message, id: messages.length + 101 }
    messages.push(made)
    return made
  }
  const wire: Chats['wire'] = (message) => wired({ all, bot }, message)
  const find = (params: unknown): Message | undefined => {
    const { chat_id, message_id } = z.object({ chat_id: z.coerce.number(), message_id: z.coerce.number() }).parse(params)
    return messages.find((one) => one.chatId === chat_id && one.id === message_id && !one.deleted)
  }
  return {
    all,
    messages,
    keyboards,
    add,
    wire,
    send(params) {
      const checked = contentOf(all, manages(), params)
      if (!checked.ok) return checked.answer
      const { chatId, text, stresses, markup } = checked
      const message = add({ chatId, from: null, text })
      Object.assign(message, { stresses, keyboard: inlineOf(markup) })
      place(keyboards, { chatId, messageId: message.id, markup })
      return { ok: true, result: wire(message) }
    },
    edit(params) {
      const checked = contentOf(all, manages(), params)
      if (!checked.ok) return checked.answer
      const message = find(params)
      if (message === undefined) return bad('message to edit not found')
      if (message.from !== null || keyboards.get(message.chatId)?.messageId === message.id) return bad("message can't be edited")
      if (message.photo !== null) return bad('there is no text in the message to edit')
      const { text, stresses, markup } = checked
      if (markup !== undefined && !('inline_keyboard' in markup)) return bad('inline keyboard expected')
      const keyboard = inlineOf(markup)
      const same = JSON.stringify([message.text, message.stresses, message.keyboard]) === JSON.stringify([text, stresses, keyboard])
      if (same) return bad('message is not modified: specified new message content and reply markup are exactly the same')
      Object.assign(message, { text, stresses, keyboard, edits: message.edits + 1 })
      return { ok: true, result: wire(message) }
    },
    ...photosIn(all, { add, find, wire }),
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

function blank(): Omit<Message, 'id' | 'chatId' | 'from' | 'text'> {
  return { service: {}, stresses: [], keyboard: [], deleted: false, edits: 0, file: null, fileName: null, photo: null }
}

/** A message as the API gives it. */
function wired({ all, bot }: { all: Chats['all']; bot: Record<string, unknown> }, message: Message): Record<string, unknown> {
  const chat = all.get(message.chatId)
  const { id, from, text, keyboard, chatId, service } = message
  const where =
    chat?.kind === 'group' ? { id: chatId, type: 'supergroup', title: chat.name } : { id: chatId, type: 'private', first_name: chat?.name }
  const who = from === null ? bot : { id: from, is_bot: false, first_name: all.get(from)?.name ?? 'Somebody', language_code: 'en' }
  const markup = keyboard.length === 0 ? {} : { reply_markup: { inline_keyboard: keyboard } }
  const photo = [{ file_id: `photo-${id}`, file_unique_id: `p${id}`, width: 1, height: 1 }]
  const { file, fileName } = message
  const document = { file_id: `document-${id}`, file_unique_id: `d${id}`, file_name: fileName ?? 'file', file_size: Buffer.byteLength(file ?? '') }
  const words = fileName !== null ? { document } : message.photo === null ? { text } : { caption: text, photo }
  const said = Object.keys(service).length === 0 ? words : service
  return { message_id: id, date: Math.floor(Date.now() / 1_000), chat: where, from: who, ...said, ...markup }
}

type Parts = Pick<Chats, 'add' | 'wire'> & { find(params: unknown): Message | undefined }

/** Messages that are a photo with its caption. A text can be edited into one. */
function photosIn(all: Chats['all'], { add, find, wire }: Parts): Pick<Chats, 'sendPhoto' | 'editPhoto'> {
  return {
    sendPhoto(params, photo) {
      const checked = captionOf(all, params, photo)
      if (!checked.ok) return checked.answer
      const { chatId, text, stresses, markup } = checked
      const message = add({ chatId, from: null, text })
      Object.assign(message, { stresses, keyboard: inlineOf(markup), photo })
      return { ok: true, result: wire(message) }
    },
    editPhoto(params, photo) {
      const { chat_id, media, reply_markup } = mediaEditSchema.parse(params)
      const checked = captionOf(all, { ...media, chat_id, reply_markup }, photo)
      if (!checked.ok) return checked.answer
      const message = find(params)
      if (message === undefined) return bad('message to edit not found')
      if (message.from !== null) return bad("message can't be edited")
      const { text, stresses, markup } = checked
      Object.assign(message, { text, stresses, keyboard: inlineOf(markup), photo, edits: message.edits + 1 })
      return { ok: true, result: wire(message) }
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

type Content = { ok: true; chatId: number; text: string; stresses: Stress[]; markup: Markup | undefined } | { ok: false; answer: Answer }

function contentOf(all: Chats['all'], manages: boolean, params: unknown): Content {
  const { chat_id: chatId, text, parse_mode, reply_markup: markup } = sendSchema.parse(params)
  const refused = unreachable(all, chatId)
  if (refused !== null) return { ok: false, answer: refused }
  const parsed = parse_mode === undefined ? ({ ok: true, text, stresses: [] } as const) : parseHtml(text)
  if (!parsed.ok) return { ok: false, answer: bad(parsed.why) }
  if (parsed.text.trim() === '') return { ok: false, answer: bad('message text is empty') }
  if (parsed.text.length > 4_096) return { ok: false, answer: bad('message is too long') }
  if (!text.isWellFormed()) return { ok: false, answer: bad('strings must be encoded in UTF-8') }
  const why = markupProblem(markup, { private: all.get(chatId)?.kind === 'private', manages })
  if (why !== null) return { ok: false, answer: bad(why) }
  return { ok: true, chatId, text: parsed.text, stresses: [...parsed.stresses], markup }
}

/** What stands with a picture, which must be one: https://core.telegram.org/bots/api#sendphoto */
function captionOf(all: Chats['all'], params: unknown, photo: Buffer): Content {
  const { caption, ...rest } = captionSchema.parse(params)
  const content = contentOf(all, false, { ...rest, text: caption })
  if (!content.ok) return content
  const isPng = photo.toString('latin1', 1, 4) === 'PNG'
  if (!isPng || photo.length > 10 * 1024 * 1024 || photo.readUInt32BE(16) + photo.readUInt32BE(20) > 10_000)
    return { ok: false, answer: bad('IMAGE_PROCESS_FAILED') }
  return content.text.length > 1_024 ? { ok: false, answer: bad('message caption is too long') } : content
}

function inlineOf(markup: Markup | undefined): Key[][] {
  return markup !== undefined && 'inline_keyboard' in markup ? markup.inline_keyboard : []
}

/** A keyboard below the chat stays until another one comes or a message takes it away: that its own message is deleted does not. */
function place(keyboards: Chats['keyboards'], sent: { chatId: number; messageId: number; markup: Markup | undefined }): void {
  const { chatId, messageId, markup } = sent
  if (markup === undefined || 'inline_keyboard' in markup) return
  if ('remove_keyboard' in markup) return void keyboards.delete(chatId)
  keyboards.set(chatId, { keys: markup.keyboard, messageId, once: markup.one_time_keyboard, hidden: false })
}
