// Sharing through the real client libraries: several people in a group on Telegram, a channel on Slack, a server and a group of friends on Discord.
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDiscordFace } from '../../src/bots/discord/discord.ts'
import { createSlackFace } from '../../src/bots/slack/slack.ts'
import { received } from '../../src/bots/telegram/inbound.ts'
import { createTelegramFace } from '../../src/bots/telegram/telegram.ts'
import { rowsOf, type Db } from '../../src/db/connect.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { startDiscord, type DiscordSimulator } from '../simulators/discord.ts'
import type { Person } from '../simulators/person.ts'
import { startSlack, type SlackSimulator } from '../simulators/slack.ts'
import { startTelegram, type TelegramSimulator } from '../simulators/telegram.ts'
import { postgresDatabases } from '../support/database.ts'
import { startMachines, type Machines } from '../support/world.ts'
import { keyboardsInMemory } from './support/keyboards.ts'
import { eventually } from './support/memory-chat.ts'
import { runPlane } from './support/stage.ts'

const LAUNCHED = { withinMs: 15_000 }
const LONG = { timeout: 60_000 }

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

async function launch(ann: Person): Promise<void> {
  await ann.says('/deploy my-claw ams')
  await ann.sees('Whose model shall')
  await ann.clicks('Skip for now')
  await ann.sees('[Launch]')
  await ann.clicks('Launch')
  await ann.sees('🟢 my-claw is live', LAUNCHED)
}

async function idOf(db: Db): Promise<string> {
  const [row] = rowsOf<{ id: string }>(await db.execute(sql`select id from instances`))
  return row?.id ?? ''
}

describe('on Telegram', async () => {
  const { open } = await postgresDatabases()
  const stage = async (): Promise<{ sim: TelegramSimulator; db: Db }> => {
    const sim = await startTelegram()
    const database = await open()
    const face = createTelegramFace({
      token: new Sealed(sim.token),
      apiRoot: sim.apiRoot,
      publicUrl: null,
      keyboards: keyboardsInMemory(),
      clock: systemClock,
      log: silentLog,
    })
    await runPlane(face, { database, machines, log: silentLog }, async () => {
      await sim.close()
      expect(sim.violations()).toEqual([])
    })
    return { sim, db: database.db }
  }

  test('a group sees and operates it; a note tells who may not; its owner says in private whether it goes', LONG, async () => {
    const { sim, db } = await stage()
    sim.group(-100_7, 'Team', { mayDelete: true })
    const ann = sim.person(42, 'Ann')
    await launch(ann)
    const [annIn, ben, cem] = [ann.in(-100_7), sim.person(43, 'Ben').in(-100_7), sim.person(44, 'Cem').in(-100_7)]
    await annIn.says('/share@conch_bot')
    await annIn.sees('What may the people of this group do with my-claw?')
    await ben.clicks('Operate')
    expect(await eventually(() => ben.notes().length === 1)).toBe(true)
    expect(ben.notes()).toEqual(['Let us talk about that in private: write to me directly, so that nobody reads along.'])
    await annIn.clicks('Operate')
    await annIn.sees('may see and operate it')

    await ben.says('/status')
    await ben.sees('[Restart] [Stop] [Logs]')
    const { data, messageId } = ben.keyOf('Restart')
    ben.pressesData(data, messageId)
    cem.pressesData(data, messageId)
    await ben.sees('my-claw is back, after', LAUNCHED)
    expect([...ben.notes().slice(1), ...cem.notes()]).toEqual([expect.stringContaining('my-claw is restarting just now.')])
    expect(rowsOf(await db.execute(sql`select restart_generation as n from instances`))).toEqual([{ n: 1 }])
    // The same button does nothing for who is not in the group, wherever they have it from.
    const zoe = sim.person(45, 'Zoe')
    await zoe.says('/start')
    await zoe.sees('I set up and look after')
    zoe.pressesData(data, messageId)
    await zoe.sees('That button is for the person I wrote it to.')

    await ben.says('/destroy my-claw')
    await ben.sees('Reply to this message with my-claw.')
    ben.replies('Shall I ask them?', 'my-claw')
    await ben.sees('I have asked the owner of my-claw')
    await ann.sees('Ben in Team asks me to destroy my-claw.')
    await ann.clicks('Destroy it')
    await ann.sees('my-claw is gone', LAUNCHED)
    await ben.sees('The owner of my-claw agreed: it is being destroyed.')
  })

  test('a press is acknowledged in time although its note is not known yet, and once', LONG, async () => {
    const { sim, db } = await stage()
    sim.group(-100_7, 'Team', { mayDelete: true })
    const ann = sim.person(42, 'Ann')
    await launch(ann)
    await ann.in(-100_7).says('/share')
    await ann.in(-100_7).sees('[See] [Operate]')
    const ben = sim.person(43, 'Ben').in(-100_7)
    const { data, messageId } = ben.keyOf('Operate')
    const [locked, lock] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    // Nobody is handled while the table of what came in is locked.
    const holding = db.transaction(async (tx) => {
      await tx.execute(sql`lock table inbox`)
      locked.resolve()
      await lock.promise
    })
    await locked.promise
    ben.pressesData(data, messageId)
    const acknowledgements = (): number => sim.calls.filter((call) => call.method === 'answerCallbackQuery').length
    const before = acknowledgements()
    expect(await eventually(() => acknowledgements() === before + 1, 3_000)).toBe(true)
    lock.resolve()
    await holding
    // Too late for a note: it is said.
    await ben.sees('Let us talk about that in private')
    expect(acknowledgements()).toBe(before + 1)
  })

  test('the group and the topic are told from the update, and a channel or a nameless administrator is nobody', () => {
    const us = { id: 7, username: 'conch_bot' }
    const from = { id: 42, is_bot: false, first_name: 'Ann' }
    const chat = { id: -5, type: 'supergroup', title: 'Team', is_forum: true } as const
    const message = { message_id: 1, date: 1, chat, from, text: '/status' } as const
    const hear = (more: object) => received({ update_id: 1, message: { ...message, ...more } }, us)
    const group = { id: '-5', kind: 'group', title: 'Team', address: '-5' }
    expect(hear({})?.inbound.rooms).toEqual([group])
    const opened = { message_id: 9, date: 1, chat, forum_topic_created: { name: 'Ops', icon_color: 1 } }
    expect(hear({ is_topic_message: true, message_thread_id: 9, reply_to_message: opened })?.inbound.rooms).toEqual([
      { id: '-5:9', kind: 'topic', title: 'Ops', address: '-5:9' },
      group,
    ])
    const query = {
      id: '1',
      from,
      chat_instance: '1',
      data: 'status:x',
      message: { ...message, is_topic_message: true, message_thread_id: 9 },
    } as const
    const pressed = received({ update_id: 1, callback_query: query }, us)
    expect(pressed?.inbound.rooms?.map((room) => room.id)).toEqual(['-5:9', '-5'])
    expect(pressed?.group).toEqual({ chatId: -5, threadId: 9, command: null })
    const direct = { ...message, chat: { id: 42, type: 'private', first_name: 'Ann' } } as const
    expect(received({ update_id: 1, message: direct }, us)?.inbound.rooms).toBeUndefined()
    expect(hear({ sender_chat: { id: -9, type: 'channel', title: 'News' }, from: { ...from, id: 777_000 } })).toBeNull()
    // An answer to us is heard, an answer to somebody else is not, and neither is another bot's command.
    const ours = { message_id: 3, date: 1, chat, from: { id: 7, is_bot: true, first_name: 'Conch' } }
    expect(hear({ text: 'my-claw', reply_to_message: ours })?.inbound).toMatchObject({ kind: 'text', text: 'my-claw' })
    expect(hear({ text: '/roll@dice_bot', reply_to_message: ours })).toBeNull()
    expect(hear({ text: 'my-claw', reply_to_message: { ...ours, from } })).toBeNull()
  })
})

describe('on Discord', async () => {
  const { open } = await postgresDatabases()
  const stage = async (): Promise<{ sim: DiscordSimulator; db: Db }> => {
    const sim = await startDiscord()
    const database = await open()
    const names: { of: (person: { provider: string; subject: string; rooms?: readonly string[] }) => Promise<string[]> } = { of: async () => [] }
    const face = createDiscordFace({
      token: new Sealed(sim.token),
      apiUrl: sim.apiUrl,
      log: silentLog,
      clock: systemClock,
      random: systemRandom,
      names: (person) => names.of(person),
    })
    const plane = await runPlane(face, { database, machines, log: silentLog }, async () => {
      await sim.close()
      expect(sim.violations()).toEqual([])
    })
    names.of = (person) => plane.namesOf(person)
    expect(await eventually(() => sim.calls().some((call) => call.path.endsWith('/commands')))).toBe(true)
    return { sim, db: database.db }
  }

  test('a channel operates it, each seeing their own answers; another place sees nothing; the owner answers by direct message', LONG, async () => {
    const { sim, db } = await stage()
    const ann = sim.person({ name: 'Ann', place: 'server' })
    const ben = sim.person({ name: 'Ben', place: 'server' })
    await launch(ann)
    await ann.says('/share my-claw')
    await ann.sees('What may the people of this channel do with my-claw?')
    await ann.sees('[The whole server]')
    await ann.clicks('Operate')
    await ann.sees('may see and operate it')
    expect(ben.transcript()).toBe('')

    expect(await ben.completes('restart', 'instance', 'my')).toEqual(['my-claw'])
    await ben.says('/status my-claw')
    await ben.sees('[Restart] [Stop] [Logs]')
    await ben.clicks('Restart')
    await ben.sees('I tell you in our private chat how it goes.')
    await ben.sees('my-claw is back, after', LAUNCHED)
    expect(ann.transcript()).not.toContain('my-claw is back')

    for (const place of ['dm', 'friends'] as const) {
      await ben.at(place).says('/restart my-claw')
      await ben.at(place).sees('You have no assistant yet')
    }
    await ann.at('dm').says('/share')
    await ann.sees('#ops: its people may see and operate it')

    await ben.says('/destroy my-claw')
    await ben.sees('Shall I ask them? Type my-claw.')
    await ben.submits({ 'Your answer': 'my-claw' }, { button: 'Type it' })
    await ben.sees('I have asked the owner of my-claw')
    await ann.sees('Ben in #ops asks me to destroy my-claw.')
    await ann.clicks('Keep it')
    await ben.sees('The owner of my-claw wants to keep it.')
    expect(await db.$count(sql`instances`, sql`delete_requested_at is not null`)).toBe(0)
  })

  test('a group of friends counts as a channel', LONG, async () => {
    const { sim } = await stage()
    const ann = sim.person({ name: 'Ann', place: 'friends' })
    const ben = sim.person({ name: 'Ben', place: 'friends' })
    await launch(ann)
    await ann.says('/share')
    await ann.sees('What may the people of this channel do with my-claw?')
    expect(ann.transcript()).not.toContain('[The whole server]')
    await ann.clicks('See')
    await ann.sees('is shared')
    await ben.says('/status')
    await ben.sees('[Look again]')
    await ben.says('/restart')
    await ben.sees('You may look at my-claw from here, no more')
  })
})

describe('on Slack', async () => {
  const { open } = await postgresDatabases()
  const stage = async (): Promise<{ sim: SlackSimulator; db: Db }> => {
    const sim = await startSlack()
    const database = await open()
    const connection = { kind: 'socket', appToken: new Sealed(sim.appToken), botToken: new Sealed(sim.botToken) } as const
    const face = createSlackFace({ connection, apiUrl: sim.apiUrl, clock: systemClock, random: systemRandom, log: silentLog })
    await runPlane(face, { database, machines, log: silentLog }, async () => {
      await sim.close()
      expect(sim.violations()).toEqual([])
    })
    expect(await eventually(() => sim.sockets.count() === 1)).toBe(true)
    return { sim, db: database.db }
  }

  test('a channel operates it, each seeing their own answers; another channel and another workspace see nothing', LONG, async () => {
    const { sim, db } = await stage()
    const [ann, ben] = [sim.person('ann'), sim.person('ben')]
    await launch(ann)
    await ann.saysIn('C1', '/share')
    await ann.sees('What may the people of this channel do with my-claw?')
    await ann.clicks('Operate')
    await ann.sees('may see and operate it')
    await ben.saysIn('C1', '/conch status')
    await ben.sees('[Restart] [Stop] [Logs]')
    await ben.clicks('Restart')
    await ben.sees('my-claw is back, after', LAUNCHED)
    for (const asks of [ben.saysIn('C2', '/restart'), ben.says('/restart')]) await asks
    expect(await eventually(() => ben.transcript().split('You have no assistant yet').length === 3)).toBe(true)

    await ben.saysIn('C1', '/destroy')
    await ben.sees('Shall I ask them? Type my-claw.')
    await ben.submits({ 'Your answer': 'my-claw' }, { button: 'Type it' })
    await ben.sees('I have asked the owner of my-claw')
    await ann.sees('ben in #x asks me to destroy my-claw.')
    await ann.clicks('Destroy it')
    await ben.sees('The owner of my-claw agreed: it is being destroyed.')
    await ann.sees('my-claw is gone', LAUNCHED)
    expect(await db.$count(sql`shares`)).toBe(0)
  })

  test('a button on a message that the channel sees is answered to who pressed it, by their rights there, and the message stays', LONG, async () => {
    const { sim, db } = await stage()
    const [ann, ben] = [sim.person('ann'), sim.person('ben')]
    await launch(ann)
    await ann.saysIn('C1', '/share')
    await ann.sees('[See]')
    await ann.clicks('See')
    await ann.sees('is shared')
    const message = { channel: 'C1', ts: '1700000000.000001', from: 'bot', text: 'x', blocks: [], onlyFor: null, deleted: false, edits: 0 } as const
    const posted = { ...message, blocks: [] }
    sim.state.messages.push(posted)
    const press = async (verb: string): Promise<void> =>
      ben.presses(posted, { type: 'button', action_id: 'press:0', value: `${verb}:${await idOf(db)}` })
    await press('status')
    await ben.sees('my-claw is live')
    await press('restart')
    await ben.sees('You may look at my-claw from here, no more')
    expect(posted).toMatchObject({ edits: 0, deleted: false })
    expect(sim.state.messages.filter((one) => one.channel === 'C1' && one.onlyFor === null)).toEqual([posted])
  })
})
