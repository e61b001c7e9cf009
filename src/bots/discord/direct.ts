// Direct messages, and messages in channels: where everything goes that is not the reply to an interaction. A chat's address is the person's
// id, or "channel:" and a channel's.
import { createHash } from 'node:crypto'
import { DiscordAPIError, RESTJSONErrorCodes, Routes, type REST } from 'discord.js'
import { z } from 'zod'
import type { Delivery, Face } from '../core/face.ts'
import { deliveryOf, placeOfRef } from './delivery.ts'
import { capabilities, messageOf } from './message.ts'

export const PROVIDER = 'discord'
/** Five messages in five seconds a channel is what Discord lets through. */
const PACE_MS = 1_000
/** Addresses are asked for again when they were forgotten. */
const CHANNELS_KEPT_MAX = 10_000
const CHANNEL = 'channel:'
const channelSchema = z.object({ id: z.string() })

export type Direct = Face & {
  /** Remembers the channel of a person's direct messages, which a message of theirs has shown. */
  learn(person: string, channel: string): void
}

/** The face as the notifier knows it. It needs no connection to the Gateway: any process can send. */
export function createDirect(rest: REST): Direct {
  const channels = new Map<string, string>()
  const learn = (person: string, channel: string): void => {
    if (channels.size >= CHANNELS_KEPT_MAX) channels.clear()
    channels.set(person, channel)
  }
  const channelOf = async (person: string): Promise<string> => {
    if (person.startsWith(CHANNEL)) return person.slice(CHANNEL.length)
    const known = channels.get(person)
    if (known !== undefined) return known
    const { id } = channelSchema.parse(await rest.post(Routes.userChannels(), { body: { recipient_id: person } }))
    learn(person, id)
    return id
  }
  return {
    provider: PROVIDER,
    capabilities,
    paceMs: PACE_MS,
    learn,
    send: (person, view, { idempotencyKey }) => {
      const { body, files } = messageOf(view)
      const once = { ...body, nonce: nonceOf(idempotencyKey), enforce_nonce: true }
      return settled(channelOf(person).then((channel) => rest.post(Routes.channelMessages(channel), { body: once, files })))
    },
    edit: (_person, ref, view) => {
      const { channel, message } = placeOfRef(ref)
      return settled(rest.patch(Routes.channelMessage(channel, message), messageOf(view)))
    },
    async delete(_person, ref) {
      const { channel, message } = placeOfRef(ref)
      try {
        await rest.delete(Routes.channelMessage(channel, message))
        return true
      } catch (error) {
        return error instanceof DiscordAPIError && error.code === RESTJSONErrorCodes.UnknownMessage
      }
    },
  }
}

async function settled(call: Promise<unknown>): Promise<Delivery> {
  const delivery = await deliveryOf(call)
  return delivery.kind === 'expired' ? { kind: 'undeliverable', why: 'Discord does not know the chat' } : delivery
}

/** Discord answers a nonce that it has seen in the last minutes with the message that it made then. */
function nonceOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 25)
}
