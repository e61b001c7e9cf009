// Strangers who wrote to somebody's assistant and wait to be let in. The gateway keeps them for an hour, and is asked each time: nothing of them is
// kept here. What it says is the word of a machine that its owner's assistant can change: parsed, bounded, and shown to that owner alone.
import { z } from 'zod'
import type { InstanceRow } from '../../db/instances.ts'
import type { Log } from '../../lib/log.ts'
import { appNameOf } from '../machine-config.ts'
import type { Gateway, GatewayReply } from './gateway.ts'

export type Guest = { requestId: string; channel: string; accountId: string; who: string; id: string; writtenAt: Date; endsAt: Date }
export type GuestRequest = Pick<Guest, 'requestId' | 'channel' | 'accountId'>
export type Guests = {
  /** Who waits, the longest first; null when the gateway does not answer. */
  list(row: InstanceRow): Promise<Guest[] | null>
  /** Lets somebody in, who is told so where they wrote, or turns them away. 'gone': they wait no more. Null: the gateway does not answer. */
  decide(row: InstanceRow, request: GuestRequest, decision: 'approve' | 'dismiss'): Promise<'done' | 'gone' | null>
}

const TIMEOUT_SECONDS = 15
const short = (max: number) => z.string().transform((text) => text.slice(0, max))
const requestSchema = z.object({
  requestId: z.string().max(200),
  channel: z.string().max(40),
  accountId: z.string().max(100),
  senderId: short(100),
  metadata: z.record(z.string(), z.unknown()).optional(),
  createdAt: z.coerce.date(),
  expiresAt: z.coerce.date(),
})
const listSchema = z.object({ requests: z.array(requestSchema).max(100) })
/** What channels call the name that a person goes by. */
const NAMES = ['name', 'displayName', 'firstName', 'username'] as const

export function createGuests({ gateway, log }: { gateway: Gateway; log: Log }): Guests {
  const ask = async (row: InstanceRow, method: string, params: Record<string, unknown>): Promise<GatewayReply | null> => {
    if (row.machineId === null) return null
    try {
      return await gateway.call(
        { app: appNameOf(row.id), machineId: row.machineId },
        { method, params, timeoutSeconds: TIMEOUT_SECONDS, socket: true },
      )
    } catch (error) {
      log.info({ instance: row.id, err: error }, 'a gateway could not be asked who waits')
      return null
    }
  }
  return {
    async list(row) {
      const reply = await ask(row, 'channels.pairing.list', {})
      const known = listSchema.safeParse(reply?.kind === 'answer' ? reply.payload : null)
      if (!known.success) return null
      return known.data.requests
        .map(({ requestId, channel, accountId, senderId, metadata, createdAt, expiresAt }) => ({
          requestId,
          channel,
          accountId,
          id: senderId,
          who: nameIn(metadata ?? {}) ?? senderId,
          writtenAt: createdAt,
          endsAt: expiresAt,
        }))
        .toSorted((a, b) => a.writtenAt.getTime() - b.writtenAt.getTime())
    },
    async decide(row, { channel, accountId, requestId }, decision) {
      const told = decision === 'approve' ? { notify: true } : {}
      const reply = await ask(row, `channels.pairing.${decision}`, { channel, accountId, requestId, ...told })
      if (reply === null) return null
      return reply.kind === 'answer' ? 'done' : 'gone'
    },
  }
}

function nameIn(metadata: Record<string, unknown>): string | null {
  for (const name of NAMES) {
    const value = metadata[name]
    if (typeof value === 'string' && value.trim() !== '') return value.trim().slice(0, 60)
  }
  return null
}
