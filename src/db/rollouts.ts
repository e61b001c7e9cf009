// Rollouts: a share of the fleet on another version. What is wanted is a row; who has had their turn follows from the upgrades that name it. Database time
// only.
import { and, desc, eq, inArray, ne, sql } from 'drizzle-orm'
import { z } from 'zod'
import { imageOf, isNewer } from '../domain/image.ts'
import { rolloutStates, tooManyFailed } from '../domain/upgrades.ts'
import { randomId } from '../lib/random.ts'
import { rowsOf, type Db, type Tx } from './connect.ts'
import { rollouts } from './schema.ts'
import { requestUpgrade } from './upgrades.ts'

const rowSchema = z.object({
  id: z.string(),
  image: z.string(),
  percent: z.number(),
  atOnce: z.number(),
  failedPercentMax: z.number(),
  state: z.enum(rolloutStates),
  /** Why it stopped. */
  reason: z.string().nullable(),
  createdAt: z.date(),
  resumedAt: z.date(),
})
export type Rollout = z.infer<typeof rowSchema>

const countsSchema = z.object({
  /** Assistants that run and could be moved, those that were included. */
  fleet: z.number(),
  done: z.number(),
  /** The version did not do, and they were brought back. */
  failed: z.number(),
  /** Of those, and of all that ended, the ones since the operator let it go on the last time. */
  failedSince: z.number(),
  endedSince: z.number(),
  /** They could not be brought back: somebody has to look at them. */
  stuck: z.number(),
  /** Nothing was changed: they were busy, stopped, or could not be saved. They get another turn. */
  untouched: z.number(),
  underWay: z.number(),
})
export type RolloutCounts = z.infer<typeof countsSchema>

const open = ne(rollouts.state, 'over')

/** The rollout that is under way or stopped; null when there is none. */
export async function currentRollout(db: Db | Tx): Promise<Rollout | null> {
  const [row] = await db.select().from(rollouts).where(open)
  return row === undefined ? null : rowSchema.parse(row)
}

/** The last rollouts, the newest first. */
export async function lastRollouts(db: Db | Tx, limit: number): Promise<Rollout[]> {
  return (await db.select().from(rollouts).orderBy(desc(rollouts.createdAt)).limit(limit)).map((row) => rowSchema.parse(row))
}

export type RolloutOptions = Pick<Rollout, 'percent' | 'atOnce' | 'failedPercentMax'>

/** Begins to move a share of the fleet to an offered version, or changes the rollout of it that is open and lets it go on. One of another version is over. */
export async function putRollout(tx: Tx, image: string, options: RolloutOptions): Promise<{ id: string; isNew: boolean }> {
  const [same] = await tx
    .update(rollouts)
    .set({ ...options, state: 'running', reason: null, resumedAt: sql`now()` })
    .where(and(open, eq(rollouts.image, image)))
    .returning({ id: rollouts.id })
  if (same !== undefined) return { id: same.id, isNew: false }
  await tx.update(rollouts).set({ state: 'over', reason: null }).where(open)
  const id = randomId(8)
  await tx.insert(rollouts).values({ id, image, ...options })
  return { id, isNew: true }
}

/** Begins no more of it. What is under way goes on to its end. False when none is running. */
export async function stopRollout(db: Db | Tx, reason: string): Promise<boolean> {
  const rows = await db.update(rollouts).set({ state: 'stopped', reason }).where(eq(rollouts.state, 'running')).returning({ id: rollouts.id })
  return rows.length === 1
}

/** Instances that run, and run one of these versions. */
function movable(images: readonly string[]) {
  return sql`i.power = 'on' and i.live_at is not null and i.delete_requested_at is null and ${inArray(sql`i.image`, [...images])}`
}

/** Every version that somebody runs and that a rollout of `image` could replace. */
async function replacedBy(db: Db | Tx, image: string): Promise<string[]> {
  const rows = rowsOf<{ image: string }>(await db.execute(sql`select distinct image from instances where destroyed_at is null`))
  return rows.map((row) => row.image).filter((one) => isNewer(image, one))
}

/** How far a rollout is. */
export async function rolloutCounts(db: Db | Tx, { id, image, resumedAt }: Pick<Rollout, 'id' | 'image' | 'resumedAt'>): Promise<RolloutCounts> {
  const older = await replacedBy(db, image)
  const waiting =
    older.length === 0
      ? sql`0`
      : sql`(select count(*)::int from instances i where ${movable(older)} and not exists (
    select 1 from upgrades u where u.instance_id = i.id and u.rollout_id = ${id}))`
  const since = sql`u.ended_at > ${resumedAt.toISOString()}::timestamptz`
  const fault = sql`u.state in ('returned', 'stuck')`
  // Each counts once, with the last that became of it.
  const result = await db.execute(sql`
    select ${waiting} + count(*)::int as fleet,
      count(*) filter (where u.state = 'done')::int as done,
      count(*) filter (where ${fault})::int as failed,
      count(*) filter (where ${fault} and ${since})::int as "failedSince",
      count(*) filter (where (u.state = 'done' or ${fault}) and ${since})::int as "endedSince",
      count(*) filter (where u.state = 'stuck')::int as stuck,
      count(*) filter (where u.state = 'failed')::int as untouched,
      count(*) filter (where u.ended_at is null)::int as "underWay"
    from (select distinct on (instance_id) * from upgrades where rollout_id = ${id} order by instance_id, created_at desc) u`)
  return countsSchema.parse(rowsOf(result)[0])
}

/** What was left as it was is tried again after this. */
const AGAIN_HOURS = 6

export type RolloutStep = { begun: number; stopped: { failed: number; ended: number } | null }

/**
 * Takes the running rollout one step on: stops it when too many failed, otherwise wants as many upgrades as may be under way at once. Any number of
 * processes may call it: one at a time gets the row.
 */
export async function stepRollout(db: Db): Promise<RolloutStep> {
  return db.transaction(async (tx) => {
    const [locked] = await tx.select().from(rollouts).where(eq(rollouts.state, 'running')).for('update', { skipLocked: true })
    if (locked === undefined) return { begun: 0, stopped: null }
    const rollout = rowSchema.parse(locked)
    const counts = await rolloutCounts(tx, rollout)
    const judged = { ended: counts.endedSince, failed: counts.failedSince }
    if (tooManyFailed({ ...judged, failedPercentMax: rollout.failedPercentMax })) {
      await stopRollout(tx, `${judged.failed} of ${judged.ended} failed`)
      return { begun: 0, stopped: judged }
    }
    const share = Math.ceil((counts.fleet * rollout.percent) / 100)
    const begun = counts.done + counts.failed + counts.underWay
    return { begun: await beginSome(tx, rollout, Math.min(rollout.atOnce - counts.underWay, share - begun)), stopped: null }
  })
}

/** Wants an upgrade of up to `limit` more, always in the same order: a higher share only adds to a lower one. */
async function beginSome(tx: Tx, { id, image }: Rollout, limit: number): Promise<number> {
  const older = await replacedBy(tx, image)
  if (limit <= 0 || older.length === 0 || imageOf(image).kind === 'other') return 0
  const result = await tx.execute(sql`
    select i.id, i.user_id as "userId", i.image from instances i
    where ${movable(older)} and i.blocked is null and (i.operation_id is null or i.operation_kind = 'recover')
      and not exists (select 1 from upgrades u where u.instance_id = i.id and (u.ended_at is null or (u.rollout_id = ${id}
        and (u.state <> 'failed' or u.ended_at > now() - ${AGAIN_HOURS} * interval '1 hour'))))
    order by hashtextextended(i.id || ${id}, 0), i.id limit ${limit} for update of i skip locked`)
  const chosen = z.array(z.object({ id: z.string(), userId: z.string(), image: z.string() })).parse(rowsOf(result))
  for (const one of chosen)
    await requestUpgrade(tx, { instanceId: one.id, userId: one.userId, fromImage: one.image, toImage: image, rolloutId: id, chat: null })
  return chosen.length
}
