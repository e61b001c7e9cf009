// The conversation about sharing: in a place its owner says what the people there may do, in private they see where it is shared; and the owner's
// answer to what others want. The place is always the one that the press or the words came from, never one that a button names.
import type { Sharing } from '../../actions/share.ts'
import { approvalById } from '../../db/approvals.ts'
import type { Db } from '../../db/connect.ts'
import type { Share } from '../../db/shares.ts'
import { planIdSchema, plans } from '../../domain/plans.ts'
import { roles, type Role } from '../../domain/sharing.ts'
import type { Room } from './face.ts'
import { expectJob, show, tell, type Turn } from './turn.ts'
import type { View } from './view.ts'
import { refusalView } from './words/refusals.ts'
import { approvalAnswerView, approvalView, sharedView, shareQuestion, sharesView, unsharedView } from './words/sharing.ts'

/** Answers `/share`, and the buttons of its questions: a role for a kind of place, `with` a wider place, `stop` and a share. */
export async function answerShare(turn: Turn, args: readonly string[]): Promise<void> {
  const [instance, verb, detail] = args
  const role = roles.find((one) => one === verb)
  if (instance !== undefined && role !== undefined) return share(turn, instance, { role, room: roomOfKind(turn, detail) })
  if (instance !== undefined && verb === 'stop') return stop(turn, instance, detail ?? '')
  const found = await turn.deps.actions.perform('shares', instance === undefined ? {} : { instance }, turn.actor)
  if (!found.ok) return tell(turn, refusalView(found, { action: 'share', ...(instance !== undefined && { instance }) }))
  const room = roomOfKind(turn, verb === 'with' ? detail : undefined)
  const view = room === undefined ? sharesView(found.value.instance, found.value.shares) : questionView(turn, found.value, room)
  await show(turn, view, { inPlace: verb === 'with' || verb === 'stop' })
}

/** The room of this kind that the turn came from; without a kind, or with one that it did not come from, the narrowest. */
function roomOfKind({ inbound }: Turn, kind: string | undefined): Room | undefined {
  const rooms = inbound.rooms ?? []
  return rooms.find((one) => one.kind === kind) ?? rooms[0]
}

function questionView({ inbound }: Turn, { instance, shares }: Sharing, room: Room): View {
  const rooms = inbound.rooms ?? []
  const wider = rooms[rooms.indexOf(room) + 1]?.kind ?? null
  return shareQuestion(instance, { place: room, share: shareWith(shares, room, inbound.provider), wider })
}

function shareWith(shares: readonly Share[], room: Room, provider: string): Share | null {
  return shares.find((one) => one.provider === provider && one.room === room.id) ?? null
}

async function share(turn: Turn, instance: string, { role, room }: { role: Role; room: Room | undefined }): Promise<void> {
  if (room === undefined) return tell(turn, refusalView({ reason: 'not-in-room' }, { action: 'share', instance }))
  const { id, kind, title } = room
  const shared = await turn.deps.actions.perform('share', { instance, room: { id, kind, title }, role }, turn.actor)
  if (!shared.ok) return tell(turn, refusalView(shared, { action: 'share', instance }))
  await show(turn, sharedView(shared.value.instance, role), { inPlace: true })
}

async function stop(turn: Turn, instance: string, end: string): Promise<void> {
  const ended = await turn.deps.actions.perform('share', { instance, end }, turn.actor)
  if (!ended.ok) return tell(turn, refusalView(ended, { action: 'share', instance }))
  await show(turn, unsharedView(ended.value.instance, ended.value.shares), { inPlace: true })
  turn.deps.notifierWake()
}

/** The owner's yes or no to what somebody else wants. */
export async function answerApproval(turn: Turn, [answer, request = '']: readonly string[]): Promise<void> {
  const done = await turn.deps.actions.perform('approve', { request, answer }, turn.actor)
  if (!done.ok) return void (await show(turn, refusalView(done, { action: 'approve' })))
  const view = await approvalNews(turn.deps.db, `approval:${request}`, { approvalId: request, side: 'owner' })
  if (view !== null) await show(turn, view, { inPlace: true })
  const { operationId } = done.value
  if (operationId !== null) expectJob(turn, operationId, { outcome: true })
  turn.deps.notifierWake()
}

/** A wish as one side of it sees it; null when there is nothing to say, or nobody left who wishes it. */
export async function approvalNews(db: Db, key: string, of: { approvalId: string; side: 'owner' | 'asker' }): Promise<View | null> {
  const wish = await approvalById(db, of.approvalId)
  if (wish === null) return null
  return of.side === 'owner' ? approvalView(wish, key, plans[planIdSchema.parse(wish.instance.plan)].volumeGb) : approvalAnswerView(wish, key)
}
