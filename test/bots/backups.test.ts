// Backups in conversation, with everything behind them: the local Machines server, the supervisor, the practice gateway, and archives on the disk.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { rowsOf } from '../../src/db/connect.ts'
import { silentLog } from '../../src/lib/log.ts'
import { createBackupEngine, type BackupEngine } from '../../src/orchestrator/backups/engine.ts'
import { createMachineCopies } from '../../src/orchestrator/backups/machine.ts'
import { createFolderStore } from '../../src/orchestrator/backups/store.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'
import { visit } from '../local/harness.ts'
import { postgresDatabases } from '../support/database.ts'
import { controlOf, createWorld, startMachines, type Machines } from '../support/world.ts'
import { createMemoryChat } from './support/memory-chat.ts'
import { sceneOn, type Scene } from './support/scene.ts'

const LONG_MS = 60_000

describe('backups in conversation', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  type Saved = Scene & {
    engine: BackupEngine
    dir: string
    /** Everything that is due, again and again, until somebody sees this. */
    until(seen: string): Promise<void>
    /** A file in what the newest instance knows. */
    note(): Promise<string>
    up(): Promise<void>
  }

  async function begin(webAddress: string | null = null): Promise<Saved> {
    const world = createWorld(await open(), machines, { image: 'gateway:stub' })
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

  async function deployed(webAddress: string | null = null): Promise<Saved> {
    const it = await begin(webAddress)
    await it.ann.says('/deploy my-claw ams')
    await it.ann.presses('Skip for now')
    await it.ann.presses('Launch')
    await it.world.settle()
    await it.up()
    await it.news()
    return it
  }

  test(
    'what an assistant knows comes back after it was destroyed',
    async () => {
      const it = await deployed()
      const { ann, world } = it
      await writeFile(await it.note(), 'a secret of ours')
      await ann.says('/destroy my-claw')
      expect(ann.sees()).toContain('I hold no copy')
      await ann.presses('Back up first')
      await it.until('my-claw is saved')
      expect(await readdir(it.dir)).toHaveLength(1)
      await ann.says('/destroy my-claw')
      expect(ann.sees()).toContain('I saved a copy')
      expect(ann.labels()).not.toContain('Back up first')
      await ann.says('my-claw')
      await world.settle()
      await it.news()
      await ann.says('/backups')
      expect(ann.sees()).toContain('my-claw (gone)')
      await ann.presses(ann.labels().find((label) => /\d/.test(label)) ?? '')
      await ann.presses('Bring it back')
      expect(ann.sees()).toContain('It gets back what was saved, as soon as it is live.')
      await ann.presses('Launch')
      await it.until('my-claw is back as it was on')
      expect(await readFile(await it.note(), 'utf8')).toBe('a secret of ours')
      await it.up()
    },
    LONG_MS,
  )

  test(
    'a restore saves what is there first; one that fails leaves it as it was',
    async () => {
      const it = await deployed()
      const { ann } = it
      await writeFile(await it.note(), 'then')
      await ann.says('/backup')
      await it.until('my-claw is saved')
      await writeFile(await it.note(), 'now')
      await ann.says('/backups')
      await ann.presses(ann.labels().find((label) => /\d/.test(label)) ?? '')
      expect(ann.sees()).toContain('Those I save first')
      await ann.presses('Restore')
      await it.until('my-claw is back as it was on')
      expect(await readFile(await it.note(), 'utf8')).toBe('then')
      const kinds = rowsOf(await it.world.database.db.execute(sql`select kind from backups where state = 'done' order by created_at`))
      expect(kinds).toEqual([{ kind: 'manual' }, { kind: 'before-restore' }])
      // Somebody spoils the archive behind our back.
      await writeFile(await it.note(), 'later')
      for (const file of await readdir(it.dir)) await writeFile(join(it.dir, file), 'spoilt')
      await ann.says('/backups')
      await ann.presses(ann.labels().find((label) => /\d/.test(label)) ?? '')
      await ann.presses('Restore')
      await it.until('my-claw stays as it was: the copy arrived damaged')
      expect(await readFile(await it.note(), 'utf8')).toBe('later')
      await it.up()
    },
    LONG_MS,
  )

  test(
    'a stranger sees, restores and downloads nothing, and the owner only in private',
    async () => {
      const it = await deployed('https://conch.example.com')
      const { ann, world } = it
      await ann.says('/backup')
      await it.until('my-claw is saved')
      const [saved] = rowsOf<{ id: string }>(await world.database.db.execute(sql`select id from backups`))
      expect.assert(saved !== undefined)
      const eve = await world.actorOf('eve')
      for (const [name, input] of [
        ['backup', { instance: 'my-claw' }],
        ['backups', { instance: 'my-claw' }],
        ['backup-schedule', { instance: 'my-claw', every: 'daily' }],
        ['restore', { backup: saved.id }],
        ['backup-link', { backup: saved.id }],
        ['deploy', { name: 'thief', region: 'ams', fromBackup: saved.id }],
      ] as const) {
        const reason = await world.actions.perform(name, input, eve).then((done) => (done.ok ? 'done' : done.reason))
        expect([name, reason]).toEqual([name, expect.stringMatching(/^(no-instance|unknown-backup)$/)])
      }
      const thief = it.person('eve')
      await thief.says(`/restore ${saved.id} yes`)
      expect(thief.sees()).toContain('That copy is not there any more')
      await thief.says('/backups')
      expect(thief.sees()).toContain('You have no assistant yet')
      const together = { ...(await world.actorOf('ann')), overheard: true as const, rooms: ['-100'] }
      expect(await world.actions.perform('backups', {}, together)).toEqual({ ok: false, reason: 'private-only' })
    },
    LONG_MS,
  )

  test(
    'it is saved by itself as often as its owner wants, told of only when that fails, and kept as long as the plan says',
    async () => {
      const it = await deployed()
      const { ann, engine, world } = it
      const { db } = world.database
      const states = async (): Promise<unknown[]> => rowsOf(await db.execute(sql`select kind, state from backups order by created_at`))
      await ann.says('/backups')
      expect(ann.labels()).toEqual(['Back up now', 'Daily', 'Weekly'])
      await ann.presses('Daily')
      expect(ann.sees()).toContain('every day by itself')
      expect(ann.labels()).toContain('Off')
      const before = it.chat.messages.length
      await engine.tick()
      await expect
        .poll(async () => {
          await engine.turn()
          await db.execute(sql`update backups set due_at = now()`)
          return states()
        })
        .toEqual([{ kind: 'daily', state: 'done' }])
      // Not again before its day is over.
      await engine.tick()
      expect(await states()).toHaveLength(1)
      await it.news()
      expect(it.chat.messages).toHaveLength(before)
      await db.execute(sql`update backup_schedules set due_at = now()`)
      await engine.tick()
      await db.execute(sql`update backups set created_at = now() - interval '3 hours' where state = 'wanted'`)
      await engine.turn()
      await it.news()
      expect(ann.sees()).toContain('my-claw could not be saved at')
      await db.execute(sql`update backups set expires_at = now() where state = 'done'`)
      await engine.tick()
      expect(await states()).toEqual(expect.arrayContaining([{ kind: 'daily', state: 'deleted' }]))
      expect(await readdir(it.dir)).toEqual([])
    },
    LONG_MS,
  )
})
