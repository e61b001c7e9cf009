// The counter on its own; with the real gateway: counter-real.test.ts.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import counter from '../../images/gateway/counter/index.js'
import { journalFolder } from '../../images/gateway/counter/journal.js'
import { createCounts } from '../../images/gateway/supervisor/counts.ts'

type Received = Parameters<Parameters<Parameters<typeof counter.register>[0]['on']>[1]>

/** A gateway that knows two commands. */
function gateway(): { receives: (...received: Received) => void; dir: string; warnings: string[]; totals: () => Promise<unknown> } {
  const home = mkdtempSync(join(tmpdir(), 'counter-'))
  const before = process.env['CONCH_DIR']
  process.env['CONCH_DIR'] = home
  onTestFinished(() => {
    if (before === undefined) delete process.env['CONCH_DIR']
    else process.env['CONCH_DIR'] = before
    rmSync(home, { recursive: true, force: true })
  })
  const warnings: string[] = []
  let receives: ((...received: Received) => void) | null = null
  counter.register({
    config: {},
    logger: { warn: (message) => void warnings.push(message) },
    runtime: { channel: { commands: { isControlCommandMessage: (text) => /^(\/(status|new|reset)\b|stop$)/.test(text) } } },
    on: (_, handler) => void (receives = handler),
  })
  if (receives === null) throw new Error('it listens to nothing')
  const dir = journalFolder(home)
  return { receives, dir, warnings, totals: () => createCounts({ dir }).read() }
}

const FROM = { channelId: 'telegram', accountId: 'default', conversationId: 'telegram:1001' }

it.each([
  ['what time is it?', true],
  ['/unknown is no command of the gateway', true],
  ['/new tell me a joke', true],
  ['/reset@some_bot and then go on', true],
  ['/new', false],
  ['/new ', false],
  ['/reset soft', false],
  ['/status', false],
  ['stop', false],
])('%j counts: %s', async (content, isCounted) => {
  const { receives, totals } = gateway()
  receives({ content, messageId: '1' }, FROM)
  expect(await totals()).toEqual(isCounted ? [{ channel: 'telegram', total: 1 }] : [])
})

it('takes a message without an id for one of its own, and one with the id of its run for that run', async () => {
  const { receives, totals } = gateway()
  for (const more of [{}, {}, { runId: 'a' }, { runId: 'a' }]) receives({ content: 'hello', ...more }, { channelId: 'webchat' })
  expect(await totals()).toEqual([{ channel: 'webchat', total: 3 }])
})

it('writes nothing of what was said or by whom', () => {
  const { receives, dir } = gateway()
  receives({ content: 'my secret', messageId: '77' }, FROM)
  expect(readFileSync(join(dir, 'messages.jsonl'), 'utf8')).not.toMatch(/secret|1001|77"/)
})

it('keeps what it cannot write until the next message, and never fails the gateway', async () => {
  const { receives, dir, warnings, totals } = gateway()
  writeFileSync(dir, 'a file in the place of the folder')
  receives({ content: 'one', messageId: '1' }, FROM)
  receives({ content: 'two', messageId: '2' }, FROM)
  expect(warnings.at(-1)).toMatch(/^2 messages are not written down yet: /)
  rmSync(dir)
  mkdirSync(dir)
  receives({ content: 'three', messageId: '3' }, FROM)
  expect(await totals()).toEqual([{ channel: 'telegram', total: 3 }])
})
