// Linking an assistant with WhatsApp, in conversation: on a chat without a platform, and on Telegram with everything behind it.
import { testSigningKeys } from '../support/signing.ts'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { pictureOf } from '../../src/bots/core/layout.ts'
import { createTelegramFace } from '../../src/bots/telegram/telegram.ts'
import { createControlPlane } from '../../src/control-plane.ts'
import { rowsOf, type Database } from '../../src/db/connect.ts'
import { storedOf } from '../../src/db/instances.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'
import { startTelegram } from '../simulators/telegram.ts'
import { visit } from '../local/harness.ts'
import { postgresDatabases } from '../support/database.ts'
import { scannedPicture } from '../support/scan.ts'
import { createWorld, startMachines, type Machines } from '../support/world.ts'
import { keyboardsInMemory } from './support/keyboards.ts'
import { createMemoryChat } from './support/memory-chat.ts'
import { sceneOn, type Scene } from './support/scene.ts'

/** The only assistant's. */
async function idOf({ db }: Database): Promise<string> {
  const [row] = rowsOf<{ id: string }>(await db.execute(sql`select id from instances`))
  expect.assert(row !== undefined)
  return row.id
}

const PATIENCE_MS = 20_000
const LONG_MS = 60_000

describe('WhatsApp in conversation', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  type Paired = Scene & {
    id: string
    stub(path: string): Promise<number>
    turn(): Promise<void>
    until(seen: string): Promise<void>
    code(): string | null
  }

  /** Somebody with a live assistant. */
  async function begin(language?: string): Promise<Paired> {
    const world = createWorld(await open(), machines, { image: 'gateway:stub' })
    const scene = sceneOn(world, createMemoryChat('telegram'))
    const ann = scene.person('ann', { ...(language !== undefined && { language }) })
    await ann.says('/deploy my-claw ams')
    await ann.presses(language === 'de' ? 'Erst mal ohne' : 'Skip for now')
    await ann.presses(language === 'de' ? 'Loslegen' : 'Launch')
    await world.settle()
    await scene.news()
    const { db } = world.database
    const id = await idOf(world.database)
    const turn = async (): Promise<void> => {
      await world.settle()
      await db.execute(sql`update pairings set due_at = now()`)
      await world.pairings.turn()
      await scene.news()
    }
    return {
      ...scene,
      ann,
      id,
      turn,
      stub: async (path) => (await visit(machines.server, appNameOf(id), `/stub/${path}`, { method: 'POST' })).status,
      async until(seen) {
        await scene.news()
        const looked = async (): Promise<string> => {
          const before = ann.sees()
          if (!before.includes(seen)) await turn()
          return ann.sees()
        }
        await expect.poll(looked, { timeout: PATIENCE_MS }).toContain(seen)
      },
      code() {
        const view = scene.chat.messages.at(-1)?.view
        const picture = view === undefined ? null : pictureOf(view)
        return picture === null ? null : scannedPicture(picture.png)
      },
    }
  }

  test(
    'is chosen under keys: the code comes in one message, is exchanged there, and goes once a phone has scanned it',
    async () => {
      const { ann, chat, until, turn, code, stub, world, id } = await begin()
      await ann.says('/keys')
      await ann.presses('Add')
      await ann.presses('WhatsApp')
      expect(ann.sees()).toContain('my-claw is linked like a second device, with a code that you scan on the phone.')
      await ann.presses('Pair with a code')
      expect(ann.labels()).toEqual(['My own number', 'A number of its own', 'Back'])
      await ann.presses('My own number')
      expect(ann.sees()).toBe('I am getting my-claw ready for WhatsApp. The code comes in our private chat.')
      await until('Getting my-claw ready for WhatsApp')
      const messages = chat.messages.length
      await until('Link my-claw with WhatsApp')
      expect(ann.sees()).toContain('Linked devices, Link a device, and scan this')
      expect(ann.labels()).toEqual(['Cancel'])
      expect(code()).toMatch(/^practice code 1 /)
      expect(await stub('next-code')).toBe(200)
      await turn()
      await expect.poll(code).toMatch(/^practice code 2 /)
      expect(await stub('scan')).toBe(200)
      await until('🟢 my-claw is linked with WhatsApp.')
      expect(ann.sees()).toContain('write to yourself')
      expect(code()).toBeNull()
      expect(chat.messages).toHaveLength(messages)
      expect(storedOf(await world.row(id)).channels).toEqual([{ id: 'whatsapp', owners: [] }])
      await ann.says('/whatsapp')
      expect(ann.labels()).toEqual(['Pair with a code', 'Take WhatsApp away', 'WhatsApp Business', 'Back'])
      await ann.presses('Take WhatsApp away')
      await world.settle()
      expect(storedOf(await world.row(id)).channels).toEqual([])
    },
    LONG_MS,
  )

  test(
    'with a number of its own asks from which one its owner writes, and lets that one in',
    async () => {
      const { ann, world, id } = await begin()
      await ann.says('/whatsapp my-claw')
      await ann.presses('Pair with a code')
      await ann.presses('A number of its own')
      expect(ann.sees()).toContain('Which number will you write to my-claw from?')
      await ann.says('0170 1234567')
      expect(ann.sees()).toContain('That is no telephone number with its country')
      expect(storedOf(await world.row(id)).channels).toEqual([])
      await ann.says('+49 (170) 123-4567')
      expect(ann.sees()).toContain('I am getting my-claw ready for WhatsApp.')
      expect(storedOf(await world.row(id)).channels).toEqual([{ id: 'whatsapp', owners: ['+491701234567'] }])
      await ann.says('/whatsapp my-claw number')
      await ann.presses('Cancel')
      expect(ann.sees()).toContain('Cancelled. Nothing about my-claw changed.')
    },
    LONG_MS,
  )

  test(
    'runs out without a word of blame, and begins again with one tap in the same message',
    async () => {
      const { ann, chat, until, code, world } = await begin()
      await ann.says('/whatsapp my-claw own')
      await until('Link my-claw with WhatsApp')
      const messages = chat.messages.length
      await world.database.db.execute(sql`update pairings set expires_at = now()`)
      await until('ran out before it was scanned. Nothing was linked.')
      expect(code()).toBeNull()
      await ann.presses('New code')
      await until('Link my-claw with WhatsApp')
      await ann.presses('Cancel')
      await until('No more codes for my-claw. Nothing was linked.')
      expect(chat.messages).toHaveLength(messages)
      await ann.says('/whatsapp my-claw cancel')
      expect(ann.sees()).toBe('No more codes for my-claw. Nothing was linked.')
    },
    LONG_MS,
  )

  test(
    'that the gateway cannot do is said, with the way of WhatsApp Business',
    async () => {
      const { ann, until, world, id } = await begin()
      const { machineId } = await world.row(id)
      await machines.fly.exec(appNameOf(id), machineId ?? '', { command: ['touch', '/data/no-whatsapp'], timeoutSeconds: 10 })
      await ann.says('/whatsapp my-claw own')
      await until('cannot do WhatsApp yet')
      expect(ann.sees()).toContain('WHATSAPP_ACCESS_TOKEN')
      expect(ann.labels()).toContain('Add a variable')
    },
    LONG_MS,
  )

  test(
    'is asked for in private only, and in the language of whom we talk to',
    async () => {
      const uwe = await begin('de')
      const group = uwe.person('ann', { address: 'group-1', place: 'group' })
      await group.says('/whatsapp my-claw own')
      expect(group.sees()).not.toContain('WhatsApp')
      expect(storedOf(await uwe.world.row(uwe.id)).channels).toEqual([])
      await uwe.ann.says('/whatsapp my-claw own')
      await uwe.until('my-claw mit WhatsApp verknüpfen')
      expect(uwe.ann.sees()).toContain('Gerät hinzufügen, und scanne das hier')
      expect(uwe.ann.labels()).toEqual(['Abbrechen'])
    },
    LONG_MS,
  )

  test(
    'on Telegram, with every engine running: the photo changes with the code, and is gone when the phone has it',
    async () => {
      const sim = await startTelegram()
      const database = await open()
      const log = silentLog
      const face = createTelegramFace({
        token: new Sealed(sim.token),
        apiRoot: sim.apiRoot,
        publicUrl: null,
        keyboards: keyboardsInMemory(),
        clock: systemClock,
        log,
      })
      const plane = await createControlPlane({
        database,
        fly: machines.fly,
        addressTemplate: machines.server.addressTemplate,
        faces: [face],
        settings: { image: 'gateway:stub', billing: false },
        signingKeys: testSigningKeys,
        local: true,
        webAddress: null,
        clock: systemClock,
        random: systemRandom,
        log,
        elapsed: () => performance.now(),
        owner: 'test',
      })
      const ended = new AbortController()
      const running = Promise.all([plane.run(ended.signal), face.run((inbound, answering) => plane.router.handle(inbound, answering), ended.signal)])
      onTestFinished(async () => {
        ended.abort()
        await running
        await sim.close()
        expect(sim.violations()).toEqual([])
      })
      const ann = sim.person(42, 'Ann')
      const photos = () => sim.messages.flatMap((one) => (one.photo === null || one.deleted ? [] : [scannedPicture(one.photo)]))
      await ann.says('/deploy my-claw ams')
      await ann.sees('[Skip for now]')
      await ann.clicks('Skip for now')
      await ann.sees('[Launch]')
      await ann.clicks('Launch')
      await ann.sees('🟢 my-claw is live', { withinMs: PATIENCE_MS })
      await ann.says('/whatsapp my-claw own')
      await ann.sees('🖼 bot: Link my-claw with WhatsApp', { withinMs: LONG_MS / 2 })
      expect(photos()).toEqual([expect.stringMatching(/^practice code 1 /)])
      const id = await idOf(database)
      const stub = async (path: string) => (await visit(machines.server, appNameOf(id), `/stub/${path}`, { method: 'POST' })).status
      expect(await stub('next-code')).toBe(200)
      await expect.poll(photos, { timeout: PATIENCE_MS }).toEqual([expect.stringMatching(/^practice code 2 /)])
      expect(await stub('scan')).toBe(200)
      await ann.sees('🟢 my-claw is linked with WhatsApp.', { withinMs: PATIENCE_MS })
      await expect.poll(photos).toEqual([])
    },
    LONG_MS,
  )
})
