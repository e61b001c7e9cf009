// Codes as a gateway sends them: what WhatsApp puts into one is about this long, and OpenClaw draws it with six pixels a module.
import { encode } from 'fast-png'
import encodeQR from 'qr'

/** A PNG of `text`, in colours with opacity like OpenClaw's. */
export function codePicture(text: string): Buffer {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: 4, scale: 6 })
  const data = Uint8Array.from(rows.flatMap((row) => row.flatMap((dark) => [...Array<number>(3).fill(dark ? 0 : 255), 255])))
  return Buffer.from(encode({ width: rows.length, height: rows.length, data, channels: 4, depth: 8 }, { zlib: { level: 9 } }))
}

/** As long as WhatsApp's: a reference and three keys. */
export function pairingText(mark: string): string {
  return `2@${mark}${'Ab9_'.repeat(36)},${'k/9+'.repeat(11)},${'Zz0/'.repeat(11)},${'q7W+'.repeat(11)}`
}
