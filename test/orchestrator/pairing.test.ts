import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { instanceById, storedOf, type Channel } from '../../src/db/instances.ts'
import { pairingOf, type Pairing } from '../../src/db/pairings.ts'
import { outbox } from '../../src/db/schema.ts'
import type { Actor } from '../../src/actions/action.ts'
import { faultCatalogue } from '../../src/local/faults.ts'
import { silentLog } from '../../src/lib/log.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'
import { createGateway } from '../../src/orchestrator/pairing/gateway.ts'
import { createPairings, type Pairings } from '../../src/orchestrator/pairing/pairing.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines, type World } from '../support/world.ts'
import { scannedPicture } from '../support/scan.ts'
import { visit } from '../local/harness.ts'

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterEach(() => machines.clearFaults())
afterAll(() => machines.close())

describe('pairing with WhatsApp', async () => {
  const { open } = await postgresDatabases()

  type Scene = {
    world: World
    ann: Actor
    id: string
    pairing(): Promise<Pairing>
    channels(): Promise<Channel[]>
    stub(path: string): Promise<number>
    restarted(): Pairings
  }

  async function begin(): Promise<Scene> {
    const world = createWorld(await open(), machines, { image: 'gateway:stub' })
    const { db } = world.database
    const ann = await world.actorOf('ann')
    const made = await world.actions.perform('deploy', { name: 'my-claw', region: 'ams', modelProvider: null }, ann)
    expect.assert(made.ok)
    await world.settle()
    const { id } = made.value.instance
    const quiet = (): void => undefined
    return {
      world,
      ann,
      id,
      async pairing() {
        const found = await pairingOf(db, id)
        expect.assert(found !== null)
        return found
      },
      async channels() {
        const row = await instanceById(db, id)
        return row === null ? [] : storedOf(row).channels
      },
      stub: async (path) => (await visit(machines.server, appNameOf(id), `/stub/${path}`, { method: 'POST' })).status,
      restarted: () =>
        createPairings({ db, gateway: createGateway({ fly: machines.fly }), clock: world.clock, log: silentLog, announced: quiet, changed: quiet }),
    }
  }

  /** As far as the code. */
  async function shown(scene: Scene, wanted: Record<string, unknown> = {}): Promise<void> {
    const asked = await scene.world.actions.perform('whatsapp', { what: 'pair', ...wanted }, scene.ann)
    expect.assert(asked.ok)
    await scene.world.settle()
    await reaches(scene, { state: 'showing', codes: 1 })
  }

  /** Turns until it is so: the practice gateway takes a moment to listen. */
  async function reaches(scene: Scene, wanted: Partial<Pairing>, pairings = scene.world.pairings): Promise<void> {
    let turns = 0
    const turned = async (): Promise<Pairing> => {
      turns += 1
      if (turns === 1) return scene.pairing()
      await scene.world.database.db.execute(sql`update pairings set due_at = now()`)
      await pairings.turn()
      return scene.pairing()
    }
    await expect.poll(turned, { timeout: 20_000 }).toMatchObject(wanted)
  }

  /** One turn that waits at the gateway, while something happens there. */
  async function during(scene: Scene, path: string, pairings = scene.world.pairings): Promise<void> {
    await scene.world.database.db.execute(sql`update pairings set due_at = now()`)
    const turning = pairings.turn()
    await expect.poll(() => scene.stub(path), { timeout: 10_000 }).toBe(200)
    await turning
  }

  test('puts WhatsApp into the settings only now, restarts with it, shows a code and the next one, and ends with the phone that scanned it', async () => {
    const scene = await begin()
    const { world } = scene
    expect(await scene.channels()).toEqual([])
    await shown(scene)
    expect(await scene.channels()).toEqual([{ id: 'whatsapp', owners: [] }])
    const first = scannedPicture(await world.pairings.codeOf(scene.id))
    expect(first).toMatch(/^practice code 1 /)
    await during(scene, 'next-code')
    await reaches(scene, { state: 'showing', codes: 2 })
    expect(scannedPicture(await world.pairings.codeOf(scene.id))).toMatch(/^practice code 2 /)
    await during(scene, 'scan')
    await reaches(scene, { state: 'paired' })
    expect(await world.pairings.codeOf(scene.id)).toBeNull()
    const [message] = await world.database.db
      .select()
      .from(outbox)
      .where(sql`template = 'pairing'`)
    expect(message).toMatchObject({ key: (await scene.pairing()).key, version: 4 })
    expect(JSON.stringify(await world.database.db.select().from(outbox))).not.toContain('practice code')
    expect(await world.pairings.turn()).toBe(0)
  }, 60_000)

  test('on the owner’s own number lets nobody else in; on one of its own, the owner by name', async () => {
    const scene = await begin()
    const { world, ann, id } = scene
    const documented = async (): Promise<unknown> => {
      await world.settle()
      const machine = await machines.fly.getMachine(appNameOf(id), (await world.row(id)).machineId ?? '')
      const file = machine?.config?.files?.find((one) => one.guest_path.endsWith('sent.json'))
      const sent = JSON.parse(Buffer.from(file?.raw_value ?? '', 'base64').toString()) as { document: string }
      return JSON.parse(sent.document)
    }
    const plugins = { entries: { whatsapp: { enabled: true }, 'admin-http-rpc': { enabled: true } } }
    expect(await documented()).not.toHaveProperty('plugins.entries.whatsapp')
    await world.actions.perform('whatsapp', { what: 'pair' }, ann)
    const own = { enabled: true, dmPolicy: 'allowlist', selfChatMode: true, groupPolicy: 'disabled' }
    expect(await documented()).toMatchObject({ channels: { whatsapp: own }, plugins })
    await world.actions.perform('whatsapp', { what: 'pair', from: '+49 170 1234567' }, ann)
    expect(await documented()).toMatchObject({
      channels: { whatsapp: { enabled: true, dmPolicy: 'pairing', allowFrom: ['+491701234567'] } },
      plugins,
    })
    // A key that comes later leaves it as it is.
    await world.actions.perform('set-key', { values: { WEATHER_KEY: 'sunny' } }, ann)
    expect(await documented()).toMatchObject({ channels: { whatsapp: { allowFrom: ['+491701234567'] } }, plugins })
    await world.actions.perform('whatsapp', { what: 'unlink' }, ann)
    expect(await documented()).not.toHaveProperty('plugins.entries.whatsapp')
  }, 60_000)

  test('goes on in another process after a restart, with the code that is still good', async () => {
    const scene = await begin()
    await shown(scene)
    const before = scannedPicture(await scene.world.pairings.codeOf(scene.id))
    const other = scene.restarted()
    expect(scannedPicture(await other.codeOf(scene.id))).toBe(before)
    await scene.world.database.db.execute(sql`update pairings set due_at = now()`)
    await other.turn()
    await during(scene, 'scan', other)
    await reaches(scene, { state: 'paired' }, other)
  }, 60_000)

  test('that was scanned while nobody was looking is found out', async () => {
    const scene = await begin()
    await shown(scene)
    expect(await scene.stub('scan')).toBe(200)
    await scene.restarted().turn()
    expect(await scene.pairing()).toMatchObject({ state: 'paired' })
  }, 60_000)

  test('ends when its time is over, and begins again in the same message', async () => {
    const scene = await begin()
    const { world } = scene
    await shown(scene)
    const { key } = await scene.pairing()
    await world.database.db.execute(sql`update pairings set due_at = now(), expires_at = now()`)
    await world.pairings.turn()
    expect(await scene.pairing()).toMatchObject({ key, state: 'over', reason: 'ran-out' })
    expect(await world.pairings.codeOf(scene.id)).toBeNull()
    await world.actions.perform('whatsapp', { what: 'again' }, scene.ann)
    await world.pairings.turn()
    expect(await scene.pairing()).toMatchObject({ key, state: 'showing', reason: null })
    await world.actions.perform('whatsapp', { what: 'pair' }, scene.ann)
    expect((await scene.pairing()).key).not.toBe(key)
    // The message that showed the code is owed its end.
    const rows = await world.database.db
      .select()
      .from(outbox)
      .where(sql`template = 'pairing'`)
    expect(rows.find((row) => row.key === key)?.version).toBeGreaterThan(4)
  }, 60_000)

  test('is ended by its owner while the gateway is asked, and what comes of that counts no more', async () => {
    const scene = await begin()
    const { world } = scene
    await shown(scene)
    await world.database.db.execute(sql`update pairings set due_at = now()`)
    const turning = world.pairings.turn()
    await world.actions.perform('whatsapp', { what: 'cancel' }, scene.ann)
    await expect.poll(() => scene.stub('scan')).toBe(200)
    await turning
    expect(await scene.pairing()).toMatchObject({ state: 'over', reason: 'cancelled' })
    expect(await world.pairings.codeOf(scene.id)).toBeNull()
  }, 60_000)

  test('says so when the gateway has no WhatsApp, and takes it out of the settings again', async () => {
    const scene = await begin()
    const { world } = scene
    const row = await world.row(scene.id)
    const made = await machines.fly.exec(appNameOf(scene.id), row.machineId ?? '', { command: ['touch', '/data/no-whatsapp'], timeoutSeconds: 10 })
    expect(made.exitCode).toBe(0)
    await world.actions.perform('whatsapp', { what: 'pair' }, scene.ann)
    await world.settle()
    await reaches(scene, { state: 'over', reason: 'unsupported' })
    expect(await scene.channels()).toEqual([])
    await world.settle()
    expect(await world.row(scene.id)).toMatchObject({ healthy: true, operationKind: null })
  }, 60_000)

  test('that finds a phone linked leaves it linked, and lets go of it only when that is wished', async () => {
    const scene = await begin()
    const { world } = scene
    await shown(scene)
    await during(scene, 'scan')
    await reaches(scene, { state: 'paired' })
    await world.actions.perform('whatsapp', { what: 'pair' }, scene.ann)
    await world.pairings.turn()
    expect(await scene.pairing()).toMatchObject({ state: 'linked' })
    await world.actions.perform('whatsapp', { what: 'relink' }, scene.ann)
    await world.pairings.turn()
    expect(await scene.pairing()).toMatchObject({ state: 'showing' })
  }, 60_000)

  test('waits for a machine that does not answer for as long as there is time, and then says that it was not ready', async () => {
    const scene = await begin()
    const { world } = scene
    await machines.fault({ match: { method: 'POST', path: '/exec$' }, kind: faultCatalogue.unavailable })
    await world.actions.perform('whatsapp', { what: 'pair' }, scene.ann)
    await world.settle()
    await world.pairings.turn()
    expect(await scene.pairing()).toMatchObject({ state: 'preparing', fails: 0 })
    await world.database.db.execute(sql`update pairings set due_at = now(), expires_at = now()`)
    await world.pairings.turn()
    expect(await scene.pairing()).toMatchObject({ state: 'over', reason: 'not-ready' })
    expect(await scene.channels()).toEqual([{ id: 'whatsapp', owners: [] }])
  }, 60_000)

  test('is refused to an assistant that is stopped, that is just being set up, and to a stranger', async () => {
    const scene = await begin()
    const { world, ann } = scene
    const bob = await world.actorOf('bob')
    expect(await world.actions.perform('whatsapp', { what: 'pair', instance: scene.id }, bob)).toMatchObject({ ok: false, reason: 'no-instance' })
    expect(await world.actions.perform('whatsapp', { what: 'pair', from: '0170 1234567' }, ann)).toEqual({ ok: false, reason: 'phone-number' })
    await world.actions.perform('stop', {}, ann)
    await world.settle()
    expect(await world.actions.perform('whatsapp', { what: 'pair' }, ann)).toEqual({ ok: false, reason: 'not-running', name: 'my-claw' })
    expect(await pairingOf(world.database.db, scene.id)).toBeNull()
  }, 60_000)

  test('is over when the assistant is stopped or destroyed meanwhile', async () => {
    const scene = await begin()
    const { world, ann } = scene
    await shown(scene)
    await world.actions.perform('stop', {}, ann)
    await world.database.db.execute(sql`update pairings set due_at = now()`)
    await world.pairings.turn()
    expect(await scene.pairing()).toMatchObject({ state: 'over', reason: 'stopped' })
  }, 60_000)
})
