// The whole program as a person starts it, in a folder of its own: piped input, everything that it printed, and what it leaves in its home.
import { spawn, type ChildProcess } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { inject } from 'vitest'

export type Program = { child: ChildProcess; printed(): string; exited: Promise<number | null>; sees(text: string, withinMs?: number): Promise<void> }

/** Node's arguments for a program of ours that is not the whole one: it reads its libraries as quickly. */
export const quickly = ['--import', join(import.meta.dirname, '../../src/loading.ts')]

/** A home folder for one test, with its database prepared as a first start leaves it, or with nothing in it. */
export function createHome(options: { empty?: true } = {}): { home: string; remove(): Promise<void> } {
  const home = mkdtempSync(join(tmpdir(), 'conch-home-'))
  if (options.empty !== true) cpSync(inject('pgliteTemplate'), join(home, 'db'), { recursive: true })
  return { home, remove: () => rm(home, { recursive: true, force: true }) }
}

/** Starts `src/main.ts` with the practice gateway. With `lines`, they are typed at once; `end` closes the input behind them. */
export function startProgram(home: string, options: { lines?: readonly string[]; end?: boolean; env?: Record<string, string> } = {}): Program {
  const main = join(import.meta.dirname, '../../src/main.ts')
  const env = { PATH: process.env['PATH'] ?? '', HOME: home, CONCH_HOME: home, PORT: '0', GATEWAY_IMAGE: 'gateway:stub', ...options.env }
  const child = spawn(process.execPath, [main], { env, stdio: ['pipe', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part))
  child.stderr.setEncoding('utf8').on('data', (part: string) => (text += part))
  child.stdin.on('error', () => undefined)
  for (const line of options.lines ?? []) child.stdin.write(`${line}\n`)
  if (options.end === true) child.stdin.end()
  const exited = new Promise<number | null>((resolve) => child.once('exit', (code) => resolve(code)))
  return {
    child,
    printed: () => text,
    exited,
    async sees(wanted, withinMs = 30_000) {
      const end = performance.now() + withinMs
      while (!text.includes(wanted)) {
        if (performance.now() > end || child.exitCode !== null) throw new Error(`"${wanted}" was not printed, but:\n${text}`)
        await wait(5)
      }
    },
  }
}

/** The messages that the terminal has shown, by their keys, from its history. */
export function shownKeys(home: string): string[] {
  const file = join(home, 'terminal.jsonl')
  if (!existsSync(file)) return []
  const refs = new Map<string, string>()
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    if (line === '') continue
    const { ref, key } = JSON.parse(line) as { ref: string; key: string }
    refs.set(ref, key)
  }
  return [...refs.values()]
}
