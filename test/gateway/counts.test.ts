// Real files, and real processes that are killed in the middle.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { appendLine, lineOf } from '../../images/gateway/counter/journal.js'
import { createCounts, type Counts } from '../../images/gateway/supervisor/counts.ts'

const AT = new Date('2026-03-01T10:15:00Z')
const IMAGES = join(import.meta.dirname, '../../images/gateway')

function folder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'counts-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

function line(id: string | number, channel = 'telegram', at = AT): string {
  return lineOf({ channel, account: 'default', conversation: 'telegram:1001', id: String(id) }, at)
}

async function totals(counts: Counts): Promise<Record<string, number>> {
  return Object.fromEntries((await counts.read()).map((one) => [one.channel, one.total]))
}

/** The totals as a supervisor sees them that has just begun. */
async function afresh(dir: string): Promise<Record<string, number>> {
  return await totals(createCounts({ dir }))
}

type Running = { lines: string[]; kill(): Promise<void>; ended: Promise<number | null> }

function run(source: string, env: Readonly<Record<string, string>>): Running {
  const child = spawn(process.execPath, ['--input-type=module', '-e', source], { env, stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let text = ''
  child.stdout.on('data', (part: Buffer) => (text += part.toString()))
  const ended = once(child, 'close').then(() => child.exitCode)
  return {
    // What it was killed over is not a line.
    get lines() {
      return text.split('\n').slice(0, -1)
    },
    async kill() {
      child.kill('SIGKILL')
      await ended
    },
    ended,
  }
}

describe('counting messages', () => {
  it('counts each message of each channel once, whoever delivers or writes it again', async () => {
    const dir = folder()
    const counts = createCounts({ dir })
    expect(await totals(counts)).toEqual({})
    for (const one of [line(1), line(2), line(2), line(1, 'webchat')]) appendLine(dir, one)
    expect(await totals(counts)).toEqual({ telegram: 2, webchat: 1 })
    appendLine(dir, line(1))
    appendLine(dir, line(3))
    expect(await totals(counts)).toEqual({ telegram: 3, webchat: 1 })
    appendLine(dir, line(3))
    expect(await afresh(dir)).toEqual({ telegram: 3, webchat: 1 })
    expect(counts.tampered()).toBe(false)
  })

  it('takes the same number in another conversation, account or channel for another message', () => {
    const message = { channel: 'telegram', account: 'default', conversation: 'a', id: '7' }
    const lines = [message, { ...message, conversation: 'b' }, { ...message, account: 'second' }, { ...message, channel: 'slack' }]
    expect(new Set(lines.map((one) => lineOf(one, AT))).size).toBe(4)
  })

  it('writes down an hour, a channel and a digest, and nothing of what was said or by whom', () => {
    expect(JSON.parse(line(1))).toEqual({ v: 1, hour: '2026-03-01T10', channel: 'telegram', id: expect.stringMatching(/^[\w-]{16}$/) })
  })

  it('leaves a torn last line alone until it is whole, and loses no other for one that never will be', async () => {
    const dir = folder()
    const counts = createCounts({ dir })
    const [start, rest] = [line(1).slice(0, 30), line(1).slice(30)]
    appendFileSync(join(dir, 'messages.jsonl'), start)
    expect(await totals(counts)).toEqual({})
    appendFileSync(join(dir, 'messages.jsonl'), rest)
    expect(await totals(counts)).toEqual({ telegram: 1 })
    appendFileSync(join(dir, 'messages.jsonl'), line(2).slice(0, 30))
    appendLine(dir, line(3))
    expect(await totals(counts)).toEqual({ telegram: 2 })
    expect(await afresh(dir)).toEqual({ telegram: 2 })
  })

  it('reads lines of another version, and passes over what is no line', async () => {
    const dir = folder()
    const old = { channel: 'slack', id: 'AAAAAAAAAAAAAAAA' }
    const junk = ['{"v":9}', 'null', '[]', '{"id":"short","channel":"slack"}', '\u0000'.repeat(50), '}{', `"${'x'.repeat(2_000)}"`]
    const later = { v: 7, channel: 'Slack!', id: 'BBBBBBBBBBBBBBBB', more: {} }
    writeFileSync(join(dir, 'messages.jsonl'), [JSON.stringify(old), ...junk, JSON.stringify(later), ''].join('\n'))
    appendFileSync(join(dir, 'messages.jsonl'), `${'y'.repeat(70_000)}`)
    const counts = createCounts({ dir })
    expect(await totals(counts)).toEqual({ slack: 1, other: 1 })
    appendLine(dir, line(1))
    expect(await totals(counts)).toEqual({ slack: 1, other: 1, telegram: 1 })
  })

  it('does not care for the clock: a message is the same one an hour earlier or ten years later', async () => {
    const dir = folder()
    const counts = createCounts({ dir })
    for (const year of ['2026', '2025', '2036', '1970']) appendLine(dir, line(1, 'telegram', new Date(`${year}-03-01T00:00:00Z`)))
    expect(await totals(counts)).toEqual({ telegram: 1 })
  })
})

describe('the files of the journal', () => {
  it('are moved on and the oldest deleted, so that the volume is never filled; the totals stay, and 20,000 messages are known', async () => {
    const dir = folder()
    const counts = createCounts({ dir })
    for (let batch = 0; batch < 15; batch += 1) {
      appendFileSync(join(dir, 'messages.jsonl'), Array.from({ length: 4_000 }, (_, index) => line(batch * 4_000 + index)).join(''))
      await counts.read()
    }
    expect(await totals(counts)).toEqual({ telegram: 60_000 })
    const bytes = readdirSync(dir).reduce((sum, name) => sum + statSync(join(dir, name)).size, 0)
    expect(bytes).toBeLessThan(3_000_000)
    for (const again of [59_999, 50_000, 40_000]) appendLine(dir, line(again))
    expect(await totals(counts)).toEqual({ telegram: 60_000 })
    const next = createCounts({ dir })
    expect(await totals(next)).toEqual({ telegram: 60_000 })
    for (const again of [59_999, 50_000, 40_000]) appendLine(dir, line(again))
    expect(await totals(next)).toEqual({ telegram: 60_000 })
    expect([counts.tampered(), next.tampered()]).toEqual([false, false])
  })

  it('lose no line that is written to a file just moved away', async () => {
    const dir = folder()
    const counts = createCounts({ dir })
    appendFileSync(join(dir, 'messages.jsonl'), Array.from({ length: 4_000 }, (_, index) => line(index)).join(''))
    await counts.read()
    expect(readdirSync(dir).toSorted()).toEqual(['counts.json', 'messages-1.jsonl'])
    appendFileSync(join(dir, 'messages-1.jsonl'), line('late'))
    appendLine(dir, line('new'))
    expect(await totals(counts)).toEqual({ telegram: 4_002 })
    expect(await afresh(dir)).toEqual({ telegram: 4_002 })
  })
})

/** A supervisor that reads as fast as it can, and prints the totals that it gives. */
const READER = `
  import { createCounts } from ${JSON.stringify(join(IMAGES, 'supervisor/counts.ts'))}
  const counts = createCounts({ dir: process.env.DIR })
  for (;;) process.stdout.write(((await counts.read())[0]?.total ?? 0) + ' ' + counts.tampered() + '\\n')
`
/** A counter that writes every message twice, and prints the number of what it has written. */
const WRITER = `
  import { appendLine, lineOf } from ${JSON.stringify(join(IMAGES, 'counter/journal.js'))}
  for (let id = Number(process.env.FROM); id < Number(process.env.UNTIL); id += 1) {
    const line = lineOf({ channel: 'telegram', account: 'default', conversation: 'telegram:1001', id: String(id) }, new Date())
    appendLine(process.env.DIR, line)
    appendLine(process.env.DIR, line)
    process.stdout.write(id + '\\n')
    if (id % 10 === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  }
`

describe('processes that are killed in the middle', () => {
  it('lose nothing, count nothing twice, and never show less than before', async () => {
    const dir = folder()
    const shown: number[] = []
    let next = 0
    for (let round = 0; round < 5; round += 1) {
      const writer = run(WRITER, { DIR: dir, FROM: String(next), UNTIL: '1e9' })
      const reader = run(READER, { DIR: dir })
      while (writer.lines.length < 500 + round * 77 || reader.lines.length < 20) await new Promise((resolve) => setTimeout(resolve, 3))
      await Promise.all(round % 2 === 0 ? [writer.kill(), reader.kill()] : [reader.kill(), writer.kill()])
      next = Number(writer.lines.at(-1)) + 1
      shown.push(...reader.lines.map((one) => Number(one.split(' ')[0])))
      expect(reader.lines.filter((one) => !one.endsWith(' false'))).toEqual([])
    }
    expect(await run(WRITER, { DIR: dir, FROM: String(next), UNTIL: String(next + 500) }).ended).toBe(0)
    expect(shown).toEqual(shown.toSorted((a, b) => a - b))
    expect(await afresh(dir)).toEqual({ telegram: next + 500 })
    expect(readdirSync(dir).filter((name) => name.startsWith('messages-')).length).toBeGreaterThan(0)
  }, 120_000)

  it('go on from an older snapshot to the same totals, wherever the journal was moved to meanwhile', async () => {
    const dir = folder()
    const counts = createCounts({ dir })
    const snapshot = join(dir, 'counts.json')
    appendLine(dir, line('first'))
    await counts.read()
    const older = readFileSync(snapshot)
    appendFileSync(join(dir, 'messages.jsonl'), Array.from({ length: 4_000 }, (_, index) => line(index)).join(''))
    await counts.read()
    expect(existsSync(join(dir, 'messages-1.jsonl'))).toBe(true)
    appendLine(dir, line('last'))
    writeFileSync(snapshot, older)
    writeFileSync(`${snapshot}.new`, '{"v":1,"tot')
    expect(await afresh(dir)).toEqual({ telegram: 4_002 })
    expect(await afresh(dir)).toEqual({ telegram: 4_002 })
  })

  it('show the totals while they cannot be saved', async () => {
    const dir = folder()
    // A folder in its place: nothing can be written there.
    mkdirSync(join(dir, 'counts.json.new'))
    const counts = createCounts({ dir })
    appendLine(dir, line(1))
    expect(await totals(counts)).toEqual({ telegram: 1 })
    appendLine(dir, line(2))
    expect(await totals(counts)).toEqual({ telegram: 2 })
    expect(await afresh(dir)).toEqual({ telegram: 2 })
    rmSync(join(dir, 'counts.json.new'), { recursive: true })
    expect(await totals(counts)).toEqual({ telegram: 2 })
    expect(existsSync(join(dir, 'counts.json'))).toBe(true)
  })
})

describe('files that somebody has changed', () => {
  async function counted(): Promise<{ dir: string; counts: Counts; snapshot: string; journal: string }> {
    const dir = folder()
    const counts = createCounts({ dir })
    for (const id of [1, 2, 3]) appendLine(dir, line(id))
    await counts.read()
    return { dir, counts, snapshot: join(dir, 'counts.json'), journal: join(dir, 'messages.jsonl') }
  }

  it.each([
    ['the journal is emptied', (at: { journal: string }) => truncateSync(at.journal)],
    ['the journal is deleted', (at: { journal: string }) => rmSync(at.journal)],
    ['the totals are deleted', (at: { snapshot: string }) => rmSync(at.snapshot)],
    ['the totals are lowered', (at: { snapshot: string }) => writeFileSync(at.snapshot, '{"v":1,"totals":{"telegram":0},"counted":{}}')],
  ])('take nothing away from a supervisor that runs: %s', async (_, change) => {
    const at = await counted()
    change(at)
    appendLine(at.dir, line(4))
    expect(await totals(at.counts)).toEqual({ telegram: 4 })
    expect(at.counts.tampered()).toBe(true)
    const next = createCounts({ dir: at.dir })
    expect(await totals(next)).toEqual({ telegram: 4 })
    expect(next.tampered()).toBe(true)
  })

  it.each([
    ['lowered totals', (text: string) => text.replace('"telegram":3', '"telegram":1')],
    ['negative totals', (text: string) => text.replace('"telegram":3', '"telegram":-3')],
    ['no snapshot', () => '{"v":1,"tot'],
  ])('are reported by one that begins, which believes the journal: %s', async (_, change) => {
    const { dir, snapshot } = await counted()
    writeFileSync(snapshot, change(readFileSync(snapshot, 'utf8')))
    const next = createCounts({ dir })
    expect(await totals(next)).toEqual({ telegram: 3 })
    expect(next.tampered()).toBe(true)
    const after = createCounts({ dir })
    expect(await totals(after)).toEqual({ telegram: 3 })
    expect(after.tampered()).toBe(true)
  })

  it('invent no more than fifty channels', async () => {
    const dir = folder()
    for (let index = 0; index < 200; index += 1) appendLine(dir, line(index, `c${index}`))
    const counts = createCounts({ dir })
    const all = await counts.read()
    expect(all.length).toBeLessThanOrEqual(51)
    expect(all.reduce((sum, one) => sum + one.total, 0)).toBe(200)
    expect(counts.tampered()).toBe(false)
  })
})
