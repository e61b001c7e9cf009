// The language of whom we talk to. It surrounds a turn and a rendering like their time does, so that no function that makes words has to hand it
// on: what is said inside `inLanguage` is said in that language. The English sentence is the key of its translation; one that is missing is
// said in English.
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Language } from '../../domain/language.ts'
import { german } from './words/german.ts'

/** A sentence in parts: text, and the numbers of the values between. */
type Part = string | number

const translations: Readonly<Record<Exclude<Language, 'en'>, Readonly<Record<string, string>>>> = { de: german }
const surrounding = new AsyncLocalStorage<Language>()
const parsed = new Map<string, readonly Part[]>()

/** Does `work` with everything that is said in it said in `spoken`. */
export function inLanguage<T>(spoken: Language, work: () => T): T {
  return surrounding.run(spoken, work)
}

/** The language of whom we talk to now; English where nobody is meant. */
export function language(): Language {
  return surrounding.getStore() ?? 'en'
}

/** A sentence of ours in the language of whom we talk to. What is put into it stays as it is. */
export function t(strings: TemplateStringsArray, ...values: readonly (string | number)[]): string {
  return partsOf(strings)
    .map((part) => (typeof part === 'string' ? part : String(values[part] ?? '')))
    .join('')
}

/** What is ours and kept as data, a command's summary or a place's name, in the language of whom we talk to. */
export function translated(english: string): string {
  const spoken = language()
  return spoken === 'en' ? english : (translations[spoken][english] ?? english)
}

/** The parts of a sentence in the language of whom we talk to, in that language's order. */
export function partsOf(strings: TemplateStringsArray): readonly Part[] {
  const spoken = language()
  if (spoken === 'en') return inOrder(strings)
  const key = inOrder(strings)
    .map((part) => (typeof part === 'string' ? part : `{${part}}`))
    .join('')
  const id = `${spoken}:${key}`
  const known = parsed.get(id) ?? parsedSentence(translations[spoken][key]) ?? inOrder(strings)
  parsed.set(id, known)
  return known
}

function inOrder(strings: TemplateStringsArray): Part[] {
  return strings.flatMap((text, index): Part[] => [...(index === 0 ? [] : [index - 1]), ...(text === '' ? [] : [text])])
}

function parsedSentence(sentence: string | undefined): Part[] | undefined {
  return sentence?.split(/(\{\d+\})/).flatMap((part): Part[] => {
    const value = /^\{(\d+)\}$/.exec(part)?.[1]
    return part === '' ? [] : [value === undefined ? part : Number(value)]
  })
}
