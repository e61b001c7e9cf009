// Conch's own bots, by what can be told from their tokens without asking anybody: a person's assistant must not be given one of them, or both
// would take each other's messages.
import type { KnownSecret } from '../domain/secret-shapes.ts'
import type { Sealed } from '../lib/sealed.ts'

export type OwnBots = {
  /** True for our own token, and for another token of the same bot. */
  has(name: string, secret: Sealed): boolean
}

/** From the tokens that Conch itself runs on. */
export function createOwnBots(tokens: readonly { name: KnownSecret; token: Sealed }[]): OwnBots {
  const fingerprints = new Set(tokens.map(({ token }) => token.fingerprint))
  const bots = new Set(tokens.flatMap(({ name, token }) => botOf(name, token) ?? []))
  return {
    has(name, secret) {
      const bot = botOf(name, secret)
      return fingerprints.has(secret.fingerprint) || (bot !== null && bots.has(bot))
    },
  }
}

/** The bot's (or app's) public number, which stands in the token itself. */
function botOf(name: string, token: Sealed): string | null {
  const value = token.open()
  switch (name) {
    case 'TELEGRAM_BOT_TOKEN':
      return /^(\d+):/.exec(value)?.[0] ?? null
    case 'DISCORD_BOT_TOKEN': {
      const number = Buffer.from(value.split('.')[0] ?? '', 'base64url').toString('latin1')
      return /^\d{15,20}$/.test(number) ? `discord:${number}` : null
    }
    case 'SLACK_APP_TOKEN':
      return /^xapp-\d+-(A[A-Z0-9]+)-/.exec(value)?.[0] ?? null
    default:
      return null
  }
}
