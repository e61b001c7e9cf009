// Where lines appear. Both screens show messages one below the other; on a TTY a message that changes is redrawn where it stands, as long as
// it is still in view, and elsewhere only what is new about it is printed.
import { createHash } from 'node:crypto'
import type { Interface } from 'node:readline'
import { rowsOfLine } from './width.ts'

export type Screen = {
  /** Shows a message below everything else. */
  add(ref: string, lines: readonly string[]): void
  /** Changes a message. `before` is what was last shown of it. */
  change(ref: string, lines: readonly string[], before: readonly string[]): void
  /** Something that was typed is on the screen now. */
  typed(line: string): void
}

/** Lines of `lines` that were not shown before; `before` as they are remembered. */
export function newLines(lines: readonly string[], before: readonly string[]): string[] {
  return lines.filter((line) => !before.includes(remembered(line)))
}

/** A line as it is remembered. A drawing of several rows is known again, and kept nowhere: it is a code that somebody could still scan. */
export function remembered(line: string): string {
  return line.includes('\n') ? `drawing ${createHash('sha256').update(line).digest('hex').slice(0, 16)}` : line
}

function rowsIn(lines: readonly string[]): string[] {
  return lines.flatMap((line) => line.split('\n'))
}

/** Prints; never goes back. */
export function createPrintedScreen(output: NodeJS.WritableStream): Screen {
  const print = (lines: readonly string[]): void => {
    if (lines.length > 0) output.write(`${lines.join('\n')}\n`)
  }
  return {
    add: (_ref, lines) => print(['', ...lines]),
    change: (_ref, lines, before) => print(newLines(lines, before)),
    typed: (line) => print(['', line]),
  }
}

type Sized = NodeJS.WritableStream & { columns?: number; rows?: number }
type Drawn = { ref: string | null; lines: readonly string[] }
/** More than any screen is high. */
const DRAWN_KEPT = 100

/** Draws above the prompt of `line`, whose own output is `line`'s business. */
export function createDrawnScreen(output: Sized, prompt: { clear(): void; show(): void }): Screen {
  let drawn: Drawn[] = []
  const columns = (): number => output.columns ?? 80
  const height = (list: readonly Drawn[]): number =>
    list.reduce((sum, one) => sum + one.lines.reduce((rows, line) => rows + rowsOfLine(line, columns()), 0), 0)
  const write = (list: readonly Drawn[]): void => {
    for (const one of list) for (const line of one.lines) output.write(`${line}\n`)
  }
  const append = (one: Drawn): void => {
    drawn = [...drawn, one].slice(-DRAWN_KEPT)
    prompt.clear()
    write([one])
    prompt.show()
  }
  return {
    add: (ref, lines) => append({ ref, lines: ['', ...rowsIn(lines)] }),
    change(ref, lines) {
      const index = drawn.findIndex((one) => one.ref === ref)
      const below = index === -1 ? [] : drawn.slice(index)
      const rows = height(below)
      // What has scrolled out of view, or was shown by an earlier run, cannot be redrawn: it comes again below, and is redrawn there.
      if (index === -1 || rows > (output.rows ?? 24) - 2) {
        drawn = drawn.map((one) => (one.ref === ref ? { ...one, ref: null } : one))
        return append({ ref, lines: ['', ...rowsIn(lines)] })
      }
      drawn = drawn.with(index, { ref, lines: ['', ...rowsIn(lines)] })
      prompt.clear()
      output.write(`\u001B[${rows}A\r\u001B[J`)
      write(drawn.slice(index))
      prompt.show()
    },
    typed(line) {
      drawn = [...drawn, { ref: null, lines: [line] }].slice(-DRAWN_KEPT)
    },
  }
}

/** The prompt of a readline interface, taken away while something is drawn above it and put back with what was typed so far. */
export function promptOf(line: Interface, output: NodeJS.WritableStream, hidden: () => string | null): { clear(): void; show(): void } {
  return {
    clear() {
      const { rows } = hidden() === null ? line.getCursorPos() : { rows: 0 }
      output.write(`\r${rows > 0 ? `\u001B[${rows}A` : ''}\u001B[J`)
      // readline goes up by the rows it last drew; they were just taken away.
      Reflect.set(line, 'prevRows', 0)
    },
    show() {
      const instead = hidden()
      if (instead === null) line.prompt(true)
      else output.write(instead)
    },
  }
}
