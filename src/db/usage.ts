// What instances used: readings as they were taken, and the facts that were made of them. Rows are only ever added. Database time only.
import { and, asc, eq, gte, lt, sql } from 'drizzle-orm'
import { z } from 'zod'
import { meters, type Fact, type Meter } from '../domain/billing/facts.ts'
import type { Span } from '../domain/billing/periods.ts'
import { rowsOf, type Db, type Tx } from './connect.ts'
import { meterReadings, meterVisits, usageFacts } from './schema.ts'

export type Reading = { meter: Meter; run: string; total: bigint }
export type TimedReading = Reading & { readAt: Date }
const meterSchema = z.enum(meters)

/** Takes up to `limit` running instances that are due to be read, and makes them due again in about `intervalMs`. New ones are due at once. */
export async function claimVisits(db: Db, { limit, intervalMs }: { limit: number; intervalMs: number }): Promise<{ instanceId: string }[]> {
  await db.execute(sql`
    insert into meter_visits (instance_id, counted_until)
    select id, live_at from instances where live_at is not null and destroyed_at is null
      and not exists (select 1 from meter_visits v where v.instance_id = instances.id)
    on conflict do nothing`)
  const result = await db.execute(sql`
    update meter_visits set due_at = now() + ${intervalMs} * (0.95 + 0.1 * random()) * interval '1 millisecond'
    where instance_id = any(array(
      select v.instance_id from meter_visits v join instances i on i.id = v.instance_id
      where v.due_at <= now() and i.destroyed_at is null and i.power = 'on' and i.machine_id is not null
      order by v.due_at limit ${limit} for update of v skip locked))
    returning instance_id as "instanceId"`)
  return rowsOf(result)
}

/** Holds the visits of an instance until the transaction ends: its facts are made by one at a time. Until when its hours are counted, and the time. */
export async function lockVisit(tx: Tx, instanceId: string): Promise<{ countedUntil: Date; now: Date } | null> {
  const columns = { countedUntil: meterVisits.countedUntil, now: sql<string>`now()::text` }
  const [row] = await tx.select(columns).from(meterVisits).where(eq(meterVisits.instanceId, instanceId)).for('update')
  return row === undefined ? null : { countedUntil: row.countedUntil, now: new Date(row.now) }
}

/** Writes readings down, as taken now. */
export async function addReadings(tx: Tx, instanceId: string, readings: readonly Reading[]): Promise<void> {
  if (readings.length === 0) return
  await tx.insert(meterReadings).values(readings.map((one) => ({ ...one, instanceId })))
}

/** The readings of a meter since `from`, and the last one before, in the order in which they were taken. */
export async function readingsSince(tx: Tx, instanceId: string, meter: Meter, from: Date): Promise<TimedReading[]> {
  const own = and(eq(meterReadings.instanceId, instanceId), eq(meterReadings.meter, meter))
  const before = sql`coalesce((select max(read_at) from meter_readings where instance_id = ${instanceId} and meter = ${meter}
    and read_at < ${from.toISOString()}::timestamptz), '-infinity')`
  const rows = await tx
    .select()
    .from(meterReadings)
    .where(and(own, gte(meterReadings.readAt, before)))
    .orderBy(asc(meterReadings.readAt))
  return rows.map(({ run, readAt, total }) => ({ meter, run, readAt, total }))
}

/** The facts of an instance on a meter in these hours. */
export async function factsIn(tx: Tx, instanceId: string, meter: Meter, { start, end }: Span): Promise<Fact[]> {
  const own = and(eq(usageFacts.instanceId, instanceId), eq(usageFacts.meter, meter))
  const rows = await tx
    .select()
    .from(usageFacts)
    .where(and(own, gte(usageFacts.hour, start), lt(usageFacts.hour, end)))
  return rows.map(factOf)
}

/** Everything that a person's instances used in these hours. */
export async function usageFactsOf(db: Db | Tx, userId: string, { start, end }: Span): Promise<Fact[]> {
  const rows = await db
    .select()
    .from(usageFacts)
    .where(and(eq(usageFacts.userId, userId), gte(usageFacts.hour, start), lt(usageFacts.hour, end)))
  return rows.map(factOf)
}

function factOf({ instanceId, meter, hour, row, amount }: typeof usageFacts.$inferSelect): Fact {
  return { instance: instanceId, meter: meterSchema.parse(meter), hour, row, amount }
}

/** Adds facts to a person's bill, and counts the instance's hours until `countedUntil`. */
export async function addFacts(
  tx: Tx,
  { instanceId, userId }: { instanceId: string; userId: string },
  facts: readonly Fact[],
  countedUntil: Date,
): Promise<void> {
  if (facts.length > 0) await tx.insert(usageFacts).values(facts.map(({ instance, ...fact }) => ({ ...fact, instanceId: instance, userId })))
  await tx.update(meterVisits).set({ countedUntil }).where(eq(meterVisits.instanceId, instanceId))
}

/** Forgets readings that nothing is counted from any more. */
export async function forgetOldReadings(db: Db, days: number): Promise<void> {
  await db.delete(meterReadings).where(lt(meterReadings.readAt, sql`now() - ${days} * interval '1 day'`))
}
