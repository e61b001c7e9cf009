// A small gateway for tests and for computers with too little memory: the health paths of the real one, and switches to misbehave.
// It is a program of its own, started in a machine's process: its only input is the machine's environment, and it imports nothing of Conch's.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { join } from 'node:path'
import { text as bodyOf } from 'node:stream/consumers'
import { createPracticeGuests } from './stub-guests.ts'
import { createPracticeWhatsapp } from './stub-whatsapp.ts'

const env = process.env
const numberOf = (name: string): number | null => (env[name] === undefined || env[name] === '' ? null : Number(env[name]))
const say = (text: string): void => void process.stdout.write(`[stub] ${text}\n`)

const bootMs = numberOf('STUB_BOOT_MS') ?? 0
const startedAt = performance.now()
const hoard: Buffer[] = []
let hung = false
let sick = false
/** Chats that are not connected. */
const down = new Set<string>()
const guests = createPracticeGuests(env['OPENCLAW_GATEWAY_PASSWORD'] ?? '')
const whatsapp = createPracticeWhatsapp(env['STUB_DIR'] ?? '.', join(env['OPENCLAW_STATE_DIR'] ?? '.', 'openclaw.json'))

function booted(): boolean {
  return performance.now() - startedAt >= bootMs
}

function healthy(): boolean {
  const file = env['STUB_UNHEALTHY_FILE']
  return !sick && (file === undefined || file === '' || !existsSync(join(env['STUB_DIR'] ?? '.', file)))
}

function answer(response: ServerResponse, status: number, body: unknown, type = 'application/json'): void {
  response.writeHead(status, { 'content-type': type }).end(typeof body === 'string' ? body : JSON.stringify(body))
}

function control(url: URL, response: ServerResponse): void {
  switch (url.pathname) {
    case '/stub/exit':
      answer(response, 200, { ok: true })
      setImmediate(() => process.exit(Number(url.searchParams.get('code') ?? 1)))
      break
    case '/stub/hang':
      hung = true
      answer(response, 200, { ok: true })
      break
    case '/stub/sick':
      sick = true
      answer(response, 200, { ok: true })
      break
    case '/stub/channel': {
      const channel = url.searchParams.get('name') ?? 'telegram'
      if (url.searchParams.get('state') === 'up') down.delete(channel)
      else down.add(channel)
      answer(response, 200, { ok: true, down: [...down] })
      break
    }
    case '/stub/stranger':
      guests.write(url.searchParams.get('name') ?? 'Ben')
      return answer(response, 200, {})
    case '/stub/scan':
      return answer(response, whatsapp.scan() ? 200 : 409, {})
    case '/stub/next-code':
      return answer(response, whatsapp.next() ? 200 : 409, {})
    case '/stub/end-codes':
      whatsapp.end()
      return answer(response, 200, {})
    case '/stub/grow':
      hoard.push(Buffer.alloc(Number(url.searchParams.get('mb') ?? 1) * 1024 * 1024, 1))
      answer(response, 200, { ok: true, mb: hoard.reduce((sum, part) => sum + part.length, 0) / 1024 / 1024 })
      break
    default:
      answer(response, 404, { error: 'not found' })
  }
}

async function controls(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const answered = whatsapp.rpc(await bodyOf(request))
  if (answered === null) return answer(response, 404, { error: 'not found' })
  if (request.headers.authorization !== `Bearer ${env['OPENCLAW_GATEWAY_PASSWORD'] ?? ''}`)
    return answer(response, 401, { error: { message: 'Unauthorized', type: 'unauthorized' } })
  const { status, body } = await answered
  answer(response, status, body)
}

function handle(request: IncomingMessage, response: ServerResponse): void {
  if (hung) return
  const url = new URL(request.url ?? '/', 'http://gateway')
  if (request.method === 'POST' && url.pathname === '/api/v1/admin/rpc') return void controls(request, response).catch(() => response.destroy())
  if (request.method === 'POST') return control(url, response)
  switch (url.pathname) {
    case '/healthz':
      return answer(response, healthy() ? 200 : 500, { ok: healthy() })
    case '/startupz':
      return answer(response, booted() && healthy() ? 200 : 503, { ok: booted() && healthy(), status: booted() ? 'started' : 'starting' })
    case '/readyz': {
      const failing = booted() ? [...(healthy() ? [] : ['internal']), ...down] : ['startup-sidecars']
      return answer(response, failing.length === 0 ? 200 : 503, { ready: failing.length === 0, failing, uptimeMs: performance.now() - startedAt })
    }
    case '/':
      return answer(
        response,
        200,
        `<!doctype html><title>Practice gateway</title><h1>${env['FLY_APP_NAME'] ?? 'gateway'}</h1><p>A practice gateway: no assistant inside.`,
        'text/html; charset=utf-8',
      )
    default:
      return answer(response, 404, { error: 'not found' })
  }
}

const exitCode = numberOf('STUB_EXIT_CODE')
if (exitCode !== null) {
  say(`leaving at boot with code ${exitCode}`)
  process.exit(exitCode)
}

/**
 * As real gateways do, a version takes what an earlier one left over into its own form, and refuses what a later one left. The end of its name says what
 * is wrong with it: `2.0-crashes`, `2.0-refuses` its settings, `2.0-sick`, `2.0-deaf` on its chats.
 */
function takeOver(version: string): void {
  const dir = env['OPENCLAW_STATE_DIR'] ?? '.'
  const file = join(dir, 'practice-version')
  const before = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (before.localeCompare(version, 'en', { numeric: true }) > 0) {
    say(`what it knows is of version ${before}, and this is ${version}`)
    process.exit(1)
  }
  mkdirSync(dir, { recursive: true })
  writeFileSync(file, version)
  if (version.endsWith('-refuses')) process.exit(78)
  if (version.endsWith('-crashes')) process.exit(1)
  if (version.endsWith('-sick')) sick = true
  if (version.endsWith('-deaf')) down.add('telegram')
}

const version = env['STUB_VERSION']
if (version !== undefined) takeOver(version)

const server = createServer(handle)
server.on('upgrade', (request, socket) => guests.accept(request, socket))
process.on('SIGTERM', () => {
  if (hung) return
  say('SIGTERM, leaving')
  process.exit(0)
})
// Falls sick at a signal from outside, and is well again after a restart.
process.on('SIGUSR2', () => (sick = true))
setTimeout(() => server.listen(Number(env['PORT']), '127.0.0.1', () => say(`listening on ${env['PORT'] ?? '?'}`)), bootMs)
const exitAfterMs = numberOf('STUB_EXIT_AFTER_MS')
if (exitAfterMs !== null) setTimeout(() => process.exit(1), exitAfterMs)
