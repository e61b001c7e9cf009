import type { NewsChat } from '../db/instances.ts'
import type { Actor } from './action.ts'
import type { FoundInstance } from './find-instance.ts'

/** Where the news of a job go that somebody asked for, and on whose account. */
export function newsChatOf(actor: Actor, { access }: FoundInstance): { chat: NewsChat; cause: 'owner' | 'guest' } {
  const chat = { provider: actor.provider, address: actor.chat }
  return access.standing === 'owner' ? { chat, cause: 'owner' } : { chat: { ...chat, userId: actor.userId }, cause: 'guest' }
}
