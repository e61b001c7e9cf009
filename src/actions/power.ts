// Start, stop and restart: three ways of wanting the same machine differently.
import { z } from 'zod'
import { lockInstance, requestChange, type DesiredChange, type InstanceRow } from '../db/instances.ts'
import type { Result } from '../domain/refusal.ts'
import type { OperationKind } from '../domain/status.ts'
import type { Accepted, ChangeAction, ChangeContext } from './action.ts'
import { findInstance, type FoundInstance } from './find-instance.ts'
import { newsChatOf } from './news-chat.ts'
import { whileUpgraded } from './not-now.ts'
import { summaryOf } from './summary.ts'

const input = z.object({ instance: z.string().max(200).optional() })
type PowerKind = Extract<OperationKind, 'start' | 'stop' | 'restart'>

const underWay: Readonly<Record<PowerKind, string>> = { start: 'starting', stop: 'stopping', restart: 'restarting' }

async function change(context: ChangeContext, row: FoundInstance, kind: PowerKind, set: DesiredChange): Promise<Result<Accepted>> {
  const { actor, db: tx } = context
  const job = await requestChange(tx, row.id, { kind, set, ...newsChatOf(actor, row) })
  if (job === null) return { ok: false, reason: 'being-destroyed', name: row.name }
  return { ok: true, value: { instance: summaryOf(job.row, row.access), operationId: job.operationId } }
}

function power(options: {
  name: PowerKind
  summary: string
  set: DesiredChange
  refuse: (row: InstanceRow) => Result<never> | null
}): ChangeAction<typeof input, Accepted> {
  return {
    name: options.name,
    summary: options.summary,
    words: ['instance'],
    input,
    scope: 'operate',
    shared: 'operate',
    confirm: 'none',
    async run(context, wanted) {
      const found = await findInstance(context, wanted.instance)
      if (!found.ok) return found
      // Of two people who press the same button at once, the second sees what the first has done.
      const row = { ...found.value, ...(await lockInstance(context.db, found.value.id)) }
      if (row.deleteRequestedAt !== null) return { ok: false, reason: 'being-destroyed', name: row.name }
      // A new assistant first becomes live; stopping it half-made would only make it slower.
      if (row.operationKind === 'deploy' && row.liveAt === null && options.name !== 'stop') return { ok: false, reason: 'busy', state: 'deploying' }
      // What is under way is not begun anew: one wish is one job, however often it is pressed.
      if (row.operationKind === options.name && row.blocked === null) return { ok: false, reason: 'busy', state: underWay[options.name] }
      return options.refuse(row) ?? (await whileUpgraded(context.db, row)) ?? change(context, row, options.name, options.set)
    },
  }
}

export const start = power({
  name: 'start',
  summary: 'Start a stopped assistant',
  set: { power: 'on' },
  refuse: (row) => (row.power === 'on' && row.healthy && row.operationId === null ? { ok: false, reason: 'already', state: 'running' } : null),
})

export const stop = power({
  name: 'stop',
  summary: 'Stop an assistant and keep its data',
  set: { power: 'off' },
  refuse: (row) => (row.power === 'off' && row.operationId === null ? { ok: false, reason: 'already', state: 'stopped' } : null),
})

export const restart = power({
  name: 'restart',
  summary: 'Restart an assistant',
  set: { power: 'on', restart: true },
  refuse: () => null,
})
