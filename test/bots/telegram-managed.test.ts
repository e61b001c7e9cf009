// Bots that people make through ours, with the real client library against a Telegram of our own.
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import { expect, onTestFinished, test } from 'vitest'
import type { Face, Inbound } from '../../src/bots/core/face.ts'
import type { ReadyView } from '../../src/bots/core/view.ts'
import { createTelegramFace, type TelegramFace } from '../../src/bots/telegram/telegram.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/lib/log.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { startTelegram, type TelegramPerson, type TelegramSimulator } from '../simulators/telegram.ts'
import { press, view } from './support/desk.ts'
import { keyboardsInMemory } from './support/keyboards.ts'
import { eventually } from './support/memory-chat.ts'

type Bench = {
  sim: TelegramSimulator
  face: TelegramFace
  heard: Inbound[]
  /** What each of them is answered with. */
  faces: Face[]
  made: () => Extract<Inbound, { kind: 'bot-created' }>[]
  ann: TelegramPerson
  keyboards: ReturnType<typeof keyboardsInMemory>
  logged(): string
  /** A second process of the same bot, once the first has ended. */
  restarted(): Promise<TelegramFace>
}

async function bench(options: { managesBots?: boolean; public?: boolean } = {}): Promise<Bench> {
  const sim = await startTelegram({ managesBots: options.managesBots !== false })
  const publicUrl = options.public === true ? await openWeb((request) => current.webhook?.handler(request) ?? null) : null
  let lines = ''
  const log = createLog({ level: 'debug', destination: { write: (line: string) => void (lines += line) } })
  const keyboards = keyboardsInMemory()
  const heard: Inbound[] = []
  const faces: Face[] = []
  const begin = () => {
    const face = createTelegramFace({ token: new Sealed(sim.token), apiRoot: sim.apiRoot, publicUrl, keyboards, clock: systemClock, log })
    const ended = new AbortController()
    const running = face.run(async (inbound, answering) => {
      heard.push(inbound)
      faces.push(answering)
    }, ended.signal)
    const stop = (): Promise<void> => {
      ended.abort()
      return running
    }
    return { face, stop }
  }
  let { face: current, stop } = begin()
  onTestFinished(async () => {
    await stop()
    await sim.close()
    expect(sim.violations()).toEqual([])
    for (const { token } of [sim, ...sim.bots.all]) {
      expect(lines).not.toContain(token)
      expect(JSON.stringify(sim.calls)).not.toContain(token)
    }
  })
  const ann = sim.person(42, 'Ann')
  expect(await eventually(() => sim.calls.some((call) => call.method === (publicUrl === null ? 'deleteWebhook' : 'setWebhook')))).toBe(true)
  await ann.says('hello')
  expect(await eventually(() => heard.length === 1)).toBe(true)
  const made: Bench['made'] = () => heard.flatMap((one) => (one.kind === 'bot-created' ? [one] : []))
  const restarted = async (): Promise<TelegramFace> => {
    await stop()
    ;({ face: current, stop } = begin())
    await ann.says('again')
    expect(await eventually(() => heard.some((one) => one.kind === 'text' && one.text === 'again'))).toBe(true)
    return current
  }
  return { sim, face: current, heard, faces, made, ann, keyboards, logged: () => lines, restarted }
}

async function openWeb(answer: (request: Request) => Promise<Response> | null): Promise<string> {
  const listener = getRequestListener(async (request) => (await answer(request)) ?? new Response(null, { status: 503 }))
  const web = createServer((request, response) => void listener(request, response))
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void web.close())
  const address = web.address()
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
}

const createBot = { label: 'Make a bot for me', name: 'my-claw', username: 'my_claw_x7_bot' }
const question = view('Paste the token of your bot.', { actions: [press('Back', 'w:1:token:back')], createBot })
const send = (face: Face, shown: ReadyView, more: { key?: string; unasked?: boolean } = {}) =>
  face.send('42', shown, { idempotencyKey: more.key ?? 'k', unasked: more.unasked ?? false })

test('without the right to manage bots nothing is offered', async () => {
  const { face, ann } = await bench({ managesBots: false })
  expect(face.capabilities.createsBots).toBe(false)
  const { createBot: _none, ...plain } = question
  await send(face, plain)
  expect(ann.transcript()).toMatch(/bot: Paste the token of your bot\.\n\[Back\]$/)
})

test('the question keeps its buttons, and the keyboard below the chat makes a bot whose token comes by itself, once', async () => {
  const { sim, face, ann, made, heard } = await bench()
  expect(face.capabilities.createsBots).toBe(true)
  await send(face, question)
  expect(ann.transcript()).toMatch(
    /bot: Paste the token of your bot\.\n\[Back\]\n\nbot: Or tap “Make a bot for me” below.*\n\nkeyboard: \[Make a bot for me\]$/s,
  )
  await ann.clicks('Make a bot for me')
  expect(await eventually(() => made().length === 1)).toBe(true)
  const [bot] = sim.bots.all
  const [told] = made()
  expect(told).toMatchObject({ username: 'my_claw_x7_bot', chat: '42', subject: '42', displayName: 'Ann', place: 'dm', provider: 'telegram' })
  expect(told?.token?.open()).toBe(bot?.token)
  expect(JSON.stringify(heard)).not.toContain(bot?.token)
  await ann.says('what now?')
  expect(await eventually(() => heard.length === 3)).toBe(true)
  expect(sim.calls.filter((call) => call.method === 'getManagedBotToken')).toHaveLength(1)
})

test.each([
  ['the update before the message', ['update', 'message']],
  ['each of them twice', ['message', 'update', 'message', 'update']],
  ['the update alone', ['update']],
  ['the message alone', ['message']],
] as const)('tells of a bot once when there is %s', async (_what, telling) => {
  const { sim, face, ann, made, heard } = await bench()
  sim.bots.tells(...telling)
  await send(face, question)
  await ann.clicks('Make a bot for me')
  await ann.says('done')
  expect(await eventually(() => heard.some((one) => one.kind === 'text' && one.text === 'done') && made().length === 1)).toBe(true)
  expect(made()[0]?.token?.open()).toBe(sim.bots.all[0]?.token)
})

test('over the web as well', async () => {
  const { sim, face, ann, made } = await bench({ public: true })
  await send(face, question)
  await ann.clicks('Make a bot for me')
  expect(await eventually(() => made().length === 1)).toBe(true)
  expect(made()[0]?.token?.open()).toBe(sim.bots.all[0]?.token)
  expect(sim.updates.polls()).toBe(0)
})

test('two bots are two, and their ids tell that each is one whichever process hears of it', async () => {
  const { sim, face, ann, made, restarted } = await bench()
  await send(face, question)
  await ann.clicks('Make a bot for me')
  await ann.clicks('Make a bot for me')
  expect(await eventually(() => made().length === 2)).toBe(true)
  expect(new Set(made().map((one) => one.id)).size).toBe(2)
  await restarted()
  const [first] = sim.bots.all
  sim.updates.push({
    managed_bot: { user: { id: 42, is_bot: false, first_name: 'Ann' }, bot: { id: first?.id, is_bot: true, first_name: 'my-claw' } },
  })
  expect(await eventually(() => made().length === 3)).toBe(true)
  expect(made()[2]?.id).toBe(made()[0]?.id)
})

test('a token that Telegram hands over late comes, and one that it does not is said to be missing', { timeout: 20_000 }, async () => {
  const { sim, face, ann, made, logged } = await bench()
  sim.bots.tells('update')
  await send(face, question)
  sim.fault('getManagedBotToken', { status: 400, description: 'Bad Request: not yet' }, 2)
  await ann.clicks('Make a bot for me')
  expect(await eventually(() => made().length === 1)).toBe(true)
  expect(made()[0]?.token?.open()).toBe(sim.bots.all[0]?.token)
  sim.fault('getManagedBotToken', { status: 400, description: 'Bad Request: not yet' }, 3)
  await ann.clicks('Make a bot for me')
  expect(await eventually(() => made().length === 2)).toBe(true)
  expect(made()[1]).toMatchObject({ username: 'my_claw_x71_bot', token: null })
  expect(logged()).toContain('not yet')
})

const nothingStands = (at: Bench): void => {
  expect(at.ann.keyboard()).toEqual([])
  expect(at.ann.transcript()).not.toMatch(/keyboard|Or tap|bot: …/)
  expect(at.keyboards.standing.size).toBe(0)
}

test('the keyboard is gone with the next answer, in the same process or another', async () => {
  const at = await bench()
  await send(at.face, question)
  await send(at.face, view('Which chat?', { actions: [press('Telegram', 'a')] }))
  nothingStands(at)
  const sent = await send(at.face, question)
  expect.assert(sent.kind === 'sent')
  expect(at.ann.keyboard()).toEqual(['Make a bot for me'])
  const face = await at.restarted()
  await face.edit('42', sent.ref, view('Which chat?'))
  nothingStands(at)
})

test('the keyboard stays while news come, and when the question is asked once more there is one', async () => {
  const at = await bench()
  const sent = await send(at.face, question)
  expect.assert(sent.kind === 'sent')
  const news = await send(at.face, view('🔴 my-claw stopped answering'), { key: 'news', unasked: true })
  expect.assert(news.kind === 'sent')
  await at.face.edit('42', news.ref, view('🟢 my-claw is back'))
  expect(at.ann.keyboard()).toEqual(['Make a bot for me'])
  await at.face.edit('42', sent.ref, { ...question, blocks: [{ kind: 'text', text: ['That is not a token.'] }] })
  expect(at.ann.keyboard()).toEqual(['Make a bot for me'])
  expect(at.ann.transcript().match(/Or tap/g)).toHaveLength(1)
  await send(at.face, view('Done'))
  nothingStands(at)
})

test('a keyboard that could not be taken away is taken away by the next answer', async () => {
  const at = await bench()
  await send(at.face, question)
  at.sim.fault('sendMessage', { status: 400, description: 'Bad Request: not now' })
  expect((await send(at.face, view('First'))).kind).toBe('sent')
  expect(at.ann.keyboard()).toEqual(['Make a bot for me'])
  await send(at.face, view('Second'))
  nothingStands(at)
})

test('where management was switched off meanwhile the question is asked without it, and it is not offered again', async () => {
  const sim = await startTelegram({ managesBots: true })
  const log = createLog({ level: 'silent', destination: process.stderr })
  const face = createTelegramFace({
    token: new Sealed(sim.token),
    apiRoot: sim.apiRoot,
    publicUrl: null,
    keyboards: keyboardsInMemory(),
    clock: systemClock,
    log,
  })
  const ended = new AbortController()
  const running = face.run(async () => undefined, ended.signal)
  onTestFinished(async () => {
    ended.abort()
    await running
    await sim.close()
  })
  const ann = sim.person(42, 'Ann')
  await ann.says('hello')
  expect(await eventually(() => face.capabilities.createsBots)).toBe(true)
  sim.bots.manage(false)
  expect((await send(face, question)).kind).toBe('sent')
  expect(face.capabilities.createsBots).toBe(false)
  expect(ann.transcript()).toMatch(/\[Back\]$/)
})

test('in a group it is not offered', async () => {
  const at = await bench()
  at.sim.group(-100_5, 'Team', { mayDelete: false })
  await at.ann.in(-100_5).says('/help@conch_bot')
  expect(await eventually(() => at.heard.some((one) => one.place === 'group'))).toBe(true)
  expect(at.faces.map((one) => one.capabilities.createsBots)).toEqual([true, false])
})
