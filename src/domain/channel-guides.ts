// What a person needs to make a bot of their own for a channel, computed for their assistant. Pure.

/** What OpenClaw needs in a server: read and write, threads, files, reactions. Bits as in Discord's permission flags. */
const DISCORD_PERMISSIONS = [6, 10, 11, 14, 15, 16, 18, 35, 38].reduce((sum, bit) => sum + 2n ** BigInt(bit), 0n)

/** The page on which the owner of a Discord application adds its bot to a server. */
export function discordInvite(applicationId: string): string {
  const query = new URLSearchParams({ client_id: applicationId, scope: 'bot applications.commands', permissions: String(DISCORD_PERMISSIONS) })
  return `https://discord.com/oauth2/authorize?${query.toString()}`
}

const BOT_SCOPES = [
  'app_mentions:read',
  'channels:history',
  'channels:read',
  'chat:write',
  'commands',
  'emoji:read',
  'files:read',
  'files:write',
  'groups:history',
  'groups:read',
  'im:history',
  'im:read',
  'im:write',
  'mpim:history',
  'mpim:read',
  'mpim:write',
  'pins:read',
  'pins:write',
  'reactions:read',
  'reactions:write',
  'users:read',
]
const BOT_EVENTS = [
  'app_home_opened',
  'app_mention',
  'channel_rename',
  'member_joined_channel',
  'member_left_channel',
  'message.channels',
  'message.groups',
  'message.im',
  'message.mpim',
  'pin_added',
  'pin_removed',
  'reaction_added',
  'reaction_removed',
]

/** The manifest of a Slack app for this assistant, in Socket Mode, as one line of JSON to paste. Scopes and events are those that OpenClaw documents. */
export function slackManifestFor(instanceName: string): string {
  const name = instanceName.slice(0, 35)
  return JSON.stringify({
    display_information: { name, description: `${name}, an OpenClaw assistant` },
    features: {
      bot_user: { display_name: name, always_online: true },
      app_home: { home_tab_enabled: false, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      slash_commands: [{ command: '/openclaw', description: `Send a message to ${name}`, should_escape: false }],
    },
    oauth_config: { scopes: { bot: BOT_SCOPES } },
    settings: { socket_mode_enabled: true, interactivity: { is_enabled: true }, event_subscriptions: { bot_events: BOT_EVENTS } },
  })
}

/** A username for a bot of this assistant's own: Telegram wants letters, digits and underscores, at most 32, with "bot" at the end. */
export function telegramUsernameFor(instanceName: string, tail: string): string {
  return `${instanceName.replaceAll('-', '_').slice(0, 20)}_${tail}_bot`
}
