// What Slack's answers mean for a message of ours. Whatever is not named here is a failure that passes, and is thrown.
import { webApi } from '@slack/bolt'
import type { Delivery } from '../core/face.ts'

/** docs.slack.dev/reference/methods/chat.postMessage, conversations.open: the person, or the whole workspace, is out of reach. */
const OUT_OF_REACH = new Set([
  'channel_not_found',
  'user_not_found',
  'users_not_found',
  'user_disabled',
  'user_not_visible',
  'cannot_dm_bot',
  'messages_tab_disabled',
  'is_archived',
  'not_in_channel',
  'restricted_action',
  'team_not_found',
  'team_access_not_granted',
  'account_inactive',
  'token_revoked',
  'token_expired',
])
const GONE = new Set(['message_not_found', 'cant_update_message', 'edit_window_closed'])
/** Slack names a time with nearly every refusal; when it does not, this is its usual one. */
const PAUSE_MS = 1_000

/** The stable code of a refusal by Slack, or null when it was something else that failed. */
export function platformError(error: unknown): string | null {
  return error instanceof webApi.WebAPIPlatformError ? error.data.error : null
}

/** What an error of a call means for the message, or the error again. */
export function deliveryOf(error: unknown): Delivery {
  if (error instanceof webApi.WebAPIRateLimitedError) return { kind: 'retry-after', ms: error.retryAfter * 1_000 }
  const code = platformError(error)
  if (code === 'ratelimited' || code === 'rate_limited') return { kind: 'retry-after', ms: PAUSE_MS }
  if (code !== null && GONE.has(code)) return { kind: 'message-gone' }
  if (code !== null && OUT_OF_REACH.has(code)) return { kind: 'undeliverable', why: `Slack says ${code}` }
  throw error
}

/** Runs the calls that show a message, and says what became of it. */
export async function delivered(work: () => Promise<Delivery>): Promise<Delivery> {
  try {
    return await work()
  } catch (error) {
    return deliveryOf(error)
  }
}

/** What Slack answered at a response_url: it works five times within 30 minutes. `null`: it does no more. */
export async function respondTo(url: string, body: Record<string, unknown>): Promise<Delivery | null> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(RESPOND_TIMEOUT_MS),
  })
  await answer.body?.cancel()
  if (answer.ok) return { kind: 'sent', ref: EPHEMERAL_REF }
  if (answer.status === 429) return { kind: 'retry-after', ms: Number(answer.headers.get('retry-after') ?? 1) * 1_000 }
  if (answer.status === 404 || answer.status === 410 || answer.status === 403) return null
  throw new Error(`Slack answered ${answer.status} to a private reply`)
}

const RESPOND_TIMEOUT_MS = 10_000
/** Slack does not tell what a private reply is called; the next press on it brings its own response_url. */
export const EPHEMERAL_REF = 'ephemeral'
