// The timeline of an instance: what progress messages and /status draw.
import { and, asc, desc, eq } from 'drizzle-orm'
import { z } from 'zod'
import type { Db, Tx } from './connect.ts'
import { instanceEvents } from './schema.ts'

const detailSchema = z.record(z.string(), z.unknown())
export type EventKind = 'requested' | 'milestone' | 'notice' | 'done' | 'failed' | 'blocked' | 'superseded' | 'renamed' | 'health' | 'keys' | 'config'
export type InstanceEvent = { instanceId: string; operationId: string | null; kind: EventKind; detail: Record<string, unknown>; at: Date }

const columns = {
  instanceId: instanceEvents.instanceId,
  operationId: instanceEvents.operationId,
  kind: instanceEvents.kind,
  detail: instanceEvents.detail,
  at: instanceEvents.at,
}
const parsed = (rows: { instanceId: string; operationId: string | null; kind: string; detail: unknown; at: Date }[]): InstanceEvent[] =>
  rows.map((row) => ({ ...row, kind: row.kind as EventKind, detail: detailSchema.parse(row.detail) }))

/** Adds an event; with `once`, at most one of that name for the instance. True when it was added now. */
export async function addEvent(
  tx: Tx,
  event: { instanceId: string; operationId: string | null; kind: EventKind; detail?: Record<string, unknown>; once?: string },
): Promise<boolean> {
  const rows = await tx
    .insert(instanceEvents)
    .values({ instanceId: event.instanceId, operationId: event.operationId, kind: event.kind, detail: event.detail ?? {}, once: event.once ?? null })
    .onConflictDoNothing()
    .returning({ id: instanceEvents.id })
  return rows.length === 1
}

/** All events of one job, oldest first. */
export async function operationEvents(db: Db | Tx, operationId: string): Promise<InstanceEvent[]> {
  return parsed(await db.select(columns).from(instanceEvents).where(eq(instanceEvents.operationId, operationId)).orderBy(asc(instanceEvents.id)))
}

/** The job's opening event, which says what was asked and where its news go; null when there is none. */
export async function operationRequest(db: Db | Tx, operationId: string): Promise<InstanceEvent | null> {
  const rows = await db
    .select(columns)
    .from(instanceEvents)
    .where(and(eq(instanceEvents.operationId, operationId), eq(instanceEvents.kind, 'requested')))
  return parsed(rows)[0] ?? null
}

/** The newest `limit` events of an instance, newest first. */
export async function recentEvents(db: Db | Tx, instanceId: string, limit: number): Promise<InstanceEvent[]> {
  return parsed(
    await db.select(columns).from(instanceEvents).where(eq(instanceEvents.instanceId, instanceId)).orderBy(desc(instanceEvents.id)).limit(limit),
  )
}
