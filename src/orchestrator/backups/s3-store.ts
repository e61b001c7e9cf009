// Archives in a bucket of a store that speaks S3. What is larger than one part goes up part by part, one at a time, and is visible only when the
// last one has arrived and the whole is what was promised; whatever ends an upload before that takes back what had arrived. What a killed process
// left half uploaded is invisible, and is taken back when the same archive is put again; a rule of the bucket that ends uploads after a day
// (AbortIncompleteMultipartUpload) looks after the rest.
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3'
import { ConchError, messageOf } from '../../lib/errors.ts'
import type { Sealed } from '../../lib/sealed.ts'
import { archiveNameOf, asPromised, type BackupStore, type Promised } from './store.ts'

export type BucketOptions = {
  bucket: string
  /** Null: Amazon's own, in `region`. */
  endpoint: string | null
  region: string
  /** Buckets are paths there, and not hosts. */
  pathStyle: boolean
  keyId: string
  key: Sealed
}

const FOLDER = 'backups'
/** S3 wants at least 5 MiB of every part but the last, and has at most 10,000 parts: this is enough for 78 GiB, and all that is in memory of one. */
const PART_BYTES = 8 * 1024 * 1024
const CONNECT_MS = 10_000
/** Nothing comes and nothing goes for this long: the call has failed. */
const SILENCE_MS = 60_000
/** A part takes this long over 230 kbit/s; a store that puts a whole together may take minutes as well. */
const ANSWER_MS = 5 * 60_000
/** As long as taking back an upload may take: whoever is stopped waits for it. */
const ABORT_MS = 10_000

type Bucket = { client: S3Client; at: { Bucket: string; Key: string } }

/** Throws `backup.store` when the store refuses or does not answer, beside what BackupStore says. */
export function createBucketStore({ bucket, endpoint, region, pathStyle, keyId, key }: BucketOptions): BackupStore {
  const client = new S3Client({
    region,
    ...(endpoint !== null && { endpoint }),
    forcePathStyle: pathStyle,
    credentials: { accessKeyId: keyId, secretAccessKey: key.open() },
    requestHandler: { connectionTimeout: CONNECT_MS, requestTimeout: ANSWER_MS, throwOnRequestTimeout: true, socketTimeout: SILENCE_MS },
    // Sums of its own, which not every store knows: ours is over the whole archive.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  })
  const to = (id: string): Bucket => ({ client, at: { Bucket: bucket, Key: `${FOLDER}/${archiveNameOf(id)}` } })
  return {
    async put(id, archive, promised, signal) {
      const target = to(id)
      const send = (pieces: AsyncIterable<Buffer>): Promise<void> => upload(target, pieces, promised, signal)
      await pipeline(archive, asPromised(promised), send, signal === undefined ? {} : { signal }).catch((error: unknown) => {
        throw named(error)
      })
    },
    async open(id) {
      const { at } = to(id)
      const found = await client.send(new GetObjectCommand(at)).catch((error: unknown) => {
        if (error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404 && error.name !== 'NoSuchBucket') return null
        throw named(error)
      })
      if (found === null) return null
      if (found.Body === undefined || found.ContentLength === undefined)
        throw new ConchError('backup.store', 'the store of backups gave an archive without its length')
      return { archive: found.Body as Readable, bytes: found.ContentLength }
    },
    async remove(id) {
      await client.send(new DeleteObjectCommand(to(id).at)).catch((error: unknown) => {
        throw named(error)
      })
    },
    close: async () => client.destroy(),
  }
}

/** What the store said, under our own code; what is ours, and an end by our own signal, stays as it is. */
function named(error: unknown): unknown {
  if (error instanceof ConchError || (error instanceof Error && error.name === 'AbortError')) return error
  return new ConchError('backup.store', `the store of backups: ${messageOf(error)}`, { cause: error })
}

async function upload(target: Bucket, pieces: AsyncIterable<Buffer>, promised: Promised, signal?: AbortSignal): Promise<void> {
  await takeBackOlder(target)
  if (promised.bytes > PART_BYTES) return uploadParts(target, pieces, signal)
  // To the end of it: only there it is known to be what was promised.
  const whole: Buffer[] = []
  for await (const piece of pieces) whole.push(piece)
  const Body = Buffer.concat(whole)
  await target.client.send(new PutObjectCommand({ ...target.at, Body, ContentType: 'application/gzip' }), options(signal))
}

async function uploadParts({ client, at }: Bucket, pieces: AsyncIterable<Buffer>, signal?: AbortSignal): Promise<void> {
  const { UploadId } = await client.send(new CreateMultipartUploadCommand({ ...at, ContentType: 'application/gzip' }), options(signal))
  if (UploadId === undefined) throw new ConchError('backup.store', 'the store of backups began an upload without a name')
  try {
    const Parts: CompletedPart[] = []
    for await (const Body of partsOf(pieces)) {
      const PartNumber = Parts.length + 1
      const { ETag } = await client.send(new UploadPartCommand({ ...at, UploadId, PartNumber, Body }), options(signal))
      Parts.push({ PartNumber, ETag })
    }
    await client.send(new CompleteMultipartUploadCommand({ ...at, UploadId, MultipartUpload: { Parts } }), options(signal))
  } catch (error) {
    await takeBack({ client, at }, UploadId)
    throw error
  }
}

/** What arrived of an upload is deleted. That nobody hears of it when it fails is right: the upload's own end is what is told. */
async function takeBack({ client, at }: Bucket, UploadId: string): Promise<void> {
  const stop = options(AbortSignal.timeout(ABORT_MS))
  await client.send(new AbortMultipartUploadCommand({ ...at, UploadId }), stop).catch(() => undefined)
}

/** One archive is put by one process at a time: what there is of it half uploaded is of one that was killed, or that has lost its lease. */
async function takeBackOlder({ client, at }: Bucket): Promise<void> {
  const { Bucket, Key } = at
  const listed = await client.send(new ListMultipartUploadsCommand({ Bucket, Prefix: Key }), options(AbortSignal.timeout(ABORT_MS))).catch(() => null)
  for (const one of listed?.Uploads ?? []) if (one.Key === Key && one.UploadId !== undefined) await takeBack({ client, at }, one.UploadId)
}

function options(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal }
}

/** The same bytes in parts of PART_BYTES, and what is left. */
async function* partsOf(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = []
  let bytes = 0
  for await (const piece of pieces) {
    held.push(piece)
    bytes += piece.length
    while (bytes >= PART_BYTES) {
      const all = Buffer.concat(held)
      yield all.subarray(0, PART_BYTES)
      held = [all.subarray(PART_BYTES)]
      bytes -= PART_BYTES
    }
  }
  if (bytes > 0) yield Buffer.concat(held)
}
