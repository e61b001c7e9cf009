// A code to be scanned, on every face: shown, replaced by the next one, and taken away. What is scanned is what the person's screen shows.
import { readFileSync } from 'node:fs'
import { stripVTControlCharacters } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { Delivery, Face } from '../../src/bots/core/face.ts'
import type { ReadyView } from '../../src/bots/core/view.ts'
import { createSlackFace } from '../../src/bots/slack/slack.ts'
import { createTelegramFace } from '../../src/bots/telegram/telegram.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { begin } from '../simulators/discord/scene.ts'
import { startSlack, type SlackSimulator } from '../simulators/slack.ts'
import { startTelegram } from '../simulators/telegram.ts'
import { codePicture, pairingText } from '../support/codes.ts'
import { scannedDrawing, scannedPicture } from '../support/scan.ts'
import { desk, press, view } from './support/desk.ts'
import { keyboardsInMemory } from './support/keyboards.ts'

const ALT = 'There is no picture here.'
const [FIRST, SECOND] = [pairingText('first'), pairingText('second')]
const picture = (code: string): ReadyView => ({
  ...view('Scan this'),
  blocks: [...view('Scan this').blocks, { kind: 'image', png: codePicture(code), alt: [ALT] }],
  actions: [press('Cancel', 'x')],
})
const over = view('It is over')

const shown = (face: Face, chat: string, one: ReadyView, key = 'k') => face.send(chat, one, { idempotencyKey: key, unasked: true })
function refOf(delivery: Delivery): string {
  expect.assert(delivery.kind === 'sent')
  return delivery.ref
}

test('on Telegram it is a photo with its caption; a text becomes one, and is a message of its own again afterwards', async () => {
  const sim = await startTelegram()
  const ended = new AbortController()
  const face = createTelegramFace({
    token: new Sealed(sim.token),
    apiRoot: sim.apiRoot,
    publicUrl: null,
    keyboards: keyboardsInMemory(),
    clock: systemClock,
    log: silentLog,
  })
  const running = face.run(async () => undefined, ended.signal)
  onTestFinished(async () => {
    ended.abort()
    await running
    await sim.close()
  })
  const ann = sim.person(42, 'Ann')
  await ann.says('hello')
  const standing = () => sim.messages.filter((one) => one.from === null && !one.deleted)
  const ref = refOf(await shown(face, '42', view('Getting ready')))
  expect(refOf(await face.edit('42', ref, picture(FIRST)))).toBe(ref)
  expect(standing()).toMatchObject([{ text: 'Scan this', keyboard: [[{ text: 'Cancel' }]] }])
  expect(scannedPicture(standing()[0]?.photo)).toBe(FIRST)
  expect(refOf(await face.edit('42', ref, picture(SECOND)))).toBe(ref)
  expect(scannedPicture(standing()[0]?.photo)).toBe(SECOND)
  const last = refOf(await face.edit('42', ref, over))
  expect(last).not.toBe(ref)
  expect(standing()).toMatchObject([{ text: 'It is over', photo: null }])
  // A new one begins with a photo, and words that are too long for its caption go along as a file.
  const long = {
    ...picture(FIRST),
    blocks: [...picture(FIRST).blocks, { kind: 'code' as const, lines: Array<string>(60).fill('output '.repeat(5)) }],
  }
  await shown(face, '42', long)
  expect(standing().map((one) => one.text.length <= 1_024)).not.toContain(false)
  expect(scannedPicture(standing().at(-2)?.photo)).toBe(FIRST)
  expect(sim.violations()).toEqual([])
})

test('on Discord it is an attachment in a gallery, described for whoever does not see it, and goes with the next edit', async () => {
  const { sim, face } = await begin(async () => undefined)
  const ann = sim.person()
  const ref = refOf(await shown(face, ann.id, picture(FIRST)))
  const [message] = sim.messages()
  const file = () => Buffer.from((message?.files[0] ?? '').replace('data:image/png;base64,', ''), 'base64')
  expect(scannedPicture(file())).toBe(FIRST)
  expect(message?.components).toMatchObject([{ type: 10 }, { type: 12, items: [{ description: ALT }] }, { type: 1 }])
  expect(ann.transcript()).not.toContain(ALT)
  expect(refOf(await face.edit(ann.id, ref, picture(SECOND)))).toBe(ref)
  expect(scannedPicture(file())).toBe(SECOND)
  await face.edit(ann.id, ref, over)
  expect(message?.files).toEqual([])
  expect(ann.transcript()).toBe('It is over')
  expect(sim.violations()).toEqual([])
})

async function slack(): Promise<{ sim: SlackSimulator; face: Face; code(): string | null }> {
  const sim = await startSlack()
  onTestFinished(() => sim.close())
  const connection = { kind: 'socket', appToken: new Sealed(sim.appToken), botToken: new Sealed(sim.botToken) } as const
  const face = createSlackFace({ connection, apiUrl: sim.apiUrl, clock: systemClock, random: systemRandom, log: silentLog })
  const code = (): string | null => {
    const block = sim.state.messages.at(-1)?.blocks.find((one) => one.type === 'image')
    return block === undefined ? null : scannedPicture(sim.state.files.get(block.slack_file.id)?.bytes)
  }
  return { sim, face, code }
}

test('on Slack it is a file of ours that nobody sees elsewhere, waited for until it can be shown, and deleted after its message has changed', async () => {
  const { sim, face, code } = await slack()
  const ann = sim.person('ann')
  const address = `T1:${ann.id}`
  sim.state.filesWorkedOn = 1
  const ref = refOf(await shown(face, address, picture(FIRST)))
  expect(code()).toBe(FIRST)
  expect(ann.transcript()).not.toContain(ALT)
  const [first] = sim.state.files.keys()
  const next = refOf(await face.edit(address, ref, picture(SECOND)))
  expect(code()).toBe(SECOND)
  expect(sim.state.files.has(first ?? '')).toBe(false)
  expect(refOf(await face.edit(address, next, over))).toBe(next.split(':').slice(0, 2).join(':'))
  expect(sim.state.files.size).toBe(0)
  expect(ann.transcript()).toBe('It is over')
  expect(sim.state.messages).toHaveLength(1)
  expect(sim.violations()).toEqual([])
})

test('on Slack a message that does not come about leaves no file, and without the right to show pictures it says so', async () => {
  const { sim, face } = await slack()
  const ann = sim.person('ann')
  const address = `T1:${ann.id}`
  sim.fail({ method: 'chat.postMessage', times: 1, error: 'channel_not_found' })
  expect(await shown(face, address, picture(FIRST))).toMatchObject({ kind: 'undeliverable' })
  expect(sim.state.files.size).toBe(0)
  sim.fail({ method: 'files.getUploadURLExternal', times: 1, error: 'missing_scope' })
  await shown(face, address, picture(FIRST))
  expect(ann.transcript()).toContain(ALT)
  expect(sim.violations()).toEqual([])
})

test('in a terminal it is drawn with half blocks, redrawn in place, and kept in no file', async () => {
  const at = desk({ tty: { columns: 100, rows: 60 } })
  const ended = new AbortController()
  const running = at.terminal.run(async () => undefined, ended.signal)
  onTestFinished(async () => {
    ended.abort()
    await running
  })
  // The rows of the newest drawing on the screen.
  const drawn = (): string[] => {
    const rows = stripVTControlCharacters(at.raw()).split('\n')
    const end = rows.findLastIndex((row) => /^[█▀▄ ]{40,}$/.test(row.trimEnd().padEnd(40)) && /[█▀▄]/.test(row))
    let start = end
    while (start > 0 && /^[█▀▄ ]+$/.test(rows[start - 1] ?? '')) start -= 1
    return rows.slice(start, end + 1).filter((row) => row.trim() !== '' || row.length > 40)
  }
  const ref = refOf(await shown(at.terminal, 'terminal', picture(FIRST)))
  expect(scannedDrawing(drawn(), { inverse: true })).toBe(FIRST)
  await at.terminal.edit('terminal', ref, picture(SECOND))
  expect(scannedDrawing(drawn(), { inverse: true })).toBe(SECOND)
  const before = at.raw().length
  await at.terminal.edit('terminal', ref, picture(SECOND))
  expect(at.raw()).toHaveLength(before)
  await at.terminal.edit('terminal', ref, over)
  expect(at.raw().slice(before)).toContain('It is over')
  expect(at.raw().slice(before)).not.toMatch(/[█▀▄]/)
  expect(readFileSync(at.historyFile, 'utf8')).not.toMatch(/[█▀▄]/)
})

test('in a pipe the next code is printed whole, and the same one only once', async () => {
  const at = desk()
  at.input.end('')
  const running = at.terminal.run(async () => undefined, new AbortController().signal)
  const ref = refOf(await shown(at.terminal, 'terminal', picture(FIRST)))
  const rows = () =>
    at
      .raw()
      .split('\n')
      .filter((row) => /^[█▀▄ ]{40,}$/.test(row))
  const half = rows().length
  expect(scannedDrawing(rows(), { inverse: true })).toBe(FIRST)
  await at.terminal.edit('terminal', ref, picture(FIRST))
  expect(rows()).toHaveLength(half)
  await at.terminal.edit('terminal', ref, picture(SECOND))
  expect(scannedDrawing(rows().slice(half), { inverse: true })).toBe(SECOND)
  await running
})

test('a window that is too narrow says how wide it must be, and what is no code says its words', async () => {
  const at = desk({ tty: { columns: 40, rows: 60 } })
  await shown(at.terminal, 'terminal', picture(FIRST))
  expect(at.raw()).toMatch(/Make this window \d\d columns wide to see the code\./)
  const wrong: ReadyView = { ...over, blocks: [{ kind: 'image', png: Buffer.from('no picture'), alt: [ALT] }] }
  await shown(at.terminal, 'terminal', wrong, 'other')
  expect(at.raw()).toContain(ALT)
})
