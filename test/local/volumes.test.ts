import { existsSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/lib/clock.ts'
import { harness, temporaryFolder, volumeSchema, type Harness } from './harness.ts'

const snapshotSchema = z.array(z.looseObject({ id: z.string(), volume_size: z.number() }))

async function stubOn(it: Harness, app: string, volumeId: string, extra: Record<string, unknown> = {}) {
  const made = await it.create(app, { image: 'gateway:stub', mounts: [{ volume: volumeId, path: '/data' }], ...extra })
  return await it.reaches(app, made.id, 'started')
}

test('what a machine writes to its volume outlives the machine; what it writes elsewhere does not outlive a restart', async () => {
  const it = await harness()
  const app = await it.app()
  const volume = await it.volume(app)
  const first = await stubOn(it, app, volume.id)
  await it.shell(app, first.id, 'echo kept > kept.txt; echo lost > "$HOME/lost.txt"')
  await it.call('POST', `/apps/${app}/machines/${first.id}/stop`, {})
  await it.reaches(app, first.id, 'stopped')
  await it.call('POST', `/apps/${app}/machines/${first.id}/start`)
  await it.reaches(app, first.id, 'started')
  expect((await it.shell(app, first.id, 'cat kept.txt; ls $HOME')).stdout).toBe('kept\n')
  await it.call('DELETE', `/apps/${app}/machines/${first.id}?force=true`)
  await it.reaches(app, first.id, 'destroyed')
  const second = await stubOn(it, app, volume.id)
  expect((await it.call('POST', `/apps/${app}/machines/${second.id}/exec`, { command: ['cat', '/data/kept.txt'] })).body).toMatchObject({
    exit_code: 0,
    stdout: 'kept\n',
  })
})

test('a snapshot restores to what it was, a fork to what it is, and neither changes with the original', async () => {
  const it = await harness()
  const app = await it.app()
  const volume = await it.volume(app)
  const made = await stubOn(it, app, volume.id)
  await it.shell(app, made.id, 'mkdir -p deep/er; echo one > deep/er/file; ln -s deep/er/file link; chmod 600 deep/er/file')
  expect(await it.call('POST', `/apps/${app}/volumes/${volume.id}/snapshots`)).toMatchObject({ status: 200, body: {} })
  const [snapshot] = snapshotSchema.parse((await it.call('GET', `/apps/${app}/volumes/${volume.id}/snapshots`)).body)
  await it.shell(app, made.id, 'echo two > deep/er/file')
  const other = await it.app('other')
  const restored = await it.volume(other, { snapshot_id: snapshot?.id })
  const forked = await it.volume(app, { source_volume_id: volume.id })
  await it.shell(app, made.id, 'echo three > deep/er/file')
  const inRestored = await stubOn(it, other, restored.id)
  const inForked = await stubOn(it, app, forked.id)
  expect((await it.shell(other, inRestored.id, 'cat link; stat -c %a deep/er/file')).stdout).toBe('one\n600\n')
  expect((await it.shell(app, inForked.id, 'cat link')).stdout).toBe('two\n')
})

test('a restored volume may not be smaller, nor come from a snapshot that does not exist', async () => {
  const it = await harness()
  const app = await it.app()
  const volume = await it.volume(app, { size_gb: 3 })
  await it.call('POST', `/apps/${app}/volumes/${volume.id}/snapshots`)
  const [snapshot] = snapshotSchema.parse((await it.call('GET', `/apps/${app}/volumes/${volume.id}/snapshots`)).body)
  expect((await it.call('POST', `/apps/${app}/volumes`, { name: 'data', region: 'ams', size_gb: 1, snapshot_id: snapshot?.id })).status).toBe(400)
  expect((await it.call('POST', `/apps/${app}/volumes`, { name: 'data', region: 'ams', snapshot_id: 'vs_nothing' })).status).toBe(404)
  expect((await it.volume(app, { size_gb: undefined, snapshot_id: snapshot?.id })).size_gb).toBe(3)
})

test('the snapshots of a volume outlive it, and bring back what it held', async () => {
  const it = await harness()
  const app = await it.app()
  const volume = await it.volume(app, { size_gb: 1, snapshot_retention: 14 })
  const made = await stubOn(it, app, volume.id)
  await it.shell(app, made.id, 'echo then > kept')
  await it.call('POST', `/apps/${app}/volumes/${volume.id}/snapshots`)
  await it.call('DELETE', `/apps/${app}/machines/${made.id}?force=true`)
  await it.reaches(app, made.id, 'destroyed')
  await it.call('DELETE', `/apps/${app}/volumes/${volume.id}`)
  const listed = snapshotSchema.parse((await it.call('GET', `/apps/${app}/volumes/${volume.id}/snapshots`)).body)
  expect(listed).toEqual([expect.objectContaining({ status: 'created', retention_days: 14 })])
  const restored = await it.volume(app, { size_gb: 1, snapshot_id: listed[0]?.id })
  expect(readFileSync(join(it.dir, 'volumes', restored.id, 'kept'), 'utf8')).toBe('then\n')
})

test('a volume serves one machine, in its own region, and is deleted only when free', async () => {
  const it = await harness()
  const app = await it.app()
  const volume = await it.volume(app, { region: 'ams' })
  const config = { image: 'gateway:inline', mounts: [{ volume: volume.id, path: '/data' }] }
  expect((await it.call('POST', `/apps/${app}/machines`, { region: 'fra', config })).status).toBe(400)
  expect(await it.call('POST', `/apps/${app}/machines`, { config: { ...config, mounts: [{ volume: 'vol_nothing', path: '/data' }] } })).toMatchObject(
    { status: 400, body: { error: 'volume not found' } },
  )
  const made = await it.create(app, config)
  expect(made.region).toBe('ams')
  expect(volumeSchema.parse((await it.call('GET', `/apps/${app}/volumes/${volume.id}`)).body).attached_machine_id).toBe(made.id)
  expect((await it.call('POST', `/apps/${app}/machines`, { config })).status).toBe(412)
  expect((await it.call('DELETE', `/apps/${app}/volumes/${volume.id}`)).status).toBe(412)
  const another = await it.volume(app)
  await it.reaches(app, made.id, 'started')
  expect(
    (await it.call('POST', `/apps/${app}/machines/${made.id}`, { config: { ...config, mounts: [{ volume: another.id, path: '/data' }] } })).status,
  ).toBe(400)
  await it.call('DELETE', `/apps/${app}/machines/${made.id}?force=true`)
  await it.reaches(app, made.id, 'destroyed')
  expect((await it.call('DELETE', `/apps/${app}/volumes/${volume.id}`)).status).toBe(200)
  expect(volumeSchema.parse((await it.call('GET', `/apps/${app}/volumes/${volume.id}`)).body).state).toBe('pending_destroy')
  expect(
    z
      .array(volumeSchema)
      .parse((await it.call('GET', `/apps/${app}/volumes`)).body)
      .map((one) => one.id),
  ).toEqual([another.id])
  expect(existsSync(join(it.dir, 'volumes', volume.id))).toBe(false)
})

test('volumes only grow, and a running machine must restart to see it', async () => {
  const it = await harness()
  const app = await it.app()
  const volume = await it.volume(app, { size_gb: 2 })
  expect(await it.call('PUT', `/apps/${app}/volumes/${volume.id}/extend`, { size_gb: 3 })).toMatchObject({
    status: 200,
    body: { needs_restart: false, volume: { size_gb: 3 } },
  })
  expect((await it.call('PUT', `/apps/${app}/volumes/${volume.id}/extend`, { size_gb: 1 })).status).toBe(400)
  const made = await it.create(app, { mounts: [{ volume: volume.id, path: '/data' }] })
  await it.reaches(app, made.id, 'started')
  expect((await it.call('PUT', `/apps/${app}/volumes/${volume.id}/extend`, { size_gb: 4 })).body).toMatchObject({ needs_restart: true })
})

test('files of the configuration land on the volume, and no path leads out of it', async () => {
  const it = await harness()
  const app = await it.app()
  const volume = await it.volume(app)
  const raw = Buffer.from('{"a":1}').toString('base64')
  const made = await stubOn(it, app, volume.id, {
    files: [
      { guest_path: '/data/conf/gateway.json', raw_value: raw, mode: 0o640 },
      { guest_path: '/etc/motd', raw_value: raw },
    ],
  })
  expect((await it.shell(app, made.id, 'cat conf/gateway.json; stat -c %a conf/gateway.json; cat $HOME/etc/motd')).stdout).toBe('{"a":1}640\n{"a":1}')
  const escaping = await it.call('POST', `/apps/${app}/machines`, {
    config: { image: 'gateway:stub', files: [{ guest_path: '/data/../../etc/passwd', raw_value: raw }] },
  })
  expect(escaping.status).toBe(400)
  const outside = temporaryFolder()
  await it.shell(app, made.id, 'rm -r conf')
  symlinkSync(outside, join(it.dir, 'volumes', volume.id, 'conf'))
  const next = await it.call('POST', `/apps/${app}/machines/${made.id}`, {
    config: { ...made.config, files: [{ guest_path: '/data/conf/gateway.json', raw_value: raw }] },
  })
  expect(next.status).toBe(200)
  await it.reaches(app, made.id, 'started')
  expect(readdirSync(outside)).toEqual([])
  expect((await it.shell(app, made.id, 'cat conf/gateway.json')).stdout).toBe('{"a":1}')
})

test('snapshots and deleted volumes are forgotten when their time is over', async () => {
  const state = { offsetMs: 0 }
  const clock = {
    now: () => new Date(systemClock.now().getTime() + state.offsetMs),
    sleep: (ms: number, signal?: AbortSignal) => systemClock.sleep(ms, signal),
  }
  const first = await harness({ clock })
  const app = await first.app()
  const kept = await first.volume(app, { snapshot_retention: 2 })
  const deleted = await first.volume(app)
  await first.call('POST', `/apps/${app}/volumes/${kept.id}/snapshots`)
  await first.call('DELETE', `/apps/${app}/volumes/${deleted.id}`)
  await first.close()
  state.offsetMs = 3 * 86_400_000
  const second = await harness({ clock, dir: first.dir })
  expect((await second.call('GET', `/apps/${app}/volumes/${kept.id}/snapshots`)).body).toEqual([])
  expect(readdirSync(join(first.dir, 'snapshots'))).toEqual([])
  expect((await second.call('GET', `/apps/${app}/volumes/${deleted.id}`)).status).toBe(404)
})
