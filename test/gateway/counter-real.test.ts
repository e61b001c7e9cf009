// The real gateway between a Telegram and a model of our own: what goes in is counted. It takes minutes and an installed package, so it runs
// where CONCH_OPENCLAW says in which folder that is: node_modules/openclaw below any folder into which it was installed.
import { once } from 'node:events'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { journalFolder } from '../../images/gateway/counter/journal.js'
import { createCounts, type Counts } from '../../images/gateway/supervisor/counts.ts'
import { createGateway, type Gateway } from '../../images/gateway/supervisor/gateway.ts'
import { createRpc, readUsage } from '../../images/gateway/supervisor/usage.ts'
import { startTelegram, type TelegramSimulator } from '../simulators/telegram.ts'
import { MODEL_USAGE, startModelApi, type ModelApi } from '../support/model-api.ts'
import { freePort } from '../../src/local/launch.ts'

const PACKAGE = process.env['CONCH_OPENCLAW']
const COUNTER = join(import.meta.dirname, '../../images/gateway/counter')
const OWNER = 1001
const PASSWORD = 'only-for-this-test'
const START_MS = 240_000
const ANSWER_MS = 120_000

type Stage = { gateway: Gateway; telegram: TelegramSimulator; model: ModelApi; counts: Counts; port: number; printed: () => string }

/** What the control plane must say of the counter is `plugins`; the rest is the stage. */
function configOf({ telegram, model }: Pick<Stage, 'telegram' | 'model'>): unknown {
  const cost = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 }
  const models = [{ id: 'm', name: 'm', contextWindow: 100_000, maxTokens: 4_000, cost }]
  return {
    gateway: { mode: 'local', auth: { mode: 'password', password: '${OPENCLAW_GATEWAY_PASSWORD}' } },
    agents: { defaults: { model: { primary: 'local/m' } } },
    models: { providers: { local: { baseUrl: model.baseUrl, apiKey: 'none', api: 'openai-completions', models } } },
    channels: {
      telegram: { enabled: true, botToken: '${TELEGRAM_BOT_TOKEN}', apiRoot: telegram.apiRoot, dmPolicy: 'pairing', allowFrom: [String(OWNER)] },
    },
    plugins: { load: { paths: ['${CONCH_COUNTER}'] }, entries: { 'conch-counter': { enabled: true }, 'admin-http-rpc': { enabled: true } } },
  }
}

async function stage(packageFolder: string): Promise<Stage> {
  const home = mkdtempSync(join(tmpdir(), 'real-gateway-'))
  const stateDir = join(home, 'openclaw')
  mkdirSync(stateDir)
  const [telegram, model, port] = [await startTelegram({ checked: false }), await startModelApi(), await freePort()]
  writeFileSync(join(stateDir, 'openclaw.json'), JSON.stringify(configOf({ telegram, model })))
  let text = ''
  const gateway = createGateway({
    command: {
      program: process.execPath,
      args: [join(resolve(packageFolder), 'openclaw.mjs'), 'gateway', '--port', String(port), '--bind', 'loopback'],
      env: {
        PATH: process.env['PATH'] ?? '',
        HOME: home,
        OPENCLAW_STATE_DIR: stateDir,
        CONCH_DIR: join(home, 'conch'),
        CONCH_COUNTER: COUNTER,
        OPENCLAW_GATEWAY_PASSWORD: PASSWORD,
        TELEGRAM_BOT_TOKEN: telegram.token,
        OPENCLAW_CONFIG_READONLY: '1',
        OPENCLAW_DISABLE_BONJOUR: '1',
        OPENCLAW_NO_AUTO_UPDATE: '1',
      },
    },
    probe: async () => (await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null))?.ok === true,
    memoryKills: () => 0,
    ended: () => undefined,
    refused: () => false,
    answered: () => undefined,
    others: null,
    now: () => new Date(),
    after(ms, call) {
      const timer = setTimeout(call, ms)
      return () => clearTimeout(timer)
    },
    output: (part) => void (text = (text + part.toString()).slice(-20_000)),
  })
  onTestFinished(async () => {
    const pid = gateway.pid()
    if (pid !== null) process.kill(-pid, 'SIGKILL')
    await gateway.stop()
    await Promise.all([telegram.close(), model.close()])
    rmSync(home, { recursive: true, force: true })
  })
  return { gateway, telegram, model, port, counts: createCounts({ dir: journalFolder(join(home, 'conch')) }), printed: () => text }
}

async function until(what: string, { printed }: Stage, withinMs: number, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + withinMs
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not within ${withinMs} ms. The gateway printed:\n${printed()}`)
    await new Promise((wait) => setTimeout(wait, 100))
  }
}

async function listens(on: Stage): Promise<void> {
  const polls = on.telegram.updates.polls()
  await until('it listens to Telegram', on, START_MS, () => on.gateway.state().kind === 'live' && on.telegram.updates.polls() > polls)
}

/** Says it, waits for the answer of the model, and then a while for anything that should not come. */
async function answered(on: Stage, say: () => void | Promise<void>): Promise<void> {
  const next = `answer ${on.model.calls() + 1}`
  await say()
  await on.telegram.person(OWNER, 'Owner').sees(next, { withinMs: ANSWER_MS })
}

/** Says something in the gateway's own web chat, and waits until the assistant has ended its turn. */
async function saysInWebChat(port: number, message: string, idempotencyKey: string): Promise<void> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`)
  const frames: { id?: string; ok?: boolean; event?: string; payload?: { status?: string; state?: string } }[] = []
  socket.addEventListener('message', ({ data }) => void frames.push(JSON.parse(String(data))))
  await once(socket, 'open')
  const frame = async (found: (one: (typeof frames)[number]) => boolean): Promise<(typeof frames)[number]> => {
    for (const end = performance.now() + ANSWER_MS; performance.now() < end; await new Promise((wait) => setTimeout(wait, 20))) {
      const one = frames.find(found)
      if (one !== undefined) return one
    }
    throw new Error(`not answered: ${JSON.stringify(frames).slice(-2_000)}`)
  }
  const call = (id: string, method: string, params: unknown) => {
    socket.send(JSON.stringify({ type: 'req', id, method, params }))
    return frame((one) => one.id === id)
  }
  const client = { id: 'gateway-client', version: '1', platform: 'linux', mode: 'backend' }
  const scopes = ['operator.read', 'operator.write']
  await call('1', 'connect', { minProtocol: 4, maxProtocol: 4, client, role: 'operator', scopes, auth: { password: PASSWORD } })
  const sent = await call('2', 'chat.send', { sessionKey: 'main', message, idempotencyKey })
  expect(sent.ok).toBe(true)
  if (sent.payload?.status === 'started') await frame((one) => one.event === 'chat' && one.payload?.state === 'final')
  socket.close()
}

it.skipIf(PACKAGE === undefined)(
  'messages that the assistant takes up are counted once, over redelivery and the death of the gateway; commands and strangers are not',
  async () => {
    const on = await stage(PACKAGE ?? '')
    const [owner, stranger] = [on.telegram.person(OWNER, 'Owner'), on.telegram.person(2002, 'Somebody')]
    const total = async (): Promise<number> => (await on.counts.read()).find((one) => one.channel === 'telegram')?.total ?? 0
    on.gateway.start()
    await listens(on)

    for (const text of ['what is one?', 'what is two?', 'what is three?']) await answered(on, () => owner.says(text))
    expect(await total()).toBe(3)

    // An update that Telegram delivers twice is one message.
    await answered(on, () => void owner.saysTimes('what is four?', 2))
    expect(await total()).toBe(4)

    // The web chat is a channel as any other, and what its page sends again is the same message.
    for (const key of ['a', 'a', 'b']) await saysInWebChat(on.port, 'hello from the page', key)
    expect(await on.counts.read()).toEqual([
      { channel: 'telegram', total: 4 },
      { channel: 'webchat', total: 2 },
    ])

    await owner.says('/status')
    await owner.sees('OpenClaw 20', { withinMs: ANSWER_MS })
    await stranger.says('let me in')
    await stranger.sees('Pairing code', { withinMs: ANSWER_MS })
    expect(await total()).toBe(4)
    expect(on.model.calls()).toBe(6)

    const pid = on.gateway.pid()
    if (pid === null) throw new Error('it is not running')
    process.kill(pid, 'SIGKILL')
    await until('it is seen dead', on, 10_000, () => on.gateway.state().kind !== 'live')
    await listens(on)
    // The same message again, in an update of its own: another gateway may not remember it, the count does.
    const first = on.telegram.messages.find((one) => one.text === 'what is one?')
    const chat = { id: OWNER, type: 'private', first_name: 'Owner' }
    const from = { id: OWNER, is_bot: false, first_name: 'Owner' }
    on.telegram.updates.push({ message: { message_id: first?.id, date: Math.floor(Date.now() / 1_000), chat, from, text: 'what is one?' } })
    await answered(on, () => owner.says('what is five?'))
    expect(await total()).toBe(5)
    expect(on.counts.tampered()).toBe(false)

    const rpc = createRpc({ port: on.port, password: PASSWORD })
    await until('the usage is known', on, ANSWER_MS, async () => {
      const usage = await readUsage(rpc, new Date())
      return usage.kind === 'known' && usage.days.some((day) => day.outputTokens >= 7 * MODEL_USAGE.completion_tokens)
    })
    const usage = await readUsage(rpc, new Date())
    const calls = on.model.calls()
    const cached = MODEL_USAGE.prompt_tokens_details.cached_tokens
    const costUsd = (calls * (3 * (MODEL_USAGE.prompt_tokens - cached) + 0.3 * cached + 15 * MODEL_USAGE.completion_tokens)) / 1e6
    expect(usage).toMatchObject({ kind: 'known', days: [{}, { inputTokens: 700 * calls, cacheReadTokens: 300 * calls, outputTokens: 20 * calls }] })
    expect(usage.kind === 'known' && usage.days[1]?.costUsd).toBeCloseTo(costUsd, 6)
    expect(await readUsage(createRpc({ port: on.port, password: 'wrong' }), new Date())).toMatchObject({ kind: 'unknown' })
  },
  900_000,
)
