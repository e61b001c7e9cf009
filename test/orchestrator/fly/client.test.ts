import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Sealed } from '../../../src/lib/sealed.ts'
import type { FlyMachineConfig } from '../../../src/orchestrator/fly/types.ts'
import { startScripted, type Scripted } from './scripted-server.ts'

let scripted: Scripted
beforeEach(async () => {
  scripted = await startScripted()
})
afterEach(() => scripted.close())

const NOT_FOUND = { status: 404, body: { error: 'not found' } }
const lastAsked = (): object => {
  const { method, path, query, body } = scripted.server.asked.at(-1) ?? {}
  return { method, path, query, body }
}

describe('apps', () => {
  const TAKEN = { status: 422, body: { error: 'Validation failed: Name has already been taken' } }
  const app = (slug: string): { status: number; body: unknown } => ({
    status: 200,
    body: { id: 'x', name: 'conch-a', status: 'deployed', network: 'conch-a', organization: { slug } },
  })
  const create = (): Promise<void> => scripted.fly.createApp({ name: 'conch-a', network: 'net-a' })

  test('are created in our organisation with a network of their own', async () => {
    scripted.answers({ status: 201, body: { id: 'x', created_at: 1 } })
    await create()
    expect(lastAsked()).toEqual({
      method: 'POST',
      path: '/v1/apps',
      query: {},
      body: { app_name: 'conch-a', org_slug: 'conch-org', network: 'net-a' },
    })
  })

  test('that exist already and are ours count as created', async () => {
    scripted.answers(TAKEN, app('conch-org'), { status: 409, body: { error: 'conflict' } }, app('conch-org'))
    await create()
    await create()
    expect(scripted.server.asked.map((asked) => asked.method)).toEqual(['POST', 'GET', 'POST', 'GET'])
  })

  test.for([
    ['refused to us', { status: 403, body: { error: 'forbidden' } }],
    ['hidden from us', NOT_FOUND],
    ['of another organisation', app('somebody')],
    ['of an organisation that is not told', { status: 200, body: { name: 'conch-a' } }],
  ] as const)('that exist already and are %s are not adopted', async ([, answer]) => {
    scripted.answers(TAKEN, answer)
    await expect(create()).rejects.toMatchObject({ code: 'provider.name-taken' })
  })

  test('are told apart: ours, absent, and of somebody else', async () => {
    scripted.answers(app('conch-org'), NOT_FOUND, { status: 403 })
    expect(await scripted.fly.getApp('conch-a')).toEqual({ name: 'conch-a', orgSlug: 'conch-org', network: 'conch-a', status: 'deployed' })
    expect(await scripted.fly.getApp('conch-a')).toBeNull()
    await expect(scripted.fly.getApp('conch-a')).rejects.toMatchObject({ kind: 'foreign' })
  })

  test('are deleted, or gone already', async () => {
    scripted.answers({ status: 202 }, NOT_FOUND)
    expect(await scripted.fly.deleteApp('conch-a')).toBe('accepted')
    expect(await scripted.fly.deleteApp('conch-a')).toBe('absent')
  })
})

describe('what belongs to an app', () => {
  test('is its addresses, with a type, which Fly leaves out', async () => {
    const ips = [{ ip: '66.241.1.1', shared: true }, { ip: '2a09:8280::1' }, { ip: 'fdaa:0:1::3' }, { ip: '149.248.1.1', shared: false }]
    scripted.answers({ status: 200, body: { ips } }, { status: 200, body: {} }, { status: 200, body: { ip: '2a09:8280::1' } })
    expect((await scripted.fly.listIps('a')).map((ip) => ip.type)).toEqual(['shared_v4', 'v6', 'private_v6', 'v4'])
    expect(await scripted.fly.listIps('a')).toEqual([])
    await scripted.fly.allocateIp('a', 'v6')
    expect(lastAsked()).toMatchObject({ method: 'POST', path: '/v1/apps/a/ip_assignments', body: { type: 'v6' } })
  })

  test('is its secrets, set under either spelling of the version', async () => {
    scripted.answers({ status: 201, body: { version: 4 } }, { status: 201, body: { Version: 5 } })
    expect(await scripted.fly.setSecret('a', 'API_KEY', new Sealed('hush'))).toEqual({ version: 4 })
    expect(lastAsked()).toMatchObject({ path: '/v1/apps/a/secrets/API_KEY', body: { value: 'hush' } })
    expect(await scripted.fly.setSecret('a', 'API_KEY', new Sealed('hush'))).toEqual({ version: 5 })
  })

  test('is its secrets, listed without values and forgotten, even one that may be gone already', async () => {
    scripted.answers({ status: 200, body: { secrets: [{ name: 'A', digest: 'd', value: 'leaked' }, { name: 'B' }] } }, { status: 200 }, NOT_FOUND)
    expect(await scripted.fly.listSecrets('a')).toEqual([
      { name: 'A', digest: 'd' },
      { name: 'B', digest: null },
    ])
    await scripted.fly.deleteSecret('a', 'A')
    await scripted.fly.deleteSecret('a', 'A')
    expect(scripted.server.asked).toHaveLength(3)
  })
})

describe('volumes', () => {
  const VOLUME = {
    id: 'vol_1',
    name: 'data',
    state: 'created',
    region: 'fra',
    size_gb: 3,
    attached_machine_id: null,
    created_at: 't',
    zone: 'x',
  }
  const PARSED = { id: 'vol_1', name: 'data', state: 'created', region: 'fra', sizeGb: 3, attachedMachineId: null, createdAt: 't' }
  const compute = { cpuKind: 'shared', cpus: 2, memoryMb: 2048, swapMb: 1024 } as const

  test('are placed with room for their machine', async () => {
    scripted.answers({ status: 200, body: VOLUME }, { status: 200, body: VOLUME })
    expect(await scripted.fly.createVolume('a', { name: 'data', region: 'fra', sizeGb: 3, compute })).toEqual(PARSED)
    const body = { name: 'data', region: 'fra', size_gb: 3, compute: { cpu_kind: 'shared', cpus: 2, memory_mb: 2048 } }
    expect(lastAsked()).toEqual({ method: 'POST', path: '/v1/apps/a/volumes', query: {}, body })
    const more = { snapshotDays: 14, snapshotId: 'vs_1', sourceVolumeId: 'vol_0' }
    await scripted.fly.createVolume('a', { name: 'data', region: 'fra', sizeGb: 3, compute, ...more })
    expect(lastAsked()).toMatchObject({ body: { ...body, snapshot_retention: 14, snapshot_id: 'vs_1', source_volume_id: 'vol_0' } })
  })

  test('are absent when unknown and when destroyed', async () => {
    const destroyed = { ...VOLUME, id: 'vol_2', state: 'destroyed' }
    scripted.answers({ status: 200, body: [VOLUME, destroyed] }, { status: 200, body: VOLUME }, { status: 200, body: destroyed }, NOT_FOUND)
    expect(await scripted.fly.listVolumes('a')).toEqual([PARSED])
    expect(await scripted.fly.getVolume('a', 'vol_1')).toEqual(PARSED)
    expect(await scripted.fly.getVolume('a', 'vol_2')).toBeNull()
    expect(await scripted.fly.getVolume('a', 'vol_3')).toBeNull()
  })

  test('grow, and say whether the machine must restart', async () => {
    scripted.answers({ status: 200, body: { needs_restart: true, volume: VOLUME } }, { status: 200, body: { volume: VOLUME } })
    expect(await scripted.fly.extendVolume('a', 'vol_1', 5)).toEqual({ needsRestart: true })
    expect(lastAsked()).toMatchObject({ method: 'PUT', path: '/v1/apps/a/volumes/vol_1/extend', body: { size_gb: 5 } })
    expect(await scripted.fly.extendVolume('a', 'vol_1', 5)).toEqual({ needsRestart: false })
  })

  test('are deleted, or gone already', async () => {
    scripted.answers({ status: 200, body: VOLUME }, NOT_FOUND)
    expect(await scripted.fly.deleteVolume('a', 'vol_1')).toBe('accepted')
    expect(await scripted.fly.deleteVolume('a', 'vol_1')).toBe('absent')
  })

  test('have snapshots, which are found by listing', async () => {
    scripted.answers(
      { status: 200 },
      { status: 200, body: [{ id: 'vs_1', status: 'created', created_at: 't', size: 10, volume_size: 20 }, { id: 'vs_2' }] },
    )
    await scripted.fly.createSnapshot('a', 'vol_1')
    expect(lastAsked()).toMatchObject({ method: 'POST', path: '/v1/apps/a/volumes/vol_1/snapshots' })
    expect(await scripted.fly.listSnapshots('a', 'vol_1')).toEqual([
      { id: 'vs_1', status: 'created', createdAt: 't', sizeBytes: 10, volumeBytes: 20 },
      { id: 'vs_2', status: 'unknown', createdAt: '', sizeBytes: null, volumeBytes: null },
    ])
  })
})

const config: FlyMachineConfig = {
  image: 'gateway:stub',
  guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 1024 },
  metadata: { conch_instance: 'a' },
  services: [{ protocol: 'tcp', internal_port: 8080, autostart: false, autostop: 'off', ports: [{ port: 443, handlers: ['tls', 'http'] }] }],
}
const MACHINE = {
  id: 'm1',
  name: 'conch-a',
  state: 'started',
  region: 'fra',
  instance_id: 'v1',
  config: { ...config, dns: { skip: true } },
  host_status: 'ok',
  created_at: 't1',
  updated_at: 't2',
  events: [],
}
const machineOf = async (fields: object): Promise<unknown> => {
  scripted.answers({ status: 200, body: { ...MACHINE, ...fields } })
  return scripted.fly.getMachine('a', 'm1')
}

describe('machines, as they are read,', () => {
  test('are read with what we do not know kept in their configuration', async () => {
    expect(await machineOf({})).toEqual({
      id: 'm1',
      name: 'conch-a',
      state: 'started',
      region: 'fra',
      instanceId: 'v1',
      metadata: { conch_instance: 'a' },
      config: { ...config, dns: { skip: true } },
      hostUnreachable: false,
      lastStartId: null,
      lastStartAt: null,
      lastExit: null,
      preparing: null,
      createdAt: 't1',
      updatedAt: 't2',
    })
  })

  test('are absent when unknown and when destroyed', async () => {
    scripted.answers({ status: 200, body: [MACHINE, { ...MACHINE, id: 'm2', state: 'destroyed' }] }, NOT_FOUND)
    expect((await scripted.fly.listMachines('a')).map((machine) => machine.id)).toEqual(['m1'])
    expect(await scripted.fly.getMachine('a', 'm1')).toBeNull()
    expect(await machineOf({ state: 'destroyed' })).toBeNull()
  })

  test('in a state that Fly invents tomorrow are unknown, not an error', async () => {
    expect(await machineOf({ state: 'daydreaming' })).toMatchObject({ state: 'unknown' })
  })

  test('on an unreachable host keep their metadata', async () => {
    const read = await machineOf({
      host_status: 'unreachable',
      config: undefined,
      incomplete_config: { metadata: { conch_instance: 'a' } },
    })
    expect(read).toMatchObject({ hostUnreachable: true, config: null, metadata: { conch_instance: 'a' } })
  })

  test('tell their newest start and exit, in whatever order the events come', async () => {
    const exit = (exit_event: object): object => ({ exit_event })
    const events = [
      { id: 'e1', type: 'start', status: 'started', timestamp: 100 },
      { id: 'e4', type: 'exit', status: 'stopped', timestamp: 400, request: exit({ exit_code: 137, oom_killed: true, exited_at: 399 }) },
      { id: 'e3', type: 'start', status: 'started', timestamp: 300 },
      { id: 'e2', type: 'exit', status: 'stopped', timestamp: 200, request: exit({ exit_code: 0, requested_stop: true }) },
    ]
    expect(await machineOf({ events })).toMatchObject({
      lastStartId: 'e3',
      lastStartAt: 300,
      lastExit: { exitCode: 137, oomKilled: true, requestedStop: false, at: 399 },
    })
  })

  test.for<[string, object | undefined, object]>([
    ['a time in words', { exit_event: { exit_code: 1, exited_at: '1970-01-01T00:00:05Z' } }, { exitCode: 1, at: 5_000 }],
    ['no time', { exit_event: { exit_code: 78 } }, { exitCode: 78, at: 7_000 }],
    ['no details at all', undefined, { exitCode: null, oomKilled: false, requestedStop: false, at: 7_000 }],
    ['the details where older hosts put them', { MonitorEvent: { exit_event: { exit_code: 3 } } }, { exitCode: 3, at: 7_000 }],
  ])('tell an exit with %s', async ([, request, lastExit]) => {
    const events = [{ id: 'e1', type: 'exit', status: 'stopped', timestamp: 7_000, request }]
    expect(await machineOf({ events })).toMatchObject({ lastExit })
  })
})

describe('machines', () => {
  test('are preparing only while that is the newest thing they said', async () => {
    const preparing = {
      id: 'e1',
      type: 'launch',
      status: 'preparing',
      timestamp: 1,
      request: { progress_percent: 40, message: 'Installing' },
    }
    expect(await machineOf({ events: [preparing] })).toMatchObject({ preparing: { percent: 40, message: 'Installing' } })
    const started = { id: 'e2', type: 'start', status: 'started', timestamp: 2 }
    expect(await machineOf({ events: [started, preparing] })).toMatchObject({ preparing: null })
  })

  test('are created and updated with the configuration as it is', async () => {
    scripted.answers({ status: 200, body: MACHINE }, { status: 200, body: MACHINE })
    await scripted.fly.createMachine('a', { name: 'conch-a', region: 'fra', config, minSecretsVersion: 3 })
    const created = { name: 'conch-a', region: 'fra', config, min_secrets_version: 3 }
    expect(lastAsked()).toEqual({ method: 'POST', path: '/v1/apps/a/machines', query: {}, body: created })
    await scripted.fly.updateMachine('a', 'm1', { config, currentVersion: 'v1' })
    expect(lastAsked()).toEqual({ method: 'POST', path: '/v1/apps/a/machines/m1', query: {}, body: { config, current_version: 'v1' } })
  })

  test('whose name is taken say which machine to adopt', async () => {
    const body = { error: 'already_exists: unique machine name violation, machine ID d89123 already exists with name "conch-a"' }
    scripted.answers({ status: 409, body })
    const created = scripted.fly.createMachine('a', { name: 'conch-a', region: 'fra', config })
    await expect(created).rejects.toMatchObject({ kind: 'already-exists', adoptMachineId: 'd89123' })
  })

  test('are started, stopped with a body, restarted, and deleted by force', async () => {
    for (let i = 0; i < 4; i++) scripted.answers({ status: 200, body: { ok: true } })
    await scripted.fly.startMachine('a', 'm1')
    expect(lastAsked()).toMatchObject({ method: 'POST', path: '/v1/apps/a/machines/m1/start' })
    await scripted.fly.stopMachine('a', 'm1', { timeoutSeconds: 30 })
    expect(lastAsked()).toMatchObject({ method: 'POST', path: '/v1/apps/a/machines/m1/stop', body: { timeout: '30s' } })
    await scripted.fly.restartMachine('a', 'm1', { timeoutSeconds: 30 })
    expect(lastAsked()).toMatchObject({ method: 'POST', path: '/v1/apps/a/machines/m1/restart', query: { timeout: '30s' } })
    expect(await scripted.fly.deleteMachine('a', 'm1')).toBe('accepted')
    expect(lastAsked()).toMatchObject({ method: 'DELETE', path: '/v1/apps/a/machines/m1', query: { force: 'true' } })
  })

  test('are waited for, within what Fly accepts', async () => {
    scripted.answers({ status: 200, body: { ok: true } }, { status: 408, body: { error: 'deadline_exceeded' } })
    expect(await scripted.fly.waitMachine('a', 'm1', { state: 'stopped', timeoutSeconds: 0.2, instanceId: 'v1' })).toBe(true)
    expect(lastAsked()).toMatchObject({ path: '/v1/apps/a/machines/m1/wait', query: { state: 'stopped', timeout: '1', version: 'v1' } })
    expect(await scripted.fly.waitMachine('a', 'm1', { state: 'started', timeoutSeconds: 600 })).toBe(false)
    expect(lastAsked()).toMatchObject({ query: { state: 'started', timeout: '60' } })
  })

  test('that are gone have reached destroyed, and no other state', async () => {
    scripted.answers(NOT_FOUND, NOT_FOUND)
    expect(await scripted.fly.waitMachine('a', 'm1', { state: 'destroyed', timeoutSeconds: 5 })).toBe(true)
    const wait = scripted.fly.waitMachine('a', 'm1', { state: 'started', timeoutSeconds: 5 })
    await expect(wait).rejects.toMatchObject({ kind: 'not-found' })
  })

  test('run a command, which reads what no argument shows', async () => {
    scripted.answers(
      { status: 200, body: { stdout: 'done\n' } },
      { status: 200, body: { exit_code: 3, stderr: 'no' } },
      { status: 200, body: { exit_signal: 9 } },
    )
    const run = () => scripted.fly.exec('a', 'm1', { command: ['node', '-e', 'x'], stdin: 'secret', timeoutSeconds: 20 })
    expect(await run()).toEqual({ exitCode: 0, stdout: 'done\n', stderr: '' })
    expect(lastAsked()).toEqual({
      method: 'POST',
      path: '/v1/apps/a/machines/m1/exec',
      query: {},
      body: { command: ['node', '-e', 'x'], stdin: 'secret', timeout: 20 },
    })
    expect(await run()).toEqual({ exitCode: 3, stdout: '', stderr: 'no' })
    expect(await run()).toMatchObject({ exitCode: -1 })
  })

  test('run no command twice when its answer is lost, quote nothing of it, and stop waiting when told', async () => {
    scripted.answers('cut', { status: 400, body: { error: 'bad stdin: secret' } }, 'silence')
    const run = (signal?: AbortSignal) =>
      scripted.fly.exec('a', 'm1', { command: ['x'], stdin: 'secret', timeoutSeconds: 60, ...(signal !== undefined && { signal }) })
    await expect(run()).rejects.toMatchObject({ kind: 'transient', ambiguous: true })
    await expect(run()).rejects.toThrow(/^exec: 400 fatal: refused$/)
    const stop = new AbortController()
    const waiting = run(stop.signal)
    await expect.poll(() => scripted.server.asked.length).toBe(3)
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ kind: 'transient' })
    expect(scripted.server.asked).toHaveLength(3)
  })

  test('a wait without an answer is not waited a second time', async () => {
    scripted.answers('cut')
    const wait = scripted.fly.waitMachine('a', 'm1', { state: 'started', timeoutSeconds: 5 })
    await expect(wait).rejects.toMatchObject({ kind: 'transient' })
    expect(scripted.server.asked).toHaveLength(1)
  })
})

describe('the fleet', () => {
  test('is listed page by page', async () => {
    const machine = { id: 'm1', app_name: 'conch-a', state: 'started', updated_at: 't' }
    scripted.answers({ status: 200, body: { machines: [machine], next_cursor: 'c2' } }, { status: 200, body: { next_cursor: '' } })
    expect(await scripted.fly.orgMachines({ updatedAfter: '2026-01-01T00:00:00Z', limit: 500 })).toEqual({
      machines: [{ id: 'm1', app: 'conch-a', state: 'started', updatedAt: 't' }],
      nextCursor: 'c2',
    })
    expect(lastAsked()).toMatchObject({
      path: '/v1/orgs/conch-org/machines',
      query: { updated_after: '2026-01-01T00:00:00Z', limit: '500' },
    })
    expect(await scripted.fly.orgMachines({ cursor: 'c2' })).toEqual({ machines: [], nextCursor: null })
  })

  test('logs go on where they left off', async () => {
    const attributes = { timestamp: 't', message: 'hello', level: 'info', instance: 'm1' }
    scripted.answers(
      { status: 200, body: { data: [{ id: '1', attributes }], meta: { next_token: 12 } } },
      { status: 200, body: { data: [], meta: {} } },
    )
    const page = await scripted.fly.logs('a', { machineId: 'm1' })
    expect(page).toEqual({ lines: [{ at: 't', message: 'hello', level: 'info' }], nextToken: '12' })
    expect(await scripted.fly.logs('a', { machineId: 'm1', nextToken: '12' })).toEqual({ lines: [], nextToken: null })
    expect(lastAsked()).toMatchObject({ path: '/api/v1/apps/a/logs', query: { instance: 'm1', next_token: '12' } })
  })

  test('regions leave out the ones that Fly gives up', async () => {
    const regions = [{ code: 'fra', name: 'Frankfurt' }, { code: 'old', name: 'Old', deprecated: true }, { code: 'new' }]
    scripted.answers({ status: 200, body: { nearest: 'fra', regions } })
    expect(await scripted.fly.regions()).toEqual([
      { code: 'fra', name: 'Frankfurt' },
      { code: 'new', name: 'new' },
    ])
  })

  test('metrics are numbers; what is none is left out', async () => {
    const sample = (app: string, value: string): object => ({ metric: { app }, value: [1, value] })
    const result = [sample('a', '1.5'), sample('b', 'NaN'), sample('c', '+Inf')]
    scripted.answers({ status: 200, body: { status: 'success', data: { resultType: 'vector', result } } })
    expect(await scripted.fly.query('sum(fly_instance_cpu) by (app)')).toEqual([{ labels: { app: 'a' }, value: 1.5 }])
    expect(lastAsked()).toMatchObject({
      path: '/prometheus/conch-org/api/v1/query',
      query: { query: 'sum(fly_instance_cpu) by (app)' },
    })
  })
})
