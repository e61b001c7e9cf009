// A code for a phone's camera, drawn with half blocks: two modules in each character. It is read from the picture first and drawn anew, so that
// it takes as little room as it can.
import { decode } from 'fast-png'
import encodeQR from 'qr'
import decodeQR from 'qr/decode.js'

export type Figure = { kind: 'drawn'; rows: string[] } | { kind: 'too-wide'; columns: number } | { kind: 'unreadable' }

/** Light around the code that a camera needs: four modules by the standard, of which two are enough on a screen. */
const BORDER = 2
const BLACK_ON_WHITE = '\u001B[30;107m'
const OFF = '\u001B[0m'
/** Reading goes on for this long at most. */
const READ_MS = 1_000

/** The picture's code for paper of this width. */
export function figureOf(png: Buffer, paper: { columns: number; colour: boolean }): Figure {
  const text = textIn(png)
  if (text === null) return { kind: 'unreadable' }
  const modules = encodeQR(text, 'raw', { ecc: 'low', border: BORDER })
  if (modules.length > paper.columns) return { kind: 'too-wide', columns: modules.length }
  const rows = Array.from({ length: Math.ceil(modules.length / 2) }, (_, row) => [modules[row * 2] ?? [], modules[row * 2 + 1] ?? []] as const)
  return {
    kind: 'drawn',
    rows: rows.map(([upper, lower]) => upper.map((dark, at) => blockOf(dark, lower[at] ?? false)).join('')).map(coloured(paper)),
  }
}

/** Without colours the screen is taken for a dark one, on which what is drawn is light. */
function coloured({ colour }: { colour: boolean }): (row: string) => string {
  const inverse: Readonly<Record<string, string>> = { '█': ' ', ' ': '█', '▀': '▄', '▄': '▀' }
  return (row) => (colour ? `${BLACK_ON_WHITE}${row}${OFF}` : row.replaceAll(/[█▀▄ ]/g, (one) => inverse[one] ?? one))
}

function blockOf(upper: boolean, lower: boolean): string {
  if (upper) return lower ? '█' : '▀'
  return lower ? '▄' : ' '
}

function textIn(png: Buffer): string | null {
  try {
    const { width, height, channels, depth, data } = decode(png)
    if (depth !== 8) return null
    return decodeQR({ width, height, data: rgbOf(data, channels) }, { timeLimit: READ_MS })
  } catch {
    return null
  }
}

/** Three values a pixel, of one (grey), two (with opacity), three or four. */
function rgbOf(data: ArrayLike<number>, channels: number): Uint8Array {
  const rgb = new Uint8Array((data.length / channels) * 3)
  for (let pixel = 0; pixel * channels < data.length; pixel += 1)
    for (let part = 0; part < 3; part += 1) rgb[pixel * 3 + part] = data[pixel * channels + (channels < 3 ? 0 : part)] ?? 0
  return rgb
}
