// What the chats are called that an assistant talks in, and the platforms that we talk on.
import { t } from '../language.ts'

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

/** "Telegram, Discord and Slack" */
export function channelsAnd(channels: readonly string[]): string {
  const titles = channels.map(channelTitle)
  return titles.length < 2 ? titles.join('') : t`${titles.slice(0, -1).join(', ')} and ${titles.at(-1) ?? ''}`
}

/** "Telegram or Discord" */
export function channelsOr(channels: readonly string[]): string {
  const titles = channels.map(channelTitle)
  return titles.length < 2 ? titles.join('') : t`${titles.slice(0, -1).join(', ')} or ${titles.at(-1) ?? ''}`
}
