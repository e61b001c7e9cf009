import { z } from 'zod'
import { ok } from '../domain/refusal.ts'
import type { Sealed } from '../lib/sealed.ts'
import type { ChangeAction, InstanceSummary } from './action.ts'
import { findInstance } from './find-instance.ts'
import { statusOfRow, summaryOf } from './summary.ts'

const input = z.object({ instance: z.string().max(200).optional() })

/**
 * A link to the instance's control page for its owner. Whoever opens it first, within a minute, has the owner's powers over the assistant for an
 * hour. Nothing of it is kept: it is signed, and the machine itself knows which ones were used.
 */
export const open: ChangeAction<typeof input, { instance: InstanceSummary; link: Sealed }> = {
  name: 'open',
  summary: "Open an assistant's control page",
  words: ['instance'],
  input,
  scope: 'operate',
  confirm: 'none',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const row = found.value
    const status = statusOfRow(row)
    if (status === 'stopped') return { ok: false, reason: 'not-running', name: row.name }
    // One that does not answer says why on that page.
    if (status !== 'live' && status !== 'trouble') return { ok: false, reason: 'busy', state: status }
    return ok({ instance: summaryOf(row, row.access), link: await context.settings.linkTo(row.id) })
  },
}
