// A phone's camera: what a picture of a code says, or a drawing of one on a screen.
import { decode } from 'fast-png'
import decodeQR from 'qr/decode.js'

/** The text of the code in a PNG; throws when no phone could read it. */
export function scannedPicture(png: Uint8Array | null | undefined): string {
  const { width, height, channels, data } = decode(png ?? new Uint8Array())
  return scannedPixels(width, height, (x, y) => Number(data[(y * width + x) * channels]) < 128)
}

/** The text of the code that half blocks draw, dark where they are drawn; `inverse` where they are light. */
export function scannedDrawing(rows: readonly string[], { inverse = false } = {}): string {
  const dark = rows.flatMap((row) => [
    row.split('').map((one) => (one === '█' || one === '▀') !== inverse),
    row.split('').map((one) => (one === '█' || one === '▄') !== inverse),
  ])
  const scale = 4
  const [width, height] = [(dark[0]?.length ?? 0) * scale, dark.length * scale]
  return scannedPixels(width, height, (x, y) => dark[Math.floor(y / scale)]?.[Math.floor(x / scale)] ?? false)
}

function scannedPixels(width: number, height: number, isDark: (x: number, y: number) => boolean): string {
  const data = new Uint8Array(width * height * 3)
  for (let y = 0; y < height; y += 1)
    for (let x = 0; x < width; x += 1) data.fill(isDark(x, y) ? 0 : 255, (y * width + x) * 3, (y * width + x) * 3 + 3)
  return decodeQR({ width, height, data }, { timeLimit: 5_000 })
}
