import { z } from 'zod'
import { endApproval, lockApproval, type Approval } from '../db/approvals.ts'
import { requestChange } from '../db/instances.ts'
import { endSharesOf, sharesOf } from '../db/shares.ts'
import type { Tx } from '../db/connect.ts'
import { ok, type Result, type SharingRefusal } from '../domain/refusal.ts'
import type { Accepted, ChangeAction } from './action.ts'
import { summaryOf } from './summary.ts'

const input = z.object({ request: z.string().regex(/^[a-z0-9]{12}$/), answer: z.enum(['yes', 'no']) })

/** The owner's answer to what somebody else wants done with an instance. Of two answers at once the first one counts. */
export const approve: ChangeAction<typeof input, Accepted> = {
  name: 'approve',
  summary: 'Answer somebody who wants an assistant of yours destroyed',
  words: [],
  hidden: true,
  input,
  scope: 'destroy',
  confirm: 'tap',
  async run({ db: tx, actor, trail }, { request, answer }) {
    const wish = await lockApproval(tx, request)
    // Somebody else's is not told from one that never was.
    if (wish === null || wish.instance.userId !== actor.userId) return over('unknown')
    const { instance, asker, room } = wish
    Object.assign(trail, { instanceId: instance.id, room, detail: { askedBy: asker.ref } })
    if (wish.state !== 'open') return over(wish.state)
    if (wish.late) return over('expired')
    if (answer === 'no') {
      await endApproval(tx, request, 'declined')
      return ok({ instance: summaryOf(instance), operationId: null })
    }
    if (!(await stillOperates(tx, wish))) return over('withdrawn')
    await endApproval(tx, request, 'approved')
    await endSharesOf(tx, instance.id)
    const chat = { provider: actor.provider, address: actor.chat }
    const job = await requestChange(tx, instance.id, { kind: 'destroy', set: { delete: true }, chat, cause: 'owner' })
    if (job === null) return { ok: false, reason: 'being-destroyed', name: instance.name }
    return ok({ instance: summaryOf(job.row), operationId: job.operationId })
  },
}

function over(how: Extract<SharingRefusal, { reason: 'approval-over' }>['how']): Result<never> {
  return { ok: false, reason: 'approval-over', how }
}

/** A wish is worth no more than the share that let somebody have it. */
async function stillOperates(tx: Tx, { instance, provider, room }: Approval): Promise<boolean> {
  const shares = await sharesOf(tx, instance.id)
  return shares.some((one) => one.provider === provider && one.room === room && one.role === 'operate')
}
