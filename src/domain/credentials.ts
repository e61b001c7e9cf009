// Everything that an assistant can hold: its channels, the keys of its models, and variables of its owner's own. One catalogue, from which the
// chat's guides, the checks, and the gateway's configuration follow. Pure.
import { modelProviderOfSecret, modelProviders } from './model-providers.ts'
import { shapeOf, type KnownSecret, type SecretShape } from './secret-shapes.ts'

export const channelIds = ['telegram', 'discord', 'slack'] as const
/** A channel that needs tokens. WhatsApp has none: it is paired. */
export type ChannelId = (typeof channelIds)[number]

export type Credential =
  | { id: ChannelId; kind: 'channel'; title: string; secrets: readonly KnownSecret[]; makeOne: string }
  | { id: string; kind: 'model'; title: string; secrets: readonly KnownSecret[]; makeOne: string }

/** What can be set by name, channels first. `makeOne` is the page where its secrets are made. */
export const credentials: readonly Credential[] = [
  { id: 'telegram', kind: 'channel', title: 'Telegram', secrets: ['TELEGRAM_BOT_TOKEN'], makeOne: 'https://t.me/BotFather' },
  { id: 'discord', kind: 'channel', title: 'Discord', secrets: ['DISCORD_BOT_TOKEN'], makeOne: 'https://discord.com/developers/applications' },
  { id: 'slack', kind: 'channel', title: 'Slack', secrets: ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN'], makeOne: 'https://api.slack.com/apps?new_app=1' },
  ...modelProviders.map(({ id, title, secretName, keysPage }): Credential => ({
    id,
    kind: 'model',
    title,
    secrets: [secretName],
    makeOne: keysPage,
  })),
]

/** The credential with this id; undefined for a word that is none. */
export function credentialOf(id: string): Credential | undefined {
  return credentials.find((one) => one.id === id)
}

/** The credential that a secret belongs to; undefined for a variable of the owner's own. */
export function credentialOfSecret(name: string): Credential | undefined {
  return credentials.find((one) => one.secrets.some((secret) => secret === name))
}

/** The shapes of a credential's secrets, in the order in which they are asked for. */
export function shapesOf(credential: Credential): SecretShape[] {
  return credential.secrets.flatMap((name) => shapeOf(name) ?? [])
}

/** One token, one assistant: two that read one bot's messages take them from each other. Model keys may be shared. */
export function isExclusive(name: string): boolean {
  return credentialOfSecret(name)?.kind === 'channel'
}

/** The channels whose secrets are all among `names`. */
export function channelsOf(names: readonly string[]): ChannelId[] {
  return channelIds.filter((id) => credentialOf(id)?.secrets.every((secret) => names.includes(secret)) === true)
}

/**
 * The model provider that an assistant thinks with once it holds the keys in `names`: the chosen one, as long as its key is there or nobody
 * else's is.
 */
export function brainOf(chosen: string | null, names: readonly string[]): string | null {
  const keyed = modelProviders.filter((provider) => names.includes(provider.secretName)).map((provider) => provider.id)
  return chosen !== null && keyed.includes(chosen) ? chosen : (keyed[0] ?? chosen)
}

export const CUSTOM_VALUE_CHARS_MAX = 4_000
/** Of one assistant: what a machine's environment bears, and a list that a person can read. */
export const SECRETS_MAX = 40

const NAME = /^[A-Z][A-Z0-9_]{0,63}$/
const OURS = /^(OPENCLAW|CLAWDBOT|CONCH|FLY|STUB)_/
const SYSTEM =
  /^(LD_.*|DYLD_.*|NODE_.*|NPM_.*|MALLOC_.*|GLIBC_.*|GCONV_PATH|PATH|PORT|HOST|HOSTNAME|HOME|USER|SHELL|PWD|TMPDIR|IFS|ENV|BASH_.*|PRIMARY_REGION|SSL_CERT_.*|OPENSSL_.*|GIT_SSH.*|PYTHON(PATH|STARTUP|HOME))$/

export type VariableNameProblem =
  | { kind: 'characters'; suggestion: string | null }
  | { kind: 'too-long'; length: number }
  /** We set it ourselves, and the assistant's own password is among these. */
  | { kind: 'ours' }
  /** The machine's own workings read it: another value could keep the assistant from starting, or start something else. */
  | { kind: 'system' }

/** Null when a variable may have this name; otherwise why not. */
export function variableNameProblem(name: string): VariableNameProblem | null {
  if (name.length > 64) return { kind: 'too-long', length: name.length }
  if (!NAME.test(name)) {
    const tidy = name
      .toUpperCase()
      .replaceAll(/[^A-Z0-9]+/g, '_')
      .replaceAll(/^[^A-Z]+|_+$/g, '')
    return { kind: 'characters', suggestion: tidy !== '' && variableNameProblem(tidy) === null ? tidy : null }
  }
  if (OURS.test(name)) return { kind: 'ours' }
  return SYSTEM.test(name) ? { kind: 'system' } : null
}

export type VariableValueProblem = { kind: 'empty' } | { kind: 'too-long'; length: number } | { kind: 'control' }

/** Null when a variable may have this value; otherwise why not. */
export function variableValueProblem(value: string): VariableValueProblem | null {
  if (value.length === 0) return { kind: 'empty' }
  if (value.length > CUSTOM_VALUE_CHARS_MAX) return { kind: 'too-long', length: value.length }
  // A NUL ends an environment variable early, and nobody means one.
  return value.includes('\0') ? { kind: 'control' } : null
}

/** True for a name that one of the catalogue's credentials uses. */
export function isKnownSecret(name: string): name is KnownSecret {
  return shapeOf(name) !== undefined
}

/** What the person's own name for a thing resolves to: an id ("slack"), a secret's name, or a title ("Anthropic"). */
export function credentialNamed(word: string): Credential | undefined {
  const plain = word.trim().toLowerCase()
  return (
    credentialOf(plain) ??
    credentialOfSecret(word.trim().toUpperCase()) ??
    credentials.find((one) => one.title.toLowerCase() === plain) ??
    credentials.find((one) => one.kind === 'model' && modelProviderOfSecret(one.secrets[0] ?? '')?.brain.toLowerCase() === plain)
  )
}
