// The whole control plane behind the real client library: what a person lives through on Discord.
import { testSigningKeys } from '../support/signing.ts'
import { PassThrough } from 'node:stream'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createDiscordFace } from '../../src/bots/discord/discord.ts'
import { createControlPlane, type ControlPlane } from '../../src/control-plane.ts'
import { createActionToken } from '../../src/db/action-tokens.ts'
import { rowsOf, type Database } from '../../src/db/connect.ts'
import { closeIncidents, raiseIncident } from '../../src/db/incidents.ts'
import { userFor } from '../../src/db/users.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { startDiscord, type DiscordSimulator } from '../simulators/discord.ts'
import { postgresDatabases } from '../support/database.ts'
import { startMachines, type Machines } from '../support/world.ts'
import { eventually } from './support/memory-chat.ts'

const KEY = `sk-ant-api03-${'q'.repeat(60)}x4Qe`
const SECRET_PART = 'q'.repeat(20)

describe('on Discord', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  type Scene = { sim: DiscordSimulator; plane: ControlPlane; database: Database; logged: () => string }

  async function begin(): Promise<Scene> {
    const database = await open()
    const sim = await startDiscord()
    const output = new PassThrough()
    let logged = ''
    output.on('data', (chunk: Buffer) => (logged += chunk.toString()))
    const log = createLog({ level: 'trace', destination: output })
    const parts = { clock: systemClock, random: systemRandom, log }
    const face = createDiscordFace({
      ...parts,
      token: new Sealed(sim.token),
      apiUrl: sim.apiUrl,
      async names(person) {
        const { userId } = await userFor(database.db, person)
        const listed = await plane.actions.perform('instances', {}, { ...person, userId })
        return listed.ok ? listed.value.instances.map((one) => one.name) : []
      },
    })
    const plane = await createControlPlane({
      ...parts,
      database,
      fly: machines.fly,
      addressTemplate: machines.server.addressTemplate,
      faces: [face],
      settings: { image: 'gateway:inline', billing: false },
      signingKeys: testSigningKeys,
      local: true,
      webAddress: null,
      elapsed: () => performance.now(),
      owner: 'test',
    })
    const over = new AbortController()
    const running = Promise.all([plane.run(over.signal), face.run((inbound, at) => plane.router.handle(inbound, at), over.signal)])
    onTestFinished(async () => {
      over.abort()
      await running
      await sim.close()
    })
    expect(await eventually(() => sim.calls().some((call) => call.path.endsWith('/commands')))).toBe(true)
    return { sim, plane, database, logged: () => logged }
  }

  const count = (text: string, part: string | RegExp): number => text.split(part).length - 1

  test('one journey: set up with a key, live, status, trouble, restart, destroy', async () => {
    const { sim, database, logged } = await begin()
    const ann = sim.person()
    await ann.says('/start')
    await ann.sees('Hi! I set up and look after your own OpenClaw')
    await ann.clicks('Set one up')
    await ann.sees('What shall it be called?')
    await ann.clicks('my-claw')
    await ann.sees('Where shall my-claw live?')
    await ann.clicks('Amsterdam')
    await ann.sees('Whose model')
    await ann.clicks('Anthropic (Claude)')
    await ann.sees('Paste your Anthropic key')
    await ann.clicks('Paste it')
    await ann.submits({ 'Key or token': KEY })
    await ann.sees('Brain: Claude (key …x4Qe)')
    await ann.clicks('Launch')
    await ann.sees('Launching my-claw')
    await ann.sees('🟢 my-claw is live', { withinMs: 20_000 })
    const progress = sim.messages().filter((one) => JSON.stringify(one.components).includes('Launched'))
    expect(progress).toHaveLength(1)
    expect(progress[0]?.edits).toBeGreaterThan(0)
    expect(count(ann.transcript(), 'my-claw is live')).toBe(1)
    await ann.says('/status')
    await ann.sees('Health: ')
    expect(await ann.completes('status', 'instance', 'my')).toEqual(['my-claw'])

    const [row] = rowsOf<{ id: string; user_id: string }>(await database.db.execute(sql`select id, user_id from instances`))
    expect.assert(row !== undefined)
    const incident = { instanceId: row.id, userId: row.user_id, kind: 'out-of-memory', detail: {} } as const
    await database.db.transaction(async (tx) => void (await raiseIncident(tx, incident)))
    await ann.sees('ran out of memory at', { withinMs: 8_000 })
    await ann.clicks('Logs')
    await ann.sees(/my-claw has not said anything yet|The last \d+ lines? of my-claw/)
    await database.db.transaction(async (tx) => void (await closeIncidents(tx, row.id, row.user_id)))
    await ann.sees('It had run out of memory', { withinMs: 8_000 })
    expect(count(ann.transcript(), 'out of memory')).toBe(1)

    await ann.says('/restart')
    await ann.sees(/my-claw is back at[^]*my-claw is back/, { withinMs: 15_000 })
    await ann.says('/destroy')
    await ann.sees('Type my-claw to confirm')
    await ann.clicks('Type it')
    await ann.submits({ 'Your answer': 'my-claw' })
    await ann.sees('my-claw is gone', { withinMs: 15_000 })
    await ann.says('/instances')
    await ann.sees('You have no assistant yet.')
    expect(ann.transcript()).not.toContain('thinking')
    expect(await machines.apps()).toEqual([])

    expect(JSON.stringify(sim.calls())).not.toContain(SECRET_PART)
    expect(logged()).not.toContain(SECRET_PART)
    expect(logged()).not.toContain(sim.token)
    expect(await dump(database)).not.toContain(SECRET_PART)
    expect(sim.violations()).toEqual([])
  })

  test('in a server everything is between the two of us, and what comes by itself comes in private', async () => {
    const { sim } = await begin()
    const ann = sim.person({ place: 'server' })
    const bob = sim.person({ name: 'Bob', place: 'server' })
    await ann.says('/deploy my-claw ams')
    await ann.sees('Whose model')
    await ann.clicks('Skip for now')
    await ann.sees('Brain: ')
    await ann.clicks('Launch')
    await ann.sees('I tell you in our private chat')
    const direct = (): string => JSON.stringify(sim.messages().filter((one) => one.onlyFor === null && one.author === 'bot'))
    expect(await eventually(() => direct().includes('is live'), 20_000)).toBe(true)
    expect(bob.transcript()).toBe('')
    expect(sim.violations()).toEqual([])
  })

  test('what arrives twice is done once, and of two clicks only one counts', async () => {
    const { sim, database } = await begin()
    const ann = sim.person()
    sim.repeatEvents(2)
    await ann.says('hello there')
    await ann.sees('Hi! I set up')
    await ann.says('/deploy my-claw ams')
    await ann.sees('Whose model')
    await ann.clicks('Skip for now')
    await ann.sees('[Launch]')
    await Promise.all([ann.clicks('Launch'), ann.clicks('Launch'), ann.clicks('Launch')])
    await ann.sees('🟢 my-claw is live', { withinMs: 20_000 })
    expect(count(ann.transcript(), 'Hi! I set up')).toBe(1)
    expect(count(ann.transcript(), 'my-claw is live')).toBe(1)
    expect(await database.db.$count(sql`instances`)).toBe(1)
    expect(sim.violations()).toEqual([])
  })

  test('somebody else’s button is refused kindly, and does nothing', async () => {
    const { sim, database } = await begin()
    const [ann, bob] = [sim.person(), sim.person({ name: 'Bob' })]
    await ann.says('/deploy my-claw ams')
    await ann.sees('Whose model')
    await ann.clicks('Skip for now')
    await ann.sees('[Launch]')
    const launch = /"custom_id":"(\d+\|w:[^"]*launch)"/.exec(JSON.stringify(ann.messages().at(-1)?.components))?.[1]
    expect.assert(launch !== undefined)
    const token = await createActionToken(database.db, { provider: 'discord', subject: ann.id, verb: 'help', args: [], ttlMinutes: 5 })
    await bob.says('/help')
    await bob.sees('What you can ask me')
    await bob.pressesId(`0|t:${token}`)
    await bob.sees('That button is for the person I wrote it to')
    await bob.pressesId(launch)
    await bob.sees('That question is over')
    expect(await database.db.$count(sql`instances`)).toBe(0)
    expect(bob.transcript()).not.toContain('my-claw')
    expect(ann.transcript()).toContain('[Launch]')
    await ann.clicks('Launch')
    await ann.sees('Launching my-claw')
    expect(sim.violations()).toEqual([])
  })

  test('a key that is written as a message is not kept, and a repeated or reordered message harms nobody', async () => {
    const { sim, database, logged } = await begin()
    const ann = sim.person()
    const release = sim.holdEvents()
    await ann.says('/help')
    await ann.says(KEY)
    release()
    await ann.sees(/key|secret/i)
    await ann.sees('What you can ask me')
    expect(await dump(database)).not.toContain(SECRET_PART)
    expect(JSON.stringify(sim.calls()) + logged()).not.toContain(SECRET_PART)
    expect(sim.violations()).toEqual([])
  })

  test('a key that is written where a form was offered is taken, and the person is asked to delete it', async () => {
    const { sim, database, logged } = await begin()
    const ann = sim.person()
    await ann.says('/deploy my-claw ams')
    await ann.sees('Whose model')
    await ann.clicks('Anthropic (Claude)')
    await ann.sees('Paste your Anthropic key')
    await ann.says(KEY)
    await ann.sees('only you can delete it')
    await ann.sees('Brain: Claude (key …x4Qe)')
    expect((await dump(database)) + JSON.stringify(sim.calls()) + logged()).not.toContain(SECRET_PART)
    expect(sim.violations()).toEqual([])
  })

  test('a place can be given without a name, which is then asked', async () => {
    const { sim } = await begin()
    const ann = sim.person()
    await ann.asks('deploy', { region: 'ams' })
    await ann.sees('What shall it be called?')
    await ann.clicks('Type it')
    await ann.submits({ 'Your answer': 'my-claw' })
    await ann.sees('Whose model shall my-claw think with?')
    expect(ann.transcript()).not.toContain('Where shall')
    expect(sim.violations()).toEqual([])
  })

  test('somebody who closed their messages still gets their answers, and what could not be told is recorded', async () => {
    const { sim, database } = await begin()
    const ann = sim.person({ place: 'server' })
    sim.closeTo(ann.id, 50_007)
    await ann.says('/deploy my-claw ams')
    await ann.sees('Whose model')
    await ann.clicks('Skip for now')
    await ann.sees('[Launch]')
    await ann.clicks('Launch')
    const tried = async (): Promise<boolean> => (await database.db.$count(sql`outbox`, sql`last_error is not null`)) > 0
    expect(await eventually(tried, 8_000)).toBe(true)
    await ann.says('/status')
    await ann.sees('my-claw')
    expect(sim.violations()).toEqual([])
  })

  async function dump({ db }: Database): Promise<string> {
    const tables = rowsOf<{ name: string }>(await db.execute(sql`select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`))
    const rows = await Promise.all(tables.map(({ name }) => db.execute(sql.raw(`select * from ${name}`))))
    return JSON.stringify(rows.map((one) => rowsOf(one)))
  }
})
