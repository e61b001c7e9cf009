// What the chats are called that an assistant talks in, and the platforms that we talk on.
import { language } from '../language.ts'

const TITLES: Readonly<Record<string, string>> = {
  telegram: 'Telegram',
  discord: 'Discord',
  slack: 'Slack',
  whatsapp: 'WhatsApp',
}

/** "Telegram" */
export function channelTitle(channel: string): string {
  return TITLES[channel] ?? channel
}

/** "Telegram, Discord, and Slack" */
export function channelsAnd(channels: readonly string[]): string {
  return new Intl.ListFormat(language(), { type: 'conjunction' }).format(channels.map(channelTitle))
}

/** "Telegram or Discord" */
export function channelsOr(channels: readonly string[]): string {
  return new Intl.ListFormat(language(), { type: 'disjunction' }).format(channels.map(channelTitle))
}
