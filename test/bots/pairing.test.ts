// Strangers who write to somebody's assistant: listed, let in and turned away in the control chat, with a gateway that is asked over its WebSocket.
import { request } from 'undici'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { addressOf } from '../../src/orchestrator/machine-config.ts'
import { rowsOf } from '../../src/db/connect.ts'
import { sql } from 'drizzle-orm'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines } from '../support/world.ts'
import { createMemoryChat } from './support/memory-chat.ts'
import { sceneOn, type Scene } from './support/scene.ts'

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

type Setting = Scene & { stranger(name: string): Promise<void>; id: string }

describe('who wants to write to an assistant', async () => {
  const { open } = await postgresDatabases()

  async function begin(): Promise<Setting> {
    const world = createWorld(await open(), machines, { image: 'gateway:stub' })
    const scene = sceneOn(world, createMemoryChat('telegram'))
    await scene.ann.says('/deploy my-claw ams')
    await scene.ann.presses('Skip for now')
    await scene.ann.presses('Launch')
    await world.settle()
    const [row] = rowsOf<{ id: string }>(await world.database.db.execute(sql`select id from instances`))
    const id = row?.id ?? ''
    const origin = new URL(addressOf(id, machines.server.addressTemplate))
    const post = (path: string) => request(`http://127.0.0.1:${origin.port}${path}`, { method: 'POST', headers: { host: origin.host } })
    const stranger = async (name: string): Promise<void> => {
      await expect.poll(async () => (await post(`/stub/stranger?name=${encodeURIComponent(name)}`)).statusCode, { timeout: 20_000 }).toBe(200)
    }
    return { ...scene, id, stranger }
  }

  test('is listed with names, let in with a tap, and turned away with another', async () => {
    const { ann, stranger } = await begin()
    await stranger('Ben *_[x](y)<b>')
    await stranger('Cleo')
    await ann.says('/pairing')
    expect(ann.sees()).toMatch(/^Who wants to write to my-claw\nBen \*_\[x\]\(y\)<b> \(1000\) on Telegram, at \d\d:\d\d.*; waits until/)
    expect(ann.labels()).toEqual(['Let Ben *_[x](y)<b> in', 'Turn Ben *_[x](y)<b> away', 'Let Cleo in', 'Turn Cleo away'])
    await ann.presses('Let Cleo in')
    expect(ann.sees()).toContain('They may write to my-claw now')
    await ann.presses('Who else waits')
    expect(ann.labels()).toEqual(['Let Ben *_[x](y)<b> in', 'Turn Ben *_[x](y)<b> away'])
    await ann.presses('Turn Ben *_[x](y)<b> away')
    expect(ann.sees()).toContain('Turned away')
    await ann.presses('Who else waits')
    expect(ann.sees()).toContain('Nobody waits to write to my-claw')
  })

  test('one who waits no more is said to, and a silent gateway as well', async () => {
    const { ann, stranger, world, id } = await begin()
    await stranger('Ben')
    await ann.says('/pairing')
    const args = { instance: id, channel: 'telegram', accountId: 'default', requestId: 'gone' }
    const actor = { provider: 'telegram', subject: 'ann', chat: 'ann', userId: (await world.row(id)).userId }
    expect(await world.actions.perform('admit', { ...args, decision: 'approve' }, actor)).toMatchObject({ ok: false, reason: 'guest-gone' })
    await ann.says('/stop')
    await world.settle()
    await ann.presses('Let Ben in')
    expect(ann.sees()).toContain('my-claw is stopped. Start it first.')
  })

  test('is nobody else’s to see or to decide', async () => {
    const scene = await begin()
    await scene.stranger('Ben')
    const eve = scene.person('eve')
    await eve.says('/pairing my-claw')
    expect(eve.sees()).not.toContain('Ben')
    await eve.says(`/pairing ${scene.id} approve telegram default x`)
    expect(eve.sees()).not.toContain('They may write')
    await scene.person('ann', { place: 'group', address: 'g' }).says('/pairing')
    expect(scene.chat.texts('g').join('')).not.toContain('Ben')
  })
})
