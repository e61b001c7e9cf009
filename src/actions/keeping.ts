// Rename and destroy.
import { z } from 'zod'
import { actingIdentity } from '../db/accounts.ts'
import { endApprovalsOf, openApproval, tellApprovalsOf, wishesOfLastDay } from '../db/approvals.ts'
import { addEvent } from '../db/events.ts'
import { activeInstances, renameInstance, requestChange } from '../db/instances.ts'
import { endSharesOf, type Share } from '../db/shares.ts'
import { nameProblem, suggestName } from '../domain/instance-name.ts'
import { ok, type Result } from '../domain/refusal.ts'
import { assert } from '../lib/errors.ts'
import type { Accepted, ChangeAction, ChangeContext } from './action.ts'
import { findInstance, type FoundInstance } from './find-instance.ts'
import { summaryOf } from './summary.ts'

/** How often a day others may ask an owner to destroy the same instance. */
const WISHES_PER_DAY_MAX = 5

const renameInput = z.object({ instance: z.string().max(200).optional(), name: z.string().max(200) })

export const rename: ChangeAction<typeof renameInput, Accepted> = {
  name: 'rename',
  summary: 'Give an assistant another name',
  words: ['instance', 'name'],
  input: renameInput,
  scope: 'operate',
  confirm: 'none',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const { actor, db: tx } = context
    const row = found.value
    if (row.deleteRequestedAt !== null) return { ok: false, reason: 'being-destroyed', name: row.name }
    const name = wanted.name.trim()
    const taken = (await activeInstances(tx, actor.userId)).filter((one) => one.id !== row.id).map((one) => one.name)
    const problem = nameProblem(name, taken)
    if (problem !== null) return { ok: false, reason: 'name', problem }
    if (!(await renameInstance(tx, row.id, name)))
      return { ok: false, reason: 'name', problem: { kind: 'taken', suggestion: suggestName(name, [...taken, name]) } }
    if (name !== row.name) {
      await addEvent(tx, { instanceId: row.id, operationId: null, kind: 'renamed', detail: { from: row.name, to: name } })
      await tellApprovalsOf(tx, row.id)
    }
    return ok({ instance: summaryOf({ ...row, name }), operationId: null })
  },
}

const destroyInput = z.object({ instance: z.string().max(200).optional(), confirm: z.string().max(200) })

/** `approval` is the wish that waits for the owner, when it was somebody else who asked. */
export type Destroyed = Accepted & { approval: string | null }

/** Destroys an instance for its owner. Whoever may operate it from a shared place asks the owner with it, and nothing is destroyed before that one agrees. */
export const destroy: ChangeAction<typeof destroyInput, Destroyed> = {
  name: 'destroy',
  summary: 'Delete an assistant and everything it knows',
  words: ['instance'],
  input: destroyInput,
  scope: 'destroy',
  shared: 'operate',
  confirm: 'type-name',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const { actor, db: tx } = context
    const row = found.value
    if (row.deleteRequestedAt !== null) return { ok: false, reason: 'being-destroyed', name: row.name }
    if (wanted.confirm.trim().toLowerCase() !== row.name) return { ok: false, reason: 'name-mismatch', name: row.name }
    if (row.access.standing !== 'owner') return askOwner(context, row)
    await endApprovalsOf(tx, { instanceId: row.id }, 'approved')
    await endSharesOf(tx, row.id)
    const chat = { provider: actor.provider, address: actor.chat }
    const job = await requestChange(tx, row.id, { kind: 'destroy', set: { delete: true }, chat, cause: 'owner' })
    if (job === null) return { ok: false, reason: 'being-destroyed', name: row.name }
    return ok({ instance: summaryOf(job.row), operationId: job.operationId, approval: null })
  },
}

async function askOwner({ db: tx, actor, trail }: ChangeContext, row: FoundInstance): Promise<Result<Destroyed>> {
  const asker = await actingIdentity(tx, actor)
  if (asker === null) return { ok: false, reason: 'account-changed' }
  if ((await wishesOfLastDay(tx, row.id)) >= WISHES_PER_DAY_MAX)
    return { ok: false, reason: 'approvals-limit', name: row.name, limit: WISHES_PER_DAY_MAX }
  const approval = await openApproval(tx, { instanceId: row.id, askedBy: asker.ref, ...placeOf(row.access.share), answerChat: actor.chat })
  if (approval === null) return { ok: false, reason: 'approval-waits', name: row.name }
  Object.assign(trail, { outcome: 'asked', detail: { approval } })
  return ok({ instance: summaryOf(row, row.access), operationId: null, approval })
}

function placeOf(share: Share | null): Pick<Parameters<typeof openApproval>[1], 'provider' | 'room'> {
  assert(share !== null, 'whoever is not the owner reaches an instance through a share')
  const { provider, room, kind, title } = share
  return { provider, room: { id: room, kind, title } }
}
