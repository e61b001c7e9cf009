// What Telegram sends, as the core takes it. Pure: it decides what is for us, and nothing about what is done.
import type { CallbackQuery, Message, Update, User } from 'grammy/types'
import { holdsKey } from '../../domain/model-providers.ts'
import { commandNames } from '../core/answers.ts'
import { typedOf } from '../core/commands.ts'
import type { Inbound, Room } from '../core/face.ts'
import { openedBy, type Command } from './deep-link.ts'
import type { ReadFile } from './files.ts'

export type Us = { id: number; username: string }
/** Where in a group an answer belongs. */
export type GroupPlace = { chatId: number; threadId?: number; replyTo?: number; command: Command | null }
export type Received = { inbound: Inbound; group: GroupPlace | null }

/** What an update says to us; null when it is not for us. `read` gets what is in a file, when somebody asks for it. */
export function received(update: Update, us: Us, read: ReadFile = async () => 'gone'): Received | null {
  const id = `${us.id}:${update.update_id}`
  if (update.callback_query !== undefined) return pressed(update.callback_query, id)
  return update.message === undefined ? null : written(update.message, { id, us, read })
}

/** Whom something came from. */
export function originOf(from: User, id: string): Pick<Inbound, 'id' | 'provider' | 'subject' | 'displayName' | 'chat' | 'language'> {
  const displayName = [from.first_name, from.last_name].filter((part) => part !== undefined && part !== '').join(' ')
  // A private chat has the id of its person: announcements go there, wherever something was asked.
  return {
    id,
    provider: 'telegram',
    subject: String(from.id),
    displayName: displayName || String(from.id),
    chat: String(from.id),
    language: from.language_code ?? null,
  }
}

function pressed(query: CallbackQuery, id: string): Received | null {
  const { message, data } = query
  if (message === undefined || data === undefined) return null
  const press = { kind: 'press', button: data, messageRef: String(message.message_id) } as const
  if (message.chat.type === 'private') return { inbound: { ...originOf(query.from, id), ...press, place: 'dm' }, group: null }
  const inbound = { ...originOf(query.from, id), ...press, place: 'group', rooms: roomsOf(message) } as const
  return { inbound, group: { chatId: message.chat.id, command: null, ...threadOf(message) } }
}

type Placed = Pick<Message, 'chat'> & Partial<Pick<Message, 'is_topic_message' | 'message_thread_id' | 'reply_to_message'>>

function threadOf({ is_topic_message: inTopic, message_thread_id: threadId }: Placed): { threadId?: number } {
  return inTopic === true && threadId !== undefined ? { threadId } : {}
}

/** The topic, if it is one of a forum, and the group. */
function roomsOf(message: Placed): Room[] {
  const { chat, reply_to_message: above } = message
  const id = String(chat.id)
  const group: Room = { id, kind: 'group', title: chat.title ?? 'group', address: id }
  const { threadId } = threadOf(message)
  if (threadId === undefined) return [group]
  // What is written in a topic answers the message that opened it, which has its name.
  const title = above?.forum_topic_created?.name ?? 'topic'
  return [{ id: `${id}:${threadId}`, kind: 'topic', title, address: `${id}:${threadId}` }, group]
}

function written(message: Message, { id, us, read }: { id: string; us: Us; read: ReadFile }): Received | null {
  const { from, chat } = message
  // A channel, or a group's nameless administrator, speaks through an account that is nobody's.
  if (from === undefined || from.is_bot || message.sender_chat !== undefined) return null
  const text = contentOf(message)
  if (text === null) return null
  const start = originOf(from, id)
  const messageRef = String(message.message_id)
  const { document } = message
  if (chat.type === 'private' && document !== undefined) {
    const { file_id: fileId, file_name: name = '', file_size: bytes = null } = document
    const file = { name, bytes, read: (bytesMax: number) => read(fileId, bytesMax) }
    return { inbound: { ...start, place: 'dm', messageRef, kind: 'file', file, text }, group: null }
  }
  if (chat.type === 'private') return { inbound: privately({ ...start, place: 'dm', messageRef }, text), group: null }
  const typed = typedOf(text, commandNames)
  const command = typed.kind === 'command' ? { name: typed.name, args: typed.args } : null
  if (!holdsKey(text) && !forUs(text, us) && !answersUs(message, us)) return null
  const group = { chatId: chat.id, replyTo: message.message_id, command, ...threadOf(message) }
  return { inbound: { ...start, place: 'group', messageRef, kind: 'text', text, rooms: roomsOf(message) }, group }
}

/** A person's words; empty for a picture or a voice message without any, and null for what nobody said (somebody joined, a pinned message). */
function contentOf(message: Message): string | null {
  const said = message.text ?? message.caption
  if (said !== undefined) return said
  const { photo, voice, video, video_note, document, sticker, audio, animation, contact, location } = message
  const things = [photo, voice, video, video_note, document, sticker, audio, animation, contact, location]
  return things.some((thing) => thing !== undefined) ? '' : null
}

/** A reply to a message of ours, unless it is a command of somebody else's. */
function answersUs({ reply_to_message: above, text }: Message, us: Us): boolean {
  return above?.from?.id === us.id && text?.trim().startsWith('/') !== true
}

/** In a group other bots are spoken to as well: a command is ours by our name on it, or, without any, by being one that we know. */
function forUs(text: string, us: Us): boolean {
  const [head = ''] = text.trim().split(/\s+/)
  if (!head.startsWith('/')) return false
  const bot = head.toLowerCase().split('@')[1]
  const typed = typedOf(head, commandNames)
  return bot === undefined ? typed.kind === 'command' && commandNames.includes(typed.name) : bot === us.username.toLowerCase()
}

function privately(start: Omit<Extract<Inbound, { kind: 'text' }>, 'kind' | 'text'>, text: string): Inbound {
  const [head = '', payload = '', ...more] = text.trim().split(/\s+/)
  const name = head.split('@')[0]?.toLowerCase()
  if (name === '/start' && more.length === 0) {
    const opened = openedBy(payload)
    if (opened === 'nothing') return { ...start, kind: 'start' }
    if (opened !== 'name') return { ...start, kind: 'text', text: `/${[opened.name, ...opened.args].join(' ')}` }
  }
  return { ...start, kind: 'text', text }
}
