// The supervisor as a process of its own: what becomes of its gateway, and of what it is sent.
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { appendLine, journalFolder, lineOf } from '../../images/gateway/counter/journal.js'
import { startTimeOf } from '../../src/local/process-table.ts'
import { startMachine, type Machine, type MachineOptions } from './support/machine.ts'

async function begin(options?: MachineOptions): Promise<Machine> {
  const machine = await startMachine(options)
  onTestFinished(() => machine.close())
  return machine
}

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'conch-machine-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

async function send(dir: string, version: number, document: object | string): Promise<void> {
  await mkdir(join(dir, 'conch'), { recursive: true })
  const text = typeof document === 'string' ? document : JSON.stringify(document)
  await writeFile(join(dir, 'conch', 'sent.json'), JSON.stringify({ version, document: text }))
}

type Health = {
  state: string
  reason?: string
  detail?: string
  exits: number
  lastExits: { reason: string }[]
  config: { running: number; refused: { version: number; why: string } | null }
}
const health = async (machine: Machine): Promise<Health> => (await (await machine.control('GET', 'health')).json()) as Health
const seen = async (machine: Machine): Promise<{ greeting: string | null; pid: number }> => {
  const answer = await fetch(machine.url, { headers: { cookie: await machine.enter() } })
  return (await answer.json()) as { greeting: string | null; pid: number }
}
const crash = async (machine: Machine): Promise<void> => {
  await fetch(`${machine.url}/crash`, { headers: { cookie: await machine.enter() } })
}

it('answers before the gateway does, and says that it is starting', async () => {
  const machine = await begin({ env: { CONCH_GATEWAY: '/nowhere.ts' } })
  await machine.until('listening', async () => (await fetch(`${machine.url}/healthz`)).status === 503)
  const page = await fetch(machine.url, { headers: { cookie: await machine.enter() } })
  expect(page.status).toBe(503)
  expect(await page.text()).toContain('not up at the moment')
})

it('starts a killed gateway again, and counts it over its own restarts', async () => {
  const dir = await folder()
  const machine = await begin({ dir })
  await machine.live()
  const { pid } = await seen(machine)
  process.kill(pid, 'SIGKILL')
  await machine.until('it noticed', async () => (await health(machine)).exits === 1)
  await machine.live()
  expect((await seen(machine)).pid).not.toBe(pid)
  expect(await health(machine)).toMatchObject({ state: 'live', exits: 1, lastExits: [{ reason: 'crashed' }] })
  await machine.close()
  const again = await begin({ dir, signer: machine.signer })
  await again.live()
  await crash(again)
  await again.until('it noticed', async () => (await health(again)).exits === 2)
  expect((await health(again)).lastExits.map((one) => one.reason)).toEqual(['crashed', 'crashed'])
})

it('tells a gateway that was killed for want of memory from one that crashed', async () => {
  const dir = await folder()
  const events = join(dir, 'memory.events')
  await writeFile(events, 'oom 3\noom_kill 3\n')
  const machine = await begin({ dir, env: { CONCH_MEMORY_EVENTS: events } })
  await machine.live()
  const { pid } = await seen(machine)
  await writeFile(events, 'oom 4\noom_kill 4\n')
  process.kill(pid, 'SIGKILL')
  await machine.until('it noticed', async () => (await health(machine)).exits === 1)
  expect((await health(machine)).lastExits).toMatchObject([{ reason: 'out-of-memory' }])
})

it('takes its gateway along when it is told to end, and when it is killed', async () => {
  for (const how of ['SIGTERM', 'SIGKILL'] as const) {
    const machine = await begin()
    await machine.live()
    const { pid } = await seen(machine)
    const gone = once(machine.process, 'exit')
    // Whoever ends a machine by force ends all of it.
    if (how === 'SIGTERM') machine.process.kill('SIGTERM')
    else process.kill(-(machine.process.pid ?? 0), 'SIGKILL')
    await gone
    await expect.poll(() => startTimeOf(pid)).toBeNull()
  }
})

it('puts a newer configuration in place, starts the gateway with it, and keeps to it over restarts', async () => {
  const dir = await folder()
  await send(dir, 3, { greeting: 'three' })
  const machine = await begin({ dir })
  await machine.live()
  expect(await seen(machine)).toMatchObject({ greeting: 'three' })
  const put = await machine.control('PUT', 'config', { version: 5, document: '{"greeting":"five"}' })
  expect([put.status, await put.json()]).toEqual([200, { kind: 'taken', config: { running: 5, refused: null } }])
  await machine.until('five', async () => (await seen(machine)).greeting === 'five')
  const older = await machine.control('PUT', 'config', { version: 4, document: '{"greeting":"four"}' })
  expect(await older.json()).toMatchObject({ kind: 'known', config: { running: 5 } })
  expect(await health(machine)).toMatchObject({ exits: 0, config: { running: 5 } })
  await machine.close()
  // What came with the machine is older than what it was sent since.
  const again = await begin({ dir, signer: machine.signer })
  await again.live()
  expect(await seen(again)).toMatchObject({ greeting: 'five' })
})

it('refuses a configuration that is none, before anything of it is in place', async () => {
  const dir = await folder()
  await send(dir, 1, { greeting: 'one' })
  const machine = await begin({ dir })
  await machine.live()
  const { pid } = await seen(machine)
  const put = await machine.control('PUT', 'config', { version: 2, document: '{"greeting":' })
  expect(put.status).toBe(422)
  expect(await put.json()).toMatchObject({ kind: 'refused', why: expect.stringContaining('JSON'), config: { running: 1, refused: { version: 2 } } })
  expect(await seen(machine)).toEqual(expect.objectContaining({ greeting: 'one', pid }))
  for (const body of [{}, { version: 0, document: '{}' }, { version: 1.5, document: '{}' }, { version: 9 }])
    expect((await machine.control('PUT', 'config', body)).status).toBe(400)
})

it('goes back to the last good configuration when the gateway will not start with a new one, and says so', async () => {
  const dir = await folder()
  await send(dir, 1, { greeting: 'one' })
  const machine = await begin({ dir })
  await machine.live()
  await machine.control('PUT', 'config', { version: 2, document: '{"invalid":"channels.telegram"}' })
  await machine.until('back', async () => (await health(machine)).config.running === 1)
  await machine.live()
  expect(await seen(machine)).toMatchObject({ greeting: 'one' })
  expect(await health(machine)).toMatchObject({
    state: 'live',
    config: { running: 1, refused: { version: 2, why: expect.stringContaining('channels.telegram') } },
  })
  expect(JSON.parse(await readFile(join(dir, 'openclaw', 'openclaw.json'), 'utf8'))).toEqual({ greeting: 'one' })
})

it('with nothing to go back to it is degraded, stays reachable, says why, and starts with the next one', async () => {
  const dir = await folder()
  await send(dir, 1, { invalid: 'gateway.port' })
  const machine = await begin({ dir })
  await machine.until('degraded', async () => (await health(machine)).state === 'degraded')
  expect(await health(machine)).toMatchObject({ reason: 'bad-config', detail: 'config invalid: gateway.port', exits: 1 })
  expect(await (await fetch(machine.url, { headers: { cookie: await machine.enter() } })).text()).toContain('does not start with its settings')
  await machine.control('PUT', 'config', { version: 2, document: '{"greeting":"two"}' })
  await machine.live()
  expect(await seen(machine)).toMatchObject({ greeting: 'two' })
})

it('counts the messages that its gateway wrote down, once each, over its own restarts', async () => {
  const dir = await folder()
  const say = (channel: string, id: string): void =>
    appendLine(journalFolder(join(dir, 'conch')), lineOf({ channel, account: 'default', conversation: 'ann', id }, new Date()))
  const totals = async (machine: Machine): Promise<string[]> => {
    const text = await (await machine.control('GET', 'metrics')).text()
    return text.split('\n').filter((line) => line.startsWith('conch_messages_'))
  }
  const machine = await begin({ dir })
  await machine.live()
  expect(await totals(machine)).toEqual(['conch_messages_tampered 0'])
  for (const message of ['1', '2', '2']) say('telegram', message)
  say('webchat', '1')
  expect(await totals(machine)).toEqual([
    'conch_messages_total{channel="telegram"} 2',
    'conch_messages_total{channel="webchat"} 1',
    'conch_messages_tampered 0',
  ])
  await machine.close()
  const again = await begin({ dir, signer: machine.signer })
  await again.live()
  say('telegram', '1')
  say('telegram', '3')
  expect((await totals(again))[0]).toBe('conch_messages_total{channel="telegram"} 3')
})

it('shows health and metrics on the private port, where nothing can be changed', async () => {
  const machine = await begin()
  await machine.live()
  await crash(machine)
  await machine.until('back', async () => (await health(machine)).exits === 1)
  await machine.live()
  expect(await (await fetch(`${machine.privateUrl}/health`)).json()).toMatchObject({
    state: 'live',
    version: { flavour: 'stub' },
    channels: { ready: false, failing: ['telegram'] },
    exits: 1,
  })
  const text = await (await fetch(`${machine.privateUrl}/metrics`)).text()
  expect(text).toMatch(/^# HELP conch_gateway_up .+\n# TYPE conch_gateway_up gauge\nconch_gateway_up 1\n/)
  expect(text).toContain('conch_gateway_exits_total{reason="crashed"} 1\n')
  expect(text).toContain('conch_gateway_restarts_total{reason="crashed"} 1\n')
  for (const name of ['conch_gateway_memory_bytes', 'conch_volume_bytes', 'conch_volume_used_bytes', 'conch_supervisor_memory_bytes'])
    expect(Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])).toBeGreaterThan(1_000_000)
  for (const line of text.trimEnd().split('\n')) expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{(\w+="[^"]*",?)+\})? [\d.e+-]+)$/)
  expect((await fetch(`${machine.privateUrl}/config`, { method: 'PUT', body: '{}' })).status).toBe(404)
  expect((await fetch(`${machine.privateUrl}/access`)).status).toBe(404)
})

it.each([
  ['CONCH_INSTANCE', { CONCH_INSTANCE: '' }],
  ['CONCH_KEYS', { CONCH_KEYS: '{}' }],
  ['PORT', { PORT: '70000' }],
  ['CONCH_FLAVOUR', { CONCH_FLAVOUR: 'lobster' }],
])('a wrong %s ends it with a sentence and the code of a bad configuration', async (name, env) => {
  const machine = await startMachine({ env })
  const [code] = await once(machine.process, 'exit')
  expect(code).toBe(78)
  expect(machine.printed()).toMatch(new RegExp(`^\\[supervisor\\] ${name}.+\\n$`))
})
