// The names people give to their assistants: they appear in chat and in commands, so they are short, lower-case words.

export const INSTANCE_NAME_CHARS_MAX = 30
const NAME = /^[a-z][a-z0-9-]{1,28}[a-z0-9]$/

export type NameProblem =
  | { kind: 'empty'; suggestion: string }
  | { kind: 'too-short'; suggestion: string }
  | { kind: 'too-long'; length: number; suggestion: string }
  | { kind: 'characters'; suggestion: string }
  | { kind: 'taken'; suggestion: string }

/** The nearest valid name to what was typed: lower case, accents dropped, everything else a dash. Empty when no letter or digit is left. */
export function slugOf(text: string): string {
  const plain = text
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .toLowerCase()
    .replaceAll('ß', 'ss')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^[-0-9]+|-+$/g, '')
  return plain.slice(0, INSTANCE_NAME_CHARS_MAX).replace(/-+$/, '')
}

/** A name that is valid and not in `taken`, as near to `wanted` as can be: my-claw, my-claw-2, … */
export function suggestName(wanted: string, taken: readonly string[]): string {
  const slug = slugOf(wanted)
  const base = slug.length >= 3 ? slug : slug === '' ? 'my-claw' : `${slug}-claw`
  if (!taken.includes(base)) return base
  for (let n = 2; ; n += 1) {
    const name = `${base.slice(0, INSTANCE_NAME_CHARS_MAX - 4)}-${n}`
    if (!taken.includes(name)) return name
  }
}

/** Null when `text` can be the name as it stands; otherwise why not, with a name that works. `taken` holds the owner's active names. */
export function nameProblem(text: string, taken: readonly string[]): NameProblem | null {
  const name = text.trim()
  const suggestion = suggestName(name, taken)
  if (name === '') return { kind: 'empty', suggestion }
  if (name.length > INSTANCE_NAME_CHARS_MAX) return { kind: 'too-long', length: name.length, suggestion }
  if (name.length < 3) return { kind: 'too-short', suggestion }
  if (!NAME.test(name)) return { kind: 'characters', suggestion }
  if (taken.includes(name)) return { kind: 'taken', suggestion }
  return null
}
