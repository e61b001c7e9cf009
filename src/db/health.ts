// The narrow table of the health sweep: one row per instance that should answer. Claimed in batches; a claim is just the next due time,
// so a process that dies in the middle delays those checks by one round and no more.
import { eq, sql } from 'drizzle-orm'
import { rowsOf, type Db, type Tx } from './connect.ts'
import { health } from './schema.ts'

export type HealthRow = typeof health.$inferSelect
/** `exits`: how many ends of its gateway we know of. `known`: it answered a short while ago and has not failed since, so that one more good answer is no news. */
export type Target = { instanceId: string; url: string; failures: number; known: boolean; exits: number }

/** A good answer and its latency are written down at least this often. */
const GOOD_ANSWER_KEPT_MINUTES = 5
export type CheckResult = { instanceId: string; ok: boolean; latencyMs: number; error: string | null }

/**
 * Starts or goes on watching an instance. `anew`, after a job of it, forgets old failures; without it they go on counting, for a look at a
 * machine that runs says nothing about whether what is on it answers. The first check comes within the interval.
 */
export async function watchTarget(tx: Tx, target: { instanceId: string; url: string }, { anew }: { anew: boolean }): Promise<void> {
  const known = anew ? { url: target.url, failures: 0, error: null, okAt: sql`now()`, checkedAt: sql`now()` } : { url: target.url }
  await tx
    .insert(health)
    .values({ ...target, dueAt: sql`now() + random() * interval '60 seconds'`, checkedAt: sql`now()`, okAt: sql`now()` })
    .onConflictDoUpdate({ target: health.instanceId, set: known })
}

/** Stops watching. */
export async function dropTarget(tx: Tx, instanceId: string): Promise<void> {
  await tx.delete(health).where(eq(health.instanceId, instanceId))
}

/** The health row of an instance, or null when it is not watched. */
export async function healthOf(db: Db | Tx, instanceId: string): Promise<HealthRow | null> {
  const [row] = await db.select().from(health).where(eq(health.instanceId, instanceId))
  return row ?? null
}

/** Takes up to `limit` due targets, notes that they are asked now, and makes them due again one interval later, give or take `jitterShare` of it. */
// An array, not a join: a join is planned as a scan of the whole table, for as many rows as the table has.
export async function claimTargets(db: Db, options: { limit: number; intervalMs: number; jitterShare: number }): Promise<Target[]> {
  const { limit, intervalMs, jitterShare } = options
  const result = await db.execute(sql`
    update health set due_at = now() + ${intervalMs} * (1 + ${jitterShare}::float8 * (2 * random() - 1)) * interval '1 millisecond', checked_at = now()
    where instance_id = any(array(select instance_id from health where due_at <= now() order by due_at limit ${limit} for update skip locked))
    returning health.instance_id as "instanceId", health.url, health.failures,
      (select exits_seen from instances where instances.id = health.instance_id) as exits,
      health.failures = 0 and coalesce(health.ok_at > now() - ${GOOD_ANSWER_KEPT_MINUTES} * interval '1 minute', false) as known`)
  return rowsOf<Target>(result)
}

/** Milliseconds until the next target is due, at most `maxMs`. */
export async function nextTargetInMs(db: Db, maxMs: number): Promise<number> {
  const [row] = rowsOf<{ ms: number | null }>(
    await db.execute(sql`select (extract(epoch from min(due_at) - now()) * 1000)::float8 as ms from health`),
  )
  return Math.min(maxMs, Math.max(0, row?.ms ?? maxMs))
}

/**
 * Writes a batch of results in one statement: a good answer clears the count, a bad one adds to it.
 * @returns the targets whose count of failures in a row is now exactly `threshold`.
 */
export async function recordChecks(
  db: Db,
  results: readonly CheckResult[],
  threshold: number,
): Promise<{ instanceId: string; failures: number; error: string | null }[]> {
  if (results.length === 0) return []
  const json = JSON.stringify(results.map((one) => ({ ...one, latencyMs: Math.round(one.latencyMs) })))
  const result = await db.execute(sql`
    with written as (
      update health set
        failures = case when r.ok then 0 else health.failures + 1 end,
        ok_at = case when r.ok then now() else health.ok_at end,
        latency_ms = r."latencyMs",
        error = r.error
      from jsonb_to_recordset(${json}::jsonb) as r("instanceId" text, ok boolean, "latencyMs" int, error text)
      where health.instance_id = r."instanceId"
      returning health.instance_id, health.failures, health.error
    )
    select instance_id as "instanceId", failures, error from written where failures > 0 and failures % ${threshold}::int = 0`)
  return rowsOf<{ instanceId: string; failures: number; error: string | null }>(result)
}
