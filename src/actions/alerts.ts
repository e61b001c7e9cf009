// How an assistant's trouble is told: looked at, and changed. For its owner alone: it is about what they hear of, and when.
import { z } from 'zod'
import {
  alertHoursOf,
  alertSettingsOf,
  endSnooze,
  setAlertPlace,
  setDigest,
  setQuietHours,
  setTimeZone,
  snoozeAlerts,
  type AlertHours,
  type AlertSettings,
} from '../db/alerts.ts'
import type { Db, Tx } from '../db/connect.ts'
import { openIncidents } from '../db/incidents.ts'
import type { InstanceRow } from '../db/instances.ts'
import { isTimeZone } from '../domain/alert-hours.ts'
import { ok } from '../domain/refusal.ts'
import { assertNever } from '../lib/errors.ts'
import type { ChangeAction, ChangeContext, ReadAction } from './action.ts'
import { findInstance } from './find-instance.ts'

export type Alerts = { instance: { id: string; name: string }; openIncidents: number } & AlertSettings & AlertHours

const input = z.object({ instance: z.string().max(200).optional() })

export const alerts: ReadAction<typeof input, Alerts> = {
  name: 'alerts',
  summary: 'Where and when I tell you of trouble',
  words: ['instance', 'change'],
  input,
  scope: 'read',
  reveals: true,
  confirm: 'none',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    return found.ok ? ok(await alertsOf(context.db, found.value)) : found
  },
}

async function alertsOf(db: Db | Tx, { id, name, userId }: InstanceRow): Promise<Alerts> {
  const open = await openIncidents(db, id)
  return { instance: { id, name }, openIncidents: open.length, ...(await alertSettingsOf(db, id)), ...(await alertHoursOf(db, userId)) }
}

const minute = z
  .number()
  .int()
  .min(0)
  .max(24 * 60 - 1)
const SNOOZE_MINUTES_MAX = 7 * 24 * 60
const change = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('place'), room: z.string().max(200), address: z.string().max(200), title: z.string().max(200) }),
  z.object({ kind: z.literal('private') }),
  z.object({ kind: z.literal('snooze'), minutes: z.number().int().min(1).max(SNOOZE_MINUTES_MAX) }),
  z.object({ kind: z.literal('wake') }),
  z.object({ kind: z.literal('quiet'), from: minute, to: minute }).refine(({ from, to }) => from !== to, 'from and to are the same'),
  z.object({ kind: z.literal('no-quiet') }),
  z.object({ kind: z.literal('digest'), at: minute }),
  z.object({ kind: z.literal('no-digest') }),
  z.object({ kind: z.literal('time-zone'), zone: z.string().max(60).refine(isTimeZone, 'not a time zone') }),
])
export type AlertChange = z.output<typeof change>
const changeInput = z.object({ instance: z.string().max(200).optional(), change })

/** One change. A place is where the person asks from: nobody can have us write where they are not. */
export const setAlerts: ChangeAction<typeof changeInput, Alerts> = {
  name: 'set-alerts',
  summary: 'Change where and when I tell you of trouble',
  words: [],
  input: changeInput,
  scope: 'operate',
  reveals: true,
  confirm: 'none',
  hidden: true,
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const { actor } = context
    if (wanted.change.kind === 'place' && actor.rooms?.includes(wanted.change.room) !== true)
      return { ok: false, reason: 'bad-input', problems: ['that place is not where you are'] }
    await apply(context, found.value, wanted.change)
    return ok(await alertsOf(context.db, found.value))
  },
}

async function apply({ db: tx, actor }: ChangeContext, { id, userId }: InstanceRow, wanted: AlertChange): Promise<void> {
  const owned = { instanceId: id, userId }
  switch (wanted.kind) {
    case 'place':
      return setAlertPlace(tx, owned, { provider: actor.provider, address: wanted.address, title: wanted.title })
    case 'private':
      return setAlertPlace(tx, owned, null)
    case 'snooze':
      return void (await snoozeAlerts(tx, owned, wanted.minutes))
    case 'wake':
      return endSnooze(tx, owned)
    case 'quiet':
      return setQuietHours(tx, userId, { from: wanted.from, to: wanted.to })
    case 'no-quiet':
      return setQuietHours(tx, userId, null)
    case 'digest':
      return setDigest(tx, userId, wanted.at)
    case 'no-digest':
      return setDigest(tx, userId, null)
    case 'time-zone':
      return setTimeZone(tx, userId, wanted.zone)
    default:
      return assertNever(wanted)
  }
}
