// What alerts say at the moment of their delivery: incidents, the summary of a night, the digest, and a place that is lost.
import { z } from 'zod'
import { nightIncidents } from '../../db/alert-delivery.ts'
import { alertHoursOf, alertSettingsOf } from '../../db/alerts.ts'
import type { Db } from '../../db/connect.ts'
import { digestOf } from '../../db/digest.ts'
import { incidentById, timesThisWeek } from '../../db/incidents.ts'
import { instanceById } from '../../db/instances.ts'
import type { OwedMessage } from '../../db/outbox.ts'
import { quietUntil } from '../../domain/alert-hours.ts'
import { statusOfRow } from '../../actions/summary.ts'
import type { View } from './view.ts'
import { digestView, nightView, placeLostView } from './words/digest.ts'
import { incidentView } from './words/incidents.ts'

type Told = Pick<OwedMessage, 'userId' | 'key' | 'payload' | 'messageRef' | 'heldUntil'>

const incidentSchema = z.object({ incidentId: z.string() })
const nightSchema = z.object({ chatId: z.number(), until: z.coerce.date() })
const digestSchema = z.object({ since: z.coerce.date(), until: z.coerce.date() })
const placeSchema = z.object({ instanceIds: z.array(z.string()), title: z.string(), provider: z.string(), why: z.string() })

/** An incident as it stands. Null when it came and went while nobody was to be told. */
export async function incidentNews(db: Db, row: Told, timeZone: string | null): Promise<View | null> {
  const incident = await incidentById(db, incidentSchema.parse(row.payload).incidentId)
  const instance = incident === null ? null : await instanceById(db, incident.instanceId)
  if (incident === null || instance === null) return null
  const { kind, count, detail, openedAt, updatedAt, closedAt } = incident
  // A deployment that failed is no less undone for having been cleaned up.
  const passed = kind !== 'deploy-failed' && closedAt !== null && row.heldUntil !== null && closedAt < row.heldUntil
  if (row.messageRef === null && passed) return null
  const { id, name, plan, observedRegion, region, destroyedAt } = instance
  const { snoozedUntil } = await alertSettingsOf(db, id)
  return incidentView({
    key: row.key,
    kind,
    count,
    timesThisWeek: await timesThisWeek(db, incident),
    detail,
    openedAt,
    updatedAt,
    closedAt,
    snoozedUntil,
    instance: { id, name, plan, region: observedRegion ?? region, gone: destroyedAt !== null },
    timeZone,
  })
}

/** What was over before the quiet hours were. Whoever has a digest finds it there. */
export async function nightNews(db: Db, row: Told, timeZone: string | null): Promise<View | null> {
  const { chatId, until } = nightSchema.parse(row.payload)
  const { digestAt } = await alertHoursOf(db, row.userId)
  if (digestAt !== null) return null
  const past = await nightIncidents(db, { userId: row.userId, chatId, until })
  return past.length === 0 ? null : { ...nightView(past, timeZone), key: row.key }
}

/** The digest of a day. Null for whoever has no assistant. */
export async function digestNews(db: Db, row: Told, timeZone: string | null): Promise<View | null> {
  const span = digestSchema.parse(row.payload)
  const entries = await digestOf(db, { userId: row.userId, ...span })
  if (entries.length === 0) return null
  const { quiet, timeZone: zone } = await alertHoursOf(db, row.userId)
  const wasQuiet = (at: Date): boolean => quiet !== null && quietUntil(quiet, zone, at) !== null
  const lines = entries.map(({ instance, restarts, incidents }) => ({
    name: instance.name,
    id: instance.id,
    status: statusOfRow(instance),
    restarts,
    incidents: incidents.map((one) => ({ ...one, night: !one.told && one.closedAt !== null && wasQuiet(one.openedAt) })),
  }))
  return { ...digestView(lines, { ...span, timeZone }), key: row.key }
}

/** A place that alerts went to cannot be reached. */
export async function placeLostNews(db: Db, row: Told): Promise<View | null> {
  const { instanceIds, title, provider, why } = placeSchema.parse(row.payload)
  const rows = await Promise.all(instanceIds.map((id) => instanceById(db, id)))
  const present = rows.flatMap((one) => (one === null || one.destroyedAt !== null ? [] : [{ id: one.id, name: one.name }]))
  return present.length === 0 ? null : { ...placeLostView({ instances: present, title, provider, why }), key: row.key }
}
