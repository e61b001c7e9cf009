// The app as Slack is told of it: its name, scopes, events and commands, drawn from the same list as /help.
import { commands } from '../core/answers.ts'

/** What we may do in a workspace. Nothing that reads channels: files are those that people send us in private. */
export const scopes = ['chat:write', 'commands', 'files:read', 'files:write', 'im:history', 'im:write'] as const
const EVENTS = ['app_home_opened', 'app_uninstalled', 'message.im', 'tokens_revoked'] as const
/** Slack's own commands: an app's command of the same name is never reached. They are asked with /conch. (slack.com/help/articles/201259356) */
const SLACKS_OWN = new Set(['status', 'rename', 'help', 'open', 'search', 'topic', 'who', 'leave', 'invite', 'remind'])
const DESCRIPTION_CHARS_MAX = 2_000

export type ManifestOptions = { publicUrl: string | null }

/** The manifest to paste at api.slack.com/apps: for HTTP with OAuth when there is a public address, otherwise for Socket Mode. */
export function slackManifest({ publicUrl }: ManifestOptions): Record<string, unknown> {
  const url = publicUrl === null ? {} : { url: `${publicUrl}/slack/events` }
  const own = commands.filter((one) => !SLACKS_OWN.has(one.name))
  const slash = [{ name: 'conch', summary: 'Everything that I can do: /conch help', words: ['what'] }, ...own].map(({ name, summary, words }) => ({
    command: `/${name}`,
    description: summary.slice(0, DESCRIPTION_CHARS_MAX),
    ...(words.length > 0 && { usage_hint: words.map((word) => `[${word}]`).join(' ') }),
    should_escape: false,
    ...url,
  }))
  const request = publicUrl === null ? {} : { request_url: `${publicUrl}/slack/events` }
  return {
    display_information: { name: 'Conch', description: 'Sets up and looks after your own OpenClaw', background_color: '#1d4e63' },
    features: {
      app_home: { home_tab_enabled: true, messages_tab_enabled: true, messages_tab_read_only_enabled: false },
      bot_user: { display_name: 'Conch', always_online: true },
      slash_commands: slash,
    },
    oauth_config: { ...(publicUrl !== null && { redirect_urls: [`${publicUrl}/slack/oauth_redirect`] }), scopes: { bot: [...scopes] } },
    settings: {
      event_subscriptions: { ...request, bot_events: [...EVENTS] },
      interactivity: { is_enabled: true, ...request },
      org_deploy_enabled: false,
      socket_mode_enabled: publicUrl === null,
      token_rotation_enabled: publicUrl !== null,
    },
  }
}
