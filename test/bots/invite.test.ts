// Inviting others by a link, and coming by one.
import { asc, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { forgetUser, mergeUsers } from '../../src/db/accounts.ts'
import { referralsBy } from '../../src/db/referrals.ts'
import { findUser } from '../../src/db/users.ts'
import { referralCodes, referrals } from '../../src/db/schema.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines } from '../support/world.ts'
import { createMemoryChat, type Person } from './support/memory-chat.ts'
import { sceneOn, type Scene } from './support/scene.ts'

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

describe('an invitation', async () => {
  const { open } = await postgresDatabases()
  const begin = async (): Promise<Scene> => sceneOn(createWorld(await open(), machines), createMemoryChat('telegram'))
  const inviteOf = async (person: Person): Promise<string> => {
    await person.says('/invite')
    return /start ref_[a-z0-9]{8}/.exec(person.sees())?.[0] ?? 'no invitation'
  }
  const idOf = async ({ world }: Scene, subject: string): Promise<string> =>
    (await findUser(world.database.db, { provider: 'telegram', subject }))?.userId ?? 'nobody'
  const whoCame = ({ world }: Scene) => world.database.db.select().from(referrals).orderBy(asc(referrals.cameAt))

  test('stays the same, counts who is new, and greets them like everybody', async () => {
    const scene = await begin()
    const { ann } = scene
    const words = await inviteOf(ann)
    expect(ann.sees()).toContain('Nobody came by it yet.')
    const ben = scene.person('ben')
    await ben.says(words)
    expect(ben.sees()).toContain('Hi! I set up and look after your own OpenClaw')
    await scene.person('cleo').says(`/${words.toUpperCase().replace('START', 'start')} `)
    expect(await inviteOf(ann)).toBe(words)
    expect(ann.sees()).toContain('2 people came by it so far.')
    expect(await scene.world.database.db.$count(referralCodes)).toBe(1)
  })

  test('is nothing for oneself, for somebody who came by another, who has an assistant, or who is no longer new', async () => {
    const scene = await begin()
    const { db } = scene.world.database
    const [ben, cleo, dan] = ['ben', 'cleo', 'dan'].map((one) => scene.person(one))
    expect.assert(ben !== undefined && cleo !== undefined && dan !== undefined)
    const words = await inviteOf(scene.ann)
    await scene.ann.says(words)
    expect(await whoCame(scene)).toEqual([])
    await ben.says(words)
    await ben.says(await inviteOf(cleo))
    expect(await whoCame(scene)).toMatchObject([{ userId: await idOf(scene, 'ben'), referrerId: await idOf(scene, 'ann') }])
    await db.execute(sql`update users set created_at = now() - interval '2 days' where id = ${await idOf(scene, 'cleo')}`)
    await cleo.says(words)
    await dan.says('/deploy dan-claw ams')
    await dan.presses('Anthropic (Claude)')
    await dan.says(`sk-ant-api03-${'a'.repeat(60)}x4Qe`)
    await dan.presses('Launch')
    await dan.says(words)
    await scene.person('eve').says('/start ref_00000000')
    expect(await whoCame(scene)).toHaveLength(1)
  })

  test('opened in the middle of a question, it asks that again', async () => {
    const scene = await begin()
    const words = await inviteOf(scene.person('ben'))
    await scene.ann.says('/deploy')
    const asked = scene.ann.sees()
    await scene.ann.says(words)
    expect(scene.ann.sees()).toBe(asked)
    expect(await whoCame(scene)).toHaveLength(1)
  })

  test('lives on when two accounts become one, where nobody came by their own; and ends with its person', async () => {
    const scene = await begin()
    const { db } = scene.world.database
    const [ben, cleo] = [scene.person('ben'), scene.person('cleo')]
    const words = await inviteOf(scene.ann)
    await ben.says(words)
    const bens = await inviteOf(ben)
    await cleo.says(bens)
    const [ann, other] = [await idOf(scene, 'ann'), await idOf(scene, 'ben')]
    await db.transaction((tx) => mergeUsers(tx, { from: other, into: ann }))
    expect(await whoCame(scene)).toMatchObject([{ userId: await idOf(scene, 'cleo'), referrerId: ann }])
    await scene.person('dan').says(bens)
    expect(await referralsBy(db, ann)).toBe(2)
    await db.transaction((tx) => forgetUser(tx, ann))
    expect(await whoCame(scene)).toEqual([])
    expect(await db.$count(referralCodes)).toBe(0)
  })
})
