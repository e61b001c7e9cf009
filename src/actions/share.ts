// Sharing an instance with the people of a group, channel or server: only its owner does it, from within the place, and ends it from anywhere.
import { z } from 'zod'
import { actingIdentity } from '../db/accounts.ts'
import { endApprovalsOf } from '../db/approvals.ts'
import { endShare, putShare, sharesOf, type Share } from '../db/shares.ts'
import type { Db, Tx } from '../db/connect.ts'
import { ok, type Result } from '../domain/refusal.ts'
import { roles, roomKinds } from '../domain/sharing.ts'
import type { ChangeAction, InstanceSummary, ReadAction } from './action.ts'
import { findInstance, type FoundInstance } from './find-instance.ts'
import { summaryOf } from './summary.ts'

const TITLE_CHARS_MAX = 128
const instance = z.string().max(200).optional()
const room = z.object({
  id: z.string().min(1).max(200),
  kind: z.enum(roomKinds),
  title: z.string().transform((title) => title.slice(0, TITLE_CHARS_MAX)),
})
const input = z.union([z.object({ instance, room, role: z.enum(roles) }), z.object({ instance, end: z.string().max(20) })])

/** An instance, and all that it is shared with. */
export type Sharing = { instance: InstanceSummary; shares: Share[] }

/** Lets the people of a place see or operate an instance; with `end`, no longer. */
export const share: ChangeAction<typeof input, Sharing> = {
  name: 'share',
  summary: 'Let a group see or operate an assistant',
  words: ['instance'],
  input,
  scope: 'operate',
  reveals: true,
  confirm: 'tap',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const { actor, db: tx, trail } = context
    const row = found.value
    if (row.deleteRequestedAt !== null) return { ok: false, reason: 'being-destroyed', name: row.name }
    if ('end' in wanted) {
      const ended = (await sharesOf(tx, row.id)).find((one) => one.id === wanted.end)
      if (ended === undefined) return { ok: false, reason: 'unknown-share' }
      trail.room = ended.room
      // Wishes first: whoever answers one takes them in this order, too.
      await endApprovalsOf(tx, { instanceId: row.id, from: ended }, 'withdrawn')
      await endShare(tx, { instanceId: row.id, id: ended.id })
      return sharingOf(tx, row)
    }
    // Only the platform knows who is where: a place that this did not come from cannot be shared with.
    if (actor.rooms?.includes(wanted.room.id) !== true) return { ok: false, reason: 'not-in-room' }
    trail.room = wanted.room.id
    const { provider } = actor
    if (wanted.role === 'see') await endApprovalsOf(tx, { instanceId: row.id, from: { provider, room: wanted.room.id } }, 'withdrawn')
    const grantedBy = (await actingIdentity(tx, actor))?.ref ?? null
    await putShare(tx, { instanceId: row.id, provider, room: wanted.room, role: wanted.role, grantedBy })
    return sharingOf(tx, row)
  },
}

const lookInput = z.object({ instance })

/** What an instance is shared with. */
export const shares: ReadAction<typeof lookInput, Sharing> = {
  name: 'shares',
  summary: 'Where an assistant is shared',
  words: ['instance'],
  hidden: true,
  input: lookInput,
  scope: 'read',
  reveals: true,
  confirm: 'none',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    return found.ok ? sharingOf(context.db, found.value) : found
  },
}

async function sharingOf(db: Db | Tx, row: FoundInstance): Promise<Result<Sharing>> {
  return ok({ instance: summaryOf(row, row.access), shares: await sharesOf(db, row.id) })
}
