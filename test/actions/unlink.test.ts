import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '../../src/actions/action.ts'
import { forgetOldAudit } from '../../src/db/accounts.ts'
import { createActionToken } from '../../src/db/action-tokens.ts'
import { rowsOf, type Db } from '../../src/db/connect.ts'
import { auditLog, identities, instanceEvents, instances, stagedApps, users, wizardSessions } from '../../src/db/schema.ts'
import { userFor } from '../../src/db/users.ts'
import { beginWizard } from '../../src/db/wizards.ts'
import { createAccounts, wholeDatabase, type Accounts } from '../support/accounts.ts'
import { postgresDatabases } from '../support/database.ts'
import { startMachines, type Machines } from '../support/world.ts'

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

const wish = { name: 'my-claw', region: 'ams', modelProvider: null }

describe.each([await postgresDatabases()])('leaving on $name', ({ open }) => {
  const begin = async (): Promise<Accounts> => createAccounts(await open(), machines)

  describe('unlinking', () => {
    async function together(): Promise<Accounts & { one: (actor: Actor) => Actor }> {
      const scene = await begin()
      await scene.linked()
      return { ...scene, one: (actor) => ({ ...actor, userId: scene.ann.userId }) }
    }
    const refOf = async (db: Db, subject: string): Promise<string> =>
      (await db.select({ ref: identities.ref }).from(identities).where(eq(identities.subject, subject)))[0]?.ref ?? ''

    it('an unlinked identity becomes somebody new, and its open questions and buttons die', async () => {
      const { world, db, ann, anna, at } = await together()
      await world.actions.perform('deploy', wish, ann)
      await beginWizard(db, { provider: 'discord', chat: anna.chat, subject: 'anna-9' }, { kind: 'rename', state: {}, ttlMinutes: 30 })
      await createActionToken(db, { provider: 'discord', subject: 'anna-9', verb: 'stop', args: ['my-claw'], ttlMinutes: 5 })
      const account = await refOf(db, 'anna-9')
      expect(await world.actions.perform('unlink', { account }, ann)).toMatchObject({ ok: true, value: { provider: 'discord', here: false } })
      expect(await db.$count(wizardSessions)).toBe(0)
      expect(await db.$count(sql`action_tokens`)).toBe(0)
      const anew = await at('discord', 'anna-9')
      expect(anew.userId).not.toBe(ann.userId)
      expect(await world.actions.perform('status', {}, anew)).toMatchObject({ ok: false, reason: 'no-instance' })
      expect(await world.actions.perform('status', {}, ann)).toMatchObject({ ok: true })
    })

    it('news of a job that was asked in the unlinked chat go to the one that stays', async () => {
      const { world, db, ann, anna, one } = await together()
      await world.actions.perform('deploy', wish, one(anna))
      await world.actions.perform('unlink', { account: await refOf(db, 'anna-9') }, ann)
      await world.settle()
      const places = rowsOf<{ address: string; template: string }>(
        await db.execute(sql`select c.address, o.template from outbox o join chats c on c.id = o.chat_id where o.template <> 'link-request'`),
      )
      expect(places.map((row) => row.template).toSorted()).toEqual(['outcome', 'progress'])
      expect(new Set(places.map((row) => row.address))).toEqual(new Set([ann.chat]))
      expect(JSON.stringify(await db.select().from(instanceEvents))).not.toContain(anna.chat)
    })

    it('never parts the last identity, also when two are unlinked at once', async () => {
      const { world, db, ann, anna, one } = await together()
      const refs = [await refOf(db, 'anna-9'), await refOf(db, 'ann-7')]
      const results = await Promise.all([
        world.actions.perform('unlink', { account: refs[0] }, ann),
        world.actions.perform('unlink', { account: refs[1] }, one(anna)),
      ])
      expect(results.filter((result) => result.ok)).toHaveLength(1)
      expect(await db.$count(identities)).toBe(1)
      const [left] = await db.select().from(identities)
      const last = left?.subject === 'ann-7' ? ann : one(anna)
      expect(await world.actions.perform('unlink', { account: left?.ref }, last)).toMatchObject({ reason: 'last-account' })
    })

    it('parts only what is the person’s own', async () => {
      const { world, db, ann, at } = await together()
      await at('slack', 'bob')
      expect(await world.actions.perform('unlink', { account: await refOf(db, 'bob') }, ann)).toMatchObject({ reason: 'unknown-account' })
      expect(await db.$count(identities)).toBe(3)
    })

    it('an identity that was parted at this very moment no longer acts for the account', async () => {
      const { world, db, ann, anna, one } = await together()
      await world.actions.perform('unlink', { account: await refOf(db, 'anna-9') }, ann)
      expect(await world.actions.perform('link', {}, one(anna))).toMatchObject({ reason: 'account-changed' })
      expect(await world.actions.perform('forget-me', { confirm: 'forget me' }, one(anna))).toMatchObject({ reason: 'account-changed' })
      expect(await db.$count(identities)).toBe(1)
    })
  })

  describe('forgetting', () => {
    it('leaves nothing of the person in any table, and only nameless rows of what was done', async () => {
      const scene = await begin()
      const { world, db, at } = scene
      const cora = await at('slack', 'planted-subject', 'Planted Name')
      await userFor(db, { provider: 'slack', subject: 'other', displayName: 'Other', chat: 'chat-of-other', timeZone: 'Europe/Paris' })
      await world.actions.perform('deploy', { ...wish, name: 'planted-claw' }, cora)
      await world.settle()
      await world.actions.perform('rename', { instance: 'planted-claw', name: 'planted-two' }, cora)
      await world.actions.perform('destroy', { confirm: 'planted-two' }, cora)
      await world.settle()
      await scene.step(scene.ann, { code: await scene.codeOf(cora) })
      await beginWizard(db, { provider: 'slack', chat: cora.chat, subject: cora.subject }, { kind: 'forget-me', state: {}, ttlMinutes: 30 })
      await createActionToken(db, { provider: 'slack', subject: cora.subject, verb: 'deploy', args: ['planted-three'], ttlMinutes: 5 })
      expect(await wholeDatabase(db)).toMatch(/planted-subject/)
      expect(await world.actions.perform('forget-me', { confirm: ' Forget Me ' }, cora)).toMatchObject({ ok: true })
      expect(await wholeDatabase(db)).not.toMatch(/planted/i)
      const rows = await db.select().from(auditLog).where(eq(auditLog.userId, cora.userId)).orderBy(auditLog.id)
      expect(rows.map(({ actor, action, outcome, input }) => ({ actor, action, outcome, input }))).toEqual(
        ['deploy', 'rename', 'destroy', 'link', 'forget-me'].map((action) => ({ actor: 'forgotten', action, outcome: 'done', input: {} })),
      )
      expect(await db.$count(identities)).toBe(3)
      expect(await userFor(db, { provider: 'slack', subject: cora.subject, displayName: '', chat: cora.chat })).toMatchObject({ isNew: true })
    })

    it('takes all identities of the person, also one that was linked', async () => {
      const scene = await begin()
      await scene.linked()
      await scene.world.actions.perform('forget-me', { confirm: 'forget me' }, scene.ann)
      expect(await wholeDatabase(scene.db)).not.toMatch(/ann-7|anna-9|"Ann"|"Anna"/)
    })

    it('is refused while an assistant is there, even one that is being destroyed', async () => {
      const { world, ann, db } = await begin()
      await world.actions.perform('deploy', wish, ann)
      expect(await world.actions.perform('forget-me', { confirm: 'forget me' }, ann)).toMatchObject({
        reason: 'instances-present',
        names: ['my-claw'],
        leaving: [],
      })
      await world.actions.perform('destroy', { confirm: 'my-claw' }, ann)
      expect(await world.actions.perform('forget-me', { confirm: 'forget me' }, ann)).toMatchObject({ names: [], leaving: ['my-claw'] })
      expect(await db.$count(identities)).toBe(2)
      await world.settle()
      expect(await world.actions.perform('forget-me', { confirm: 'forget me' }, ann)).toMatchObject({ ok: true })
    })

    it('wants the words', async () => {
      const { world, ann, db } = await begin()
      expect(await world.actions.perform('forget-me', { confirm: 'yes' }, ann)).toMatchObject({ reason: 'forget-mismatch', words: 'forget me' })
      expect(await db.$count(identities)).toBe(2)
    })

    it('what was under way from another chat makes nothing for somebody who was forgotten', async () => {
      const { world, ann, db } = await begin()
      await world.actions.perform('forget-me', { confirm: 'forget me' }, ann)
      await expect(world.actions.perform('deploy', wish, ann)).rejects.toBeInstanceOf(Error)
      expect(await db.$count(instances)).toBe(0)
      expect((await db.select().from(users)).map((one) => one.id)).not.toContain(ann.userId)
    })

    it('lets what was pasted for an assistant that was never made expire at once', async () => {
      const { world, ann, db } = await begin()
      await db.insert(stagedApps).values({ instanceId: 'draftdraft', userId: ann.userId, expiresAt: sql`now() + interval '1 hour'` })
      await world.actions.perform('forget-me', { confirm: 'forget me' }, ann)
      expect(await db.$count(stagedApps, sql`expires_at <= now()`)).toBe(1)
    })

    it('the list of what was done ends after a year', async () => {
      const { world, ann, db } = await begin()
      await world.actions.perform('link', {}, ann)
      await db.update(auditLog).set({ at: sql`now() - interval '366 days'` })
      await world.actions.perform('link', {}, ann)
      expect(await forgetOldAudit(db, 365)).toBe(1)
      expect(await db.$count(auditLog)).toBe(1)
    })
  })
})
