// Every setting of Conch: one documented schema, and the only reader of the environment. Nothing configured is a working local Conch; each group of
// variables turns one part real. It must never guess: what is wrong or half given is refused at start, by name, and without showing its value.
import { join } from 'node:path'
import { z } from 'zod'
import { imageOf } from './domain/image.ts'
import { distance } from './lib/distance.ts'
import { Sealed } from './lib/sealed.ts'
import type { CheckUrls } from './secrets/live-check.ts'
import { signingKeysIn } from './secrets/signing-keys.ts'

export type Config = {
  home: string
  database: { kind: 'pglite' } | { kind: 'postgres'; url: Sealed }
  /** Null: made once, and kept in the home. */
  signingKeys: Sealed | null
  port: number
  /** The address that people's browsers reach us under, without a slash at its end. Null: only this machine does. */
  publicUrl: string | null
  gatewayImage: string
  /** What the image's name ends with for plans whose assistants browse; null: all run the same. */
  browserSuffix: string | null
  /** Where archives of backups are kept. */
  backups: { kind: 'folder'; dir: string } | ({ kind: 's3' } & BucketConfig)
  provider: { kind: 'local' } | { kind: 'fly'; token: Sealed; org: string; apiUrl: string }
  log: { level: z.infer<typeof logLevel>; format: 'json' | 'pretty' }
  telegram: { token: Sealed; apiUrl: string | null } | null
  discord: { token: Sealed; apiUrl: string | null; shards: { ids: number[]; count: number } | null } | null
  slack: SlackConfig | null
  /** Where people's own tokens and keys are tried before they are taken. */
  checks: CheckUrls
}
/** A bucket of a store that speaks S3. `endpoint` is null for Amazon's own, `pathStyle` true where buckets are paths and not hosts. */
export type BucketConfig = { bucket: string; endpoint: string | null; region: string; pathStyle: boolean; keyId: string; key: Sealed }
export type SlackConfig = { apiUrl: string | null } & (
  | { kind: 'socket'; appToken: Sealed; botToken: Sealed }
  | { kind: 'http'; signingSecret: Sealed; clientId: string; clientSecret: Sealed; stateSecret: Sealed; publicUrl: string }
)
/** `problem` continues a sentence that starts with the name ("must be …", "is missing …"); `example` is a value that would do. */
export type ConfigProblem = { name: string; problem: string; example: string }

const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'], 'must be trace, debug, info, warn, error, fatal or silent')
const MACHINES_API = 'https://api.machines.dev'

const overTls = (text: string): boolean => {
  const url = URL.parse(text)
  if (url === null || url.search !== '' || url.hash !== '' || url.username !== '') return false
  return url.protocol === 'https:' || (url.protocol === 'http:' && /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(url.hostname))
}
const address = z.string().refine(overTls, 'must be an https:// address (http:// only on localhost)')

/** A secret of the operator's. `looksLike` says what it should be, and never shows what it is. */
function secret(form?: { shape: RegExp; looksLike: string }) {
  const text = form === undefined ? z.string() : z.string().regex(form.shape, `must be ${form.looksLike}`)
  return text.transform((value) => new Sealed(value)).optional()
}

/** Where people's own secrets are tried before they are taken. */
function checked(platform: string, standard: string, what: string) {
  return address.default(standard).meta({
    description: `Another address of ${platform}, where ${what} that somebody gives their assistant is tried first.`,
    example: 'http://127.0.0.1:8090',
    default: `\`${standard}\``,
  })
}

// Descriptions become the README's table: npm run check compares the two.
const environment = z.object({
  CONCH_HOME: z.string().default('.conch').meta({
    description: 'Folder of everything that Conch keeps on this machine.',
    example: '/var/lib/conch',
    default: '`.conch`',
  }),
  DATABASE_URL: z
    .string()
    .refine((text) => /^postgres(ql)?:$/.test(URL.parse(text)?.protocol ?? ''), 'must be a postgres:// URL')
    .optional()
    .meta({
      description: 'Postgres to use instead of the embedded database. Needed as soon as two processes share the work. `sslmode` in it is honoured.',
      example: 'postgres://conch:PASSWORD@db.example.com:5432/conch?sslmode=require',
      default: 'embedded, in `CONCH_HOME`',
    }),
  CONCH_SIGNING_KEYS: z
    .string()
    .refine((text) => signingKeysIn(text) !== null, 'must be what `npm run signing-keys` prints: a JSON Web Key Set with Ed25519 private keys')
    .transform((text) => new Sealed(text))
    .optional()
    .meta({
      description:
        'What machines know this service by. The first key signs; all are made known to machines with their next update. Needed with `DATABASE_URL`; printed by `npm run signing-keys`.',
      example: '{"keys":[{"kty":"OKP","crv":"Ed25519","x":"…","d":"…"}]}',
      default: 'made once, in `CONCH_HOME`',
    }),
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, 'must be a whole number from 0 to 65535')
    .transform(Number)
    .refine((port) => port <= 65_535, 'must be a whole number from 0 to 65535')
    .default(8787)
    .meta({ description: 'Port of the web server. 0 takes a free one.', example: '8080', default: '`8787`' }),
  PUBLIC_URL: address.optional().meta({
    description: 'Address that browsers and webhooks reach the web server under.',
    example: 'https://conch.example.com',
    default: 'this machine only',
  }),
  GATEWAY_IMAGE: z
    .string()
    .regex(/^[a-zA-Z0-9][\w.:/@-]*$/, 'must be the name of an image')
    .default('gateway:openclaw-2026.9.6')
    .meta({
      description: 'What an instance runs. `gateway:stub` is a small stand-in without an assistant, for trying out and for little memory.',
      example: 'gateway:stub',
      default: '`gateway:openclaw-2026.9.6`',
    }),
  GATEWAY_BROWSER_SUFFIX: z
    .string()
    .regex(/^-[a-z0-9.-]{1,40}$/, 'must be the end of an image name, such as -browser')
    .optional()
    .meta({
      description:
        'What the name of that image ends with for assistants on Pro: its variant with Chromium, which `images/gateway` makes as the target `browser`.',
      example: '-browser',
      default: 'Pro runs the same image',
    }),
  CONCH_BACKUP_DIR: z.string().optional().meta({
    description:
      'Folder of the backups of instances, as long as there is no `BUCKET_NAME`. Processes that share a database must share it as well, for example on a network volume.',
    example: '/mnt/conch/backups',
    default: '`backups` in `CONCH_HOME`',
  }),
  BUCKET_NAME: z
    .string()
    .regex(/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/, 'must be the name of a bucket: 3 to 63 lower-case letters, digits, hyphens and points')
    .optional()
    .meta({
      description: 'Bucket of a store that speaks S3, for backups. `fly storage create` sets this and the four below it. Goes with the two keys.',
      example: 'conch-backups',
      default: 'a folder instead',
    }),
  AWS_ENDPOINT_URL_S3: address.optional().meta({
    description: 'Where that store is, unless it is Amazon’s own. This one and the three below count only with `BUCKET_NAME`.',
    example: 'https://fly.storage.tigris.dev',
    default: 'Amazon S3',
  }),
  AWS_REGION: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'must be a region: lower-case letters, digits and hyphens')
    .optional()
    .meta({ description: 'Its region. Needed with Amazon’s own.', example: 'auto', default: '`auto`' }),
  AWS_ACCESS_KEY_ID: z.string().optional().meta({ description: 'The name of the key to it.', example: 'tid_example', default: 'none' }),
  AWS_SECRET_ACCESS_KEY: secret().meta({ description: 'The key to it.', example: 'tsec_example', default: 'none' }),
  CONCH_S3_PATH_STYLE: z.enum(['yes', 'no'], 'must be yes or no').default('no').meta({
    description: '`yes` for a store in which buckets are paths and not hosts, such as MinIO as it comes.',
    example: 'yes',
    default: '`no`',
  }),
  FLY_API_TOKEN: z.string().optional().meta({
    description: 'Token of a Fly.io organisation (`fly tokens create org`). With it instances run on Fly; without it, as processes on this machine.',
    example: 'FlyV1 fm2_lJPECAAAAAAAAxxx',
    default: 'run locally',
  }),
  FLY_ORG: z
    .string()
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'must be the slug of an organisation: lower-case letters, digits and hyphens')
    .optional()
    .meta({ description: 'The organisation that owns the apps. Goes with `FLY_API_TOKEN`.', example: 'personal', default: 'none' }),
  FLY_API_URL: address.optional().meta({
    description: 'Another Machines API than Fly’s own, for example the one of `npm run machines`. Goes with `FLY_API_TOKEN`.',
    example: 'http://127.0.0.1:4280',
    default: `\`${MACHINES_API}\``,
  }),
  LOG_LEVEL: logLevel.default('info').meta({ description: 'The least important line that is logged.', example: 'debug', default: '`info`' }),
  LOG_FORMAT: z.enum(['json', 'pretty'], 'must be json or pretty').default('json').meta({
    description:
      'Log lines for programs or for people. Either goes to `CONCH_HOME/conch.log` while the chat is in this terminal, and to the output otherwise.',
    example: 'pretty',
    default: '`json`',
  }),
  TELEGRAM_BOT_TOKEN: secret({ shape: /^\d{5,}:[\w-]{30,}$/, looksLike: 'the token that @BotFather gave: digits, a colon, letters' }).meta({
    description: 'Turns the Telegram face on.',
    example: '123456789:AAExampleOfATokenFromBotFather0',
    default: 'off',
  }),
  TELEGRAM_API_URL: address.optional().meta({
    description: 'Another Bot API server than Telegram’s own. Goes with `TELEGRAM_BOT_TOKEN`.',
    example: 'http://127.0.0.1:8081',
    default: '`https://api.telegram.org`',
  }),
  DISCORD_BOT_TOKEN: secret({ shape: /^[\w-]+\.[\w-]+\.[\w-]+$/, looksLike: 'a bot token: three words with points between them' }).meta({
    description: 'Turns the Discord face on.',
    example: 'MTIzNDU2Nzg5MDEy.Gabcde.ExampleOfADiscordBotToken',
    default: 'off',
  }),
  DISCORD_SHARDS: z
    .string()
    .regex(/^\d+(,\d+)*\/[1-9]\d*$/, 'must be like 0,1/4: the shards of this process, and of how many')
    .transform((text) => {
      const [ids = '', count = ''] = text.split('/')
      return { ids: ids.split(',').map(Number), count: Number(count) }
    })
    .refine(({ ids, count }) => ids.every((id) => id < count), 'must name shards from 0 up to one less than their number')
    .optional()
    .meta({
      description: 'Shards that this process connects, for a bot in more than 2,500 servers. Goes with `DISCORD_BOT_TOKEN`.',
      example: '0,1/4',
      default: 'as many as Discord recommends',
    }),
  DISCORD_API_URL: address.optional().meta({
    description: 'Another API than Discord’s own. Goes with `DISCORD_BOT_TOKEN`.',
    example: 'http://127.0.0.1:8082/api',
    default: '`https://discord.com/api`',
  }),
  SLACK_BOT_TOKEN: secret({ shape: /^xoxb-/, looksLike: 'a bot token: it begins with xoxb-' }).meta({
    description: 'Slack in Socket Mode, for one workspace. Goes with `SLACK_APP_TOKEN`.',
    example: 'xoxb-1234-5678-example',
    default: 'off',
  }),
  SLACK_APP_TOKEN: secret({ shape: /^xapp-/, looksLike: 'an app-level token: it begins with xapp-' }).meta({
    description: 'The app-level token with `connections:write`. Goes with `SLACK_BOT_TOKEN`.',
    example: 'xapp-1-A123-456-example',
    default: 'off',
  }),
  SLACK_SIGNING_SECRET: secret().meta({
    description: 'Slack over HTTP, for many workspaces. Goes with the three below and `PUBLIC_URL`.',
    example: '0123456789abcdef0123456789abcdef',
    default: 'off',
  }),
  SLACK_CLIENT_ID: z.string().optional().meta({ description: 'The app’s Client ID.', example: '1234.5678', default: 'off' }),
  SLACK_CLIENT_SECRET: secret().meta({ description: 'The app’s Client Secret.', example: 'fedcba9876543210fedcba9876543210', default: 'off' }),
  SLACK_STATE_SECRET: secret({ shape: /^.{32,}$/, looksLike: 'at least 32 characters' }).meta({
    description:
      'Signs installations and encrypts the workspaces’ tokens in the database. At least 32 characters (`openssl rand -hex 32`). Keep it: without it every workspace must install again.',
    example: '9f2c6a1e0b7d4c538e1f0a9b8c7d6e5f',
    default: 'off',
  }),
  SLACK_API_URL: address.optional().meta({
    description: 'Another Web API than Slack’s own.',
    example: 'http://127.0.0.1:8083/api',
    default: '`https://slack.com/api`',
  }),
  CHECK_TELEGRAM_URL: checked('Telegram', 'https://api.telegram.org', 'a Telegram bot token'),
  CHECK_DISCORD_URL: checked('Discord', 'https://discord.com/api/v10', 'a Discord bot token'),
  CHECK_SLACK_URL: checked('Slack', 'https://slack.com/api', 'Slack tokens'),
  CHECK_ANTHROPIC_URL: checked('Anthropic', 'https://api.anthropic.com', 'an Anthropic key'),
  CHECK_OPENAI_URL: checked('OpenAI', 'https://api.openai.com', 'an OpenAI key'),
  CHECK_GOOGLE_URL: checked('Google', 'https://generativelanguage.googleapis.com', 'a Google key'),
  CHECK_OPENROUTER_URL: checked('OpenRouter', 'https://openrouter.ai', 'an OpenRouter key'),
})
type Environment = z.infer<typeof environment>
type Name = keyof Environment

const documentation = z.object({ description: z.string(), example: z.string(), default: z.string() })
const NAMES = environment.keyof().options

/** Reads the settings out of an environment, or says everything that is wrong with it at once. An empty variable counts as absent. */
export function readConfig(env: Record<string, string | undefined>): { ok: true; config: Config } | { ok: false; problems: ConfigProblem[] } {
  const given: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) if (value !== undefined && value.trim() !== '') given[name] = value.trim()
  const parsed = environment.safeParse(given)
  const wrong = parsed.success
    ? []
    : parsed.error.issues.map((issue) =>
        problemOf(
          NAMES.find((name) => name === issue.path[0]),
          issue.message,
        ),
      )
  const problems = [...wrong, ...strangers(given), ...halves(given), ...(wrong.length > 0 ? [] : unrunnable(given))]
  if (!parsed.success || problems.length > 0) return { ok: false, problems }
  return { ok: true, config: configOf(parsed.data) }
}

/** The settings as a Markdown table, drawn from the schema. */
export function configTable(): string {
  const rows = NAMES.map((name) => {
    const about = documentationOf(name)
    return `| \`${name}\` | ${about.description} | ${about.default} | \`${about.example}\` |`
  })
  return ['| Variable | What it is | Default | Example |', '|---|---|---|---|', ...rows].join('\n')
}

function configOf(env: Environment): Config {
  return {
    home: env.CONCH_HOME,
    database: env.DATABASE_URL === undefined ? { kind: 'pglite' } : { kind: 'postgres', url: new Sealed(env.DATABASE_URL) },
    signingKeys: env.CONCH_SIGNING_KEYS ?? null,
    port: env.PORT,
    publicUrl: env.PUBLIC_URL === undefined ? null : withoutSlash(env.PUBLIC_URL),
    gatewayImage: env.GATEWAY_IMAGE,
    browserSuffix: env.GATEWAY_BROWSER_SUFFIX ?? null,
    backups: backupsOf(env),
    provider:
      env.FLY_API_TOKEN === undefined || env.FLY_ORG === undefined
        ? { kind: 'local' }
        : { kind: 'fly', token: new Sealed(env.FLY_API_TOKEN), org: env.FLY_ORG, apiUrl: withoutSlash(env.FLY_API_URL ?? MACHINES_API) },
    log: { level: env.LOG_LEVEL, format: env.LOG_FORMAT },
    telegram: env.TELEGRAM_BOT_TOKEN === undefined ? null : { token: env.TELEGRAM_BOT_TOKEN, apiUrl: slashless(env.TELEGRAM_API_URL) },
    discord:
      env.DISCORD_BOT_TOKEN === undefined
        ? null
        : { token: env.DISCORD_BOT_TOKEN, apiUrl: slashless(env.DISCORD_API_URL), shards: env.DISCORD_SHARDS ?? null },
    slack: slackOf(env),
    checks: {
      telegram: withoutSlash(env.CHECK_TELEGRAM_URL),
      discord: withoutSlash(env.CHECK_DISCORD_URL),
      slack: withoutSlash(env.CHECK_SLACK_URL),
      anthropic: withoutSlash(env.CHECK_ANTHROPIC_URL),
      openai: withoutSlash(env.CHECK_OPENAI_URL),
      google: withoutSlash(env.CHECK_GOOGLE_URL),
      openrouter: withoutSlash(env.CHECK_OPENROUTER_URL),
    },
  }
}

function backupsOf(env: Environment): Config['backups'] {
  const { BUCKET_NAME: bucket, AWS_ACCESS_KEY_ID: keyId, AWS_SECRET_ACCESS_KEY: key } = env
  if (bucket === undefined || keyId === undefined || key === undefined)
    return { kind: 'folder', dir: env.CONCH_BACKUP_DIR ?? join(env.CONCH_HOME, 'backups') }
  const endpoint = slashless(env.AWS_ENDPOINT_URL_S3)
  return { kind: 's3', bucket, endpoint, region: env.AWS_REGION ?? 'auto', pathStyle: env.CONCH_S3_PATH_STYLE === 'yes', keyId, key }
}

function slackOf(env: Environment): SlackConfig | null {
  const apiUrl = slashless(env.SLACK_API_URL)
  const { SLACK_BOT_TOKEN: botToken, SLACK_APP_TOKEN: appToken, PUBLIC_URL: publicUrl } = env
  if (botToken !== undefined && appToken !== undefined) return { kind: 'socket', botToken, appToken, apiUrl }
  const { SLACK_SIGNING_SECRET: signingSecret, SLACK_CLIENT_ID: clientId, SLACK_CLIENT_SECRET: clientSecret, SLACK_STATE_SECRET: stateSecret } = env
  if (signingSecret === undefined || clientId === undefined || clientSecret === undefined || stateSecret === undefined || publicUrl === undefined)
    return null
  return { kind: 'http', signingSecret, clientId, clientSecret, stateSecret, publicUrl: withoutSlash(publicUrl), apiUrl }
}

function slashless(url: string | undefined): string | null {
  return url === undefined ? null : withoutSlash(url)
}

const SLACK_HTTP = ['SLACK_SIGNING_SECRET', 'SLACK_CLIENT_ID', 'SLACK_CLIENT_SECRET', 'SLACK_STATE_SECRET'] as const satisfies Name[]

// A group is given whole or not at all: half of it would start something else than its owner thinks.
function halves(given: Record<string, string>): ConfigProblem[] {
  const needs: [Name, Name][] = [
    ['DATABASE_URL', 'CONCH_SIGNING_KEYS'],
    ['FLY_API_TOKEN', 'FLY_ORG'],
    ['FLY_ORG', 'FLY_API_TOKEN'],
    ['FLY_API_URL', 'FLY_API_TOKEN'],
    ['TELEGRAM_API_URL', 'TELEGRAM_BOT_TOKEN'],
    ['DISCORD_API_URL', 'DISCORD_BOT_TOKEN'],
    ['DISCORD_SHARDS', 'DISCORD_BOT_TOKEN'],
    ['BUCKET_NAME', 'AWS_ACCESS_KEY_ID'],
    ['BUCKET_NAME', 'AWS_SECRET_ACCESS_KEY'],
    ...(given['AWS_ENDPOINT_URL_S3'] === undefined ? [['BUCKET_NAME', 'AWS_REGION'] satisfies [Name, Name]] : []),
    ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'],
    ['SLACK_APP_TOKEN', 'SLACK_BOT_TOKEN'],
    ...SLACK_HTTP.flatMap((name) =>
      [...SLACK_HTTP.filter((other) => other !== name), 'PUBLIC_URL' as const].map((other): [Name, Name] => [name, other]),
    ),
  ]
  const missing = new Map<Name, Name[]>()
  for (const [name, needed] of needs) {
    if (given[name] !== undefined && given[needed] === undefined) missing.set(needed, [...(missing.get(needed) ?? []), name])
  }
  return [...missing].map(([needed, names]) =>
    problemOf(needed, `is missing, and goes with ${names.join(' and ')}: set it, or remove ${names.join(' and ')}`),
  )
}

function unrunnable(given: Record<string, string>): ConfigProblem[] {
  const image = given['GATEWAY_IMAGE']
  if (image === undefined || given['FLY_API_TOKEN'] !== undefined || imageOf(image).kind !== 'other') return []
  return [
    problemOf(
      'GATEWAY_IMAGE',
      'must be gateway:openclaw-<version>, gateway:clawdbot-<version> or gateway:stub as long as there is no FLY_API_TOKEN: nothing else runs on this machine',
    ),
  ]
}

// Our prefix on a name that we do not know is a slip of the pen, and would otherwise be ignored in silence.
function strangers(given: Record<string, string>): ConfigProblem[] {
  return Object.keys(given)
    .filter((name) => name.startsWith('CONCH_') && !NAMES.some((known) => known === name))
    .map((name) => {
      // Either the name is misspelt, or the prefix is too much.
      const far = (known: Name): number => Math.min(distance(name, known), distance(name.slice('CONCH_'.length), known))
      const nearest = NAMES.toSorted((a, b) => far(a) - far(b))[0] ?? 'CONCH_HOME'
      return problemOf(nearest, `is what ${name} seems to mean: Conch has no setting of that name`)
    })
}

function problemOf(name: Name | undefined, problem: string): ConfigProblem {
  return name === undefined ? { name: 'environment', problem, example: '' } : { name, problem, example: documentationOf(name).example }
}

function documentationOf(name: Name): z.infer<typeof documentation> {
  return documentation.parse(environment.shape[name].meta())
}

function withoutSlash(url: string): string {
  return url.replace(/\/+$/, '')
}
