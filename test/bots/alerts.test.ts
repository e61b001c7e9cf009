// /alerts as people use it: the view, its buttons and questions, from private chats and shared places, and who may.
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Inbound } from '../../src/bots/core/face.ts'
import { formOf, problemsOf } from '../../src/bots/core/form.ts'
import { inLanguage } from '../../src/bots/core/language.ts'
import { alertHoursOf, alertSettingsOf } from '../../src/db/alerts.ts'
import { auditLog } from '../../src/db/schema.ts'
import { findUser, userFor } from '../../src/db/users.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines } from '../support/world.ts'
import { createMemoryChat, type MemoryChat } from './support/memory-chat.ts'
import { sceneOn, type Scene } from './support/scene.ts'
import { assistant, over, raise } from './support/trouble.ts'

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

type Stage = Scene & { id: string; userId: string; said(what: Partial<Inbound> & { kind: 'text' | 'press' | 'form' }): Promise<void> }
const room = { id: 'group:-1007', kind: 'group', title: 'Ops', address: '-1007' } as const
const topic = { id: 'topic:-1007:12', kind: 'topic', title: 'Ops › Alerts', address: '-1007:12' } as const
const server = { id: 'server:9', kind: 'server', title: 'Nine', address: null } as const

describe('/alerts', async () => {
  const { open } = await postgresDatabases()

  async function stage(options: { chat?: MemoryChat; timeZone?: string | null } = {}): Promise<Stage> {
    const chat = options.chat ?? createMemoryChat('telegram')
    const scene = sceneOn(createWorld(await open(), machines), chat)
    const { provider } = chat.face
    const visitor = { provider, subject: 'ann', displayName: 'Ann', chat: 'ann', timeZone: options.timeZone === undefined ? 'UTC' : options.timeZone }
    const { db } = scene.world.database
    const { userId } = await userFor(db, visitor)
    const id = await assistant(db, userId)
    let count = 0
    const said: Stage['said'] = (what) => {
      count += 1
      const origin = { id: `said-${count}`, provider, subject: 'ann', displayName: 'Ann', chat: 'ann', place: 'dm', timeZone: null } as const
      return scene.router.handle({ ...origin, ...what } as Inbound, chat.face)
    }
    return { ...scene, id, userId, said }
  }
  const fields = (it: Stage): string[] => it.ann.sees().split('\n')
  const settings = (it: Stage) => alertSettingsOf(it.world.database.db, it.id)
  const hours = (it: Stage) => alertHoursOf(it.world.database.db, it.userId)

  test('says where and when trouble is told, and offers what can be changed', async () => {
    const it = await stage()
    await it.ann.says('/alerts')
    expect(fields(it)).toEqual([
      'How I tell you about my-claw',
      'Where: our private chat. To hear of it in a group or channel, add me there and say /alerts here in it',
      'Quiet hours: none: I tell you at any time',
      'Daily digest: off',
      'Snooze: off',
    ])
    expect(it.ann.labels()).toEqual(['Snooze 1 h', 'Quiet hours', 'Daily digest', 'Time zone'])
  })

  test('whoever has none is told so, and whoever has several is asked which', async () => {
    const it = await stage()
    await it.person('bob').says('/alerts')
    expect(it.chat.texts('bob').at(-1)).toContain('You have no assistant yet')
    await assistant(it.world.database.db, it.userId, 'red-claw')
    await it.ann.says('/alerts')
    expect(it.ann.labels()).toEqual(['my-claw', 'red-claw'])
    await it.ann.says('/alerts digest')
    await it.ann.presses('red-claw')
    expect(fields(it)[0]).toBe('How I tell you about red-claw')
    expect(await hours(it)).toMatchObject({ digestAt: 480 })
  })

  test('quiet hours are asked for one time after the other, and what is no time is said to be none', async () => {
    const it = await stage()
    await it.ann.says('/alerts')
    await it.ann.presses('Quiet hours')
    expect(it.ann.sees()).toContain('From when on shall I be quiet')
    await it.ann.says('late')
    expect(it.ann.sees()).toContain('That is no time of day. Write it like 22:00, 22 or 10 pm.')
    await it.ann.says('10 pm')
    expect(it.ann.sees()).toContain('And until when?')
    await it.ann.says('22')
    expect(it.ann.sees()).toContain('I would never tell you anything')
    await it.ann.says('7')
    expect(it.ann.sees()).toContain('Quiet hours: from 22:00 to 07:00 (UTC)')
    expect(await hours(it)).toMatchObject({ quiet: { from: 1_320, to: 420 } })
    await it.ann.presses('No quiet hours')
    expect(await hours(it)).toMatchObject({ quiet: null })
  })

  test('they can be said in one go', async () => {
    const it = await stage()
    for (const [typed, quiet] of [
      ['22-7', { from: 1_320, to: 420 }],
      ['10 pm to 6:30 am', { from: 1_320, to: 390 }],
      ['von 23 Uhr bis 7 Uhr', { from: 1_380, to: 420 }],
    ] as const) {
      await it.ann.says(`/alerts quiet ${typed}`)
      expect(await hours(it)).toMatchObject({ quiet })
    }
    await it.ann.says('/alerts my-claw quiet off')
    expect(await hours(it)).toMatchObject({ quiet: null })
    await it.ann.says('/alerts quiet')
    await it.ann.says('21:30-8')
    expect(await hours(it)).toMatchObject({ quiet: { from: 1_290, to: 480 } })
  })

  test('whose time zone is not known is asked for it first, by a city', async () => {
    const it = await stage({ timeZone: null })
    await it.said({ kind: 'text', text: '/alerts' })
    expect(it.ann.labels()).toContain('Set my time zone')
    await it.said({ kind: 'text', text: '/alerts digest 7:30' })
    expect(it.ann.sees()).toContain('Which city’s time is on your clock?')
    await it.said({ kind: 'text', text: 'Nowhere' })
    expect(it.ann.sees()).toContain('I do not know that place')
    await it.said({ kind: 'text', text: 'München' })
    expect(it.ann.sees()).toContain('Daily digest: every day at 07:30 (Berlin)')
    expect(await hours(it)).toMatchObject({ digestAt: 450, timeZone: 'Europe/Berlin' })
    await it.said({ kind: 'text', text: '/alerts zone New York' })
    expect(await hours(it)).toMatchObject({ digestAt: 450, timeZone: 'America/New_York' })
  })

  test('a question is left by its button and goes on after a restart', async () => {
    const it = await stage()
    await it.ann.says('/alerts quiet')
    await it.ann.says('22')
    const later = it.restarted()
    await later.ann.says('7')
    expect(await hours(it)).toMatchObject({ quiet: { from: 1_320, to: 420 } })
    await it.ann.says('/alerts quiet')
    await it.ann.presses('Cancel')
    expect(it.ann.sees()).toContain('Cancelled. I tell you about my-claw as before.')
    await it.ann.says('/alerts zone')
    await it.ann.says('/cancel')
    expect(it.ann.sees()).toContain('Cancelled.')
  })

  test('where there are forms, one asks for everything', async () => {
    const it = await stage({ chat: createMemoryChat('discord', { capabilities: { forms: 'modal' } }), timeZone: null })
    await it.said({ kind: 'text', text: '/alerts quiet' })
    const form = it.chat.messages.at(-1)?.view.form
    expect(form).toBe('quiet:zone')
    const shown = formOf('quiet:zone')
    expect.assert(shown !== null)
    expect(problemsOf(shown, { from: 'late', to: '7', zone: 'Nowhere' })).toEqual({
      from: 'That is no time of day. Write it like 22:00, 22 or 10 pm.',
      zone: expect.stringContaining('I do not know that place'),
    })
    await it.said({ kind: 'form', form: 'quiet:zone', values: { from: '22', to: '22:00', zone: 'Berlin' } })
    expect(it.ann.sees()).toContain('I would never tell you anything')
    await it.said({ kind: 'form', form: 'quiet:zone', values: { from: '22', to: '7 am', zone: 'Berlin' } })
    expect(await hours(it)).toEqual({ quiet: { from: 1_320, to: 420 }, digestAt: null, timeZone: 'Europe/Berlin' })
    await it.said({ kind: 'form', form: 'quiet', values: { from: '1', to: '2' } })
    expect(await hours(it)).toMatchObject({ quiet: { from: 1_320, to: 420 } })
  })

  test('said in a shared place it makes that the place, and in private it leads there', async () => {
    const it = await stage({ chat: createMemoryChat('discord', { capabilities: { privateReplies: true } }) })
    await it.said({ kind: 'text', text: '/alerts', place: 'group', rooms: [topic, room, server] })
    expect(it.ann.labels()[0]).toBe('Here')
    await it.said({ kind: 'press', button: it.ann.idOf('Here'), place: 'group', rooms: [topic, room, server] })
    expect(await settings(it)).toMatchObject({ place: { provider: 'discord', address: '-1007:12', title: 'Ops › Alerts' } })
    expect(it.ann.labels()).not.toContain('Here')
    expect(fields(it)).toContain('Where: Ops › Alerts on Discord')
    await raise(it.world.database.db, { userId: it.userId, instanceId: it.id })
    await it.news()
    expect(it.chat.texts('-1007:12')).toEqual([expect.stringMatching(/^🔴 my-claw stopped by itself/u)])
    await it.ann.says('/alerts here')
    expect(it.ann.sees()).toContain('This is our private chat.')
    expect(await settings(it)).toMatchObject({ place: { address: '-1007:12' } })
    await it.ann.says('/alerts private')
    expect(await settings(it)).toMatchObject({ place: null })
  })

  test('a place is one that the person is in, whatever is asked for', async () => {
    const it = await stage()
    const actor = { provider: 'telegram', subject: 'ann', userId: it.userId, chat: 'ann', rooms: [room.id] }
    const change = { kind: 'place', room: topic.id, address: topic.address, title: topic.title }
    expect(await it.world.actions.perform('set-alerts', { instance: it.id, change }, actor)).toMatchObject({ ok: false, reason: 'bad-input' })
    expect(await settings(it)).toMatchObject({ place: null })
  })

  test('the incident’s own message shows its snooze and ends it, and is not pressed by others', async () => {
    const it = await stage()
    const who = { userId: it.userId, instanceId: it.id }
    await raise(it.world.database.db, who)
    await it.news()
    const [message] = it.chat.messages
    const press = it.ann.idOf('Snooze 1 h')
    await it.person('bob').pressesId(press, message?.ref)
    expect(it.chat.texts('bob')).toEqual(['That button is for the person I wrote it to. Nothing happened.'])
    expect(await settings(it)).toMatchObject({ snoozedUntil: null })
    await it.ann.presses('Snooze 1 h')
    await it.news()
    expect(it.chat.messages.filter((one) => one.chat === 'ann')).toHaveLength(1)
    expect(it.ann.sees()).toContain('Snoozed until')
    await it.ann.presses('End snooze')
    await it.news()
    expect(it.ann.sees()).not.toContain('Snoozed until')
    await over(it.world.database.db, who)
    await it.news()
    await it.ann.pressesId(press, message?.ref)
    expect(it.ann.sees()).toContain('Snoozed: until')
  })

  test('buttons of an incident act on the assistant that it is about, also after it was renamed', async () => {
    const it = await stage()
    await raise(it.world.database.db, { userId: it.userId, instanceId: it.id })
    await it.news()
    const restart = it.ann.idOf('Restart')
    await it.world.database.db.execute(sql`update instances set name = 'red-claw' where id = ${it.id}`)
    await it.person('bob').pressesId(restart)
    expect((await it.world.row(it.id)).restartGeneration).toBe(0)
    expect(it.chat.texts('bob').at(-1)).toContain('That button is for the person I wrote it to.')
    await it.ann.pressesId(restart)
    expect(await it.world.row(it.id)).toMatchObject({ restartGeneration: 1, operationKind: 'restart' })
    await it.ann.presses('Stop')
    expect(await it.world.row(it.id)).toMatchObject({ power: 'off', operationKind: 'stop' })
  })

  test('every change is in the audit log with who made it', async () => {
    const it = await stage()
    await it.ann.says('/alerts digest on')
    await it.ann.says('/alerts quiet 22-7')
    const rows = await it.world.database.db.select().from(auditLog)
    expect(rows.map(({ actor, action, instanceId }) => [actor, action, instanceId])).toEqual([
      ['telegram:ann', 'set-alerts', it.id],
      ['telegram:ann', 'set-alerts', it.id],
    ])
  })

  test('is not a command twice, and its forms speak German', async () => {
    const it = await stage()
    await it.ann.says('/help')
    expect(it.ann.sees()).toContain('/alerts')
    expect(it.ann.sees()).not.toContain('/set-alerts')
    expect(inLanguage('de', () => formOf('quiet')?.fields.map((field) => field.label))).toEqual(['Von', 'Bis'])
    expect((await findUser(it.world.database.db, { provider: 'telegram', subject: 'ann' }))?.userId).toBe(it.userId)
  })
})
