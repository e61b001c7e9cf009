// A Telegram of one's own: an HTTP server that the real client library takes for the Bot API, and people who chat with the bot. It refuses what
// Telegram refuses, limits what Telegram limits, fails when it is told to, and keeps every call.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { z } from 'zod'
import { createBucket, type Bucket } from './bucket.ts'
import { seesIn, type Person, type Simulator } from './person.ts'
import { createHostedBots, userOf, type HostedBot, type HostedBots } from './telegram/bots.ts'
import { createChats, type Answer, type Chats, type Message } from './telegram/chats.ts'
import { handsOutFile, whereFileIs } from './telegram/files.ts'
import type { Key, ReplyKey } from './telegram/keyboards.ts'
import { bodyOf, bytesOf, formOf, photoIn } from './telegram/form.ts'
import { openSpec } from './telegram/spec.ts'
import { createUpdates, type Updates } from './telegram/updates.ts'

export type Fault = { status: number; description?: string; retryAfterS?: number } | 'drop' | 'lost-answer'
/** What a call said to Telegram; `bot` is whose token it came with. */
export type Call = { method: string; body: string; at: number; failed: number | null; bot: number }

export type TelegramPerson = Person & {
  id: number
  /** As says(), for an update that Telegram delivers more than once. Returns its id. */
  saysTimes(text: string, copies: number): number
  /** The same person in a group. */
  in(groupId: number): TelegramPerson
  /** Presses with this data on a message, whoever it was made for. */
  pressesData(data: string, messageId: number): void
  /** Answers the newest message of the bot's that matches. */
  replies(pattern: string, text: string): void
  /** What was shown to this person alone when they pressed something, the newest last. */
  notes(): string[]
  /** The data behind the label, on the newest message that has it. */
  keyOf(label: string): { data: string; messageId: number }
  /** The labels of the keyboard below the chat, also while it is hidden. */
  keyboard(): string[]
  /** A bot that this person made at @BotFather, without us. */
  makesBot(username: string): HostedBot
  blocks(): void
}
export type TelegramSimulator = Simulator & {
  apiRoot: string
  token: string
  username: string
  /** Every call, getUpdates aside. */
  calls: readonly Call[]
  /** The other bots of this Telegram. */
  bots: HostedBots
  updates: Updates
  messages: readonly Message[]
  commands(scope: string): string[]
  /** What somebody whose program speaks `language` sees in the menu: descriptions by commands. */
  menu(scope: string, language: string): Readonly<Record<string, string>>
  person(id: number, name: string): TelegramPerson
  group(id: number, name: string, options: { mayDelete: boolean }): void
  /** The next `times` calls of `method` end like this. */
  fault(method: string, fault: Fault, times?: number): void
}

const TOKEN = '7000000001:AAE-simulated-token-of-the-bot-itself'
const ACKNOWLEDGE_MS = 3_000
/** Longer than anybody pauses here: a call must not meet a connection that is just being closed. */
const KEPT_MS = 120_000
/** Bursts in one chat that Telegram lets pass, and its average. */
const CHAT_RATE = { burst: 12, perSecond: 1 }
const GROUP_PER_MINUTE = 20
/** All chats together. */
const OVERALL = { burst: 75, perSecond: 30 }
const RATED = new Set(['sendMessage', 'editMessageText', 'sendPhoto', 'editMessageMedia', 'sendDocument'])
const commandsSchema = z.object({
  commands: z.array(z.object({ command: z.string(), description: z.string() })),
  scope: z.object({ type: z.string() }).optional(),
  language_code: z
    .string()
    .regex(/^([a-z]{2})?$/)
    .optional(),
})
const ABILITIES = { can_join_groups: true, can_read_all_group_messages: false, supports_inline_queries: false }
const ackSchema = z.object({ callback_query_id: z.string(), text: z.string().max(200).optional() })

type State = {
  bot: { id: number; is_bot: true; first_name: string; username: string }
  chats: Chats
  bots: HostedBots
  updates: Updates
  calls: Call[]
  faults: { method: string; fault: Fault; times: number }[]
  violations: string[]
  presses: Map<string, { at: number; by: number; answered: boolean; note: string | null }>
  commands: Map<string, { command: string; description: string }[]>
  sentAt: Map<number, number[]>
  overall: Bucket
  check: ReturnType<typeof openSpec>
}

/**
 * Starts one on a free port of this computer. `checked`: every call is held against the published description; `managesBots`: the bot's owner
 * has switched bot management on.
 */
export async function startTelegram(options: { checked?: boolean; managesBots?: boolean } = {}): Promise<TelegramSimulator> {
  const violations: string[] = []
  const bot = { id: 7_000_000_001, is_bot: true, first_name: 'Conch', username: 'conch_bot' } as const
  const bots = createHostedBots(bot, options.managesBots === true)
  const state: State = {
    bot,
    bots,
    chats: createChats(bot, bots.manages),
    updates: createUpdates((why) => violations.push(why)),
    calls: [],
    faults: [],
    violations,
    presses: new Map(),
    commands: new Map(),
    sentAt: new Map(),
    overall: createBucket(OVERALL),
    check: options.checked === false ? null : openSpec(),
  }
  const server = createServer({ keepAliveTimeout: KEPT_MS }, (request, response) => {
    serve(state, request, response).catch((error: unknown) => {
      violations.push(`${String(request.url?.split('/').at(-1))}: ${error instanceof Error ? error.message : String(error)}`)
      response.writeHead(500).end(JSON.stringify({ ok: false, error_code: 500, description: 'Internal Server Error' }))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return {
    apiRoot: `http://127.0.0.1:${port}`,
    token: TOKEN,
    username: bot.username,
    calls: state.calls,
    bots,
    updates: state.updates,
    messages: state.chats.messages,
    commands: (scope) => (state.commands.get(`${scope}:`) ?? []).map((one) => one.command),
    menu: (scope, language) => {
      const list = state.commands.get(`${scope}:${language}`) ?? state.commands.get(`${scope}:`) ?? []
      return Object.fromEntries(list.map((one) => [one.command, one.description]))
    },
    person: (id, name) => {
      if (!state.chats.all.has(id)) state.chats.all.set(id, { id, kind: 'private', reachable: 'not-started', name })
      return personOf(state, { id, chatId: id })
    },
    group: (id, name, { mayDelete }) => void state.chats.all.set(id, { id, kind: 'group', name, mayDelete }),
    fault: (method, fault, times = 1) => void state.faults.push({ method, fault, times }),
    violations: () => [...violations, ...unacknowledged(state)],
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}

function unacknowledged({ presses }: State): string[] {
  return [...presses.values()].filter((one) => !one.answered && Date.now() - one.at > ACKNOWLEDGE_MS).map(() => 'a press was never acknowledged')
}

async function serve(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, token, method = ''] = /^\/bot([^/]*)\/(\w+)/.exec(request.url ?? '') ?? []
  const reply = (answer: unknown, status = 200): void => {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
  }
  if (handsOutFile(request.url ?? '', { token: TOKEN, messages: state.chats.messages }, response)) return
  const raw = await bodyOf(request)
  const hosted = state.bots.withToken(token ?? '')
  if (token !== TOKEN && hosted === undefined) return reply({ ok: false, error_code: 401, description: 'Unauthorized' }, 401)
  const multipart = request.headers['content-type']?.startsWith('multipart/') === true
  const params = multipart ? await formOf(request, raw) : z.record(z.string(), z.unknown()).parse(raw.length === 0 ? {} : JSON.parse(raw.toString()))
  if (state.check !== null) state.violations.push(...state.check(method, params))
  const call: Call = { method, body: raw.toString(), at: performance.now(), failed: null, bot: hosted?.id ?? state.bot.id }
  if (method !== 'getUpdates') state.calls.push(call)
  const fault = nextFault(state, method)
  if (fault === 'drop') return void request.socket.destroy()
  if (fault !== null && fault !== 'lost-answer') {
    call.failed = fault.status
    return reply(faultAnswer(fault), fault.status)
  }
  if (method === 'getUpdates' && hosted === undefined) return reply(await state.updates.poll(params, response))
  const answer = hosted === undefined ? (limited(state, method, params) ?? (await answerTo(state, method, params))) : answerOfHosted(hosted, method)
  if (!answer.ok) call.failed = answer.error_code
  if (fault === 'lost-answer') return void request.socket.destroy()
  reply(answer, answer.ok ? 200 : answer.error_code)
}

function nextFault({ faults }: State, method: string): Fault | null {
  const found = faults.find((one) => one.method === method && one.times > 0)
  if (found === undefined) return null
  found.times -= 1
  return found.fault
}

function faultAnswer({ status, description, retryAfterS }: Exclude<Fault, string>): Answer {
  const parameters = retryAfterS === undefined ? {} : { parameters: { retry_after: retryAfterS } }
  return { ok: false, error_code: status, description: description ?? `Fault ${status}`, ...parameters }
}

/** More than a chat's bucket holds, or that of all chats together, is answered with 429, and held against us. */
function limited(state: State, method: string, params: Readonly<Record<string, unknown>>): Answer | null {
  if (!RATED.has(method)) return null
  const chatId = Number(params['chat_id'])
  const now = performance.now()
  const times = (state.sentAt.get(chatId) ?? []).filter((at) => now - at < 60_000)
  state.sentAt.set(chatId, [...times, now])
  let level = 0
  let before = times[0] ?? now
  for (const at of [...times, now]) {
    level = Math.max(0, level - ((at - before) / 1_000) * CHAT_RATE.perSecond) + 1
    before = at
  }
  const over = chatId < 0 ? times.length >= GROUP_PER_MINUTE : level > CHAT_RATE.burst
  if (!over && state.overall.takes(now)) return null
  state.violations.push(`too many messages in ${over ? `chat ${chatId}` : 'all chats together'}`)
  return { ok: false, error_code: 429, description: 'Too Many Requests: retry after 1', parameters: { retry_after: 1 } }
}

async function answerTo(state: State, method: string, params: Readonly<Record<string, unknown>>): Promise<Answer> {
  const { chats, updates } = state
  const done: Answer = { ok: true, result: true }
  switch (method) {
    case 'getMe':
      return { ok: true, result: { ...state.bot, ...ABILITIES, can_manage_bots: state.bots.manages() } }
    case 'getManagedBotToken':
      return state.bots.tokenOf(params)
    case 'replaceManagedBotToken':
      return state.bots.tokenOf(params, (bot) => void updates.push({ managed_bot: { user: asUser(state, bot.owner), bot: userOf(bot) } }))
    case 'setMyCommands':
      return setCommands(state, params)
    case 'setChatMenuButton':
      return done
    case 'setWebhook':
      updates.setWebhook(params)
      return done
    case 'deleteWebhook':
      updates.deleteWebhook()
      return done
    case 'answerCallbackQuery':
      return acknowledge(state, params)
    case 'sendMessage':
      return ours(state, chats.send(params))
    case 'editMessageText':
      return ours(state, chats.edit(params))
    case 'deleteMessage':
      return chats.remove(params)
    case 'sendPhoto':
      return ours(state, chats.sendPhoto(params, await bytesOf(params['photo'])))
    case 'editMessageMedia':
      return ours(state, chats.editPhoto(params, await photoIn(params['media'])))
    case 'getFile':
      return whereFileIs(chats, params)
    case 'sendDocument': {
      const document = z.instanceof(File).parse(params['document'])
      return chats.sendFile(Number(params['chat_id']), { name: document.name, text: await document.text() })
    }
    default:
      return { ok: false, error_code: 404, description: 'Not Found: method not found' }
  }
}

/** The other bots say who they are, and no more. */
function answerOfHosted(bot: HostedBot, method: string): Answer {
  if (method === 'getMe') return { ok: true, result: { ...userOf(bot), ...ABILITIES, can_manage_bots: false } }
  return { ok: false, error_code: 404, description: 'Not Found: method not found' }
}

/** What no chat would have stood is our mistake; what became of a chat is not. */
function ours(state: State, answer: Answer): Answer {
  const chance = /not found|can't be edited|not modified|no text in the message/
  if (!answer.ok && answer.error_code === 400 && !chance.test(answer.description)) state.violations.push(answer.description)
  return answer
}

function setCommands(state: State, params: unknown): Answer {
  const { commands, scope, language_code: language = '' } = commandsSchema.parse(params)
  const wrong = commands.filter((one) => !/^[a-z0-9_]{1,32}$/.test(one.command) || one.description.length < 1 || one.description.length > 256)
  if (wrong.length > 0 || commands.length > 100) state.violations.push(`BOT_COMMAND_INVALID: ${wrong.map((one) => one.command).join(', ')}`)
  state.commands.set(`${scope?.type ?? 'default'}:${language}`, commands)
  return { ok: true, result: true }
}

function acknowledge(state: State, params: unknown): Answer {
  const { callback_query_id: id, text: note = null } = ackSchema.parse(params)
  const press = state.presses.get(id)
  const tooOld = press === undefined || press.answered
  if (press !== undefined && Date.now() - press.at > ACKNOWLEDGE_MS) state.violations.push('a press was acknowledged too late')
  if (press !== undefined) Object.assign(press, { answered: true, note: press.answered ? press.note : note })
  if (!tooOld) return { ok: true, result: true }
  state.violations.push('a press was acknowledged twice')
  return { ok: false, error_code: 400, description: 'Bad Request: query is too old and response timeout expired or query ID is invalid' }
}

type Place = { id: number; chatId: number }

function personOf(state: State, place: Place): TelegramPerson {
  const transcript = (): string => transcriptOf(state, place.chatId)
  return {
    id: place.id,
    transcript,
    says: async (text) => void write(state, place, text),
    sends: async (name, content) => void write(state, place, '', { file: { name, content } }),
    saysTimes: (text, copies) => write(state, place, text, { copies }),
    async submits(values) {
      for (const value of Object.values(values)) write(state, place, value)
    },
    sees: (pattern, options) => seesIn(transcript, pattern, options),
    in: (groupId) => personOf(state, { id: place.id, chatId: groupId }),
    replies(pattern, text) {
      const above = state.chats.messages.findLast((one) => one.chatId === place.chatId && one.from === null && one.text.includes(pattern))
      if (above === undefined) throw new Error(`nothing says ${pattern} in:\n${transcript()}`)
      write(state, place, text, { replyTo: above })
    },
    notes: () => [...state.presses.values()].flatMap((one) => (one.by === place.id && one.note !== null ? [one.note] : [])),
    pressesData: (data, messageId) => press(state, place, { data, messageId }),
    keyOf: (label) => {
      const { key, message } = findKey(state, place, label)
      return { data: key.callback_data ?? '', messageId: message.id }
    },
    keyboard: () => (state.chats.keyboards.get(place.chatId)?.keys ?? []).flat().map((key) => key.text),
    makesBot: (username) => state.bots.make({ owner: place.id, name: username, username, managed: false }),
    async clicks(label) {
      const below = state.chats.keyboards.get(place.chatId)?.keys.flat()
      const typed = below?.find((key) => key.text === label)
      if (typed !== undefined) return type(state, place, typed)
      const { key, message } = findKey(state, place, label)
      if (key.callback_data !== undefined) return press(state, place, { data: key.callback_data, messageId: message.id })
      const payload = /^https:\/\/t\.me\/(\w+)\?start=([\w-]{1,64})$/.exec(key.url ?? '')
      if (payload !== null && payload[1] === state.bot.username) write(state, { id: place.id, chatId: place.id }, `/start ${payload[2]}`)
    },
    blocks() {
      const chat = state.chats.all.get(place.id)
      if (chat?.kind === 'private') chat.reachable = 'blocked'
    },
  }
}

type Writing = { copies?: number; replyTo?: Message; file?: { name: string; content: string } }

function write(state: State, { id, chatId }: Place, text: string, { copies = 1, replyTo, file }: Writing = {}): number {
  const chat = state.chats.all.get(chatId)
  // Writing to a bot opens the chat, and opens it again after it was blocked.
  if (chat?.kind === 'private') chat.reachable = 'yes'
  const message = state.chats.add({ chatId, from: id, text })
  if (file !== undefined) Object.assign(message, { file: file.content, fileName: file.name, text: `📎 ${file.name}` })
  const length = /^\/[\w@]+/.exec(text)?.[0].length
  const entities = length === undefined ? {} : { entities: [{ type: 'bot_command', offset: 0, length }] }
  const above = replyTo === undefined ? {} : { reply_to_message: state.chats.wire(replyTo) }
  return state.updates.push({ message: { ...state.chats.wire(message), ...entities, ...above } }, copies)
}

function press(state: State, { id, chatId }: Place, { data, messageId }: { data: string; messageId: number }): void {
  const message = state.chats.messages.find((one) => one.id === messageId)
  const queryId = `${id}-${state.presses.size + 1}`
  state.presses.set(queryId, { at: Date.now(), by: id, answered: false, note: null })
  const from = asUser(state, id)
  const on = message === undefined ? {} : { message: state.chats.wire({ ...message, chatId }) }
  state.updates.push({ callback_query: { id: queryId, from, chat_instance: '1', data, ...on } })
}

/** A key of the keyboard below the chat: it makes a bot, or it writes what stands on it. */
function type(state: State, place: Place, { text, request_managed_bot: request }: ReplyKey): void {
  const standing = state.chats.keyboards.get(place.chatId)
  if (standing?.once === true) standing.hidden = true
  if (request === undefined) return void write(state, place, text)
  const { suggested_name: name = 'My bot', suggested_username: username = `my_${place.id}_bot` } = request
  const bot = userOf(state.bots.make({ owner: place.id, name, username, managed: true }))
  const message = state.chats.add({
    chatId: place.chatId,
    from: place.id,
    text: `(made the bot @${bot.username})`,
    service: { managed_bot_created: { bot } },
  })
  const told = { message: { message: state.chats.wire(message) }, update: { managed_bot: { user: asUser(state, place.id), bot } } }
  const telling = state.bots.telling()
  for (const what of new Set(telling)) state.updates.push(told[what], telling.filter((one) => one === what).length)
}

function asUser({ chats }: State, id: number) {
  return { id, is_bot: false, first_name: chats.all.get(id)?.name ?? 'Somebody', language_code: 'en' }
}

function findKey({ chats }: State, { chatId }: Place, label: string): { key: Key; message: Message } {
  const mine = chats.messages.filter((one) => one.chatId === chatId && !one.deleted)
  for (const message of mine.toReversed()) {
    const key = message.keyboard.flat().find((one) => one.text === label)
    if (key !== undefined) return { key, message }
  }
  throw new Error(`there is no button ${label}`)
}

function transcriptOf({ chats }: State, chatId: number): string {
  const standing = chats.keyboards.get(chatId)
  const below = (standing?.keys ?? []).map((row) => row.map((key) => `[${key.text}]`).join(' ')).join('\n')
  const messages = chats.messages
    .filter((one) => one.chatId === chatId && !one.deleted)
    .map((one) => {
      const rows = one.keyboard.map((row) => row.map((key) => (key.url === undefined ? `[${key.text}]` : `[${key.text} → ${key.url}]`)).join(' '))
      const picture = one.photo === null ? '' : '🖼 '
      return [`${picture}${one.from === null ? 'bot' : (chats.all.get(one.from)?.name ?? one.from)}: ${one.text}`, ...rows].join('\n')
    })
  return (below === '' ? messages : [...messages, `${standing?.hidden === true ? 'hidden keyboard' : 'keyboard'}: ${below}`]).join('\n\n')
}
