// What becomes of alerts on their way: held as long as a person wants quiet, told in another chat when theirs cannot be reached, and summed up
// once a day. Everything that waits is a row with its time; any number of processes look at those that are due.
import { and, asc, eq, inArray, isNotNull, isNull, lt, lte, ne, sql } from 'drizzle-orm'
import { nextAt, quietUntil } from '../domain/alert-hours.ts'
import { alertHoursOf, alertSettingsOf, databaseTime, INCIDENT, lockWishes } from './alerts.ts'
import type { Db, Tx } from './connect.ts'
import { announce, holdMessage, moveToNextChat, REPLACES, type ClaimedChat } from './outbox.ts'
import { alertHours, alertSettings, incidents, instances, outbox } from './schema.ts'

type Message = { id: number; key: string; template: string; userId: string; payload: Record<string, unknown> }
/** Set in the payload of news that nobody waits for: they come after the quiet hours. */
export const UNASKED = { unasked: true } as const

/**
 * Whether a message that nobody has seen yet must wait: new trouble, for as long as it is snoozed or the person wants quiet, whichever ends
 * later. It is asked again when that time is over. 'fenced': the lease was lost.
 */
export async function holdUntold(db: Db, chat: ClaimedChat, message: Message): Promise<'held' | 'free' | 'fenced'> {
  const isIncident = message.template === INCIDENT
  if (!isIncident && message.payload['unasked'] !== true) return 'free'
  return db.transaction(async (tx) => {
    await lockWishes(tx, message.userId)
    const hold = isIncident ? await holdOf(tx, message) : await quietOf(tx, message)
    if (hold === null) return 'free'
    if (!(await holdMessage(tx, chat, { id: message.id, until: hold.until }))) return 'fenced'
    if (isIncident && hold.why === 'quiet') await announceNight(tx, chat, { userId: message.userId, until: hold.until })
    return 'held'
  })
}

type Hold = { until: Date; why: 'quiet' | 'snoozed' }

async function quietOf(tx: Tx, { userId }: Message): Promise<Hold | null> {
  const { quiet, timeZone } = await alertHoursOf(tx, userId)
  const until = quiet === null ? null : quietUntil(quiet, timeZone, await databaseTime(tx))
  return until === null ? null : { until, why: 'quiet' }
}

async function holdOf(tx: Tx, message: Message): Promise<Hold | null> {
  const [incident] = await tx
    .select({ instanceId: incidents.instanceId })
    .from(incidents)
    .where(eq(incidents.id, message.key.slice(INCIDENT.length + 1)))
  if (incident === undefined) return null
  const { snoozedUntil } = await alertSettingsOf(tx, incident.instanceId)
  const quiet = await quietOf(tx, message)
  if (quiet !== null && (snoozedUntil === null || quiet.until >= snoozedUntil)) return quiet
  return snoozedUntil === null ? null : { until: snoozedUntil, why: 'snoozed' }
}

/** What is over by the end of the quiet hours is told in one message then. */
async function announceNight(tx: Tx, chat: ClaimedChat, night: { userId: string; until: Date }): Promise<void> {
  const { userId, until } = night
  await announce(tx, {
    userId,
    chat,
    key: `night:${userId}:${chat.id}:${until.getTime()}`,
    template: 'night',
    payload: { chatId: chat.id, until: until.toISOString() },
    heldUntil: until,
  })
}

export type PastIncident = { instanceId: string; name: string; kind: string; count: number; openedAt: Date; closedAt: Date | null }

/** The incidents that were over before the quiet hours were, and that nobody was told of. */
export async function nightIncidents(db: Db | Tx, night: { userId: string; chatId: number; until: Date }): Promise<PastIncident[]> {
  return db
    .select(pastColumns)
    .from(outbox)
    .innerJoin(incidents, eq(outbox.key, sql`${INCIDENT}::text || ':' || ${incidents.id}`))
    .innerJoin(instances, eq(instances.id, incidents.instanceId))
    .where(
      and(
        eq(outbox.userId, night.userId),
        eq(outbox.chatId, night.chatId),
        eq(outbox.heldUntil, night.until),
        isNull(outbox.messageRef),
        lt(incidents.closedAt, night.until),
        ne(incidents.kind, 'deploy-failed'),
      ),
    )
    .orderBy(asc(incidents.openedAt))
}

const pastColumns = {
  instanceId: incidents.instanceId,
  name: instances.name,
  kind: incidents.kind,
  count: incidents.count,
  openedAt: incidents.openedAt,
  closedAt: incidents.closedAt,
}

/**
 * This chat cannot be reached: the message goes to the next one of the user's that was not tried. When it was the place that they chose for
 * alerts, they are told so, once until it works again.
 */
export async function fallOver(
  db: Db,
  chat: ClaimedChat,
  failed: { id: number; userId: string; why: string },
): Promise<'moved' | 'given-up' | 'fenced'> {
  return db.transaction(async (tx) => {
    const moved = await moveToNextChat(tx, chat, failed)
    if (moved !== 'fenced') await noteUnreachable(tx, chat, failed)
    return moved
  })
}

const isPlace = (chat: ClaimedChat) => and(eq(alertSettings.provider, chat.provider), eq(alertSettings.address, chat.address))

async function noteUnreachable(tx: Tx, chat: ClaimedChat, { userId, why }: { userId: string; why: string }): Promise<void> {
  const own = tx.select({ id: instances.id }).from(instances).where(eq(instances.userId, userId))
  const lost = await tx
    .update(alertSettings)
    .set({ unreachableAt: sql`now()`, unreachableWhy: why.slice(0, 500) })
    .where(and(isPlace(chat), isNull(alertSettings.unreachableAt), inArray(alertSettings.instanceId, own)))
    .returning({ instanceId: alertSettings.instanceId, title: alertSettings.title, at: alertSettings.unreachableAt })
  const [first] = lost
  if (first === undefined) return
  await announce(tx, {
    userId,
    key: `place:${userId}:${chat.id}:${first.at?.getTime() ?? 0}`,
    template: 'place-lost',
    payload: { instanceIds: lost.map((one) => one.instanceId), title: first.title ?? chat.address, provider: chat.provider, why: why.slice(0, 200) },
  })
}

/** A message got through: the place can be reached. */
export async function noteReached(db: Db, chat: ClaimedChat): Promise<void> {
  await db
    .update(alertSettings)
    .set({ unreachableAt: null, unreachableWhy: null })
    .where(and(isPlace(chat), isNotNull(alertSettings.unreachableAt)))
}

const AT_ONCE = 100

/** Ends the snoozes whose time is over. Trouble that is still open is told as it stands, in a new message in the place of the old one. */
export async function endDueSnoozes(db: Db): Promise<number> {
  return db.transaction(async (tx) => {
    const due = await tx
      .select({ instanceId: alertSettings.instanceId })
      .from(alertSettings)
      .where(lte(alertSettings.snoozedUntil, sql`now()`))
      .limit(AT_ONCE)
      .for('update', { skipLocked: true })
    for (const { instanceId } of due) {
      await tx.update(alertSettings).set({ snoozedUntil: null }).where(eq(alertSettings.instanceId, instanceId))
      await tellAgain(tx, instanceId)
    }
    return due.length
  })
}

async function tellAgain(tx: Tx, instanceId: string): Promise<void> {
  const open = tx
    .select({ key: sql<string>`${INCIDENT}::text || ':' || ${incidents.id}` })
    .from(incidents)
    .where(and(eq(incidents.instanceId, instanceId), isNull(incidents.closedAt)))
  await tx
    .update(outbox)
    .set({
      version: sql`${outbox.version} + 1`,
      messageRef: null,
      payload: sql`${outbox.payload} || jsonb_build_object(${REPLACES}::text, jsonb_build_object('chat', ${outbox.chatId}, 'ref', ${outbox.messageRef}))`,
    })
    .where(and(inArray(outbox.key, open), isNotNull(outbox.messageRef)))
}

/** Owes everybody whose hour it is their digest. One that was missed comes once, late. */
export async function announceDueDigests(db: Db): Promise<number> {
  const due = await db
    .select({ userId: alertHours.userId })
    .from(alertHours)
    .where(lte(alertHours.digestDueAt, sql`now()`))
    .limit(AT_ONCE)
  let announced = 0
  for (const { userId } of due) if (await db.transaction((tx) => announceDigest(tx, userId))) announced += 1
  return announced
}

/** False when another process was faster, or the person no longer wants one. */
async function announceDigest(tx: Tx, userId: string): Promise<boolean> {
  await lockWishes(tx, userId)
  const [hours] = await tx
    .select()
    .from(alertHours)
    .where(and(eq(alertHours.userId, userId), lte(alertHours.digestDueAt, sql`now()`)))
  if (hours === undefined || hours.digestAt === null || hours.digestDueAt === null) return false
  const { digestAt, digestDueAt } = hours
  const now = await databaseTime(tx)
  const { timeZone } = await alertHoursOf(tx, userId)
  await tx
    .update(alertHours)
    .set({ digestDueAt: nextAt(digestAt, timeZone, now), digestedAt: now })
    .where(eq(alertHours.userId, userId))
  const payload = { since: (hours.digestedAt ?? digestDueAt).toISOString(), until: now.toISOString() }
  await announce(tx, { userId, key: `digest:${userId}:${digestDueAt.getTime()}`, template: 'digest', payload })
  return true
}
