import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { rowsOf, type Db, type Tx } from '../../src/db/connect.ts'
import { chats, instanceEvents, instances, users } from '../../src/db/schema.ts'
import { testDatabases } from '../support/database.ts'

const AT = new Date('2026-03-29T01:30:00.123Z')

const VALUES = sql`select 7::int8 as int8, (select count(*) from pg_class where false) as count, sum(2::int4) as sum,
  ${AT}::timestamptz as moment, timestamptz '1999-12-31 23:59:59.5+05:30' as offset_moment, timestamp '2026-01-02 03:04:05' as wall, date '2026-01-02' as day, interval '90 minutes' as span,
  array[1, null, 3]::int8[] as integers, array[${AT}::timestamptz, null] as moments, array['a,b', null] as texts, array[date '2026-01-02'] as days, array[interval '1 day 90 minutes'] as spans, array[1.50] as numerics, '{}'::int8[] as nothing,
  1.50::numeric as numeric, 0.5::float8 as float8, true as bool, '\\x00ff'::bytea as bytes, '{"a":[1,null]}'::jsonb as json, null::int8 as absent,
  current_setting('TimeZone') as time_zone`

const EXPECTED = {
  int8: 7,
  count: 0,
  sum: 2,
  moment: AT,
  offset_moment: new Date('1999-12-31T18:29:59.500Z'),
  wall: new Date('2026-01-02T03:04:05.000Z'),
  day: '2026-01-02',
  span: '01:30:00',
  integers: [1, null, 3],
  moments: [AT, null],
  texts: ['a,b', null],
  days: ['2026-01-02'],
  spans: ['1 day 01:30:00'],
  numerics: ['1.50'],
  nothing: [],
  numeric: '1.50',
  float8: 0.5,
  bool: true,
  bytes: new Uint8Array([0, 255]),
  json: { a: [1, null] },
  absent: null,
  time_zone: 'UTC',
}

describe.each(await testDatabases())('values on $name', ({ open }) => {
  it('come back the same from raw SQL, outside and inside transactions and savepoints', async () => {
    const { db } = await open()
    const read = async (on: Db | Tx): Promise<unknown> => rowsOf(await on.execute(VALUES))[0]
    expect(await read(db)).toStrictEqual(EXPECTED)
    await db.transaction(async (tx) => {
      expect(await read(tx)).toStrictEqual(EXPECTED)
      await tx.transaction(async (inner) => expect(await read(inner)).toStrictEqual(EXPECTED))
    })
  })

  it('come back the same from typed queries, with sql fragments in them', async () => {
    const { db } = await open()
    await db.insert(users).values({ id: 'ada' })
    await db.insert(instances).values({
      id: 'abcdefgh',
      userId: 'ada',
      name: 'my-claw',
      slot: 1,
      plan: 'starter',
      region: 'fra',
      image: 'i',
      dueAt: AT,
      secretsVersion: 2 ** 40,
    })
    await db.insert(instanceEvents).values({ instanceId: 'abcdefgh', kind: 'made', detail: { list: [1, 'two', null] }, at: AT })
    const [row] = await db
      .select({
        due: instances.dueAt,
        version: instances.secretsVersion,
        latest: sql<Date>`max(${instances.dueAt})`,
        count: sql<number>`count(*)`,
        gone: instances.destroyedAt,
      })
      .from(instances)
      .groupBy(instances.id)
    expect(row).toStrictEqual({ due: AT, version: 2 ** 40, latest: AT, count: 1, gone: null })
    const [event] = await db.select().from(instanceEvents).where(eq(instanceEvents.at, AT))
    expect(event).toMatchObject({ id: 1, detail: { list: [1, 'two', null] }, once: null, at: AT })
    const [chat] = await db.insert(chats).values({ provider: 'terminal', address: 'x' }).returning()
    expect(chat?.notBefore).toBeInstanceOf(Date)
  })
})
