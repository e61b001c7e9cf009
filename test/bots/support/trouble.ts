// Somebody with assistants whose trouble is told: rows as the engines write them, and time that passes in the database.
import { eq, sql } from 'drizzle-orm'
import type { Face } from '../../../src/bots/core/face.ts'
import { createNotifier, type Notifier } from '../../../src/bots/core/notifier.ts'
import { createRender } from '../../../src/bots/core/render.ts'
import { announceDueDigests, endDueSnoozes } from '../../../src/db/alert-delivery.ts'
import { rowsOf, type Db, type Tx } from '../../../src/db/connect.ts'
import { closeIncidents, raiseIncident, type IncidentKind } from '../../../src/db/incidents.ts'
import { alertHours, chats, health, identities, instances, outbox, users } from '../../../src/db/schema.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { randomId } from '../../../src/lib/random.ts'

export const LONG_AGO = new Date('2020-01-01T00:00:00Z')

/** A person whose chats are called after them, known in this order. */
export async function person(db: Db, userId: string, providers: readonly string[], timeZone: string | null = 'UTC'): Promise<void> {
  await db.insert(users).values({ id: userId, timeZone })
  for (const [index, provider] of providers.entries()) {
    await db.insert(identities).values({ provider, subject: userId, userId, chat: userId, createdAt: new Date(1_000 * (index + 1)) })
  }
}

/** An assistant that is live. */
export async function assistant(db: Db, userId: string, name = 'my-claw'): Promise<string> {
  const id = randomId(10)
  const slot = (await db.$count(instances, eq(instances.userId, userId))) + 1
  const live = { healthy: true, liveAt: LONG_AGO, everStarted: true, observedRegion: 'ams' }
  await db.insert(instances).values({ id, userId, name, slot, plan: 'starter', region: 'ams', image: 'gateway:inline', ...live })
  await db.insert(health).values({ instanceId: id, url: 'http://127.0.0.1:1/healthz', dueAt: LONG_AGO })
  return id
}

/** A notifier with the real words, as one process has it. */
export function notifierOn(db: Db, faces: readonly { face: Face }[], owner = 'test'): Notifier {
  const info = { gatewayImage: 'gateway:inline', webAddress: null, local: true, billing: false }
  const all = new Map(faces.map(({ face }) => [face.provider, face]))
  const render = createRender({ db, clock: systemClock, info, pairingCode: async () => null })
  return createNotifier({ db, faces: all, clock: systemClock, random: () => 0, log: silentLog, owner, render })
}

export const inTx = <T>(db: Db, work: (tx: Tx) => Promise<T>): Promise<T> => db.transaction(work)

export const raise = (db: Db, who: { userId: string; instanceId: string }, kind: IncidentKind = 'crashed', detail = {}): Promise<unknown> =>
  inTx(db, (tx) => raiseIncident(tx, { ...who, kind, detail }))

export const over = (db: Db, who: { userId: string; instanceId: string }): Promise<unknown> =>
  inTx(db, (tx) => closeIncidents(tx, who.instanceId, who.userId))

/** Pauses between messages are over. */
export async function pausesPass(db: Db): Promise<void> {
  await db.update(outbox).set({ notBefore: LONG_AGO })
  await db.update(chats).set({ notBefore: LONG_AGO })
}

/** Everything in the database is this many minutes older: what was to happen by now is due. Quiet hours move along. */
export async function timePasses(db: Db, minutes: number): Promise<void> {
  const gone = sql.raw(`interval '${minutes} minutes'`)
  await pausesPass(db)
  await db.execute(sql`update outbox set held_until = held_until - ${gone}, created_at = created_at - ${gone},
    payload = case when template = 'night' then payload || jsonb_build_object('until', ((payload ->> 'until')::timestamptz - ${gone})) else payload end`)
  await db.execute(sql`update alert_settings set snoozed_until = snoozed_until - ${gone}`)
  await db.execute(sql`update incidents set opened_at = opened_at - ${gone}, updated_at = updated_at - ${gone}, closed_at = closed_at - ${gone}`)
  await db.execute(sql`update instance_events set at = at - ${gone}`)
  await db.execute(sql`update alert_hours set digest_due_at = digest_due_at - ${gone}, digested_at = digested_at - ${gone},
    quiet_from = (quiet_from - ${minutes} + 14400) % 1440, quiet_to = (quiet_to - ${minutes} + 14400) % 1440`)
}

/** The minute of the day that it is in UTC, so many minutes from now. */
export async function minuteFromNow(db: Db, minutes: number): Promise<number> {
  const minute = sql`extract(hour from now() at time zone 'UTC')::int * 60 + extract(minute from now() at time zone 'UTC')::int`
  const [row] = rowsOf<{ minute: number }>(await db.execute(sql`select ${minute} as minute`))
  return ((row?.minute ?? 0) + minutes + 1_440) % 1_440
}

/** Quiet hours that began an hour ago and last for so many more minutes. */
export async function quietNow(db: Db, userId: string, minutes = 60): Promise<void> {
  const quiet = { quietFrom: await minuteFromNow(db, -60), quietTo: await minuteFromNow(db, minutes) }
  await db
    .insert(alertHours)
    .values({ userId, ...quiet })
    .onConflictDoUpdate({ target: alertHours.userId, set: quiet })
}

/** What every process does every now and then. */
export async function tick(db: Db): Promise<void> {
  await endDueSnoozes(db)
  await announceDueDigests(db)
}
