// What the secrets that we know by name look like, and what is wrong with one that does not. Shapes are checked before anything is made or
// asked; whether a secret works is for its platform to say. Nothing here ever gives back a character of what was pasted. Pure.

export type SecretShape = {
  /** The variable that the gateway reads it from. */
  name: string
  looksLike: string
  /** How one begins, where that tells it from all others. */
  prefix: string | null
  shape: RegExp
  charsMin: number
  charsMax: number
}

const LONGEST = 300

/** Shapes as the platforms print them (prefixes documented by each; lengths are lower bounds, since they lengthen keys). */
export const secretShapes = [
  {
    name: 'TELEGRAM_BOT_TOKEN',
    looksLike: '123456789:AAE…',
    prefix: null,
    shape: /^\d{6,12}:[A-Za-z0-9_-]+$/,
    charsMin: 42,
    charsMax: 64,
  },
  {
    name: 'DISCORD_BOT_TOKEN',
    looksLike: 'MTEy….GxYz12.…',
    prefix: null,
    // The first part is the bot's number in base64, and a digit always begins so.
    shape: /^[MNO][A-Za-z0-9_-]{15,40}\.[A-Za-z0-9_-]{5,8}\.[A-Za-z0-9_-]+$/,
    charsMin: 55,
    charsMax: 100,
  },
  {
    name: 'SLACK_BOT_TOKEN',
    looksLike: 'xoxb-1234-5678-…',
    prefix: 'xoxb-',
    shape: /^xoxb-[A-Za-z0-9-]+$/,
    charsMin: 24,
    charsMax: LONGEST,
  },
  {
    name: 'SLACK_APP_TOKEN',
    looksLike: 'xapp-1-A0123-…',
    prefix: 'xapp-',
    shape: /^xapp-[A-Za-z0-9-]+$/,
    charsMin: 24,
    charsMax: LONGEST,
  },
  {
    name: 'ANTHROPIC_API_KEY',
    looksLike: 'sk-ant-api03-…',
    prefix: 'sk-ant-',
    shape: /^sk-ant-[A-Za-z0-9_-]+$/,
    charsMin: 40,
    charsMax: LONGEST,
  },
  {
    name: 'OPENROUTER_API_KEY',
    looksLike: 'sk-or-v1-…',
    prefix: 'sk-or-',
    shape: /^sk-or-[A-Za-z0-9_-]+$/,
    charsMin: 40,
    charsMax: LONGEST,
  },
  {
    name: 'OPENAI_API_KEY',
    looksLike: 'sk-proj-…',
    prefix: 'sk-',
    shape: /^sk-(?!ant-|or-)[A-Za-z0-9_-]+$/,
    charsMin: 40,
    charsMax: LONGEST,
  },
  {
    // Google is replacing AIza… by AQ.… (2026); both are in use.
    name: 'GEMINI_API_KEY',
    looksLike: 'AIza… or AQ.…',
    prefix: null,
    shape: /^(AIza[A-Za-z0-9_-]+|AQ\.[A-Za-z0-9_.-]+)$/,
    charsMin: 39,
    charsMax: LONGEST,
  },
] as const satisfies SecretShape[]

export type KnownSecret = (typeof secretShapes)[number]['name']

/** The shape of the secret with this name; undefined for a name that we do not know. */
export function shapeOf(name: string): (SecretShape & { name: KnownSecret }) | undefined {
  return secretShapes.find((one) => one.name === name)
}

/** Things that people copy from the right page and the wrong line. */
export type Lookalike =
  | 'slack-user-token'
  | 'slack-config-token'
  | 'slack-signing-secret'
  | 'discord-client-secret'
  | 'discord-public-key'
  | 'discord-application-id'
  | 'telegram-username'
  | 'address'
const lookalikes: readonly { kind: Lookalike; of: string; shape: RegExp }[] = [
  { kind: 'slack-user-token', of: 'SLACK', shape: /^xoxp-/ },
  { kind: 'slack-config-token', of: 'SLACK', shape: /^xoxe[.-]/ },
  { kind: 'slack-signing-secret', of: 'SLACK', shape: /^[0-9a-f]{32}$/ },
  { kind: 'discord-public-key', of: 'DISCORD', shape: /^[0-9a-f]{64}$/ },
  { kind: 'discord-client-secret', of: 'DISCORD', shape: /^[A-Za-z0-9_-]{32}$/ },
  { kind: 'discord-application-id', of: 'DISCORD', shape: /^\d{17,20}$/ },
  { kind: 'telegram-username', of: 'TELEGRAM', shape: /^@?\w{3,28}bot$/i },
  { kind: 'address', of: '', shape: /^https?:\/\//i },
]

export type ShapeProblem =
  | { kind: 'empty' }
  /** Another known secret, whole. */
  | { kind: 'other'; is: SecretShape }
  | { kind: 'lookalike'; is: Lookalike }
  | { kind: 'too-short'; length: number }
  | { kind: 'too-long'; length: number }
  /** Nothing that we know. `length` is that of what was pasted, never a part of it. */
  | { kind: 'shape'; length: number }

const wholeShape = (one: SecretShape, value: string): boolean => one.shape.test(value) && value.length >= one.charsMin && value.length <= one.charsMax

/** Null when `value` has the shape of the secret `wanted`; otherwise what is wrong with it. */
export function shapeProblem(wanted: SecretShape, value: string): ShapeProblem | null {
  const { length } = value
  if (length === 0) return { kind: 'empty' }
  if (wanted.shape.test(value)) {
    if (length < wanted.charsMin) return { kind: 'too-short', length }
    return length > wanted.charsMax ? { kind: 'too-long', length } : null
  }
  const other = secretShapes.find((one) => wholeShape(one, value))
  if (other !== undefined) return { kind: 'other', is: other }
  const like = lookalikes.find((one) => wanted.name.startsWith(one.of) && one.shape.test(value))
  return like === undefined ? { kind: 'shape', length } : { kind: 'lookalike', is: like.kind }
}

/**
 * The secret in what was pasted: people copy the line around it, its variable's name, quotes. When exactly one thing in the text has the wanted
 * shape, that is it; otherwise the text as it stands, without what surrounds it.
 */
export function secretIn(wanted: SecretShape, pasted: string): string {
  const text = pasted.trim()
  if (wholeShape(wanted, text)) return text
  const found = new Set(wordsOf(text).filter((word) => wholeShape(wanted, word)))
  const [only] = found
  return found.size === 1 && only !== undefined ? only : text.replaceAll(/^["'`<]+|["'`>]+$/g, '')
}

/** Every known secret in a text, by its name: for a message that carries two at once. */
export function secretsIn(text: string): Partial<Record<KnownSecret, string>> {
  const found: Partial<Record<KnownSecret, string>> = {}
  for (const word of wordsOf(text)) {
    const known = secretShapes.find((one) => wholeShape(one, word))
    if (known !== undefined) found[known.name] ??= word
  }
  return found
}

/** A part of a secret is as much a secret as the whole: shorter than any that is accepted. */
const pieces: readonly RegExp[] = [
  /^sk-[A-Za-z0-9_-]{20,}$/,
  /^AIza[A-Za-z0-9_-]{30,}$/,
  /^AQ\.[A-Za-z0-9_.-]{30,}$/,
  /^\d{6,12}:[A-Za-z0-9_-]{30,}$/,
  /^xox[a-z][.-][A-Za-z0-9.-]{10,}$/,
  /^xapp-[A-Za-z0-9-]{10,}$/,
  /^[MNO][A-Za-z0-9_-]{15,40}\.[A-Za-z0-9_-]{5,8}\.[A-Za-z0-9_-]{20,}$/,
]

/** True when `text` holds something that has a known secret's shape, whatever stands around it. */
export function holdsSecret(text: string): boolean {
  return wordsOf(text).some((word) => pieces.some((piece) => piece.test(word)))
}

const MAYBE = /[A-Za-z0-9][A-Za-z0-9_.:-]{10,}/g

/**
 * The words of a text that could be a secret: what surrounds one (quotes, brackets, a full stop, `NAME=`, `bot` before it in an address) is left
 * out, and so is what is joined to it by a colon.
 */
function wordsOf(text: string): string[] {
  return [...text.matchAll(MAYBE)].flatMap(([run]) => {
    const bare = run.replace(/[.:_-]+$/, '')
    const parts = bare.split(':')
    const pairs = parts.slice(1).map((part, index) => `${/\d*$/.exec(parts[index] ?? '')?.[0] ?? ''}:${part}`)
    // A trailing dash or underscore may belong to it.
    return [run.replace(/[.:]+$/, ''), bare, ...parts, ...pairs]
  })
}
