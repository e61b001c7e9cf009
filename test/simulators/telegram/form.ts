// Calls that bring a file with them come as forms.
import type { IncomingMessage } from 'node:http'
import { z } from 'zod'

const mediaSchema = z.looseObject({ type: z.string(), media: z.string() })
const photoSchema = z.object({ type: z.literal('photo'), media: z.unknown() })

/** The fields of a form: JSON where they are, and a file instead of the `attach://` that names it. */
export async function formOf(request: IncomingMessage, raw: Buffer): Promise<Record<string, unknown>> {
  const headers = { 'content-type': request.headers['content-type'] ?? '' }
  const form = await new Response(new Uint8Array(raw), { headers }).formData()
  const files = new Map<string, File>()
  const fields: Record<string, unknown> = {}
  for (const [name, value] of form) if (typeof value !== 'string') files.set(`attach://${name}`, value)
  for (const [name, value] of form) {
    if (typeof value !== 'string') continue
    const field = files.get(value) ?? (/^([[{]|-?\d+$|true$|false$)/.test(value) ? (JSON.parse(value) as unknown) : value)
    const media = mediaSchema.safeParse(field)
    fields[name] = media.success ? { ...media.data, media: files.get(media.data.media) ?? media.data.media } : field
  }
  return fields
}

/** What a field's file holds. */
export async function bytesOf(file: unknown): Promise<Buffer> {
  return Buffer.from(await z.instanceof(File).parse(file).arrayBuffer())
}

/** What the file of an InputMediaPhoto holds. */
export function photoIn(media: unknown): Promise<Buffer> {
  return bytesOf(photoSchema.parse(media).media)
}

/** What a request carries. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(z.instanceof(Buffer).parse(part))
  return Buffer.concat(parts)
}
