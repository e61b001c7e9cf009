// Where archives are kept: a port, and its implementation as a folder. Whoever reads gets what was put in, whole, or nothing. Several processes on
// one database share one folder (CONCH_BACKUP_DIR on a network volume). A store that speaks S3 would be a second implementation: `put` is a PUT of
// a known length with `x-amz-checksum-sha256`, `open` a GET, `remove` a DELETE, and nothing else is asked of it.
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
  put(id: string, archive: Readable, promised: { bytes: number; sha256: string }, signal?: AbortSignal): Promise<void>
  /** The archive; null when there is none. */
  open(id: string): Promise<{ archive: Readable; bytes: number } | null>
  /** Also when it is gone already. */
  remove(id: string): Promise<void>
}

const ID = /^[a-z0-9]{6,32}$/

export function createFolderStore({ dir }: { dir: string }): BackupStore {
  const pathOf = (id: string): string => {
    if (!ID.test(id)) throw new ConchError('backup.bad-id', `${id} is no id of a backup`)
    return join(dir, `${id}.tar.gz`)
  }
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
  }
}

async function write(part: string, archive: Readable, promised: { bytes: number; sha256: string }, signal?: AbortSignal): Promise<void> {
  const sum = createHash('sha256')
  let bytes = 0
  const look = new Transform({
    transform(piece: Buffer, _encoding, next) {
      bytes += piece.length
      sum.update(piece)
      if (bytes > promised.bytes) next(new ConchError('backup.damaged', 'the archive is longer than was said'))
      else next(null, piece)
    },
  })
  await pipeline(archive, look, createWriteStream(part, { mode: 0o600 }), signal === undefined ? {} : { signal })
  if (bytes !== promised.bytes || sum.digest('hex') !== promised.sha256)
    throw new ConchError('backup.damaged', 'the archive is not what was promised')
  const file = await open(part, 'r')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
