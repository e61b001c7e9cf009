// How a person wants to be told of trouble: where, per assistant, and when. Incidents find their chat here. What must wait stays in the
// outbox with the time until which it waits (alert-delivery.ts); whoever changes a wish lets it be asked anew. Database time only.
import { and, asc, eq, inArray, isNotNull, isNull, sql, type SQL } from 'drizzle-orm'
import { nextAt, type QuietHours } from '../domain/alert-hours.ts'
import { rowsOf, type Db, type Tx } from './connect.ts'
import { announce, chatIdOf } from './outbox.ts'
import { alertHours, alertSettings, incidents, outbox, users } from './schema.ts'
import { chatsOf } from './users.ts'

export type Address = { provider: string; address: string }
export type Place = Address & { title: string }
export type AlertSettings = {
  /** Null: the owner's private chat. */
  place: Place | null
  /** Why the place could not be reached the last time; null when it could. */
  unreachable: string | null
  snoozedUntil: Date | null
}
export type AlertHours = { quiet: QuietHours | null; digestAt: number | null; timeZone: string | null }

/** How an assistant's trouble is told. */
export async function alertSettingsOf(db: Db | Tx, instanceId: string): Promise<AlertSettings> {
  const [row] = await db
    .select({ settings: alertSettings, snoozed: sql<boolean>`coalesce(${alertSettings.snoozedUntil} > now(), false)` })
    .from(alertSettings)
    .where(eq(alertSettings.instanceId, instanceId))
  if (row === undefined) return { place: null, unreachable: null, snoozedUntil: null }
  const { settings, snoozed } = row
  return {
    place: placeOf(settings),
    unreachable: settings.unreachableAt === null ? null : (settings.unreachableWhy ?? ''),
    snoozedUntil: snoozed ? settings.snoozedUntil : null,
  }
}

function placeOf({ provider, address, title }: typeof alertSettings.$inferSelect): Place | null {
  return provider === null || address === null ? null : { provider, address, title: title ?? address }
}

/** The assistants whose trouble is told in this place. */
export async function instancesToldAt(db: Db | Tx, place: { provider: string; address: string }): Promise<Set<string>> {
  const rows = await db
    .select({ id: alertSettings.instanceId })
    .from(alertSettings)
    .where(and(eq(alertSettings.provider, place.provider), eq(alertSettings.address, place.address)))
  return new Set(rows.map((row) => row.id))
}

/** When a person is told of trouble. */
export async function alertHoursOf(db: Db | Tx, userId: string): Promise<AlertHours> {
  const [row] = await db
    .select({ quietFrom: alertHours.quietFrom, quietTo: alertHours.quietTo, digestAt: alertHours.digestAt, timeZone: users.timeZone })
    .from(users)
    .leftJoin(alertHours, eq(alertHours.userId, users.id))
    .where(eq(users.id, userId))
  return { quiet: row === undefined ? null : quietOf(row), digestAt: row?.digestAt ?? null, timeZone: row?.timeZone ?? null }
}

function quietOf({ quietFrom, quietTo }: { quietFrom: number | null; quietTo: number | null }): QuietHours | null {
  return quietFrom === null || quietTo === null ? null : { from: quietFrom, to: quietTo }
}

/**
 * Holds a person's wishes until the transaction ends. Whoever changes one, and whoever makes a message wait for one, takes turns: no message
 * waits for a wish that is over.
 */
export async function lockWishes(tx: Tx, userId: string): Promise<void> {
  await tx.select({ id: users.id }).from(users).where(eq(users.id, userId)).for('no key update')
}

async function put(tx: Tx, instanceId: string, set: Partial<typeof alertSettings.$inferInsert>): Promise<void> {
  await tx.insert(alertSettings).values({ instanceId }).onConflictDoNothing()
  await tx.update(alertSettings).set(set).where(eq(alertSettings.instanceId, instanceId))
}

/** Trouble with the assistant is told there from now on; null: in the owner's private chat. What was not told yet goes along. */
export async function setAlertPlace(tx: Tx, owned: { instanceId: string; userId: string }, place: Place | null): Promise<void> {
  await lockWishes(tx, owned.userId)
  const { provider = null, address = null, title = null } = place ?? {}
  await put(tx, owned.instanceId, { provider, address, title, unreachableAt: null, unreachableWhy: null })
  const chat = place ?? (await chatsOf(tx, owned.userId))[0]
  if (chat === undefined) return
  await tx
    .update(outbox)
    .set({ chatId: await chatIdOf(tx, chat), heldUntil: null, attempts: 0, notBefore: sql`now()` })
    .where(and(isUntold(), inArray(outbox.key, keysOf(tx, owned.instanceId))))
}

/** No new trouble of the assistant is told for so long. Open messages of its incidents show it. */
export async function snoozeAlerts(tx: Tx, owned: { instanceId: string; userId: string }, minutes: number): Promise<Date> {
  await lockWishes(tx, owned.userId)
  const until = new Date((await databaseTime(tx)).getTime() + minutes * 60_000)
  await put(tx, owned.instanceId, { snoozedUntil: until })
  await showAgain(tx, owned)
  return until
}

/** Trouble of the assistant is told again. */
export async function endSnooze(tx: Tx, owned: { instanceId: string; userId: string }): Promise<void> {
  await lockWishes(tx, owned.userId)
  await put(tx, owned.instanceId, { snoozedUntil: null })
  await release(tx, inArray(outbox.key, keysOf(tx, owned.instanceId)))
  await showAgain(tx, owned)
}

/** The incidents of the assistant that are open are rendered once more. */
async function showAgain(tx: Tx, owned: { instanceId: string; userId: string }): Promise<void> {
  const open = await tx
    .select({ id: incidents.id })
    .from(incidents)
    .where(and(eq(incidents.instanceId, owned.instanceId), isNull(incidents.closedAt)))
    .orderBy(asc(incidents.id))
  for (const { id } of open) await announceIncident(tx, { id, ...owned })
}

/** Sets or ends the hours in which nothing new is told. */
export async function setQuietHours(tx: Tx, userId: string, quiet: QuietHours | null): Promise<void> {
  await putHours(tx, userId, { quietFrom: quiet?.from ?? null, quietTo: quiet?.to ?? null })
}

/** Turns the daily digest on, at this minute of the day, or off. */
export async function setDigest(tx: Tx, userId: string, at: number | null): Promise<void> {
  const now = await databaseTime(tx)
  const { timeZone } = await alertHoursOf(tx, userId)
  const due = at === null ? null : nextAt(at, timeZone, now)
  await putHours(tx, userId, { digestAt: at, digestDueAt: due, digestedAt: at === null ? null : now })
}

/** Sets the zone that the person's clock shows. Whatever goes by it is reckoned anew. */
export async function setTimeZone(tx: Tx, userId: string, timeZone: string): Promise<void> {
  await tx.update(users).set({ timeZone }).where(eq(users.id, userId))
  const { digestAt } = await alertHoursOf(tx, userId)
  await putHours(tx, userId, { digestDueAt: digestAt === null ? null : nextAt(digestAt, timeZone, await databaseTime(tx)) })
}

async function putHours(tx: Tx, userId: string, set: Partial<typeof alertHours.$inferInsert>): Promise<void> {
  await lockWishes(tx, userId)
  await tx.insert(alertHours).values({ userId }).onConflictDoNothing()
  await tx.update(alertHours).set(set).where(eq(alertHours.userId, userId))
  await release(tx, eq(outbox.userId, userId))
}

/** What time it is for everybody who shares the database. */
export async function databaseTime(tx: Db | Tx): Promise<Date> {
  const [row] = rowsOf<{ ms: number }>(await tx.execute(sql`select (extract(epoch from now()) * 1000)::float8 as ms`))
  return new Date(Math.floor(row?.ms ?? 0))
}

/** Why something waited is no more: whether it must wait on is asked when it is to be told. */
async function release(tx: Tx, which: SQL): Promise<void> {
  await tx
    .update(outbox)
    .set({ heldUntil: null })
    .where(and(isUntold(), isNotNull(outbox.heldUntil), which))
}

/** The template and the key of an incident's one message. */
export const INCIDENT = 'incident'
const isUntold = (): SQL | undefined =>
  and(eq(outbox.template, INCIDENT), isNull(outbox.messageRef), isNull(outbox.givenUpAt), sql`${outbox.deliveredVersion} < ${outbox.version}`)

function keysOf(tx: Tx, instanceId: string) {
  return tx
    .select({ key: sql<string>`${INCIDENT}::text || ':' || ${incidents.id}` })
    .from(incidents)
    .where(eq(incidents.instanceId, instanceId))
}

/**
 * Owes the owner the newest state of an incident's one message, where they want to be told of the assistant: in the place that they chose,
 * otherwise in `askedIn` or their private chat.
 */
export async function announceIncident(tx: Tx, incident: { id: string; instanceId: string; userId: string }, askedIn?: Address): Promise<void> {
  const { place } = await alertSettingsOf(tx, incident.instanceId)
  const chat = place ?? askedIn
  await announce(tx, {
    userId: incident.userId,
    ...(chat !== undefined && { chat }),
    key: `${INCIDENT}:${incident.id}`,
    template: INCIDENT,
    payload: { incidentId: incident.id },
  })
}
