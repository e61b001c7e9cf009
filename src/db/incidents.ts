// Incidents: one open per instance and kind, with a count. Each is one message that is edited as it develops.
import { and, asc, desc, eq, gt, isNull, lte, notInArray, sql } from 'drizzle-orm'
import { z } from 'zod'
import { randomId } from '../lib/random.ts'
import { announceIncident, type Address } from './alerts.ts'
import type { Db, Tx } from './connect.ts'
import { incidents } from './schema.ts'

export type IncidentKind =
  | 'unhealthy'
  | 'crashed'
  | 'out-of-memory'
  | 'bad-config'
  | 'host-unreachable'
  | 'region-full'
  | 'storage-lost'
  | 'destroy-stuck'
  | 'channel-down'
  | 'deploy-failed'
  | 'config-refused'
  | 'backup-failed'
export type Incident = {
  id: string
  instanceId: string
  kind: IncidentKind
  count: number
  detail: Record<string, unknown>
  openedAt: Date
  updatedAt: Date
  closedAt: Date | null
}

/** The same trouble again within this time reopens the former incident with a higher count instead of a new message. */
const REOPEN_WITHIN_MINUTES = 30
const detailSchema = z.record(z.string(), z.unknown())
const parsed = (row: typeof incidents.$inferSelect): Incident => ({ ...row, kind: row.kind as IncidentKind, detail: detailSchema.parse(row.detail) })

/** The incident with this id, or null. */
export async function incidentById(db: Db | Tx, id: string): Promise<Incident | null> {
  const [row] = await db.select().from(incidents).where(eq(incidents.id, id))
  return row === undefined ? null : parsed(row)
}

/** Open incidents of an instance, oldest first. */
export async function openIncidents(db: Db | Tx, instanceId: string): Promise<Incident[]> {
  return (
    await db
      .select()
      .from(incidents)
      .where(and(eq(incidents.instanceId, instanceId), isNull(incidents.closedAt)))
      .orderBy(asc(incidents.openedAt))
  ).map(parsed)
}

/**
 * Opens an incident, or counts it up when it is open or was closed a short while ago, and owes the owner its message. `askedIn`: where it is
 * told when the owner chose no place.
 */
export async function raiseIncident(
  tx: Tx,
  incident: { instanceId: string; userId: string; kind: IncidentKind; detail: Record<string, unknown>; askedIn?: Address },
): Promise<Incident> {
  const recent = sql`(${incidents.closedAt} is null or ${incidents.closedAt} > now() - ${REOPEN_WITHIN_MINUTES} * interval '1 minute')`
  const [last] = await tx
    .select()
    .from(incidents)
    .where(and(eq(incidents.instanceId, incident.instanceId), eq(incidents.kind, incident.kind), recent))
    .orderBy(desc(incidents.openedAt))
    .limit(1)
    .for('update')
  const [row] =
    last === undefined
      ? await tx
          .insert(incidents)
          .values({ id: randomId(12), instanceId: incident.instanceId, kind: incident.kind, detail: incident.detail })
          .returning()
      : await tx
          .update(incidents)
          .set({ count: sql`${incidents.count} + 1`, detail: incident.detail, updatedAt: sql`now()`, closedAt: null })
          .where(eq(incidents.id, last.id))
          .returning()
  if (row === undefined) throw new Error('an incident was neither inserted nor updated')
  await announceIncident(tx, { id: row.id, instanceId: row.instanceId, userId: incident.userId }, incident.askedIn)
  return parsed(row)
}

/** Adds to what is known of an open incident, and owes the owner its message again. Nothing when it is not open. */
export async function addToIncident(
  tx: Tx,
  { instanceId, userId, kind, detail }: { instanceId: string; userId: string; kind: IncidentKind; detail: Record<string, unknown> },
): Promise<void> {
  const [row] = await tx
    .update(incidents)
    .set({ detail: sql`${incidents.detail} || ${JSON.stringify(detail)}::jsonb`, updatedAt: sql`now()` })
    .where(and(eq(incidents.instanceId, instanceId), eq(incidents.kind, kind), isNull(incidents.closedAt)))
    .returning({ id: incidents.id })
  if (row !== undefined) await announceIncident(tx, { id: row.id, instanceId, userId })
}

/**
 * Closes open incidents of an instance: all of them, one kind, or all but some. With a `userId`, each one's message is owed its end. `stopped`:
 * they are over because the owner no longer wants it to run.
 */
export async function closeIncidents(
  tx: Tx,
  instanceId: string,
  userId: string | null,
  options: { only?: IncidentKind; but?: readonly IncidentKind[]; stopped?: true } = {},
): Promise<number> {
  const { only, but, stopped = false } = options
  const rows = await tx
    .update(incidents)
    .set({
      closedAt: sql`now()`,
      updatedAt: sql`now()`,
      ...(stopped && { detail: sql`${incidents.detail} || '{"ended":"stopped"}'::jsonb` }),
    })
    .where(
      and(
        eq(incidents.instanceId, instanceId),
        isNull(incidents.closedAt),
        only === undefined ? undefined : eq(incidents.kind, only),
        but === undefined ? undefined : notInArray(incidents.kind, [...but]),
      ),
    )
    .returning({ id: incidents.id })
  // Always in one order: two transactions that tell of the same two never wait for each other.
  const closed = rows.toSorted((a, b) => (a.id < b.id ? -1 : 1))
  if (userId !== null) for (const row of closed) await announceIncident(tx, { id: row.id, instanceId, userId })
  return rows.length
}

const WEEK_DAYS = 7

/** How often the instance has had this trouble in the week until its last news, this time included. */
export async function timesThisWeek(db: Db | Tx, incident: Incident): Promise<number> {
  // Every exit is an event of its own; that a restart did not help, and was repeated, is the same trouble going on.
  const times = incident.kind === 'unhealthy' ? sql<number>`count(*)::int` : sql<number>`coalesce(sum(${incidents.count}), 0)::int`
  const [row] = await db
    .select({ times })
    .from(incidents)
    .where(
      and(
        eq(incidents.instanceId, incident.instanceId),
        eq(incidents.kind, incident.kind),
        lte(incidents.openedAt, incident.updatedAt),
        gt(incidents.updatedAt, sql`${incident.updatedAt.toISOString()}::timestamptz - ${WEEK_DAYS} * interval '1 day'`),
      ),
    )
  return row?.times ?? 0
}
