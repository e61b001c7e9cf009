// What a gateway answers about linking WhatsApp, in our words. Checked on OpenClaw 2026.9.6 with its plugin @openclaw/whatsapp: `web.login.start`
// gives a picture, or the one that is still good; `web.login.wait` answers when that has changed, when somebody has scanned it, or in time.
import { z } from 'zod'
import type { GatewayReply } from './gateway.ts'

/** A code as the gateway draws it. `dataUrl` is how it is called when the next one is waited for. */
export type PairingCode = { dataUrl: string; png: Buffer; sessionKey: string | null }
export type Login =
  | { kind: 'code'; code: PairingCode }
  | { kind: 'linked' }
  /** This gateway has no WhatsApp: its plugin is not there, or its controls are not. */
  | { kind: 'unsupported' }
  /** Neither a code nor a phone, in the gateway's words. */
  | { kind: 'nothing'; said: string }
  /** Not now. */
  | { kind: 'busy'; said: string }

const PREFIX = 'data:image/png;base64,'
/** What OpenClaw itself takes back as `currentQrDataUrl`. */
const DATA_URL_CHARS_MAX = 16_384
/** A code of WhatsApp's is 438 pixels wide. A small file can claim to be a picture of any size. */
const PIXELS_MAX = 1_024
const PNG_SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
const SAID_CHARS_MAX = 200

const loginSchema = z.object({
  connected: z.boolean().nullish(),
  qrDataUrl: z.string().nullish(),
  sessionKey: z.string().max(200).nullish(),
  message: z.string().catch(''),
})

export function loginOf(reply: GatewayReply): Login {
  if (reply.kind === 'refused') {
    // Anything else (starting, suspended, restarting) passes.
    const never = reply.code === 'INVALID_REQUEST' || reply.code === 'NO_CONTROLS'
    return never ? { kind: 'unsupported' } : { kind: 'busy', said: reply.message.slice(0, SAID_CHARS_MAX) }
  }
  const login = loginSchema.safeParse(reply.payload)
  if (!login.success) return { kind: 'unsupported' }
  const { connected, qrDataUrl, sessionKey, message } = login.data
  if (connected === true) return { kind: 'linked' }
  const png = typeof qrDataUrl === 'string' ? pngIn(qrDataUrl) : null
  if (png === null || typeof qrDataUrl !== 'string') return { kind: 'nothing', said: message.slice(0, SAID_CHARS_MAX) }
  return { kind: 'code', code: { dataUrl: qrDataUrl, png, sessionKey: sessionKey ?? null } }
}

/** The picture in a data URL; null when it is none, or larger than any code. */
export function pngIn(dataUrl: string): Buffer | null {
  if (!dataUrl.startsWith(PREFIX) || dataUrl.length > DATA_URL_CHARS_MAX) return null
  const png = Buffer.from(dataUrl.slice(PREFIX.length), 'base64')
  if (png.length < 33 || !png.subarray(0, 8).equals(PNG_SIGNATURE) || png.toString('latin1', 12, 16) !== 'IHDR') return null
  const [width, height] = [png.readUInt32BE(16), png.readUInt32BE(20)]
  return width > 0 && height > 0 && width <= PIXELS_MAX && height <= PIXELS_MAX ? png : null
}

const statusSchema = z.object({ channels: z.object({ whatsapp: z.object({ linked: z.boolean() }) }) })

/** Whether `channels.status` says that a phone is linked. */
export function isLinked(reply: GatewayReply): boolean {
  const status = reply.kind === 'answer' ? statusSchema.safeParse(reply.payload) : null
  return status?.success === true && status.data.channels.whatsapp.linked
}
