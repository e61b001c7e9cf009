// Actions that only read.
import { z } from 'zod'
import { lastBackupAt } from '../db/backups.ts'
import { recentEvents } from '../db/events.ts'
import { healthOf } from '../db/health.ts'
import { openIncidents } from '../db/incidents.ts'
import { secretsOf } from '../db/secret-names.ts'
import { sharesOf } from '../db/shares.ts'
import { ok } from '../domain/refusal.ts'
import { planOf } from '../db/users.ts'
import { planIdSchema, plans, type Plan } from '../domain/plans.ts'
import type { InstanceDetail, InstanceSummary, ReadAction } from './action.ts'
import { findInstance, reachable } from './find-instance.ts'
import { summaryOf } from './summary.ts'

const none = z.object({})
const one = z.object({ instance: z.string().max(200).optional() })
const EVENTS_SHOWN = 8

/** `instances` are the person's own; `shared` are somebody else's that are shared with the place where they ask. */
export const instances: ReadAction<typeof none, { instances: InstanceSummary[]; shared: InstanceSummary[]; plan: Plan }> = {
  name: 'instances',
  summary: 'List your assistants',
  words: [],
  input: none,
  scope: 'read',
  shared: 'see',
  confirm: 'none',
  async run(context) {
    const rows = await reachable(context)
    const own = rows.filter((row) => row.access.standing === 'owner')
    const shared = rows.filter((row) => !own.includes(row))
    const plan = plans[await planOf(context.db, context.actor.userId)]
    const summaries = (list: typeof rows): InstanceSummary[] => list.map((row) => summaryOf(row, row.access))
    return ok({ instances: summaries(own), shared: summaries(shared), plan })
  },
}

export const status: ReadAction<typeof one, InstanceDetail> = {
  name: 'status',
  summary: 'How an assistant is doing',
  words: ['instance'],
  input: one,
  scope: 'read',
  shared: 'see',
  confirm: 'none',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const { db } = context
    const row = found.value
    // What is the owner's alone stays with them: who else may look, and the ends of keys.
    const theirs = row.access.audience === 'owner'
    const [health, secrets, events, incidents] = [
      await healthOf(db, row.id),
      await secretsOf(db, row.id),
      await recentEvents(db, row.id, EVENTS_SHOWN),
      await openIncidents(db, row.id),
    ]
    // A gateway that came back by itself has been up since then, not since the last job.
    const up = events.find((event) => event.kind === 'done' || event.kind === 'health')
    return ok({
      ...summaryOf(row, row.access),
      liveSince: row.healthy && row.power === 'on' ? (up?.at ?? row.liveAt) : null,
      health:
        health === null || health.checkedAt === null
          ? null
          : { ok: health.failures === 0, checkedAt: health.checkedAt, latencyMs: health.latencyMs, error: health.error },
      secrets: secrets.map(({ name, last4, setAt }) => ({ name, last4: theirs ? last4 : '', setAt })),
      sharedWith: theirs ? await sharesOf(db, row.id) : [],
      events: events.map(({ at, kind, detail }) => ({ at, kind, detail })),
      incidents: incidents.map(({ kind, count, openedAt }) => ({ kind, count, openedAt })),
      lastBackupAt: theirs ? await lastBackupAt(db, row.id) : null,
      volumeGb: plans[planIdSchema.parse(row.plan)].volumeGb,
    })
  },
}

const logsInput = z.object({ instance: z.string().max(200).optional(), lines: z.coerce.number().int().min(1).max(200).default(15) })

export const logs: ReadAction<typeof logsInput, Pick<InstanceSummary, 'id' | 'name' | 'audience'> & { lines: { at: string; message: string }[] }> = {
  name: 'logs',
  summary: 'Show what an assistant printed last',
  words: ['instance', 'lines'],
  input: logsInput,
  scope: 'read',
  // They may hold private words.
  shared: 'operate',
  confirm: 'none',
  async run(context, wanted) {
    // "/logs 50" with one assistant means lines, not an assistant called 50.
    const lines =
      wanted.instance !== undefined && /^\d{1,3}$/.test(wanted.instance) ? Math.min(200, Math.max(1, Number(wanted.instance))) : wanted.lines
    const found = await findInstance(context, lines === wanted.lines ? wanted.instance : undefined)
    if (!found.ok) return found
    const read = await context.logs(found.value)
    if (read === null) return { ok: false, reason: 'logs-unavailable' }
    const { id, name, access } = found.value
    return ok({ id, name, audience: access.audience, lines: read.slice(-lines) })
  },
}
