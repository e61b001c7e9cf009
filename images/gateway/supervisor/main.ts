// The machine's program: it listens first, so that somebody always answers, then starts the gateway and looks after it until it is told to stop.
import { createServer, get } from './http.ts'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { createOwnArchiver, createTarArchiver } from './archive.ts'
import { createBackups } from './backup.ts'
import { createConfigStore, readSent } from './config-store.ts'
import { createCounts } from './counts.ts'
import { journalFolder } from '../counter/journal.js'
import { createControl } from './control.ts'
import { createCopies } from './copies.ts'
import { createDoor } from './door.ts'
import { createGateway } from './gateway.ts'
import { createFirstFrame } from './legacy.ts'
import { memoryKills, othersOfGroup, usageOfGroup, volumeOf } from './machine.ts'
import { exposition, machineFamilies, meterFamilies } from './metrics.ts'
import { ownPrograms } from './program.ts'
import { createProxy } from './proxy.ts'
import { createRecord } from './record.ts'
import { createRestores } from './restore.ts'
import { seedWhenEmpty } from './seed.ts'
import { createSessions } from './sessions.ts'
import { gatewayCommand, settingsOf, type Settings } from './settings.ts'
import { createRpc, readUsage, type Usage } from './usage.ts'
import { createTokens } from './tokens.ts'
import { createValidator } from './validate.ts'

/** sysexits.h EX_CONFIG: started again it would say the same. */
const EXIT_CONFIG = 78
const ASK_PATIENCE_MS = 5_000
const USAGE_EVERY_MS = 5 * 60_000
const USAGE_SOON_MS = 60_000

function readSettings(): Settings {
  try {
    return settingsOf(process.env)
  } catch (error) {
    process.stderr.write(`[supervisor] ${error instanceof Error ? error.message : String(error)}\n`)
    process.exit(EXIT_CONFIG)
  }
}

const settings = readSettings()
const { stateDir, ownDir, gatewayPort } = settings
const now = (): Date => new Date()
const startedAt = now()
const say = (text: string): void => void process.stdout.write(`[supervisor] ${text}\n`)
mkdirSync(stateDir, { recursive: true })
mkdirSync(ownDir, { recursive: true })

/** GET at the gateway, on the loopback interface. */
function ask(path: string): Promise<{ status: number; body: string } | null> {
  return new Promise((resolve) => {
    const headers = settings.password === '' ? {} : { authorization: `Bearer ${settings.password}` }
    const request = get({ host: '127.0.0.1', port: gatewayPort, path, headers, timeout: ASK_PATIENCE_MS, agent: false }, (reply) => {
      const parts: Buffer[] = []
      reply.on('data', (part: Buffer) => parts.push(part))
      reply.on('error', () => resolve(null))
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, body: Buffer.concat(parts).toString() }))
    })
    request.on('timeout', () => request.destroy())
    request.on('error', () => resolve(null))
  })
}

const command = gatewayCommand(settings, process.env)
const record = createRecord(ownDir)
const configFile = join(stateDir, settings.flavour === 'clawdbot' ? 'clawdbot.json' : 'openclaw.json')
const configs = createConfigStore({
  dir: join(ownDir, 'config'),
  file: configFile,
  validate:
    settings.flavour === 'openclaw'
      ? createValidator({ program: settings.program, entry: settings.entry, env: command.env, dir: join(ownDir, 'candidate') })
      : async (document) => wrongJson(document),
})
const gateway = createGateway({
  command,
  probe: async () => {
    const answer = await ask('/healthz')
    return answer?.status === 200
  },
  memoryKills: () => memoryKills(settings.memoryEvents),
  now,
  after(ms, then) {
    const timer = setTimeout(then, ms)
    return () => clearTimeout(timer)
  },
  ended(reason, lastWords) {
    say(`the gateway ended: ${reason}`)
    // It ran with a state on trial: what comes of that is told by the restore.
    if (restores.busy()) return
    record.add(reason, lastWords, now())
  },
  refused(lastWords) {
    if (restores.busy()) return false
    const back = configs.goBack(lastWords)
    if (back) say(`it refuses its settings: back to version ${configs.state().running}`)
    return back
  },
  answered: () => configs.proven(),
  others: () => othersOfGroup(process.pid, ownPrograms()),
  output: (part, stream) => void (stream === 'out' ? process.stdout : process.stderr).write(part),
})

const counts = createCounts({ dir: journalFolder(ownDir) })
const rpc = createRpc({ port: gatewayPort, password: settings.password })
const version = { flavour: settings.flavour, gateway: process.env['CONCH_GATEWAY_VERSION'] ?? '' }
const archived = { program: settings.program, entry: settings.entry, env: command.env, stateDir }
const archiver = settings.flavour === 'openclaw' ? createOwnArchiver(archived) : createTarArchiver(archived)
const backups = createBackups({ dir: join(ownDir, 'backup'), archiver, gateway, version: `${version.flavour} ${version.gateway}`.trim(), say })
const restores = createRestores({ dir: join(ownDir, 'restore'), stateDir, configFile, archiver, gateway, prepare: () => takeSeed(), say })

const eventLoop = monitorEventLoopDelay({ resolution: 20 })
eventLoop.enable()
async function metrics(): Promise<string> {
  const measured = {
    gateway,
    record,
    usage: usageOfGroup(process.pid),
    volume: volumeOf(ownDir),
    eventLoop,
    ownMemoryBytes: process.memoryUsage.rss(),
    startedAt,
  }
  const messages = await counts.read()
  const text = exposition([...machineFamilies(measured), ...meterFamilies({ messages, tampered: counts.tampered(), usage: modelUsage })])
  eventLoop.reset()
  return text
}

let modelUsage: Usage | null = null
/** It answers from a cache that it fills afterwards: soon after a start it is asked again. */
async function keepUsage(): Promise<void> {
  const live = gateway.state().kind === 'live'
  if (live) modelUsage = await readUsage(rpc, now())
  const settled = modelUsage?.kind === 'known' && modelUsage.settled
  setTimeout(() => void keepUsage(), settled ? USAGE_EVERY_MS : USAGE_SOON_MS).unref()
}

const sessions = createSessions(now)
const proxy = createProxy({ port: gatewayPort, firstFrame: settings.flavour === 'clawdbot' ? createFirstFrame(settings.password) : null })
const control = createControl({
  gateway,
  configs,
  record,
  copies: createCopies({ backups, restores }),
  version,
  metrics,
  ask,
  changed: () => gateway.restart(),
  closeAll() {
    sessions.end()
    proxy.closeSockets()
  },
  now,
})
const { owner, publicPaths, keys, instance } = settings
const door = createDoor({
  owner,
  publicPaths,
  tokens: createTokens({ keys, instance, now }),
  sessions,
  proxy,
  control,
  state: () => gateway.state(),
  suspended: () => record.suspended(),
  now,
})
const inside = createServer((request, response) => {
  const path = request.url ?? '/'
  // What changes something comes through the door, with a token.
  if (request.method === 'GET' && (path === '/health' || path === '/metrics' || path === '/config'))
    return void control.handle(path.slice(1), request, response)
  response.writeHead(404).end()
})

function wrongJson(document: string): string | null {
  try {
    JSON.parse(document)
    return null
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

async function listen(server: typeof inside, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => resolve())
  })
}

/** The configuration that came with the machine, when it is newer than what the volume has. */
async function takeSent(): Promise<void> {
  const sent = readSent(join(ownDir, 'sent.json'))
  if (sent === null) return
  // With nothing to go back to, the gateway's own word at its start is soon enough.
  const offer = await configs.offer(sent, configs.state().running === 0)
  if (offer.kind === 'refused') say(`the settings of version ${sent.version} are refused: ${offer.why}`)
}

/** Without its seed the gateway fetches the plugins that it needs by itself. */
async function takeSeed(): Promise<void> {
  if (settings.seedDir === null) return
  try {
    const { kind, linked } = await seedWhenEmpty({ seedDir: settings.seedDir, stateDir })
    if (linked > 0 || kind === 'kept') say(`the seed of the volume: ${kind}, ${linked} plugins linked`)
  } catch (error) {
    say(`the seed of the volume could not be taken: ${error instanceof Error ? error.message : String(error)}`)
  }
}

let leaving = false
async function leave(): Promise<void> {
  if (leaving) return
  leaving = true
  await gateway.stop()
  proxy.close()
  process.exit(0)
}
// What means nothing to us may mean something to the gateway.
process.on('SIGUSR2', () => {
  const pid = gateway.pid()
  if (pid !== null) process.kill(pid, 'SIGUSR2')
})
process.on('SIGTERM', () => void leave())
process.on('SIGINT', () => void leave())

await listen(door, settings.port, settings.host)
await listen(inside, settings.privatePort, settings.host === '0.0.0.0' ? '::' : settings.host)
if (keys.length === 0) say('there is no key of a control plane: nobody is let in')
rmSync(join(ownDir, 'candidate'), { recursive: true, force: true })
await restores.recover()
await takeSeed()
await takeSent()
if (!leaving) gateway.start()
if (settings.flavour === 'openclaw') void keepUsage()
