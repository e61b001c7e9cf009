// Backups in conversation, with everything behind them: the local Machines server, the supervisor, the practice gateway, and archives on the disk.
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rowsOf } from '../../src/db/connect.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'
import { postgresDatabases } from '../support/database.ts'
import { startMachines, type Machines } from '../support/world.ts'
import { deployedScene, type SavedScene } from './support/saved.ts'

const LONG_MS = 60_000
const PATIENCE = { timeout: 20_000 }

describe('backups in conversation', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  const deployed = async (webAddress: string | null = null): Promise<SavedScene> => deployedScene({ database: await open(), machines, webAddress })

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
        }, PATIENCE)
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

  test(
    'the list says when the provider copied the whole storage, and nothing of it while that does not answer',
    async () => {
      const { ann, world } = await deployed()
      await ann.says('/backups')
      expect(ann.sees()).not.toContain('whole storage')
      const [row] = rowsOf<{ id: string; volume: string }>(await world.database.db.execute(sql`select id, volume_id as volume from instances`))
      expect.assert(row !== undefined)
      await machines.fly.createSnapshot(appNameOf(row.id), row.volume)
      await ann.says('/backups')
      expect(ann.sees()).toMatch(/Our provider copied its whole storage on \d+ \w+, \d\d:\d\d: should the storage be lost/)
      await machines.fault({ match: { method: 'GET', path: '/snapshots$' }, kind: { status: 500, body: { error: 'internal' } } })
      await ann.says('/backups')
      expect(ann.sees()).toContain('Nothing is saved yet.')
      expect(ann.sees()).not.toContain('whole storage')
      await machines.clearFaults()
    },
    LONG_MS,
  )
})
