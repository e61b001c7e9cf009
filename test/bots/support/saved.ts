// A conversation with backups and everything behind them: the local Machines server, the supervisor, the practice gateway, and the engine.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished } from 'vitest'
import { rowsOf, type Database } from '../../../src/db/connect.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { createBackupEngine, type BackupEngine } from '../../../src/orchestrator/backups/engine.ts'
import { createMachineCopies } from '../../../src/orchestrator/backups/machine.ts'
import { createFolderStore } from '../../../src/orchestrator/backups/store.ts'
import { appNameOf } from '../../../src/orchestrator/machine-config.ts'
import { visit } from '../../local/harness.ts'
import { controlOf, createWorld, type Machines } from '../../support/world.ts'
import { createMemoryChat } from './memory-chat.ts'
import { sceneOn, type Scene } from './scene.ts'

export type SavedScene = Scene & {
  engine: BackupEngine
  dir: string
  /** Everything that is due, again and again, until somebody sees this. */
  until(seen: string): Promise<void>
  /** A file in what the newest instance knows. */
  note(): Promise<string>
  up(): Promise<void>
}

type Parts = { database: Database; machines: Machines; webAddress?: string | null }

/** A conversation about what is saved: archives are in a folder of its own. */
async function savedScene({ database, machines, webAddress = null }: Parts): Promise<SavedScene> {
  const world = createWorld(database, machines, { image: 'gateway:stub' })
  const scene = sceneOn(world, createMemoryChat('telegram'), webAddress)
  const { db } = world.database
  const dir = await mkdtemp(join(tmpdir(), 'conch-backups-'))
  const control = controlOf(machines, { read: async () => null })
  const machine = createMachineCopies({ control, addressTemplate: machines.server.addressTemplate })
  onTestFinished(async () => {
    await machine.close()
    await rm(dir, { recursive: true, force: true })
  })
  const engine = createBackupEngine({
    db,
    machine,
    store: createFolderStore({ dir }),
    clock: world.clock,
    log: silentLog,
    announced: () => undefined,
  })
  const newest = async (): Promise<{ id: string; volume: string }> => {
    const [row] = rowsOf<{ id: string; volume: string }>(
      await db.execute(sql`select id, volume_id as volume from instances where delete_requested_at is null order by created_at desc limit 1`),
    )
    expect.assert(row !== undefined)
    return row
  }
  const up = async (): Promise<void> => {
    const { id } = await newest()
    await expect.poll(async () => (await visit(machines.server, appNameOf(id), '/healthz')).status, { timeout: 20_000 }).toBe(200)
  }
  return {
    ...scene,
    engine,
    dir,
    up,
    async until(seen) {
      const look = async (): Promise<string> => {
        await world.settle()
        await db.execute(sql`update backups set due_at = now()`)
        await db.execute(sql`update restores set due_at = now()`)
        await engine.turn()
        await scene.news()
        return scene.chat.texts('ann').join('\n')
      }
      await expect.poll(look, { timeout: 40_000, interval: 50 }).toContain(seen)
    },
    note: async () => join(machines.volume((await newest()).volume), 'openclaw', 'note.txt'),
  }
}

/** The same, with my-claw live. */
export async function deployedScene(parts: Parts): Promise<SavedScene> {
  const it = await savedScene(parts)
  await it.ann.says('/deploy my-claw ams')
  await it.ann.presses('Skip for now')
  await it.ann.presses('Launch')
  await it.world.settle()
  await it.up()
  await it.news()
  return it
}
