// What a person typed, as a command or as words.

export type Typed = { kind: 'command'; name: string; args: string[] } | { kind: 'words'; text: string }

/** What somebody who reads German types without the slash. */
const german: Readonly<Record<string, string>> = { hilfe: 'help', abbrechen: 'cancel', preise: 'prices', sprache: 'language' }

/** `/restart my-claw`, and `restart` alone when it is exactly a command's name; everything else is words. */
export function typedOf(text: string, names: readonly string[]): Typed {
  const trimmed = text.trim()
  if (trimmed.startsWith('/')) {
    const [head = '', ...args] = trimmed.slice(1).split(/\s+/)
    // Platforms append the bot's name in groups: /status@conch_bot. Telegram allows no dash in a command.
    return { kind: 'command', name: (head.split('@')[0] ?? '').toLowerCase().replaceAll('_', '-'), args }
  }
  const typed = trimmed.toLowerCase()
  const word = Object.hasOwn(german, typed) ? (german[typed] ?? typed) : typed
  return names.includes(word) ? { kind: 'command', name: word, args: [] } : { kind: 'words', text: trimmed }
}

/** The `count` names that are nearest to what was typed, the nearest first. */
export function nearest(typed: string, names: readonly string[], count: number): string[] {
  const distance = (name: string): number => editDistance(typed, name) - (name.startsWith(typed) ? 0.5 : 0)
  return names.toSorted((a, b) => distance(a) - distance(b)).slice(0, count)
}

/** How many letters must be inserted, removed or replaced to turn one word into the other (Levenshtein). */
export function editDistance(a: string, b: string): number {
  const typed = a.slice(0, 40)
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let index = 0; index < typed.length; index += 1) {
    const next = [index + 1]
    for (let column = 0; column < b.length; column += 1) {
      const replaced = (row[column] ?? 0) + (typed[index] === b[column] ? 0 : 1)
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
