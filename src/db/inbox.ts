// The inbox: everything that comes in has a key of its sender's. Doing it twice does nothing.
import { and, inArray, lt, sql } from 'drizzle-orm'
import type { Db, Tx } from './connect.ts'
import { inbox } from './schema.ts'

/** Remembers that the event arrived; false when it had arrived before, and then it must not be handled again. */
export async function acceptOnce(db: Db | Tx, event: { source: string; eventId: string }): Promise<boolean> {
  const rows = await db.insert(inbox).values(event).onConflictDoNothing().returning({ eventId: inbox.eventId })
  return rows.length === 1
}

/** Forgets up to 10,000 events that arrived more than `days` ago: no platform sends one again after that. */
export async function forgetOldEvents(db: Db, days: number): Promise<number> {
  const old = db
    .select({ source: inbox.source, eventId: inbox.eventId })
    .from(inbox)
    .where(lt(inbox.receivedAt, sql`now() - ${days} * interval '1 day'`))
    .limit(10_000)
  const rows = await db
    .delete(inbox)
    .where(and(inArray(sql`(${inbox.source}, ${inbox.eventId})`, old)))
    .returning({ eventId: inbox.eventId })
  return rows.length
}
