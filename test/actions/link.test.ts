import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { auditLog, instances, linkRequests, outbox, users } from '../../src/db/schema.ts'
import { createAccounts, wholeDatabase, type Accounts } from '../support/accounts.ts'
import { postgresDatabases } from '../support/database.ts'
import { startMachines, type Machines } from '../support/world.ts'

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

const wish = { name: 'my-claw', region: 'ams', modelProvider: null }
const longAgo = new Date('2020-01-01T00:00:00Z')

describe.each([await postgresDatabases()])('linking on $name', ({ open }) => {
  const begin = async (): Promise<Accounts> => createAccounts(await open(), machines)

  it.each(['the maker first', 'the maker last'])('brings two identities together when both said yes, %s', async (order) => {
    const scene = await begin()
    const { ann, anna, db } = scene
    const { yes } = await scene.asked()
    const [first, second] = order === 'the maker first' ? [ann, anna] : [anna, ann]
    expect(await scene.step(first, yes)).toMatchObject({ kind: 'waiting' })
    expect(await scene.owners()).toEqual({ 'ann-7': ann.userId, 'anna-9': anna.userId })
    expect(await scene.step(second, yes)).toMatchObject({ kind: 'linked', other: { displayName: second === ann ? 'Anna' : 'Ann' } })
    expect(await scene.owners()).toEqual({ 'ann-7': ann.userId, 'anna-9': ann.userId })
    expect((await db.select().from(users)).map((one) => one.id)).toEqual([ann.userId])
  })

  it('links once when both say yes at once', async () => {
    const scene = await begin()
    const { yes } = await scene.asked()
    const steps = await Promise.all([scene.step(scene.ann, yes), scene.step(scene.anna, yes)])
    expect(steps.map((one) => one.kind).toSorted()).toEqual(['linked', 'waiting'])
    expect(new Set(Object.values(await scene.owners())).size).toBe(1)
    expect(await scene.db.$count(auditLog, eq(auditLog.outcome, 'merged'))).toBe(1)
  })

  it('a second yes of one side is no yes of the other', async () => {
    const scene = await begin()
    const { yes } = await scene.asked()
    await scene.step(scene.anna, yes)
    expect(await scene.step(scene.anna, yes)).toMatchObject({ kind: 'waiting' })
    expect(new Set(Object.values(await scene.owners())).size).toBe(2)
  })

  it('a no ends it for both', async () => {
    const scene = await begin()
    const { yes, no } = await scene.asked()
    await scene.step(scene.anna, yes)
    expect(await scene.step(scene.ann, no)).toMatchObject({ kind: 'declined' })
    expect(await scene.reasonOf(scene.anna, yes)).toBe('link-over')
    expect(await scene.reasonOf(scene.ann, yes)).toBe('link-over')
    expect(new Set(Object.values(await scene.owners())).size).toBe(2)
  })

  it('nobody else can answer', async () => {
    const scene = await begin()
    const { yes } = await scene.asked()
    const eve = await scene.at('slack', 'eve')
    await scene.step(scene.anna, yes)
    expect(await scene.reasonOf(eve, yes)).toBe('link-not-yours')
    expect(await scene.db.select().from(linkRequests)).toMatchObject([{ makerAgreed: false, takerAgreed: true, outcome: null }])
  })

  it('of two people who enter one code at once exactly one is asked', async () => {
    const scene = await begin()
    const code = await scene.codeOf(scene.ann)
    const bob = await scene.at('slack', 'bob')
    const outcomes = await Promise.all([scene.reasonOf(scene.anna, { code }), scene.reasonOf(bob, { code })])
    expect(outcomes.toSorted()).toEqual(['link-code-used', 'ok'])
    expect(await scene.db.$count(outbox, eq(outbox.template, 'link-request'))).toBe(1)
  })

  it('the same person may enter the code again while the question is open', async () => {
    const scene = await begin()
    const { code } = await scene.asked()
    expect(await scene.step(scene.anna, { code })).toMatchObject({ kind: 'asked', other: { provider: 'telegram', displayName: 'Ann' } })
  })

  it('reads a code however it is typed', async () => {
    const scene = await begin()
    const code = await scene.codeOf(scene.ann)
    expect(code).toMatch(/^[A-Z0-9]{4}-[A-Z0-9]{4}$/)
    expect(await scene.reasonOf(scene.anna, { code: ` ${code.toLowerCase().replace('-', ' ').replaceAll('0', 'o')} ` })).toBe('ok')
  })

  it('says of each code why it leads nowhere', async () => {
    const scene = await begin()
    const { ann, anna, db } = scene
    const code = await scene.codeOf(ann)
    expect(await scene.reasonOf(ann, { code })).toBe('link-own-code')
    expect(await scene.reasonOf(anna, { code: 'AAAA-AAAA' })).toBe('link-code-wrong')
    await db.update(linkRequests).set({ expiresAt: longAgo })
    expect(await scene.reasonOf(anna, { code })).toBe('link-code-expired')
    const { yes, code: second } = await scene.asked()
    await scene.step(ann, yes)
    await scene.step(anna, yes)
    expect(await scene.reasonOf({ ...anna, userId: ann.userId }, { code: second })).toBe('link-code-used')
    const third = await scene.codeOf(ann)
    expect(await scene.reasonOf({ ...anna, userId: ann.userId }, { code: third })).toBe('link-already')
  })

  it('a question that was left for too long links nothing', async () => {
    const scene = await begin()
    const { yes } = await scene.asked()
    await scene.step(scene.ann, yes)
    await scene.db.update(linkRequests).set({ expiresAt: sql`now()` })
    expect(await scene.reasonOf(scene.anna, yes)).toBe('link-over')
    expect(new Set(Object.values(await scene.owners())).size).toBe(2)
  })

  it('gives five codes an hour, to all identities of a person together', async () => {
    const scene = await begin()
    const { ann, anna, db } = scene
    const { yes } = await scene.asked()
    await scene.step(ann, yes)
    await scene.step(anna, yes)
    for (let n = 2; n <= 5; n += 1) await scene.codeOf(n % 2 === 0 ? ann : { ...anna, userId: ann.userId })
    expect(await scene.reasonOf(ann, {})).toBe('link-codes-limit')
    await db.update(linkRequests).set({ createdAt: sql`now() - interval '61 minutes'` })
    expect(await scene.reasonOf(ann, {})).toBe('ok')
  })

  it('looks at no more codes after five wrong ones in ten minutes, not even at a right one', async () => {
    const scene = await begin()
    const code = await scene.codeOf(scene.ann)
    for (let n = 2; n <= 6; n += 1) expect(await scene.reasonOf(scene.anna, { code: `AAAA-AAA${n}` })).toBe('link-code-wrong')
    expect(await scene.reasonOf(scene.anna, { code })).toBe('link-tries-limit')
    expect(await scene.reasonOf(await scene.at('slack', 'bob'), { code })).toBe('ok')
    await scene.db.update(auditLog).set({ at: sql`now() - interval '11 minutes'` })
    expect(await scene.reasonOf(scene.anna, { code: await scene.codeOf(scene.ann) })).toBe('ok')
  })

  it('keeps a code only as its hash, in every table', async () => {
    const scene = await begin()
    const { code } = await scene.asked()
    await scene.world.actions.perform('link', { code: 'WRQN-GCDE' }, scene.anna)
    const everything = (await wholeDatabase(scene.db)).toLowerCase()
    for (const planted of [code, code.replace('-', ''), 'WRQN-GCDE', 'WRQNGCDE']) expect(everything).not.toContain(planted.toLowerCase())
  })

  it.each(['the maker', 'the taker'])('whoever has an assistant stays: %s', async (owner) => {
    const scene = await begin()
    const { ann, anna, world, db } = scene
    const [stays, goes] = owner === 'the maker' ? [ann, anna] : [anna, ann]
    await world.actions.perform('deploy', wish, stays)
    await world.actions.perform('deploy', { ...wish, name: 'gone-claw' }, goes)
    await db.update(instances).set({ deleteRequestedAt: longAgo, destroyedAt: longAgo }).where(eq(instances.userId, goes.userId))
    await db.update(users).set({ plan: 'pro', timeZone: 'Europe/Berlin' }).where(eq(users.id, goes.userId))
    const { yes } = await scene.asked()
    await scene.step(ann, yes)
    await scene.step(anna, yes)
    expect(await scene.owners()).toEqual({ 'ann-7': stays.userId, 'anna-9': stays.userId })
    expect(await db.select().from(users)).toMatchObject([{ id: stays.userId, plan: 'pro', timeZone: 'Europe/Berlin' }])
    expect(await world.actions.perform('status', {}, { ...goes, userId: stays.userId })).toMatchObject({ ok: true, value: { name: 'my-claw' } })
    expect(await db.$count(auditLog, eq(auditLog.userId, goes.userId))).toBeGreaterThan(0)
  })

  it('refuses when both have assistants, and leaves the code usable', async () => {
    const scene = await begin()
    const { ann, anna, world, db } = scene
    await world.actions.perform('deploy', wish, ann)
    await world.actions.perform('deploy', wish, anna)
    const code = await scene.codeOf(ann)
    expect(await scene.reasonOf(anna, { code })).toBe('link-both-have-instances')
    await db.update(instances).set({ deleteRequestedAt: longAgo, destroyedAt: longAgo }).where(eq(instances.userId, anna.userId))
    expect(await scene.reasonOf(anna, { code })).toBe('ok')
  })

  it('refuses when the second assistant came between the two answers, and changes nothing', async () => {
    const scene = await begin()
    const { ann, anna, world, db } = scene
    const { yes } = await scene.asked()
    await world.actions.perform('deploy', wish, ann)
    await scene.step(ann, yes)
    await world.actions.perform('deploy', wish, anna)
    expect(await scene.reasonOf(anna, yes)).toBe('link-both-have-instances')
    expect(await scene.owners()).toEqual({ 'ann-7': ann.userId, 'anna-9': anna.userId })
    expect(await db.select().from(linkRequests)).toMatchObject([{ makerAgreed: true, takerAgreed: false, outcome: null }])
  })

  it('counts an assistant that is being destroyed: something of it is still at the provider', async () => {
    const scene = await begin()
    const { ann, anna, world } = scene
    await world.actions.perform('deploy', wish, ann)
    await world.actions.perform('deploy', wish, anna)
    await world.actions.perform('destroy', { confirm: 'my-claw' }, anna)
    expect(await scene.reasonOf(anna, { code: await scene.codeOf(ann) })).toBe('link-both-have-instances')
  })

  it('two people who link each other at once become one person', async () => {
    const scene = await begin()
    const { ann, anna } = scene
    const [mine, theirs] = [await scene.codeOf(ann), await scene.codeOf(anna)]
    const requests = [await scene.step(anna, { code: mine }), await scene.step(ann, { code: theirs })].map((one) =>
      one.kind === 'asked' ? one.requestId : '',
    )
    for (const request of requests) await scene.step(ann, { request, answer: 'yes' })
    await Promise.allSettled(requests.map((request) => scene.world.actions.perform('link', { request, answer: 'yes' }, anna)))
    expect(new Set(Object.values(await scene.owners())).size).toBe(1)
    expect(await scene.db.$count(users)).toBe(1)
  })
})
