// Every endpoint we serve, asked once, each answer held against Fly's own description. The same walk runs on live Fly when a token is given.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { randomId } from '../../src/lib/random.ts'
import { faultCatalogue } from '../../src/local/faults.ts'
import { startMachinesServer } from '../../src/local/server.ts'
import { loadFlySpec, type FlySpec } from './fly-spec.ts'

type Target = { apiUrl: string; token: string; org: string; image: string; close(): Promise<void> }
type Client = {
  send: (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<{ status: number; body: unknown }>
  seen: Set<string>
  problems: string[]
}

const spec = loadFlySpec()
if (spec === null) process.stdout.write('contract suite skipped: ../shared/specs/fly-machines.openapi.json is not there\n')
const live = { token: process.env['CONCH_LIVE_FLY_TOKEN'] ?? '', org: process.env['CONCH_LIVE_FLY_ORG'] ?? '' }

const machine = z.looseObject({ id: z.string(), instance_id: z.string(), state: z.string() })
const volume = z.looseObject({ id: z.string() })
const snapshots = z.array(z.looseObject({ id: z.string(), status: z.string() }))
const lease = z.looseObject({ data: z.looseObject({ nonce: z.string() }) })

/** Not offered: the control plane does not use them. */
const NOT_SERVED = [/secretkeys/, /^\w+ \/tokens\//, /\/memory/, /deploy_token/, /certificates\/custom/, /\/custom$/]

function createClient(target: Target, flySpec: FlySpec): Client {
  const seen = new Set<string>()
  const problems: string[] = []
  return {
    seen,
    problems,
    async send(method, path, body, headers = {}) {
      for (let attempt = 0; ; attempt += 1) {
        const response = await fetch(target.apiUrl + path, {
          method,
          headers: { authorization: `Bearer ${target.token}`, 'content-type': 'application/json', ...headers },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        })
        const text = await response.text()
        if (response.status === 429 && attempt < 10) {
          await systemClock.sleep(1000)
          continue
        }
        const json: unknown = text === '' ? null : JSON.parse(text)
        seen.add(flySpec.operationOf(method, path) ?? `${method} ${path}`)
        problems.push(...flySpec.validateRequest(method, path, body).map((why) => `${method} ${path} request: ${why}`))
        problems.push(
          ...flySpec.validateResponse(method, path, response.status, json).map((why) => `${method} ${path} answer ${response.status}: ${why}`),
        )
        return { status: response.status, body: json }
      }
    },
  }
}

async function localTarget(): Promise<Target> {
  const dir = mkdtempSync(join(tmpdir(), 'contract-'))
  const server = await startMachinesServer({
    dir,
    runtimeDir: join(dir, 'runtime'),
    log: silentLog,
    clock: systemClock,
    rateLimits: false,
    nodePath: process.execPath,
  })
  const close = async (): Promise<void> => {
    await server.close()
    rmSync(dir, { recursive: true, force: true })
  }
  return { apiUrl: server.apiUrl, token: server.token, org: 'personal', image: 'gateway:stub', close }
}

function liveTarget(): Promise<Target> {
  return Promise.resolve({
    apiUrl: 'https://api.machines.dev/v1',
    token: live.token,
    org: live.org,
    image: 'flyio/hellofly:latest',
    close: () => Promise.resolve(),
  })
}

/** Apps, addresses, secrets and certificates. */
async function walkApp(client: Client, app: string, org: string): Promise<void> {
  const { send } = client
  await send('GET', `/apps?org_slug=${org}`)
  await send('GET', `/apps/${app}`)
  await send('POST', `/apps/${app}/ip_assignments`, { type: 'shared_v4' })
  const v6 = z.looseObject({ ip: z.string() }).parse((await send('POST', `/apps/${app}/ip_assignments`, { type: 'v6' })).body)
  await send('GET', `/apps/${app}/ip_assignments`)
  await send('DELETE', `/apps/${app}/ip_assignments/${v6.ip}`)
  await send('POST', `/apps/${app}/secrets/FIRST`, { value: 'one' })
  await send('POST', `/apps/${app}/secrets`, { values: { SECOND: 'two', FIRST: null } })
  await send('GET', `/apps/${app}/secrets`)
  await send('GET', `/apps/${app}/secrets/SECOND`)
  await send('DELETE', `/apps/${app}/secrets/SECOND`)
  const hostname = `${app}.example.com`
  await send('POST', `/apps/${app}/certificates/acme`, { hostname })
  await send('GET', `/apps/${app}/certificates`)
  await send('GET', `/apps/${app}/certificates/${hostname}`)
  await send('POST', `/apps/${app}/certificates/${hostname}/check`)
  await send('DELETE', `/apps/${app}/certificates/${hostname}/acme`)
  await send('POST', `/apps/${app}/certificates/acme`, { hostname })
  await send('DELETE', `/apps/${app}/certificates/${hostname}`)
}

async function walkVolume(client: Client, app: string, region: string): Promise<string> {
  const { send } = client
  const compute = { cpu_kind: 'shared', cpus: 1, memory_mb: 256 }
  const { id } = volume.parse((await send('POST', `/apps/${app}/volumes`, { name: 'data', region, size_gb: 1, snapshot_retention: 5, compute })).body)
  await send('GET', `/apps/${app}/volumes`)
  await send('GET', `/apps/${app}/volumes/${id}`)
  await send('PUT', `/apps/${app}/volumes/${id}`, { snapshot_retention: 7 })
  await send('PUT', `/apps/${app}/volumes/${id}/extend`, { size_gb: 2 })
  await send('POST', `/apps/${app}/volumes/${id}/snapshots`)
  // A snapshot is made by and by: it can be restored once it is listed as made.
  const list = async () => snapshots.parse((await send('GET', `/apps/${app}/volumes/${id}/snapshots`)).body)
  await expect.poll(list, { timeout: 120_000, interval: 2_000 }).toEqual([expect.objectContaining({ status: 'created' })])
  const [snapshot] = await list()
  const restored = volume.parse((await send('POST', `/apps/${app}/volumes`, { name: 'data', region, size_gb: 2, snapshot_id: snapshot?.id })).body)
  await send('DELETE', `/apps/${app}/volumes/${restored.id}`)
  return id
}

async function walkMachine(client: Client, app: string, config: Record<string, unknown>): Promise<void> {
  const { send } = client
  const made = machine.parse((await send('POST', `/apps/${app}/machines`, { name: 'gateway', region: 'ams', config })).body)
  const path = `/apps/${app}/machines/${made.id}`
  await send('GET', `${path}/wait?state=started&timeout=60&version=${made.instance_id}`)
  await send('GET', path)
  await send('GET', `/apps/${app}/machines?metadata.owner=contract`)
  await send('POST', `/apps/${app}/machines`, { name: 'gateway', config })
  await send('POST', `${path}/exec`, { command: ['/bin/true'], timeout: 5 })
  await send('GET', `${path}/ps`)
  await send('GET', `${path}/events?limit=5`)
  await send('GET', `${path}/versions`)
  const { nonce } = lease.parse((await send('POST', `${path}/lease?ttl=30`, { description: 'contract' })).body).data
  const held = { 'fly-machine-lease-nonce': nonce }
  await send('GET', `${path}/lease`)
  await send('POST', `${path}/stop`, {})
  await send('POST', `${path}/cordon`, undefined, held)
  await send('POST', `${path}/uncordon`, undefined, held)
  await send('DELETE', `${path}/lease`, undefined, held)
  await send('PUT', `${path}/metadata`, { metadata: { owner: 'contract', one: 'two' } })
  await send('PATCH', `${path}/metadata`, { metadata: { one: null } })
  await send('POST', `${path}/metadata/three`, { value: 'four' })
  await send('GET', `${path}/metadata`)
  await send('GET', `${path}/metadata/three`)
  await send('DELETE', `${path}/metadata/three`)
  await send('POST', `${path}/signal`, { signal: 'SIGUSR1' })
  await send('POST', `${path}/restart?timeout=10`)
  await send('GET', `${path}/wait?state=started&timeout=60`)
  const updated = machine.parse((await send('POST', path, { config, current_version: made.instance_id })).body)
  await send('GET', `${path}/wait?state=started&timeout=60&version=${updated.instance_id}`)
  await send('POST', `${path}/suspend`)
  await send('POST', `${path}/stop`, { signal: 'SIGTERM', timeout: '5s' })
  await send('GET', `${path}/wait?state=stopped,suspended&timeout=60&version=${updated.instance_id}`)
  await send('POST', `${path}/start`)
  await send('GET', `${path}/wait?state=started&timeout=60`)
  await send('DELETE', `${path}?force=true`)
  await send('GET', `${path}/wait?state=destroyed&timeout=60`)
}

function contract(name: string, makeTarget: () => Promise<Target>, flySpec: FlySpec): void {
  describe(`the contract of ${name}`, () => {
    const app = `conch-contract-${randomId(8)}`
    let target: Target
    let client: Client
    beforeAll(async () => {
      target = await makeTarget()
      client = createClient(target, flySpec)
      const created = await client.send('POST', '/apps', { app_name: app, org_slug: target.org, network: app })
      expect(created.status).toBe(201)
    })
    afterAll(async () => {
      await client.send('DELETE', `/apps/${app}`)
      await target.close()
    })

    test('every answer about an app is as described', async () => {
      await walkApp(client, app, target.org)
      expect(client.problems).toEqual([])
    }, 120_000)

    test('every answer about machines and volumes is as described', async () => {
      const id = await walkVolume(client, app, 'ams')
      await walkMachine(client, app, {
        image: target.image,
        metadata: { owner: 'contract' },
        env: { MODE: 'contract' },
        guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 },
        restart: { policy: 'on-failure', max_retries: 3 },
        mounts: [{ volume: id, path: '/data' }],
        stop_config: { signal: 'SIGTERM', timeout: '5s' },
        init: { swap_size_mb: 256 },
        files: [{ guest_path: '/data/hello.txt', raw_value: Buffer.from('hello').toString('base64') }],
      })
      await client.send('DELETE', `/apps/${app}/volumes/${id}`)
      expect(client.problems).toEqual([])
    }, 300_000)

    test('every answer about the organisation and the platform is as described', async () => {
      await client.send('GET', `/orgs/${target.org}/machines?updated_after=2020-01-01T00:00:00Z&limit=10`)
      await client.send('GET', `/orgs/${target.org}/volumes?limit=10`)
      await client.send('GET', '/platform/regions')
      await client.send('POST', '/platform/placements', { org_slug: target.org, region: 'ams' })
      await client.send('GET', '/apps/conch-contract-does-not-exist')
      expect(client.problems).toEqual([])
    }, 60_000)

    test('no endpoint that we use was left out of the walk', () => {
      const served = flySpec.operations.filter(
        (operation) => !NOT_SERVED.some((pattern) => pattern.test(operation)) && operation !== 'DELETE /apps/{app_name}',
      )
      expect(served.filter((operation) => !client.seen.has(operation))).toEqual([])
    })
  })
}

function selfTests(flySpec: FlySpec): void {
  test('the validators notice an unknown key, a wrong type, an undeclared status and an unknown query parameter', () => {
    expect(flySpec.validateRequest('POST', '/v1/apps/x/machines', { config: { image: 'a', imagee: 'b' } })).toHaveLength(1)
    expect(flySpec.validateRequest('POST', '/apps/x/machines', { config: { image: 7 } })).toHaveLength(1)
    expect(flySpec.validateRequest('GET', '/apps/x/machines?metadata.a=b&colour=red', null)).toEqual(['unknown query parameter colour'])
    expect(flySpec.validateResponse('GET', '/apps/x', 200, { name: 'x', surprise: true })).toHaveLength(1)
    expect(flySpec.validateResponse('GET', '/apps/x', 299, {})).toEqual(['status 299 is not declared'])
    expect(flySpec.validateResponse('POST', '/apps/x/machines/y/lease', 201, { nonce: 'flat' })).not.toEqual([])
  })

  test.each(Object.entries(faultCatalogue))('the fault %s is an error body as Fly describes them', (_name, canned) => {
    expect(flySpec.validateResponse('POST', '/apps/x/machines', canned.status, canned.body)).toEqual([])
  })
}

test('the description is read whole, or not at hand at all', () => {
  expect(spec?.operations.length ?? 'not at hand').toBe(spec === null ? 'not at hand' : 76)
})

const suites = spec === null ? [] : [() => selfTests(spec), () => contract('the local Machines server', localTarget, spec)]
const liveSuites = spec === null || live.token === '' || live.org === '' ? [] : [() => contract('live Fly', liveTarget, spec)]
for (const suite of [...suites, ...liveSuites]) suite()
