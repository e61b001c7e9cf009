// One process per folder: PGlite opens a folder that another process has open, and rows vanish. The lock is a file with the holder's process id and
// start time, so that a crash leaves nothing to clean up: a holder that is no longer running is replaced. It does not reach across machines or containers.
import { execFileSync } from 'node:child_process'
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { Clock } from '../lib/clock.ts'
import { randomId } from '../lib/random.ts'

export type FolderLock = { ok: true; release(): void } | { ok: false; pid: number }

type Holder = { pid: number; started: string; token: string }

const TRIES = 50
const PAUSE_MS = 20

/** Takes the lock that `file` stands for, or names the live process that holds it. Also refuses a second time in one process. */
export async function takeFolderLock(options: { file: string; clock: Clock }): Promise<FolderLock> {
  const { file, clock } = options
  const self: Holder = { pid: process.pid, started: processStart(process.pid) ?? '', token: randomId(16) }
  for (let tried = 1; ; tried += 1) {
    if (place(file, self)) return { ok: true, release: () => withdraw(file, self) }
    const holder = readHolder(file)
    if (holder !== null && isRunning(holder)) return { ok: false, pid: holder.pid }
    if (tried === TRIES) return { ok: false, pid: holder?.pid ?? 0 }
    if (!clearStale(file, self)) await clock.sleep(PAUSE_MS)
  }
}

// Only one process at a time may remove a dead holder's file, or a late one would remove the lock that an early one has just taken.
function clearStale(file: string, self: Holder): boolean {
  const turn = `${file}.takeover`
  if (!place(turn, self)) {
    const other = readHolder(turn)
    if (other === null || !isRunning(other)) rmSync(turn, { force: true })
    return false
  }
  const holder = readHolder(file)
  if (holder === null || !isRunning(holder)) rmSync(file, { force: true })
  withdraw(turn, self)
  return true
}

// A file that appears whole or not at all: link() fails when the name is taken.
function place(file: string, holder: Holder): boolean {
  const draft = `${file}.${holder.token}`
  writeFileSync(draft, JSON.stringify(holder))
  try {
    linkSync(draft, file)
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

function withdraw(file: string, self: Holder): void {
  if (readHolder(file)?.token === self.token) rmSync(file, { force: true })
}

function readHolder(file: string): Holder | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof value !== 'object' || value === null || !('pid' in value) || !('started' in value) || !('token' in value)) return null
    const { pid, started, token } = value
    return typeof pid === 'number' && typeof started === 'string' && typeof token === 'string' ? { pid, started, token } : null
  } catch {
    return null
  }
}

function isRunning(holder: Holder): boolean {
  return processStart(holder.pid) === holder.started
}

/** When the process started, in whatever unit the system has: only equality counts. Null when there is no such process, or only its zombie. */
function processStart(pid: number): string | null {
  if (existsSync('/proc/self/stat')) {
    try {
      // The second field is the command in brackets and may hold anything; state is the 3rd field of proc(5), start time the 22nd.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
    } catch {
      return null
    }
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || null
  } catch {
    return null
  }
}
