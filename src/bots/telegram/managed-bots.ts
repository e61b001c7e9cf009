// Bots that people make through ours. Telegram tells of each one twice, by a message in the chat and by an update of its own, in any order, and
// lets us fetch its token. The token goes on sealed; it must never reach a log.
import type { Bot } from 'grammy'
import type { Update, User } from 'grammy/types'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import { Sealed } from '../../lib/sealed.ts'
import type { Inbound } from '../core/face.ts'
import { withoutPayload } from './failures.ts'
import { originOf } from './inbound.ts'

export type MadeBot = { by: User; bot: User }
export type ManagedBots = {
  /** What the core is to hear of the bot; null when it has heard, or is about to. */
  received(made: MadeBot): Promise<Inbound | null>
}

/** Telegram may need a moment before it knows the token of a bot that it has just made. The person waits as well: not for long. */
const PAUSES_MS = [500, 1_500]

/** The bot that an update tells of. The update of its own comes also when the token or the owner of a bot has changed. */
export function madeBotOf({ managed_bot: told, message }: Update): MadeBot | null {
  if (told !== undefined) return { by: told.user, bot: told.bot }
  if (message?.managed_bot_created === undefined || message.chat.type !== 'private') return null
  return { by: message.from, bot: message.managed_bot_created.bot }
}

/** Fetches the token of each bot once. */
export function createManagedBots({ bot, clock, log }: { bot: Bot; clock: Clock; log: Log }): ManagedBots {
  const heard = new Set<number>()
  const tokenOf = async (id: number): Promise<Sealed | null> => {
    for (const pauseMs of [...PAUSES_MS, null]) {
      try {
        return new Sealed(await bot.api.getManagedBotToken(id))
      } catch (error) {
        log.warn({ err: withoutPayload(error), bot: id, again: pauseMs !== null }, 'the token of a bot that was made could not be fetched')
        if (pauseMs !== null) await clock.sleep(pauseMs)
      }
    }
    return null
  }
  return {
    async received({ by, bot: made }) {
      if (heard.has(made.id)) return null
      heard.add(made.id)
      const token = await tokenOf(made.id)
      // The other of the two may still bring it.
      if (token === null) heard.delete(made.id)
      // Another process may hear of it as well: the id is the bot's, and not that of the update.
      const id = `${bot.botInfo.id}:made:${made.id}${token === null ? ':no-token' : ''}`
      return { ...originOf(by, id), place: 'dm', kind: 'bot-created', username: made.username ?? '', token }
    },
  }
}
