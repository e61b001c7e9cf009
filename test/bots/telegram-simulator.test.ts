// The simulator refuses what Telegram refuses: otherwise the face's tests would prove nothing.
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { startTelegram, type TelegramSimulator } from '../simulators/telegram.ts'
import { openSpec } from '../simulators/telegram/spec.ts'

async function simulator(): Promise<{ sim: TelegramSimulator; call: (method: string, params: unknown) => Promise<{ status: number; why: string }> }> {
  const sim = await startTelegram()
  onTestFinished(() => sim.close())
  await sim.person(42, 'Ann').says('hello')
  return {
    sim,
    call: async (method, params) => {
      const answer = await fetch(`${sim.apiRoot}/bot${sim.token}/${method}`, { method: 'POST', body: JSON.stringify(params) })
      return { status: answer.status, why: z.object({ description: z.string().default('') }).parse(await answer.json()).description }
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
