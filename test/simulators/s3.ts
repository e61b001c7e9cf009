// A store that speaks S3 on loopback: one bucket, as a path, behind signature version 4, with the rules for uploads in parts. The real client library
// connects to it. It never sees our code, only what comes over the wire.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer as bytesOf } from 'node:stream/consumers'
import { checkSignature, Refused } from './s3/signature.ts'
import { createUploads, etagOf, type Uploads } from './s3/uploads.ts'

export type S3Simulator = {
  endpoint: string
  bucket: string
  keyId: string
  key: string
  objects: Map<string, Buffer>
  uploads: Uploads
  /** What was asked, such as `PUT part`. */
  calls: string[]
  /** The next `times` calls of this kind end like this: an answer, a connection that breaks, or none at all. */
  fail(call: string, how: number | 'hang-up' | 'silence', times?: number): void
  /** Archives are cut off in the middle from now on. */
  cutDownloads(): void
  close(): Promise<void>
}

type Kept = Pick<S3Simulator, 'objects' | 'uploads'> & { cut: { downloads: boolean } }
type Asked = { response: ServerResponse; key: string; query: URLSearchParams; body: Buffer }

/** Starts it on a free port. */
export async function startS3(): Promise<S3Simulator> {
  const own = { bucket: 'conch-backups', keyId: 'tid_simulated', key: 'tsec_simulated_and_long_enough' }
  const objects = new Map<string, Buffer>()
  const uploads = createUploads()
  const calls: string[] = []
  const faults: { call: string; how: number | 'hang-up' | 'silence'; times: number }[] = []
  const cut = { downloads: false }
  const server = createServer((request, response) => void answer(request, response))
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://store.invalid')
    const call = callOf(request.method ?? '', url.searchParams)
    calls.push(call)
    const fault = faults.find((one) => one.call === call && one.times > 0)
    if (fault !== undefined) fault.times -= 1
    try {
      if (fault?.how === 'silence') return
      if (fault?.how === 'hang-up') return void request.destroy()
      const body = await bytesOf(request)
      if (fault !== undefined) throw new Refused(Number(fault.how), Number(fault.how) === 503 ? 'SlowDown' : 'InternalError')
      checkSignature(request, body, own)
      const [, bucket, ...rest] = decodeURIComponent(url.pathname).split('/')
      if (bucket !== own.bucket) throw new Refused(404, 'NoSuchBucket')
      act({ objects, uploads, cut }, call, { response, key: rest.join('/'), query: url.searchParams, body })
    } catch (error) {
      if (request.destroyed && !request.complete) return
      const [status, code] = error instanceof Refused ? [error.status, error.code] : [500, 'InternalError']
      xml(response, status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`)
    }
  }
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  return {
    ...own,
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    uploads,
    calls,
    fail: (call, how, times = 1) => void faults.push({ call, how, times }),
    cutDownloads: () => void (cut.downloads = true),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** A call that is signed and whole. */
function act({ objects, uploads, cut }: Kept, call: string, { response, key, query, body }: Asked): void {
  const upload = query.get('uploadId') ?? ''
  switch (call) {
    case 'PUT object':
      objects.set(key, body)
      return void response.writeHead(200, { etag: etagOf(body) }).end()
    case 'PUT part':
      return void response.writeHead(200, { etag: uploads.part(upload, Number(query.get('partNumber')), body) }).end()
    case 'POST uploads':
      return xml(response, 200, `<InitiateMultipartUploadResult><UploadId>${uploads.begin(key)}</UploadId></InitiateMultipartUploadResult>`)
    case 'POST upload': {
      const whole = uploads.complete(upload, body.toString())
      objects.set(whole.key, whole.body)
      return xml(response, 200, `<CompleteMultipartUploadResult><ETag>${etagOf(whole.body)}</ETag></CompleteMultipartUploadResult>`)
    }
    case 'DELETE upload':
      uploads.abort(upload)
      return void response.writeHead(204).end()
    case 'GET uploads':
      return xml(response, 200, listed(uploads.list(query.get('prefix') ?? '')))
    case 'GET object':
      return give(response, objects.get(key), cut.downloads)
    case 'DELETE object':
      objects.delete(key)
      return void response.writeHead(204).end()
    default:
      throw new Refused(501, 'NotImplemented')
  }
}

function callOf(method: string, query: URLSearchParams): string {
  const what = query.has('uploads') ? 'uploads' : query.has('partNumber') ? 'part' : query.has('uploadId') ? 'upload' : 'object'
  return `${method} ${what}`
}

function give(response: ServerResponse, object: Buffer | undefined, cut: boolean): void {
  if (object === undefined) throw new Refused(404, 'NoSuchKey')
  response.writeHead(200, { 'content-length': String(object.length), etag: etagOf(object) })
  if (!cut) return void response.end(object)
  response.write(object.subarray(0, Math.floor(object.length / 2)), () => response.destroy())
}

function listed(uploads: readonly { id: string; key: string }[]): string {
  const entries = uploads.map(({ id, key }) => `<Upload><Key>${key}</Key><UploadId>${id}</UploadId></Upload>`)
  return `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>${entries.join('')}</ListMultipartUploadsResult>`
}

function xml(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'application/xml' }).end(`<?xml version="1.0" encoding="UTF-8"?>${text}`)
}
