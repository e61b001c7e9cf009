// What people's own tokens and keys are tried at: Telegram, Discord, Slack and the providers of models, in one small server. It knows the secrets
// that were accepted, answers anything else as each platform does, and misbehaves on demand.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { CheckUrls } from '../../src/secrets/live-check.ts'

export type PlatformName = keyof CheckUrls
/** `status` answers with it; 'slow' never answers; 'garbage' and 'endless' answer 200 and no sense; 'moved' points elsewhere. */
export type PlatformFault = { status: number; body?: unknown } | 'slow' | 'garbage' | 'endless' | 'drop' | 'moved'

export type Platforms = {
  urls: CheckUrls
  telegram(token: string, bot: { id: number; username: string }): void
  discord(token: string, bot: { id: string; username: string; applicationId: string; messageContent: boolean }): void
  slackBot(token: string, bot: { user: string; userId: string; team: string; teamId: string }): void
  slackApp(token: string): void
  modelKey(platform: 'anthropic' | 'openai' | 'google' | 'openrouter', key: string): void
  revoke(secret: string): void
  /** What the platform does from now on, until it is mended. */
  breaks(platform: PlatformName, fault: PlatformFault): void
  mends(): void
  /** What was asked, in order; secrets are where they belong in a request and nowhere else. */
  requests: { platform: PlatformName; method: string; path: string }[]
  /** Every successful answer's body, by its path, for comparison with the published descriptions. */
  answers: { platform: PlatformName; path: string; body: unknown }[]
  close(): Promise<void>
}

type Known = Map<string, (path: string) => unknown>
type Reply = { status: number; body: unknown }
const no = (status: number, body: unknown): Reply => ({ status, body })

const names: PlatformName[] = ['telegram', 'discord', 'slack', 'anthropic', 'openai', 'google', 'openrouter']

export async function startPlatforms(): Promise<Platforms> {
  const known: Known = new Map()
  const faults = new Map<PlatformName, PlatformFault>()
  const requests: Platforms['requests'] = []
  const answers: Platforms['answers'] = []
  const held = new Set<ServerResponse>()

  const server = createServer((request, response) => {
    const [, name = '', ...rest] = (request.url ?? '').split('/')
    const platform = names.find((one) => one === name)
    if (platform === undefined) return void response.writeHead(404).end()
    const path = `/${rest.join('/')}`
    requests.push({ platform, method: request.method ?? '', path: path.replace(/\/bot[^/]*/, '/bot…') })
    const fault = faults.get(platform)
    if (fault !== undefined) return misbehave(response, fault, held)
    const reply = answerOf(known, { platform, path, request })
    if (reply.status === 200) answers.push({ platform, path: path.replace(/\?.*$/, ''), body: reply.body })
    response.writeHead(reply.status, { 'content-type': 'application/json' }).end(JSON.stringify(reply.body))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const at = (platform: PlatformName): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${platform}`
  return {
    ...accountsOf(known),
    urls: {
      telegram: at('telegram'),
      discord: at('discord'),
      slack: at('slack'),
      anthropic: at('anthropic'),
      openai: at('openai'),
      google: at('google'),
      openrouter: at('openrouter'),
    },
    breaks: (platform, fault) => void faults.set(platform, fault),
    mends: () => faults.clear(),
    requests,
    answers,
    async close() {
      for (const response of held) response.destroy()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function accountsOf(known: Known): Pick<Platforms, 'telegram' | 'discord' | 'slackBot' | 'slackApp' | 'modelKey' | 'revoke'> {
  const learn = (platform: PlatformName, secret: string, account: (path: string) => unknown): void => void known.set(`${platform}:${secret}`, account)
  const otherKind = { ok: false, error: 'not_allowed_token_type' }
  return {
    telegram: (token, bot) => learn('telegram', token, (path) => (path.endsWith('/getMe') ? { ok: true, result: telegramUser(bot) } : undefined)),
    discord: (token, bot) => {
      const at: Readonly<Record<string, unknown>> = { '/users/@me': discordUser(bot), '/applications/@me': discordApplication(bot) }
      learn('discord', token, (path) => at[path])
    },
    slackBot: (token, bot) => learn('slack', token, (path) => (path === '/auth.test' ? slackBot(bot) : otherKind)),
    slackApp: (token) =>
      learn('slack', token, (path) => (path === '/apps.connections.open' ? { ok: true, url: 'wss://wss.example.com/link/?ticket=once' } : otherKind)),
    modelKey: (platform, key) => learn(platform, key, (path) => modelAnswer(platform, path)),
    revoke(secret) {
      for (const name of names) known.delete(`${name}:${secret}`)
    },
  }
}

function misbehave(response: ServerResponse, fault: PlatformFault, held: Set<ServerResponse>): void {
  if (fault === 'slow') return void held.add(response)
  if (fault === 'drop') return void response.destroy()
  if (fault === 'garbage') return void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Welcome to the hotel’s Wi-Fi</html>')
  if (fault === 'moved') return void response.writeHead(302, { location: 'http://127.0.0.1:9/elsewhere' }).end()
  if (fault !== 'endless')
    return void response.writeHead(fault.status, { 'content-type': 'application/json' }).end(JSON.stringify(fault.body ?? { error: 'as asked' }))
  response.writeHead(200, { 'content-type': 'application/json' })
  const pour = (): void => {
    while (!response.destroyed && response.write('x'.repeat(64 * 1024)));
    if (!response.destroyed) response.once('drain', pour)
  }
  pour()
}

type Asked = { platform: PlatformName; path: string; request: IncomingMessage }

function answerOf(known: Known, { platform, path, request }: Asked): Reply {
  const secret = secretOf(platform, path, request)
  const account = secret === null ? undefined : known.get(`${platform}:${secret}`)
  const found = account?.(path)
  return found === undefined ? unknownTo(platform, path) : { status: 200, body: found }
}

function secretOf(platform: PlatformName, path: string, { headers }: IncomingMessage): string | null {
  const { authorization = '' } = headers
  const header = (name: string): string | null => (typeof headers[name] === 'string' ? headers[name] : null)
  switch (platform) {
    case 'telegram':
      return /^\/bot([^/]*)\//.exec(path)?.[1] ?? null
    case 'discord':
      return authorization.startsWith('Bot ') ? authorization.slice(4) : null
    case 'anthropic':
      return header('anthropic-version') === null ? null : header('x-api-key')
    case 'google':
      return header('x-goog-api-key')
    case 'slack':
    case 'openai':
    case 'openrouter':
      return authorization.startsWith('Bearer ') ? authorization.slice(7) : null
  }
}

/** How each says that it does not know a secret. */
function unknownTo(platform: PlatformName, path: string): Reply {
  switch (platform) {
    case 'telegram':
      return /^\/bot\d+:/.test(path)
        ? no(401, { ok: false, error_code: 401, description: 'Unauthorized' })
        : no(404, { ok: false, error_code: 404, description: 'Not Found' })
    case 'discord':
      return no(401, { message: '401: Unauthorized', code: 0 })
    case 'slack':
      return no(200, { ok: false, error: 'invalid_auth' })
    case 'anthropic':
      return no(401, { type: 'error', error: { type: 'authentication_error', message: 'invalid x-api-key' } })
    case 'google':
      return no(400, { error: { code: 400, status: 'INVALID_ARGUMENT', details: [{ reason: 'API_KEY_INVALID' }] } })
    case 'openai':
      return no(401, { error: { code: 'invalid_api_key', message: 'Incorrect API key provided: sk-…' } })
    case 'openrouter':
      return no(401, { error: { code: 401, message: 'User not found.' } })
  }
}

function modelAnswer(platform: PlatformName, path: string): unknown {
  const [bare] = path.split('?')
  if (platform === 'openrouter') return bare === '/api/v1/key' ? { data: { label: 'sk-or-v1-abc...xyz', usage: 0 } } : undefined
  if (platform === 'google') return bare === '/v1beta/models' ? { models: [{ name: 'models/gemini-3-pro-preview' }] } : undefined
  return bare === '/v1/models' ? { data: [{ id: 'a-model', type: 'model' }] } : undefined
}

function telegramUser({ id, username }: { id: number; username: string }) {
  return {
    id,
    is_bot: true,
    first_name: username,
    username,
    can_join_groups: true,
    can_read_all_group_messages: false,
    supports_inline_queries: false,
  }
}

type DiscordBot = Parameters<Platforms['discord']>[1]

function discordUser({ id, username }: DiscordBot) {
  const look = { avatar: null, discriminator: '0420', public_flags: 0, flags: 0, global_name: null }
  return { id, username, bot: true, verified: true, mfa_enabled: true, locale: 'en-US', ...look }
}

function discordApplication({ id, username, applicationId, messageContent }: DiscordBot) {
  return {
    id: applicationId,
    name: username,
    icon: null,
    description: '',
    type: null,
    verify_key: '0'.repeat(64),
    flags: messageContent ? 1 << 19 : 0,
    flags_new: String(messageContent ? 1 << 19 : 0),
    redirect_uris: [],
    interactions_endpoint_url: null,
    role_connections_verification_url: null,
    owner: { id, username: 'ann', avatar: null, discriminator: '0', public_flags: 0, flags: 0, global_name: 'Ann' },
    approximate_guild_count: 0,
    approximate_user_install_count: 0,
    approximate_user_authorization_count: 0,
    explicit_content_filter: 0,
    team: null,
    eligible_oauth2_scopes: [],
  }
}

function slackBot({ user, userId, team, teamId }: Parameters<Platforms['slackBot']>[1]) {
  return {
    ok: true,
    url: 'https://acme.slack.com/',
    team,
    user,
    team_id: teamId,
    user_id: userId,
    bot_id: 'B0123456789',
    is_enterprise_install: false,
  }
}
