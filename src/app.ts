// The only wiring: chooses each part from the configuration (local or real), starts them in order, stops them in the reverse order.
import { createWriteStream, mkdirSync, renameSync, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { join, resolve } from 'node:path'
import pretty from 'pino-pretty'
import { createTerminalFace } from './bots/terminal/terminal.ts'
import type { Config } from './config.ts'
import { createControlPlane, type ControlPlane } from './control-plane.ts'
import { openDatabase, type Database } from './db/connect.ts'
import type { KnownSecret } from './domain/secret-shapes.ts'
import { openFaces, type FaceDeps, type Handle, type Platform } from './faces.ts'
import { systemClock } from './lib/clock.ts'
import { ConchError, messageOf } from './lib/errors.ts'
import { createLog, type Log } from './lib/log.ts'
import { randomId, systemRandom } from './lib/random.ts'
import { Sealed } from './lib/sealed.ts'
import { startMachinesServer } from './local/server.ts'
import { createFolderStore, type BackupStore } from './orchestrator/backups/store.ts'
import { createFlyClient } from './orchestrator/fly/client.ts'
import type { FlyClient } from './orchestrator/fly/types.ts'
import type { SweepOptions } from './orchestrator/health/sweep.ts'
import { signingKeysOf } from './secrets/signing.ts'
import { createSpinner } from './bots/terminal/spinner.ts'
import { startWebServer } from './web/server.ts'

export type AppOptions = {
  config: Config
  input: NodeJS.ReadableStream
  output: NodeJS.WritableStream
  errors: NodeJS.WritableStream
  /** Aborted when the person or the system wants the program to end. */
  signal: AbortSignal
  /** The Node that runs the gateways of local mode. */
  nodePath: string
  elapsed: () => number
  /** How often health is checked; by default once a minute. */
  sweep?: Partial<SweepOptions>
  /** Where local gateways are installed; by default in the configured home. */
  runtimeDir?: string
}

const LOG_BYTES_MAX = 10 * 1024 * 1024

/** Runs Conch until the signal is aborted or the terminal's input ends. Throws a ConchError whose message is one line for the person at the terminal. */
export async function startApp(options: AppOptions): Promise<void> {
  // Gateways run in folders of their own: a relative home would mean another place to each of them.
  const { home, backups } = options.config
  const config = {
    ...options.config,
    home: resolve(home),
    backups: backups.kind === 'folder' ? { ...backups, dir: resolve(backups.dir) } : backups,
  }
  const stack = new AsyncDisposableStack()
  const log = openLog(config, terminalWanted(options) ? null : options.output)
  try {
    const spinner = createSpinner(options.errors)
    stack.defer(async () => spinner.stop())
    // Both take their time, independently of each other; what did open is closed again when the other fails.
    const keep = <Part extends { close(): Promise<void> }>(part: Part): Part => {
      stack.defer(() => part.close())
      return part
    }
    const parts = await Promise.allSettled([
      openData(config, log, () => spinner.start('Preparing the database (only this once) …')).then(keep),
      openProvider({ ...options, config }, log).then(keep),
    ])
    const [database, provider] = [valueOf(parts[0]), valueOf(parts[1])]
    const store = keep(await openStore(config.backups))
    const conversation: Conversation = { names: async () => [], keyPage: null, wake: () => undefined }
    const platforms = await openFaces(config, {
      database,
      clock: systemClock,
      random: systemRandom,
      log,
      names: (person) => conversation.names(person),
    })
    const web = keep(
      await startWebServer({
        port: config.port,
        publicUrl: config.publicUrl,
        ready: () => answers(database),
        webhooks: platforms.flatMap((one) => one.webhooks),
        folders: platforms.flatMap((one) => one.folders),
        secretForm: { db: database.db, log, port: () => conversation.keyPage, announced: () => conversation.wake() },
        backups: { db: database.db, log, open: (id) => store.open(id) },
      }),
    )
    spinner.stop()
    await converse({ ...options, config }, { database, provider, platforms, store, conversation, log, webAddress: config.publicUrl ?? web.address })
  } finally {
    await stack.disposeAsync()
  }
}

/** The client of a bucket is large: it is loaded only where there is one. */
async function openStore(backups: Config['backups']): Promise<BackupStore> {
  if (backups.kind === 'folder') return createFolderStore(backups)
  const { createBucketStore } = await import('./orchestrator/backups/s3-store.ts')
  return createBucketStore(backups)
}

function valueOf<T>(settled: PromiseSettledResult<T>): T {
  if (settled.status === 'rejected') throw settled.reason
  return settled.value
}

/** What faces and pages ask of the conversation: they are opened before there is one. */
type Conversation = { names: FaceDeps['names']; keyPage: ControlPlane['keyPage'] | null; wake: () => void }
type Parts = {
  database: Database
  provider: Provider
  platforms: readonly Platform[]
  store: BackupStore
  conversation: Conversation
  log: Log
  webAddress: string
}

async function converse(options: AppOptions, { database, provider, platforms, store, conversation, log, webAddress }: Parts): Promise<void> {
  const { config } = options
  const terminal = terminalWanted(options) ? openTerminal(options, log) : null
  const plane = await createControlPlane({
    database,
    fly: provider.fly,
    addressTemplate: provider.addressTemplate,
    faces: [...platforms.map((one) => one.face), ...(terminal === null ? [] : [terminal])],
    settings: { image: config.gatewayImage, billing: false },
    ...(config.browserSuffix !== null && { browserSuffix: config.browserSuffix }),
    signingKeys: config.signingKeys ?? (await signingKeysOf(join(config.home, 'signing-keys.json'))),
    webAddress,
    backups: store,
    local: config.provider.kind === 'local',
    checks: config.checks,
    ownTokens: ownTokens(config),
    clock: systemClock,
    random: systemRandom,
    log,
    elapsed: options.elapsed,
    owner: `${process.pid}-${randomId(6)}`,
    ...(options.sweep !== undefined && { sweep: options.sweep }),
  })
  conversation.names = (person) => plane.namesOf(person)
  conversation.keyPage = plane.keyPage
  conversation.wake = () => plane.notifier.wake()
  const ended = new AbortController()
  const signal = AbortSignal.any([options.signal, ended.signal])
  const handle: Handle = (inbound, face) => plane.router.handle(inbound, face)
  const engines = plane.run(signal)
  const talks = platforms.map((one) =>
    one.run(handle, signal).then(
      () => true,
      (error: unknown) => reportFace(options, log, one.title, error),
    ),
  )
  try {
    const chat = terminal === null ? chatsUntilStopped(talks, signal) : terminal.run((inbound) => handle(inbound, terminal), signal)
    await Promise.race([chat, engines])
  } finally {
    ended.abort()
    await Promise.all([engines, ...talks])
  }
}

function ownTokens({ telegram, discord, slack }: Config): { name: KnownSecret; token: Sealed }[] {
  return [
    ...(telegram === null ? [] : [{ name: 'TELEGRAM_BOT_TOKEN' as const, token: telegram.token }]),
    ...(discord === null ? [] : [{ name: 'DISCORD_BOT_TOKEN' as const, token: discord.token }]),
    ...(slack?.kind === 'socket'
      ? [
          { name: 'SLACK_BOT_TOKEN' as const, token: slack.botToken },
          { name: 'SLACK_APP_TOKEN' as const, token: slack.appToken },
        ]
      : []),
  ]
}

/** A service with real chats has no use for a terminal, unless somebody sits at one. */
function terminalWanted({ input, config }: AppOptions): boolean {
  const others = config.telegram !== null || config.discord !== null || config.slack !== null
  return !others || ('isTTY' in input && input.isTTY === true)
}

function openTerminal({ input, output, config }: AppOptions, log: Log): ReturnType<typeof createTerminalFace> {
  const { timeZone, locale } = Intl.DateTimeFormat().resolvedOptions()
  return createTerminalFace({
    input,
    output,
    historyFile: join(config.home, 'terminal.jsonl'),
    clock: systemClock,
    log,
    timeZone,
    language: locale,
    userName: userName(),
  })
}

/** One platform that cannot start does not stop the others. */
function reportFace({ errors }: AppOptions, log: Log, title: string, error: unknown): false {
  log.error({ face: title, err: error }, 'a chat platform could not be used')
  errors.write(`${title} is off: ${messageOf(error)}\n`)
  return false
}

/** Without a terminal the chats go on until the program is told to stop; when none of them could start, there is nobody to talk to. */
async function chatsUntilStopped(talks: readonly Promise<boolean>[], signal: AbortSignal): Promise<void> {
  const started = await Promise.all(talks)
  if (!started.includes(true)) throw new ConchError('faces.none', 'None of the configured chats could be started.')
  await aborted(signal)
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}

type Provider = { fly: FlyClient; addressTemplate: string; close(): Promise<void> }

/** Fly itself with a token, otherwise the Machines server of this computer. */
async function openProvider(options: AppOptions, log: Log): Promise<Provider> {
  const { config } = options
  const parts = { clock: systemClock, random: systemRandom, log }
  if (config.provider.kind === 'fly') {
    const { apiUrl, token, org } = config.provider
    const fly = createFlyClient({ apiUrl: `${apiUrl}/v1`, platformUrl: 'https://api.fly.io', token, org, ...parts })
    return { fly, addressTemplate: 'https://{app}.fly.dev', close: () => fly.close() }
  }
  const server = await startMachinesServer({
    dir: join(config.home, 'machines'),
    runtimeDir: resolve(options.runtimeDir ?? join(config.home, 'runtime')),
    log,
    clock: systemClock,
    nodePath: options.nodePath,
    rateLimits: false,
  })
  const fly = createFlyClient({
    apiUrl: server.apiUrl,
    platformUrl: server.platformUrl,
    token: new Sealed(server.token),
    org: 'personal',
    limiter: false,
    ...parts,
  })
  const close = async (): Promise<void> => {
    await fly.close()
    await server.close()
  }
  return { fly, addressTemplate: server.addressTemplate, close }
}

async function openData(config: Config, log: Log, onPreparing: () => void): Promise<Database> {
  if (config.database.kind === 'postgres') return openDatabase({ kind: 'postgres', url: config.database.url.open(), log })
  return openDatabase({ kind: 'pglite', dir: join(config.home, 'db'), onPreparing, log })
}

async function answers(database: Database): Promise<boolean> {
  return database.db.execute('select 1').then(
    () => true,
    () => false,
  )
}

function userName(): string {
  try {
    return userInfo().username
  } catch {
    return 'you'
  }
}

/** The log goes to a file while the terminal belongs to the chat, one older file being kept; without a chat there, it goes to the output. */
function openLog(config: Config, output: NodeJS.WritableStream | null): Log {
  const { home } = config
  const file = join(home, 'conch.log')
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 })
    const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0
    if (size > LOG_BYTES_MAX) renameSync(file, `${file}.1`)
  } catch (error) {
    throw new ConchError(
      'home.unusable',
      `The folder ${home} can't be used: ${messageOf(error)}. Make it writable, or choose another one with CONCH_HOME.`,
      { cause: error },
    )
  }
  const destination: NodeJS.WritableStream = output ?? createWriteStream(file, { flags: 'a', mode: 0o600 })
  // A log that can't be written must not take the service down with it.
  destination.on('error', () => undefined)
  return createLog({ level: config.log.level, destination: config.log.format === 'pretty' ? pretty({ destination, colorize: false }) : destination })
}
