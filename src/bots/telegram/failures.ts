// What Telegram's refusals mean. The library's own errors carry the payload of the call and the address with the token in it: they end here,
// and only a code and Telegram's words go on.
import { GrammyError, HttpError } from 'grammy'
import { ConchError } from '../../lib/errors.ts'
import type { Delivery } from '../core/face.ts'

const GONE = /message to edit not found|message can't be edited|MESSAGE_ID_INVALID|message to be replied not found/i
const UNREACHABLE =
  /chat not found|user not found|PEER_ID_INVALID|USER_IS_BLOCKED|group chat was upgraded|not enough rights to send|CHAT_WRITE_FORBIDDEN|message thread not found|TOPIC_(CLOSED|DELETED)|CHAT_RESTRICTED|need administrator rights/i

/** What became of a message whose call failed with `error`; throws what passes or is our own fault. */
export function deliveryOf(error: unknown, editedRef: string | null): Delivery {
  if (!(error instanceof GrammyError)) throw withoutPayload(error)
  const { error_code: code, description, parameters } = error
  if (code === 429) return { kind: 'retry-after', ms: (parameters.retry_after ?? 1) * 1_000 }
  if (code === 403) return { kind: 'undeliverable', why: description }
  if (code === 400 && editedRef !== null && description.includes('message is not modified')) return { kind: 'sent', ref: editedRef }
  if (code === 400 && GONE.test(description)) return { kind: 'message-gone' }
  if (code === 400 && UNREACHABLE.test(description)) return { kind: 'undeliverable', why: description }
  throw withoutPayload(error)
}

/** The message that was to get a text shows a picture. */
export function isPictureInstead(error: unknown): boolean {
  return error instanceof GrammyError && error.error_code === 400 && error.description.includes('there is no text in the message to edit')
}

/** The same failure, fit for a log. */
export function withoutPayload(error: unknown): ConchError {
  if (error instanceof ConchError) return error
  if (error instanceof GrammyError) return new ConchError(`telegram.${error.error_code}`, `Telegram refused ${error.method}: ${error.description}`)
  if (error instanceof HttpError) return new ConchError('telegram.unreachable', `${error.message.split('!')[0]}: ${networkReason(error.error)}`)
  return new ConchError('telegram.failed', error instanceof Error ? error.name : 'unknown')
}

function networkReason(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name
}

/** Telegram does not know this token: it answers 401 to a revoked one and 404 to what never was one. */
export function isTokenRefused(error: unknown): boolean {
  return error instanceof GrammyError && (error.error_code === 401 || error.error_code === 404)
}

/** Somebody else receives with the same token. */
export function isConflict(error: unknown): boolean {
  return error instanceof GrammyError && error.error_code === 409
}
