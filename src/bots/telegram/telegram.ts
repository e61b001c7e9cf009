// Telegram as a chat: receives by long polling, or by a webhook when there is a public address, and shows views as messages with keyboards.
// It must never decide what is said, wait for the core before it acknowledges, or log what people write, what we send, or the token.
import { autoRetry } from '@grammyjs/auto-retry'
import { run as startRunner, sequentialize } from '@grammyjs/runner'
import { apiThrottler } from '@grammyjs/transformer-throttler'
import { Bot, webhookCallback, type Context } from 'grammy'
import type { Clock } from '../../lib/clock.ts'
import { ConchError } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import { Sealed } from '../../lib/sealed.ts'
import type { Delivery, Face, Inbound } from '../core/face.ts'
import { t } from '../core/language.ts'
import type { ReadyView } from '../core/view.ts'
import { acknowledging, createHeadStart, type Acknowledging, type HeadStart } from './acknowledge.ts'
import { registerCommands } from './commands.ts'
import { deepLink } from './deep-link.ts'
import { isConflict, isTokenRefused, withoutPayload } from './failures.ts'
import { fileReader, type ReadFile } from './files.ts'
import { received, type GroupPlace } from './inbound.ts'
import { bringKeyboard, createsBots, takeKeyboardAway, type Keyboards } from './keyboard.ts'
import { createManagedBots, madeBotOf, type MadeBot, type ManagedBots } from './managed-bots.ts'
import { change, post, remove, type Target } from './posts.ts'
import { capabilities, sheetOf, type Sheet } from './sheet.ts'

export type TelegramOptions = {
  token: Sealed
  /** Where the Bot API is, without a slash at its end. */
  apiRoot?: string
  /** The address that Telegram can reach us under, without a slash at its end; null: long polling. */
  publicUrl: string | null
  /** Keyboards that stand below chats. */
  keyboards: Keyboards
  clock: Clock
  log: Log
}
export type TelegramWebhook = {
  path: string
  /** Telegram sends it with every update. */
  secretToken: string
  handler(request: Request): Promise<Response>
}
export type TelegramFace = Face & {
  /** To be mounted by the web server; null with long polling. */
  webhook: TelegramWebhook | null
  /** Receives until `signal` is aborted. Rejects with `telegram.token` when Telegram does not know the token. */
  run(handle: Handle, signal: AbortSignal): Promise<void>
}
type Handle = (inbound: Inbound, face: Face) => Promise<void>

const POLL_SECONDS = 25
/** Longer than a long poll: a connection that died without a word is noticed. */
const CALL_SECONDS_MAX = 40
const RECONNECT_MS = 1_000
const BROKEN_PAUSE_MS = 200
/** Another program that receives with our token is perhaps the former one, about to end. */
const PAUSE_MS = 3_000
/** So long a press in a group waits to learn whether it is answered by a note: within Telegram's patience, and the person's. */
const NOTE_PATIENCE_MS = 1_500
/** Answers come in bursts of a few, which Telegram allows; on average it wants one message a second in a chat. */
const CHAT_BUCKET = { reservoir: 8, reservoirIncreaseAmount: 1, reservoirIncreaseInterval: 1_000, reservoirIncreaseMaximum: 8, maxConcurrent: 1 }
const PACED: ReadonlySet<string> = new Set(['sendMessage', 'editMessageText', 'sendPhoto', 'editMessageMedia', 'sendDocument'])
/** A longer wait is the notifier's to plan. */
const RETRY_SECONDS_MAX = 2
const UPDATES = ['message', 'callback_query', 'managed_bot'] as const

type State = {
  bot: Bot
  managed: ManagedBots
  options: TelegramOptions
  handle: Handle | null
  face: Face
  underWay: Set<Promise<void>>
  ahead: HeadStart
  readFile: ReadFile
}

/** The face of one bot. Nothing is connected before `run`. */
export function createTelegramFace(options: TelegramOptions): TelegramFace {
  const bot = createBot(options)
  const { clock, log } = options
  const face = faceOf(bot, options)
  const managed = createManagedBots({ bot, clock, log })
  const state: State = {
    bot,
    managed,
    options,
    handle: null,
    face,
    underWay: new Set(),
    ahead: createHeadStart(clock),
    readFile: fileReader(bot, options),
  }
  // The order of a chat, and of a person who writes in several.
  bot.use(sequentialize(({ chat, from }) => [chat, from].flatMap((one) => (one === undefined ? [] : [String(one.id)]))))
  bot.use((context) => take(state, context))
  bot.catch(({ error }) => options.log.warn({ err: withoutPayload(error) }, 'an update from Telegram could not be taken'))
  const webhook = options.publicUrl === null ? null : webhookOf(state)
  const run: TelegramFace['run'] = (handle, signal) => receive(state, webhook, { handle, signal })
  return Object.assign(face, { webhook, run })
}

function createBot({ token, apiRoot, clock, log }: TelegramOptions): Bot {
  const bot = new Bot(token.open(), { client: { timeoutSeconds: CALL_SECONDS_MAX, ...(apiRoot !== undefined && { apiRoot }) } })
  const paced = apiThrottler({ out: CHAT_BUCKET })
  // A message with a secret in it is deleted at once, however much is waiting to be said.
  bot.api.config.use((previous, method, payload, signal) =>
    PACED.has(method) ? paced(previous, method, payload, signal) : previous(method, payload, signal),
  )
  bot.api.config.use(async (previous, method, payload, signal) => {
    try {
      const answer = await previous(method, payload, signal)
      if (!answer.ok && answer.error_code >= 429) log.warn({ method, status: answer.error_code }, 'Telegram refused a call for now')
      return answer
    } catch (error) {
      if (signal?.aborted !== true) log.warn({ method, err: withoutPayload(error) }, 'Telegram could not be reached')
      throw error
    }
  })
  // A connection that broke is no reason for silence: once more, at the risk of saying something twice.
  bot.api.config.use((previous, method, payload, signal) =>
    previous(method, payload, signal).catch(async (error: unknown) => {
      if (method === 'getUpdates' || signal?.aborted === true) throw error
      await clock.sleep(BROKEN_PAUSE_MS)
      return previous(method, payload, signal)
    }),
  )
  const patient = autoRetry({ maxRetryAttempts: 1, maxDelaySeconds: RETRY_SECONDS_MAX, rethrowHttpErrors: true })
  // The runner repeats getUpdates by itself.
  bot.api.config.use((previous, method, payload, signal) =>
    method === 'getUpdates' ? previous(method, payload, signal) : patient(previous, method, payload, signal),
  )
  return bot
}

/** Acknowledges, and hands on without waiting for what comes of it. */
async function take(state: State, context: Context): Promise<void> {
  const { bot, handle, face, underWay, options, ahead } = state
  const made = madeBotOf(context.update)
  if (made !== null) return handle === null ? undefined : track(underWay, handOver(state, made, handle))
  const taken = received(context.update, bot.botInfo, state.readFile)
  const heard = taken !== null && handle !== null
  if (context.callbackQuery === undefined) {
    if (heard) track(underWay, handle(taken.inbound, taken.group === null ? face : groupFace(state, taken.group)))
    return
  }
  const press = acknowledging((other) => context.answerCallbackQuery(other), options)
  if (!heard || taken.group === null) {
    const done = press.done()
    track(underWay, done)
    const acknowledged = ahead(done)
    if (heard)
      track(
        underWay,
        acknowledged.then(() => handle(taken.inbound, face)),
      )
    // The next update of this chat is not to overtake this one.
    return acknowledged
  }
  // In a group the answer may be a note for the one who pressed: it is the acknowledgement, which is given without one when it takes too long.
  track(underWay, press.doneWithin(NOTE_PATIENCE_MS))
  track(underWay, inGroup(handle(taken.inbound, { ...groupFace(state, taken.group), note: press.note }), press))
}

async function inGroup(answering: Promise<void>, press: Acknowledging): Promise<void> {
  try {
    await answering
  } finally {
    await press.done()
  }
}

async function handOver({ managed, face }: State, made: MadeBot, handle: Handle): Promise<void> {
  const inbound = await managed.received(made)
  if (inbound !== null) await handle(inbound, face)
}

function track(underWay: Set<Promise<void>>, work: Promise<void>): void {
  underWay.add(work)
  const end = (): void => void underWay.delete(work)
  work.then(end, end)
}

function faceOf(bot: Bot, { log, keyboards }: TelegramOptions): Face {
  const deps = { bot, keyboards, log }
  /** What is asked next ends what was offered before. News that come meanwhile do not. */
  const shown = async (view: ReadyView, ended: { chat: string; viewRef?: string } | null, show: () => Promise<Delivery>): Promise<Delivery> => {
    if (ended !== null && createsBots(bot)) await takeKeyboardAway(deps, ended)
    const delivery = await show()
    if (delivery.kind === 'sent' && view.createBot !== undefined && ended !== null)
      await bringKeyboard(deps, view.createBot, { chat: ended.chat, viewRef: delivery.ref })
    return delivery
  }
  return {
    provider: 'telegram',
    get capabilities() {
      return { ...capabilities, createsBots: createsBots(bot) }
    },
    paceMs: 1_000,
    addressOf: (command) => (bot.isInited() ? deepLink(bot.botInfo.username, command) : null),
    send: (chat, view, { unasked }) => shown(view, unasked ? null : { chat }, () => post(deps, { target: targetOf(chat), sheet: sheetOf(view) })),
    edit: (chat, ref, view) => shown(view, { chat, viewRef: ref }, () => change(deps, { target: targetOf(chat), ref, sheet: sheetOf(view) })),
    delete: (chat, ref) => remove(bot, targetOf(chat).chatId, ref),
  }
}

/** The chat behind an address: a person's, a group's ("-1007"), or a topic's in it ("-1007:12"). */
function targetOf(address: string): Target {
  const [chatId = '', threadId] = address.split(':')
  return { chatId: Number(chatId), ...(threadId !== undefined && { threadId: Number(threadId) }) }
}

/** Answers in the group that was written in. What is not for others to read or press goes on in private, where a link leads. */
function groupFace({ bot, face, options }: State, group: GroupPlace): Face {
  const deps = { bot, log: options.log }
  const pointed = (view: ReadyView): Sheet => {
    if (view.elsewhere !== true) return sheetOf(view)
    const link = { kind: 'link', label: t`Open our private chat`, url: deepLink(bot.botInfo.username, group.command) } as const
    return sheetOf({ ...view, actions: [...view.actions, link] })
  }
  return {
    ...face,
    capabilities,
    send: (_chat, view) => post(deps, { target: group, sheet: pointed(view) }),
    edit: (_chat, ref, view) => change(deps, { target: group, ref, sheet: pointed(view) }),
    delete: (_chat, ref) => remove(bot, group.chatId, ref),
  }
}

async function receive(state: State, webhook: TelegramWebhook | null, { handle, signal }: { handle: Handle; signal: AbortSignal }): Promise<void> {
  const { options } = state
  try {
    await connect(state, signal)
    if (signal.aborted) return
    await introduce(state)
    state.handle = handle
    if (webhook === null) await poll(state, signal)
    else await listen(state, webhook, signal)
  } catch (error) {
    if (!signal.aborted) throw isTokenRefused(error) ? refusedToken() : withoutPayload(error)
  } finally {
    state.handle = null
    await Promise.allSettled(state.underWay)
    options.log.info('Telegram is closed')
  }
}

/** Learns who we are. A network that is not there yet is waited for. */
async function connect({ bot, options }: State, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !bot.isInited()) {
    try {
      bot.botInfo = await bot.api.getMe()
    } catch (error) {
      if (isTokenRefused(error)) throw error
      await options.clock.sleep(PAUSE_MS, signal)
    }
  }
}

function refusedToken(): ConchError {
  return new ConchError(
    'telegram.token',
    'Telegram does not know the token in TELEGRAM_BOT_TOKEN. Copy it again from @BotFather (/mybots, API Token).',
  )
}

/** Commands and menu. The bot works without them. */
async function introduce({ bot, options }: State): Promise<void> {
  try {
    await registerCommands(bot)
    await bot.api.setChatMenuButton({ menu_button: { type: 'commands' } })
  } catch (error) {
    if (isTokenRefused(error)) throw error
    options.log.warn({ err: withoutPayload(error) }, 'the commands could not be registered with Telegram')
  }
}

async function poll({ bot, options }: State, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      // Updates do not come by polling as long as a webhook is set.
      await bot.api.deleteWebhook()
      const runner = startRunner(bot, {
        runner: { fetch: { timeout: POLL_SECONDS, allowed_updates: UPDATES }, retryInterval: RECONNECT_MS, maxRetryTime: Infinity, silent: true },
      })
      const stop = (): void => void runner.stop()?.catch(() => undefined)
      signal.addEventListener('abort', stop, { once: true })
      await runner.task()
      signal.removeEventListener('abort', stop)
    } catch (error) {
      if (signal.aborted) return
      if (isTokenRefused(error)) throw error
      const other = isConflict(error) ? 'another program receives with the same Telegram token' : 'receiving from Telegram was interrupted'
      options.log.warn({ err: withoutPayload(error) }, other)
      await options.clock.sleep(PAUSE_MS, signal)
    }
  }
}

function webhookOf(state: State): TelegramWebhook {
  // Every process of this bot must come to the same one, and the token cannot be told from it.
  const secretToken = new Sealed(`webhook of ${state.options.token.open()}`).fingerprint
  const callback = webhookCallback(state.bot, 'std/http', { secretToken, onTimeout: 'return', timeoutMilliseconds: 5_000 })
  return {
    path: '/webhooks/telegram',
    secretToken,
    async handler(request) {
      // Telegram tries again later.
      if (state.handle === null) return new Response(null, { status: 503 })
      try {
        return await callback(request)
      } catch (error) {
        state.options.log.warn({ err: withoutPayload(error) }, 'a webhook call from Telegram could not be read')
        return new Response(null, { status: 400 })
      }
    },
  }
}

async function listen({ bot, options }: State, { path, secretToken }: TelegramWebhook, signal: AbortSignal): Promise<void> {
  await bot.api.setWebhook(`${options.publicUrl ?? ''}${path}`, { secret_token: secretToken, allowed_updates: UPDATES })
  // It stays set: other processes serve it, and Telegram keeps what comes while none does.
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
}
