import { testSigningKeys } from '../support/signing.ts'
import { appendFileSync, readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Inbound } from '../../src/bots/core/face.ts'
import type { ReadyView } from '../../src/bots/core/view.ts'
import { createKeypad } from '../../src/bots/terminal/keypad.ts'
import { createControlPlane } from '../../src/control-plane.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { postgresDatabases } from '../support/database.ts'
import { startMachines, type Machines } from '../support/world.ts'
import { desk, folder, KEY, press, show, view } from './support/desk.ts'
import { eventually } from './support/memory-chat.ts'

describe('a pipe', () => {
  test('every line is handed on in order, the next one only when the former was answered', async () => {
    const at = desk()
    const heard: string[] = []
    let open = 0
    const handle = async (inbound: Inbound): Promise<void> => {
      open += 1
      expect(open).toBe(1)
      await new Promise((resolve) => setImmediate(resolve))
      heard.push(inbound.kind === 'text' ? inbound.text : inbound.kind)
      open -= 1
    }
    at.input.end('/help\n\n  /status my-claw  \r\nlast line without an end')
    expect(await at.terminal.run(handle, new AbortController().signal)).toBe('eof')
    expect(heard).toEqual(['start', '/help', '/status my-claw', 'last line without an end'])
  })

  test('a line waits until the job of the line before it has ended', async () => {
    const at = desk()
    const heard: string[] = []
    const handle = async (inbound: Inbound): Promise<void> => {
      heard.push(inbound.kind === 'text' ? inbound.text : inbound.kind)
      if (heard.length === 2) at.terminal.expect?.('terminal', ['op:1', 'done:1'])
    }
    at.input.end('/deploy\n/status\n')
    const running = at.terminal.run(handle, new AbortController().signal)
    expect(await eventually(() => heard.length === 2)).toBe(true)
    await show(at, 'op:1', view('going', { key: 'op:1', job: 'ongoing' }))
    await show(at, 'op:1', view('went', { key: 'op:1' }))
    expect(heard).toEqual(['start', '/deploy'])
    await show(at, 'done:1', view('live', { key: 'done:1' }))
    expect(await running).toBe('eof')
    expect(heard).toEqual(['start', '/deploy', '/status'])
  })

  test('a job that is held up does not hold up the script', async () => {
    const at = desk()
    const heard: string[] = []
    const handle = async (inbound: Inbound): Promise<void> => {
      heard.push(inbound.kind === 'text' ? inbound.text : inbound.kind)
      if (heard.length === 2) at.terminal.expect?.('terminal', ['op:1', 'done:1'])
    }
    at.input.end('/deploy\n/status\n')
    const running = at.terminal.run(handle, new AbortController().signal)
    expect(await eventually(() => heard.length === 2)).toBe(true)
    await show(at, 'op:1', view('no room', { key: 'op:1', job: 'interrupted' }))
    expect(await running).toBe('eof')
    expect(heard).toHaveLength(3)
  })

  test('numbers and labels press the buttons of the newest answer', async () => {
    const at = desk()
    const pressed: string[] = []
    let shown = 0
    const handle = async (inbound: Inbound): Promise<void> => {
      if (inbound.kind === 'press') pressed.push(inbound.button)
      shown += 1
      await show(at, `re:${shown}`, view('Well?', { actions: [press('Launch', `launch-${shown}`), press('Cancel', `cancel-${shown}`)] }), false)
    }
    at.input.end('1\ncancel\n2\n')
    await at.terminal.run(handle, new AbortController().signal)
    expect(pressed).toEqual(['launch-1', 'cancel-2', 'cancel-3'])
    expect(at.raw()).toContain('[1] Launch  [2] Cancel')
  })

  test('a message that changes adds only its new lines, without a clock and without waiting steps', async () => {
    const at = desk()
    const steps = (...states: ('done' | 'active' | 'waiting')[]): ReadyView => ({
      ...view('', { key: 'op:1', title: ['Launching my-claw'], elapsed: '3 s', job: 'ongoing' }),
      blocks: [{ kind: 'progress', steps: states.map((state, index) => ({ label: `Step ${index + 1}`, state })) }],
    })
    await show(at, 'op:1', steps('active', 'waiting'))
    await show(at, 'op:1', { ...steps('active', 'waiting'), elapsed: '4 s' })
    await show(at, 'op:1', steps('done', 'active'))
    const { job: _ended, ...last } = steps('done', 'done')
    await show(at, 'op:1', { ...last, title: ['Launched my-claw'], elapsed: '9 s' })
    expect(at.raw().trim().split('\n')).toEqual(['Launching my-claw', '⏳ Step 1', '✓ Step 1', '⏳ Step 2', 'Launched my-claw (9 s)', '✓ Step 2'])
  })

  test('percentages are news by the quarter', async () => {
    const at = desk()
    for (let percent = 0; percent <= 100; percent += 5) {
      const blocks = [{ kind: 'progress', steps: [{ label: 'Installing', state: 'active', detail: `${percent} %`, percent }] }] as const
      await show(at, 'op:1', { tone: 'working', key: 'op:1', job: 'ongoing', title: ['Launching'], blocks, actions: [] })
    }
    expect(at.raw().match(/Installing/g)).toHaveLength(5)
  })

  test('/quit ends it, and what is aborted stops', async () => {
    const quitting = desk()
    quitting.input.write('/quit\n/help\n')
    expect(await quitting.terminal.run(async () => undefined, new AbortController().signal)).toBe('quit')
    const stopping = desk()
    const stop = new AbortController()
    const running = stopping.terminal.run(async () => undefined, stop.signal)
    stop.abort()
    expect(await running).toBe('stopped')
  })

  test('a secret that is piped in is not echoed', async () => {
    const at = desk()
    const heard: string[] = []
    const handle = async (inbound: Inbound): Promise<void> => {
      if (inbound.kind === 'text') heard.push(inbound.text)
      await show(at, inbound.id, view('Paste your key.', { input: 'secret' }), false)
    }
    at.input.end(`${KEY}\n`)
    await at.terminal.run(handle, new AbortController().signal)
    expect(heard).toEqual([KEY])
    expect(at.raw()).not.toContain('aaaa')
    expect(at.raw()).toContain('› ••••')
  })
})

describe('the history', () => {
  test('a message that was sent before the process died is not shown again', async () => {
    const dir = folder()
    const before = desk({ dir })
    const first = await show(before, 'done:1', view('my-claw is live', { key: 'done:1' }))
    const after = desk({ dir })
    const again = await show(after, 'done:1', view('my-claw is live', { key: 'done:1' }))
    expect(again).toEqual(first)
    expect(after.raw()).toBe('')
  })

  test('a message of an earlier run is changed by adding its news', async () => {
    const dir = folder()
    const before = desk({ dir })
    const sent = await show(before, 'incident:1', view('stopped answering'))
    expect.assert(sent.kind === 'sent')
    const after = desk({ dir })
    expect(await after.terminal.edit('terminal', sent.ref, view('is back'))).toEqual(sent)
    expect(after.raw().trim()).toBe('is back')
    expect(await after.terminal.edit('terminal', 'never-sent', view('x'))).toEqual({ kind: 'message-gone' })
  })

  test('it is bounded, and a torn last line does not spoil it', async () => {
    const dir = folder()
    const before = desk({ dir })
    for (let n = 0; n < 1_300; n += 1) await show(before, `key-${n}`, view(`message ${n}`))
    const lines = readFileSync(before.historyFile, 'utf8').trim().split('\n')
    expect(lines.length).toBeLessThan(1_100)
    appendFileSync(before.historyFile, '{"ref":"torn')
    const after = desk({ dir })
    await show(after, 'key-1299', view('message 1299'))
    expect(after.raw()).toBe('')
  })
})

describe('numbers', () => {
  test('an answer’s buttons begin at 1; what comes by itself never takes a number in use', () => {
    const keypad = createKeypad()
    const two = [press('Launch', 'a'), press('Cancel', 'b')]
    expect(keypad.assign('m1', two, { unasked: false }).map((key) => key.number)).toEqual([1, 2])
    expect(keypad.assign('m2', [press('Logs', 'c')], { unasked: true }).map((key) => key.number)).toEqual([3])
    expect(keypad.find('1')).toEqual({ ref: 'm1', id: 'a' })
    expect(keypad.find('3')).toEqual({ ref: 'm2', id: 'c' })
    expect(keypad.assign('m3', [press('Back', 'd')], { unasked: false }).map((key) => key.number)).toEqual([1])
    expect(keypad.find('2')).toBeNull()
    expect(keypad.find('3')).toBeNull()
  })

  test('a message that changes keeps its numbers, and an answer without buttons leaves the question’s alone', () => {
    const keypad = createKeypad()
    keypad.assign('m1', [press('Launch', 'a')], { unasked: false })
    keypad.assign('m2', [press('Logs', 'b'), press('Status', 'c')], { unasked: true })
    expect(keypad.assign('m2', [press('Logs', 'b')], { unasked: true }).map((key) => key.number)).toEqual([2])
    keypad.assign('m3', [], { unasked: false })
    expect(keypad.find('1')).toEqual({ ref: 'm1', id: 'a' })
  })
})

describe('a script', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  test('sets up, looks, restarts, renames and destroys an assistant, and nothing is left', async () => {
    const database = await open()
    const at = desk()
    const plane = await createControlPlane({
      database,
      fly: machines.fly,
      addressTemplate: machines.server.addressTemplate,
      faces: [at.terminal],
      settings: { image: 'gateway:inline', billing: false },
      signingKeys: testSigningKeys,
      local: true,
      webAddress: 'http://127.0.0.1:8787',
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      elapsed: () => performance.now(),
      owner: 'test',
    })
    const stop = new AbortController()
    const engines = plane.run(stop.signal)
    at.input.end(
      `/deploy\nmy-claw\n1\nanthropic\n${KEY}\n1\n/status\n/restart\n/rename my-claw new-claw\n/stop\n/start new-claw\n/destroy\nnew-claw\n/instances\n`,
    )
    expect(await at.terminal.run((inbound) => plane.router.handle(inbound, at.terminal), stop.signal)).toBe('eof')
    stop.abort()
    await engines
    const transcript = at.raw()
    const order = [
      'Hi! I set up',
      'In the browser: http://127.0.0.1:8787',
      'What shall it be called?',
      'Brain: Claude (key …x4Qe)',
      'Launching my-claw',
      '✓ First health check',
      '🟢 my-claw is live',
      'Health: ',
      '🟢 my-claw is back',
      'is called new-claw now',
      'new-claw is stopped.',
      '🟢 new-claw is live again',
      'Type new-claw to confirm',
      'new-claw is gone',
      'You have no assistant yet.',
    ]
    const places = order.map((text) => transcript.indexOf(text))
    expect(
      places.every((place) => place >= 0),
      `missing: ${order.filter((_, index) => (places[index] ?? -1) < 0).join(' | ')}\n${transcript}`,
    ).toBe(true)
    expect(places).toEqual(places.toSorted((a, b) => a - b))
    expect(transcript.match(/is live in/g)).toHaveLength(1)
    expect(transcript).not.toContain('aaaa')
    expect(await machines.apps()).toEqual([])
  })
})
