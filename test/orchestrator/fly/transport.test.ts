import { Writable } from 'node:stream'
import { afterEach, describe, expect, test } from 'vitest'
import { createLog } from '../../../src/lib/log.ts'
import { Sealed } from '../../../src/lib/sealed.ts'
import { ProviderError } from '../../../src/orchestrator/fly/errors.ts'
import { createFlyClient, type FlyClientOptions } from '../../../src/orchestrator/fly/client.ts'
import type { FlyClient } from '../../../src/orchestrator/fly/types.ts'
import { startScripted, type Reply, type Scripted } from './scripted-server.ts'

const open: Scripted[] = []
async function scripted(options: Partial<FlyClientOptions> = {}): Promise<Scripted> {
  const one = await startScripted(options)
  open.push(one)
  return one
}
afterEach(async () => {
  for (const one of open.splice(0)) await one.close()
})

const MACHINE = { id: 'm1', state: 'started', name: 'conch-a', region: 'fra', instance_id: 'v1' }
const CONFIG = { image: 'gateway:stub', guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 } } as const
const BUSY: Reply = { status: 503, body: { error: 'unavailable' } }

async function thrownBy(promise: Promise<unknown>): Promise<ProviderError> {
  const error = await promise.then(
    () => new Error('it did not throw'),
    (thrown: unknown) => thrown,
  )
  if (error instanceof ProviderError) return error
  throw error
}

// Everything that must not happen twice by our own doing.
const WRITES: [string, (fly: FlyClient) => Promise<unknown>][] = [
  ['createApp', (fly) => fly.createApp({ name: 'a', network: 'a' })],
  ['allocateIp', (fly) => fly.allocateIp('a', 'v6')],
  [
    'createVolume',
    (fly) => fly.createVolume('a', { name: 'data', region: 'fra', sizeGb: 1, compute: { cpuKind: 'shared', cpus: 1, memoryMb: 256, swapMb: 0 } }),
  ],
  ['extendVolume', (fly) => fly.extendVolume('a', 'vol_1', 2)],
  ['createMachine', (fly) => fly.createMachine('a', { name: 'conch-a', region: 'fra', config: CONFIG })],
  ['updateMachine', (fly) => fly.updateMachine('a', 'm1', { config: CONFIG })],
  ['startMachine', (fly) => fly.startMachine('a', 'm1')],
  ['stopMachine', (fly) => fly.stopMachine('a', 'm1', { timeoutSeconds: 30 })],
  ['restartMachine', (fly) => fly.restartMachine('a', 'm1', { timeoutSeconds: 30 })],
  ['setSecret', (fly) => fly.setSecret('a', 'KEY', new Sealed('s'))],
  ['createSnapshot', (fly) => fly.createSnapshot('a', 'vol_1')],
]

describe('a write whose effect may have happened is thrown as ambiguous and sent once', () => {
  test.for(WRITES)('%s', async ([, write]) => {
    for (const reply of [BUSY, 'cut'] satisfies Reply[]) {
      const { fly, server, answers } = await scripted()
      answers(reply)
      expect(await thrownBy(write(fly))).toMatchObject({ kind: 'transient', ambiguous: true })
      expect(server.asked).toHaveLength(1)
    }
  })
})

describe('a write that was refused before it had an effect goes again', () => {
  test.for<[string, Reply]>([
    ['429', { status: 429, body: { error: 'rate limit exceeded' } }],
    ['lease held', { status: 409, body: { error: 'failed to acquire lease: lease currently held by x' } }],
  ])('%s', async ([, refusal]) => {
    const { fly, server, answers } = await scripted()
    answers(refusal, refusal, { status: 200, body: { ok: true } })
    await fly.startMachine('a', 'm1')
    expect(server.asked).toHaveLength(3)
  })
})

test('a refused connection is tried again and then thrown as not ambiguous', async () => {
  const one = await scripted()
  const fly = createFlyClient({
    apiUrl: 'http://127.0.0.1:1/v1',
    platformUrl: 'http://127.0.0.1:1',
    token: new Sealed('t'),
    org: 'o',
    clock: one.clock,
    random: () => 0.5,
    log: createLog({ level: 'silent', destination: new Writable() }),
  })
  expect(await thrownBy(fly.startMachine('a', 'm1'))).toMatchObject({ kind: 'transient', ambiguous: false, status: null })
  expect(one.clock.slept).toEqual([250, 500, 1_000])
  await fly.close()
})

test('reads and deletes are tried four times, with growing waits between', async () => {
  const { fly, clock, server, answers } = await scripted()
  answers(BUSY, 'cut', BUSY, { status: 200, body: MACHINE })
  expect(await fly.getMachine('a', 'm1')).toMatchObject({ id: 'm1' })
  answers(BUSY, BUSY, BUSY, BUSY)
  expect(await thrownBy(fly.deleteMachine('a', 'm1'))).toMatchObject({ kind: 'transient', status: 503 })
  expect(server.asked).toHaveLength(8)
  expect(clock.slept).toEqual([250, 500, 1_000, 250, 500, 1_000])
})

test('a delete whose answer was lost finds the thing gone', async () => {
  const { fly, answers } = await scripted()
  answers('cut', { status: 404, body: { error: 'not found' } })
  expect(await fly.deleteMachine('a', 'm1')).toBe('absent')
})

describe('Retry-After', () => {
  test.for([
    ['7', 7_000],
    ['Thu, 01 Jan 2026 00:00:07 GMT', 7_000],
    ['0', 250],
    ['soon', 250],
  ] as const)('"%s" waits %i ms', async ([header, waited]) => {
    const { fly, clock, answers } = await scripted()
    answers({ status: 429, headers: { 'retry-after': header } }, { status: 200, body: MACHINE })
    await fly.getMachine('a', 'm1')
    expect(clock.slept).toEqual([waited])
  })

  test('longer than a call may take is left to the caller', async () => {
    const { fly, clock, answers } = await scripted()
    answers({ status: 429, headers: { 'retry-after': '3600' } })
    expect(await thrownBy(fly.getMachine('a', 'm1'))).toMatchObject({ kind: 'rate-limited', ambiguous: false })
    expect(clock.slept).toEqual([])
  })
})

describe('a volume that Fly does not see yet', () => {
  const unseen: Reply = { status: 400, body: { error: 'volume not found' } }
  const create = (fly: FlyClient): Promise<unknown> => fly.createMachine('a', { name: 'conch-a', region: 'fra', config: CONFIG })

  test('costs the machine one more try', async () => {
    const { fly, answers } = await scripted()
    answers(unseen, { status: 200, body: MACHINE })
    expect(await create(fly)).toMatchObject({ id: 'm1' })
  })

  test('costs no more than one', async () => {
    const { fly, server, answers } = await scripted()
    answers(unseen, unseen)
    expect(await thrownBy(create(fly))).toMatchObject({ kind: 'not-ready', ambiguous: false })
    expect(server.asked).toHaveLength(2)
  })
})

describe('a call ends within its time-out', () => {
  test.for<Reply>(['silence', 'half'])('%s', async (reply) => {
    const { fly, answers } = await scripted({ timeoutMs: 200 })
    answers(reply)
    const error = await thrownBy(fly.createMachine('a', { name: 'conch-a', region: 'fra', config: CONFIG }))
    expect(error).toMatchObject({ kind: 'transient', ambiguous: true, status: null })
    expect(error.message).toMatch(/UND_ERR_(HEADERS|BODY)_TIMEOUT/)
  })
})

test('closing ends a call that hangs, and tries nothing again', async () => {
  const { fly, clock, server, answers } = await scripted()
  answers('silence')
  const call = thrownBy(fly.getMachine('a', 'm1'))
  await expect.poll(() => server.asked.length).toBe(1)
  await fly.close()
  expect((await call).kind).toBe('transient')
  expect(clock.slept).toEqual([])
  expect(server.asked).toHaveLength(1)
})

describe('an answer that makes no sense', () => {
  test.for<[unknown, string]>([
    ['<html>hello</html>', 'transient'],
    [{ unexpected: true }, 'fatal'],
    [undefined, 'fatal'],
  ])('%j to a create is ambiguous and %s', async ([body, kind]) => {
    const { fly, answers } = await scripted()
    answers({ status: 200, body })
    const error = await thrownBy(fly.createMachine('a', { name: 'conch-a', region: 'fra', config: CONFIG }))
    expect(error).toMatchObject({ kind, ambiguous: true, requestId: 'req-1' })
  })
})

describe('the token', () => {
  test.for([
    ['plain', 'Bearer plain', 'FlyV1 plain'],
    ['FlyV1 fm2_abc', 'FlyV1 fm2_abc', 'FlyV1 fm2_abc'],
    ['fm2_abc', 'FlyV1 fm2_abc', 'FlyV1 fm2_abc'],
  ] as const)('"%s" is sent as "%s", and to metrics as "%s"', async ([token, machines, metrics]) => {
    const { fly, server, answers } = await scripted({ token: new Sealed(token) })
    answers({ status: 200, body: MACHINE }, { status: 200, body: { data: { resultType: 'vector', result: [] } } })
    await fly.getMachine('a', 'm1')
    await fly.query('up')
    expect(server.asked.map((asked) => asked.headers.authorization)).toEqual([machines, metrics])
  })
})

test('the log tells every call with its request id, and never a body, a query or a secret', async () => {
  const lines: Record<string, unknown>[] = []
  const destination = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>)
      done()
    },
  })
  const { fly, answers } = await scripted({ log: createLog({ level: 'debug', destination }) })
  answers(
    { status: 201, body: { version: 3 } },
    { status: 422, body: { error: 'value hush-hush-hush is not allowed' } },
    { status: 404, body: { error: 'not found' } },
    { status: 200, body: { data: [], meta: { next_token: 'next' } } },
    'cut',
  )
  await fly.setSecret('a', 'KEY', new Sealed('hush-hush-hush'))
  const refused = await thrownBy(fly.setSecret('a', 'KEY', new Sealed('hush-hush-hush')))
  await fly.getMachine('a', 'm1')
  await fly.logs('a', { nextToken: 'page-two' })
  await thrownBy(fly.startMachine('a', 'm1'))
  expect(lines).toMatchObject([
    { level: 20, operation: 'setSecret', method: 'POST', path: '/apps/a/secrets/KEY', status: 201, requestId: 'req-1', ms: 0 },
    { level: 40, operation: 'setSecret', status: 422, requestId: 'req-2', kind: 'fatal' },
    { level: 20, operation: 'getMachine', status: 404, requestId: 'req-3', kind: 'not-found' },
    { level: 20, operation: 'logs', path: '/api/v1/apps/a/logs', status: 200 },
    { level: 40, operation: 'startMachine', path: '/apps/a/machines/m1/start', reason: 'UND_ERR_SOCKET', ambiguous: true },
  ])
  expect(JSON.stringify(lines)).not.toMatch(/hush|page-two|test-token/)
  expect(`${refused.message} ${refused.stack}`).not.toContain('hush')
})

test('with the limiter on, calls on one machine wait their turn', async () => {
  const { fly, clock, answers } = await scripted({ limiter: true })
  for (let i = 0; i < 5; i++) {
    answers({ status: 200, body: { ok: true } })
    await fly.startMachine('a', 'm1')
  }
  expect(clock.slept).toEqual([1_000, 1_000])
})
