// What happened to a person's assistants between two digests.
import { and, asc, eq, gte, inArray, isNull, lt, or, sql } from 'drizzle-orm'
import { INCIDENT } from './alerts.ts'
import type { Db, Tx } from './connect.ts'
import { presentInstances, type InstanceRow } from './instances.ts'
import { incidents, instanceEvents } from './schema.ts'

export type DigestIncident = { kind: string; count: number; openedAt: Date; closedAt: Date | null; told: boolean }
export type DigestEntry = { instance: InstanceRow; restarts: number; incidents: DigestIncident[] }

/** Per assistant: how it is, how often it was restarted without being asked to be, and its troubles, those that are still open included. */
export async function digestOf(db: Db | Tx, wanted: { userId: string; since: Date; until: Date }): Promise<DigestEntry[]> {
  const rows = await presentInstances(db, wanted.userId)
  const ids = rows.map((row) => row.id)
  if (ids.length === 0) return []
  const restarts = await restartsOf(db, ids, wanted)
  const troubles = await troublesOf(db, ids, wanted)
  return rows.map((instance) => ({
    instance,
    restarts: restarts.get(instance.id) ?? 0,
    incidents: troubles.flatMap(({ instanceId, ...one }) => (instanceId === instance.id ? [one] : [])),
  }))
}

type Span = { since: Date; until: Date }

async function restartsOf(db: Db | Tx, ids: string[], { since, until }: Span): Promise<Map<string, number>> {
  const recovered = and(eq(instanceEvents.kind, 'requested'), sql`${instanceEvents.detail} ->> 'kind' = 'recover'`)
  const rows = await db
    .select({ instanceId: instanceEvents.instanceId, count: sql<number>`count(*)::int` })
    .from(instanceEvents)
    .where(
      and(
        inArray(instanceEvents.instanceId, ids),
        gte(instanceEvents.at, since),
        lt(instanceEvents.at, until),
        or(recovered, eq(instanceEvents.kind, 'health')),
      ),
    )
    .groupBy(instanceEvents.instanceId)
  return new Map(rows.map((row) => [row.instanceId, row.count]))
}

async function troublesOf(db: Db | Tx, ids: string[], { since, until }: Span): Promise<(DigestIncident & { instanceId: string })[]> {
  return db
    .select({
      instanceId: incidents.instanceId,
      kind: incidents.kind,
      count: incidents.count,
      openedAt: incidents.openedAt,
      closedAt: incidents.closedAt,
      told: sql<boolean>`exists (select 1 from outbox o where o.key = ${INCIDENT}::text || ':' || incidents.id and o.message_ref is not null)`,
    })
    .from(incidents)
    .where(
      and(inArray(incidents.instanceId, ids), or(and(gte(incidents.updatedAt, since), lt(incidents.updatedAt, until)), isNull(incidents.closedAt))),
    )
    .orderBy(asc(incidents.openedAt))
}
