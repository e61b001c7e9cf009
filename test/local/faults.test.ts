import { describe, expect, test } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/lib/clock.ts'
import { createFaults, faultCatalogue, faultSchema } from '../../src/local/faults.ts'
import { createRateLimits } from '../../src/local/rate-limits.ts'
import { eventually, harness, machineSchema, visit } from './harness.ts'

const requestsSchema = z.array(
  z.object({ method: z.string(), path: z.string(), query: z.string(), status: z.number().nullable(), body: z.unknown() }),
)

test.each(Object.entries(faultCatalogue))('the catalogue entry %s is answered as it stands, once, without effect', async (_name, canned) => {
  const it = await harness()
  const app = await it.app()
  await it.fault({ match: { method: 'POST', path: '/machines$' }, times: 1, kind: canned })
  expect(await it.call('POST', `/apps/${app}/machines`, { config: { image: 'gateway:inline' } })).toMatchObject({
    status: canned.status,
    body: canned.body,
  })
  expect((await it.call('GET', `/apps/${app}/machines`)).body).toEqual([])
  expect((await it.call('POST', `/apps/${app}/machines`, { config: { image: 'gateway:inline' } })).status).toBe(200)
})

test('latency delays the answer', async () => {
  const it = await harness()
  await it.fault({ match: { path: '^/v1/apps$' }, times: 1, kind: { latencyMs: 200 } })
  const before = performance.now()
  expect((await it.call('GET', '/apps')).status).toBe(200)
  expect(performance.now() - before).toBeGreaterThanOrEqual(195)
})

test('a lost answer breaks the connection after the effect, a dropped request before it', async () => {
  const it = await harness()
  await it.fault({ match: { method: 'POST', path: '^/v1/apps$' }, times: 1, kind: { lostAnswer: true } })
  await expect(it.call('POST', '/apps', { app_name: 'lost' })).rejects.toThrow('fetch failed')
  expect((await it.call('GET', '/apps/lost')).status).toBe(200)
  await it.fault({ match: { method: 'POST', path: '^/v1/apps$' }, times: 1, kind: { drop: true } })
  await expect(it.call('POST', '/apps', { app_name: 'dropped' })).rejects.toThrow('fetch failed')
  expect((await it.call('GET', '/apps/dropped')).status).toBe(404)
})

test('a stale list misses what is new and still shows what is gone', async () => {
  const it = await harness()
  const app = await it.app()
  const old = await it.create(app)
  await it.reaches(app, old.id, 'started')
  await eventually(() => (systemClock.now().getTime() - Date.parse(old.updated_at) > 2_300 ? true : undefined))
  const fresh = await it.create(app)
  await it.call('DELETE', `/apps/${app}/machines/${old.id}?force=true`)
  await it.reaches(app, old.id, 'destroyed')
  await it.fault({ match: {}, kind: { staleListMs: 2_000 } })
  const listed = async (): Promise<string[]> =>
    z
      .array(machineSchema)
      .parse((await it.call('GET', `/apps/${app}/machines`)).body)
      .map((machine) => machine.id)
  expect(await listed()).toEqual([old.id])
  expect((await it.call('GET', `/apps/${app}/machines/${fresh.id}`)).status).toBe(200)
  await it.call('DELETE', '/admin/faults')
  expect(await listed()).toEqual([fresh.id])
})

test('with its host down a machine shows no configuration, takes no orders, and its address is dead', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app)
  const other = await it.create(await it.app('other'))
  await it.answers(app, '/healthz', 200)
  await it.fault({ match: { path: `/machines/${made.id}` }, kind: { hostDown: true } })
  const seen = await it.machine(app, made.id)
  expect(seen).toMatchObject({ host_status: 'unreachable', incomplete_config: { image: 'gateway:inline' } })
  expect(seen.config).toBeUndefined()
  expect((await it.call('POST', `/apps/${app}/machines/${made.id}/stop`, {})).status).toBe(503)
  expect((await visit(it.server, app, '/healthz')).status).toBe(503)
  expect((await it.machine('other', other.id)).host_status).toBe('ok')
  await it.call('DELETE', '/admin/faults')
  expect((await it.machine(app, made.id)).host_status).toBe('ok')
  expect((await visit(it.server, app, '/healthz')).status).toBe(200)
})

test('a full region refuses what would be placed there and nothing else', async () => {
  const it = await harness()
  const app = await it.app()
  await it.fault({ regionFull: 'ams' })
  const refused = await it.call('POST', `/apps/${app}/machines`, { region: 'ams', config: { image: 'gateway:inline' } })
  expect(refused).toMatchObject({ status: 422, body: { error: 'could not find a candidate host', status: 'insufficient_capacity' } })
  expect((await it.call('POST', `/apps/${app}/volumes`, { name: 'data', region: 'ams' })).status).toBe(422)
  expect((await it.create(app, {}, { region: 'fra' })).region).toBe('fra')
})

test('a probability strikes some requests and not others', () => {
  const draws = [0.1, 0.9, 0.29, 0.3]
  const faults = createFaults({ random: () => draws.shift() ?? 1 })
  faults.add(faultSchema.parse({ probability: 0.3, kind: { drop: true } }))
  const strikes = [1, 2, 3, 4].map(() => faults.strike({ method: 'GET', path: '/v1/apps', body: null }).length)
  expect(strikes).toEqual([1, 0, 1, 0])
})

test('requests are recorded with their status and without secret values', async () => {
  const it = await harness()
  const app = await it.app()
  await it.call('POST', `/apps/${app}/secrets/TOKEN`, { value: 'very-secret-1' })
  await it.call('POST', `/apps/${app}/secrets`, { values: { OTHER: 'very-secret-2', GONE: null } })
  await it.create(app, { env: { A: 'very-secret-3' }, files: [{ guest_path: '/etc/a', raw_value: 'dmVyeS1zZWNyZXQtNA==' }] })
  await it.fault({ match: { path: 'broken' }, kind: { lostAnswer: true } })
  await expect(it.call('GET', '/apps/broken')).rejects.toThrow('fetch failed')
  const answer = await it.call('GET', '/admin/requests')
  expect(answer.text).not.toMatch(/very-secret|dmVyeS1z/)
  const requests = requestsSchema.parse(answer.body)
  expect(requests.map((request) => [request.method, request.path, request.status])).toEqual([
    ['POST', '/v1/apps', 201],
    ['POST', `/v1/apps/${app}/secrets/TOKEN`, 201],
    ['POST', `/v1/apps/${app}/secrets`, 200],
    ['POST', `/v1/apps/${app}/machines`, 200],
    ['GET', '/v1/apps/broken', null],
  ])
  expect(requests[2]?.body).toEqual({ values: { OTHER: '[redacted]', GONE: null } })
})

test('without test controls there is no back door', async () => {
  const it = await harness({ testControls: false })
  expect((await it.fault({ match: {}, kind: { drop: true } })).status).toBe(404)
  expect((await it.call('GET', '/admin/requests')).status).toBe(404)
})

describe('rate limits', () => {
  const clockAt = (state: { ms: number }) => ({ now: () => new Date(state.ms), sleep: () => Promise.resolve() })

  test('refill one a second up to the burst, per action and machine', () => {
    const state = { ms: 0 }
    const limits = createRateLimits({ clock: clockAt(state) })
    const start = (id: string): boolean => limits.allows('POST', `/v1/apps/a/machines/${id}/start`)
    expect([start('1'), start('1'), start('1'), start('1')]).toEqual([true, true, true, false])
    expect(start('2')).toBe(true)
    expect(limits.allows('POST', '/v1/apps/a/machines/1/stop')).toBe(true)
    state.ms = 999
    expect(start('1')).toBe(false)
    state.ms = 1000
    expect([start('1'), start('1')]).toEqual([true, false])
    state.ms = 60_000
    expect([start('1'), start('1'), start('1'), start('1')]).toEqual([true, true, true, false])
  })

  test('let 100 app deletions a minute through, whichever apps they are', () => {
    const limits = createRateLimits({ clock: clockAt({ ms: 0 }) })
    const allowed = Array.from({ length: 120 }, (_, i) => limits.allows('DELETE', `/v1/apps/app-${i}`)).filter((one) => one)
    expect(allowed.length).toBe(100)
  })
})
