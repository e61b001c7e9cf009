// Discord as a chat: slash commands, buttons, forms and direct messages over the Gateway; announcements by direct message. It owns the
// connection and the acknowledgements; it must never decide what is said, wait for one person before it hears the next, or log what came in.
// Every interaction is acknowledged before anything else happens: three seconds later Discord would tell the person that we failed.
import {
  Client,
  DefaultRestOptions,
  Events,
  GatewayCloseCodes,
  GatewayIntentBits,
  Options,
  Partials,
  REST,
  Routes,
  Status,
  type ClientOptions,
  type RateLimitData,
} from 'discord.js'
import { z } from 'zod'
import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import { ConchError } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { Random } from '../../lib/random.ts'
import type { Sealed } from '../../lib/sealed.ts'
import type { Face, Inbound } from '../core/face.ts'
import { registrations } from './commands.ts'
import { cleaned } from './delivery.ts'
import { createDirect, type Direct } from './direct.ts'
import { hearInteraction, hearMessage, type Hearing } from './hear.ts'

export type DiscordOptions = {
  token: Sealed
  log: Log
  clock: Clock
  random: Random
  /** The names of a person's instances, for completing an option. It must answer within two seconds to be of use. */
  names: (person: { provider: string; subject: string; displayName: string; chat: string; rooms: readonly string[] }) => Promise<readonly string[]>
  /** Which shards this process connects; by default as many as Discord recommends. Direct messages come to shard 0. */
  shards?: { ids: readonly number[]; count: number }
  /** Another address than Discord's own: for tests. */
  apiUrl?: string
}
export type DiscordFace = Face & {
  /** Connects, registers the commands and hands on what comes in, until `signal` is aborted. Rejects when Discord will not let us in. */
  run(handle: Handle, signal: AbortSignal): Promise<void>
}
export type Handle = (inbound: Inbound, face: Face) => Promise<void>

/** A shorter pause is waited out by the library, a longer one is the sender's to plan. */
const RATE_LIMIT_WAIT_MAX_MS = 1_500
const CALL_TIMEOUT_MS = 10_000
const RETRIES = 2
const CLOSE_PATIENCE_MS = 3_000
const SETTLED_EVERY_MS = 20
const RECONNECT = { baseMs: 1_000, maxMs: 60_000 }

/** The face for one Discord application. */
export function createDiscordFace(options: DiscordOptions): DiscordFace {
  const rest = new REST(restOptions(options)).setToken(options.token.open())
  const replies = new REST({ ...restOptions(options), globalRequestsPerSecond: Number.POSITIVE_INFINITY })
  const direct = createDirect(rest)
  return {
    ...direct,
    async run(handle, signal) {
      for (let failures = 0; !signal.aborted; failures += 1) {
        try {
          await connected({ options, rest, replies, direct, handle }, signal)
        } catch (error) {
          if (error instanceof ConchError && refusals.has(error.code)) throw error
          options.log.warn({ err: cleaned(error) }, 'Discord could not be reached; trying again')
          await options.clock.sleep(backoffMs(failures, { ...RECONNECT, random: options.random }), signal)
        }
      }
    },
  }
}

const refusals: ReadonlySet<string> = new Set(['discord.token', 'discord.intents', 'discord.shards'])

function restOptions({ apiUrl }: DiscordOptions): NonNullable<ClientOptions['rest']> {
  return {
    version: '10',
    timeout: CALL_TIMEOUT_MS,
    retries: RETRIES,
    makeRequest,
    rejectOnRateLimit: (data: RateLimitData) => data.timeToReset > RATE_LIMIT_WAIT_MAX_MS,
    ...(apiUrl !== undefined && { api: apiUrl }),
  }
}

type Requesting = NonNullable<NonNullable<ClientOptions['rest']>['makeRequest']>

/** The library's client shares its connections with every undici in this process, and a newer one refuses its forms: they are sent as what they amount to. */
const makeRequest: Requesting = async (url, init) => {
  if (!(init.body instanceof FormData)) return DefaultRestOptions.makeRequest(url, init)
  const form = new Response(init.body)
  const headers = { ...headersSchema.parse(init.headers), 'content-type': form.headers.get('content-type') ?? '' }
  return DefaultRestOptions.makeRequest(url, { ...init, headers, body: new Uint8Array(await form.arrayBuffer()) })
}

const headersSchema = z.record(z.string(), z.string())

function createClient(options: DiscordOptions): Client {
  const { shards } = options
  return new Client({
    // Interactions come without any intent. Without Guilds, nothing of the servers is sent, kept or waited for.
    intents: [GatewayIntentBits.DirectMessages],
    // A direct message of somebody whose channel is not known yet would not be announced.
    partials: [Partials.Channel],
    rest: restOptions(options),
    // Nothing is looked up in the library's memory.
    makeCache: Options.cacheWithLimits({
      ...Options.DefaultMakeCacheSettings,
      MessageManager: 0,
      GuildMemberManager: 0,
      UserManager: 0,
      PresenceManager: 0,
    }),
    shards: shards === undefined ? 'auto' : [...shards.ids],
    ...(shards !== undefined && { shardCount: shards.count }),
  })
}

type Session = {
  options: DiscordOptions
  rest: REST
  /** Discord does not count calls about an interaction towards the bot's 50 a second, which announcements may well use up. */
  replies: REST
  direct: Direct
  handle: Handle
}

async function connected(session: Session, signal: AbortSignal): Promise<void> {
  const { options } = session
  const client = createClient(options)
  const ended = Promise.withResolvers<void>()
  const stop = (): void => ended.resolve()
  signal.addEventListener('abort', stop, { once: true })
  listen(client, session, ended.reject)
  client.login(options.token.open()).catch((error: unknown) => ended.reject(refusalOf(error)))
  try {
    await ended.promise
    await settled(client, options.clock)
  } finally {
    signal.removeEventListener('abort', stop)
    await Promise.race([client.destroy(), options.clock.sleep(CLOSE_PATIENCE_MS)]).catch((error: unknown) =>
      options.log.warn({ err: cleaned(error) }, 'the connection to Discord could not be closed'),
    )
    client.removeAllListeners(Events.InteractionCreate).removeAllListeners(Events.MessageCreate)
  }
}

/** Waits a little until no shard is half connected: discord.js 14.28 takes the end of such a one for a failure, connects it anew, and never finishes. */
async function settled(client: Client, clock: Clock): Promise<void> {
  const { shards } = client.ws
  for (let waited = 0; waited < CLOSE_PATIENCE_MS; waited += SETTLED_EVERY_MS) {
    if (shards.size > 0 && shards.every((shard) => shard.status === Status.Ready)) return
    await clock.sleep(SETTLED_EVERY_MS)
  }
}

function listen(client: Client, { options, rest, replies, direct, handle }: Session, lost: (error: Error) => void): void {
  const { log } = options
  const titles = titlesOf(client)
  const hearing: Hearing = { replies, direct, handle, log, clock: options.clock, names: options.names, titles }
  client.once(Events.ClientReady, (ready) => {
    log.info({ bot: ready.user.id }, 'connected to Discord')
    if (options.shards === undefined || options.shards.ids.includes(0)) void register(rest, ready.application.id, log)
  })
  client.on(Events.InteractionCreate, (interaction) => void hearInteraction(hearing, interaction))
  client.on(Events.MessageCreate, (message) => void hearMessage(hearing, message))
  client.on(Events.ShardDisconnect, ({ code }) => lost(closedWith(code)))
  client.on(Events.ShardReconnecting, (shard) => log.info({ shard }, 'reconnecting to Discord'))
  client.on(Events.ShardError, (error, shard) => log.warn({ err: cleaned(error), shard }, 'the connection to Discord failed'))
  client.on(Events.Warn, (message) => log.warn({ message }, 'discord.js warns'))
  client.on(Events.Error, (error) => log.warn({ err: cleaned(error) }, 'discord.js failed'))
}

const TITLES_MAX = 10_000
const namedSchema = z.object({ t: z.literal('INTERACTION_CREATE'), d: z.object({ channel: z.object({ id: z.string(), name: z.string().min(1) }) }) })

/** What channels are called: Discord says so with what comes from there, and the library passes it over without the server's own data. */
function titlesOf(client: Client): ReadonlyMap<string, string> {
  const titles = new Map<string, string>()
  client.on(Events.Raw, (packet: unknown) => {
    const named = namedSchema.safeParse(packet)
    if (!named.success) return
    if (titles.size >= TITLES_MAX) titles.clear()
    titles.set(named.data.d.channel.id, named.data.d.channel.name)
  })
  return titles
}

async function register(rest: REST, applicationId: string, log: Log): Promise<void> {
  try {
    await rest.put(Routes.applicationCommands(applicationId), { body: registrations() })
  } catch (error) {
    log.warn({ err: cleaned(error) }, 'the slash commands could not be registered; those of before go on working')
  }
}

function refusalOf(error: unknown): Error {
  const code = error instanceof Error && 'code' in error ? error.code : null
  return code === 'TokenInvalid' ? tokenRefused() : cleaned(error)
}

function tokenRefused(): ConchError {
  return new ConchError(
    'discord.token',
    'Discord does not accept the bot’s token. Make a new one in the Developer Portal (Bot, Reset Token) and set DISCORD_BOT_TOKEN.',
  )
}

function closedWith(code: number): ConchError {
  switch (code) {
    case GatewayCloseCodes.AuthenticationFailed:
      return tokenRefused()
    case GatewayCloseCodes.DisallowedIntents:
    case GatewayCloseCodes.InvalidIntents:
      return new ConchError('discord.intents', 'Discord does not let the bot listen: the intent Direct Messages was refused.')
    case GatewayCloseCodes.InvalidShard:
    case GatewayCloseCodes.ShardingRequired:
      return new ConchError('discord.shards', 'Discord wants other shards: correct DISCORD_SHARDS, or remove it.')
    default:
      return new ConchError('discord.closed', `Discord closed the connection for good (${code})`)
  }
}
