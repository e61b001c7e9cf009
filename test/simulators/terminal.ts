// A person at a terminal: what they type goes to the program's input, and what they see is what a real terminal emulator has made of its
// output: redrawn messages, cursor movements and all.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { setTimeout as wait } from 'node:timers/promises'
import xterm from '@xterm/headless'
import { seesIn, type Person, type Simulator } from './person.ts'

export type TerminalPerson = Person & {
  /** Types a line where the program asks for a secret. */
  types(text: string): Promise<void>
}
export type TerminalSimulator = Simulator & { input: NodeJS.ReadableStream; output: NodeJS.WritableStream; person(): TerminalPerson }

const COLUMNS = 110
const ROWS = 60
const SCROLLBACK = 20_000
const PATIENCE_MS = 5_000
const PROMPT = '›'

/** A terminal of 110 columns, as the program finds it on its standard input and output. */
export function startTerminal(): TerminalSimulator {
  const screen = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, scrollback: SCROLLBACK, allowProposedApi: true, convertEol: true })
  const tty = { isTTY: true, columns: COLUMNS, rows: ROWS }
  const input = Object.assign(new PassThrough(), tty, { setRawMode: () => input })
  const output = Object.assign(new PassThrough(), tty)
  output.on('data', (chunk: Buffer) => screen.write(chunk))
  const transcript = (): string => linesOf(screen).join('\n').trimEnd()
  const folders: string[] = []
  const types = async (text: string): Promise<void> => void input.write(`${text}\r`)
  return {
    input,
    output,
    violations: () => [],
    async close() {
      input.end()
      for (const folder of folders) rmSync(folder, { recursive: true, force: true })
      screen.dispose()
    },
    person: () => ({
      types,
      says: types,
      async sends(name, content) {
        const path = join(mkdtempSync(join(tmpdir(), 'conch-test-sent-')), name)
        folders.push(dirname(path))
        writeFileSync(path, content)
        await types(path)
      },
      transcript,
      sees: (pattern, options) => seesIn(transcript, pattern, options),
      async clicks(label) {
        const deadline = performance.now() + PATIENCE_MS
        for (let number = numberOf(transcript(), label); ; number = numberOf(transcript(), label)) {
          if (number !== null) return types(number)
          if (performance.now() > deadline) throw new Error(`no button ${label} in:\n${transcript()}`)
          await wait(10)
        }
      },
      // There are no forms: each question is answered as it comes.
      async submits(values) {
        for (const value of Object.values(values)) await types(value)
      },
    }),
  }
}

/** The number before a button's label, on the newest message that has it. */
function numberOf(transcript: string, label: string): string | null {
  const escaped = label.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
  const found = [...transcript.matchAll(new RegExp(String.raw`\[(\d+)\] ${escaped}(?= {2}|\s*\n|\s*$)`, 'g'))]
  return found.at(-1)?.[1] ?? null
}

/** The lines as they stand, those that the terminal broke put together again, without the prompt that waits at the end. */
function linesOf(screen: InstanceType<typeof xterm.Terminal>): string[] {
  const buffer = screen.buffer.active
  const lines: string[] = []
  for (let at = 0; at < buffer.length; at += 1) {
    const line = buffer.getLine(at)
    const text = line?.translateToString(true) ?? ''
    if (line?.isWrapped === true) lines.push(`${lines.pop() ?? ''}${text}`)
    else lines.push(text)
  }
  while (lines.at(-1)?.trim() === '' || lines.at(-1)?.trim() === PROMPT) lines.pop()
  return lines
}
