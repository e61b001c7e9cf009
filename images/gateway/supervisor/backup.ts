// A copy of the gateway's state in one file, made when the control plane asks for it and kept until it has been fetched. There is one at a time,
// named by whoever asked: asked twice, it is made once. What was being made when the machine ended is made again when it is asked for again.
import { createHash } from 'node:crypto'
import { createReadStream, mkdirSync, readFileSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { remove, type Archiver } from './archive.ts'
import { writeWhole } from './config-store.ts'
import type { Gateway } from './gateway.ts'

export type Ready = { id: string; bytes: number; sha256: string; version: string }
export type BackupState =
  | { kind: 'none' }
  | { kind: 'running'; id: string }
  | ({ kind: 'ready' } & Ready)
  | { kind: 'failed'; id: string; reason: 'no-space' | 'failed'; why: string }
export type Backups = {
  state(): BackupState
  /** Begins one, unless it is the one that is known already. The state as it is now. */
  begin(id: string): Promise<BackupState>
  /** The file of one that is ready. */
  fileOf(id: string): { path: string; bytes: number } | null
  /** Deletes it, and what is left of the ones before. */
  drop(id: string): Promise<void>
}

export type BackupDeps = {
  dir: string
  archiver: Archiver
  gateway: Pick<Gateway, 'hold' | 'release'>
  /** What it is a backup of. */
  version: string
  say: (text: string) => void
}

/** What is left free for the gateway while an archive is made. */
export const SPARE_BYTES = 32 * 1024 * 1024

export function createBackups(deps: BackupDeps): Backups {
  const { dir } = deps
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  rmSync(join(dir, 'making'), { recursive: true, force: true })
  let state: BackupState = readyIn(dir)
  const make = async (id: string): Promise<void> => {
    try {
      await remove(join(dir, 'making'))
      await mkdir(join(dir, 'making'), { recursive: true, mode: 0o700 })
      await pack(deps, join(dir, 'making', 'archive'))
      state = { kind: 'ready', ...(await keep(deps, id)) }
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error)
      deps.say(`a backup could not be made: ${why}`)
      state = { kind: 'failed', id, reason: 'failed', why }
    } finally {
      await remove(join(dir, 'making'))
    }
  }
  return {
    state: () => state,
    async begin(id) {
      if (state.kind === 'running' || (state.kind === 'ready' && state.id === id)) return state
      state = { kind: 'running', id }
      // Only the newest is kept.
      await clear(dir)
      const needed = (await deps.archiver.packBytesMax()) + SPARE_BYTES
      const free = freeBytes(dir)
      if (needed > free) state = { kind: 'failed', id, reason: 'no-space', why: `it may need ${needed} bytes, and ${free} are free` }
      else void make(id)
      return state
    },
    fileOf(id) {
      return state.kind === 'ready' && state.id === id ? { path: archiveOf(dir), bytes: state.bytes } : null
    },
    async drop(id) {
      if (state.kind === 'none' || state.kind === 'running' || state.id !== id) return
      state = { kind: 'none' }
      await clear(dir)
    },
  }
}

const archiveOf = (dir: string): string => join(dir, 'archive.tar.gz')
const recordOf = (dir: string): string => join(dir, 'ready.json')

async function clear(dir: string): Promise<void> {
  await remove(recordOf(dir))
  await remove(archiveOf(dir))
}

async function pack({ archiver, gateway, dir }: BackupDeps, file: string): Promise<void> {
  if (!archiver.needsRest) return archiver.pack(file, join(dir, 'making'))
  try {
    await gateway.hold()
    await archiver.pack(file, join(dir, 'making'))
  } finally {
    gateway.release()
  }
}

/** The record is written last: without it there is no backup. */
async function keep({ dir, version }: BackupDeps, id: string): Promise<Ready> {
  renameSync(join(dir, 'making', 'archive'), archiveOf(dir))
  const sum = createHash('sha256')
  await pipeline(createReadStream(archiveOf(dir)), sum)
  const ready = { id, bytes: statSync(archiveOf(dir)).size, sha256: sum.digest('hex'), version }
  writeWhole(recordOf(dir), JSON.stringify(ready))
  return ready
}

function readyIn(dir: string): BackupState {
  try {
    // Written by us alone; a file of another size is not the one that it speaks of.
    const ready = JSON.parse(readFileSync(recordOf(dir), 'utf8')) as Ready
    return statSync(archiveOf(dir)).size === ready.bytes ? { kind: 'ready', ...ready } : { kind: 'none' }
  } catch {
    return { kind: 'none' }
  }
}

/** What this user may still write to the volume. */
export function freeBytes(dir: string): number {
  const { bavail, bsize } = statfsSync(dir)
  return bavail * bsize
}
