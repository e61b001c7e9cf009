// Which chats Conch talks in, from the configuration. Each SDK is loaded only when its platform is configured: they are most of the program.
import type { Face, Inbound } from './bots/core/face.ts'
import type { Config, SlackConfig } from './config.ts'
import type { Database } from './db/connect.ts'
import { removeSlackInstallation, saveSlackInstallation, slackInstallationOf } from './db/slack-installations.ts'
import type { Clock } from './lib/clock.ts'
import type { Log } from './lib/log.ts'
import type { Random } from './lib/random.ts'
import type { Folder, Webhook } from './web/server.ts'

export type Handle = (inbound: Inbound, face: Face) => Promise<void>
export type Platform = {
  title: string
  face: Face
  webhooks: readonly Webhook[]
  folders: readonly Folder[]
  run(handle: Handle, signal: AbortSignal): Promise<unknown>
}
/** The person behind a chat identity, for what a face must ask before there is a message. */
export type Person = { provider: string; subject: string; rooms?: readonly string[] }
export type FaceDeps = { database: Database; clock: Clock; random: Random; log: Log; names: (person: Person) => Promise<readonly string[]> }

/** The configured platforms. Nothing is connected before `run`. */
export async function openFaces(config: Config, deps: FaceDeps): Promise<Platform[]> {
  const faces: Platform[] = []
  if (config.telegram !== null) faces.push(await openTelegram(config.telegram, config.publicUrl, deps))
  if (config.discord !== null) faces.push(await openDiscord(config.discord, deps))
  if (config.slack !== null) faces.push(await openSlack(config.slack, deps))
  return faces
}

async function openTelegram(telegram: NonNullable<Config['telegram']>, publicUrl: string | null, { clock, log }: FaceDeps): Promise<Platform> {
  const { createTelegramFace } = await import('./bots/telegram/telegram.ts')
  const face = createTelegramFace({ token: telegram.token, publicUrl, clock, log, ...(telegram.apiUrl !== null && { apiRoot: telegram.apiUrl }) })
  return {
    title: 'Telegram',
    face,
    webhooks: face.webhook === null ? [] : [face.webhook],
    folders: [],
    run: (handle, signal) => face.run(handle, signal),
  }
}

async function openDiscord(discord: NonNullable<Config['discord']>, { clock, random, log, names }: FaceDeps): Promise<Platform> {
  const { createDiscordFace } = await import('./bots/discord/discord.ts')
  const face = createDiscordFace({
    token: discord.token,
    clock,
    random,
    log,
    names,
    ...(discord.apiUrl !== null && { apiUrl: discord.apiUrl }),
    ...(discord.shards !== null && { shards: discord.shards }),
  })
  return { title: 'Discord', face, webhooks: [], folders: [], run: (handle, signal) => face.run(handle, signal) }
}

async function openSlack(slack: SlackConfig, { database, clock, random, log }: FaceDeps): Promise<Platform> {
  const { createSlackFace } = await import('./bots/slack/slack.ts')
  const { db } = database
  const rows = {
    save: (tenant: string, sealed: string) => saveSlackInstallation(db, { tenant, sealed }),
    find: (tenant: string) => slackInstallationOf(db, tenant),
    remove: (tenant: string) => removeSlackInstallation(db, tenant),
  }
  const connection = slack.kind === 'socket' ? slack : { ...slack, rows }
  const face = createSlackFace({ connection, clock, random, log, ...(slack.apiUrl !== null && { apiUrl: `${slack.apiUrl}/` }) })
  return {
    title: 'Slack',
    face,
    webhooks: [],
    folders: face.http === null ? [] : [{ path: '/slack', listener: face.http.requestListener }],
    run: (handle, signal) => face.run(handle, signal),
  }
}
