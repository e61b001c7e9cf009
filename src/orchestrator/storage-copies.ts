// When the provider copied the whole storage of an instance last, for whoever asks to see what is saved.
import type { InstanceRow } from '../db/instances.ts'
import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { newestSnapshot } from './fly/snapshots.ts'
import type { FlyClient } from './fly/types.ts'
import { appNameOf } from './machine-config.ts'

/** Somebody waits for the list of what is saved, of which this is one line. */
const PATIENCE_MS = 2_000

/** Asks the provider. Null when it has no copy, and when it does not answer in time: then nothing is said of it. */
export function createStorageCopies(deps: { fly: FlyClient; clock: Clock; log: Log }): (instance: InstanceRow) => Promise<Date | null> {
  const { fly, clock, log } = deps
  return async ({ id, volumeId }) => {
    if (volumeId === null) return null
    const over = new AbortController()
    const late = clock.sleep(PATIENCE_MS, over.signal).then(() => [])
    const listed = fly.listSnapshots(appNameOf(id), volumeId).catch((error: unknown) => {
      log.info({ instance: id, err: messageOf(error) }, 'copies of storage could not be listed')
      return []
    })
    const newest = newestSnapshot(await Promise.race([listed, late]))
    over.abort()
    return newest === null ? null : new Date(newest.createdAt)
  }
}
