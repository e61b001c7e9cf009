import { describe, expect, test } from 'vitest'
import { createActionToken, forgetOldTokens, spendActionToken } from '../../src/db/action-tokens.ts'
import { acceptOnce, forgetOldEvents } from '../../src/db/inbox.ts'
import { actionTokens, inbox, wizardSessions } from '../../src/db/schema.ts'
import { beginWizard, endExpiredWizards, endWizard, placeWizardMessage, saveWizard, wizardAt } from '../../src/db/wizards.ts'
import { testDatabases } from '../support/database.ts'

const place = { provider: 'telegram', chat: '7', subject: '7' }

describe.each(await testDatabases())('conversations on $name', ({ open }) => {
  test('of two saves against one revision exactly one wins', async () => {
    const { db } = await open()
    const revision = await beginWizard(db, place, { kind: 'deploy', state: { step: 'name' }, ttlMinutes: 30 })
    const saved = await Promise.all(['a', 'b', 'c'].map((name) => saveWizard(db, place, { revision, state: { name }, ttlMinutes: 30 })))
    expect(saved.filter((one) => one !== null)).toEqual([revision + 1])
    const winner = ['a', 'b', 'c'][saved.findIndex((one) => one !== null)]
    expect(await wizardAt(db, place)).toMatchObject({ revision: revision + 1, state: { name: winner } })
  })

  test('a conversation that replaces another one is not mistaken for it', async () => {
    const { db } = await open()
    const first = await beginWizard(db, place, { kind: 'deploy', state: {}, ttlMinutes: 30 })
    const second = await beginWizard(db, place, { kind: 'destroy', state: {}, ttlMinutes: 30 })
    expect(second).toBeGreaterThan(first)
    expect(await saveWizard(db, place, { revision: first, state: {}, ttlMinutes: 30 })).toBeNull()
    expect(await endWizard(db, place, first)).toBe(false)
    await placeWizardMessage(db, place, { revision: second, messageRef: 'm1' })
    expect(await wizardAt(db, place)).toMatchObject({ kind: 'destroy', messageRef: 'm1' })
    expect(await endWizard(db, place, second)).toBe(true)
    expect(await wizardAt(db, place)).toBeNull()
  })

  test('a conversation whose time is over is not there, and is handed out once for cleaning up', async () => {
    const { db } = await open()
    await beginWizard(db, place, { kind: 'deploy', state: { draftId: 'd1' }, ttlMinutes: 30 })
    await db.update(wizardSessions).set({ expiresAt: new Date('2020-01-01T00:00:00Z') })
    expect(await wizardAt(db, place)).toBeNull()
    expect(await endExpiredWizards(db)).toMatchObject([{ ...place, state: { draftId: 'd1' } }])
    expect(await endExpiredWizards(db)).toEqual([])
  })

  test('an event is accepted once per source, however often it comes', async () => {
    const { db } = await open()
    const accepted = await Promise.all([1, 2, 3].map(() => acceptOnce(db, { source: 'telegram', eventId: '42' })))
    expect(accepted.filter(Boolean)).toHaveLength(1)
    expect(await acceptOnce(db, { source: 'discord', eventId: '42' })).toBe(true)
    await db.update(inbox).set({ receivedAt: new Date('2020-01-01T00:00:00Z') })
    expect(await forgetOldEvents(db, 7)).toBe(2)
  })

  test('a token works once, for its person, within its time', async () => {
    const { db } = await open()
    const token = { provider: 'telegram', subject: '7', verb: 'rename', args: ['my-claw', 'a:b'], ttlMinutes: 5 }
    const id = await createActionToken(db, token)
    expect(await spendActionToken(db, { id, provider: 'telegram', subject: '8' })).toEqual({ kind: 'not-yours' })
    const uses = await Promise.all([1, 2].map(() => spendActionToken(db, { id, provider: 'telegram', subject: '7' })))
    expect(uses.map((use) => use.kind).toSorted()).toEqual(['granted', 'used'])
    expect(uses.find((use) => use.kind === 'granted')).toEqual({ kind: 'granted', verb: 'rename', args: ['my-claw', 'a:b'] })
    expect(await spendActionToken(db, { id: 'nothing', provider: 'telegram', subject: '7' })).toEqual({ kind: 'unknown' })
    const late = await createActionToken(db, { ...token, ttlMinutes: 0 })
    expect(await spendActionToken(db, { id: late, provider: 'telegram', subject: '7' })).toEqual({ kind: 'expired' })
    await db.update(actionTokens).set({ expiresAt: new Date('2020-01-01T00:00:00Z') })
    await forgetOldTokens(db)
    expect(await db.select().from(actionTokens)).toEqual([])
  })
})
