// A file at the terminal: sent by its path, as it is typed or dropped into the window.
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Inbound } from '../../src/bots/core/face.ts'
import { desk, folder, show, view } from './support/desk.ts'
import { eventually } from './support/memory-chat.ts'

/** What comes in when these lines are typed. */
async function heard(lines: readonly string[], secret = false): Promise<Inbound[]> {
  const at = desk()
  const came: Inbound[] = []
  const ended = new AbortController()
  const running = at.terminal.run(async (inbound) => void came.push(inbound), ended.signal)
  expect(await eventually(() => came.length === 1)).toBe(true)
  if (secret) await show(at, 'asked', view('Paste it', { input: 'secret' }), false)
  for (const line of lines) at.input.write(`${line}\n`)
  expect(await eventually(() => came.length === lines.length + 1)).toBe(true)
  ended.abort()
  await running
  return came.slice(1)
}

test('a path of settings that is there is the file; anything else is what was typed', async () => {
  const dir = folder()
  const path = join(dir, 'my settings.json')
  writeFileSync(path, '{ "tools": {} }')
  mkdirSync(join(dir, 'a.json'))
  writeFileSync(join(dir, 'notes.txt'), 'x')
  const lines = [path, `'${path}'`, path.replace(' ', '\\ '), join(dir, 'gone.json'), join(dir, 'a.json'), join(dir, 'notes.txt'), '{ "a": 1 }']
  const came = await heard(lines)
  expect(came.map((one) => one.kind)).toEqual(['file', 'file', 'file', 'text', 'text', 'text', 'text'])
  const [first] = came
  expect.assert(first?.kind === 'file')
  expect(first.file).toMatchObject({ name: 'my settings.json', bytes: 15 })
  expect(String(await first.file.read(100))).toBe('{ "tools": {} }')
  expect(await first.file.read(14)).toBe('too-large')
})

test('in answer to a secret, a path is a secret like any other', async () => {
  const path = join(folder(), 'key.json')
  writeFileSync(path, '{}')
  expect((await heard([path], true)).map((one) => one.kind)).toEqual(['text'])
})
