import { spawn, type ChildProcess } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import type { Clock } from '../lib/clock.ts'
import { signalGroup, startTimeOf } from './process-table.ts'

const LINE_LENGTH_MAX = 8192
const OUTPUT_GRACE_MS = 250

export type GuestExit = { code: number; signal: NodeJS.Signals | null }
export type GuestProcess = {
  pid: number
  exited: Promise<GuestExit>
  /** Signals the leader, as a VM's init would; SIGKILL goes to the whole group. */
  signal(name: NodeJS.Signals): void
}
export type GuestCommand = { command: string; args: readonly string[]; env: Readonly<Record<string, string>>; cwd: string }

function splitLines(stream: Readable, onLine: (line: string) => void): void {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n')
    rest = (lines.pop() ?? '').slice(0, LINE_LENGTH_MAX)
    for (const line of lines) if (line !== '') onLine(line.slice(0, LINE_LENGTH_MAX))
  })
  stream.on('end', () => {
    if (rest !== '') onLine(rest)
  })
  stream.on('error', () => undefined)
}

/**
 * Starts a command as the leader of a new process group, records (pid, start time) in `pidFile` so that a later server can find it again,
 * and removes the file when it ends. Whatever is left of the group dies with its leader.
 */
export function spawnGuest(guest: GuestCommand, options: { pidFile: string; clock: Clock; onLine: (line: string) => void }): GuestProcess {
  const child = spawn(guest.command, guest.args, { cwd: guest.cwd, env: { ...guest.env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const pid = child.pid
  splitLines(child.stdout, options.onLine)
  splitLines(child.stderr, options.onLine)
  const exited = exitOf(child, options)
  if (pid !== undefined) {
    try {
      writeFileSync(options.pidFile, JSON.stringify({ pid, startTime: startTimeOf(pid) ?? '' }), { mode: 0o600 })
    } catch (error) {
      // Without its pid file nobody would find this process again.
      signalGroup(pid, 'SIGKILL')
      throw error
    }
  }
  return {
    pid: pid ?? 0,
    exited,
    signal(name) {
      if (pid === undefined) return
      if (name === 'SIGKILL') signalGroup(pid, name)
      else child.kill(name)
    },
  }
}

async function exitOf(child: ChildProcess, options: { pidFile: string; clock: Clock; onLine: (line: string) => void }): Promise<GuestExit> {
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const exit = await new Promise<GuestExit>((resolve) => {
    child.once('error', (error) => {
      options.onLine(`could not start: ${error.message}`)
      resolve({ code: 127, signal: null })
    })
    child.once('exit', (code, signal) => resolve({ code: code ?? 128 + (signal === null ? 0 : constants.signals[signal]), signal }))
  })
  if (child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
  rmSync(options.pidFile, { force: true })
  const waiting = new AbortController()
  await Promise.race([closed, options.clock.sleep(OUTPUT_GRACE_MS, waiting.signal)])
  waiting.abort()
  return exit
}
