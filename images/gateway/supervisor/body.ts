import type { IncomingMessage } from 'node:http'

/** The JSON that a request carries; null for none, for what is none, and for more than `bytesMax`. */
export async function jsonBody(request: IncomingMessage, bytesMax: number): Promise<unknown> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > bytesMax) return null
    parts.push(part)
  }
  try {
    return JSON.parse(Buffer.concat(parts).toString())
  } catch {
    return null
  }
}
