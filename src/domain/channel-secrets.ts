// Which chats an assistant talks in, from the names of the secrets that it holds.

const SECRETS: Readonly<Record<string, readonly string[]>> = {
  telegram: ['TELEGRAM_BOT_TOKEN'],
  discord: ['DISCORD_BOT_TOKEN'],
  slack: ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'],
}

/** The channels whose secrets are all among `names`. */
export function channelsOf(names: readonly string[]): string[] {
  return Object.keys(SECRETS).filter((channel) => SECRETS[channel]?.every((secret) => names.includes(secret)) === true)
}
