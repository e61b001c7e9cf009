// Which language we talk.
import type { Language } from '../../../domain/language.ts'
import { t } from '../language.ts'
import { button, paragraph, type View } from '../view.ts'

/** The language that is spoken, and the others. A language is called what its speakers call it. */
export function languageView(): View {
  return {
    tone: 'plain',
    blocks: [paragraph`I speak English with you. Which language shall it be?`],
    actions: [button('English', 'language', 'en'), button('Deutsch', 'language', 'de')],
  }
}

/** Said in the new language. */
export function languageSetView(): View {
  return { tone: 'plain', blocks: [paragraph`From now on I speak English with you.`], actions: [button(t`Help`, 'help')] }
}

const names: Readonly<Record<Language, readonly string[]>> = { en: ['english', 'englisch'], de: ['german', 'deutsch'] }

/** The language that a word names, in either of them. */
export function languageNamed(word: string): Language | null {
  if (names.en.includes(word)) return 'en'
  return names.de.includes(word) ? 'de' : null
}
