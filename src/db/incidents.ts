// Incidents: one open per instance and kind, with a count. Each is one message that is edited as it develops.
import { and, asc, desc, eq, isNull, sql } from 'drizzle-orm'
import { z } from 'zod'
import { randomId } from '../lib/random.ts'
import type { Db, Tx } from './connect.ts'
import { announce } from './outbox.ts'
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

/** Opens an incident, or counts it up when it is open or was closed a short while ago, and owes the owner its message. */
export async function raiseIncident(
  tx: Tx,
  incident: { instanceId: string; userId: string; kind: IncidentKind; detail: Record<string, unknown> },
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
  await announceIncident(tx, incident.userId, row.id)
  return parsed(row)
}

/** Closes all open incidents of an instance; with a `userId`, each one's message is owed its good end. */
export async function closeIncidents(tx: Tx, instanceId: string, userId: string | null): Promise<number> {
  const rows = await tx
    .update(incidents)
    .set({ closedAt: sql`now()`, updatedAt: sql`now()` })
    .where(and(eq(incidents.instanceId, instanceId), isNull(incidents.closedAt)))
    .returning({ id: incidents.id })
  if (userId !== null) for (const row of rows) await announceIncident(tx, userId, row.id)
  return rows.length
}

async function announceIncident(tx: Tx, userId: string, incidentId: string): Promise<void> {
  await announce(tx, { userId, key: `incident:${incidentId}`, template: 'incident', payload: { incidentId } })
}
