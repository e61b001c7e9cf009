import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Info } from '../../src/bots/core/info.ts'
import { createNotifier } from '../../src/bots/core/notifier.ts'
import { createRender } from '../../src/bots/core/render.ts'
import { createRouter } from '../../src/bots/core/router.ts'
import { chats, identities, linkRequests, outbox, users, wizardSessions } from '../../src/db/schema.ts'
import { keepTelegramKeyboard, takeTelegramKeyboard } from '../../src/db/telegram-keyboards.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines, type World } from '../support/world.ts'
import { createMemoryChat, createPerson, type MemoryChat, type Person } from './support/memory-chat.ts'

const KEY = `sk-ant-api03-${'a'.repeat(60)}x4Qe`
const info: Info = {
  gatewayImage: 'gateway:stub',
  webAddress: null,
  billing: false,
  elsewhere: (here, { name, args }) =>
    here === 'telegram' ? [] : [{ provider: 'telegram', url: `https://t.me/conch_bot?start=${name}_${args.join('_')}` }],
}

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

type Scene = {
  world: World
  telegram: MemoryChat
  discord: MemoryChat
  /** Ann at Telegram, and as Anna at Discord. */
  ann: Person
  anna: Person
  at: (chat: MemoryChat, subject: string, place?: 'dm' | 'group') => Person
  news: () => Promise<void>
}

describe('accounts in chat', async () => {
  const { open } = await postgresDatabases()

  async function begin(): Promise<Scene> {
    const world = createWorld(await open(), machines)
    const { db } = world.database
    const { clock, actions } = world
    const [telegram, discord] = [createMemoryChat('telegram'), createMemoryChat('discord')]
    const faces = new Map([telegram, discord].map(({ face }) => [face.provider, face]))
    const render = createRender({ db, clock, info, pairingCode: (id) => world.pairings.codeOf(id) })
    const notifier = createNotifier({ db, faces, clock: systemClock, random: () => 0, log: silentLog, owner: 'test', render })
    const router = createRouter({ db, actions, clock, random: () => 0, log: silentLog, notifierWake: () => undefined, info })
    const at: Scene['at'] = (chat, subject, place = 'dm') =>
      createPerson(chat, (inbound, face) => router.handle(inbound, face), { subject, place, ...(place === 'group' && { address: 'group-1' }) })
    const news = async (): Promise<void> => {
      await db.update(outbox).set({ notBefore: new Date('2020-01-01T00:00:00Z') })
      await db.update(chats).set({ notBefore: new Date('2020-01-01T00:00:00Z') })
      await notifier.drain()
    }
    return { world, telegram, discord, ann: at(telegram, 'ann'), anna: at(discord, 'anna'), at, news }
  }
  const codeIn = (text: string): string => /[A-Z0-9]{4}-[A-Z0-9]{4}/.exec(text)?.[0] ?? ''
  async function asked({ ann, anna, news }: Scene): Promise<string> {
    await ann.says('/link')
    const code = codeIn(ann.sees())
    await anna.says(`/link ${code}`)
    await news()
    return code
  }
  async function linked(scene: Scene): Promise<void> {
    await asked(scene)
    await scene.anna.presses('Yes, that is me')
    await scene.ann.presses('Yes, that is me')
    await scene.news()
  }
  const launch = async (person: Person, name = 'my-claw'): Promise<void> => {
    await person.says(`/deploy ${name} ams`)
    await person.presses('Skip for now')
    await person.presses('Launch')
  }
  const people = ({ world }: Scene): Promise<number> => world.database.db.$count(users)

  test('where another chat has an address that enters the code, it is offered; in that chat it is not', async () => {
    const { ann, anna, discord } = await begin()
    await anna.says('/link')
    expect(anna.labels()).toEqual(['Enter it in Telegram', 'Linked chats'])
    const url = `https://t.me/conch_bot?start=link_${codeIn(anna.sees())}`
    expect(discord.messages.at(-1)?.view.actions[0]).toEqual({ kind: 'link', label: 'Enter it in Telegram', url })
    await ann.says('/link')
    expect(ann.labels()).toEqual(['Linked chats'])
  })

  test('a code says what to do with it, and both sides are asked who the other one is', async () => {
    const scene = await begin()
    const { ann, anna, news } = scene
    await ann.says('/link')
    const code = codeIn(ann.sees())
    expect(ann.sees()).toContain(`send /link ${code} there (in Slack: /conch link ${code})`)
    await anna.says(`/link ${code.toLowerCase()}`)
    expect(anna.sees()).toContain('ann on Telegram made this code. Is that you?')
    expect(anna.labels()).toEqual(['Yes, that is me', 'No'])
    await news()
    expect(ann.sees()).toContain('anna on Discord entered your code. Is that you?')
    expect(ann.labels()).toEqual(['Yes, that is me', 'No'])
    expect(await people(scene)).toBe(2)
  })

  test('the second yes links, and the first to answer is told in a message of its own', async () => {
    const scene = await begin()
    await launch(scene.ann)
    await scene.world.settle()
    await asked(scene)
    await scene.anna.presses('Yes, that is me')
    expect(scene.anna.sees()).toContain('Now answer the same question as ann on Telegram')
    await scene.ann.presses('Yes, that is me')
    expect(scene.ann.sees()).toContain('this chat and anna on Discord are one account now')
    await scene.news()
    expect(scene.anna.sees()).toContain('this chat and ann on Telegram are one account now')
    await scene.anna.says('/status')
    expect(scene.anna.sees()).toContain('my-claw is live')
    expect(await people(scene)).toBe(1)
  })

  test('in the other order, the question that was announced becomes the result in place', async () => {
    const scene = await begin()
    await asked(scene)
    const before = scene.telegram.texts('ann').length
    await scene.ann.presses('Yes, that is me')
    expect(scene.ann.sees()).toContain('Now answer the same question as anna on Discord')
    await scene.anna.presses('Yes, that is me')
    expect(scene.anna.sees()).toContain('one account now')
    await scene.news()
    expect(scene.telegram.texts('ann')).toHaveLength(before)
    expect(scene.ann.sees()).toContain('this chat and anna on Discord are one account now')
  })

  test('two people who press yes at once are linked once and both told', async () => {
    const scene = await begin()
    await asked(scene)
    await Promise.all([scene.ann.presses('Yes, that is me'), scene.anna.presses('Yes, that is me')])
    await scene.news()
    expect(scene.ann.sees()).toContain('one account now')
    expect(scene.anna.sees()).toContain('one account now')
    expect(await people(scene)).toBe(1)
  })

  test('a no is told to the other side, whose yes then does nothing', async () => {
    const scene = await begin()
    await asked(scene)
    const yes = scene.anna.idOf('Yes, that is me')
    await scene.ann.presses('No')
    expect(scene.ann.sees()).toContain('Nothing was linked')
    await scene.news()
    expect(scene.anna.sees()).toContain('ann on Telegram said no. Nothing was linked.')
    await scene.anna.pressesId(yes)
    expect(scene.anna.sees()).toContain('That question is over')
    expect(await people(scene)).toBe(2)
  })

  test('somebody else who presses yes changes nothing', async () => {
    const scene = await begin()
    await asked(scene)
    const eve = scene.at(scene.discord, 'eve')
    await eve.pressesId(scene.anna.idOf('Yes, that is me'))
    expect(eve.sees()).toContain('That question is for the two people')
    expect(await scene.world.database.db.select().from(linkRequests)).toMatchObject([{ makerAgreed: false, takerAgreed: false, outcome: null }])
  })

  test('a code that leads nowhere says why, each time another sentence', async () => {
    const scene = await begin()
    const { ann, anna, world } = scene
    const code = await asked(scene)
    await ann.says(`/link ${code}`)
    expect(ann.sees()).toContain('That is the code I gave you in this chat')
    await anna.says('/link ABCD-2345')
    expect(anna.sees()).toContain('I know no such code')
    const bob = scene.at(scene.discord, 'bob')
    await bob.says(`/link ${code}`)
    expect(bob.sees()).toContain('That code was used already')
    await ann.says('/link')
    await world.database.db.execute(sql`update link_requests set expires_at = now() where taker is null`)
    await anna.says(`/link ${codeIn(ann.sees())}`)
    expect(anna.sees()).toContain('That code is over: it works for 10 minutes')
  })

  test('a question answered too late is over, and says so where it stands', async () => {
    const scene = await begin()
    await asked(scene)
    await scene.world.database.db.execute(sql`update link_requests set expires_at = now()`)
    await scene.ann.presses('Yes, that is me')
    expect(scene.ann.sees()).toContain('That question is over: it was answered, or left for 10 minutes.')
    expect(await people(scene)).toBe(2)
  })

  test('two accounts with assistants stay apart, and are told what to do', async () => {
    const scene = await begin()
    await launch(scene.ann)
    await launch(scene.anna)
    await scene.world.settle()
    await scene.news()
    await asked(scene)
    expect(scene.anna.sees()).toContain('Both accounts have assistants of their own')
    expect(scene.anna.sees()).toContain('Destroy the assistants of one of them and link again')
    expect(scene.telegram.texts('ann').some((text) => text.includes('entered your code'))).toBe(false)
  })

  test('names that look like markup stay text', async () => {
    const scene = await begin()
    const name = '*_[x](y)<b>&'
    await scene.at(scene.discord, name).says('/start')
    await scene.ann.says('/link')
    await scene.at(scene.discord, name).says(`/link ${codeIn(scene.ann.sees())}`)
    await scene.news()
    const [question] = scene.telegram.messages.at(-1)?.view.blocks ?? []
    expect(question).toMatchObject({ kind: 'text', text: expect.arrayContaining([{ bold: name }, ' on ']) })
  })

  test('in a group nothing about an account is said', async () => {
    const scene = await begin()
    const loud = scene.at(scene.telegram, 'ann', 'group')
    for (const command of ['/link', '/unlink', '/forget_me', '/forget-me']) {
      await loud.says(command)
      expect(loud.sees()).toContain('Let us talk about that in private')
    }
    const whispering = createMemoryChat('slack', { capabilities: { privateReplies: true } })
    const person = scene.at(whispering, 'sue', 'group')
    for (const command of ['/link', '/unlink', '/forget-me']) {
      await person.says(command)
      expect(person.sees()).toContain('Let us talk about that in private')
    }
    expect(await scene.world.database.db.$count(linkRequests)).toBe(0)
  })

  test('unlinking lists the chats, asks once more, and makes the unlinked chat somebody new', async () => {
    const scene = await begin()
    await linked(scene)
    const { ann, anna, world } = scene
    await launch(ann)
    await world.settle()
    await anna.says('/rename my-claw')
    await ann.says('/unlink')
    expect(ann.sees()).toBe('These chats are one account:\nTelegram · ann (this chat)\nDiscord · anna')
    await ann.presses('Unlink Discord · anna')
    expect(ann.sees()).toContain('Take anna on Discord out of your account?')
    await ann.presses('Keep it')
    expect(ann.sees()).toBe('Kept. Nothing about your account changed.')
    await ann.says('/unlink discord')
    const unlink = ann.idOf('Unlink')
    await ann.pressesId(unlink)
    expect(ann.sees()).toContain('anna on Discord is no longer part of your account')
    await ann.pressesId(unlink)
    expect(ann.sees()).toContain('That chat is not part of your account any more')
    await anna.presses('Cancel')
    expect(anna.sees()).toContain('That question is over')
    await anna.says('/status')
    expect(anna.sees()).toContain('You have no assistant yet.')
    await ann.says('/status')
    expect(ann.sees()).toContain('my-claw is live')
  })

  test('the chat that one writes in can be unlinked, but never the last one', async () => {
    const scene = await begin()
    await linked(scene)
    await scene.anna.says('/unlink discord')
    expect(scene.anna.sees()).toContain('Here you would be somebody new to me')
    await scene.anna.presses('Unlink')
    expect(scene.anna.sees()).toContain('This chat is no longer part of your account')
    await scene.ann.says('/unlink')
    expect(scene.ann.sees()).toContain('That is the only chat of your account')
    await scene.ann.says('/unlink telegram')
    expect(scene.ann.sees()).toContain('Link another one first, or delete the account')
    await scene.anna.starts()
    expect(scene.anna.sees()).toContain('Hi! I set up and look after your own OpenClaw')
  })

  test('being forgotten says what goes and what stays, wants the words, and is followed by a first contact', async () => {
    const scene = await begin()
    const { ann, telegram, world } = scene
    await ann.starts()
    await ann.says('/forget_me')
    expect(ann.sees()).toContain('your chats and names (Telegram)')
    expect(ann.sees()).toContain('I keep one list for a year')
    expect(ann.sees()).not.toContain('Bills')
    await ann.says('yes')
    expect(ann.sees()).toContain('Nothing was deleted')
    await ann.says(KEY)
    expect(telegram.deleted).toHaveLength(1)
    await ann.presses('Keep my account')
    expect(telegram.texts('ann')).toContain('Kept. Nothing about your account changed.')
    await ann.says('forget me')
    expect(await world.database.db.$count(identities)).toBe(1)
    await ann.says('/forget-me')
    await ann.starts()
    expect(ann.sees()).toContain('Type forget me to confirm')
    await ann.says('Forget me')
    expect(ann.sees()).toContain('Your account is deleted')
    for (const table of [identities, wizardSessions, outbox, chats, users]) expect(await world.database.db.$count(table)).toBe(0)
    await ann.says('hello?')
    expect(ann.sees()).toContain('Hi! I set up and look after your own OpenClaw')
  })

  test('being forgotten takes along what stands below the chats of the person, and of nobody else', async () => {
    const { ann, at, telegram, world } = await begin()
    const { db } = world.database
    const bob = at(telegram, 'bob')
    await bob.starts()
    await ann.starts()
    for (const chat of ['ann', 'bob']) await keepTelegramKeyboard(db, { chat, viewRef: '101', keyboardRef: '102' })
    await ann.says('/forget-me')
    await ann.says('forget me')
    expect(await takeTelegramKeyboard(db, { chat: 'ann' })).toBeNull()
    expect(await takeTelegramKeyboard(db, { chat: 'bob', viewRef: '100' })).toBeNull()
    expect(await takeTelegramKeyboard(db, { chat: 'bob', viewRef: '101' })).toEqual({ chat: 'bob', viewRef: '101', keyboardRef: '102' })
    expect(await takeTelegramKeyboard(db, { chat: 'bob' })).toBeNull()
  })

  test('being forgotten waits for the assistants, and offers to destroy them', async () => {
    const scene = await begin()
    const { ann, world, news } = scene
    await launch(ann)
    await world.settle()
    await ann.says('/forget-me')
    expect(ann.sees()).toContain('You still have my-claw.')
    await ann.presses('Destroy my-claw')
    await ann.says('my-claw')
    await ann.says('/forget-me')
    expect(ann.sees()).toContain('my-claw is still being removed')
    await world.settle()
    await news()
    await ann.says('/forget-me')
    await ann.says('forget me')
    expect(ann.sees()).toContain('Your account is deleted')
    const everything = await Promise.all(
      ['instances', 'instance_events', 'outbox', 'chats', 'audit_log', 'action_tokens'].map((table) =>
        world.database.db.execute(sql.raw(`select * from ${table}`)),
      ),
    )
    expect(JSON.stringify(everything)).not.toMatch(/my-claw|"ann"/)
  })

  test('a key that waits for its launch is let go when its person asks to be forgotten instead', async () => {
    const { ann, world } = await begin()
    await ann.says('/deploy my-claw ams')
    await ann.presses('Anthropic (Claude)')
    await ann.says(KEY)
    await ann.says('/forget-me')
    expect(await world.database.db.$count(sql`staged_apps`, sql`expires_at <= now()`)).toBe(1)
  })
})
