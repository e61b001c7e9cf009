// The bots that a simulated Telegram hosts besides ours: each has a token of its own, and some were made through our bot, which manages them.
import { createHash } from 'node:crypto'
import { z } from 'zod'
import type { Answer } from './chats.ts'

type User = { id: number; is_bot: boolean; first_name: string; username?: string }
export type HostedBot = { id: number; name: string; username: string; owner: number; managed: boolean; token: string; renewals: number }
/** What Telegram tells of a bot that was made: a message in the chat, and an update of its own. */
export type Told = 'message' | 'update'

export type HostedBots = {
  all: readonly HostedBot[]
  /** What comes for every bot that is made through ours, in this order; a word that is repeated is the same update delivered again. */
  tells(...what: readonly Told[]): void
  telling(): readonly Told[]
  /** Whether our bot may manage others, as its owner sets it at @BotFather. */
  manage(on: boolean): void
  manages(): boolean
  /** A bot as a person makes it; its username is changed when somebody has it already. */
  make(wanted: { owner: number; name: string; username: string; managed: boolean }): HostedBot
  /** The owner takes the token back: another one is valid from now on. */
  renew(bot: HostedBot): string
  withToken(token: string): HostedBot | undefined
  /** getManagedBotToken, and replaceManagedBotToken with `renewed`, which hears of the bot. */
  tokenOf(params: unknown, renewed?: (bot: HostedBot) => void): Answer
}

const FIRST_ID = 7_100_000_001
const paramsSchema = z.object({ user_id: z.number() })

/** None but ours, which manages others only when `manages` says so. */
export function createHostedBots(ours: { username: string }, manages: boolean): HostedBots {
  const all: HostedBot[] = []
  let managing = manages
  let told: readonly Told[] = ['message', 'update']
  const renew = (bot: HostedBot): string => {
    bot.renewals += 1
    bot.token = tokenFor(bot)
    return bot.token
  }
  return {
    all,
    tells: (...what) => void (told = what),
    telling: () => told,
    manage: (on) => void (managing = on),
    manages: () => managing,
    make({ username, ...wanted }) {
      const taken = (name: string): boolean => [ours.username, ...all.map((one) => one.username)].includes(name)
      const free = taken(username) ? username.replace(/_?bot$/i, `${all.length}_bot`) : username
      const id = FIRST_ID + all.length
      const bot = { ...wanted, id, username: free, token: tokenFor({ id, renewals: 0 }), renewals: 0 }
      all.push(bot)
      return bot
    },
    renew,
    withToken: (token) => all.find((one) => one.token === token),
    tokenOf(params, renewed) {
      const bot = all.find((one) => one.managed && one.id === paramsSchema.parse(params).user_id)
      if (!managing || bot === undefined) return { ok: false, error_code: 400, description: 'Bad Request: the bot is not managed by you' }
      if (renewed !== undefined) {
        renew(bot)
        renewed(bot)
      }
      return { ok: true, result: bot.token }
    },
  }
}

/** As Telegram prints them: the bot's id, a colon, and 35 characters. */
function tokenFor({ id, renewals }: { id: number; renewals: number }): string {
  return `${id}:AA${createHash('sha256').update(`${id} ${renewals}`).digest('base64url').slice(0, 33)}`
}

/** A bot as others see it. */
export function userOf({ id, name, username }: HostedBot): User {
  return { id, is_bot: true, first_name: name, username }
}
