// A terminal on streams that the test holds.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { onTestFinished } from 'vitest'
import type { ReadyView } from '../../../src/bots/core/view.ts'
import { createTerminalFace, type Terminal } from '../../../src/bots/terminal/terminal.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { silentLog } from '../../../src/lib/log.ts'

export const KEY = `sk-ant-api03-${'a'.repeat(60)}x4Qe`

export function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'conch-test-terminal-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

export type Desk = { terminal: Terminal; input: PassThrough; raw(): string; historyFile: string }

export function desk(options: { tty?: { columns: number; rows: number }; dir?: string } = {}): Desk {
  const input = new PassThrough()
  const output = new PassThrough()
  if (options.tty !== undefined) {
    Object.assign(input, { isTTY: true })
    Object.assign(output, { isTTY: true, ...options.tty })
  }
  let raw = ''
  output.on('data', (chunk: Buffer) => (raw += chunk.toString()))
  const historyFile = join(options.dir ?? folder(), 'terminal.jsonl')
  const terminal = createTerminalFace({
    input,
    output,
    historyFile,
    clock: systemClock,
    log: silentLog,
    timeZone: 'Europe/Berlin',
    language: 'en-GB',
    userName: 'ann',
  })
  return { terminal, input, raw: () => raw, historyFile }
}

export const view = (text: string, more: Partial<ReadyView> = {}): ReadyView => ({
  tone: 'plain',
  blocks: [{ kind: 'text', text: [text] }],
  actions: [],
  ...more,
})
export const press = (label: string, id: string) => ({ kind: 'press', label, id, style: 'plain' }) as const
export const show = (at: Desk, key: string, shown: ReadyView, unasked = true) => at.terminal.send('terminal', shown, { idempotencyKey: key, unasked })
