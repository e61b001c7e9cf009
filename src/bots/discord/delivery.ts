// What became of a call, in the core's words. Discord's error objects carry the whole request, texts and tokens included, so that none of them
// leaves this file.
import { DiscordAPIError, HTTPError, RateLimitError, RESTJSONErrorCodes } from 'discord.js'
import { z } from 'zod'
import { ConchError, messageOf } from '../../lib/errors.ts'
import type { Delivery } from '../core/face.ts'

const messageSchema = z.object({ id: z.string(), channel_id: z.string() })

/** The person closed their messages to us, shares no server with us any more, or is gone. */
const UNREACHABLE: ReadonlySet<number | string> = new Set([
  RESTJSONErrorCodes.CannotSendMessagesToThisUser,
  RESTJSONErrorCodes.CannotSendMessagesToThisUserDueToHavingNoMutualGuilds,
  RESTJSONErrorCodes.UnknownUser,
  RESTJSONErrorCodes.UnknownChannel,
  RESTJSONErrorCodes.MissingAccess,
  RESTJSONErrorCodes.MissingPermissions,
])
const GONE: ReadonlySet<number | string> = new Set([RESTJSONErrorCodes.UnknownMessage, RESTJSONErrorCodes.CannotEditMessageAuthoredByAnotherUser])
/** A reply's token lives for 15 minutes. */
const EXPIRED: ReadonlySet<number | string> = new Set([
  RESTJSONErrorCodes.UnknownWebhook,
  RESTJSONErrorCodes.InvalidWebhookToken,
  RESTJSONErrorCodes.UnknownInteraction,
])
/** Discord names no time for these: direct messages opened too fast, and an old message edited too often. */
const SLOW_DOWN: ReadonlySet<number | string> = new Set([
  RESTJSONErrorCodes.OpeningDirectMessagesTooFast,
  RESTJSONErrorCodes.MaximumNumberOfEditsToMessagesOlderThanOneHourReached,
])
const SLOW_DOWN_MS = 60_000

/** Waits for a call that shows a message. What will not pass by itself is an answer; everything else throws. */
export async function deliveryOf(call: Promise<unknown>): Promise<Delivery | { kind: 'expired' }> {
  try {
    const message = messageSchema.parse(await call)
    return { kind: 'sent', ref: refOf({ channel: message.channel_id, message: message.id }) }
  } catch (error) {
    if (error instanceof RateLimitError) return { kind: 'retry-after', ms: Math.max(error.timeToReset, 1) }
    if (!(error instanceof DiscordAPIError)) throw cleaned(error)
    if (UNREACHABLE.has(error.code)) return { kind: 'undeliverable', why: `Discord says: ${error.message} (${error.code})` }
    if (GONE.has(error.code)) return { kind: 'message-gone' }
    if (EXPIRED.has(error.code)) return { kind: 'expired' }
    if (SLOW_DOWN.has(error.code)) return { kind: 'retry-after', ms: SLOW_DOWN_MS }
    throw cleaned(error)
  }
}

/** An error that may be logged: what Discord said about the call, without the call. */
export function cleaned(error: unknown): ConchError {
  if (error instanceof ConchError) return error
  if (error instanceof DiscordAPIError) return new ConchError('discord.refused', `Discord refused a call: ${error.message} (${error.code})`)
  if (error instanceof HTTPError) return new ConchError('discord.unavailable', `Discord answered ${error.status}`)
  if (error instanceof RateLimitError) return new ConchError('discord.rate-limit', `Discord wants a pause of ${error.timeToReset} ms`)
  return new ConchError('discord.failed', `Discord could not be asked: ${messageOf(error)}`)
}

/** Discord's own code for what went wrong, or null. */
export function codeOf(error: unknown): number | string | null {
  return error instanceof DiscordAPIError ? error.code : null
}

/** Where a message is, in one word. */
export function refOf(at: { channel: string; message: string }): string {
  return `${at.channel}/${at.message}`
}

/** The place that a reference names. */
export function placeOfRef(ref: string): { channel: string; message: string } {
  const [channel = '', message = ''] = ref.split('/')
  return { channel, message }
}
