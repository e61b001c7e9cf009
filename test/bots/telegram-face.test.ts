// The face alone, against a Telegram of our own.
import { createServer } from 'node:http'
import { getRequestListener } from '@hono/node-server'
import type { Update } from 'grammy/types'
import { expect, onTestFinished, test } from 'vitest'
import type { Face, Inbound } from '../../src/bots/core/face.ts'
import type { ReadyView } from '../../src/bots/core/view.ts'
import { deepLink, openedBy } from '../../src/bots/telegram/deep-link.ts'
import { received } from '../../src/bots/telegram/inbound.ts'
import { createTelegramFace, type TelegramFace } from '../../src/bots/telegram/telegram.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/lib/log.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { startTelegram, type TelegramPerson, type TelegramSimulator } from '../simulators/telegram.ts'
import { press, view } from './support/desk.ts'
import { keyboardsInMemory } from './support/keyboards.ts'
import { eventually } from './support/memory-chat.ts'

type Said = Partial<NonNullable<Update['message']>>
type Bench = {
  sim: TelegramSimulator
  face: TelegramFace
  heard: { inbound: Inbound; face: Face }[]
  logged(): string
  ann: TelegramPerson
  stop(): Promise<void>
}

async function bench(
  options: { handle?: (inbound: Inbound, face: Face) => Promise<void>; publicUrl?: string; started?: boolean } = {},
): Promise<Bench> {
  const sim = await startTelegram()
  let lines = ''
  const log = createLog({ level: 'debug', destination: { write: (line: string) => void (lines += line) } })
  const face = createTelegramFace({
    token: new Sealed(sim.token),
    apiRoot: sim.apiRoot,
    publicUrl: options.publicUrl ?? null,
    keyboards: keyboardsInMemory(),
    clock: systemClock,
    log,
  })
  const heard: Bench['heard'] = []
  const ended = new AbortController()
  const running = face.run(async (inbound, answering) => {
    heard.push({ inbound, face: answering })
    await options.handle?.(inbound, answering)
  }, ended.signal)
  const stop = async (): Promise<void> => {
    ended.abort()
    await running
  }
  onTestFinished(async () => {
    await stop()
    await sim.close()
    expect(sim.violations()).toEqual([])
    expect(lines).not.toContain(sim.token)
  })
  const ann = sim.person(42, 'Ann')
  if (options.started !== false) {
    await ann.says('hello')
    await eventually(() => heard.length === 1)
  }
  return { sim, face, heard, ann, stop, logged: () => lines }
}

const send = (face: Face, shown: ReadyView, key = 'k') => face.send('42', shown, { idempotencyKey: key, unasked: false })
const textsOf = (heard: Bench['heard']): string[] => heard.map(({ inbound }) => (inbound.kind === 'text' ? inbound.text : inbound.kind))

test('words, presses and deep links come in as they are meant', async () => {
  const { sim, face, heard, ann } = await bench()
  const sent = await send(face, view('Well?', { actions: [press('Launch', 'w:1:review:launch')] }))
  expect.assert(sent.kind === 'sent')
  await ann.clicks('Launch')
  for (const said of ['/start', '/start my-claw', '/start do_status_my-claw', '/start do_restart_my-claw', '/start old_link']) await ann.says(said)
  expect(await eventually(() => heard.length === 7)).toBe(true)
  const last = sim.messages.at(-1)?.id
  expect(heard[1]?.inbound).toMatchObject({
    kind: 'press',
    button: 'w:1:review:launch',
    messageRef: sent.ref,
    chat: '42',
    subject: '42',
    place: 'dm',
  })
  expect(textsOf(heard)).toEqual(['hello', 'press', 'start', '/start my-claw', '/status my-claw', 'start', 'start'])
  expect(heard.at(-1)?.inbound).toMatchObject({ provider: 'telegram', displayName: 'Ann', messageRef: String(last) })
  expect(new Set(heard.map(({ inbound }) => inbound.id)).size).toBe(7)
})

test('what nobody wrote to us is not heard, and what has no words is heard as such', () => {
  const us = { id: 7, username: 'conch_bot' }
  const from = { id: 42, is_bot: false, first_name: 'Ann', last_name: 'Lee' }
  const dm = { message_id: 1, date: 1, chat: { id: 42, type: 'private', first_name: 'Ann' }, from } as const
  const group = { message_id: 1, date: 1, chat: { id: -5, type: 'supergroup', title: 'Team' }, from } as const
  const hears = (message: Said) => received({ update_id: 1, message: { ...dm, ...message } }, us)?.inbound ?? null
  const hearsInGroup = (message: Said) => received({ update_id: 1, message: { ...group, ...message } }, us)
  expect(
    hears({ sticker: { file_id: 'f', file_unique_id: 'u', type: 'regular', width: 1, height: 1, is_animated: false, is_video: false } }),
  ).toMatchObject({
    kind: 'text',
    text: '',
    displayName: 'Ann Lee',
  })
  expect(hears({ caption: 'a picture of /status' })).toMatchObject({ kind: 'text', text: 'a picture of /status' })
  expect(hears({ delete_chat_photo: true })).toBeNull()
  expect(hears({ from: { ...from, is_bot: true }, text: '/help' })).toBeNull()
  expect(hearsInGroup({ text: 'help' })).toBeNull()
  expect(hearsInGroup({ text: '/help', is_topic_message: true, message_thread_id: 9 })?.group).toMatchObject({ chatId: -5, threadId: 9, replyTo: 1 })
  expect(received({ update_id: 1, callback_query: { id: '1', from, chat_instance: '1', game_short_name: 'g' } }, us)).toBeNull()
})

test('a link into private repeats what looks and asks, and never what acts', () => {
  const link = (name: string, ...args: string[]) => deepLink('conch_bot', { name, args }).split('?start=')[1] ?? ''
  expect(openedBy(link('status', 'my-claw'))).toEqual({ name: 'status', args: ['my-claw'] })
  expect(openedBy(link('restart', 'my-claw'))).toEqual({ name: 'instances', args: [] })
  expect(openedBy(link('status', 'x'.repeat(70)))).toEqual({ name: 'status', args: [] })
  expect(openedBy(link('logs', '<b>', '_'))).toEqual({ name: 'logs', args: [] })
  expect(openedBy('do_link_ABCD-1234')).toEqual({ name: 'link', args: ['ABCD-1234'] })
  for (const acting of ['do_restart_my-claw', 'do_link_yes_abc', 'do_forget-me']) expect(openedBy(acting)).toBe('nothing')
  expect(openedBy('my-claw')).toBe('name')
  expect(deepLink('conch_bot', { name: 'link', args: ['ABCD-1234'] })).toBe('https://t.me/conch_bot?start=link_ABCD-1234')
  expect(openedBy('link_ABCD-1234')).toEqual({ name: 'link', args: ['ABCD-1234'] })
  expect(deepLink('conch_bot', { name: 'start', args: ['ref_abcd2345'] })).toBe('https://t.me/conch_bot?start=ref_abcd2345')
  expect(openedBy('ref_abcd2345')).toEqual({ name: 'start', args: ['ref_abcd2345'] })
  expect(link('start', 'my-claw')).toBe('do_instances')
  for (const nothing of ['link_', 'link_yes_abc', 'ref_ann', 'ref_', 'ref_yes_no']) expect(openedBy(nothing)).toBe('nothing')
})

test('the commands are registered: all of them in private, in groups those that have their place there', async () => {
  const { sim } = await bench()
  expect(sim.commands('all_private_chats')).toEqual(expect.arrayContaining(['deploy', 'status', 'logs', 'restart', 'destroy', 'help', 'cancel']))
  expect(sim.commands('all_group_chats')).toEqual([
    'instances',
    'status',
    'logs',
    'restart',
    'stop',
    'start',
    'alerts',
    'destroy',
    'share',
    'cancel',
    'help',
  ])
  expect(sim.menu('all_private_chats', 'fr')).toMatchObject({ help: 'This list', status: 'How an assistant is doing' })
  expect(sim.menu('all_private_chats', 'de')).toMatchObject({ help: 'Diese Liste', status: 'Wie es einem Assistenten geht' })
  expect(sim.menu('all_group_chats', 'de')).toMatchObject({ help: 'Diese Liste' })
  expect(sim.calls.map((call) => call.method)).toContain('setChatMenuButton')
})

test('markup in names and words stays inert; only our own emphasis is shown', async () => {
  const { sim, face, ann } = await bench()
  const name = '*_[x](y)<b>&amp;</b>`~|<script>'
  const shown = {
    ...view(''),
    blocks: [
      { kind: 'text', text: ['Called ', { bold: name }, ' by ', name] },
      { kind: 'code', lines: [`<i>${name}`, '&lt;'] },
    ],
  } as const
  await send(face, { ...shown, actions: [press(name, 'a')] })
  expect(ann.transcript()).toContain(`bot: Called ${name} by ${name}\n<i>${name}\n&lt;\n[${name}]`)
  expect(sim.messages.at(-1)?.stresses).toEqual([
    { type: 'bold', text: name },
    { type: 'pre', text: `<i>${name}\n&lt;` },
  ])
})

test('a text that one message cannot hold is cut, and goes along whole as a file', async () => {
  const { sim, face } = await bench()
  const lines = Array.from({ length: 400 }, (_, index) => `line ${index} 🦀 <&> ${'x'.repeat(20)}`)
  const sent = await send(face, {
    ...view('Logs of my-claw'),
    blocks: [
      { kind: 'text', text: ['Logs of my-claw'] },
      { kind: 'code', lines },
    ],
  })
  const [message, file] = sim.messages.slice(-2)
  expect(sent).toEqual({ kind: 'sent', ref: String(message?.id) })
  expect(message?.text).toContain('line 399')
  expect(message?.text).not.toContain('line 0 ')
  expect(file?.file).toContain('line 0 ')
  expect(file?.file).toContain('line 399')
  const endless = await send(face, { ...view(''), blocks: [{ kind: 'fields', fields: [{ label: 'Broken', value: ['🦀'.repeat(5_000)] }] }] }, 'k2')
  expect(endless.kind).toBe('sent')
})

test('an address that only this computer reaches is written out, for Telegram takes no button for it', async () => {
  const { face, ann } = await bench()
  const links = ['http://my-claw.localhost:8787/', 'http://127.0.0.1:8787/', 'https://my-claw.fly.dev/'].map(
    (url, index) => ({ kind: 'link', label: `Open ${index}`, url }) as const,
  )
  expect((await send(face, { ...view('Live'), actions: links })).kind).toBe('sent')
  expect(ann.transcript()).toContain('Open 0: http://my-claw.localhost:8787/\nOpen 1: http://127.0.0.1:8787/\n[Open 2 → https://my-claw.fly.dev/]')
})

test('editing changes the one message; the same again is no failure, and a message that is gone is said so', async () => {
  const { sim, face, ann } = await bench()
  const sent = await send(face, view('Launching'))
  expect.assert(sent.kind === 'sent')
  expect(await face.edit('42', sent.ref, view('Live'))).toEqual(sent)
  expect(await face.edit('42', sent.ref, view('Live'))).toEqual(sent)
  expect(ann.transcript()).toMatch(/bot: Live$/)
  expect(sim.messages.filter((one) => one.from === null)).toHaveLength(1)
  expect(await face.delete('42', sent.ref)).toBe(true)
  expect(await face.delete('42', sent.ref)).toBe(false)
  expect(await face.edit('42', sent.ref, view('x'))).toEqual({ kind: 'message-gone' })
})

test('whoever blocked us, never wrote to us, or does not exist is undeliverable', async () => {
  const { sim, face, ann } = await bench()
  ann.blocks()
  expect(await send(face, view('x'))).toMatchObject({ kind: 'undeliverable', why: expect.stringContaining('blocked') })
  sim.person(43, 'Bob')
  expect((await face.send('43', view('x'), { idempotencyKey: 'k', unasked: true })).kind).toBe('undeliverable')
  expect((await face.send('999', view('x'), { idempotencyKey: 'k', unasked: true })).kind).toBe('undeliverable')
})

test('a short wait is waited out, a long one is handed to whoever plans, and a failure of Telegram throws without our words in it', async () => {
  const { sim, face, ann, logged } = await bench()
  sim.fault('sendMessage', { status: 429, retryAfterS: 1 })
  const before = performance.now()
  expect((await send(face, view('first'))).kind).toBe('sent')
  expect(performance.now() - before).toBeGreaterThan(990)
  sim.fault('sendMessage', { status: 429, retryAfterS: 37 })
  expect(await send(face, view('second'))).toEqual({ kind: 'retry-after', ms: 37_000 })
  sim.fault('sendMessage', 'drop')
  expect((await send(face, view('third'))).kind).toBe('sent')
  sim.fault('sendMessage', 'drop', 2)
  await expect(send(face, view('secret words'))).rejects.toMatchObject({ code: 'telegram.unreachable' })
  sim.fault('editMessageText', { status: 400, description: 'Bad Request: something new' })
  await expect(face.edit('42', '102', view('secret words'))).rejects.toMatchObject({ code: 'telegram.400' })
  expect(logged()).not.toContain('secret words')
  expect(ann.transcript()).not.toContain('second')
})

test('a press is acknowledged at once and a second person is heard while the first is still served', async () => {
  const slow = Promise.withResolvers<void>()
  const at = await bench({ handle: (inbound) => (inbound.kind === 'press' ? slow.promise : Promise.resolve()) })
  onTestFinished(() => slow.resolve())
  const { sim, face, heard, ann } = at
  await send(face, view('Well?', { actions: [press('Launch', 'a')] }))
  await ann.clicks('Launch')
  expect(await eventually(() => sim.calls.some((call) => call.method === 'answerCallbackQuery'), 1_000)).toBe(true)
  await sim.person(43, 'Bob').says('me too')
  expect(await eventually(() => textsOf(heard).includes('me too'), 1_000)).toBe(true)
  slow.resolve()
})

test('a press is handed on once Telegram has its acknowledgement, and all the same when that is refused', async () => {
  const calls: string[][] = []
  const at = await bench({ handle: async (inbound) => void (inbound.kind === 'press' && calls.push(at.sim.calls.map((call) => call.method))) })
  const { sim, face, ann } = at
  await send(face, view('Well?', { actions: [press('Launch', 'a')] }))
  await ann.clicks('Launch')
  expect(await eventually(() => calls.length === 1)).toBe(true)
  expect(calls[0]).toContain('answerCallbackQuery')
  sim.fault('answerCallbackQuery', { status: 403 })
  await ann.clicks('Launch')
  expect(await eventually(() => calls.length === 2)).toBe(true)
})

test('updates that come twice or out of order keep their ids, and none is lost', async () => {
  const { sim, heard, ann } = await bench()
  sim.updates.hold()
  for (const said of ['one', 'two', 'three']) await ann.says(said)
  ann.saysTimes('four', 2)
  sim.updates.release()
  expect(await eventually(() => new Set(textsOf(heard)).size === 5)).toBe(true)
  const idOf = (said: string) =>
    new Set(heard.filter(({ inbound }) => inbound.kind === 'text' && inbound.text === said).map(({ inbound }) => inbound.id))
  for (const said of ['one', 'two', 'three', 'four']) expect(idOf(said).size).toBe(1)
})

test('receiving goes on after dropped connections, failures of Telegram and a second receiver', { timeout: 30_000 }, async () => {
  const { sim, heard, ann, logged } = await bench()
  sim.fault('getUpdates', 'drop', 2)
  sim.fault('getUpdates', { status: 502 }, 1)
  await ann.says('after the drop')
  await ann.says('and again')
  expect(await eventually(() => textsOf(heard).includes('and again'), 10_000)).toBe(true)
  const polls = sim.updates.polls()
  const other = await fetch(`${sim.apiRoot}/bot${sim.token}/getUpdates?`, { method: 'POST', body: '{"timeout":0}' })
  expect(other.ok).toBe(true)
  expect(await eventually(() => sim.updates.polls() > polls + 1, 10_000)).toBe(true)
  await ann.says('after the other')
  expect(await eventually(() => textsOf(heard).includes('after the other'), 10_000)).toBe(true)
  expect(logged()).toContain('another program receives with the same Telegram token')
})

test('a token that Telegram does not know ends the face with one clear line', async () => {
  const sim = await startTelegram()
  onTestFinished(() => sim.close())
  const log = createLog({ level: 'silent', destination: process.stderr })
  const face = createTelegramFace({
    token: new Sealed('1:wrong'),
    apiRoot: sim.apiRoot,
    publicUrl: null,
    keyboards: keyboardsInMemory(),
    clock: systemClock,
    log,
  })
  const ended = face.run(async () => undefined, new AbortController().signal)
  await expect(ended).rejects.toMatchObject({ code: 'telegram.token', message: expect.stringContaining('TELEGRAM_BOT_TOKEN') })
})

test('in a group it hears what is for it alone, answers there with a link into private, and deletes there', async () => {
  const { sim, heard, ann } = await bench({
    handle: async (inbound, face) => {
      if (inbound.place === 'group')
        await face.send(inbound.chat, view('Let us talk in private', { elsewhere: true }), { idempotencyKey: 'k', unasked: false })
    },
  })
  const key = `sk-ant-api03-${'b'.repeat(60)}`
  sim.group(-100_5, 'Team', { mayDelete: true })
  sim.group(-100_6, 'Others', { mayDelete: false })
  const team = ann.in(-100_5)
  for (const said of ['good morning', '/roll', '/status@other_bot', '/status@conch_bot my-claw', `look: ${key}`]) await team.says(said)
  await ann.in(-100_6).says(`look: ${key}`)
  expect(await eventually(() => heard.length === 4)).toBe(true)
  expect(textsOf(heard)).toEqual(['hello', '/status@conch_bot my-claw', `look: ${key}`, `look: ${key}`])
  expect(heard[1]?.inbound).toMatchObject({ place: 'group', chat: '42', subject: '42' })
  const [, , inTeam, inOthers] = heard
  expect(await inTeam?.face.delete('42', inTeam.inbound.messageRef ?? '')).toBe(true)
  expect(await inOthers?.face.delete('42', inOthers.inbound.messageRef ?? '')).toBe(false)
  expect(await team.sees('[Open our private chat → https://t.me/conch_bot?start=do_status_my-claw]')).not.toBe('')
  expect(team.transcript()).not.toContain(key)
  await team.clicks('Open our private chat')
  expect(await eventually(() => heard.length === 5)).toBe(true)
  expect(heard[4]?.inbound).toMatchObject({ kind: 'text', text: '/status my-claw', place: 'dm' })
})

test('with a public address updates come by webhook, and only with the secret', async () => {
  const web = createServer()
  await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void web.close())
  const address = web.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`
  const { sim, face, heard, ann } = await bench({ publicUrl: origin, started: false })
  const { webhook } = face
  expect.assert(webhook !== null)
  const listener = getRequestListener((request) => webhook.handler(request))
  web.on('request', (request, response) => void listener(request, response))
  expect(await eventually(() => sim.calls.some((call) => call.method === 'setWebhook'))).toBe(true)
  await ann.says('over the web')
  expect(await eventually(() => heard.length === 1)).toBe(true)
  const forged = (secret: string, body: string) =>
    fetch(`${origin}${webhook.path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': secret },
      body,
    })
  expect((await forged('guessed', '{"update_id":1}')).status).toBe(401)
  expect((await forged(webhook.secretToken, 'not json')).status).toBe(400)
  expect(textsOf(heard)).toEqual(['over the web'])
  expect(sim.updates.polls()).toBe(0)
})
