import { sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { rowsOf, type Db } from '../../src/db/connect.ts'
import { claimDue, releaseClaim, renewLeases, writeObserved } from '../../src/db/instances.ts'
import { testDatabases } from '../support/database.ts'

const claim = { owner: 'one', leaseMs: 30_000, limit: 10 }

async function prepare(db: Db): Promise<void> {
  await db.execute(sql`insert into users (id) values ('u1')`)
  await db.execute(
    sql`insert into instances (id, user_id, name, slot, plan, region, image) values ('instance1', 'u1', 'my-claw', 1, 'pro', 'ams', 'gateway:stub')`,
  )
}

describe.each(await testDatabases())('leases on $name', ({ open }) => {
  it('give an instance to one process at a time', async () => {
    const { db } = await open()
    await prepare(db)
    const [one, two] = await Promise.all([claimDue(db, claim), claimDue(db, { ...claim, owner: 'two' })])
    expect(one.length + two.length).toBe(1)
  })

  it('fence the writes of a process whose lease was taken over', async () => {
    const { db } = await open()
    await prepare(db)
    const [first] = await claimDue(db, claim)
    await db.execute(sql`update instances set lease_until = now() - interval '1 second'`)
    const [second] = await claimDue(db, { ...claim, owner: 'two' })
    expect(second?.epoch).toBe((first?.epoch ?? 0) + 1)
    expect(first && (await writeObserved(db, first, { machineId: 'late' }))).toBe(false)
    expect(first && (await releaseClaim(db, first, { requeueAfterMs: 0, desiredVersion: first.desiredVersion }))).toBe(false)
    expect(second && (await writeObserved(db, second, { machineId: 'ours' }))).toBe(true)
  })

  it('are not taken again by a renewal that comes after they were given back', async () => {
    const { db } = await open()
    await prepare(db)
    const [row] = await claimDue(db, claim)
    if (row === undefined) throw new Error('nothing was claimed')
    await releaseClaim(db, row, { requeueAfterMs: 0, desiredVersion: row.desiredVersion })
    await renewLeases(db, [row], 30_000)
    expect(await claimDue(db, { ...claim, owner: 'two' })).toHaveLength(1)
  })

  it('are prolonged for what is still under way', async () => {
    const { db } = await open()
    await prepare(db)
    const [row] = await claimDue(db, { ...claim, leaseMs: 1 })
    if (row === undefined) throw new Error('nothing was claimed')
    await renewLeases(db, [row], 60_000)
    expect(await claimDue(db, { ...claim, owner: 'two' })).toHaveLength(0)
  })

  it('end at once for an instance whose owner wants something else', async () => {
    const { db } = await open()
    await prepare(db)
    const [row] = await claimDue(db, claim)
    if (row === undefined) throw new Error('nothing was claimed')
    await db.execute(sql`update instances set desired_version = desired_version + 1`)
    await releaseClaim(db, row, { requeueAfterMs: 600_000, desiredVersion: row.desiredVersion })
    expect(rowsOf<{ due: boolean }>(await db.execute(sql`select due_at <= now() as due from instances`))).toEqual([{ due: true }])
  })
})
