// Alerts in groups, topics, servers and channels, and their buttons, through the real client libraries at simulated platforms.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Face, Inbound } from '../../src/bots/core/face.ts'
import { createRouter } from '../../src/bots/core/router.ts'
import { createDiscordFace } from '../../src/bots/discord/discord.ts'
import { createSlackFace } from '../../src/bots/slack/slack.ts'
import { createTelegramFace } from '../../src/bots/telegram/telegram.ts'
import { alertSettingsOf, setAlertPlace } from '../../src/db/alerts.ts'
import type { Db } from '../../src/db/connect.ts'
import { userFor } from '../../src/db/users.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { startDiscord } from '../simulators/discord.ts'
import { startSlack } from '../simulators/slack.ts'
import { pressedBy } from '../simulators/slack/blocks.ts'
import { startTelegram } from '../simulators/telegram.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines, type World } from '../support/world.ts'
import { eventually } from './support/memory-chat.ts'
import { keyboardsInMemory } from './support/keyboards.ts'
import { assistant, inTx, notifierOn, over, pausesPass, raise } from './support/trouble.ts'

type Running = Face & { run(handle: (inbound: Inbound, face: Face) => Promise<void>, signal: AbortSignal): Promise<void> }
type Owner = { userId: string; instanceId: string }
type Stage = {
  world: World
  db: Db
  owner(subject: string, chat: string): Promise<Owner>
  place(owner: Owner, address: string, title: string): Promise<void>
  news(): Promise<void>
}

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

describe('alerts in a shared place', async () => {
  const { open } = await postgresDatabases()

  async function stage(face: Running, close: () => Promise<void>): Promise<Stage> {
    const world = createWorld(await open(), machines)
    const { db } = world.database
    const info = { gatewayImage: 'gateway:inline', webAddress: null, billing: false }
    const router = createRouter({
      db,
      actions: world.actions,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      notifierWake: () => undefined,
      info,
    })
    const ended = new AbortController()
    const running = face.run((inbound, at) => router.handle(inbound, at), ended.signal)
    onTestFinished(async () => {
      ended.abort()
      await running
      await close()
    })
    const notifier = notifierOn(db, [{ face }])
    return {
      world,
      db,
      async owner(subject, chat) {
        const { userId } = await userFor(db, { provider: face.provider, subject, displayName: 'Ann', chat, timeZone: 'UTC' })
        return { userId, instanceId: await assistant(db, userId) }
      },
      place: (owner, address, title) => inTx(db, (tx) => setAlertPlace(tx, owner, { provider: face.provider, address, title })),
      async news() {
        await pausesPass(db)
        await notifier.drain()
      },
    }
  }

  test('Telegram: a topic gets the message and its end; thrown out, the owner is told in private', async () => {
    const sim = await startTelegram()
    const face = createTelegramFace({
      token: new Sealed(sim.token),
      apiRoot: sim.apiRoot,
      publicUrl: null,
      clock: systemClock,
      log: silentLog,
      keyboards: keyboardsInMemory(),
    })
    const it = await stage(face, () => sim.close())
    const ann = sim.person(42, 'Ann')
    sim.group(-1007, 'Ops', { mayDelete: false })
    await ann.says('/help')
    await ann.sees('What you can ask me')
    const owner = await it.owner('42', '42')
    await it.place(owner, '-1007:12', 'Ops › Alerts')
    await raise(it.db, owner)
    await it.news()
    const message = sim.messages.find((one) => one.chatId === -1007)
    expect(message?.text).toContain('my-claw stopped by itself')
    expect(message?.keyboard.flat().map((key) => key.text)).toEqual(['Restart', 'Logs', 'Snooze 1 h', 'Stop'])
    expect(sim.calls.find((call) => call.method === 'sendMessage' && call.body.includes('-1007'))?.body).toContain('"message_thread_id":12')
    await over(it.db, owner)
    await it.news()
    expect(message?.text).toContain('🟢 my-claw is back')
    sim.fault('sendMessage', { status: 403, description: 'Forbidden: bot was kicked from the supergroup chat' })
    await raise(it.db, owner, 'out-of-memory')
    await it.news()
    await it.news()
    await ann.sees('🔴 my-claw ran out of memory')
    await ann.sees('I cannot reach Ops › Alerts on Telegram any more')
    expect(sim.violations()).toEqual([])
  })

  test('Telegram: said in a group, /alerts here makes it the place; its owner’s presses act there, and nobody else’s', async () => {
    const sim = await startTelegram()
    const face = createTelegramFace({
      token: new Sealed(sim.token),
      apiRoot: sim.apiRoot,
      publicUrl: null,
      clock: systemClock,
      log: silentLog,
      keyboards: keyboardsInMemory(),
    })
    const it = await stage(face, () => sim.close())
    sim.group(-1007, 'Ops', { mayDelete: false })
    const [ann, bob] = [sim.person(42, 'Ann').in(-1007), sim.person(43, 'Bob').in(-1007)]
    const owner = await it.owner('42', '42')
    await bob.says('/alerts here')
    await ann.sees(/Let us talk about that in private|You have no assistant/)
    await ann.says('/alerts here')
    await ann.sees('From now on I tell it in Ops.')
    expect(await alertSettingsOf(it.db, owner.instanceId)).toMatchObject({ place: { provider: 'telegram', address: '-1007', title: 'Ops' } })
    await raise(it.db, owner)
    await it.news()
    await bob.sees('my-claw stopped by itself')
    const before = sim.messages.length
    await bob.clicks('Restart')
    await bob.clicks('Snooze 1 h')
    expect(await eventually(() => sim.calls.filter((call) => call.method === 'answerCallbackQuery').length === 2)).toBe(true)
    expect(sim.messages).toHaveLength(before)
    expect(await alertSettingsOf(it.db, owner.instanceId)).toMatchObject({ snoozedUntil: null })
    await ann.clicks('Snooze 1 h')
    expect(await eventually(async () => (await alertSettingsOf(it.db, owner.instanceId)).snoozedUntil !== null)).toBe(true)
    await it.news()
    await bob.sees(/Snoozed until \d\d:\d\d/)
    await ann.clicks('Restart')
    expect(await eventually(async () => (await it.world.row(owner.instanceId)).operationKind === 'restart')).toBe(true)
    expect((await it.world.row(owner.instanceId)).restartGeneration).toBe(1)
    expect(sim.violations()).toEqual([])
  })

  test('Telegram: in private the buttons act, and the message itself shows it', async () => {
    const sim = await startTelegram()
    const face = createTelegramFace({
      token: new Sealed(sim.token),
      apiRoot: sim.apiRoot,
      publicUrl: null,
      clock: systemClock,
      log: silentLog,
      keyboards: keyboardsInMemory(),
    })
    const it = await stage(face, () => sim.close())
    const ann = sim.person(42, 'Ann')
    await ann.says('/help')
    await ann.sees('What you can ask me')
    const owner = await it.owner('42', '42')
    await raise(it.db, owner)
    await it.news()
    await ann.clicks('Snooze 1 h')
    expect(await eventually(async () => (await alertSettingsOf(it.db, owner.instanceId)).snoozedUntil !== null)).toBe(true)
    await it.news()
    await ann.sees(/Snoozed until \d\d:\d\d/)
    await ann.clicks('End snooze')
    expect(await eventually(async () => (await alertSettingsOf(it.db, owner.instanceId)).snoozedUntil === null)).toBe(true)
    await it.news()
    expect(sim.messages.filter((one) => one.text.includes('stopped by itself'))).toHaveLength(1)
    await ann.clicks('Restart')
    expect(await eventually(async () => (await it.world.row(owner.instanceId)).operationKind === 'restart')).toBe(true)
    await ann.clicks('Stop')
    expect(await eventually(async () => (await it.world.row(owner.instanceId)).power === 'off')).toBe(true)
    expect(sim.violations()).toEqual([])
  })

  test('Discord: a channel’s message is pressed by its owner, and refused to others where only they see it', { timeout: 40_000 }, async () => {
    const sim = await startDiscord()
    const face = createDiscordFace({
      token: new Sealed(sim.token),
      apiUrl: sim.apiUrl,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      names: async () => [],
    })
    const it = await stage(face, () => sim.close())
    expect(await eventually(() => sim.calls().some((call) => call.path.endsWith('/commands')))).toBe(true)
    const [ann, bob] = [sim.person({ place: 'server' }), sim.person({ name: 'Bob', place: 'server' })]
    const owner = await it.owner(ann.id, ann.id)
    await ann.says('/help')
    await ann.sees('What you can ask me')
    await it.place(owner, `channel:${ann.messages().at(-1)?.channelId}`, '#ops')
    await raise(it.db, owner)
    await it.news()
    await bob.sees('my-claw stopped by itself')
    await bob.clicks('Restart')
    await bob.sees('That button is for the person I wrote it to. Nothing happened.')
    expect(ann.transcript()).not.toContain('That button is for the person')
    expect((await it.world.row(owner.instanceId)).restartGeneration).toBe(0)
    await ann.clicks('Snooze 1 h')
    expect(await eventually(async () => (await alertSettingsOf(it.db, owner.instanceId)).snoozedUntil !== null)).toBe(true)
    await it.news()
    await bob.sees(/Snoozed until \d\d:\d\d/)
    await over(it.db, owner)
    await it.news()
    await bob.sees('🟢 my-claw is back')
    await ann.clicks('Status')
    await ann.sees('Health: ')
    expect(bob.transcript()).not.toContain('Health: ')
    expect(sim.violations()).toEqual([])
  })

  test('Discord: without permission in the channel, the owner hears of it by direct message', { timeout: 40_000 }, async () => {
    const sim = await startDiscord()
    const face = createDiscordFace({
      token: new Sealed(sim.token),
      apiUrl: sim.apiUrl,
      clock: systemClock,
      random: systemRandom,
      log: silentLog,
      names: async () => [],
    })
    const it = await stage(face, () => sim.close())
    expect(await eventually(() => sim.calls().some((call) => call.path.endsWith('/commands')))).toBe(true)
    const bob = sim.person({ name: 'Bob', place: 'server' })
    await bob.says('/help')
    await bob.sees('What you can ask me')
    const ann = sim.person()
    const owner = await it.owner(ann.id, ann.id)
    await it.place(owner, `channel:${bob.messages().at(-1)?.channelId}`, '#ops')
    sim.closeTo('', 50_013)
    await raise(it.db, owner)
    await it.news()
    await it.news()
    await ann.sees('my-claw stopped by itself')
    await ann.sees('I cannot reach #ops on Discord any more')
    expect(sim.violations()).toEqual([])
  })

  test('Slack: a channel gets the message, also after it was invited late; its buttons are the owner’s', { timeout: 40_000 }, async () => {
    const sim = await startSlack()
    const connection = { kind: 'socket', appToken: new Sealed(sim.appToken), botToken: new Sealed(sim.botToken) } as const
    const face = createSlackFace({ connection, apiUrl: sim.apiUrl, clock: systemClock, random: systemRandom, log: silentLog })
    const it = await stage(face, () => sim.close())
    expect(await eventually(() => sim.sockets.count() === 1)).toBe(true)
    const [ann, bob] = [sim.person('ann'), sim.person('bob')]
    await ann.says('/help')
    await ann.sees('What you can ask me')
    const team = [...sim.state.teams.keys()][0] ?? ''
    const owner = await it.owner(`${team}:${ann.id}`, `${team}:${ann.id}`)
    await it.place(owner, `${team}:C7`, '#ops')
    await raise(it.db, owner)
    await it.news()
    await it.news()
    await ann.sees('my-claw stopped by itself')
    await ann.sees('I cannot reach #ops on Slack any more')
    await over(it.db, owner)
    await it.news()
    sim.state.invited.add('C7')
    await raise(it.db, owner, 'out-of-memory')
    await it.news()
    const posted = sim.state.messages.filter((one) => one.channel === 'C7')
    expect(posted).toHaveLength(1)
    expect.assert(posted[0] !== undefined)
    const pressed = (label: string) => pressedBy(posted[0]?.blocks ?? [], label) ?? { action_id: '', type: 'button' }
    await bob.presses(posted[0], pressed('Restart'))
    await bob.sees('That button is for the person I wrote it to.')
    expect((await it.world.row(owner.instanceId)).restartGeneration).toBe(0)
    await ann.presses(posted[0], pressed('Snooze 1 h'))
    expect(await eventually(async () => (await alertSettingsOf(it.db, owner.instanceId)).snoozedUntil !== null)).toBe(true)
    await it.news()
    expect(posted[0].text).toContain('Snoozed until')
    await ann.presses(posted[0], pressed('Restart'))
    expect(await eventually(async () => (await it.world.row(owner.instanceId)).operationKind === 'restart')).toBe(true)
    expect(sim.violations()).toEqual([])
  })
})
