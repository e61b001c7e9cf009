// Reading a form that a browser posts: only from our own page, only a small one.

export type Post = { kind: 'read'; fields: URLSearchParams } | { kind: 'not-ours' | 'not-a-form' | 'too-large' }

/** Several of the longest keys there are. */
const BYTES_MAX = 32 * 1024

/** The fields of a form that was posted from a page under `address`. Anything else is not read. */
export async function readPost(request: Request, address: string): Promise<Post> {
  if (!fromOurPage(request.headers, address)) return { kind: 'not-ours' }
  const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') return { kind: 'not-a-form' }
  const body = await bodyOf(request)
  return body === null ? { kind: 'too-large' } : { kind: 'read', fields: new URLSearchParams(body) }
}

/**
 * Browsers say where a request comes from. Sec-Fetch-Site is exact. Where it is missing, as in Safari before 16.4, Origin decides; it is "null"
 * under our own referrer policy, so that there the hidden field that only our page knows is what stands between. Who sends neither is no browser.
 */
function fromOurPage(headers: Headers, address: string): boolean {
  const site = headers.get('sec-fetch-site')
  const origin = headers.get('origin')
  const ours = origin === new URL(address).origin
  if (site !== null) return site === 'same-origin' && (ours || origin === null || origin === 'null')
  return ours || origin === 'null'
}

/** At most BYTES_MAX bytes of text, whatever the request says about its length; null when there is more. */
async function bodyOf(request: Request): Promise<string | null> {
  if (Number(request.headers.get('content-length') ?? 0) > BYTES_MAX) return null
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of request.body ?? []) {
    bytes += part.byteLength
    if (bytes > BYTES_MAX) return null
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
