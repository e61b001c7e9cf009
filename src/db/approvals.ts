// What somebody in a shared place wants and only the owner may allow. A wish is open until the owner answers, a day is over, or the share that it
// rests on ends; each end is told to both sides in the transaction that makes it true. Whoever ends one locks the wish first, then the instance.
import { and, eq, gt, inArray, lt, lte, sql, type SQL } from 'drizzle-orm'
import { z } from 'zod'
import { roomKinds, type RoomKind } from '../domain/sharing.ts'
import { randomId } from '../lib/random.ts'
import type { Db, Tx } from './connect.ts'
import type { InstanceRow } from './instances.ts'
import { announce } from './outbox.ts'
import { approvals, identities, instances } from './schema.ts'

const states = ['open', 'approved', 'declined', 'withdrawn', 'expired'] as const
export type ApprovalState = (typeof states)[number]
export type Approval = {
  id: string
  instance: InstanceRow
  asker: { ref: string; userId: string; displayName: string }
  provider: string
  room: string
  kind: RoomKind
  title: string
  answerChat: string
  state: ApprovalState
  /** Its time is over, whether or not that was written down. */
  late: boolean
}

const stateSchema = z.enum(states)
const kindSchema = z.enum(roomKinds)
/** A day: long enough for an owner who sleeps, short enough that nobody is surprised by an old wish. */
const HOURS = 24

/** Keeps a wish and asks the owner for it; the wish's id, or null when one like it is open already. */
export async function openApproval(
  tx: Tx,
  wish: { instanceId: string; askedBy: string; provider: string; room: { id: string; kind: RoomKind; title: string }; answerChat: string },
): Promise<string | null> {
  const { instanceId, askedBy, provider, room, answerChat } = wish
  // One whose time is over must not stand in the way of the next.
  await expireWhere(tx, eq(approvals.instanceId, instanceId))
  const place = { provider, room: room.id, roomKind: room.kind, roomTitle: room.title }
  const [made] = await tx
    .insert(approvals)
    .values({
      id: randomId(12),
      instanceId,
      action: 'destroy',
      askedBy,
      ...place,
      answerChat,
      expiresAt: sql`now() + ${HOURS} * interval '1 hour'`,
    })
    .onConflictDoNothing()
    .returning({ id: approvals.id })
  if (made === undefined) return null
  await tellBoth(tx, [made.id])
  return made.id
}

/** How many wishes for an instance came in the last day. */
export async function wishesOfLastDay(tx: Tx, instanceId: string): Promise<number> {
  return tx.$count(approvals, and(eq(approvals.instanceId, instanceId), gt(approvals.createdAt, sql`now() - interval '1 day'`)))
}

/** A wish as it stands; null when there is none, or its asker is no longer there. */
export async function approvalById(db: Db | Tx, id: string): Promise<Approval | null> {
  const [row] = await db
    .select({ approval: approvals, late: sql<boolean>`${approvals.expiresAt} <= now()`, instance: instances, asker: identities })
    .from(approvals)
    .innerJoin(instances, eq(instances.id, approvals.instanceId))
    .innerJoin(identities, eq(identities.ref, approvals.askedBy))
    .where(eq(approvals.id, id))
  if (row === undefined) return null
  const { approval, late, instance, asker } = row
  const { provider, room, roomTitle, answerChat } = approval
  return {
    id,
    instance,
    asker: { ref: asker.ref, userId: asker.userId, displayName: asker.displayName },
    provider,
    room,
    kind: kindSchema.parse(approval.roomKind),
    title: roomTitle,
    answerChat,
    state: stateSchema.parse(approval.state),
    late,
  }
}

/** As approvalById(), and nobody else answers it until the transaction ends. */
export async function lockApproval(tx: Tx, id: string): Promise<Approval | null> {
  await tx.select({ id: approvals.id }).from(approvals).where(eq(approvals.id, id)).for('update')
  return approvalById(tx, id)
}

/** Ends a wish. */
export async function endApproval(tx: Tx, id: string, state: Exclude<ApprovalState, 'open'>): Promise<void> {
  await endWhere(tx, eq(approvals.id, id), state)
}

/** Ends what is still wished for an instance; `from` limits it to what was wished in one place. */
export async function endApprovalsOf(
  tx: Tx,
  of: { instanceId: string; from?: { provider: string; room: string } },
  state: Exclude<ApprovalState, 'open'>,
): Promise<void> {
  const { instanceId, from } = of
  const place = from === undefined ? undefined : and(eq(approvals.provider, from.provider), eq(approvals.room, from.room))
  await endWhere(tx, and(eq(approvals.instanceId, instanceId), place), state)
}

/** Says once more what is wished for an instance, because it looks different now. */
export async function tellApprovalsOf(tx: Tx, instanceId: string): Promise<void> {
  const open = await tx
    .select({ id: approvals.id })
    .from(approvals)
    .where(and(eq(approvals.instanceId, instanceId), eq(approvals.state, 'open')))
  await tellBoth(
    tx,
    open.map((one) => one.id),
  )
}

/** Ends the wishes whose time is over, and forgets those that ended long ago. */
export async function expireApprovals(db: Db): Promise<void> {
  await db.transaction(async (tx) => {
    await expireWhere(tx, undefined)
    await tx.delete(approvals).where(lt(approvals.expiresAt, sql`now() - interval '30 days'`))
  })
}

function expireWhere(tx: Tx, where: SQL | undefined): Promise<void> {
  return endWhere(tx, and(where, lte(approvals.expiresAt, sql`now()`)), 'expired')
}

async function endWhere(tx: Tx, where: SQL | undefined, state: ApprovalState): Promise<void> {
  const ended = await tx
    .update(approvals)
    .set({ state })
    .where(and(where, eq(approvals.state, 'open')))
    .returning({ id: approvals.id })
  await tellBoth(
    tx,
    ended.map((one) => one.id),
  )
}

/** Owes the owner the newest state of the question, and the asker the answer once there is one. */
async function tellBoth(tx: Tx, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return
  const rows = await tx
    .select({ approval: approvals, ownerId: instances.userId, askerId: identities.userId })
    .from(approvals)
    .innerJoin(instances, eq(instances.id, approvals.instanceId))
    .innerJoin(identities, eq(identities.ref, approvals.askedBy))
    .where(inArray(approvals.id, [...ids]))
  for (const { approval, ownerId, askerId } of rows) {
    const { id, provider, answerChat } = approval
    await announce(tx, { userId: ownerId, key: `approval:${id}`, template: 'approval', payload: { approvalId: id } })
    if (approval.state === 'open') continue
    const answer = { key: `approval:${id}:answer`, template: 'approval-answer', payload: { approvalId: id } }
    await announce(tx, { userId: askerId, chat: { provider, address: answerChat }, ...answer })
  }
}
