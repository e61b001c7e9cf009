// What Fly allows and refuses about volumes and snapshots, and their folders on this disk.
import { rm } from 'node:fs/promises'
import { z } from 'zod'
import { regions } from '../domain/regions.ts'
import { refusals } from './api-error.ts'
import { copyTree, sizeOf } from './files.ts'
import { letterId } from './ids.ts'
import type { App, Snapshot, Volume } from './model.ts'
import type { Platform } from './platform.ts'

const SIZE_GB_DEFAULT = 3
const SIZE_GB_MAX = 500
const RETENTION_DAYS_DEFAULT = 5
const DAY_MS = 86_400_000
const SOFT_DELETE_MS = DAY_MS

const retentionSchema = z.int().min(1).max(60)
export const createVolumeSchema = z.object({
  name: z.string().regex(/^[a-z0-9_]{1,30}$/, 'must be 1 to 30 lower-case letters, numbers and underscores'),
  region: z.string().optional(),
  size_gb: z.int().min(1).max(SIZE_GB_MAX).nullish(),
  snapshot_id: z.string().nullish(),
  source_volume_id: z.string().nullish(),
  snapshot_retention: retentionSchema.nullish(),
  auto_backup_enabled: z.boolean().nullish(),
  encrypted: z.boolean().nullish(),
  fstype: z.string().nullish(),
  compute: z.looseObject({}).nullish(),
})
export type CreateVolume = z.infer<typeof createVolumeSchema>
export const updateVolumeSchema = z.object({ snapshot_retention: retentionSchema.optional(), auto_backup_enabled: z.boolean().optional() })

type Source = { folder: string; sizeGb: number; region: string | null }

function sourceOf(platform: Platform, body: CreateVolume): Source | null {
  if (body.snapshot_id !== undefined && body.snapshot_id !== null && body.snapshot_id !== '') {
    const snapshot = [...platform.apps()]
      .flatMap((app) => app.volumes)
      .flatMap((volume) => volume.snapshots)
      .find((one) => one.id === body.snapshot_id)
    if (snapshot === undefined) throw refusals.notFound(`snapshot ${body.snapshot_id}`)
    return { folder: platform.folders.snapshot(snapshot.id), sizeGb: snapshot.volumeSizeGb, region: null }
  }
  if (body.source_volume_id !== undefined && body.source_volume_id !== null && body.source_volume_id !== '') {
    const volume = [...platform.apps()].flatMap((app) => app.volumes).find((one) => one.id === body.source_volume_id && one.state === 'created')
    if (volume === undefined) throw refusals.volumeNotFound()
    return { folder: platform.folders.volume(volume.id), sizeGb: volume.sizeGb, region: volume.region }
  }
  return null
}

/** Creates a volume: empty, restored from a snapshot, or forked from another volume; answers when its content is there. */
export async function createVolume(platform: Platform, app: App, body: CreateVolume): Promise<Volume> {
  const source = sourceOf(platform, body)
  const region = body.region ?? source?.region ?? 'iad'
  if (!regions.some((one) => one.code === region)) throw refusals.badRequest(`region ${region} not found`)
  const sizeGb = body.size_gb ?? source?.sizeGb ?? SIZE_GB_DEFAULT
  if (source !== null && sizeGb < source.sizeGb) throw refusals.badRequest(`size_gb must be at least ${source.sizeGb}, the size of the source`)
  const now = platform.clock.now().toISOString()
  const volume: Volume = {
    id: letterId('vol_', 17, platform.random),
    name: body.name,
    region,
    sizeGb,
    state: 'created',
    encrypted: body.encrypted ?? true,
    fstype: body.fstype ?? 'ext4',
    autoBackup: body.auto_backup_enabled ?? true,
    snapshotRetention: body.snapshot_retention ?? RETENTION_DAYS_DEFAULT,
    zone: letterId('', 4, platform.random),
    machineId: null,
    createdAt: now,
    updatedAt: now,
    destroyedAt: null,
    snapshots: [],
  }
  if (source !== null) await copyTree(source.folder, platform.folders.volume(volume.id))
  app.volumes.push(volume)
  await platform.save(app)
  return volume
}

/** Grows a volume; true when its machine must restart to see it. */
export async function extendVolume(platform: Platform, app: App, options: { volume: Volume; sizeGb: number }): Promise<boolean> {
  const { volume, sizeGb } = options
  if (sizeGb < volume.sizeGb || sizeGb > SIZE_GB_MAX)
    throw refusals.badRequest(`size_gb must be at least ${volume.sizeGb} and at most ${SIZE_GB_MAX}: volumes only grow`)
  volume.sizeGb = sizeGb
  volume.updatedAt = platform.clock.now().toISOString()
  await platform.save(app)
  return app.machines.some((machine) => machine.id === volume.machineId && machine.state === 'started')
}

/** Deletes a volume that no machine holds. Its record and snapshots stay, as on Fly; its files go at once, for this is somebody's own disk. */
export async function deleteVolume(platform: Platform, app: App, volume: Volume): Promise<void> {
  if (volume.machineId !== null) throw refusals.precondition(`volume is currently bound to machine: ${volume.machineId}`)
  if (volume.state === 'created') {
    volume.state = 'pending_destroy'
    volume.destroyedAt = volume.updatedAt = platform.clock.now().toISOString()
  }
  await platform.save(app)
  await rm(platform.folders.volume(volume.id), { recursive: true, force: true })
}

/** Copies a volume's files into a new snapshot. */
export async function createSnapshot(platform: Platform, app: App, volume: Volume): Promise<Snapshot> {
  if (volume.state !== 'created') throw refusals.precondition(`volume is ${volume.state}`)
  const id = letterId('vs_', 17, platform.random)
  const folder = platform.folders.snapshot(id)
  await copyTree(platform.folders.volume(volume.id), folder)
  const snapshot = {
    id,
    createdAt: platform.clock.now().toISOString(),
    sizeBytes: await sizeOf(folder),
    retentionDays: volume.snapshotRetention,
    volumeSizeGb: volume.sizeGb,
  }
  volume.snapshots.push(snapshot)
  await platform.save(app)
  return snapshot
}

/** Forgets snapshots past their retention and deleted volumes past their day; true when something was forgotten. */
export function expire(app: App, now: Date): boolean {
  const before = app.volumes.reduce((sum, volume) => sum + 1 + volume.snapshots.length, 0)
  for (const volume of app.volumes) {
    volume.snapshots = volume.snapshots.filter((snapshot) => Date.parse(snapshot.createdAt) + snapshot.retentionDays * DAY_MS > now.getTime())
  }
  app.volumes = app.volumes.filter(
    (volume) => volume.destroyedAt === null || volume.snapshots.length > 0 || Date.parse(volume.destroyedAt) + SOFT_DELETE_MS > now.getTime(),
  )
  return app.volumes.reduce((sum, volume) => sum + 1 + volume.snapshots.length, 0) !== before
}
