// A change of what an assistant is made of, brought about the way its state allows.
import { addEvent } from '../db/events.ts'
import { changeDesired, requestChange, type DesiredChange, type InstanceRow } from '../db/instances.ts'
import { ok, type Result } from '../domain/refusal.ts'
import type { ChangeContext } from './action.ts'
import { whileUpgraded } from './not-now.ts'

/** When a change reaches the assistant: with the job that was just opened, at its next start, or with the deployment under way. */
export type Reaches = 'now' | 'at-start' | 'on-the-way'
type Wish = { set: DesiredChange; about: Record<string, unknown>; event: 'keys' | 'config' }

/** Wants the change, and opens the job that brings it about where one is needed. */
export async function bringAbout(
  { db: tx, actor }: ChangeContext,
  row: InstanceRow,
  { set, about, event }: Wish,
): Promise<Result<{ row: InstanceRow; reaches: Reaches; operationId: string | null }>> {
  const held = await whileUpgraded(tx, row)
  if (held !== null) return held
  const going = { ok: false, reason: 'being-destroyed', name: row.name } as const
  const making = row.operationKind === 'deploy' && row.liveAt === null
  if (making || row.power === 'off') {
    const after = await changeDesired(tx, row.id, set)
    if (after === null) return going
    await addEvent(tx, { instanceId: row.id, operationId: null, kind: event, detail: about })
    return ok({ row: after, reaches: making ? 'on-the-way' : 'at-start', operationId: null })
  }
  const chat = { provider: actor.provider, address: actor.chat }
  const job = await requestChange(tx, row.id, { kind: 'update', set, chat, cause: 'owner', about })
  return job === null ? going : ok({ row: job.row, reaches: 'now', operationId: job.operationId })
}
