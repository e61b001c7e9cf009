// The companies whose models can be an assistant's brain. What their keys look like is in secret-shapes.ts.
import { holdsSecret, type KnownSecret } from './secret-shapes.ts'

export type ModelProvider = {
  id: string
  title: string
  brain: string
  secretName: KnownSecret
  model: string
  keysPage: string
}

export const modelProviders: readonly ModelProvider[] = [
  {
    id: 'anthropic',
    title: 'Anthropic',
    brain: 'Claude',
    secretName: 'ANTHROPIC_API_KEY',
    model: 'anthropic/claude-sonnet-4-5',
    keysPage: 'https://console.anthropic.com/settings/keys',
  },
  {
    id: 'openai',
    title: 'OpenAI',
    brain: 'GPT',
    secretName: 'OPENAI_API_KEY',
    model: 'openai/gpt-5.2',
    keysPage: 'https://platform.openai.com/api-keys',
  },
  {
    id: 'google',
    title: 'Google',
    brain: 'Gemini',
    secretName: 'GEMINI_API_KEY',
    model: 'google/gemini-3-pro-preview',
    keysPage: 'https://aistudio.google.com/apikey',
  },
  {
    id: 'openrouter',
    title: 'OpenRouter',
    brain: 'OpenRouter',
    secretName: 'OPENROUTER_API_KEY',
    model: 'openrouter/auto',
    keysPage: 'https://openrouter.ai/keys',
  },
]

/** The provider with this id, or undefined. */
export function modelProviderOf(id: string | null): ModelProvider | undefined {
  return modelProviders.find((provider) => provider.id === id)
}

/** The provider whose key this secret is, or undefined. */
export function modelProviderOfSecret(name: string): ModelProvider | undefined {
  return modelProviders.find((provider) => provider.secretName === name)
}

/** True when `text` holds something that has a known secret's shape: such text must not be kept. */
export function holdsKey(text: string): boolean {
  return holdsSecret(text)
}
