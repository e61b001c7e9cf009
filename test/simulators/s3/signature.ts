// Signature version 4 of an S3 request, checked as a store does: from what arrived, with the key that the request names.
import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** A refusal as S3 says it. */
export class Refused extends Error {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string) {
    super(code)
    this.status = status
    this.code = code
  }
}

const sha256 = (value: string | Buffer): string => createHash('sha256').update(value).digest('hex')
const hmac = (key: string | Buffer, value: string): Buffer => createHmac('sha256', key).update(value).digest()
const SKEW_MS = 15 * 60_000
const HEADER = /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([a-z0-9-]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/

/** Throws Refused unless the request is signed with this key, its body is the one that was signed, and it was signed a moment ago. */
export function checkSignature(request: IncomingMessage, body: Buffer, { keyId, key }: { keyId: string; key: string }): void {
  const { headers } = request
  const [, id = '', day = '', region = '', names = '', signature = ''] = HEADER.exec(headers.authorization ?? '') ?? []
  if (id === '') throw new Refused(403, 'AccessDenied')
  if (id !== keyId) throw new Refused(403, 'InvalidAccessKeyId')
  const [date, hash] = [String(headers['x-amz-date'] ?? ''), String(headers['x-amz-content-sha256'] ?? '')]
  if (!date.startsWith(day) || Math.abs(timeOf(date) - Date.now()) > SKEW_MS) throw new Refused(403, 'RequestTimeTooSkewed')
  if (hash !== 'UNSIGNED-PAYLOAD' && hash !== sha256(body)) throw new Refused(400, 'XAmzContentSHA256Mismatch')
  const signed = names.split(';')
  if (!signed.includes('host') || !signed.includes('x-amz-date') || !signed.includes('x-amz-content-sha256')) throw new Refused(403, 'AccessDenied')
  const url = new URL(request.url ?? '/', 'http://store.invalid')
  const canonical = [
    request.method,
    url.pathname,
    [...url.searchParams]
      .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
      .toSorted()
      .join('&'),
    ...signed.map(
      (name) =>
        `${name}:${String(headers[name] ?? '')
          .trim()
          .replaceAll(/\s+/g, ' ')}`,
    ),
    '',
    names,
    hash,
  ].join('\n')
  const scope = `${day}/${region}/s3/aws4_request`
  const wanted = hmac(
    [day, region, 's3', 'aws4_request'].reduce<string | Buffer>((from, part) => hmac(from, part), `AWS4${key}`),
    ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n'),
  )
  if (!timingSafeEqual(wanted, Buffer.from(signature, 'hex'))) throw new Refused(403, 'SignatureDoesNotMatch')
}

function timeOf(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z$/, '$1-$2-$3T$4:$5:$6Z'))
}

function encoded(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
}
