import { eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import type { Db } from '../../src/db/connect.ts'
import {
  announce,
  claimChats,
  dropChatLeases,
  firstOwed,
  forgetOldMessages,
  moveToNextChat,
  nextDueMs,
  readerOf,
  recordDelivered,
  recordFailure,
  refreshMessage,
  releaseChat,
  renewChat,
  type ClaimedChat,
} from '../../src/db/outbox.ts'
import { outbox, users, identities } from '../../src/db/schema.ts'
import { testDatabases } from '../support/database.ts'

const LEASE_MS = 30_000

async function person(db: Db, userId: string, chats: readonly string[]): Promise<void> {
  await db.insert(users).values({ id: userId, timeZone: 'Europe/Amsterdam' })
  for (const [index, provider] of chats.entries()) {
    await db
      .insert(identities)
      .values({ provider, subject: `${userId}-on-${provider}`, userId, chat: `${provider}-chat`, createdAt: new Date(1_000 * index) })
  }
}

const tell = (db: Db, userId: string, key: string): Promise<void> => announce(db, { userId, key, template: 'progress', payload: { about: key } })
const claim = (db: Db, owner: string, providers = ['telegram', 'discord']): Promise<ClaimedChat[]> =>
  claimChats(db, { owner, leaseMs: LEASE_MS, providers, limit: 10 })
const rowOf = async (db: Db, key: string) => (await db.select().from(outbox).where(eq(outbox.key, key)))[0]

describe.each(await testDatabases())('the outbox on $name', ({ open }) => {
  test('a message goes to the chat of the first identity unless another one is named', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram', 'discord'])
    await tell(db, 'u1', 'a')
    await announce(db, { userId: 'u1', chat: { provider: 'discord', address: 'elsewhere' }, key: 'b', template: 'progress', payload: {} })
    const claimed = await claim(db, 'one')
    expect(claimed.map((chat) => `${chat.provider} ${chat.address}`).toSorted()).toEqual(['discord elsewhere', 'telegram telegram-chat'])
  })

  test('announcing a key again asks for a newer version of the same message, with the newest payload', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram'])
    await tell(db, 'u1', 'a')
    await announce(db, { userId: 'u1', key: 'a', template: 'progress', payload: { step: 2 } })
    const row = await rowOf(db, 'a')
    expect(row).toMatchObject({ version: 2, deliveredVersion: 0, payload: { step: 2 } })
    expect(await db.select().from(outbox)).toHaveLength(1)
  })

  test('two claimers at once never get the same chat', async () => {
    const { db } = await open()
    for (const id of ['u1', 'u2', 'u3', 'u4', 'u5', 'u6']) {
      await person(db, id, [])
      await announce(db, { userId: id, chat: { provider: 'telegram', address: id }, key: id, template: 'progress', payload: {} })
    }
    const claims = await Promise.all(['one', 'two', 'three'].map((owner) => claim(db, owner)))
    const addresses = claims.flat().map((chat) => chat.address)
    expect(addresses.toSorted()).toEqual(['u1', 'u2', 'u3', 'u4', 'u5', 'u6'])
  })

  test('messages come in the order in which they were announced', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram'])
    for (const key of ['a', 'b', 'c']) await tell(db, 'u1', key)
    const [chat] = await claim(db, 'one')
    expect.assert(chat !== undefined)
    const seen: string[] = []
    for (let row = await firstOwed(db, chat.id); row !== null; row = await firstOwed(db, chat.id)) {
      seen.push(row.key)
      await recordDelivered(db, chat, { id: row.id, version: row.version, messageRef: 'm', holdMs: 0 })
    }
    expect(seen).toEqual(['a', 'b', 'c'])
  })

  test('a process whose lease was taken over records nothing', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram'])
    await tell(db, 'u1', 'a')
    const [before] = await claimChats(db, { owner: 'slow', leaseMs: 0, providers: ['telegram'], limit: 1 })
    const [after] = await claim(db, 'fast')
    expect.assert(before !== undefined && after !== undefined)
    const row = await rowOf(db, 'a')
    const delivered = { id: row?.id ?? 0, version: 1, messageRef: 'm', holdMs: 0 }
    expect(await recordDelivered(db, before, delivered)).toBe(false)
    expect(await recordFailure(db, before, { id: delivered.id, error: 'late', delayMs: 0 })).toBe(false)
    expect(await renewChat(db, before, LEASE_MS)).toBe(false)
    expect(await moveToNextChat(db, before, { id: delivered.id, why: 'late' })).toBe('fenced')
    expect((await rowOf(db, 'a'))?.deliveredVersion).toBe(0)
    expect(await recordDelivered(db, after, delivered)).toBe(true)
  })

  test('a version that is announced while an older one is being sent is still owed', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram'])
    await tell(db, 'u1', 'a')
    const [chat] = await claim(db, 'one')
    expect.assert(chat !== undefined)
    const row = await firstOwed(db, chat.id)
    await tell(db, 'u1', 'a')
    await recordDelivered(db, chat, { id: row?.id ?? 0, version: row?.version ?? 0, messageRef: 'm', holdMs: 0 })
    expect(await firstOwed(db, chat.id)).toMatchObject({ key: 'a', version: 2, messageRef: 'm' })
  })

  test('an edit that is held back holds what comes after it, so that the order stays', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram'])
    await tell(db, 'u1', 'a')
    const [chat] = await claim(db, 'one')
    expect.assert(chat !== undefined)
    const row = await firstOwed(db, chat.id)
    await recordDelivered(db, chat, { id: row?.id ?? 0, version: 1, messageRef: 'm', holdMs: 60_000 })
    await tell(db, 'u1', 'a')
    await tell(db, 'u1', 'b')
    const owed = await firstOwed(db, chat.id)
    expect(owed?.key).toBe('a')
    expect(owed?.waitMs).toBeGreaterThan(50_000)
  })

  test('a message that keeps failing waits alone', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram'])
    await tell(db, 'u1', 'a')
    await tell(db, 'u1', 'b')
    const [chat] = await claim(db, 'one')
    expect.assert(chat !== undefined)
    const row = await firstOwed(db, chat.id)
    await recordFailure(db, chat, { id: row?.id ?? 0, error: 'no', delayMs: 60_000 })
    expect((await firstOwed(db, chat.id))?.key).toBe('b')
    expect(await rowOf(db, 'a')).toMatchObject({ attempts: 1, lastError: 'no' })
  })

  test('an unreachable chat hands its message on through all linked ones, and then it is given up', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram', 'discord'])
    await tell(db, 'u1', 'a')
    const [first] = await claim(db, 'one')
    expect.assert(first !== undefined)
    const id = (await rowOf(db, 'a'))?.id ?? 0
    await recordDelivered(db, first, { id, version: 1, messageRef: 'old', holdMs: 0 })
    await tell(db, 'u1', 'a')
    expect(await moveToNextChat(db, first, { id, why: 'bot was blocked' })).toBe('moved')
    expect(await rowOf(db, 'a')).toMatchObject({ messageRef: null, deliveredVersion: 0, lastError: 'telegram: bot was blocked' })
    const [second] = await claim(db, 'one')
    expect(second?.provider).toBe('discord')
    expect.assert(second !== undefined)
    expect(await moveToNextChat(db, second, { id, why: 'no mutual guild' })).toBe('given-up')
    expect((await rowOf(db, 'a'))?.givenUpAt).not.toBeNull()
    await releaseChat(db, first, 0)
    await releaseChat(db, second, 0)
    expect(await claim(db, 'one')).toEqual([])
  })

  test('news about a message that was given up are owed again', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram'])
    await tell(db, 'u1', 'a')
    const [chat] = await claim(db, 'one')
    expect.assert(chat !== undefined)
    await moveToNextChat(db, chat, { id: (await rowOf(db, 'a'))?.id ?? 0, why: 'blocked' })
    await tell(db, 'u1', 'a')
    expect(await rowOf(db, 'a')).toMatchObject({ givenUpAt: null, payload: { about: 'a' } })
    expect(await firstOwed(db, chat.id)).toMatchObject({ key: 'a' })
  })

  test('a paused chat is claimed when its pause is over, and the wait for it is known', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram'])
    expect(await nextDueMs(db, ['telegram'])).toBeNull()
    await tell(db, 'u1', 'a')
    expect(await nextDueMs(db, ['telegram'])).toBe(0)
    expect(await nextDueMs(db, ['slack'])).toBeNull()
    const [chat] = await claim(db, 'one')
    expect.assert(chat !== undefined)
    await releaseChat(db, chat, 40_000)
    expect(await claim(db, 'one')).toEqual([])
    expect(await nextDueMs(db, ['telegram'])).toBeGreaterThan(30_000)
    await releaseChat(db, chat, 0)
    expect(await claim(db, 'one')).toHaveLength(1)
    expect(await claim(db, 'two')).toEqual([])
    await dropChatLeases(db)
    expect(await claim(db, 'two')).toHaveLength(1)
  })

  test('a delivered message is refreshed, one that is owed anyway is not', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram'])
    await tell(db, 'u1', 'a')
    await refreshMessage(db, 'a')
    expect((await rowOf(db, 'a'))?.version).toBe(1)
    const [chat] = await claim(db, 'one')
    expect.assert(chat !== undefined)
    await recordDelivered(db, chat, { id: (await rowOf(db, 'a'))?.id ?? 0, version: 1, messageRef: 'm', holdMs: 0 })
    await refreshMessage(db, 'a')
    expect((await rowOf(db, 'a'))?.version).toBe(2)
  })

  test('settled messages are forgotten after their time, owed ones are kept', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram'])
    for (const key of ['old', 'owed']) await tell(db, 'u1', key)
    await db.update(outbox).set({ createdAt: new Date('2020-01-01T00:00:00Z') })
    await db.update(outbox).set({ deliveredVersion: 1 }).where(eq(outbox.key, 'old'))
    expect(await forgetOldMessages(db, 30)).toBe(1)
    expect((await db.select({ key: outbox.key }).from(outbox)).map((row) => row.key)).toEqual(['owed'])
  })

  test('the reader of a chat is the person whose chat it is', async () => {
    const { db } = await open()
    await person(db, 'u1', ['telegram', 'discord'])
    expect(await readerOf(db, 'u1', { provider: 'discord', address: 'discord-chat' })).toEqual({
      subject: 'u1-on-discord',
      timeZone: 'Europe/Amsterdam',
      language: null,
      inPrivate: true,
    })
    // A place that they chose for alerts, on a platform where they have no chat any more.
    expect(await readerOf(db, 'u1', { provider: 'slack', address: 'T1:C7' })).toEqual({
      subject: '',
      timeZone: 'Europe/Amsterdam',
      language: null,
      inPrivate: false,
    })
  })
})
