import { z } from 'zod'
import type { InstanceRow } from '../db/instances.ts'
import { ok, type Result } from '../domain/refusal.ts'
import type { ChangeAction, InstanceSummary, ReadAction, Waiting } from './action.ts'
import { findInstance } from './find-instance.ts'
import { summaryOf } from './summary.ts'

const one = z.object({ instance: z.string().max(200).optional() })
const decided = z.object({
  instance: z.string().max(200).optional(),
  channel: z.string().max(40),
  accountId: z.string().max(100),
  requestId: z.string().max(200),
  decision: z.enum(['approve', 'dismiss']),
})

/** Who wrote to the instance and waits to be let in. */
export const pairing: ReadAction<typeof one, { instance: InstanceSummary; waiting: Waiting[] }> = {
  name: 'pairing',
  summary: 'Who wants to write to an assistant',
  words: ['instance'],
  input: one,
  scope: 'read',
  confirm: 'none',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const reached = awake(found.value)
    if (!reached.ok) return reached
    const waiting = await context.guests.list(found.value)
    return waiting === null
      ? { ok: false, reason: 'gateway-silent', name: found.value.name }
      : ok({ instance: summaryOf(found.value, found.value.access), waiting })
  },
}

/** Lets somebody write to the instance, or turns them away. The gateway itself does it, before anything is written here: twice does no harm. */
export const admit: ChangeAction<typeof decided, { instance: InstanceSummary }, null> = {
  name: 'admit',
  summary: 'Let somebody write to an assistant',
  words: ['instance'],
  input: decided,
  scope: 'operate',
  confirm: 'tap',
  hidden: true,
  async prepare(context, { instance, decision, ...request }) {
    const found = await findInstance(context, instance)
    if (!found.ok) return found
    const reached = awake(found.value)
    if (!reached.ok) return reached
    const done = await context.guests.decide(found.value, request, decision)
    if (done === null) return { ok: false, reason: 'gateway-silent', name: found.value.name }
    return done === 'gone' ? { ok: false, reason: 'guest-gone', name: found.value.name } : ok(null)
  },
  async run(context, { instance }) {
    const found = await findInstance(context, instance)
    return found.ok ? ok({ instance: summaryOf(found.value, found.value.access) }) : found
  },
}

function awake(row: InstanceRow): Result<null> {
  return row.power === 'off' ? { ok: false, reason: 'not-running', name: row.name } : ok(null)
}
