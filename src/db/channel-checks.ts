// The slow look at whether assistants' chats are connected: one row per assistant that has any. A claim is the next due time, as for the
// health checks.
import { eq, sql } from 'drizzle-orm'
import { rowsOf, type Db, type Tx } from './connect.ts'
import { channelChecks } from './schema.ts'

export type ChannelTarget = { instanceId: string; url: string }

/** Starts or goes on looking. `soon`: something changed, so that the next look is worth having within two minutes. */
export async function watchChannels(tx: Tx, target: ChannelTarget, options: { soon: boolean }): Promise<void> {
  const soon = sql`now() + (1 + random()) * interval '1 minute'`
  await tx
    .insert(channelChecks)
    .values({ ...target, dueAt: soon })
    .onConflictDoUpdate({ target: channelChecks.instanceId, set: { url: target.url, ...(options.soon && { dueAt: soon }) } })
}

/** Stops looking; true when somebody was. */
export async function dropChannels(tx: Tx, instanceId: string): Promise<boolean> {
  const rows = await tx.delete(channelChecks).where(eq(channelChecks.instanceId, instanceId)).returning({ id: channelChecks.instanceId })
  return rows.length > 0
}

/** Takes up to `limit` looks that are due, and makes them due again one interval later, give or take `jitterShare` of it; of these, the ones at assistants that are live. */
export async function claimChannelChecks(db: Db, options: { limit: number; intervalMs: number; jitterShare: number }): Promise<ChannelTarget[]> {
  const { limit, intervalMs, jitterShare } = options
  const result = await db.execute(sql`
    update channel_checks c
    set due_at = now() + ${intervalMs} * (1 + ${jitterShare}::float8 * (2 * random() - 1)) * interval '1 millisecond', checked_at = now()
    from instances i
    where c.instance_id = any(array(select instance_id from channel_checks where due_at <= now() order by due_at limit ${limit} for update skip locked))
      and i.id = c.instance_id
    returning c.instance_id as "instanceId", c.url, i.healthy and i.power = 'on' and i.operation_id is null and i.delete_requested_at is null as live`)
  return rowsOf<ChannelTarget & { live: boolean }>(result).flatMap(({ live, ...target }) => (live ? [target] : []))
}

/** Writes what a look showed. How often in a row it was bad by now; null when nobody looks any more. */
export async function recordChannelCheck(tx: Tx, check: { instanceId: string; ok: boolean }): Promise<number | null> {
  const rows = await tx
    .update(channelChecks)
    .set({ failures: check.ok ? 0 : sql`${channelChecks.failures} + 1` })
    .where(eq(channelChecks.instanceId, check.instanceId))
    .returning({ failures: channelChecks.failures })
  return rows[0]?.failures ?? null
}
