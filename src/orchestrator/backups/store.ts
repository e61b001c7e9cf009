// Where archives are kept: a port, and its implementation as a folder; s3-store.ts is the one as a bucket. Whoever reads gets what was put in, whole,
// or nothing. Several processes on one database share one store: a folder on a network volume, or a bucket.
import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { mkdir, open, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { ConchError } from '../../lib/errors.ts'
import { randomId } from '../../lib/random.ts'

export type BackupStore = {
  /** Keeps an archive under its backup's id. Throws `backup.damaged`, and keeps nothing, when it is not what was promised. */
  put(id: string, archive: Readable, promised: Promised, signal?: AbortSignal): Promise<void>
  /** The archive; null when there is none. */
  open(id: string): Promise<{ archive: Readable; bytes: number } | null>
  /** Also when it is gone already. */
  remove(id: string): Promise<void>
  close(): Promise<void>
}
export type Promised = { bytes: number; sha256: string }

const ID = /^[a-z0-9]{6,32}$/

/** The name of an archive in a store. Throws `backup.bad-id` for what is no id: it must lead nowhere else. */
export function archiveNameOf(id: string): string {
  if (!ID.test(id)) throw new ConchError('backup.bad-id', `${id} is no id of a backup`)
  return `${id}.tar.gz`
}

export function createFolderStore({ dir }: { dir: string }): BackupStore {
  const pathOf = (id: string): string => join(dir, archiveNameOf(id))
  return {
    async put(id, archive, promised, signal) {
      const path = pathOf(id)
      await mkdir(dir, { recursive: true, mode: 0o700 })
      // Two processes that write the same one at once do not write into each other's.
      const part = `${path}.${randomId(6)}.part`
      try {
        await write(part, archive, promised, signal)
        await rename(part, path)
      } finally {
        await rm(part, { force: true })
      }
    },
    async open(id) {
      const path = pathOf(id)
      const size = await stat(path).then(
        (found) => found.size,
        () => null,
      )
      return size === null ? null : { archive: createReadStream(path), bytes: size }
    },
    remove: (id) => rm(pathOf(id), { force: true }),
    close: async () => undefined,
  }
}

/** Lets an archive through as it is, and ends with `backup.damaged` instead of its end when it is not what was promised. */
export function asPromised({ bytes, sha256 }: Promised): Transform {
  const sum = createHash('sha256')
  let seen = 0
  return new Transform({
    transform(piece: Buffer, _encoding, next) {
      seen += piece.length
      sum.update(piece)
      if (seen > bytes) next(new ConchError('backup.damaged', 'the archive is longer than was said'))
      else next(null, piece)
    },
    flush(next) {
      next(seen === bytes && sum.digest('hex') === sha256 ? null : new ConchError('backup.damaged', 'the archive is not what was promised'))
    },
  })
}

async function write(part: string, archive: Readable, promised: Promised, signal?: AbortSignal): Promise<void> {
  await pipeline(archive, asPromised(promised), createWriteStream(part, { mode: 0o600 }), signal === undefined ? {} : { signal })
  const file = await open(part, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
