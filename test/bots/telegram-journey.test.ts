// The whole control plane behind the face: a person's way from the first word to the last, and what must not happen on it.
import { testSigningKeys } from '../support/signing.ts'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createTelegramFace } from '../../src/bots/telegram/telegram.ts'
import { createControlPlane, type ControlPlane } from '../../src/control-plane.ts'
import { rowsOf } from '../../src/db/connect.ts'
import { closeIncidents, raiseIncident } from '../../src/db/incidents.ts'
import { keepTelegramKeyboard, takeTelegramKeyboard } from '../../src/db/telegram-keyboards.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import type { CheckUrls } from '../../src/secrets/live-check.ts'
import { startTelegram, type TelegramPerson, type TelegramSimulator } from '../simulators/telegram.ts'
import { wholeDatabase } from '../support/accounts.ts'
import { postgresDatabases, type TestDatabase } from '../support/database.ts'
import { startMachines, type Machines } from '../support/world.ts'
import { KEY } from './support/desk.ts'
import { createMemoryChat, createPerson, eventually } from './support/memory-chat.ts'

type Stage = { sim: TelegramSimulator; plane: ControlPlane; database: TestDatabase; ann: TelegramPerson; logged(): string }

const LAUNCHED_MS = 15_000
/** Only Telegram is asked here. */
const checksAt = (url: string): CheckUrls => ({ telegram: url, discord: url, slack: url, anthropic: url, openai: url, google: url, openrouter: url })

describe('a person on Telegram', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  async function stage(options: { managesBots?: boolean } = {}): Promise<Stage> {
    const sim = await startTelegram(options)
    const database = await open()
    let lines = ''
    const log = createLog({ level: 'debug', destination: { write: (line: string) => void (lines += line) } })
    const face = createTelegramFace({
      token: new Sealed(sim.token),
      apiRoot: sim.apiRoot,
      publicUrl: null,
      keyboards: { keep: (standing) => keepTelegramKeyboard(database.db, standing), take: (which) => takeTelegramKeyboard(database.db, which) },
      clock: systemClock,
      log,
    })
    const plane = await createControlPlane({
      database,
      fly: machines.fly,
      addressTemplate: machines.server.addressTemplate,
      faces: [face],
      settings: { image: 'gateway:inline', billing: false },
      signingKeys: testSigningKeys,
      local: true,
      webAddress: 'http://127.0.0.1:8787',
      ...(options.managesBots === true && { checks: checksAt(sim.apiRoot) }),
      ownTokens: [{ name: 'TELEGRAM_BOT_TOKEN', token: new Sealed(sim.token) }],
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
      expect(lines).not.toContain(sim.token)
    })
    return { sim, plane, database, ann: sim.person(42, 'Ann'), logged: () => lines }
  }

  /** Up to the review card. */
  async function prepare(ann: TelegramPerson): Promise<void> {
    await ann.says('/start')
    await ann.sees('I set up and look after your own OpenClaw')
    await ann.clicks('Set one up')
    await ann.sees('What shall it be called?')
    await ann.says('my-claw')
    await ann.sees('Where shall my-claw live?')
    await ann.clicks('Amsterdam')
    await ann.sees('Whose model shall')
    await ann.clicks('Anthropic (Claude)')
    await ann.sees('I delete your message at once.')
    await ann.says(KEY)
    await ann.sees('Brain: Claude (key …x4Qe)')
  }

  async function launched(ann: TelegramPerson): Promise<void> {
    await ann.says('/deploy my-claw ams')
    await ann.sees('[Skip for now]')
    await ann.clicks('Skip for now')
    await ann.sees('[Launch]')
    await ann.clicks('Launch')
    await ann.sees('🟢 my-claw is live', { withinMs: LAUNCHED_MS })
  }

  async function destroyed(ann: TelegramPerson): Promise<void> {
    await ann.says('/destroy')
    await ann.sees('Type my-claw to confirm.')
    await ann.says('my-claw')
    await ann.sees('my-claw is gone', { withinMs: LAUNCHED_MS })
  }

  async function incident({ database, plane }: Stage, what: 'raised' | 'over'): Promise<void> {
    const [row] = rowsOf<{ id: string; user_id: string }>(await database.db.execute(sql`select id, user_id from instances`))
    expect.assert(row !== undefined)
    const { id: instanceId, user_id: userId } = row
    await database.db.transaction(async (tx) => {
      if (what === 'raised') await raiseIncident(tx, { instanceId, userId, kind: 'unhealthy', detail: { failures: 3 } })
      else await closeIncidents(tx, instanceId, userId)
    })
    plane.notifier.wake()
  }

  const ours = (sim: TelegramSimulator, pattern: RegExp) => sim.messages.filter((one) => one.from === null && pattern.test(one.text))

  test(
    'sets up, looks, is told of trouble, restarts and destroys; one message tells each job, and the key is nowhere',
    { timeout: 60_000 },
    async () => {
      const it = await stage()
      const { sim, ann, database, logged } = it
      await prepare(ann)
      await ann.clicks('Launch')
      await ann.sees('🟢 my-claw is live', { withinMs: LAUNCHED_MS })
      await ann.sees('✓ First health check')
      const [progress, ...more] = ours(sim, /^Launch(ing|ed) my-claw/)
      expect(more).toEqual([])
      expect(progress?.edits).toBeGreaterThan(0)

      await ann.says('/status')
      await ann.sees('Health: ')
      await incident(it, 'raised')
      await ann.sees('🔴 my-claw stopped answering', { withinMs: LAUNCHED_MS })
      expect(ann.keyOf('Logs').data).toMatch(/^logs:[a-z0-9]{10}$/)
      await incident(it, 'over')
      await ann.sees('It had stopped answering', { withinMs: LAUNCHED_MS })
      expect(ann.transcript()).not.toContain('🔴')
      await ann.says('/restart')
      await ann.sees('my-claw is back, after', { withinMs: LAUNCHED_MS })
      await ann.says('/destroy')
      await ann.sees('Type my-claw to confirm.')
      await ann.says('my-claw')
      await ann.sees('my-claw is gone', { withinMs: LAUNCHED_MS })
      expect(await machines.apps()).toEqual([])

      const secret = KEY.slice(15, 40)
      const tables = rowsOf<{ name: string }>(
        await database.db.execute(sql`select quote_ident(tablename) as name from pg_tables where schemaname = 'public'`),
      )
      for (const { name } of tables) {
        const rows = await database.db.execute(sql.raw(`select * from ${name}`))
        expect(JSON.stringify(rowsOf(rows)), name).not.toContain(secret)
      }
      expect(logged()).not.toContain(secret)
      expect(JSON.stringify(sim.calls)).not.toContain(secret)
      expect(ann.transcript()).not.toContain(secret)
    },
  )

  test('two taps and a repeated update launch one assistant; a tap by somebody else launches none', { timeout: 60_000 }, async () => {
    const { sim, ann, database } = await stage()
    const bob = sim.person(43, 'Bob')
    await bob.says('/start')
    await bob.sees('I set up')
    await prepare(ann)
    const { data, messageId } = ann.keyOf('Launch')
    bob.pressesData(data, messageId)
    await bob.sees(/That question is over|I no longer know/)
    expect(await database.db.$count(sql`instances`)).toBe(0)
    ann.pressesData(data, messageId)
    ann.pressesData(data, messageId)
    ann.saysTimes('/help', 3)
    await ann.sees('🟢 my-claw is live', { withinMs: LAUNCHED_MS })
    expect(await database.db.$count(sql`instances`)).toBe(1)
    expect(ours(sim, /is live in/)).toHaveLength(1)
    expect(ours(sim, /^What you can ask me/)).toHaveLength(1)
    await ann.says('/destroy')
    await ann.sees('Type my-claw to confirm.')
    await ann.says('my-claw')
    await ann.sees('my-claw is gone', { withinMs: LAUNCHED_MS })
  })

  test('a tap makes a bot of their own, and the assistant listens with it; its token is nowhere', { timeout: 60_000 }, async () => {
    const { sim, ann, database, logged } = await stage({ managesBots: true })
    await launched(ann)
    await ann.clicks('Add Telegram')
    await ann.sees('keyboard: [Make the bot for me]')
    await ann.clicks('Cancel')
    await ann.sees('Nothing about my-claw changed.')
    expect(ann.keyboard()).toEqual([])
    await ann.says('/set_key telegram')
    await ann.sees('keyboard: [Make the bot for me]')
    await ann.clicks('Make the bot for me')
    await ann.sees(/✓ Telegram bot token ….{4} of @my_claw_[a-z0-9]{4}_bot is set\./)
    await ann.sees(/my-claw listens on Telegram: say hello to @my_claw_[a-z0-9]{4}_bot/, { withinMs: LAUNCHED_MS })
    expect(ann.keyboard()).toEqual([])
    expect(ann.transcript()).not.toMatch(/Or tap|keyboard:/)
    const [made, ...others] = sim.bots.all
    expect(others).toEqual([])
    expect.assert(made !== undefined)
    const secret = made.token.slice(11)
    const everything = (await wholeDatabase(database.db)) + logged() + JSON.stringify(sim.calls) + ann.transcript()
    expect(everything).not.toContain(secret)
    await destroyed(ann)
  })

  test('a bot whose token Telegram keeps to itself is asked for in words, and pasted', { timeout: 60_000 }, async () => {
    const { sim, ann } = await stage({ managesBots: true })
    await launched(ann)
    await ann.clicks('Add Telegram')
    await ann.sees('keyboard: [Make the bot for me]')
    sim.bots.tells('update')
    sim.fault('getManagedBotToken', { status: 400, description: 'Bad Request: not now' }, 3)
    await ann.clicks('Make the bot for me')
    await ann.sees(/@my_claw_[a-z0-9]{4}_bot is made, and it is yours, but Telegram does not hand me its token/)
    await ann.sees('tap API Token, and paste what it shows you here.')
    await ann.says(sim.bots.all[0]?.token ?? '')
    await ann.sees(/✓ Telegram bot token ….{4} of @my_claw_/)
    expect(ann.transcript()).not.toContain(sim.bots.all[0]?.token)
    await destroyed(ann)
  })

  test('a link from another chat opens the question who made the code, and one that somebody was sent with greets', { timeout: 30_000 }, async () => {
    const { plane, ann, database } = await stage()
    const discord = createMemoryChat('discord')
    const anna = createPerson(discord, (inbound, face) => plane.router.handle(inbound, face), { subject: 'anna' })
    await ann.says('/start ref_somebody')
    await ann.sees('I set up and look after your own OpenClaw')
    await anna.says('/link')
    const [offered] = discord.messages.at(-1)?.view.actions ?? []
    expect.assert(offered?.kind === 'link')
    const [, payload] = offered.url.split('https://t.me/conch_bot?start=')
    await ann.says(`/start ${payload}`)
    await ann.sees('anna on Discord made this code. Is that you?')
    expect(await database.db.$count(sql`users`)).toBe(2)
    expect(JSON.stringify(rowsOf(await database.db.execute(sql`select * from users, identities`)))).not.toContain('somebody')
  })

  test('in a group a key is taken away, a command is led into private, and help is answered there', { timeout: 30_000 }, async () => {
    const { sim, ann } = await stage()
    sim.group(-100_7, 'Team', { mayDelete: true })
    const team = ann.in(-100_7)
    await team.says(`my key is ${KEY}`)
    await team.sees('I have deleted your message.')
    expect(team.transcript()).not.toContain(KEY)
    await team.says('/help')
    await team.sees('What you can ask me')
    await team.says('/instances@conch_bot')
    await team.sees('Let us talk about that in private')
    await team.clicks('Open our private chat')
    await ann.sees('You have no assistant yet.')
  })

  test(
    'a limit that Telegram sets is kept, and what was owed comes after it; to whoever blocked us nothing is sent for ever',
    { timeout: 30_000 },
    async () => {
      const it = await stage()
      const { sim, ann, database } = it
      await prepare(ann)
      await ann.clicks('Launch')
      await ann.sees('🟢 my-claw is live', { withinMs: LAUNCHED_MS })
      sim.fault('sendMessage', { status: 429, retryAfterS: 3 })
      await incident(it, 'raised')
      await ann.sees('🔴 my-claw stopped answering', { withinMs: LAUNCHED_MS })
      const sends = sim.calls.filter((call) => call.method === 'sendMessage')
      const refused = sends.findLastIndex((call) => call.failed === 429)
      const [before, after] = [sends[refused], sends[refused + 1]]
      expect((after?.at ?? 0) - (before?.at ?? 0)).toBeGreaterThan(2_900)
      ann.blocks()
      await incident(it, 'over')
      const gaveUp = async (): Promise<boolean> => JSON.stringify(rowsOf(await database.db.execute(sql`select * from outbox`))).includes('blocked')
      expect(await eventually(gaveUp, LAUNCHED_MS)).toBe(true)
    },
  )
})
