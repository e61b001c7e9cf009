import { and, eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { createNotifier, type Notifier, type NotifierDeps } from '../../src/bots/core/notifier.ts'
import type { Render } from '../../src/bots/core/render.ts'
import type { Db } from '../../src/db/connect.ts'
import { announce } from '../../src/db/outbox.ts'
import { chats, identities, outbox, users } from '../../src/db/schema.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { postgresDatabases } from '../support/database.ts'
import { createMemoryChat, eventually, type MemoryChat } from './support/memory-chat.ts'

/** Renders what the payload says, and breaks when it is told to. */
const render: Render = async ({ key, payload }) => {
  if (payload['broken'] === true) throw new Error('no words for this')
  if (payload['silent'] === true) return null
  return {
    tone: 'plain',
    key,
    blocks: [{ kind: 'text', text: [String(payload['text'])] }],
    actions: [],
    ...(payload['ongoing'] === true && { job: 'ongoing' }),
  }
}

async function person(db: Db, userId: string, providers: readonly string[]): Promise<void> {
  await db.insert(users).values({ id: userId })
  for (const [index, provider] of providers.entries()) {
    await db.insert(identities).values({ provider, subject: userId, userId, chat: userId, createdAt: new Date(1_000 * (index + 1)) })
  }
}

const tell = (db: Db, userId: string, key: string, payload: Record<string, unknown> = { text: key }): Promise<void> =>
  db.transaction((tx) => announce(tx, { userId, key, template: 'progress', payload }))

function notifierOn(db: Db, faces: readonly MemoryChat[], more: Partial<NotifierDeps> = {}): Notifier {
  const deps = {
    db,
    faces: new Map(faces.map((one) => [one.face.provider, one.face])),
    clock: systemClock,
    random: () => 0,
    log: silentLog,
    owner: 'test',
    render,
  }
  return createNotifier({ ...deps, ...more })
}

const owed = (db: Db): Promise<(typeof outbox.$inferSelect)[]> => db.select().from(outbox).orderBy(outbox.id)
/** Time passes in the database: whatever waits is due now. */
async function timePasses(db: Db): Promise<void> {
  await db.update(outbox).set({ notBefore: new Date('2020-01-01T00:00:00Z') })
  await db.update(chats).set({ notBefore: new Date('2020-01-01T00:00:00Z') })
}

describe.each([await postgresDatabases()])('the notifier on $name', ({ open }) => {
  test('every announcement is shown once, in order, and later versions change the same message', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    const notifier = notifierOn(db, [telegram])
    for (const key of ['a', 'b', 'c']) await tell(db, 'ann', key)
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual(['a', 'b', 'c'])
    await tell(db, 'ann', 'b', { text: 'b is done' })
    await timePasses(db)
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual(['a', 'b is done', 'c'])
    await notifier.drain()
    expect(telegram.calls).toHaveLength(4)
  })

  test('a burst of versions becomes one edit to the newest, at most one a second', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    const notifier = notifierOn(db, [telegram])
    await tell(db, 'ann', 'a', { text: '0' })
    await notifier.drain()
    for (let step = 1; step <= 20; step += 1) await tell(db, 'ann', 'a', { text: String(step) })
    await notifier.drain()
    expect(telegram.calls).toHaveLength(1)
    await timePasses(db)
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual(['20'])
    expect(telegram.calls).toHaveLength(2)
  })

  test('a platform that asks for a pause gets it, and nothing is lost or reordered', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    await person(db, 'bob', ['telegram'])
    telegram.next = [{ kind: 'retry-after', ms: 60_000 }]
    const notifier = notifierOn(db, [telegram])
    await tell(db, 'ann', 'a')
    await notifier.drain()
    await tell(db, 'ann', 'b')
    await tell(db, 'bob', 'other')
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual([])
    expect(telegram.texts('bob')).toEqual(['other'])
    await timePasses(db)
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual(['a', 'b'])
  })

  test('a failure that passes is tried again later, with what comes after it waiting', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    telegram.next = [new Error('connection reset')]
    const notifier = notifierOn(db, [telegram])
    for (const key of ['a', 'b']) await tell(db, 'ann', key)
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual([])
    expect((await owed(db))[0]).toMatchObject({ attempts: 1, lastError: 'connection reset' })
    await timePasses(db)
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual(['a', 'b'])
    expect((await owed(db))[0]).toMatchObject({ attempts: 0, lastError: null })
  })

  test('a message that never goes through does not hold up the chat for ever', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    const notifier = notifierOn(db, [telegram])
    for (const key of ['bad', 'good']) await tell(db, 'ann', key)
    telegram.next = Array.from({ length: 6 }, () => new Error('refused'))
    for (let attempt = 1; attempt <= 6; attempt += 1) {
      await timePasses(db)
      await notifier.drain()
    }
    expect(telegram.texts('ann')).toEqual(['good'])
    await timePasses(db)
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual(['good', 'bad'])
  })

  test('words that cannot be made hold up nothing, and are said once they can be', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    const notifier = notifierOn(db, [telegram])
    await tell(db, 'ann', 'a', { broken: true })
    await tell(db, 'ann', 'b')
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual(['b'])
    await tell(db, 'ann', 'a', { text: 'a after all' })
    await timePasses(db)
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual(['b', 'a after all'])
  })

  test('an announcement that has become pointless is settled without a message', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    await tell(db, 'ann', 'a', { silent: true })
    await notifierOn(db, [telegram]).drain()
    expect(telegram.calls).toEqual([])
    expect((await owed(db))[0]).toMatchObject({ deliveredVersion: 1, messageRef: null })
  })

  test('a chat that cannot be reached hands over to the next linked one, and says why', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    const discord = createMemoryChat('discord')
    await person(db, 'ann', ['telegram', 'discord'])
    telegram.next = [{ kind: 'undeliverable', why: 'the bot was blocked by the user' }]
    discord.next = []
    await tell(db, 'ann', 'a')
    await notifierOn(db, [telegram, discord]).drain()
    expect(telegram.texts('ann')).toEqual([])
    expect(discord.texts('ann')).toEqual(['a'])
    expect((await owed(db))[0]?.givenUpAt).toBeNull()
  })

  test('nobody left to tell is recorded, with the reason', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    telegram.next = [{ kind: 'undeliverable', why: 'the bot was blocked by the user' }]
    await tell(db, 'ann', 'a')
    await notifierOn(db, [telegram]).drain()
    const [row] = await owed(db)
    expect(row?.givenUpAt).not.toBeNull()
    expect(row?.lastError).toBe('telegram: the bot was blocked by the user')
  })

  test('a message that the person deleted is sent anew when it has news', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    const notifier = notifierOn(db, [telegram])
    await tell(db, 'ann', 'a', { text: 'first' })
    await notifier.drain()
    telegram.messages.length = 0
    await tell(db, 'ann', 'a', { text: 'second' })
    await timePasses(db)
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual(['second'])
  })

  test('the pace of a platform is kept between two messages of a chat', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram', { paceMs: 60_000 })
    await person(db, 'ann', ['telegram'])
    const notifier = notifierOn(db, [telegram])
    for (const key of ['a', 'b']) await tell(db, 'ann', key)
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual(['a'])
    await timePasses(db)
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual(['a', 'b'])
  })

  test('a process that died between sending and recording costs no message, and its key tells a platform that it was shown', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    await tell(db, 'ann', 'a')
    telegram.next = ['shown-then-dies']
    await notifierOn(db, [telegram], { owner: 'dies' }).drain()
    await timePasses(db)
    await notifierOn(db, [telegram], { owner: 'lives' }).drain()
    expect(telegram.calls.map((call) => call.key)).toEqual(['a', 'a'])
    expect((await owed(db))[0]).toMatchObject({ deliveredVersion: 1 })
  })

  test('a platform that takes nothing for now holds up no other, however many are waiting there', async () => {
    const { db } = await open()
    const [telegram, discord] = [createMemoryChat('telegram'), createMemoryChat('discord')]
    const held = Promise.withResolvers<void>()
    const { send } = telegram.face
    telegram.face.send = async (...message) => {
      await held.promise
      return send(...message)
    }
    for (let n = 1; n <= 40; n += 1) {
      await person(db, `waiting-${n}`, ['telegram'])
      await tell(db, `waiting-${n}`, `w${n}`)
    }
    await person(db, 'ann', ['discord'])
    await tell(db, 'ann', 'a')
    const drained = notifierOn(db, [telegram, discord]).drain()
    expect(await eventually(() => discord.texts('ann').includes('a'))).toBe(true)
    expect(telegram.messages).toHaveLength(0)
    held.resolve()
    await drained
    expect(telegram.messages).toHaveLength(40)
  })

  test('woken while it runs, it delivers at once; stopped, it ends', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    const notifier = notifierOn(db, [telegram])
    const stop = new AbortController()
    const running = notifier.run(stop.signal)
    await tell(db, 'ann', 'a')
    notifier.wake()
    expect(await eventually(() => telegram.texts('ann').length === 1)).toBe(true)
    stop.abort()
    await running
    await tell(db, 'ann', 'b')
    expect(telegram.texts('ann')).toEqual(['a'])
  })

  test('a running job’s message moves with its clock until it has ended', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram', { capabilities: { refreshMs: 20 } })
    await person(db, 'ann', ['telegram'])
    const notifier = notifierOn(db, [telegram])
    await tell(db, 'ann', 'a', { text: 'going on', ongoing: true })
    const stop = new AbortController()
    const running = notifier.run(stop.signal)
    const refreshed = async (): Promise<boolean> => {
      await timePasses(db)
      return telegram.calls.length >= 3
    }
    expect(await eventually(refreshed)).toBe(true)
    await tell(db, 'ann', 'a', { text: 'done' })
    const settled = async (): Promise<boolean> => {
      await timePasses(db)
      const [row] = await owed(db)
      // A move of its clock may have been on its way when it ended: told once more, it says the same.
      return telegram.texts('ann')[0] === 'done' && row?.version === row?.deliveredVersion
    }
    expect(await eventually(settled)).toBe(true)
    stop.abort()
    await running
  })
})

describe('several notifiers', async () => {
  const { open } = await postgresDatabases()

  test('sharing one database, they show every message exactly once and in order', async () => {
    const { db } = await open()
    const people = Array.from({ length: 12 }, (_, index) => `p${index}`)
    const telegram = createMemoryChat('telegram')
    for (const one of people) await person(db, one, ['telegram'])
    const notifiers = ['one', 'two', 'three'].map((owner) => notifierOn(db, [telegram], { owner, random: systemRandom }))
    const stop = new AbortController()
    const running = notifiers.map((one) => one.run(stop.signal))
    for (let n = 0; n < 5; n += 1) await Promise.all(people.map((one) => tell(db, one, `${one}-${n}`)))
    for (const one of notifiers) one.wake()
    await eventually(() => telegram.messages.length >= people.length * 5, 15_000)
    stop.abort()
    await Promise.all(running)
    for (const one of people) expect(telegram.texts(one)).toEqual([0, 1, 2, 3, 4].map((n) => `${one}-${n}`))
  })

  test('the chats of one that died are taken over when its lease ends', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    await tell(db, 'ann', 'a')
    await db.update(chats).set({ leaseOwner: 'dead', leaseUntil: new Date(systemClock.now().getTime() + 60_000), epoch: 7 })
    const notifier = notifierOn(db, [telegram])
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual([])
    await db
      .update(chats)
      .set({ leaseUntil: new Date('2020-01-01T00:00:00Z') })
      .where(and(eq(chats.provider, 'telegram'), eq(chats.address, 'ann')))
    await notifier.drain()
    expect(telegram.texts('ann')).toEqual(['a'])
  })
})

describe('a restart', async () => {
  const { open } = await postgresDatabases()

  test('loses nothing that was announced before it', async () => {
    const { db } = await open()
    const telegram = createMemoryChat('telegram')
    await person(db, 'ann', ['telegram'])
    await tell(db, 'ann', 'a')
    const first = notifierOn(db, [telegram], { owner: 'before' })
    await first.drain()
    await tell(db, 'ann', 'a', { text: 'a, changed' })
    await tell(db, 'ann', 'b')
    await timePasses(db)
    await notifierOn(db, [telegram], { owner: 'after' }).drain()
    expect(telegram.texts('ann')).toEqual(['a, changed', 'b'])
  })
})
