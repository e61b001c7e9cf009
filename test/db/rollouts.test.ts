// Rollouts as the operator asks for them, and who gets their turn. How an upgrade ends is written by hand here.
import { sql } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { rowsOf, type Db } from '../../src/db/connect.ts'
import { insertInstance } from '../../src/db/instances.ts'
import { stepRollout } from '../../src/db/rollouts.ts'
import { requestUpgrade } from '../../src/db/upgrades.ts'
import { userFor } from '../../src/db/users.ts'
import { runOps } from '../../src/ops.ts'
import { testDatabases } from '../support/database.ts'

const OLD = 'gateway:stub-1.0'
const NEW = 'gateway:stub-2.0'

describe.each(await testDatabases())('a rollout on $name', ({ open }) => {
  /** So many assistants that run `image`, each of another person. */
  async function fleet(db: Db, count: number, image = OLD): Promise<string[]> {
    const ids = Array.from({ length: count }, (_, index) => `${image.endsWith('1.0') ? 'old' : 'other'}${String(index).padStart(8, '0')}`)
    for (const id of ids) {
      const { userId } = await userFor(db, { provider: 'terminal', subject: id, displayName: id, chat: id })
      const wanted = { id, userId, name: 'my-claw', plan: 'starter', region: 'ams', image, modelProvider: null, secretsVersion: null }
      await db.transaction((tx) => insertInstance(tx, wanted, 1))
    }
    await db.execute(sql`update instances set live_at = now(), healthy = true`)
    return ids
  }
  const end = (db: Db, state: 'done' | 'returned' | 'stuck' | 'failed', count = 1_000): Promise<unknown> =>
    db.execute(sql`update upgrades set state = ${state}, ended_at = now(), reason = ${state === 'done' ? null : state === 'failed' ? 'not-saved' : 'keeps-crashing'}
      where id in (select id from upgrades where ended_at is null order by created_at, id limit ${count})`)
  const begun = async (db: Db): Promise<string[]> =>
    rowsOf<{ id: string }>(await db.execute(sql`select distinct instance_id as id from upgrades order by 1`)).map((row) => row.id)
  const roll = (db: Db, ...args: string[]): Promise<string> => runOps(db, ['rollout', NEW, ...args])

  test('moves the share that was asked for, so many at once, and a higher share only adds to it', async () => {
    const { db } = await open()
    await fleet(db, 10)
    expect(await roll(db, '--percent', '30')).toContain('gateway:stub-2.0: running, to 30 % of 10 assistants, 2 at once')
    expect((await stepRollout(db)).begun).toBe(2)
    expect((await stepRollout(db)).begun).toBe(0)
    await end(db, 'done')
    expect((await stepRollout(db)).begun).toBe(1)
    await end(db, 'done')
    expect((await stepRollout(db)).begun).toBe(0)
    const first = await begun(db)
    expect(first).toHaveLength(3)
    await roll(db, '--percent', '50', '--at-once', '10')
    expect((await stepRollout(db)).begun).toBe(2)
    expect(await begun(db)).toEqual(expect.arrayContaining(first))
    await end(db, 'done')
    expect(await runOps(db, ['rollout'])).toContain('moved 5, under way 0, brought back 0, left as they were 0')
  })

  test('stops by itself when too many failed, and goes on when the operator says so', async () => {
    const { db } = await open()
    await fleet(db, 20)
    await roll(db, '--percent', '100', '--at-once', '4', '--max-failed', '25')
    await stepRollout(db)
    await end(db, 'returned', 1)
    await end(db, 'done')
    // One of four: judged by five, that is 20 per cent.
    expect(await stepRollout(db)).toEqual({ begun: 4, stopped: null })
    await end(db, 'returned', 1)
    await end(db, 'stuck', 1)
    expect(await stepRollout(db)).toEqual({ begun: 0, stopped: { failed: 3, ended: 6 } })
    expect((await stepRollout(db)).begun).toBe(0)
    expect(await runOps(db, ['rollout'])).toContain('stopped (3 of 6 failed)')
    expect(await runOps(db, ['rollout'])).toContain('brought back 3; 1 of those could not be brought back: look at them')
    await roll(db, '--percent', '100', '--at-once', '4', '--max-failed', '25')
    expect((await stepRollout(db)).begun).toBe(2)
  })

  test('with nothing allowed to fail, the first one stops it', async () => {
    const { db } = await open()
    await fleet(db, 3)
    await roll(db, '--percent', '100', '--at-once', '1', '--max-failed', '0')
    await stepRollout(db)
    await end(db, 'returned')
    expect(await stepRollout(db)).toEqual({ begun: 0, stopped: { failed: 1, ended: 1 } })
  })

  test('leaves alone what is stopped, going, busy, newer, of another kind, or on its way already', async () => {
    const { db } = await open()
    const [stopped = '', going = '', busy = '', asked = '', fine = ''] = await fleet(db, 5)
    await fleet(db, 1, 'gateway:openclaw-2026.9.6')
    await db.execute(sql`update instances set power = 'off' where id = ${stopped}`)
    await db.execute(sql`update instances set delete_requested_at = now() where id = ${going}`)
    await db.execute(sql`update instances set operation_id = 'x', operation_kind = 'restart' where id = ${busy}`)
    await roll(db, '--percent', '100', '--at-once', '10')
    const wanted = { instanceId: asked, userId: 'x', fromImage: OLD, toImage: NEW, rolloutId: null, chat: null }
    await db.transaction((tx) => requestUpgrade(tx, wanted))
    expect((await stepRollout(db)).begun).toBe(1)
    expect(await begun(db)).toEqual([asked, fine])
    // What could not be saved gets another turn, later.
    await end(db, 'failed')
    expect((await stepRollout(db)).begun).toBe(1)
    expect(rowsOf(await db.execute(sql`select instance_id as id from upgrades where ended_at is null`))).toEqual([{ id: asked }])
    await db.execute(sql`update upgrades set state = 'done', ended_at = now(), reason = null where ended_at is null`)
    await db.execute(sql`update upgrades set ended_at = now() - interval '7 hours' where state = 'failed'`)
    await db.execute(sql`update instances set operation_id = null, operation_kind = null where id = ${busy}`)
    expect((await stepRollout(db)).begun).toBe(2)
    expect(rowsOf(await db.execute(sql`select instance_id as id from upgrades where ended_at is null order by 1`))).toEqual([
      { id: busy },
      { id: fine },
    ])
  })

  test('is over when another version is rolled out, and stopped by the operator begins no more', async () => {
    const { db } = await open()
    await fleet(db, 4)
    expect(await runOps(db, ['rollout'])).toBe('There was no rollout yet.\n')
    await roll(db, '--percent', '100')
    await runOps(db, ['rollout', 'gateway:stub-3.0', '--percent', '50'])
    expect(rowsOf(await db.execute(sql`select image, state from rollouts order by created_at`))).toEqual([
      { image: NEW, state: 'over' },
      { image: 'gateway:stub-3.0', state: 'running' },
    ])
    expect(await runOps(db, ['stop-rollout'])).toContain('No more begin')
    expect(await runOps(db, ['stop-rollout'])).toBe('No rollout is running.\n')
    expect((await stepRollout(db)).begun).toBe(0)
    expect(await runOps(db, ['rollout'])).toContain('stopped (the operator said so)')
  })

  test('what the operator gets wrong is answered with what is right, and changes nothing', async () => {
    const { db } = await open()
    const wrong = (...args: string[]): Promise<string> => runOps(db, args).then(String, (error: Error) => error.message)
    expect(await wrong()).toContain('Say what to do.')
    expect(await wrong('upgrade')).toContain('There is no command upgrade.')
    expect(await wrong('rollout', NEW)).toContain('--percent must be a whole number from 1 to 100.')
    expect(await wrong('rollout', NEW, '--percent', '0')).toContain('--percent must be')
    expect(await wrong('rollout', NEW, '--percent', '10', '--max-failed', 'few')).toContain('--max-failed must be a whole number from 0 to 100.')
    expect(await wrong('rollout', 'ubuntu:24.04', '--percent', '10')).toContain('ubuntu:24.04 names no version')
    expect(await wrong('offer')).toContain('Name an image')
    expect(await wrong('offer', NEW, '--colour', 'red')).toContain('npm run ops -- offer <image>')
    expect(await runOps(db, ['releases'])).toContain('No version is offered yet')
    await runOps(db, ['offer', NEW, '--notes', 'It listens better.'])
    expect(await runOps(db, ['releases'])).toBe(`${NEW}\n  It listens better.\n`)
    await runOps(db, ['withdraw', NEW])
    expect(await runOps(db, ['releases'])).toContain('(withdrawn)')
    expect(await runOps(db, ['withdraw', OLD])).toContain('was never offered')
  })
})
