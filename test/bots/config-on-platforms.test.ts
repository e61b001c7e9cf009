// An assistant's configuration out of the chat as a file and back into it, on Telegram, Discord and Slack through their real client libraries.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createControlPlane } from '../../src/control-plane.ts'
import { createLog } from '../../src/lib/log.ts'
import type { Person } from '../simulators/person.ts'
import { wholeDatabase } from '../support/accounts.ts'
import { postgresDatabases, type TestDatabase } from '../support/database.ts'
import { secretLike } from '../support/secrets.ts'
import { testSigningKeys } from '../support/signing.ts'
import { startMachines, type Machines } from '../support/world.ts'
import { eventually } from './support/memory-chat.ts'
import { chats, parts, type Chat } from './support/real-chats.ts'

describe.each(Object.entries(chats))('a configuration on %s', async (platform, openChat) => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  type Stage = { chat: Chat; ann: Person; database: TestDatabase; logged: () => string }

  async function stage(): Promise<Stage> {
    const chat = await openChat()
    const database = await open()
    let lines = ''
    const log = createLog({ level: 'debug', destination: { write: (line: string) => void (lines += line) } })
    const face = chat.face(log)
    const plane = await createControlPlane({
      ...parts,
      signingKeys: testSigningKeys,
      database,
      fly: machines.fly,
      addressTemplate: machines.server.addressTemplate,
      faces: [face],
      settings: { image: 'gateway:inline', billing: false },
      local: true,
      webAddress: null,
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
    await ann.says('/deploy my-claw ams')
    await ann.sees('Whose model shall', { withinMs: 20_000 })
    await ann.clicks('Skip for now')
    await ann.sees('Brain: none yet')
    await ann.clicks('Launch')
    await ann.sees('🟢 my-claw is live', { withinMs: 20_000 })
    return { chat, ann, database, logged: () => lines }
  }

  test('goes out as a file, comes back as one, and is applied; a wrong one is told by its lines', { timeout: 90_000 }, async () => {
    const { chat, ann, database, logged } = await stage()
    await ann.says('/config')
    await ann.sees('Tools: as OpenClaw decides')
    await ann.clicks('Tools')
    await ann.sees('do besides talking?')
    await ann.clicks('Talk only')
    await ann.sees('✓ Set: version 1')
    await ann.clicks('Settings')
    await ann.sees('Tools: next to none: it talks')
    await ann.clicks('Download')
    expect(await eventually(() => chat.received().length > 0)).toBe(true)
    const [file = ''] = chat.received()
    expect(JSON.parse(file)).toEqual({ tools: { profile: 'minimal' } })
    await ann.sees('Edit the file and send it back')
    await ann.sends('my-claw-v1.json', '{\n  "tools": {\n    "profile": "magic"\n  }\n}')
    await ann.sees(/Line 3: .*tools\.profile.* must be one of/s)
    await ann.sends('my-claw-v1.json', file.replace('minimal', 'full'))
    await ann.sees(/tools\.profile: minimal → full/)
    await ann.clicks('Apply')
    await ann.sees('✓ Set: version 2')
    await ann.says('/config')
    await ann.sees(/Version: 2, from your file/)
    const key = secretLike.anthropic()
    await ann.sends('leak.json', `{ hooks: { token: "${key}" } }`)
    await ann.sees('holds what looks like a secret')
    await ann.sends('large.json', `{ "a": "${'x'.repeat(300_000)}" }`)
    await ann.sees('It is larger than 256 KB')
    const everything = (await wholeDatabase(database.db)) + logged() + chat.sent()
    expect(everything).not.toContain(key)
    // The address of a file has the bot's token in it on one platform, and is itself a way to the file on another.
    expect(logged()).not.toMatch(/\/file\/bot|\/attachments\/|files-pri/)
  })

  test('as a whole it is typed too: in a form where the platform has forms', { timeout: 60_000 }, async () => {
    const { ann } = await stage()
    await ann.says('/config')
    await ann.sees('Tools: as OpenClaw decides')
    await ann.clicks('Edit as a whole')
    await ann.sees('Send me the settings of')
    await ann.submits({ 'The settings as a whole': '{\n tools: { profile: "coding" } }' }, platform === 'telegram' ? {} : { button: 'Paste them' })
    await ann.sees(/\+ tools\.profile: coding/)
    await ann.clicks('Apply')
    expect(await ann.sees('✓ Set: version 1')).toBeTruthy()
  })
})
