// What Telegram sends, as the core takes it. Pure: it decides what is for us, and nothing about what is done.
import type { CallbackQuery, Message, Update, User } from 'grammy/types'
import { holdsKey } from '../../domain/model-providers.ts'
import { commandNames } from '../core/answers.ts'
import { typedOf } from '../core/commands.ts'
import type { Inbound } from '../core/face.ts'
import { openedBy, type Command } from './deep-link.ts'

export type Us = { id: number; username: string }
/** Where in a group an answer belongs. */
export type GroupPlace = { chatId: number; threadId?: number; replyTo?: number; command: Command | null }
export type Received = { inbound: Inbound; group: GroupPlace | null }

/** What an update says to us; null when it is not for us. */
export function received(update: Update, us: Us): Received | null {
  const id = `${us.id}:${update.update_id}`
  if (update.callback_query !== undefined) return pressed(update.callback_query, id)
  return update.message === undefined ? null : written(update.message, { id, us })
}

function origin(from: User, id: string): Pick<Inbound, 'id' | 'provider' | 'subject' | 'displayName' | 'chat' | 'language'> {
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
  if (message.chat.type === 'private') return { inbound: { ...origin(query.from, id), ...press, place: 'dm' }, group: null }
  return { inbound: { ...origin(query.from, id), ...press, place: 'group' }, group: { chatId: message.chat.id, command: null } }
}

function written(message: Message, { id, us }: { id: string; us: Us }): Received | null {
  const { from, chat } = message
  if (from === undefined || from.is_bot) return null
  const text = contentOf(message)
  if (text === null) return null
  const start = origin(from, id)
  const messageRef = String(message.message_id)
  if (chat.type === 'private') return { inbound: privately({ ...start, place: 'dm', messageRef }, text), group: null }
  const typed = typedOf(text, commandNames)
  const command = typed.kind === 'command' ? { name: typed.name, args: typed.args } : null
  if (!holdsKey(text) && !forUs(text, us)) return null
  const thread = message.is_topic_message === true && message.message_thread_id !== undefined ? { threadId: message.message_thread_id } : {}
  const group = { chatId: chat.id, replyTo: message.message_id, command, ...thread }
  return { inbound: { ...start, place: 'group', messageRef, kind: 'text', text }, group }
}

/** A person's words; empty for a picture or a voice message without any, and null for what nobody said (somebody joined, a pinned message). */
function contentOf(message: Message): string | null {
  const said = message.text ?? message.caption
  if (said !== undefined) return said
  const { photo, voice, video, video_note, document, sticker, audio, animation, contact, location } = message
  const things = [photo, voice, video, video_note, document, sticker, audio, animation, contact, location]
  return things.some((thing) => thing !== undefined) ? '' : null
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
