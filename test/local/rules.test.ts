import { describe, expect, test } from 'vitest'
import { durationMs } from '../../src/local/machine-config.ts'
import { treeOf, type ProcessRow } from '../../src/local/process-table.ts'
import { parseQuery } from '../../src/local/prometheus.ts'
import { limitOf } from '../../src/local/rate-limits.ts'
import { afterExit, restartDelayMs } from '../../src/local/restart-policy.ts'
import { harness, visit } from './harness.ts'

test.each([
  ['no', 1, 0, undefined, 'stop'],
  ['always', 0, 1000, undefined, 'restart'],
  ['on-failure', 0, 0, undefined, 'stop'],
  ['on-failure', 1, 9, undefined, 'restart'],
  ['on-failure', 1, 10, undefined, 'stop'],
  ['on-failure', 78, 2, 3, 'restart'],
  ['on-failure', 78, 3, 3, 'stop'],
  ['spot-price', 137, 0, undefined, 'restart'],
] as const)('policy %s after code %i with %i restarts behind it (at most %s): %s', (policy, code, restartCount, retries, next) => {
  expect(afterExit({ code, restartCount }, { policy, ...(retries !== undefined && { max_retries: retries }) })).toBe(next)
})

test('restarts wait longer each time, up to half a minute', () => {
  const delays = [1, 2, 3, 20].map((count) => restartDelayMs(count, () => 0.5))
  expect(delays).toEqual([200, 400, 800, 30_000])
})

test.each([
  ['30s', 30_000],
  ['1m30s', 90_000],
  ['500ms', 500],
  ['1.5s', 1500],
  ['2', 2000],
  [3, 3000],
  ['1h', 3_600_000],
])('the duration %s is %i ms', (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})

describe('Prometheus queries', () => {
  test.each([
    ['fly_instance_cpu', { sumBy: null, fn: null, series: 'fly_instance_cpu', matchers: [], rangeMs: null }],
    [
      'increase(fly_instance_net_sent_bytes{app="a", instance=~"x|y"}[1h])',
      {
        fn: 'increase',
        matchers: [
          { label: 'app', operator: '=', value: 'a' },
          { label: 'instance', operator: '=~', value: 'x|y' },
        ],
        rangeMs: 3_600_000,
      },
    ],
    ['sum(increase(fly_instance_net_sent_bytes{device="eth0"}[1h])) by (app)', { sumBy: ['app'], fn: 'increase', rangeMs: 3_600_000 }],
    ['sum by (app, instance) (fly_instance_memory_mem_available)', { sumBy: ['app', 'instance'], fn: null }],
    ['sum(fly_volume_used_pct)', { sumBy: [] }],
  ])('%s is understood', (text, query) => {
    expect(parseQuery(text)).toMatchObject(query)
  })

  test.each(['up', 'fly_instance_cpu[5m]', 'increase(fly_instance_cpu)', 'fly_instance_cpu{app=a}', 'fly_instance_cpu + 1', ''])(
    '%j is not',
    (text) => {
      expect(parseQuery(text)).toBeNull()
    },
  )

  test('sums and selects over apps', async () => {
    const it = await harness()
    for (const app of ['one', 'two']) {
      const made = await it.create(await it.app(app))
      await it.reaches(app, made.id, 'started')
      await it.answers(app, '/healthz', 200)
    }
    const ask = async (query: string) =>
      (
        await it.call('POST', '/prometheus/personal/api/v1/query', `query=${encodeURIComponent(query)}`, {
          'content-type': 'application/x-www-form-urlencoded',
        })
      ).body
    expect(await ask('sum(increase(fly_instance_net_sent_bytes[1h])) by (app)')).toMatchObject({
      status: 'success',
      data: {
        resultType: 'vector',
        result: [
          { metric: { app: 'one' }, value: [expect.any(Number), '11'] },
          { metric: { app: 'two' }, value: [expect.any(Number), '11'] },
        ],
      },
    })
    expect(await ask('fly_instance_memory_mem_total{app!="one"}')).toMatchObject({
      data: { result: [{ metric: { app: 'two' }, value: [expect.any(Number), String(256 * 1024 * 1024)] }] },
    })
    expect(await ask('sum(fly_instance_cpu{app="nobody"})')).toMatchObject({ data: { result: [] } })
    expect(await it.call('GET', '/prometheus/personal/api/v1/query?query=up')).toMatchObject({
      status: 400,
      body: { status: 'error', errorType: 'bad_data' },
    })
    await it.close()
    const again = await harness({ dir: it.dir })
    expect(
      (await again.call('GET', `/prometheus/personal/api/v1/query?query=${encodeURIComponent('sum(increase(fly_instance_net_sent_bytes[1h]))')}`))
        .body,
    ).toMatchObject({ data: { result: [{ value: [expect.any(Number), '22'] }] } })
  })
})

test('a process tree is the group and all descendants, also those that left the group', () => {
  const row = (pid: number, parent: number, group: number, zombie = false): ProcessRow => ({
    pid,
    parent,
    group,
    zombie,
    startTime: '',
    rssBytes: 0,
    cpuMs: 0,
    command: '',
  })
  const table = [
    row(1, 0, 1),
    row(40, 30, 40),
    row(10, 1, 10),
    row(20, 10, 10),
    row(30, 20, 30),
    row(50, 1, 10),
    row(60, 10, 10, true),
    row(70, 1, 70),
  ]
  expect(
    treeOf(table, 10)
      .map((one) => one.pid)
      .toSorted((a, b) => a - b),
  ).toEqual([10, 20, 30, 40, 50])
})

test.each([
  ['GET', '/v1/apps/a/machines/m1', 'get-machine m1', 5],
  ['GET', '/v1/apps/a/machines', 'GET machines  a', 1],
  ['POST', '/v1/apps/a/machines/m1/start', 'POST start m1', 1],
  ['POST', '/v1/apps/a/machines', 'POST machines  a', 1],
  ['DELETE', '/v1/apps/a', 'delete-app', 100 / 60],
])('%s %s counts against "%s"', (method, path, key, perSecond) => {
  expect(limitOf(method, path)).toMatchObject({ key, limit: { perSecond } })
})

test('org lists and creating apps have no documented limit', () => {
  expect(limitOf('GET', '/v1/orgs/personal/machines')).toBeNull()
  expect(limitOf('POST', '/v1/apps')).toBeNull()
})

test('an app is found by its name under .localhost or by a hostname it has a certificate for', async () => {
  const it = await harness()
  await it.app('claw')
  const made = await it.create('claw')
  await it.call('POST', '/apps/claw/certificates/acme', { hostname: 'my.example.com' })
  expect(await it.call('POST', '/apps/claw/certificates/acme', { hostname: 'my.example.com' })).toMatchObject({ status: 422 })
  await it.reaches('claw', made.id, 'started')
  const status = async (host: string): Promise<number> => (await visit(it.server, 'claw', '/healthz', { host })).status
  for (const host of ['claw.localhost:8080', 'CLAW.localhost', 'www.claw.localhost', 'my.example.com:80', 'my.example.com'])
    expect([host, await status(host)]).toEqual([host, 200])
  for (const host of ['other.localhost', 'example.com', '127.0.0.1']) expect([host, await status(host)]).toEqual([host, 404])
})
