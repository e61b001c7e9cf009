// The slow look at whether chats are connected, against real gateways: stub processes that answer /readyz as OpenClaw does.
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '../../src/actions/action.ts'
import { openIncidents } from '../../src/db/incidents.ts'
import { rowsOf } from '../../src/db/connect.ts'
import { recordSecret } from '../../src/db/secret-names.ts'
import { silentLog } from '../../src/lib/log.ts'
import { createChannelChecks, readinessOf } from '../../src/orchestrator/health/channels.ts'
import { createProber } from '../../src/orchestrator/health/probe.ts'
import { addressOf } from '../../src/orchestrator/machine-config.ts'
import { postgresDatabases } from '../support/database.ts'
import { controlOf, createWorld, startMachines, type Machines, type World } from '../support/world.ts'

let machines: Machines
const prober = createProber({ elapsed: () => performance.now(), timeoutMs: 2_000 })
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(async () => {
  await prober.close()
  await machines.close()
})

describe.each([await postgresDatabases()])('the look at the chats on $name', ({ open }) => {
  let world: World
  let actor: Actor
  let id: string

  async function live(tokens: readonly string[] = ['TELEGRAM_BOT_TOKEN']): Promise<void> {
    world = createWorld(await open(), machines, { image: 'gateway:stub' })
    world.deps.probe = (url) => prober.check(url)
    actor = await world.actorOf('ann')
    const result = await world.actions.perform('deploy', { name: 'my-claw', region: 'ams', modelProvider: null }, actor)
    if (!result.ok) throw new Error(result.reason)
    id = result.value.instance.id
    for (const name of tokens)
      await recordSecret(world.database.db, { instanceId: id, name, fingerprint: name, last4: 'abcd', version: 1, who: null })
    await healthy()
  }
  async function healthy(): Promise<void> {
    for (let turn = 0; turn < 5_000; turn += 1) {
      await world.turn()
      const row = await world.row(id)
      if (row.healthy && row.operationId === null) return
    }
    throw new Error('the instance did not come alive')
  }
  async function look(): Promise<number> {
    await world.database.db.execute(sql`update channel_checks set due_at = now()`)
    return createChannelChecks({
      db: world.database.db,
      log: silentLog,
      prober,
      control: controlOf(machines, prober),
      changed: () => undefined,
    }).tick()
  }
  async function stub(path: string): Promise<void> {
    const origin = new URL(addressOf(id, machines.server.addressTemplate))
    const { request } = await import('undici')
    const { body } = await request(`http://127.0.0.1:${origin.port}${path}`, { method: 'POST', headers: { host: origin.host } })
    await body.dump().catch(() => undefined)
  }
  const open_ = async (): Promise<unknown[]> => (await openIncidents(world.database.db, id)).map(({ kind, detail }) => [kind, detail])
  const told = async (): Promise<{ version: number }[]> =>
    rowsOf(await world.database.db.execute(sql`select version from outbox where template = 'incident'`))

  it('tells of a chat that is down at the second look, restarts nothing, and tells that it is up again', async () => {
    await live()
    const before = (await world.row(id)).restartGeneration
    await stub('/stub/channel?name=telegram')
    expect(await look()).toBe(1)
    expect(await open_()).toEqual([])
    await look()
    await look()
    expect(await open_()).toEqual([['channel-down', { failing: ['telegram'], channels: ['telegram'] }]])
    expect(await told()).toEqual([{ version: 1 }])
    // Everything else is as it should be, and that does not end it.
    await world.turn()
    expect(await open_()).toHaveLength(1)
    await stub('/stub/channel?name=telegram&state=up')
    await look()
    expect(await open_()).toEqual([])
    expect(await told()).toEqual([{ version: 2 }])
    expect((await world.row(id)).restartGeneration).toBe(before)
  })

  it('looks only where there are chats, and only at what is live', async () => {
    await live(['SLACK_BOT_TOKEN', 'ANTHROPIC_API_KEY'])
    expect(await look()).toBe(0)
    await recordSecret(world.database.db, {
      instanceId: id,
      name: 'SLACK_APP_TOKEN',
      fingerprint: 'SLACK_APP_TOKEN',
      last4: 'abcd',
      version: 1,
      who: null,
    })
    await world.turn()
    expect(await look()).toBe(1)
    await world.actions.perform('restart', { instance: id }, actor)
    expect(await look()).toBe(0)
    await healthy()
    expect(await look()).toBe(1)
    await world.actions.perform('stop', { instance: id }, actor)
    for (let turn = 0; turn < 5_000 && (await world.row(id)).operationId !== null; turn += 1) await world.turn()
    expect(await look()).toBe(0)
  })

  it('a stop ends the trouble with a chat', async () => {
    await live()
    await stub('/stub/channel?name=telegram')
    await look()
    await look()
    expect(await open_()).toHaveLength(1)
    await world.actions.perform('stop', { instance: id }, actor)
    for (let turn = 0; turn < 5_000 && (await world.row(id)).operationId !== null; turn += 1) await world.turn()
    expect(await open_()).toEqual([])
  })
})

describe('what an answer of /readyz says', () => {
  const down = (body: unknown, status = 503): unknown => readinessOf({ status, body: JSON.stringify(body) })
  it.each([
    ['ready', { ready: true, failing: [] }, 200, { kind: 'ready' }],
    ['a chat that is down', { ready: false, failing: ['telegram'], uptimeMs: 52_410 }, 503, { kind: 'down', failing: ['telegram'] }],
    ['unready without a reason, as strangers are told', { ready: false }, 503, { kind: 'down', failing: [] }],
    ['still starting', { ready: false, failing: ['startup-sidecars'] }, 503, { kind: 'unknown' }],
    ['a refusal of the proxy’s headers', { error: { type: 'proxy_attribution_required' } }, 403, { kind: 'unknown' }],
    ['another program', 'hello', 200, { kind: 'unknown' }],
  ])('%s', (_, body, status, expected) => {
    expect(down(body, status)).toEqual(expected)
  })
  it('no answer, or none that is JSON, says nothing', () => {
    expect([readinessOf(null), readinessOf({ status: 503, body: '<html>' })]).toEqual([{ kind: 'unknown' }, { kind: 'unknown' }])
  })
})
