// A chat for an assistant, asked for on Telegram, Discord and Slack through their real client libraries: the same way on each, and the token is in
// the provider's store and nowhere else.
import { testSigningKeys } from '../support/signing.ts'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createControlPlane } from '../../src/control-plane.ts'
import { createLog } from '../../src/lib/log.ts'
import type { Person } from '../simulators/person.ts'
import { startPlatforms, type Platforms } from '../simulators/platforms.ts'
import { wholeDatabase } from '../support/accounts.ts'
import { postgresDatabases, type TestDatabase } from '../support/database.ts'
import { secretLike } from '../support/secrets.ts'
import { startMachines, type Machines } from '../support/world.ts'
import { chats, parts, type Chat } from './support/real-chats.ts'

const PASTE = 'Paste it'

describe.each(Object.entries(chats))('keys on %s', async (platform, openChat) => {
  const { open } = await postgresDatabases()
  let machines: Machines
  let platforms: Platforms
  beforeAll(async () => {
    machines = await startMachines()
    platforms = await startPlatforms()
  })
  afterAll(async () => {
    await platforms.close()
    await machines.close()
  })

  type Stage = { chat: Chat; ann: Person; database: TestDatabase; logged: () => string; submit: Submit }
  type Submit = (button: string, values: Readonly<Record<string, string>>) => Promise<void>

  async function stage(): Promise<Stage> {
    const chat = await openChat()
    const database = await open()
    let lines = ''
    const log = createLog({ level: 'debug', destination: { write: (line: string) => void (lines += line) } })
    const face = chat.face(log)
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
      checks: platforms.urls,
      log,
      elapsed: () => performance.now(),
      owner: 'test',
    })
    const ended = new AbortController()
    const running = Promise.all([plane.run(ended.signal), face.run((inbound, at) => plane.router.handle(inbound, at), ended.signal)])
    onTestFinished(async () => {
      ended.abort()
      await running
      await chat.close()
      expect(chat.violations()).toEqual([])
    })
    expect(await chat.ready()).toBe(true)
    const ann = chat.person()
    // Telegram has no forms: what would be filled in is typed.
    const submit: Submit = (button, values) => ann.submits(values, platform === 'telegram' ? {} : { button })
    return { chat, ann, database, logged: () => lines, submit }
  }

  const launched = async (ann: Person): Promise<void> => {
    await ann.says('/deploy my-claw ams')
    await ann.sees('Whose model shall', { withinMs: 20_000 })
    await ann.clicks('Skip for now')
    await ann.sees('Brain: none yet')
    await ann.clicks('Launch')
    await ann.sees('🟢 my-claw is live', { withinMs: 20_000 })
  }

  test('a Telegram bot: refused, then taken; it listens, is listed and removed', { timeout: 90_000 }, async () => {
    const { chat, ann, database, logged, submit } = await stage()
    await launched(ann)
    await ann.clicks('Add Telegram')
    await ann.sees('send /newbot')
    const [stranger, token] = [secretLike.telegram('none'), secretLike.telegram('x4Qe')]
    platforms.telegram(token, { id: 123_456_789, username: 'my_claw_bot' })
    await submit(PASTE, { 'Telegram bot token': stranger })
    await ann.sees('Telegram does not know that one')
    await submit(PASTE, { 'Telegram bot token': token })
    await ann.sees(/…?x4Qe.* of @my_claw_bot.* is set\./s)
    await ann.sees('my-claw listens on Telegram: say hello to @my_claw_bot', { withinMs: 20_000 })
    await ann.says('/keys')
    await ann.sees(/Telegram bot token: @my_claw_bot, .*x4Qe/)
    await ann.clicks('Remove')
    await ann.sees('stops listening on Telegram')
    await ann.clicks('Remove it')
    await ann.sees('Telegram is removed.')
    for (const secret of [stranger, token]) {
      const part = secret.slice(12, 32)
      expect(await wholeDatabase(database.db)).not.toContain(part)
      expect(logged()).not.toContain(part)
      expect(chat.sent()).not.toContain(part)
      expect(ann.transcript()).not.toContain(part)
    }
  })

  test('a Slack app: its manifest whole, and both tokens', { timeout: 90_000 }, async () => {
    const { chat, ann, logged, submit } = await stage()
    await launched(ann)
    const [bot, app] = [secretLike.slackBot('bott'), secretLike.slackApp('appp')]
    platforms.slackBot(bot, { user: 'claw', userId: 'U1', team: 'Acme', teamId: 'T9' })
    platforms.slackApp(app)
    await ann.clicks('Add Discord or Slack')
    await ann.sees('What shall my-claw get?')
    await ann.clicks('Slack')
    await ann.sees('Give me both here.')
    const manifest = /\{"display_information.*\}\}\}/s.exec(ann.transcript())?.[0] ?? ''
    expect(JSON.parse(manifest)).toMatchObject({ display_information: { name: 'my-claw' }, settings: { socket_mode_enabled: true } })
    if (platform === 'slack') {
      // Slack keeps the form open, with what is wrong below the field.
      await submit(PASTE, { 'Slack bot token': app, 'Slack app token': bot })
      await ann.sees('⚠ That is a Slack app token. The Slack bot token begins with xoxb-.')
      await ann.submits({ 'Slack bot token': bot, 'Slack app token': app })
    } else await submit(PASTE, { 'Slack bot token': bot, 'Slack app token': app })
    await ann.sees(/bott.* of @claw in Acme.* is set\./s)
    await ann.sees('my-claw listens on Slack: say hello to @claw in Acme', { withinMs: 20_000 })
    for (const secret of [bot, app]) {
      const part = secret.slice(-24, -4)
      expect(logged()).not.toContain(part)
      expect(chat.sent()).not.toContain(part)
      expect(ann.transcript()).not.toContain(part)
    }
  })
})
