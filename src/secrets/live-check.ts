// Tries a pasted secret at its platform: whether it works, and whose it is. One GET or POST each, bounded in time and size, nothing followed,
// nothing kept. What comes out never carries the secret or a word of the platform's answer that could: only names that a bot shows to anybody.
import { Agent, request } from 'undici'
import { z } from 'zod'
import type { KnownSecret } from '../domain/secret-shapes.ts'
import type { CheckOutcome, Unreachable, Who } from '../domain/who.ts'
import type { Sealed } from '../lib/sealed.ts'

/** Where each platform is asked: the address without a slash at its end. */
export type CheckUrls = Record<'telegram' | 'discord' | 'slack' | 'anthropic' | 'openai' | 'google' | 'openrouter', string>

export type LiveCheck = {
  check(name: KnownSecret, secret: Sealed): Promise<CheckOutcome>
  close(): Promise<void>
}

/** A person waits for the answer. */
const TIMEOUT_MS = 6_000
/** OpenAI's list of models is the longest answer, at about a tenth of it. */
const BODY_BYTES_MAX = 1024 * 1024

type Question = { url: string; method?: 'POST'; headers?: Record<string, string> }
type Answer = { kind: 'answer'; status: number; body: unknown } | { kind: 'unreachable'; why: Unreachable }
type Ask = (question: Question) => Promise<Answer>

/** A checker against these addresses. Close it: it keeps connections open for a while. */
export function createLiveCheck(options: { urls: CheckUrls; timeoutMs?: number }): LiveCheck {
  const { urls, timeoutMs = TIMEOUT_MS } = options
  const agent = new Agent({
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    maxResponseSize: BODY_BYTES_MAX,
    keepAliveTimeout: 1_000,
    connect: { timeout: timeoutMs },
  })
  const ask: Ask = async ({ url, method = 'GET', headers = {} }) => {
    try {
      // The agent's limits are between two bytes; the signal's is the whole.
      const signal = AbortSignal.timeout(timeoutMs)
      const answer = await request(url, { dispatcher: agent, method, signal, headers: { accept: 'application/json', ...headers } })
      const text = await answer.body.text()
      return { kind: 'answer', status: answer.statusCode, body: parsed(text) }
    } catch (error) {
      // The error is dropped here: its address may hold the token.
      return { kind: 'unreachable', why: tooSlow(error) ? 'slow' : 'network' }
    }
  }
  return {
    check: (name, secret) => checks[name](ask, urls, secret),
    close: () => agent.destroy(),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function tooSlow(error: unknown): boolean {
  return error instanceof Error && (error.name === 'TimeoutError' || ('code' in error && /TIMEOUT/.test(String(error.code))))
}

type Check = (ask: Ask, urls: CheckUrls, secret: Sealed) => Promise<CheckOutcome>
const bearer = (secret: Sealed): Record<string, string> => ({ authorization: `Bearer ${secret.open()}` })

const checks: Readonly<Record<KnownSecret, Check>> = {
  TELEGRAM_BOT_TOKEN: async (ask, urls, secret) => telegramOutcome(await ask({ url: `${urls.telegram}/bot${secret.open()}/getMe` })),
  DISCORD_BOT_TOKEN: discordOutcome,
  SLACK_BOT_TOKEN: async (ask, urls, secret) =>
    slackOutcome(await ask({ url: `${urls.slack}/auth.test`, method: 'POST', headers: bearer(secret) }), slackBot),
  SLACK_APP_TOKEN: async (ask, urls, secret) =>
    slackOutcome(await ask({ url: `${urls.slack}/apps.connections.open`, method: 'POST', headers: bearer(secret) }), slackSocket),
  ANTHROPIC_API_KEY: async (ask, urls, secret) =>
    modelOutcome(
      await ask({ url: `${urls.anthropic}/v1/models?limit=1`, headers: { 'x-api-key': secret.open(), 'anthropic-version': '2023-06-01' } }),
    ),
  OPENAI_API_KEY: async (ask, urls, secret) => openaiOutcome(await ask({ url: `${urls.openai}/v1/models`, headers: bearer(secret) })),
  GEMINI_API_KEY: async (ask, urls, secret) =>
    googleOutcome(await ask({ url: `${urls.google}/v1beta/models?pageSize=1`, headers: { 'x-goog-api-key': secret.open() } })),
  // Its list of models is public: only the question about the key itself tells whether there is such a key.
  OPENROUTER_API_KEY: async (ask, urls, secret) => modelOutcome(await ask({ url: `${urls.openrouter}/api/v1/key`, headers: bearer(secret) })),
}

const refused = (why: 'unknown' | 'not-allowed'): CheckOutcome => ({ kind: 'refused', why })
const unreachable = (why: Unreachable): CheckOutcome => ({ kind: 'unreachable', why })
const fine = (who: Who | null): CheckOutcome => ({ kind: 'ok', who })

/** What every platform means alike: a refusal, or an answer that is none. */
function common(answer: Answer): CheckOutcome | null {
  if (answer.kind === 'unreachable') return unreachable(answer.why)
  if (answer.status === 401) return refused('unknown')
  if (answer.status === 429) return unreachable('busy')
  return answer.status >= 500 ? unreachable('broken') : null
}

// A platform's names go on screens and into the database: short, and one line.
const name = z
  .string()
  .min(1)
  .transform((text) => text.replaceAll(/\s+/g, ' ').slice(0, 80))
const id = z.union([z.string(), z.number()]).transform((value) => String(value).slice(0, 40))

const telegramSchema = z.object({ ok: z.literal(true), result: z.object({ id, username: name }) })

function telegramOutcome(answer: Answer): CheckOutcome {
  const known = common(answer)
  if (known !== null || answer.kind === 'unreachable') return known ?? unreachable('broken')
  // What is not even formed like a token of theirs has no such path.
  if (answer.status === 404) return refused('unknown')
  const me = telegramSchema.safeParse(answer.body)
  if (answer.status !== 200 || !me.success) return unreachable('broken')
  const { username, id: botId } = me.data.result
  return fine({ label: `@${username}`, id: botId, applicationId: null, team: null, teamId: null })
}

const discordUserSchema = z.object({ id, username: name, discriminator: z.string().optional(), bot: z.literal(true) })
const discordApplicationSchema = z.object({ id, flags: z.number().int().default(0) })
/** Whether messages of others may be read: granted, or limited to fewer than 100 servers. Source: Discord, application flags. */
const MESSAGE_CONTENT = (1 << 18) | (1 << 19)

async function discordOutcome(ask: Ask, urls: CheckUrls, secret: Sealed): Promise<CheckOutcome> {
  const headers = { authorization: `Bot ${secret.open()}` }
  const answer = await ask({ url: `${urls.discord}/users/@me`, headers })
  const known = common(answer)
  if (known !== null || answer.kind === 'unreachable') return known ?? unreachable('broken')
  const me = discordUserSchema.safeParse(answer.body)
  if (answer.status !== 200 || !me.success) return unreachable('broken')
  const own = await ask({ url: `${urls.discord}/applications/@me`, headers })
  const application = discordApplicationSchema.safeParse(own.kind === 'answer' && own.status === 200 ? own.body : null)
  if (!application.success) return common(own) ?? unreachable('broken')
  const who: Who = { label: me.data.username, id: me.data.id, applicationId: application.data.id, team: null, teamId: null }
  return (application.data.flags & MESSAGE_CONTENT) === 0 ? { kind: 'missing-intents', who } : fine(who)
}

const slackSchema = z.object({ ok: z.boolean(), error: z.string().optional() })
const slackBotSchema = z.object({ user: name, user_id: id, team: name, team_id: id })
/** Refusals of Slack that are about the moment, not about the token. */
const SLACK_PASSING = new Set([
  'ratelimited',
  'rate_limited',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
])
const SLACK_RIGHTS = new Set(['missing_scope', 'no_permission', 'not_allowed_token_type', 'access_denied', 'ekm_access_denied', 'forbidden_team'])

function slackOutcome(answer: Answer, whose: (body: unknown) => CheckOutcome): CheckOutcome {
  const known = common(answer)
  if (known !== null || answer.kind === 'unreachable') return known ?? unreachable('broken')
  const said = slackSchema.safeParse(answer.body)
  if (!said.success) return unreachable('broken')
  if (said.data.ok) return whose(answer.body)
  const { error = '' } = said.data
  if (error === 'ratelimited' || error === 'rate_limited') return unreachable('busy')
  if (SLACK_PASSING.has(error)) return unreachable('broken')
  return refused(SLACK_RIGHTS.has(error) ? 'not-allowed' : 'unknown')
}

function slackBot(body: unknown): CheckOutcome {
  const me = slackBotSchema.safeParse(body)
  if (!me.success) return unreachable('broken')
  return fine({ label: `@${me.data.user}`, id: me.data.user_id, applicationId: null, team: me.data.team, teamId: me.data.team_id })
}

/** The address of a socket is a ticket for one connection; nobody uses it, and it ends by itself. */
function slackSocket(body: unknown): CheckOutcome {
  return z.object({ url: z.string() }).safeParse(body).success ? fine(null) : unreachable('broken')
}

function modelOutcome(answer: Answer): CheckOutcome {
  const known = common(answer)
  if (known !== null || answer.kind === 'unreachable') return known ?? unreachable('broken')
  if (answer.status === 403) return refused('not-allowed')
  return answer.status === 200 && typeof answer.body === 'object' && answer.body !== null ? fine(null) : unreachable('broken')
}

/** A key that may not list models may well be allowed to think: the platform knew it. */
function openaiOutcome(answer: Answer): CheckOutcome {
  const limited = answer.kind === 'answer' && answer.status === 403 && JSON.stringify(answer.body).includes('api.model.read')
  return limited ? fine(null) : modelOutcome(answer)
}

/** Google says 400 to a key that it does not know. */
function googleOutcome(answer: Answer): CheckOutcome {
  const unknown = answer.kind === 'answer' && answer.status === 400 && JSON.stringify(answer.body).includes('API_KEY_INVALID')
  return unknown ? refused('unknown') : modelOutcome(answer)
}
