// The simulator refuses what Telegram refuses: otherwise the face's tests would prove nothing.
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { startTelegram, type TelegramSimulator } from '../simulators/telegram.ts'
import { openSpec } from '../simulators/telegram/spec.ts'

type Call = (method: string, params: unknown, token?: string) => Promise<{ status: number; why: string; result: unknown }>
const answerSchema = z.object({ description: z.string().default(''), result: z.unknown().optional() })

async function simulator(options: { managesBots?: boolean } = {}): Promise<{ sim: TelegramSimulator; call: Call }> {
  const sim = await startTelegram(options)
  onTestFinished(() => sim.close())
  await sim.person(42, 'Ann').says('hello')
  return {
    sim,
    call: async (method, params, token = sim.token) => {
      const answer = await fetch(`${sim.apiRoot}/bot${token}/${method}`, { method: 'POST', body: JSON.stringify(params) })
      const { description, result } = answerSchema.parse(await answer.json())
      return { status: answer.status, why: description, result }
    },
  }
}

const keyboard = (key: Record<string, string>) => ({ inline_keyboard: [[{ text: 'x', ...key }]] })

test.each([
  ['a text that is too long', { text: 'x'.repeat(4_097) }, 'too long'],
  ['an empty text', { text: ' ' }, 'empty'],
  ['markup that is not closed', { text: '<b>x', parse_mode: 'HTML' }, "can't find end tag"],
  ['a bare ampersand', { text: 'a & b', parse_mode: 'HTML' }, 'unknown entity'],
  ['a foreign tag', { text: '<script>x</script>', parse_mode: 'HTML' }, 'unsupported start tag'],
  ['half a character', { text: 'x\ud83e' }, 'UTF-8'],
  ['a button with 65 bytes', { text: 'x', reply_markup: keyboard({ callback_data: 'é'.repeat(33) }) }, 'BUTTON_DATA_INVALID'],
  ['a button to this computer', { text: 'x', reply_markup: keyboard({ url: 'http://localhost:1/' }) }, 'BUTTON_URL_INVALID'],
])('refuses %s and holds it against us', async (_what, params, why) => {
  const { sim, call } = await simulator()
  expect(await call('sendMessage', { chat_id: 42, ...params })).toMatchObject({ status: 400, why: expect.stringContaining(why) })
  expect(sim.violations().join()).toContain(why)
})

test.runIf(openSpec() !== null)('a call that the published description does not know is held against us', async () => {
  const { sim, call } = await simulator()
  await call('sendMessage', {
    chat_id: 42,
    text: 'x',
    reply_markup: keyboard({ callback_data: 'a', colour: 'red' }),
    link_preview_options: { is_disabled: 'yes' },
  })
  await call('setChatMenuButton', { menu_button: { type: 5 } })
  const all = sim.violations().join('\n')
  for (const part of ['has no field colour', 'is_disabled must be Boolean', 'menu_button.type must be String']) expect(all).toContain(part)
})

test('more messages than a chat stands are answered with 429, and a press is acknowledged once', async () => {
  const { sim, call } = await simulator()
  const answers = []
  for (let n = 0; n < 14; n += 1) answers.push(await call('sendMessage', { chat_id: 42, text: `${n}` }))
  expect(answers.map((one) => one.status).slice(-2)).toEqual([429, 429])
  sim.person(42, 'Ann').pressesData('a', 102)
  expect((await call('answerCallbackQuery', { callback_query_id: '42-1' })).status).toBe(200)
  expect((await call('answerCallbackQuery', { callback_query_id: '42-1' })).status).toBe(400)
  expect(sim.violations()).toContain('a press was acknowledged twice')
})

const request = { request_id: 1, suggested_name: 'my-claw', suggested_username: 'my_claw_bot' }
const below = (...requests: unknown[]) => ({
  chat_id: 42,
  text: 'x',
  reply_markup: { keyboard: [requests.map((one) => ({ text: 'Make one', request_managed_bot: one }))], one_time_keyboard: true },
})

test.each([
  ['by a bot that manages none', { ...below(request) }, 'BOT_MANAGEMENT_DISABLED', false],
  ['in a group', { ...below(request), chat_id: -5 }, 'private chats only', true],
  ['twice with one id', below(request, request), 'request_id must be unique', true],
  ['with an id that is no 32-bit integer', below({ ...request, request_id: 2 ** 31 }), '32-bit', true],
  ['with a username that no bot may have', below({ ...request, suggested_username: 'my_claw' }), 'USERNAME_SUFFIX_MISSING', true],
  ['with a username that nobody may have', below({ ...request, suggested_username: 'my-claw_bot' }), 'USERNAME_INVALID', true],
  ['with a username that is too long', below({ ...request, suggested_username: `${'x'.repeat(30)}bot` }), 'USERNAME_INVALID', true],
  ['without a name', below({ ...request, suggested_name: '' }), 'NAME_INVALID', true],
])('refuses to ask for a bot %s', async (_what, params, why, managesBots) => {
  const { sim, call } = await simulator({ managesBots })
  sim.group(-5, 'Team', { mayDelete: false })
  expect(await call('sendMessage', params)).toMatchObject({ status: 400, why: expect.stringContaining(why) })
})

test('a tap makes a bot that our bot manages and nobody else; its token can be replaced, and the former one is dead', async () => {
  const { sim, call } = await simulator({ managesBots: true })
  const ann = sim.person(42, 'Ann')
  await call('sendMessage', below(request))
  expect(ann.keyboard()).toEqual(['Make one'])
  await ann.clicks('Make one')
  await ann.clicks('Make one')
  const [made, second] = sim.bots.all
  expect(made).toMatchObject({ username: 'my_claw_bot', name: 'my-claw', owner: 42, managed: true })
  expect(second?.username).toBe('my_claw1_bot')
  const token = z.string().parse((await call('getManagedBotToken', { user_id: made?.id })).result)
  expect(token).toMatch(/^\d+:[\w-]{35}$/)
  expect((await call('getMe', {}, token)).result).toMatchObject({ id: made?.id, is_bot: true, username: 'my_claw_bot' })
  const renewed = z.string().parse((await call('replaceManagedBotToken', { user_id: made?.id })).result)
  expect((await call('getMe', {}, token)).status).toBe(401)
  expect((await call('getMe', {}, renewed)).status).toBe(200)
  const theirs = ann.makesBot('her_own_bot')
  expect((await call('getMe', {}, theirs.token)).status).toBe(200)
  for (const id of [theirs.id, 5]) expect((await call('getManagedBotToken', { user_id: id })).status).toBe(400)
})

test('a keyboard below the chat hides when it was used, and stays until a message takes it away', async () => {
  const { sim, call } = await simulator({ managesBots: true })
  const ann = sim.person(42, 'Ann')
  await call('sendMessage', below(request))
  const sent = sim.messages.at(-1)?.id
  expect(await call('editMessageText', { chat_id: 42, message_id: sent, text: 'y' })).toMatchObject({
    status: 400,
    why: expect.stringContaining('edited'),
  })
  await ann.clicks('Make one')
  await call('deleteMessage', { chat_id: 42, message_id: sent })
  expect(ann.transcript()).toMatch(/hidden keyboard: \[Make one\]$/)
  await call('sendMessage', { chat_id: 42, text: 'done', reply_markup: { remove_keyboard: true } })
  expect(ann.keyboard()).toEqual([])
  expect(ann.transcript()).toMatch(/bot: done$/)
})

test('a kind of update that the bot did not ask for never comes', async () => {
  const { sim, call } = await simulator({ managesBots: true })
  await call('getUpdates', { allowed_updates: ['message'], offset: -1 })
  await call('sendMessage', below(request))
  await sim.person(42, 'Ann').clicks('Make one')
  const { result } = await call('getUpdates', {})
  expect(JSON.stringify(result)).toContain('managed_bot_created')
  expect(JSON.stringify(result)).not.toContain('"managed_bot":')
})
