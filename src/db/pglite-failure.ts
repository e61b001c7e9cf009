// Why a PGlite folder could not be opened, in one line for the person at the terminal. PGlite itself says little more than "failed to initialize".
import { dirname } from 'node:path'
import { ConchError, messageOf } from '../lib/errors.ts'

// Postgres needs room for one more segment of its log to start at all: a failure with less than that is the disk's, whatever its text.
const FREE_BYTES_MIN = 16 * 1024 * 1024
// PGlite's file layer throws WASI error numbers instead of the system's codes.
const WASI_CODES: Readonly<Record<number, string>> = { 2: 'EACCES', 51: 'ENOSPC', 63: 'EPERM', 69: 'EROFS' }

/** Turns whatever opening `dir` threw into a ConchError: db.disk-full, db.no-access, db.corrupt, or the one that it already is. */
export function explainFailure(failure: { error: unknown; dir: string; freeBytes: number }): ConchError {
  const { error, dir, freeBytes } = failure
  if (error instanceof ConchError && error.code !== 'db.corrupt' && error.code !== 'db.migration-failed') return error
  const home = dirname(dir)
  const code = systemCode(error)
  if (code === 'ENOSPC' || messageOf(error).includes('No space left on device') || freeBytes < FREE_BYTES_MIN) {
    return new ConchError('db.disk-full', `The disk that holds ${home} is full. Free some space and start again.`, { cause: error })
  }
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') {
    const advice = 'Make it writable, or choose another folder with CONCH_HOME.'
    return new ConchError('db.no-access', `Conch may not write to ${home} (${code}). ${advice}`, { cause: error })
  }
  return error instanceof ConchError ? error : corruptFolder(dir, wordsOf(error), error)
}

/** The error for a folder that holds something which is not a readable database. */
export function corruptFolder(dir: string, reason: string, cause?: unknown): ConchError {
  const advice = `Move ${dir} away to start afresh, or put a backup in its place; nothing was deleted.`
  return new ConchError('db.corrupt', `The database in ${dir} cannot be opened: ${reason.replace(/[.\s]+$/, '')}. ${advice}`, { cause })
}

/** What an error says, also when it is one of PGlite's bare error numbers. */
export function wordsOf(error: unknown): string {
  return systemCode(error) ?? (error instanceof Error ? error.message : JSON.stringify(error))
}

function systemCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  if (error instanceof ConchError) return systemCode(error.cause)
  if ('code' in error && typeof error.code === 'string') return error.code
  return 'errno' in error && typeof error.errno === 'number' ? WASI_CODES[error.errno] : undefined
}
