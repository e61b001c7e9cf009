import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createKeyPage } from '../../src/bots/core/key-page.ts'
import { oneTimeTokens } from '../../src/db/schema.ts'
import { findUser } from '../../src/db/users.ts'
import { silentLog } from '../../src/lib/log.ts'
import { faultCatalogue } from '../../src/local/faults.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'
import { createLiveCheck, type LiveCheck } from '../../src/secrets/live-check.ts'
import { startWebServer, type WebServer } from '../../src/web/server.ts'
import { createMemoryChat, createPerson, type Message, type Person } from '../bots/support/memory-chat.ts'
import { sceneOn } from '../bots/support/scene.ts'
import { startPlatforms, type Platforms } from '../simulators/platforms.ts'
import { postgresDatabases } from '../support/database.ts'
import { secretLike } from '../support/secrets.ts'
import { createWorld, startMachines, type Machines, type World } from '../support/world.ts'
import { proofIn } from './support/site.ts'

const PUBLIC = 'https://conch.example.com'

let machines: Machines
let platforms: Platforms
let checker: LiveCheck
const servers: WebServer[] = []
beforeAll(async () => {
  machines = await startMachines()
  platforms = await startPlatforms()
  checker = createLiveCheck({ urls: platforms.urls, timeoutMs: 500 })
})
afterEach(async () => {
  platforms.mends()
  await machines.clearFaults()
  await Promise.all(servers.splice(0).map((server) => server.close()))
})
afterAll(async () => {
  await checker.close()
  await platforms.close()
  await machines.close()
})

describe('a key around the chat', { timeout: 60_000 }, async () => {
  const { open } = await postgresDatabases()

  async function begin(language = 'en', webAddress: string | null = PUBLIC) {
    const world = createWorld(await open(), machines, { checker })
    const chat = createMemoryChat('telegram')
    const scene = sceneOn(world, chat, webAddress)
    const ann = scene.person('ann', { language })
    await ann.says('/help')
    const { actor, id } = await launched(world)
    const keyPage = createKeyPage({ actions: world.actions })
    const secretForm = { db: world.database.db, log: silentLog, port: () => keyPage, announced: () => undefined }
    const server = await startWebServer({ port: 0, publicUrl: webAddress, ready: async () => true, secretForm })
    servers.push(server)
    const here = (url: string): string => url.replace(webAddress ?? '', server.address)
    return { ...scene, ann, actor, id, here, server }
  }

  async function launched(world: World) {
    const user = await findUser(world.database.db, { provider: 'telegram', subject: 'ann' })
    const actor = { provider: 'telegram', subject: 'ann', userId: user?.userId ?? '', chat: 'ann' }
    const deployed = await world.actions.perform('deploy', { name: 'my-claw', region: 'ams' }, actor)
    if (!deployed.ok) throw new Error(deployed.reason)
    await world.settle()
    return { actor, id: deployed.value.instance.id }
  }

  type Scene = Awaited<ReturnType<typeof begin>>
  const lastOf = ({ chat }: Scene): Message | undefined => chat.messages.at(-1)
  const linkIn = (message: Message | undefined): string | null => {
    const link = message?.view.actions.find((one) => one.kind === 'link')
    return link?.kind === 'link' ? link.url : null
  }
  async function asksFor(scene: Scene, credential: string, who: Person = scene.ann): Promise<string> {
    await who.says(`/set-key-link my-claw ${credential}`)
    return scene.here(linkIn(lastOf(scene)) ?? '')
  }
  async function answers(url: string, values: Record<string, string>): Promise<{ status: number; page: string }> {
    const body = new URLSearchParams({ proof: proofIn(await (await fetch(url)).text()), ...values })
    const answer = await fetch(url, { method: 'POST', body, headers: { origin: 'null', 'sec-fetch-site': 'same-origin' } })
    return { status: answer.status, page: await answer.text() }
  }
  /** What its owner gave it, as the provider has it. */
  const heldAt = async (id: string): Promise<string[]> => {
    const names = (await machines.fly.listSecrets(appNameOf(id))).map((one) => one.name)
    return names.filter((name) => !name.startsWith('OPENCLAW_'))
  }

  test('the link is for one key of one assistant, and its message becomes the news that the key is saved', async () => {
    const scene = await begin()
    const url = await asksFor(scene, 'anthropic')
    const link = lastOf(scene)
    expect(scene.ann.sees()).toContain('Anthropic key for my-claw: open this page within 10 minutes, it works once.')
    expect(linkIn(link)).toMatch(/^https:\/\/conch\.example\.com\/k\/[A-Za-z0-9_-]{43}$/)
    const key = secretLike.anthropic('x4Qe')
    platforms.modelKey('anthropic', key)
    const shown = await (await fetch(url)).text()
    expect(shown).toContain('<h1>Anthropic key for my-claw</h1>')
    const done = await answers(url, { ANTHROPIC_API_KEY: key })
    expect([done.status, done.page]).toEqual([200, expect.stringContaining('…x4Qe')])
    expect(await heldAt(scene.id)).toContain('ANTHROPIC_API_KEY')
    await scene.news()
    const news = scene.chat.messages.find((one) => one.ref === link?.ref)
    expect(scene.chat.textOf(news)).toContain('✓ Anthropic key for my-claw is saved: …x4Qe')
    expect(linkIn(news)).toBeNull()
    await scene.world.settle()
    expect((await scene.world.row(scene.id)).modelProvider).toBe('anthropic')
  })

  test('is in the language of the person, from the link to the news', async () => {
    const scene = await begin('de')
    const url = await asksFor(scene, 'slack')
    expect(scene.ann.sees()).toContain('Slack für my-claw: Öffne diese Seite innerhalb von 10 Minuten')
    expect(await (await fetch(url)).text()).toContain('<h1>Slack für my-claw</h1>')
    const [bot, app] = [secretLike.slackBot(), secretLike.slackApp()]
    platforms.slackBot(bot, { user: 'claw', userId: 'U1', team: 'Acme', teamId: 'T1' })
    platforms.slackApp(app)
    expect((await answers(url, { SLACK_BOT_TOKEN: bot, SLACK_APP_TOKEN: app })).page).toContain('Fertig')
    await scene.news()
    expect(scene.chat.texts('ann').join('\n')).toContain('✓ Slack für my-claw ist gespeichert')
  })

  test('a value that is refused says why at its own field, and nothing is handed over', async () => {
    const scene = await begin()
    const url = await asksFor(scene, 'slack')
    const bot = secretLike.slackBot()
    platforms.slackBot(bot, { user: 'claw', userId: 'U1', team: 'Acme', teamId: 'T1' })
    const refused = await answers(url, { SLACK_BOT_TOKEN: bot, SLACK_APP_TOKEN: secretLike.slackApp() })
    expect(refused.status).toBe(422)
    expect(refused.page).toMatch(/id="field-SLACK_APP_TOKEN-problem">\s*Slack does not know that one/)
    expect(refused.page).not.toContain('field-SLACK_BOT_TOKEN-problem')
    expect((await answers(url, { SLACK_BOT_TOKEN: 'nonsense', SLACK_APP_TOKEN: 'nonsense' })).page).toContain('field-SLACK_BOT_TOKEN-problem')
    expect(await heldAt(scene.id)).toEqual([])
  })

  test('what cannot be checked just now is saved when the person says so', async () => {
    const scene = await begin()
    const url = await asksFor(scene, 'openai')
    platforms.breaks('openai', { status: 503 })
    const key = secretLike.openai()
    const asked = await answers(url, { OPENAI_API_KEY: key })
    expect([asked.status, asked.page]).toEqual([422, expect.stringContaining('name="anyway"')])
    expect(await heldAt(scene.id)).toEqual([])
    expect((await answers(url, { OPENAI_API_KEY: key, anyway: 'yes' })).status).toBe(200)
    expect(await heldAt(scene.id)).toEqual(['OPENAI_API_KEY'])
  })

  test('a variable of the owner’s own is asked for by its name', async () => {
    const scene = await begin()
    const url = await asksFor(scene, 'WEATHER_KEY')
    expect(await (await fetch(url)).text()).toContain('<h1>WEATHER_KEY for my-claw</h1>')
    expect((await answers(url, { WEATHER_KEY: 'sunny' })).status).toBe(200)
    expect(await heldAt(scene.id)).toEqual(['WEATHER_KEY'])
  })

  test('when the provider does not take the key, the page can be used again', async () => {
    const scene = await begin()
    const url = await asksFor(scene, 'WEATHER_KEY')
    await machines.fault({ match: { path: '/secrets' }, kind: faultCatalogue.internal })
    expect((await answers(url, { WEATHER_KEY: 'sunny' })).status).toBe(503)
    await machines.clearFaults()
    expect((await answers(url, { WEATHER_KEY: 'sunny' })).status).toBe(200)
  })

  test('taken from a question for a key, the question is over, and what is said next is no key', async () => {
    const scene = await begin()
    await scene.ann.says('/set-key my-claw anthropic')
    await scene.ann.presses('Set it on a web page instead')
    expect(linkIn(lastOf(scene))).toMatch(/\/k\//)
    await scene.ann.says('thank you')
    expect(scene.ann.sees()).not.toContain('key')
  })

  test('in a group nobody gets a link', async () => {
    const scene = await begin()
    const there = createPerson(scene.chat, (inbound, face) => scene.router.handle(inbound, face), {
      subject: 'ann',
      address: 'group-1',
      place: 'group',
    })
    await there.says('/set-key-link my-claw anthropic')
    expect(linkIn(lastOf(scene))).toBeNull()
    expect(await scene.world.database.db.$count(oneTimeTokens)).toBe(0)
  })

  test('without a word for what it is about, asks which; a word that names nothing is taken for an assistant', async () => {
    const scene = await begin()
    await scene.ann.says('/set-key-link')
    expect(scene.ann.sees()).toContain('What shall my-claw get by way of a web page?')
    await scene.ann.presses('Telegram')
    expect(scene.ann.sees()).toContain('Telegram bot token for my-claw')
    await scene.ann.says('/set-key-link nothing')
    expect(scene.ann.sees()).toContain('You have no assistant called nothing')
  })

  test('where nobody could open a page, says so instead of giving a link', async () => {
    for (const address of [null, 'http://localhost:8787']) {
      const scene = await begin('en', address)
      await scene.ann.says('/set-key-link my-claw anthropic')
      expect(scene.ann.sees()).toContain('There is no page for that here')
      expect(linkIn(lastOf(scene))).toBeNull()
    }
  })
})
