// Removes apps that were made to hold a pasted key for an instance which was never launched.
import type { Db } from '../db/connect.ts'
import { expiredStagedApps, forgetStagedApp } from '../db/secret-names.ts'
import { instanceById } from '../db/instances.ts'
import type { FlyClient } from './fly/types.ts'
import { appNameOf } from './machine-config.ts'

/** Deletes what expired and returns how many went. An app that became an instance's is left alone. */
export async function sweepStagedApps(deps: { db: Db; fly: FlyClient }): Promise<number> {
  const ids = await expiredStagedApps(deps.db, 50)
  let gone = 0
  for (const id of ids) {
    if ((await instanceById(deps.db, id)) !== null) continue
    await deps.fly.deleteApp(appNameOf(id))
    if ((await deps.fly.getApp(appNameOf(id))) !== null) continue
    await forgetStagedApp(deps.db, id)
    gone += 1
  }
  return gone
}
