import { expect, test } from 'vitest'
import { z } from 'zod'
import { clientOf, eventually, harness, machineSchema, visit } from './harness.ts'

const leaseSchema = z.object({
  status: z.literal('success'),
  data: z.looseObject({ nonce: z.string().optional(), expires_at: z.number(), owner: z.string() }),
})

test('a machine goes from created to started to stopped to destroyed and its events tell it, newest first', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, { image: 'gateway:stub' }, { region: 'fra' })
  expect(made).toMatchObject({ state: 'created', region: 'fra' })
  await it.reaches(app, made.id, 'started')
  await it.answers(app, '/readyz', 200)
  await it.call('POST', `/apps/${app}/machines/${made.id}/stop`, {})
  await it.reaches(app, made.id, 'stopped')
  expect((await it.call('DELETE', `/apps/${app}/machines/${made.id}`)).status).toBe(200)
  const gone = await it.reaches(app, made.id, 'destroyed')
  expect(gone.events.map((event) => `${event.type} ${event.status} ${event.source}`)).toEqual([
    'destroy destroyed flyd',
    'destroy destroying user',
    'exit stopped flyd',
    'stop stopping user',
    'start started flyd',
    'launch created user',
  ])
  const times = gone.events.map((event) => event.timestamp)
  expect(times).toEqual(times.toSorted((a, b) => b - a))
  expect((await it.call('GET', `/apps/${app}/machines`)).body).toEqual([])
  expect(
    z
      .array(machineSchema)
      .parse((await it.call('GET', `/apps/${app}/machines?include_deleted=true`)).body)
      .map((one) => one.id),
  ).toEqual([made.id])
})

test('names are unique among the living machines of an app', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, {}, { name: 'gateway' })
  const twin = await it.call('POST', `/apps/${app}/machines`, { name: 'gateway', config: { image: 'gateway:inline' } })
  expect(twin).toMatchObject({
    status: 409,
    body: { error: `already_exists: unique machine name violation, machine ID ${made.id} already exists with name "gateway"` },
  })
  await it.call('DELETE', `/apps/${app}/machines/${made.id}?force=true`)
  await it.reaches(app, made.id, 'destroyed')
  expect((await it.create(app, {}, { name: 'gateway' })).name).toBe('gateway')
})

test('lists are filtered by metadata, region and state', async () => {
  const it = await harness()
  const app = await it.app()
  const mine = await it.create(app, { metadata: { owner: 'me', instance: 'a' } }, { region: 'ams' })
  await it.create(app, { metadata: { owner: 'you' } }, { region: 'fra' })
  const ids = async (query: string): Promise<string[]> =>
    z
      .array(machineSchema)
      .parse((await it.call('GET', `/apps/${app}/machines?${query}`)).body)
      .map((one) => one.id)
  expect(await ids('metadata.owner=me&metadata.instance=a')).toEqual([mine.id])
  expect(await ids('metadata.owner=me&metadata.instance=b')).toEqual([])
  expect(await ids('region=ams')).toEqual([mine.id])
  expect(await ids('state=stopped')).toEqual([])
})

test('an update replaces the configuration under a new version, and a stale current_version is refused', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, { image: 'gateway:stub', env: { COLOUR: 'red' } })
  await it.reaches(app, made.id, 'started')
  const updated = machineSchema.parse(
    (
      await it.call('POST', `/apps/${app}/machines/${made.id}`, {
        config: { image: 'gateway:stub', env: { COLOUR: 'blue' } },
        current_version: made.instance_id,
      })
    ).body,
  )
  expect(updated.instance_id).not.toBe(made.instance_id)
  expect(updated.state).toBe('replacing')
  const wait = await it.call('GET', `/apps/${app}/machines/${made.id}/wait?state=started&version=${updated.instance_id}`)
  expect(wait).toMatchObject({ status: 200, body: { ok: true, version: updated.instance_id } })
  expect((await it.shell(app, made.id, 'echo $COLOUR')).stdout).toBe('blue\n')
  expect(
    await it.call('POST', `/apps/${app}/machines/${made.id}`, { config: { image: 'gateway:stub' }, current_version: made.instance_id }),
  ).toMatchObject({ status: 409, body: { error: expect.stringContaining('current_version') } })
  expect((await it.call('POST', `/apps/${app}/machines/${made.id}`, { config: { image: 'gateway:stub' }, region: 'fra' })).status).toBe(400)
})

test('skip_launch leaves a new machine created and an updated one stopped', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, {}, { skip_launch: true })
  expect((await it.machine(app, made.id)).state).toBe('created')
  expect(await it.call('POST', `/apps/${app}/machines/${made.id}/start`)).toMatchObject({ status: 200, body: { previous_state: 'created' } })
  await it.reaches(app, made.id, 'started')
  await it.call('POST', `/apps/${app}/machines/${made.id}`, { config: { image: 'gateway:inline' }, skip_launch: true })
  await it.reaches(app, made.id, 'stopped')
})

test('updated_at moves on a change and only then', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app)
  const before = await it.reaches(app, made.id, 'started')
  await it.call('POST', `/apps/${app}/machines/${made.id}/start`)
  await it.call('GET', `/apps/${app}/machines/${made.id}/wait?state=started`)
  expect(await it.machine(app, made.id)).toEqual(before)
  await it.call('PATCH', `/apps/${app}/machines/${made.id}/metadata`, { metadata: { a: 'b' } })
  const after = await it.machine(app, made.id)
  expect(Date.parse(after.updated_at)).toBeGreaterThanOrEqual(Date.parse(before.updated_at))
  expect(after.config?.metadata).toEqual({ a: 'b' })
  const poll = await it.call('GET', `/orgs/personal/machines?updated_after=${after.updated_at}`)
  expect(poll.body).toMatchObject({ machines: [] })
  const older = new Date(Date.parse(after.updated_at) - 1).toISOString()
  expect((await it.call('GET', `/orgs/personal/machines?updated_after=${older}`)).body).toMatchObject({
    machines: [{ id: made.id, app_name: app, state: 'started' }],
  })
})

test('the organisation list gives every machine exactly once, page by page', async () => {
  const it = await harness()
  const made: string[] = []
  for (let i = 0; i < 7; i += 1) made.push((await it.create(await it.app(`app-${i}`))).id)
  const page = z.object({ machines: z.array(z.looseObject({ id: z.string() })), next_cursor: z.string() })
  const seen: string[] = []
  let cursor = ''
  do {
    const answer = page.parse((await it.call('GET', `/orgs/personal/machines?limit=3&cursor=${cursor}`)).body)
    seen.push(...answer.machines.map((machine) => machine.id))
    cursor = answer.next_cursor
  } while (cursor !== '')
  expect(seen.toSorted()).toEqual(made.toSorted())
  expect((await it.call('GET', '/orgs/other/machines')).body).toMatchObject({ machines: [] })
})

test('a wait times out with 408 and says where the machine is; stopped needs a version', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, {}, { skip_launch: true })
  const path = `/apps/${app}/machines/${made.id}/wait`
  expect(await it.call('GET', `${path}?state=started&timeout=1`)).toMatchObject({
    status: 408,
    body: { error: 'deadline_exceeded: machine failed to reach desired state, started, currently created' },
  })
  expect((await it.call('GET', `${path}?state=stopped`)).status).toBe(400)
  expect((await it.call('GET', `${path}?timeout=61`)).status).toBe(400)
  const waiting = it.call('GET', `${path}?state=started&timeout=30`)
  await it.call('POST', `/apps/${app}/machines/${made.id}/start`)
  expect((await waiting).status).toBe(200)
})

test('while somebody holds the lease nobody else changes the machine', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app)
  await it.reaches(app, made.id, 'started')
  const path = `/apps/${app}/machines/${made.id}`
  expect((await it.call('GET', `${path}/lease`)).status).toBe(404)
  const taken = leaseSchema.parse((await it.call('POST', `${path}/lease?ttl=30`, { description: 'deploy' })).body)
  const nonce = taken.data.nonce ?? ''
  for (const [method, action, body] of [
    ['POST', '/stop', {}],
    ['POST', '/start', {}],
    ['POST', '/restart', {}],
    ['POST', '/cordon', {}],
    ['POST', '', { config: { image: 'gateway:inline' } }],
    ['DELETE', '?force=true', undefined],
    ['POST', '/lease', {}],
    ['DELETE', '/lease', undefined],
  ] as const) {
    expect(await it.call(method, path + action, body)).toMatchObject({
      status: 409,
      body: { error: expect.stringContaining('lease currently held') },
    })
  }
  expect(leaseSchema.parse((await it.call('GET', `${path}/lease`)).body).data.nonce).toBeUndefined()
  const held = { 'fly-machine-lease-nonce': nonce }
  const renewed = leaseSchema.parse((await it.call('POST', `${path}/lease?ttl=300`, undefined, held)).body)
  expect(renewed.data.nonce).toBe(nonce)
  expect(renewed.data.expires_at).toBeGreaterThan(taken.data.expires_at)
  expect((await it.call('POST', `${path}/stop`, {}, held)).status).toBe(200)
  await it.reaches(app, made.id, 'stopped')
  expect((await it.call('DELETE', `${path}/lease`, undefined, held)).status).toBe(200)
  expect((await it.call('POST', `${path}/start`)).status).toBe(200)
})

test('a lease ends by itself, and a machine can be made with one', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, {}, { lease_ttl: 1 })
  expect(made.nonce).toMatch(/^[0-9a-f]+$/)
  expect((await it.call('POST', `/apps/${app}/machines/${made.id}/cordon`)).status).toBe(409)
  await eventually(async () => ((await it.call('POST', `/apps/${app}/machines/${made.id}/cordon`)).status === 200 ? true : undefined))
})

test('a machine that fails is restarted as often as its policy says and then stays stopped', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, { image: 'gateway:stub', env: { STUB_EXIT_CODE: '78' }, restart: { policy: 'on-failure', max_retries: 2 } })
  await eventually(async () => ((await it.exits(app, made.id)).length === 3 ? true : undefined))
  const stopped = await it.reaches(app, made.id, 'stopped')
  expect((await it.exits(app, made.id)).map((exit) => [exit.exit_code, exit.restarting, exit.requested_stop])).toEqual([
    [78, false, false],
    [78, true, false],
    [78, true, false],
  ])
  expect(stopped.events[0]?.type).toBe('exit')
})

test('policy no never restarts, on-failure not after code 0, always does', async () => {
  const it = await harness()
  const app = await it.app()
  const no = await it.create(app, { image: 'gateway:stub', env: { STUB_EXIT_CODE: '1' }, restart: { policy: 'no' } })
  const clean = await it.create(app, { image: 'gateway:stub', env: { STUB_EXIT_CODE: '0' }, restart: { policy: 'on-failure' } })
  const always = await it.create(app, { image: 'gateway:stub', env: { STUB_EXIT_CODE: '0' }, restart: { policy: 'always' } })
  await it.reaches(app, no.id, 'stopped')
  await it.reaches(app, clean.id, 'stopped')
  await eventually(async () => ((await it.exits(app, always.id)).length >= 2 ? true : undefined))
  expect((await it.exits(app, no.id)).length).toBe(1)
  expect((await it.exits(app, clean.id)).length).toBe(1)
})

test('a crash while it runs is an exit with its code, and the machine comes back', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, { image: 'gateway:stub' })
  await it.answers(app, '/healthz', 200)
  await visit(it.server, app, '/stub/exit?code=3', { method: 'POST' })
  await eventually(async () => ((await it.exits(app, made.id)).some((exit) => exit.exit_code === 3) ? true : undefined))
  await it.reaches(app, made.id, 'started')
  await it.answers(app, '/healthz', 200)
  expect((await it.machine(app, made.id)).instance_id).toBe(made.instance_id)
})

test('a machine that outgrows its memory and swap is killed and says so', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, {
    image: 'gateway:stub',
    guest: { cpu_kind: 'shared', cpus: 1, memory_mb: 256 },
    init: { swap_size_mb: 64 },
    restart: { policy: 'no' },
  })
  await it.answers(app, '/healthz', 200)
  await visit(it.server, app, '/stub/grow?mb=400', { method: 'POST' })
  await it.reaches(app, made.id, 'stopped')
  expect(await it.exits(app, made.id)).toMatchObject([{ oom_killed: true, exit_code: 137, requested_stop: false }])
  const query = encodeURIComponent(`fly_instance_exit_oom{app="${app}",instance="${made.id}"}`)
  expect((await it.call('GET', `/prometheus/personal/api/v1/query?query=${query}`)).body).toMatchObject({
    data: { result: [{ metric: { instance: made.id }, value: [expect.any(Number), '1'] }] },
  })
  expect((await it.call('GET', `/api/v1/apps/${app}/logs`)).text).toContain('Out of memory')
})

test('a gateway that ignores SIGTERM is killed after its time-out', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, { image: 'gateway:stub', stop_config: { timeout: '300ms' } })
  await it.answers(app, '/healthz', 200)
  await visit(it.server, app, '/stub/hang', { method: 'POST' })
  await it.call('POST', `/apps/${app}/machines/${made.id}/stop`, {})
  await it.reaches(app, made.id, 'stopped')
  expect(await it.exits(app, made.id)).toMatchObject([{ exit_code: 137, requested_stop: true, oom_killed: false }])
})

test('a running machine is destroyed only by force', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app)
  await it.reaches(app, made.id, 'started')
  expect((await it.call('DELETE', `/apps/${app}/machines/${made.id}`)).status).toBe(412)
  expect((await it.call('DELETE', `/apps/${app}/machines/${made.id}?force=true`)).status).toBe(200)
  await it.reaches(app, made.id, 'destroyed')
  expect((await it.call('POST', `/apps/${app}/machines/${made.id}/start`)).status).toBe(412)
})

test('a newer request takes over from the one before: destroyed in the middle of anything it stays destroyed', async () => {
  const it = await harness()
  const app = await it.app()
  for (const action of ['start', 'stop', 'restart']) {
    const made = await it.create(app, { image: 'gateway:stub', env: { STUB_BOOT_MS: '50' } })
    await it.reaches(app, made.id, 'started')
    await it.call('POST', `/apps/${app}/machines/${made.id}/${action}`, action === 'stop' ? {} : undefined)
    await it.call('DELETE', `/apps/${app}/machines/${made.id}?force=true`)
    await it.reaches(app, made.id, 'destroyed')
  }
  expect((await visit(it.server, app, '/healthz')).status).toBe(503)
})

test('a command does not outlive its machine', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, { image: 'gateway:stub' })
  await it.reaches(app, made.id, 'started')
  const running = it.call('POST', `/apps/${app}/machines/${made.id}/exec`, { command: ['sleep', '60'] })
  await it.call('POST', `/apps/${app}/machines/${made.id}/stop`, {})
  expect((await running).body).toMatchObject({ exit_signal: 9 })
  const slow = await it.create(app, { image: 'gateway:stub' })
  await it.reaches(app, slow.id, 'started')
  expect((await it.call('POST', `/apps/${app}/machines/${slow.id}/exec`, { command: ['sleep', '60'], timeout: 1 })).body).toMatchObject({
    exit_signal: 9,
  })
})

test('logs are paged by token, and the last of them outlive the server', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, { image: 'gateway:stub' })
  await it.answers(app, '/healthz', 200)
  const page = z.object({
    data: z.array(z.looseObject({ attributes: z.looseObject({ message: z.string(), instance: z.string() }) })),
    meta: z.object({ next_token: z.string() }),
  })
  const first = page.parse((await it.call('GET', `/api/v1/apps/${app}/logs?instance=${made.id}`)).body)
  expect(first.data.map((line) => line.attributes.message)).toEqual([expect.stringContaining('[stub] listening')])
  const next = `/api/v1/apps/${app}/logs?next_token=${first.meta.next_token}`
  expect(page.parse((await it.call('GET', next)).body).data).toEqual([])
  await it.call('POST', `/apps/${app}/machines/${made.id}/stop`, {})
  await it.reaches(app, made.id, 'stopped')
  await it.close()
  const again = await harness({ dir: it.dir })
  const later = page.parse((await again.call('GET', next)).body)
  expect(later.data.map((line) => line.attributes.message)).toEqual(expect.arrayContaining([expect.stringContaining('SIGTERM')]))
  expect(later.data.every((line) => line.attributes.instance === made.id)).toBe(true)
})

test('rate limits hold per action and machine: three at once, then 429', async () => {
  const it = await harness({ rateLimits: true })
  const app = await it.app()
  const made = await it.create(app)
  const other = clientOf(it.server)
  const statuses = async (path: string, count: number): Promise<number[]> =>
    (await Promise.all(Array.from({ length: count }, () => other.call('GET', path)))).map((answer) => answer.status)
  expect((await statuses(`/apps/${app}/machines/${made.id}/lease`, 5)).filter((status) => status === 429).length).toBe(2)
  expect((await statuses(`/apps/${app}/machines/${made.id}`, 12)).filter((status) => status === 429).length).toBe(2)
  expect(await it.call('GET', `/apps/${app}/machines/${made.id}/lease`)).toMatchObject({ status: 429, body: { error: 'rate limit exceeded' } })
  await eventually(async () => ((await it.call('GET', `/apps/${app}/machines/${made.id}/lease`)).status === 404 ? true : undefined))
})
