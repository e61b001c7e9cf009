// Uploads in parts, with the rules of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html
import { createHash } from 'node:crypto'
import { randomId } from '../../../src/lib/random.ts'
import { Refused } from './signature.ts'

const PART_BYTES_MIN = 5 * 1024 * 1024
const PARTS_MAX = 10_000

type Upload = { id: string; key: string; parts: Map<number, { etag: string; body: Buffer }> }
export type Uploads = {
  begin(key: string): string
  /** Keeps a part and gives its ETag. */
  part(id: string, number: number, body: Buffer): string
  /** The whole of what the document of the request names. */
  complete(id: string, document: string): { key: string; body: Buffer }
  abort(id: string): void
  list(prefix: string): { id: string; key: string }[]
}

export const etagOf = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`

export function createUploads(): Uploads {
  const open = new Map<string, Upload>()
  const upload = (id: string): Upload => {
    const found = open.get(id)
    if (found === undefined) throw new Refused(404, 'NoSuchUpload')
    return found
  }
  return {
    begin(key) {
      const id = randomId(24)
      open.set(id, { id, key, parts: new Map() })
      return id
    },
    part(id, number, body) {
      if (!Number.isInteger(number) || number < 1 || number > PARTS_MAX) throw new Refused(400, 'InvalidArgument')
      const etag = etagOf(body)
      upload(id).parts.set(number, { etag, body })
      return etag
    },
    complete(id, document) {
      const { key, parts } = upload(id)
      const named = [...document.matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part = '']) => ({
        number: Number(/<PartNumber>(\d+)<\/PartNumber>/.exec(part)?.[1]),
        etag: (/<ETag>(.*?)<\/ETag>/.exec(part)?.[1] ?? '').replaceAll('&quot;', '"'),
      }))
      if (named.length === 0) throw new Refused(400, 'MalformedXML')
      if (named.some((one, index) => index > 0 && one.number <= (named[index - 1]?.number ?? 0))) throw new Refused(400, 'InvalidPartOrder')
      const bodies = named.map(({ number, etag }) => {
        const part = parts.get(number)
        if (part === undefined || part.etag !== etag) throw new Refused(400, 'InvalidPart')
        return part.body
      })
      if (bodies.slice(0, -1).some((body) => body.length < PART_BYTES_MIN)) throw new Refused(400, 'EntityTooSmall')
      open.delete(id)
      return { key, body: Buffer.concat(bodies) }
    },
    abort(id) {
      upload(id)
      open.delete(id)
    },
    list: (prefix) => [...open.values()].filter((one) => one.key.startsWith(prefix)).map(({ id, key }) => ({ id, key })),
  }
}
