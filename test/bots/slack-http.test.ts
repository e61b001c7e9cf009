// Slack over HTTP, for many workspaces: OAuth, signatures, encrypted installations, renewed and revoked tokens; and the manifest.
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { sql } from 'drizzle-orm'
import { describe, expect, onTestFinished, test } from 'vitest'
import { commandNames } from '../../src/bots/core/answers.ts'
import type { Inbound } from '../../src/bots/core/face.ts'
import type { ReadyView } from '../../src/bots/core/view.ts'
import { slackManifest } from '../../src/bots/slack/manifest.ts'
import { createSlackFace, type SlackFace } from '../../src/bots/slack/slack.ts'
import { rowsOf } from '../../src/db/connect.ts'
import { removeSlackInstallation, saveSlackInstallation, slackInstallationOf } from '../../src/db/slack-installations.ts'
import { createLog } from '../../src/lib/log.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { startSlack, type SlackSimulator } from '../simulators/slack.ts'
import { postgresDatabases, type TestDatabase } from '../support/database.ts'
import { createTestClock, type TestClock } from '../support/world.ts'
import { eventually } from './support/memory-chat.ts'

const SIGNING = 'a-signing-secret-of-this-test'
const STATE = 'a-state-secret-of-this-test-32-characters'
const view = (text: string): ReadyView => ({ tone: 'plain', blocks: [{ kind: 'text', text: [text] }], actions: [] })
const asked = { idempotencyKey: 'k', unasked: true }

type Stage = {
  sim: SlackSimulator
  face: SlackFace
  database: TestDatabase
  url: string
  heard: Inbound[]
  clock: TestClock
  logged(): string
  /** While it holds, whoever handles an event does not come to an end. */
  hold(until: Promise<void>): void
}

describe('Slack over HTTP', async () => {
  const { open } = await postgresDatabases()

  async function stage(options: { stateSecret?: string; database?: TestDatabase; start?: boolean } = {}): Promise<Stage> {
    const sim = await startSlack()
    const database = options.database ?? (await open())
    const { db } = database
    let lines = ''
    const log = createLog({ level: 'debug', destination: { write: (line: string) => void (lines += line) } })
    const server = createServer((request, response) => face.http?.requestListener(request, response))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    const clock = createTestClock()
    const face: SlackFace = createSlackFace({
      connection: {
        kind: 'http',
        signingSecret: new Sealed(SIGNING),
        clientId: sim.oauth.clientId,
        clientSecret: new Sealed(sim.oauth.clientSecret),
        stateSecret: new Sealed(options.stateSecret ?? STATE),
        publicUrl: url,
        authorizationUrl: sim.oauth.authorizationUrl,
        rows: {
          save: (tenant, sealed) => saveSlackInstallation(db, { tenant, sealed }),
          find: (tenant) => slackInstallationOf(db, tenant),
          remove: (tenant) => removeSlackInstallation(db, tenant),
        },
      },
      apiUrl: sim.apiUrl,
      clock,
      random: () => 0,
      log,
    })
    sim.useHttp({ url: `${url}/slack/events`, signingSecret: SIGNING })
    const heard: Inbound[] = []
    let held: Promise<void> = Promise.resolve()
    const ended = new AbortController()
    const running =
      options.start === false
        ? Promise.resolve()
        : face.run(async (inbound, at) => {
            heard.push(inbound)
            await held
            const said = inbound.kind === 'text' ? inbound.text : inbound.kind
            await at.send(inbound.chat, view(`you said ${said}`), { idempotencyKey: inbound.id, unasked: false })
          }, ended.signal)
    onTestFinished(async () => {
      ended.abort()
      await running
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await sim.close()
      expect(lines).not.toMatch(/xoxb-|xoxe/)
    })
    return { sim, face, database, url, heard, clock, logged: () => lines, hold: (until) => void (held = until) }
  }

  const clean = ({ sim }: Stage) => expect(sim.violations()).toEqual([])

  test('a workspace adds us, and from then on its people are answered; each workspace with its own token', async () => {
    const it = await stage()
    const { sim, url, database } = it
    for (const team of ['T7', 'T8'])
      expect(await sim.installs(`${url}/slack/install`, team)).toMatchObject({ status: 200, text: expect.stringContaining('I am in your workspace') })
    for (const team of ['T7', 'T8']) {
      const ann = sim.person('ann', team)
      await ann.says('hello & <b>')
      await ann.sees('you said hello & <b>')
      const [sent] = sim.calls.filter((call) => call.method === 'chat.postMessage').slice(-1)
      expect(sent?.token).toBe(sim.state.teams.get(team)?.botToken)
    }
    const rows = JSON.stringify(rowsOf(await database.db.execute(sql`select * from slack_installations`)))
    expect(rows).toContain('"T7"')
    expect(rows).not.toMatch(/xoxb|xoxe/)
    clean(it)
  })

  test('an OAuth answer without the state that we gave out adds nothing', async () => {
    const it = await stage()
    const answer = await fetch(`${it.url}/slack/oauth_redirect?code=x&state=forged`, { redirect: 'manual' })
    expect(answer.status).toBe(400)
    expect(await answer.text()).toContain('Nothing was added')
    expect(rowsOf(await it.database.db.execute(sql`select * from slack_installations`))).toEqual([])
  })

  test('events are acknowledged at once, whatever their handling takes, and keep no one else waiting', async () => {
    const it = await stage()
    const { sim, url } = it
    await sim.installs(`${url}/slack/install`, 'T7')
    const release = Promise.withResolvers<void>()
    it.hold(release.promise)
    const ann = sim.person('ann', 'T7')
    const started = performance.now()
    await ann.says('slow')
    await ann.saysIn('C1', '/conch instances')
    expect(performance.now() - started).toBeLessThan(2_000)
    expect(await eventually(() => it.heard.length === 2)).toBe(true)
    expect(ann.transcript()).toBe('ann: slow')
    release.resolve()
    await ann.sees('you said slow')
    await ann.sees('you said /instances')
    clean(it)
  })

  test('a request that Slack did not sign is turned away, and so is everything until we run', async () => {
    const it = await stage()
    const answer = await fetch(`${it.url}/slack/events`, { method: 'POST', body: '{}', headers: { 'content-type': 'application/json' } })
    expect(answer.status).toBe(401)
    expect(it.heard).toEqual([])
    expect((await fetch(`${it.url}/slack/else`)).status).toBe(404)
    const asleep = await stage({ start: false })
    expect((await fetch(`${asleep.url}/slack/events`, { method: 'POST', body: '{}' })).status).toBe(503)
  })

  test('a workspace that we are not installed in is shown how to add us', async () => {
    const it = await stage()
    const { sim } = it
    const ann = sim.person('ann', 'T9')
    await ann.saysIn('C1', '/deploy')
    await ann.sees('whoever looks after it can add me')
    await ann.sees('[Add me to this workspace → http')
    expect(it.heard).toEqual([])
    clean(it)
  })

  test('a token that is about to end is renewed, and the new one is kept', async () => {
    const it = await stage()
    const { sim, url, face, database, clock } = it
    sim.oauth.expiresIn = 60
    await sim.installs(`${url}/slack/install`, 'T7')
    const before = rowsOf<{ sealed: string }>(await database.db.execute(sql`select sealed from slack_installations`))[0]?.sealed
    const old = sim.state.teams.get('T7')?.botToken
    sim.oauth.expiresIn = 43_200
    expect(await face.send('T7:UANN', view('x'), asked)).toMatchObject({ kind: 'sent' })
    const renewed = sim.state.teams.get('T7')?.botToken
    expect(renewed).not.toBe(old)
    expect(rowsOf<{ sealed: string }>(await database.db.execute(sql`select sealed from slack_installations`))[0]?.sealed).not.toBe(before)
    clock.advance(10 * 60_000)
    expect(await face.send('T7:UANN', view('y'), asked)).toMatchObject({ kind: 'sent' })
    expect(sim.state.teams.get('T7')?.botToken).toBe(renewed)
    clean(it)
  })

  test('a workspace that removed us is forgotten; late news of an old token forgets nothing', async () => {
    const it = await stage()
    const { sim, url, face, database } = it
    const installed = async (): Promise<number> => rowsOf(await database.db.execute(sql`select * from slack_installations`)).length
    await sim.installs(`${url}/slack/install`, 'T7')
    const verified = (): number => sim.calls.filter((call) => call.method === 'auth.test').length
    const before = verified()
    await sim.tell('T7', { type: 'tokens_revoked', tokens: { bot: ['UBOTT7'] } })
    expect(await eventually(() => verified() > before)).toBe(true)
    expect(await face.send('T7:UANN', view('x'), asked)).toMatchObject({ kind: 'sent' })
    expect(await installed()).toBe(1)
    await sim.uninstalls('T7')
    expect(await eventually(async () => (await installed()) === 0)).toBe(true)
    expect(await face.send('T7:UANN', view('x'), asked)).toMatchObject({ kind: 'undeliverable' })
    clean(it)
  })

  test('an installation opens with its own key and in its own row only', async () => {
    const it = await stage()
    const { sim, url, database, face } = it
    await sim.installs(`${url}/slack/install`, 'T7')
    await database.db.execute(sql`insert into slack_installations (tenant, sealed) select 'T8', sealed from slack_installations where tenant = 'T7'`)
    expect(await face.send('T8:UANN', view('x'), asked)).toMatchObject({ kind: 'undeliverable' })
    expect(it.logged()).toContain('cannot be decrypted')
    const other = await stage({ stateSecret: 'another-state-secret-of-32-characters', database })
    expect(await other.face.send('T7:UANN', view('x'), asked)).toMatchObject({ kind: 'undeliverable' })
    expect(await face.send('T7:UANN', view('x'), asked)).toMatchObject({ kind: 'sent' })
  })
})

describe('the manifest', () => {
  type Manifest = { features: { slash_commands: { command: string; url?: string }[] }; settings: { socket_mode_enabled: boolean } }

  test('has every command but those that Slack keeps for itself, which /conch reaches', () => {
    const { features, settings } = slackManifest({ publicUrl: null }) as Manifest
    const names = features.slash_commands.map((one) => one.command.slice(1))
    expect(names[0]).toBe('conch')
    expect(commandNames.filter((name) => !names.includes(name))).toEqual(['status', 'open', 'rename', 'invite', 'help'])
    // Slack's limits: 50 commands of 32 characters, descriptions of 2,000.
    expect(names.length).toBeLessThanOrEqual(50)
    expect(names.every((name) => /^[a-z][a-z0-9_-]{0,30}$/.test(name))).toBe(true)
    expect(settings.socket_mode_enabled).toBe(true)
  })

  test('points every command and event at the public address when there is one', () => {
    const { features, settings } = slackManifest({ publicUrl: 'https://conch.example.com' }) as Manifest
    expect(new Set(features.slash_commands.map((one) => one.url))).toEqual(new Set(['https://conch.example.com/slack/events']))
    expect(settings).toMatchObject({
      socket_mode_enabled: false,
      event_subscriptions: { request_url: 'https://conch.example.com/slack/events' },
      interactivity: { request_url: 'https://conch.example.com/slack/events' },
    })
  })
})
