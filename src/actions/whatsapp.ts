// Links an assistant with WhatsApp, or parts them: what its owner wants. The engine in orchestrator/pairing brings it about.
import { z } from 'zod'
import { requestChange, storedOf, type Channel, type InstanceRow } from '../db/instances.ts'
import { announce, announceAgain } from '../db/outbox.ts'
import { endPairing, openPairing } from '../db/pairings.ts'
import type { Result } from '../domain/refusal.ts'
import { phoneNumberIn } from '../domain/whatsapp.ts'
import type { Accepted, ChangeAction, ChangeContext } from './action.ts'
import { findInstance } from './find-instance.ts'
import { whileUpgraded } from './not-now.ts'
import { summaryOf } from './summary.ts'

/** Fetching the plugin and starting with it takes a minute or two, on a bad day more. */
const PREPARING_MS = 15 * 60_000

const input = z.object({
  instance: z.string().max(200).optional(),
  /**
   * `pair`: from the beginning, with the number that is chosen. `again`: a new code, in the message of the last one. `relink`: another phone
   * instead of the one that is linked. `cancel`: no code any more. `unlink`: no WhatsApp any more.
   */
  what: z.enum(['pair', 'again', 'relink', 'cancel', 'unlink']),
  /** With `pair`: the number that the owner writes from, where the assistant has one of its own; without it, they share the owner's. */
  from: z.string().max(40).optional(),
})
type Input = z.output<typeof input>

/** An operationId only where a job of its own tells how it goes: a pairing tells that itself. */
export const whatsapp: ChangeAction<typeof input, Accepted> = {
  name: 'whatsapp',
  summary: 'Link an assistant with WhatsApp',
  words: ['instance'],
  input,
  scope: 'operate',
  confirm: 'none',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const row = found.value
    if (row.deleteRequestedAt !== null) return { ok: false, reason: 'being-destroyed', name: row.name }
    switch (wanted.what) {
      case 'cancel':
        return cancel(context, row)
      case 'unlink':
        return unlink(context, row)
      default:
        return pair(context, row, wanted)
    }
  },
}

async function pair(context: ChangeContext, row: InstanceRow, { what, from }: Input): Promise<Result<Accepted>> {
  const { db: tx, actor } = context
  if (row.power === 'off') return { ok: false, reason: 'not-running', name: row.name }
  if (row.operationKind === 'deploy' && row.liveAt === null) return { ok: false, reason: 'busy', state: 'deploying' }
  const number = from === undefined ? null : phoneNumberIn(from)
  if (from !== undefined && number === null) return { ok: false, reason: 'phone-number' }
  const { channels } = storedOf(row)
  const current = channels.find((one) => one.id === 'whatsapp')
  const channel: Channel = what === 'pair' || current === undefined ? { id: 'whatsapp', owners: number === null ? [] : [number] } : current
  if (JSON.stringify(channel) !== JSON.stringify(current)) {
    if (row.operationKind !== null) return { ok: false, reason: 'busy', state: summaryOf(row).status }
    const held = await whileUpgraded(tx, row)
    if (held !== null) return held
    const set = { channels: [...channels.filter((one) => one.id !== 'whatsapp'), channel] }
    const job = await requestChange(tx, row.id, { kind: 'update', set, chat: null, cause: 'owner' })
    if (job === null) return { ok: false, reason: 'being-destroyed', name: row.name }
  }
  const wanted = { instanceId: row.id, force: what === 'relink', sameMessage: what !== 'pair', patienceMs: PREPARING_MS }
  const { key, replaced } = await openPairing(tx, wanted)
  if (replaced !== null) await announceAgain(tx, replaced)
  const chat = { provider: actor.provider, address: actor.chat }
  await announce(tx, { userId: row.userId, chat, key, template: 'pairing', payload: { instanceId: row.id } })
  return { ok: true, value: { instance: summaryOf(row), operationId: null } }
}

async function cancel({ db: tx }: ChangeContext, row: InstanceRow): Promise<Result<Accepted>> {
  const key = await endPairing(tx, row.id, 'cancelled')
  if (key !== null) await announceAgain(tx, key)
  return { ok: true, value: { instance: summaryOf(row), operationId: null } }
}

async function unlink(context: ChangeContext, row: InstanceRow): Promise<Result<Accepted>> {
  const { db: tx, actor } = context
  await cancel(context, row)
  const channels = storedOf(row).channels.filter((one) => one.id !== 'whatsapp')
  if (channels.length === storedOf(row).channels.length) return { ok: true, value: { instance: summaryOf(row), operationId: null } }
  if (row.operationKind !== null) return { ok: false, reason: 'busy', state: summaryOf(row).status }
  const held = await whileUpgraded(tx, row)
  if (held !== null) return held
  const chat = { provider: actor.provider, address: actor.chat }
  const job = await requestChange(tx, row.id, { kind: 'update', set: { channels }, chat, cause: 'owner' })
  if (job === null) return { ok: false, reason: 'being-destroyed', name: row.name }
  return { ok: true, value: { instance: summaryOf(job.row), operationId: job.operationId } }
}
