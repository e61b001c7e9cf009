import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import type { Inbound } from '../../src/bots/core/face.ts'
import type { Ended } from '../../src/bots/terminal/terminal.ts'
import { displayWidth, rowsOfLine, wrapped } from '../../src/bots/terminal/width.ts'
import { desk, folder, KEY, show, view, type Desk } from './support/desk.ts'
import { eventually } from './support/memory-chat.ts'

const ESC = String.fromCodePoint(27)
const MOVES = new RegExp(`${ESC}\\[(\\d*)([A-Za-z])|${ESC}\\[\\?\\d+[a-z]|([\\s\\S])`, 'gu')

/** A terminal's screen as a person sees it: understands the few movements that the drawn screen makes. */
function screenOf(raw: string, columns: number): string[] {
  const lines = [['']]
  let row = 0
  let column = 0
  const at = (): string[] => (lines[row] ??= [])
  for (const part of raw.matchAll(MOVES)) {
    const [, count, move, character] = part
    const steps = count === '' || count === undefined ? 1 : Number(count)
    if (move === 'A') row = Math.max(0, row - steps)
    else if (move === 'B') row += steps
    else if (move === 'C') column += steps
    else if (move === 'D') column = Math.max(0, column - steps)
    else if (move === 'G') column = steps - 1
    else if (move === 'J') {
      at().length = Math.min(at().length, column)
      lines.length = row + 1
    } else if (move === 'K') at().length = Math.min(at().length, column)
    else if (character === '\r') column = 0
    else if (character === '\n') [row, column] = [row + 1, 0]
    else if (character !== undefined) {
      if (column >= columns) [row, column] = [row + 1, 0]
      const line = at()
      while (line.length < column) line.push(' ')
      line[column] = character
      column += displayWidth(character) || 1
    }
  }
  return lines.map((line) =>
    [...line]
      .map((character) => character ?? '')
      .join('')
      .trimEnd(),
  )
}

describe('a screen', () => {
  const tty = { columns: 40, rows: 24 }
  const run = async (at: Desk, handle: (inbound: Inbound) => Promise<void>): Promise<{ ended: Promise<Ended>; stop: () => void }> => {
    const stop = new AbortController()
    const ended = at.terminal.run(handle, stop.signal)
    return { ended, stop: () => stop.abort() }
  }

  test('a message that changes is redrawn where it stands, wrapped lines and what was typed below included', async () => {
    const at = desk({ tty })
    const { ended, stop } = await run(at, async () => undefined)
    const long = 'Starting the assistant, which can take quite a while on a slow machine'
    await show(at, 'op:1', view(`${long}: one`, { key: 'op:1', job: 'ongoing' }))
    await show(at, 'b', view('something else below'))
    at.input.write('/hel')
    expect(await eventually(() => at.raw().includes('/hel'))).toBe(true)
    await show(at, 'op:1', view(`${long}: two, and now it is even longer than before`, { key: 'op:1' }))
    const screen = screenOf(at.raw(), tty.columns).filter((line) => line !== '')
    expect(screen.join(' ')).toBe(`${long}: two, and now it is even longer than before something else below › /hel`)
    stop()
    expect(await ended).toBe('stopped')
  })

  test('what has scrolled out of view comes again below when it changes, and is redrawn there from then on', async () => {
    const at = desk({ tty: { columns: 40, rows: 8 } })
    const { ended, stop } = await run(at, async () => undefined)
    await show(at, 'a', view('first state'))
    for (let n = 0; n < 6; n += 1) await show(at, `b${n}`, view(`message ${n}`))
    await show(at, 'a', view('second state'))
    const screen = screenOf(at.raw(), 40).filter((line) => line !== '')
    expect(screen[0]).toBe('first state')
    expect(screen.at(-2)).toBe('second state')
    await show(at, 'a', view('third state'))
    const later = screenOf(at.raw(), 40).filter((line) => line !== '')
    expect(later.slice(0, -2)).toEqual(screen.slice(0, -2))
    expect(later.at(-2)).toBe('third state')
    stop()
    await ended
  })

  test('a job that an earlier run had shown takes one place on the new screen', async () => {
    const dir = folder()
    const going = (elapsed: string) => view('', { key: 'op:1', title: ['Launching my-claw'], elapsed, job: 'ongoing', blocks: [] })
    const sent = await show(desk({ tty, dir }), 'op:1', going('3 s'))
    expect.assert(sent.kind === 'sent')
    const at = desk({ tty, dir })
    const { ended, stop } = await run(at, async () => undefined)
    for (const elapsed of ['8 s', '9 s', '10 s']) await at.terminal.edit('terminal', sent.ref, going(elapsed))
    expect(screenOf(at.raw(), tty.columns).filter((line) => line.startsWith('Launching'))).toEqual(['Launching my-claw (10 s)'])
    stop()
    await ended
  })

  test('a secret is not echoed, and the keyboard speaks again afterwards', async () => {
    const at = desk({ tty })
    const heard: string[] = []
    const handle = async (inbound: Inbound): Promise<void> => {
      if (inbound.kind === 'text') heard.push(inbound.text)
      await show(at, inbound.id, heard.length === 0 ? view('Paste your key.', { input: 'secret' }) : view('Thanks.'), false)
    }
    const { ended, stop } = await run(at, handle)
    expect(await eventually(() => at.raw().includes('Paste your key.'))).toBe(true)
    at.input.write(`${KEY}\r`)
    expect(await eventually(() => at.raw().includes('Thanks.'))).toBe(true)
    expect(heard).toEqual([KEY])
    at.input.write('/help\r')
    expect(await eventually(() => heard.length === 2)).toBe(true)
    expect(at.raw()).not.toContain('aaaa')
    expect(stripVTControlCharacters(at.raw())).toContain('/help')
    // The arrow up brings back the last command, and above it is nothing: not the key.
    at.input.write('\u001B[A\u001B[A\r\u001B[A\r')
    expect(await eventually(() => heard.length === 3)).toBe(true)
    expect(heard[2]).toBe('/help')
    stop()
    await ended
  })

  test.each([
    ['\u0003', 'quit'],
    ['\u0004', 'eof'],
    ['/quit\r', 'quit'],
  ])('%j ends it', async (typed, expected) => {
    const at = desk({ tty })
    const { ended } = await run(at, async () => undefined)
    at.input.write(typed)
    expect(await ended).toBe(expected)
  })

  test.each([
    ['plain', 5, 1],
    ['🟢 ok', 5, 1],
    ['漢字漢字', 8, 2],
    ['\u001B[1mbold\u001B[0m', 4, 1],
    ['', 0, 1],
  ])('%j takes %i columns', (text, width, rows) => {
    expect(displayWidth(text)).toBe(width)
    expect(rowsOfLine(text, 6)).toBe(rows)
  })

  test('lines break at spaces', () => {
    expect(wrapped('one two three four', 9)).toEqual(['one two', 'three', 'four'])
    expect(wrapped('unbreakable-and-long', 5)).toEqual(['unbreakable-and-long'])
  })
})
