// How trouble is told: held while a person wants quiet, in the place that they chose, once, and nothing lost.
import { asc, eq } from 'drizzle-orm'
import { describe, expect, test } from 'vitest'
import { alertSettingsOf, endSnooze, setAlertPlace, setDigest, setQuietHours, setTimeZone, snoozeAlerts } from '../../src/db/alerts.ts'
import type { Db } from '../../src/db/connect.ts'
import { raiseIncident } from '../../src/db/incidents.ts'
import { alertHours, outbox } from '../../src/db/schema.ts'
import { postgresDatabases } from '../support/database.ts'
import { createMemoryChat, type MemoryChat } from './support/memory-chat.ts'
import {
  assistant,
  inTx,
  LONG_AGO,
  minuteFromNow,
  notifierOn,
  over,
  pausesPass,
  person,
  quietNow,
  raise,
  tick,
  timePasses,
} from './support/trouble.ts'

type Ann = { db: Db; chat: MemoryChat; who: { userId: string; instanceId: string }; drain(): Promise<void>; sees(): string[] }

async function ann(db: Db): Promise<Ann> {
  const chat = createMemoryChat('telegram')
  await person(db, 'ann', ['telegram'])
  const instanceId = await assistant(db, 'ann')
  const notifier = notifierOn(db, [chat])
  const drain = async (): Promise<void> => {
    await pausesPass(db)
    await notifier.drain()
  }
  return { db, chat, who: { userId: 'ann', instanceId }, drain, sees: () => chat.texts('ann') }
}

const labels = (chat: MemoryChat): string[] => (chat.messages.at(-1)?.view.actions ?? []).map((one) => one.label)
const owed = (db: Db): Promise<(typeof outbox.$inferSelect)[]> => db.select().from(outbox).orderBy(asc(outbox.id))

describe.each([await postgresDatabases()])('alerts on $name', ({ open }) => {
  test('trouble is one message with buttons that act, edited when it is over', async () => {
    const { db, chat, who, drain, sees } = await ann((await open()).db)
    await raise(db, who, 'out-of-memory')
    await drain()
    expect(sees()).toEqual([expect.stringMatching(/^🔴 my-claw ran out of memory/u)])
    expect(labels(chat)).toEqual(['Restart', 'Logs', 'Snooze 1 h', 'Stop'])
    await over(db, who)
    await drain()
    expect(sees()).toEqual([expect.stringMatching(/^🟢 my-claw is back .* It had run out of memory\. Pro has twice as much\.$/u)])
  })

  test('the third time in a week is told as such', async () => {
    const { db, who, drain, sees } = await ann((await open()).db)
    for (let time = 1; time <= 3; time += 1) {
      await raise(db, who, 'out-of-memory')
      await over(db, who)
      if (time < 3) await timePasses(db, 60 * 24)
    }
    await drain()
    expect(sees().at(-1)).toContain('It had run out of memory: the third time this week.')
    await timePasses(db, 60 * 24 * 8)
    await raise(db, who, 'out-of-memory')
    await drain()
    expect(sees().at(-1)).not.toContain('this week')
  })

  test('snoozed, nothing new is told; trouble that is still open then is told as it stands', async () => {
    const { db, chat, who, drain, sees } = await ann((await open()).db)
    await inTx(db, (tx) => snoozeAlerts(tx, who, 60))
    await raise(db, who)
    await drain()
    expect(chat.calls).toEqual([])
    await timePasses(db, 30)
    await drain()
    expect(chat.calls).toEqual([])
    await timePasses(db, 31)
    await tick(db)
    await drain()
    expect(sees()).toEqual([expect.stringMatching(/^🔴 my-claw stopped by itself/u)])
    expect(sees()[0]).not.toContain('Snoozed')
  })

  test('trouble that came and went while it was snoozed is not told at all', async () => {
    const { db, chat, who, drain } = await ann((await open()).db)
    await inTx(db, (tx) => snoozeAlerts(tx, who, 60))
    await raise(db, who)
    await drain()
    await over(db, who)
    await timePasses(db, 61)
    await tick(db)
    await drain()
    expect(chat.calls).toEqual([])
    expect((await owed(db)).map((row) => row.deliveredVersion === row.version)).toEqual([true])
  })

  test('an open message says until when it is snoozed, and still gets its end, in place', async () => {
    const { db, chat, who, drain, sees } = await ann((await open()).db)
    await raise(db, who)
    await drain()
    await inTx(db, (tx) => snoozeAlerts(tx, who, 60))
    await drain()
    expect(sees()).toEqual([expect.stringMatching(/Snoozed until \d\d:\d\d: until then I send you nothing new about it\.$/u)])
    expect(labels(chat)).toContain('End snooze')
    await over(db, who)
    await drain()
    expect(sees()).toEqual([expect.stringMatching(/^🟢 my-claw is back/u)])
    expect(chat.calls.map((call) => call.kind)).toEqual(['send', 'edit', 'edit'])
  })

  test('a snooze that is over takes its message along to the end of the chat', async () => {
    const { db, chat, who, drain, sees } = await ann((await open()).db)
    await raise(db, who)
    await drain()
    await inTx(db, (tx) => snoozeAlerts(tx, who, 60))
    await drain()
    const [first] = chat.messages
    await timePasses(db, 61)
    await tick(db)
    await tick(db)
    await drain()
    expect(chat.deleted).toEqual([first?.ref])
    expect(chat.calls.map((call) => call.kind)).toEqual(['send', 'edit', 'send'])
    expect(sees().at(-1)).not.toContain('Snoozed')
  })

  test('ended early, a snooze lets out at once what it held', async () => {
    const { db, chat, who, drain, sees } = await ann((await open()).db)
    await inTx(db, (tx) => snoozeAlerts(tx, who, 60))
    await raise(db, who)
    await drain()
    await inTx(db, (tx) => endSnooze(tx, who))
    await drain()
    expect(sees()).toEqual([expect.stringMatching(/^🔴 my-claw stopped by itself/u)])
    expect(chat.calls).toHaveLength(1)
  })

  test('in quiet hours nothing new is told, and other messages are not kept waiting by it', async () => {
    const { db, chat, who, drain, sees } = await ann((await open()).db)
    await quietNow(db, 'ann')
    await raise(db, who)
    await drain()
    expect(chat.calls).toEqual([])
    const second = { userId: 'ann', instanceId: await assistant(db, 'ann', 'red-claw') }
    await setQuiet(db, null)
    await raise(db, second)
    await quietNow(db, 'ann')
    await timePasses(db, 61)
    await drain()
    expect(sees()).toEqual([expect.stringMatching(/^🔴 my-claw/u), expect.stringMatching(/^🔴 red-claw/u)])
  })

  test('when the quiet hours end, open trouble is told as it stands, and what is over in one short message', async () => {
    const { db, chat, who, drain, sees } = await ann((await open()).db)
    const red = { userId: 'ann', instanceId: await assistant(db, 'ann', 'red-claw') }
    const blue = { userId: 'ann', instanceId: await assistant(db, 'ann', 'blue-claw') }
    await quietNow(db, 'ann')
    for (const one of [who, red, blue]) await raise(db, one)
    await drain()
    for (const one of [red, blue]) await over(db, one)
    await drain()
    expect(chat.calls).toEqual([])
    await timePasses(db, 61)
    await drain()
    expect(sees()).toEqual([
      expect.stringMatching(/^🔴 my-claw stopped by itself/u),
      expect.stringMatching(/^In the night, and over by now\nred-claw stopped by itself .*\nblue-claw stopped by itself .* and was back after/u),
    ])
    await drain()
    expect(chat.calls).toHaveLength(2)
  })

  test('a deployment that failed is told where it was asked for, after the quiet hours, also when it was cleaned up within them', async () => {
    const { db } = await open()
    const [telegram, discord] = [createMemoryChat('telegram'), createMemoryChat('discord')]
    await person(db, 'ann', ['telegram', 'discord'])
    const who = { userId: 'ann', instanceId: await assistant(db, 'ann') }
    const notifier = notifierOn(db, [telegram, discord])
    const fails = { ...who, kind: 'deploy-failed' as const, detail: { reason: 'quota' }, askedIn: { provider: 'discord', address: 'ann' } }
    await quietNow(db, 'ann')
    await inTx(db, (tx) => raiseIncident(tx, fails))
    await notifier.drain()
    await over(db, who)
    await notifier.drain()
    expect(discord.calls).toEqual([])
    await timePasses(db, 61)
    await notifier.drain()
    expect(discord.texts('ann')).toEqual([
      expect.stringMatching(/^🔴 my-claw was not set up\.\nOur account .*\nEverything that was made for it is removed, and nothing is charged\.$/u),
    ])
    expect(labels(discord)).toEqual(['Try again', 'How it works'])
    expect(telegram.calls).toEqual([])
  })

  test('a deployment that fails is one message, told in the place that was chosen', async () => {
    const { db, chat, who, drain } = await ann((await open()).db)
    await inTx(db, (tx) => setAlertPlace(tx, who, { provider: 'telegram', address: 'group:7', title: 'Ops' }))
    const askedIn = { provider: 'telegram', address: 'ann' }
    await inTx(db, (tx) => raiseIncident(tx, { ...who, kind: 'deploy-failed', detail: { reason: 'too-slow' }, askedIn }))
    await drain()
    expect(chat.texts('group:7')).toEqual([expect.stringMatching(/I am removing what was made for it; nothing is charged\.$/u)])
    await over(db, who)
    await drain()
    expect(chat.texts('group:7')).toEqual([expect.stringMatching(/Everything that was made for it is removed, and nothing is charged\.$/u)])
    expect(chat.texts('ann')).toEqual([])
    expect(chat.calls.map((call) => call.kind)).toEqual(['send', 'edit'])
  })

  test('quiet hours that are ended let out at once what they held', async () => {
    const { db, who, drain, sees } = await ann((await open()).db)
    await quietNow(db, 'ann')
    await raise(db, who)
    await drain()
    await setQuiet(db, null)
    await drain()
    expect(sees()).toEqual([expect.stringMatching(/^🔴 my-claw stopped by itself/u)])
  })

  test('told before the quiet hours, trouble gets its end within them', async () => {
    const { db, who, drain, sees } = await ann((await open()).db)
    await raise(db, who)
    await drain()
    await quietNow(db, 'ann')
    await over(db, who)
    await drain()
    expect(sees()).toEqual([expect.stringMatching(/^🟢 my-claw is back/u)])
  })

  test('it is told where the owner wants it, and elsewhere when that cannot be reached, which they are told once', async () => {
    const { db } = await open()
    const [telegram, discord] = [createMemoryChat('telegram'), createMemoryChat('discord')]
    await person(db, 'ann', ['telegram', 'discord'])
    const who = { userId: 'ann', instanceId: await assistant(db, 'ann') }
    await inTx(db, (tx) => setAlertPlace(tx, who, { provider: 'discord', address: 'channel:7', title: '#ops' }))
    const notifier = notifierOn(db, [telegram, discord])
    const drain = async (): Promise<void> => {
      await pausesPass(db)
      await notifier.drain()
    }
    await raise(db, who)
    await drain()
    expect(discord.texts('channel:7')).toHaveLength(1)
    await over(db, who)
    await timePasses(db, 60)
    discord.next = [
      { kind: 'sent', ref: discord.messages[0]?.ref ?? '' },
      { kind: 'undeliverable', why: 'Discord says: Missing Access (50001)' },
    ]
    await drain()
    await raise(db, who)
    await drain()
    await drain()
    expect(telegram.texts('ann')).toEqual([
      expect.stringMatching(/^🔴 my-claw stopped by itself/u),
      expect.stringMatching(/^🟡 I cannot reach #ops on Discord any more, where alerts about my-claw go: Discord says: Missing Access/u),
    ])
    expect(await alertSettingsOf(db, who.instanceId)).toMatchObject({ unreachable: 'Discord says: Missing Access (50001)' })
    const [, second] = (await owed(db)).filter((row) => row.template === 'incident')
    expect(second).toMatchObject({ lastError: 'discord: Discord says: Missing Access (50001)', givenUpAt: null })
    await over(db, who)
    await drain()
    await timePasses(db, 60)
    discord.next = [{ kind: 'undeliverable', why: 'Discord says: Missing Access (50001)' }]
    await raise(db, who)
    await drain()
    await drain()
    expect(telegram.texts('ann').filter((text) => text.includes('cannot reach'))).toHaveLength(1)
    expect(telegram.texts('ann').at(-1)).toMatch(/^🔴 my-claw/u)
    await timePasses(db, 60)
    await over(db, who)
    await timePasses(db, 60)
    await raise(db, who)
    await drain()
    expect(discord.texts('channel:7')).toHaveLength(2)
    expect(await alertSettingsOf(db, who.instanceId)).toMatchObject({ unreachable: null })
  })

  test('what waits goes along to another place', async () => {
    const { db, chat, who, drain } = await ann((await open()).db)
    await quietNow(db, 'ann')
    await raise(db, who)
    await drain()
    await inTx(db, (tx) => setAlertPlace(tx, who, { provider: 'telegram', address: '-1007:12', title: 'Ops' }))
    await timePasses(db, 61)
    await drain()
    expect(chat.texts('ann')).toEqual([])
    expect(chat.texts('-1007:12')).toEqual([expect.stringMatching(/^🔴 my-claw/u)])
  })

  test('the digest comes once a day, tells what happened, and late when it was missed', async () => {
    const { db, chat, who, drain, sees } = await ann((await open()).db)
    const at = await minuteFromNow(db, 30)
    await inTx(db, (tx) => setDigest(tx, 'ann', at))
    await tick(db)
    await drain()
    expect(chat.calls).toEqual([])
    await timePasses(db, 31)
    await tick(db)
    await tick(db)
    await drain()
    expect(sees()).toEqual(['A quiet day\n🟢 my-claw · live'])
    await raise(db, who)
    await drain()
    await over(db, who)
    await drain()
    await timePasses(db, 3 * 24 * 60)
    await tick(db)
    await tick(db)
    await drain()
    expect(sees().at(-1)).toMatch(/^The last 72 hours\n🟢 my-claw · live\nmy-claw stopped by itself at .* and was back after/u)
    expect(sees()).toHaveLength(3)
    const [hours] = await db.select().from(alertHours)
    expect(hours?.digestDueAt?.getTime()).toBeGreaterThan(Date.now())
  })

  test('with a digest, what was over before the morning is told there', async () => {
    const { db, who, drain, sees } = await ann((await open()).db)
    await quietNow(db, 'ann', 60)
    const at = await minuteFromNow(db, 90)
    await inTx(db, (tx) => setDigest(tx, 'ann', at))
    await raise(db, who)
    await drain()
    await over(db, who)
    await timePasses(db, 61)
    await drain()
    expect(sees()).toEqual([])
    await timePasses(db, 30)
    await tick(db)
    await drain()
    expect(sees()).toEqual([expect.stringMatching(/\nIn the night: my-claw stopped by itself at/u)])
  })

  test('a digest goes by the clock of the person’s time zone', async () => {
    const { db } = await ann((await open()).db)
    await inTx(db, (tx) => setTimeZone(tx, 'ann', 'Asia/Tokyo'))
    await inTx(db, (tx) => setDigest(tx, 'ann', 8 * 60))
    const due = async (): Promise<number | undefined> => (await db.select().from(alertHours))[0]?.digestDueAt?.getUTCHours()
    expect(await due()).toBe(23)
    await inTx(db, (tx) => setTimeZone(tx, 'ann', 'America/Phoenix'))
    expect(await due()).toBe(15)
  })
})

async function setQuiet(db: Db, quiet: { from: number; to: number } | null): Promise<void> {
  await inTx(db, (tx) => setQuietHours(tx, 'ann', quiet))
}

describe('a process that dies', async () => {
  const { open } = await postgresDatabases()

  test('between holding and telling, or while it tells, loses no trouble and doubles none', async () => {
    const { db, chat, who } = await ann((await open()).db)
    await quietNow(db, 'ann')
    await raise(db, who)
    await notifierOn(db, [chat], 'first').drain()
    await timePasses(db, 61)
    chat.next = [new Error('the process is gone')]
    await notifierOn(db, [chat], 'second').drain()
    expect(chat.texts('ann')).toEqual([])
    await pausesPass(db)
    await notifierOn(db, [chat], 'third').drain()
    await notifierOn(db, [chat], 'fourth').drain()
    expect(chat.texts('ann')).toEqual([expect.stringMatching(/^🔴 my-claw/u)])
  })
})

describe('several processes', async () => {
  const { open } = await postgresDatabases()

  test('send one digest and end a snooze once', async () => {
    const { db, chat, who, sees } = await ann((await open()).db)
    await raise(db, who)
    await notifierOn(db, [chat]).drain()
    await inTx(db, (tx) => snoozeAlerts(tx, who, 1))
    await inTx(db, (tx) => setDigest(tx, 'ann', 8 * 60))
    await timePasses(db, 2)
    await db.update(alertHours).set({ digestDueAt: LONG_AGO }).where(eq(alertHours.userId, 'ann'))
    const notifiers = ['one', 'two', 'three'].map((owner) => notifierOn(db, [chat], owner))
    await Promise.all(notifiers.map(() => tick(db)))
    await pausesPass(db)
    await Promise.all(notifiers.map((one) => one.drain()))
    await pausesPass(db)
    await Promise.all(notifiers.map((one) => one.drain()))
    expect(sees().filter((text) => text.startsWith('The last'))).toHaveLength(1)
    expect(chat.calls.filter((call) => call.kind === 'send')).toHaveLength(3)
    expect(chat.deleted).toHaveLength(1)
  })
})
