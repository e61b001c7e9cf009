import { eq, sql } from 'drizzle-orm'
import { describe, expect, it } from 'vitest'
import { isUniqueViolation, type Db } from '../../src/db/connect.ts'
import { chats, identities, incidents, instanceEvents, instances, outbox, secretNames, users } from '../../src/db/schema.ts'
import { testDatabases } from '../support/database.ts'

type NewInstance = typeof instances.$inferInsert

function instance(fields: Partial<NewInstance>): NewInstance {
  return { id: 'abcdefgh', userId: 'ada', name: 'my-claw', slot: 1, plan: 'starter', region: 'fra', image: 'gateway:stub', ...fields }
}

/** The code and the constraint of what the database answered. */
async function refusal(work: Promise<unknown>): Promise<{ code: unknown; constraint: unknown } | 'accepted'> {
  try {
    await work
    return 'accepted'
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined
    return typeof cause === 'object' && cause !== null && 'code' in cause && 'constraint' in cause
      ? { code: cause.code, constraint: cause.constraint }
      : Promise.reject(error)
  }
}

describe.each(await testDatabases())('constraints on $name', ({ open }) => {
  async function withUsers(): Promise<Db> {
    const { db } = await open()
    await db.insert(users).values([{ id: 'ada' }, { id: 'bob' }])
    return db
  }

  it('one active name per user; it is free again as soon as deletion is asked for', async () => {
    const db = await withUsers()
    await db.insert(instances).values(instance({}))
    await db.insert(instances).values(instance({ id: 'bcdefghj', userId: 'bob' }))
    const again = instance({ id: 'cdefghjk', slot: 2 })
    expect(await refusal(db.insert(instances).values(again))).toStrictEqual({ code: '23505', constraint: 'instances_active_name' })
    await db
      .update(instances)
      .set({ deleteRequestedAt: new Date(0) })
      .where(eq(instances.id, 'abcdefgh'))
    expect(await refusal(db.insert(instances).values(again))).toBe('accepted')
  })

  it('two deployments at once into one slot: exactly one wins, and the other is told apart from other failures', async () => {
    const db = await withUsers()
    const deploy = (id: string, name: string): Promise<unknown> =>
      db.transaction((tx) => tx.insert(instances).values(instance({ id, name })).returning())
    const results = await Promise.allSettled([deploy('abcdefgh', 'first'), deploy('bcdefghj', 'second')])
    const lost = results.filter((result) => result.status === 'rejected')
    expect(lost).toHaveLength(1)
    expect(isUniqueViolation(lost[0]?.reason)).toBe(true)
    expect(isUniqueViolation(lost[0]?.reason, 'instances_active_slot')).toBe(true)
    expect(isUniqueViolation(lost[0]?.reason, 'instances_active_name')).toBe(false)
    expect(await db.$count(instances)).toBe(1)
  })

  it('no two instances share a machine or a volume', async () => {
    const db = await withUsers()
    await db.insert(instances).values(instance({ machineId: 'm1', volumeId: 'v1' }))
    const other = { id: 'bcdefghj', name: 'other', slot: 2 }
    expect(await refusal(db.insert(instances).values(instance({ ...other, machineId: 'm1' })))).toMatchObject({
      constraint: 'instances_machine_id_key',
    })
    expect(await refusal(db.insert(instances).values(instance({ ...other, volumeId: 'v1' })))).toMatchObject({
      constraint: 'instances_volume_id_key',
    })
  })

  it.each([
    ['a name of two letters', { name: 'ab' }],
    ['a name of 31 letters', { name: 'a'.repeat(31) }],
    ['a name that starts with a digit', { name: '1abc' }],
    ['a name that ends with a hyphen', { name: 'abc-' }],
    ['an id with capitals', { id: 'ABCDEFGH' }],
    ['slot 0', { slot: 0 }],
    ['slot 101', { slot: 101 }],
    ['an unknown plan', { plan: 'gold' }],
    ['an unknown power', { power: 'standby' }],
    ['an operation without its kind', { operationId: 'op' }],
    ['a tombstone that nobody asked for', { destroyedAt: new Date(0) }],
  ])('refuses an instance with %s', async (_what, fields: Partial<NewInstance>) => {
    const db = await withUsers()
    expect(await refusal(db.insert(instances).values(instance(fields)))).toMatchObject({ code: '23514' })
  })

  it('an instance, an identity and a message belong to somebody who exists', async () => {
    const db = await withUsers()
    const [chat] = await db.insert(chats).values({ provider: 'terminal', address: 'a' }).returning()
    expect(await refusal(db.insert(instances).values(instance({ userId: 'eve' })))).toMatchObject({ code: '23503' })
    expect(await refusal(db.insert(identities).values({ provider: 'terminal', subject: 'x', userId: 'eve', chat: 'a' }))).toMatchObject({
      code: '23503',
    })
    expect(await refusal(db.insert(outbox).values({ chatId: chat?.id ?? 0, userId: 'eve', key: 'k', template: 't' }))).toMatchObject({
      code: '23503',
    })
  })

  it('one person per platform account, one queue per chat, one message per key', async () => {
    const db = await withUsers()
    const [chat] = await db.insert(chats).values({ provider: 'terminal', address: 'a' }).returning()
    const message = { chatId: chat?.id ?? 0, userId: 'ada', key: 'live:abcdefgh', template: 't' }
    await db.insert(outbox).values(message)
    await db.insert(identities).values({ provider: 'terminal', subject: 'x', userId: 'ada', chat: 'a' })
    expect(await refusal(db.insert(outbox).values(message))).toMatchObject({ constraint: 'outbox_key_key' })
    expect(await refusal(db.insert(chats).values({ provider: 'terminal', address: 'a' }))).toMatchObject({ constraint: 'chats_provider_address_key' })
    expect(await refusal(db.insert(identities).values({ provider: 'terminal', subject: 'x', userId: 'bob', chat: 'b' }))).toMatchObject({
      constraint: 'identities_pkey',
    })
  })

  it('an event with a once key happens once, one without it as often as it happens', async () => {
    const db = await withUsers()
    await db.insert(instances).values(instance({}))
    const event = { instanceId: 'abcdefgh', kind: 'live' }
    await db.insert(instanceEvents).values([event, event, { ...event, once: 'live:1' }])
    expect(await refusal(db.insert(instanceEvents).values({ ...event, once: 'live:1' }))).toMatchObject({ code: '23505' })
    expect(await db.$count(instanceEvents)).toBe(3)
  })

  it('one open incident of a kind per instance; a closed one makes room', async () => {
    const db = await withUsers()
    await db.insert(instances).values(instance({}))
    const incident = { instanceId: 'abcdefgh', kind: 'unhealthy' }
    await db.insert(incidents).values({ id: 'i1', ...incident })
    expect(await refusal(db.insert(incidents).values({ id: 'i2', ...incident }))).toMatchObject({ constraint: 'incidents_open' })
    await db.update(incidents).set({ closedAt: sql`now()` })
    expect(await refusal(db.insert(incidents).values({ id: 'i2', ...incident }))).toBe('accepted')
  })

  it('a secret is stored by name with at most four of its characters', async () => {
    const { db } = await open()
    const secret = { instanceId: 'abcdefgh', name: 'OPENAI_API_KEY', fingerprint: 'f', last4: 'abcd', version: 1 }
    expect(await refusal(db.insert(secretNames).values({ ...secret, last4: 'abcde' }))).toMatchObject({ code: '23514' })
    expect(await refusal(db.insert(secretNames).values({ ...secret, name: 'openai' }))).toMatchObject({ code: '23514' })
    expect(await refusal(db.insert(secretNames).values(secret))).toBe('accepted')
  })
})
