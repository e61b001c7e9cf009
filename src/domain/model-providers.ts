// The companies whose models can be an assistant's brain, and what their keys look like.
// Shapes are checked before anything is made; whether a key works is for the provider to say.

export type ModelProvider = {
  id: string
  title: string
  brain: string
  secretName: string
  model: string
  keysPage: string
  shape: RegExp
  looksLike: string
  charsMin: number
}

/** Key shapes as the providers print them (prefixes documented by each; lengths are lower bounds, since providers lengthen keys). */
export const modelProviders: readonly ModelProvider[] = [
  {
    id: 'anthropic',
    title: 'Anthropic',
    brain: 'Claude',
    secretName: 'ANTHROPIC_API_KEY',
    model: 'anthropic/claude-sonnet-4-5',
    keysPage: 'https://console.anthropic.com/settings/keys',
    shape: /^sk-ant-[A-Za-z0-9_-]+$/,
    looksLike: 'sk-ant-api03-…',
    charsMin: 40,
  },
  {
    id: 'openai',
    title: 'OpenAI',
    brain: 'GPT',
    secretName: 'OPENAI_API_KEY',
    model: 'openai/gpt-5.2',
    keysPage: 'https://platform.openai.com/api-keys',
    shape: /^sk-(?!ant-|or-)[A-Za-z0-9_-]+$/,
    looksLike: 'sk-proj-…',
    charsMin: 40,
  },
  {
    id: 'google',
    title: 'Google',
    brain: 'Gemini',
    secretName: 'GEMINI_API_KEY',
    model: 'google/gemini-3-pro-preview',
    keysPage: 'https://aistudio.google.com/apikey',
    shape: /^AIza[A-Za-z0-9_-]+$/,
    looksLike: 'AIza…',
    charsMin: 39,
  },
  {
    id: 'openrouter',
    title: 'OpenRouter',
    brain: 'OpenRouter',
    secretName: 'OPENROUTER_API_KEY',
    model: 'openrouter/auto',
    keysPage: 'https://openrouter.ai/keys',
    shape: /^sk-or-[A-Za-z0-9_-]+$/,
    looksLike: 'sk-or-v1-…',
    charsMin: 40,
  },
]

/** The provider with this id, or undefined. */
export function modelProviderOf(id: string | null): ModelProvider | undefined {
  return modelProviders.find((provider) => provider.id === id)
}

export type KeyProblem =
  | { kind: 'shape'; length: number }
  | { kind: 'too-short'; length: number }
  | { kind: 'other-provider'; provider: ModelProvider }

/** Null when `key` has the provider's shape; otherwise what is wrong with it. The key itself is not in the answer. */
export function keyProblem(provider: ModelProvider, key: string): KeyProblem | null {
  if (provider.shape.test(key)) return key.length < provider.charsMin ? { kind: 'too-short', length: key.length } : null
  const other = modelProviders.find((one) => one.shape.test(key) && key.length >= one.charsMin)
  return other === undefined ? { kind: 'shape', length: key.length } : { kind: 'other-provider', provider: other }
}

/** True when `text` holds something that has a known key's shape: such text must not be kept. */
export function holdsKey(text: string): boolean {
  return text
    .split(/\s+/)
    .some((word) =>
      /^(sk-[A-Za-z0-9_-]{20,}|AIza[A-Za-z0-9_-]{30,}|\d{6,12}:[A-Za-z0-9_-]{30,}|xox[a-z]-[A-Za-z0-9-]{10,}|xapp-[A-Za-z0-9-]{10,})$/.test(word),
    )
}
