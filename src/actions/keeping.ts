// Rename and destroy.
import { z } from 'zod'
import { addEvent } from '../db/events.ts'
import { activeInstances, renameInstance, requestChange } from '../db/instances.ts'
import { nameProblem, suggestName } from '../domain/instance-name.ts'
import { ok } from '../domain/refusal.ts'
import type { Accepted, ChangeAction } from './action.ts'
import { findInstance } from './find-instance.ts'
import { summaryOf } from './summary.ts'

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
    if (name !== row.name) await addEvent(tx, { instanceId: row.id, operationId: null, kind: 'renamed', detail: { from: row.name, to: name } })
    return ok({ instance: summaryOf({ ...row, name }), operationId: null })
  },
}

const destroyInput = z.object({ instance: z.string().max(200).optional(), confirm: z.string().max(200) })

export const destroy: ChangeAction<typeof destroyInput, Accepted> = {
  name: 'destroy',
  summary: 'Delete an assistant and everything it knows',
  words: ['instance'],
  input: destroyInput,
  scope: 'destroy',
  confirm: 'type-name',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const { actor, db: tx } = context
    const row = found.value
    if (row.deleteRequestedAt !== null) return { ok: false, reason: 'being-destroyed', name: row.name }
    if (wanted.confirm.trim().toLowerCase() !== row.name) return { ok: false, reason: 'name-mismatch', name: row.name }
    const job = await requestChange(tx, row.id, {
      kind: 'destroy',
      set: { delete: true },
      chat: { provider: actor.provider, address: actor.chat },
      cause: 'owner',
    })
    if (job === null) return { ok: false, reason: 'being-destroyed', name: row.name }
    return ok({ instance: summaryOf(job.row), operationId: job.operationId })
  },
}
