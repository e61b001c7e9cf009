import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { startTimeOf } from '../../src/local/process-table.ts'
import { clientOf, eventually, harness, temporaryFolder, visit } from './harness.ts'

const appSchema = z.looseObject({ name: z.string(), machine_count: z.number(), volume_count: z.number(), network: z.string() })

/** A server in a process of its own, so that it can be killed. */
async function serverProcess(dir: string): Promise<{ pid: number; api: ReturnType<typeof clientOf>; kill(): Promise<void> }> {
  const program = `
    const { startMachinesServer } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/local/server.ts'))})
    const { systemClock } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/lib/clock.ts'))})
    const { silentLog } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/lib/log.ts'))})
    const { close, ...server } = await startMachinesServer({ dir: ${JSON.stringify(dir)}, runtimeDir: ${JSON.stringify(join(dir, 'runtime'))}, log: silentLog, clock: systemClock, rateLimits: false, nodePath: process.execPath })
    process.stdout.write(JSON.stringify(server) + '\\n')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk))
  const line = await eventually(() => (text.includes('\n') ? text : undefined), 15_000)
  const server = z.object({ apiUrl: z.string(), platformUrl: z.string(), addressTemplate: z.string(), token: z.string() }).parse(JSON.parse(line))
  return {
    pid: child.pid ?? 0,
    api: clientOf({ ...server, close: () => Promise.resolve() }),
    async kill() {
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}

function guestPid(dir: string, machineId: string): number {
  return z.object({ pid: z.number() }).parse(JSON.parse(readFileSync(join(dir, 'machines', machineId, 'pid.json'), 'utf8'))).pid
}

test('apps, machines, volumes, secrets, certificates, addresses and ports survive a restart of the server', async () => {
  const first = await harness()
  const app = await first.app('keeper')
  const volume = await first.volume(app)
  const made = await first.create(app, { metadata: { owner: 'me' }, mounts: [{ volume: volume.id, path: '/data' }] }, { name: 'gateway' })
  await first.reaches(app, made.id, 'started')
  await first.call('POST', `/apps/${app}/secrets/KEY`, { value: 'hidden' })
  await first.call('POST', `/apps/${app}/certificates/acme`, { hostname: 'claw.example.com' })
  await first.call('POST', `/apps/${app}/ip_assignments`, { type: 'shared_v4' })
  const before = await first.machine(app, made.id)
  const lists = ['secrets', 'certificates', 'ip_assignments', 'volumes'].map((list) => `/apps/${app}/${list}`)
  const listed = await Promise.all(lists.map((path) => first.call('GET', path)))
  await first.close()

  const second = await harness({ dir: first.dir })
  expect({ ...second.server, close: null }).toEqual({ ...first.server, close: null })
  expect(await second.machine(app, made.id)).toEqual(before)
  expect(appSchema.parse((await second.call('GET', `/apps/${app}`)).body)).toMatchObject({ network: 'net-keeper', machine_count: 1, volume_count: 1 })
  expect(await Promise.all(lists.map(async (path) => (await second.call('GET', path)).text))).toEqual(listed.map((answer) => answer.text))
  expect((await visit(second.server, app, '/healthz')).status).toBe(200)
})

test('machines that were started start again after a clean stop, and stopped ones stay stopped', async () => {
  const first = await harness()
  const app = await first.app()
  const running = await first.create(app, { image: 'gateway:stub' })
  const stopped = await first.create(app, { image: 'gateway:stub' })
  const never = await first.create(app, { image: 'gateway:stub' }, { skip_launch: true })
  await first.reaches(app, running.id, 'started')
  await first.reaches(app, stopped.id, 'started')
  await first.call('POST', `/apps/${app}/machines/${stopped.id}/stop`, {})
  await first.reaches(app, stopped.id, 'stopped')
  const pid = guestPid(first.dir, running.id)
  await first.close()
  expect(startTimeOf(pid)).toBeNull()

  const second = await harness({ dir: first.dir })
  await second.reaches(app, running.id, 'started')
  await second.answers(app, '/healthz', 200)
  expect((await second.machine(app, stopped.id)).state).toBe('stopped')
  expect((await second.machine(app, never.id)).state).toBe('created')
})

test('processes that a killed server left behind are dead before the next one starts anything', async () => {
  const dir = temporaryFolder()
  const killed = await serverProcess(dir)
  const app = await killed.api.app()
  const made = await killed.api.create(app, { image: 'gateway:stub' })
  await killed.api.reaches(app, made.id, 'started')
  await killed.api.answers(app, '/healthz', 200)
  const orphan = guestPid(dir, made.id)
  await killed.kill()
  expect(startTimeOf(orphan)).not.toBeNull()

  const next = await harness({ dir })
  await eventually(() => (startTimeOf(orphan) === null ? true : undefined))
  await next.reaches(app, made.id, 'started')
  await next.answers(app, '/healthz', 200)
  expect(guestPid(dir, made.id)).not.toBe(orphan)
})

test('a process that only happens to have a recorded pid is left alone', async () => {
  const first = await harness()
  const app = await first.app()
  const made = await first.create(app, { image: 'gateway:stub' }, { skip_launch: true })
  await first.close()
  const bystander = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
  onTestFinished(() => void bystander.kill('SIGKILL'))
  const folder = join(first.dir, 'machines', made.id)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'pid.json'), JSON.stringify({ pid: bystander.pid, startTime: '1' }))
  await harness({ dir: first.dir })
  expect(startTimeOf(bystander.pid ?? 0)).not.toBeNull()
  expect(existsSync(join(folder, 'pid.json'))).toBe(false)
})

test('a deletion that a killed server had begun is finished by the next one', async () => {
  const first = await harness()
  const app = await first.app('going')
  const volume = await first.volume(app)
  await first.call('POST', `/apps/${app}/volumes/${volume.id}/snapshots`)
  await first.close()
  const [file] = readdirSync(join(first.dir, 'apps'))
  const path = join(first.dir, 'apps', file ?? '')
  writeFileSync(path, readFileSync(path, 'utf8').replace('"deleting":false', '"deleting":true'))
  const second = await harness({ dir: first.dir })
  expect((await second.call('GET', `/apps/${app}`)).status).toBe(404)
  await eventually(() => (existsSync(path) ? undefined : true))
  expect(readdirSync(join(first.dir, 'snapshots'))).toEqual([])
})

test('a second server on the same folder refuses', async () => {
  const first = await harness()
  await expect(harness({ dir: first.dir })).rejects.toMatchObject({ code: 'local.folder_in_use' })
})

test('a damaged document stops the start and is named', async () => {
  const first = await harness()
  await first.app()
  await first.close()
  const [file] = readdirSync(join(first.dir, 'apps'))
  writeFileSync(join(first.dir, 'apps', file ?? ''), '{"half":')
  await expect(harness({ dir: first.dir })).rejects.toMatchObject({ code: 'local.corrupt_state', message: expect.stringContaining(file ?? '?') })
})

test('a port that is taken stops the start', async () => {
  const first = await harness()
  const taken = Number(new URL(first.server.apiUrl).port)
  await expect(harness({ port: taken })).rejects.toMatchObject({ code: 'local.port_in_use' })
  await expect(harness({ edgePort: taken })).rejects.toMatchObject({ code: 'local.port_in_use' })
})

test('deleting an app destroys everything in it and frees its name', async () => {
  const it = await harness()
  const app = await it.app()
  const volume = await it.volume(app)
  const made = await it.create(app, { image: 'gateway:stub', mounts: [{ volume: volume.id, path: '/data' }] })
  await it.reaches(app, made.id, 'started')
  await it.call('POST', `/apps/${app}/volumes/${volume.id}/snapshots`)
  const pid = guestPid(it.dir, made.id)
  expect((await it.call('DELETE', `/apps/${app}`)).status).toBe(202)
  expect((await it.call('GET', `/apps/${app}`)).status).toBe(404)
  expect((await it.call('POST', '/apps', { name: app })).status).toBe(201)
  await eventually(() => (startTimeOf(pid) === null && readdirSync(join(it.dir, 'apps')).length === 1 ? true : undefined))
  for (const folder of ['volumes', 'snapshots', 'machines', 'secrets']) expect(readdirSync(join(it.dir, folder))).toEqual([])
  expect((await it.call('GET', `/apps/${app}/machines`)).body).toEqual([])
})

test('without a good token everything is 401, with a request id', async () => {
  const it = await harness()
  await it.app()
  const stranger = clientOf(it.server, 'wrong')
  for (const path of [
    '/apps',
    '/apps/shell',
    '/platform/regions',
    '/api/v1/apps/shell/logs',
    '/prometheus/personal/api/v1/query?query=fly_instance_cpu',
    '/admin/requests',
  ]) {
    const answer = await stranger.call('GET', path)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('fly-request-id')).toMatch(/^[0-9A-Z]{26}-local$/)
  }
  expect((await it.call('GET', '/apps', undefined, { authorization: `FlyV1 ${it.server.token}` })).status).toBe(200)
})

test('what is not understood is 400 with an error', async () => {
  const it = await harness()
  const app = await it.app()
  for (const body of [
    '{"half":',
    { config: 7 },
    {},
    { config: { image: 'gateway:stub', guest: { memory_mb: 100 } } },
    { config: { image: 'nginx:latest' } },
    { config: { image: 'gateway:stub' }, region: 'moon' },
  ]) {
    const answer = await it.call('POST', `/apps/${app}/machines`, body)
    expect(answer).toMatchObject({ status: 400, body: { error: expect.any(String) } })
  }
  expect((await it.call('GET', `/apps/${app}/machines`)).body).toEqual([])
  expect(await it.call('POST', '/apps', { app_name: 'Not Valid' })).toMatchObject({ status: 422 })
  expect(await it.call('POST', '/apps', { app_name: app })).toMatchObject({
    status: 422,
    body: { error: 'Validation failed: Name has already been taken' },
  })
  expect((await it.call('GET', '/nowhere')).status).toBe(404)
})

test('a request that cannot be saved is 500, never an answer that was not kept', async () => {
  const it = await harness()
  await it.app('first')
  const folder = join(it.dir, 'apps')
  // Root ignores permissions, so the folder is replaced by a file instead.
  renameSync(folder, `${folder}-away`)
  writeFileSync(folder, '')
  const answer = await it.call('POST', '/apps', { app_name: 'second' })
  rmSync(folder)
  renameSync(`${folder}-away`, folder)
  expect(answer.status).toBe(500)
})
