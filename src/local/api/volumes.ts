import type { Hono } from 'hono'
import { z } from 'zod'
import type { App, Volume } from '../model.ts'
import { createSnapshot, createVolume, createVolumeSchema, deleteVolume, extendVolume, updateVolumeSchema } from '../volume-rules.ts'
import { appOf, bodyOf, type ApiContext, type ApiDeps, type Env } from './context.ts'
import { snapshotView, volumeView } from './views.ts'

const extendSchema = z.object({ size_gb: z.int().min(1) })

/** Volumes and their snapshots. */
export function registerVolumes(api: Hono<Env>, deps: ApiDeps): void {
  const { platform } = deps
  const volumeOf = (c: ApiContext): { app: App; volume: Volume } => {
    const app = appOf(deps, c)
    return { app, volume: platform.volume(app, c.req.param('volume') ?? '') }
  }
  api.get('/v1/apps/:app/volumes', (c) => {
    const horizon = platform.clock.now().getTime() - c.get('staleMs')
    const visible = (volume: Volume): boolean => volume.state === 'created' && (c.get('staleMs') === 0 || Date.parse(volume.createdAt) <= horizon)
    return c.json(appOf(deps, c).volumes.filter(visible).map(volumeView))
  })
  api.post('/v1/apps/:app/volumes', async (c) => c.json(volumeView(await createVolume(platform, appOf(deps, c), bodyOf(c, createVolumeSchema)))))
  api.get('/v1/apps/:app/volumes/:volume', (c) => c.json(volumeView(volumeOf(c).volume)))
  api.put('/v1/apps/:app/volumes/:volume', async (c) => {
    const { app, volume } = volumeOf(c)
    const body = bodyOf(c, updateVolumeSchema)
    volume.snapshotRetention = body.snapshot_retention ?? volume.snapshotRetention
    volume.autoBackup = body.auto_backup_enabled ?? volume.autoBackup
    volume.updatedAt = platform.clock.now().toISOString()
    await platform.save(app)
    return c.json(volumeView(volume))
  })
  api.put('/v1/apps/:app/volumes/:volume/extend', async (c) => {
    const { app, volume } = volumeOf(c)
    const needsRestart = await extendVolume(platform, app, { volume, sizeGb: bodyOf(c, extendSchema).size_gb })
    return c.json({ volume: volumeView(volume), needs_restart: needsRestart })
  })
  api.delete('/v1/apps/:app/volumes/:volume', async (c) => {
    const { app, volume } = volumeOf(c)
    await deleteVolume(platform, app, volume)
    return c.json(volumeView(volume))
  })
  api.get('/v1/apps/:app/volumes/:volume/snapshots', (c) => c.json(volumeOf(c).volume.snapshots.toReversed().map(snapshotView)))
  api.post('/v1/apps/:app/volumes/:volume/snapshots', async (c) => {
    const { app, volume } = volumeOf(c)
    await createSnapshot(platform, app, volume)
    // Fly gives no id here: callers list again.
    return c.json({})
  })
}
