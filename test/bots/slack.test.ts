// Slack through its real client library, against a simulated Slack: the whole control plane behind it, over a socket.
import { testSigningKeys } from '../support/signing.ts'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { ReadyView } from '../../src/bots/core/view.ts'
import { createSlackFace, type SlackFace } from '../../src/bots/slack/slack.ts'
import { createControlPlane, type ControlPlane } from '../../src/control-plane.ts'
import { createActionToken } from '../../src/db/action-tokens.ts'
import { rowsOf } from '../../src/db/connect.ts'
import { closeIncidents, raiseIncident } from '../../src/db/incidents.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog, silentLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { startSlack, type SlackSimulator } from '../simulators/slack.ts'
import type { SlackPerson } from '../simulators/slack/people.ts'
import { postgresDatabases, type TestDatabase } from '../support/database.ts'
import { startMachines, type Machines } from '../support/world.ts'
import { KEY } from './support/desk.ts'
import { eventually } from './support/memory-chat.ts'

type Stage = { sim: SlackSimulator; plane: ControlPlane; database: TestDatabase; ann: SlackPerson; logged(): string }

const LAUNCHED_MS = 15_000
const PRIVATELY = 'Paste it'
const CHANNEL = 'C1'

describe('a person on Slack', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  async function stage(): Promise<Stage> {
    const sim = await startSlack()
    const database = await open()
    let lines = ''
    const log = createLog({ level: 'debug', destination: { write: (line: string) => void (lines += line) } })
    const connection = { kind: 'socket', appToken: new Sealed(sim.appToken), botToken: new Sealed(sim.botToken) } as const
    const face = createSlackFace({ connection, apiUrl: sim.apiUrl, clock: systemClock, random: systemRandom, log })
    const plane = await createControlPlane({
      database,
      fly: machines.fly,
      addressTemplate: machines.server.addressTemplate,
      faces: [face],
      settings: { image: 'gateway:inline', billing: false },
      signingKeys: testSigningKeys,
      local: true,
      webAddress: 'http://127.0.0.1:8787',
      clock: systemClock,
      random: systemRandom,
      log,
      elapsed: () => performance.now(),
      owner: 'test',
    })
    const ended = new AbortController()
    const running = Promise.all([plane.run(ended.signal), face.run((inbound, answering) => plane.router.handle(inbound, answering), ended.signal)])
    onTestFinished(async () => {
      ended.abort()
      await running
      await sim.close()
      expect(sim.violations()).toEqual([])
      expect(lines).not.toContain(sim.botToken)
      expect(lines).not.toContain(sim.appToken)
    })
    expect(await eventually(() => sim.sockets.count() === 1)).toBe(true)
    return { sim, plane, database, ann: sim.person('ann'), logged: () => lines }
  }

  /** Up to the review card. */
  async function prepare(ann: SlackPerson): Promise<void> {
    await ann.says('/start')
    await ann.sees('I set up and look after your own OpenClaw')
    await ann.clicks('Set one up')
    await ann.sees('What shall it be called?')
    await ann.says('my-claw')
    await ann.sees('Where shall my-claw live?')
    await ann.clicks('Amsterdam')
    await ann.sees('Whose model shall')
    await ann.clicks('Anthropic (Claude)')
    await ann.sees('Paste your Anthropic key')
    await ann.clicks(PRIVATELY)
    await ann.submits({ 'Key or token': KEY })
    await ann.sees('Brain: Claude (key …x4Qe)')
  }

  async function incident({ database, plane }: Stage, what: 'raised' | 'over'): Promise<void> {
    const [row] = rowsOf<{ id: string; user_id: string }>(await database.db.execute(sql`select id, user_id from instances`))
    expect.assert(row !== undefined)
    const { id: instanceId, user_id: userId } = row
    await database.db.transaction(async (tx) => {
      // Nobody looks after it meanwhile: it is well, and would be found so.
      await tx.execute(sql`update instances set due_at = now() + interval '1 hour', lease_owner = null, epoch = epoch + 1`)
      if (what === 'raised') await raiseIncident(tx, { instanceId, userId, kind: 'unhealthy', detail: { failures: 3 } })
      else await closeIncidents(tx, instanceId, userId)
    })
    plane.notifier.wake()
  }

  const ours = (sim: SlackSimulator, pattern: RegExp) => sim.state.messages.filter((one) => one.from === 'bot' && pattern.test(one.text))

  test(
    'sets up, looks, is told of trouble, restarts and destroys; one message tells each job, and the key is nowhere',
    { timeout: 60_000 },
    async () => {
      const it = await stage()
      const { sim, ann, database, logged } = it
      await prepare(ann)
      await ann.clicks('Launch')
      await ann.sees('🟢 my-claw is live', { withinMs: LAUNCHED_MS })
      await ann.sees('✓ First health check')
      const [progress, ...more] = ours(sim, /^Launch(ing|ed) my-claw/)
      expect(more).toEqual([])
      expect(progress?.edits).toBeGreaterThan(0)

      await ann.says('/status')
      await ann.sees('Health: ')
      await incident(it, 'raised')
      await ann.sees('🔴 my-claw stopped answering', { withinMs: LAUNCHED_MS })
      await ann.clicks('Logs')
      await ann.sees(/log|said nothing|output/i)
      await incident(it, 'over')
      await ann.sees('It had stopped answering', { withinMs: LAUNCHED_MS })
      expect(ann.transcript()).not.toContain('🔴')
      await ann.says('/restart')
      await ann.sees(/is back, after .*Nothing was lost/, { withinMs: LAUNCHED_MS })
      await ann.says('/destroy')
      await ann.sees('Type my-claw to confirm.')
      await ann.clicks('Type it')
      await ann.submits({ 'Your answer': 'my-claw' })
      await ann.sees('my-claw is gone', { withinMs: LAUNCHED_MS })
      expect(await machines.apps()).toEqual([])

      const secret = KEY.slice(15, 40)
      const tables = rowsOf<{ name: string }>(
        await database.db.execute(sql`select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`),
      )
      for (const { name } of tables) {
        const rows = await database.db.execute(sql.raw(`select * from ${name}`))
        expect(JSON.stringify(rowsOf(rows)), name).not.toContain(secret)
      }
      expect(logged()).not.toContain(secret)
      expect(JSON.stringify(sim.calls)).not.toContain(secret)
      expect(ann.transcript()).not.toContain(secret)
    },
  )

  test('in a channel only the asker sees the questions, and what happens comes in private', { timeout: 40_000 }, async () => {
    const { sim, ann } = await stage()
    const bob = sim.person('bob')
    await ann.saysIn(CHANNEL, '/deploy')
    await ann.sees('What shall it be called?')
    await ann.clicks('Type it')
    await ann.submits({ 'Your answer': 'my-claw' })
    await ann.sees('Where shall my-claw live?')
    expect(ann.transcript()).not.toContain('What shall it be called?')
    await ann.clicks('Amsterdam')
    await ann.sees('Whose model shall')
    await ann.clicks('Skip for now')
    await ann.sees('Launch')
    await ann.clicks('Launch')
    await ann.sees('my-claw is on its way')
    await ann.sees('🟢 my-claw is live', { withinMs: LAUNCHED_MS })
    expect(sim.state.messages.filter((one) => one.channel === CHANNEL).every((one) => one.onlyFor === ann.id)).toBe(true)
    expect(ours(sim, /is live in/).map((one) => one.channel)).toEqual([sim.state.roomOf('T1', ann.id)])
    expect(bob.transcript()).toBe('')
    await ann.saysIn(CHANNEL, '/conch restart')
    await ann.sees('I write to you in our private chat')
    await ann.sees('🟢 my-claw is back', { withinMs: LAUNCHED_MS })
  })

  test(
    'what comes twice is handled once, two clicks launch one assistant, and a button of somebody else is refused',
    { timeout: 40_000 },
    async () => {
      const { sim, ann, database } = await stage()
      const bob = sim.person('bob')
      await prepare(ann)
      const { message, pressed } = ann.buttonOf('Launch')
      await bob.says('/start')
      await bob.sees('I set up')
      const token = await createActionToken(database.db, { provider: 'slack', subject: `T1:${ann.id}`, verb: 'instances', args: [], ttlMinutes: 5 })
      await bob.presses(message, { ...pressed, value: `t:${token}` })
      await bob.sees('That button is for the person I wrote it to')
      await bob.presses(message, pressed)
      await ann.sees('Launch')
      expect(await database.db.$count(sql`instances`)).toBe(0)
      await Promise.all([ann.presses(message, pressed), ann.presses(message, pressed)])
      await ann.repeats()
      await ann.says('help')
      await ann.repeats()
      await ann.repeats()
      await ann.sees('🟢 my-claw is live', { withinMs: LAUNCHED_MS })
      expect(await database.db.$count(sql`instances`)).toBe(1)
      expect(ours(sim, /is live in/)).toHaveLength(1)
      expect(ours(sim, /What you can ask me/)).toHaveLength(1)
    },
  )

  test('an answer that can no longer be given in the channel comes in private', async () => {
    const { sim, ann } = await stage()
    sim.state.replyUses = 0
    await ann.saysIn(CHANNEL, '/prices')
    await ann.sees('Billing is off here')
    expect(ours(sim, /Prices/).map((one) => one.channel)).toEqual([sim.state.roomOf('T1', ann.id)])
  })

  test('the Home tab lists what there is, and is operated in place', { timeout: 30_000 }, async () => {
    const { sim, ann } = await stage()
    await ann.opensHome()
    expect(await eventually(() => ann.home().includes('You have no assistant yet'))).toBe(true)
    await ann.clicksHome('Set one up')
    expect(await eventually(() => ann.home().includes('What shall it be called?'))).toBe(true)
    await ann.clicksHome('Type it')
    await ann.submits({ 'Your answer': 'my-claw' })
    expect(await eventually(() => ann.home().includes('Where shall my-claw live?'))).toBe(true)
    await ann.clicksHome('Cancel')
    expect(await eventually(() => ann.home().includes('Nothing was made'))).toBe(true)
    await ann.clicksHome('My assistants')
    expect(await eventually(() => ann.home().includes('You have no assistant yet'))).toBe(true)
    expect(ann.transcript()).toBe('')
    expect(sim.calls.filter((call) => call.method === 'chat.postMessage')).toEqual([])
  })

  test('a dropped socket is opened again, and what was said meanwhile is answered', { timeout: 30_000 }, async () => {
    const { sim, ann } = await stage()
    await ann.says('/help')
    await ann.sees('What you can ask me')
    sim.sockets.drop()
    sim.fail({ method: 'apps.connections.open', status: 503, times: 1 })
    await ann.says('prices')
    await ann.sees('Billing is off here', { withinMs: 10_000 })
    sim.sockets.recycle()
    expect(await eventually(() => sim.sockets.opened() === 3, 10_000)).toBe(true)
    await ann.says('how')
    await ann.sees('How it works')
  })

  test('a pause that Slack asks for is kept, and to somebody who left nothing is sent for ever', { timeout: 30_000 }, async () => {
    const it = await stage()
    const { sim, ann, database } = it
    await ann.says('/deploy my-claw ams')
    await ann.sees('Whose model shall')
    await ann.clicks('Skip for now')
    await ann.sees('Brain: none yet')
    await ann.clicks('Launch')
    await ann.sees('🟢 my-claw is live', { withinMs: LAUNCHED_MS })
    sim.fail({ method: 'chat.postMessage', status: 429, retryAfter: 2, times: 1 })
    await incident(it, 'raised')
    await ann.sees('🔴 my-claw stopped answering', { withinMs: LAUNCHED_MS })
    const [before, after] = sim.calls.filter((call) => call.method === 'chat.postMessage').slice(-2)
    expect((after?.at ?? 0) - (before?.at ?? 0)).toBeGreaterThan(1_900)
    sim.fail({ method: 'chat.update', error: 'account_inactive', times: 1 })
    await incident(it, 'over')
    const gaveUp = async (): Promise<boolean> =>
      JSON.stringify(rowsOf(await database.db.execute(sql`select * from outbox`))).includes('account_inactive')
    expect(await eventually(gaveUp, LAUNCHED_MS)).toBe(true)
  })
})

describe('the face alone', () => {
  const view = (text: string, more: Partial<ReadyView> = {}): ReadyView => ({
    tone: 'plain',
    blocks: [{ kind: 'text', text: [text] }],
    actions: [],
    ...more,
  })
  const ANN = 'T1:UANN'
  const asked = { idempotencyKey: 'k', unasked: true }

  async function alone(tokens: { app?: string; bot?: string } = {}): Promise<{ sim: SlackSimulator; face: SlackFace }> {
    const sim = await startSlack()
    onTestFinished(async () => {
      await sim.close()
      expect(sim.violations()).toEqual([])
    })
    const connection = {
      kind: 'socket',
      appToken: new Sealed(tokens.app ?? sim.appToken),
      botToken: new Sealed(tokens.bot ?? sim.botToken),
    } as const
    return { sim, face: createSlackFace({ connection, apiUrl: sim.apiUrl, clock: systemClock, random: () => 0, log: silentLog }) }
  }

  test.each([
    ['SLACK_BOT_TOKEN', { bot: 'xoxb-wrong' }],
    ['SLACK_APP_TOKEN', { app: 'xapp-wrong' }],
  ])('a wrong %s ends it with one clear line', async (name, tokens) => {
    const { face } = await alone(tokens)
    const running = face.run(async () => undefined, new AbortController().signal)
    await expect(running).rejects.toMatchObject({ code: 'slack.token', message: expect.stringContaining(`Slack refuses ${name} (invalid_auth)`) })
  })

  test('names and texts stay what they are, whatever they look like', async () => {
    const { sim, face } = await alone()
    const nasty = '*b* _i_ ~s~ `c` [x](y) <b>&amp; <@U1> <!here> :tada: https://a.example'
    const shown = view('', {
      title: [{ bold: nasty }],
      blocks: [
        { kind: 'text', text: [nasty, ' ', { bold: nasty }, { code: nasty }] },
        { kind: 'code', lines: [nasty, '```'] },
      ],
      actions: [{ kind: 'press', label: nasty, id: 'x', style: 'plain' }],
    })
    await face.send(ANN, shown, asked)
    const [sent] = sim.calls.filter((call) => call.method === 'chat.postMessage')
    const blocks = JSON.stringify(JSON.parse(sent?.args['blocks'] ?? ''))
    expect(blocks).not.toContain('mrkdwn')
    expect(blocks).not.toContain('"emoji":true')
    expect(sim.person('ann').transcript().split(nasty)).toHaveLength(7)
    expect(sent?.args['text']).not.toMatch(/<|>/)
    expect(sent?.args['mrkdwn']).toBe('false')
  })

  test('a message is changed in place; one that is gone says so', async () => {
    const { sim, face } = await alone()
    const sent = await face.send(ANN, view('first'), asked)
    expect.assert(sent.kind === 'sent')
    expect(await face.edit(ANN, sent.ref, view('second'))).toEqual(sent)
    expect(sim.person('ann').transcript()).toBe('second')
    expect(await face.delete(ANN, sent.ref)).toBe(true)
    expect(await face.edit(ANN, sent.ref, view('third'))).toEqual({ kind: 'message-gone' })
  })

  test('what Slack refuses is told apart: later, never, or a failure', async () => {
    const { sim, face } = await alone()
    sim.fail({ method: 'chat.postMessage', status: 429, retryAfter: 7, times: 1 })
    expect(await face.send(ANN, view('x'), asked)).toEqual({ kind: 'retry-after', ms: 7_000 })
    sim.fail({ method: 'chat.postMessage', status: 500, times: 1 })
    await expect(face.send(ANN, view('x'), asked)).rejects.toMatchObject({ code: 'slack_webapi_http_error' })
    sim.fail({ method: 'chat.postMessage', hangUp: true, times: 1 })
    await expect(face.send(ANN, view('x'), asked)).rejects.toMatchObject({ code: 'slack_webapi_request_error' })
    sim.state.disabled.add('T1:UGONE')
    expect(await face.send('T1:UGONE', view('x'), asked)).toEqual({ kind: 'undeliverable', why: 'Slack says user_disabled' })
    expect(await face.send(ANN, view('x'), asked)).toMatchObject({ kind: 'sent' })
  })

  test('the pace of a chat is left to the core: what is too fast is told, not waited for', async () => {
    const { face } = await alone()
    const sent = []
    for (let n = 0; n < 14; n += 1) sent.push(await face.send(ANN, view(String(n)), asked))
    expect(sent.at(-1)).toEqual({ kind: 'retry-after', ms: 1_000 })
  })
})
