// How much room text takes on a terminal: what redrawing in place must know exactly.
import { stripVTControlCharacters } from 'node:util'

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' })
// East Asian Wide and Fullwidth (Unicode TR 11), by block: close enough for names and log lines.
const WIDE = /^[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/

/** Columns that `text` takes, styling left out. */
export function displayWidth(text: string): number {
  let width = 0
  for (const { segment } of segmenter.segment(stripVTControlCharacters(text))) {
    width += /^\p{Mark}+$/u.test(segment) ? 0 : WIDE.test(segment) || /\p{Emoji_Presentation}/u.test(segment) ? 2 : 1
  }
  return width
}

/** Rows that a line takes on a screen of `columns`. */
export function rowsOfLine(line: string, columns: number): number {
  return Math.max(1, Math.ceil(displayWidth(line) / Math.max(1, columns)))
}

/** Breaks a line at spaces so that no part is wider than `columns`; a word that is too long stays whole. */
export function wrapped(line: string, columns: number): string[] {
  const lines: string[] = []
  let current = ''
  for (const word of line.split(' ')) {
    const longer = current === '' ? word : `${current} ${word}`
    if (current !== '' && displayWidth(longer) > columns) {
      lines.push(current)
      current = word
    } else {
      current = longer
    }
  }
  return [...lines, current]
}
