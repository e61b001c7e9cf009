// The health sweep against real gateways: stub processes of the local Machines server, and a probe over HTTP.
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '../../src/actions/action.ts'
import { claimTargets, healthOf } from '../../src/db/health.ts'
import { openIncidents } from '../../src/db/incidents.ts'
import { rowsOf } from '../../src/db/connect.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createFleetPoll } from '../../src/orchestrator/fleet-poll.ts'
import { createProber } from '../../src/orchestrator/health/probe.ts'
import { createSweep, FAILURES_BEFORE_RESTART, sweepDefaults } from '../../src/orchestrator/health/sweep.ts'
import { addressOf, appNameOf } from '../../src/orchestrator/machine-config.ts'
import { postgresDatabases } from '../support/database.ts'
import { controlOf, createWorld, startMachines, type Machines, type World } from '../support/world.ts'

let machines: Machines
const prober = createProber({ elapsed: () => performance.now(), timeoutMs: 500 })
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(async () => {
  await prober.close()
  await machines.close()
})

async function until(check: () => Promise<boolean>, what: string): Promise<void> {
  const end = performance.now() + 15_000
  while (!(await check())) {
    if (performance.now() > end) throw new Error(`waited in vain: ${what}`)
    await wait(10)
  }
}

describe('the health sweep', async () => {
  const { open } = await postgresDatabases()
  let world: World
  let actor: Actor
  let id: string
  let address: string

  async function live(): Promise<void> {
    world = createWorld(await open(), machines, { image: 'gateway:stub' })
    world.deps.probe = (url) => prober.check(url)
    actor = await world.actorOf('ann')
    const result = await world.actions.perform('deploy', { name: 'my-claw', region: 'ams', modelProvider: null }, actor)
    if (!result.ok) throw new Error(result.reason)
    id = result.value.instance.id
    address = addressOf(id, machines.server.addressTemplate)
    await healthy()
  }
  async function healthy(): Promise<void> {
    await until(async () => {
      await world.turn()
      const row = await world.row(id)
      return row.healthy && row.operationId === null
    }, 'the instance is live')
  }
  async function check(): Promise<void> {
    await world.database.db.execute(sql`update health set due_at = now()`)
    await createSweep({
      db: world.database.db,
      clock: systemClock,
      log: silentLog,
      prober,
      control: controlOf(machines, prober),
      changed: () => undefined,
    }).round()
  }
  const stub = async (path: string): Promise<void> => {
    const origin = new URL(address)
    const { request } = await import('undici')
    const { body } = await request(`http://127.0.0.1:${origin.port}${path}`, { method: 'POST', headers: { host: origin.host } })
    await body.dump().catch(() => undefined)
  }
  /** Answers as a sick gateway does; its supervisor looks once a second. */
  const sick = async (): Promise<void> => {
    await stub('/stub/sick')
    await until(async () => !(await prober.check(`${address}/healthz`)).ok, 'it is sick')
  }
  /** Gives the machine less memory than the plan does: a gateway needs ten seconds of a processor to fill all of that. */
  async function shrink(): Promise<void> {
    const { machineId } = await world.row(id)
    const machine = async () => machines.fly.getMachine(appNameOf(id), machineId ?? '')
    const before = await machine()
    expect.assert(before !== null && before.config !== null)
    const config = { ...before.config, guest: { ...before.config.guest, memory_mb: 512 }, init: { swap_size_mb: 0 } }
    await machines.fly.updateMachine(appNameOf(id), before.id, { config })
    await until(async () => {
      const now = await machine()
      return now?.state === 'started' && now.instanceId !== before.instanceId && (await prober.check(`${address}/healthz`)).ok
    }, 'it runs with less memory')
  }
  const told = async (): Promise<{ key: string; version: number }[]> =>
    rowsOf(await world.database.db.execute(sql`select key, version from outbox where template = 'incident'`))

  it('restarts after the third failed check in a row, not the second, and says so once', async () => {
    await live()
    await sick()
    await check()
    await check()
    expect(await world.row(id)).toMatchObject({ restartGeneration: 0, operationId: null })
    await check()
    expect(await world.row(id)).toMatchObject({ restartGeneration: 1, operationKind: 'recover', healthy: false })
    expect((await openIncidents(world.database.db, id)).map((one) => [one.kind, one.detail['failures']])).toEqual([
      ['unhealthy', FAILURES_BEFORE_RESTART],
    ])
    expect(await told()).toHaveLength(1)
    await healthy()
    expect(await openIncidents(world.database.db, id)).toEqual([])
    expect((await told()).map((one) => one.version)).toEqual([2])
  })

  it('counts failed checks in a row although each makes the engine look, and find the machine running', async () => {
    await live()
    await sick()
    for (let failures = 1; failures < FAILURES_BEFORE_RESTART; failures += 1) {
      await check()
      await world.turn()
      expect(await healthOf(world.database.db, id)).toMatchObject({ failures })
    }
    await check()
    expect(await world.row(id)).toMatchObject({ restartGeneration: 1, operationKind: 'recover' })
    await healthy()
    expect(await healthOf(world.database.db, id)).toMatchObject({ failures: 0 })
  })

  it('repeats a restart that did not help ever more rarely, in the same message', async () => {
    await live()
    world.deps.probe = async () => ({ ok: false, exits: null, degraded: false })
    await stub('/stub/sick')
    const restartsAfter: number[] = []
    for (let failures = 1; failures <= 24; failures += 1) {
      const before = (await world.row(id)).restartGeneration
      await world.database.db.execute(sql`update health set failures = ${failures - 1}`)
      await world.database.db.execute(sql`update health set url = 'http://127.0.0.1:1/healthz'`)
      await world.database.db.execute(sql`update instances set operation_started_at = now() - interval '3 minutes'`)
      await check()
      if ((await world.row(id)).restartGeneration > before) restartsAfter.push(failures)
    }
    expect(restartsAfter).toEqual([3, 6, 12, 24])
    expect(await told()).toHaveLength(1)
  })

  it('leaves a young job alone, whose gateway is down by its own doing, and restarts one that never comes up', async () => {
    await live()
    await world.database.db.execute(sql`update health set failures = ${FAILURES_BEFORE_RESTART - 1}, url = 'http://127.0.0.1:1/healthz'`)
    await world.actions.perform('restart', {}, actor)
    await check()
    expect(await world.row(id)).toMatchObject({ restartGeneration: 1, operationKind: 'restart' })
    expect(await told()).toHaveLength(0)
    await world.database.db.execute(sql`update instances set operation_started_at = now() - interval '3 minutes'`)
    await world.database.db.execute(sql`update health set failures = ${2 * FAILURES_BEFORE_RESTART - 1}`)
    await check()
    expect(await world.row(id)).toMatchObject({ restartGeneration: 2, operationKind: 'recover' })
  })

  it('forgets failures at the first good answer', async () => {
    await live()
    await world.database.db.execute(sql`update health set failures = 2`)
    await check()
    expect(await healthOf(world.database.db, id)).toMatchObject({ failures: 0, error: null })
  })

  it('notes every check, and writes a good answer down only when it is news', async () => {
    await live()
    const state = async (): Promise<unknown> => {
      const row = await healthOf(world.database.db, id)
      return { noted: row !== null && row.checkedAt !== null && row.checkedAt.getTime() > Date.now() - 30_000, written: row?.latencyMs !== null }
    }
    await world.database.db.execute(
      sql`update health set latency_ms = null, checked_at = now() - interval '1 hour', ok_at = now() - interval '1 minute'`,
    )
    await check()
    expect(await state()).toEqual({ noted: true, written: false })
    await world.database.db.execute(sql`update health set ok_at = now() - interval '6 minutes'`)
    await check()
    expect(await state()).toEqual({ noted: true, written: true })
  })

  it('notices a crash that the machine healed by itself between two checks, and counts the next one into the same message', async () => {
    await live()
    await check()
    await stub('/stub/exit?code=3')
    await until(async () => {
      await check()
      return (await told()).length > 0
    }, 'the crash is told')
    expect(await world.row(id)).toMatchObject({ healthy: false, exitsSeen: 1, restartGeneration: 0 })
    expect((await openIncidents(world.database.db, id)).map((one) => [one.kind, one.count])).toEqual([['crashed', 1]])
    await until(async () => {
      await world.turn()
      return (await openIncidents(world.database.db, id)).length === 0
    }, 'it is over')
    await check()
    expect((await told()).map((one) => one.version)).toEqual([2])
    await stub('/stub/exit?code=3')
    await until(async () => {
      await check()
      return (await openIncidents(world.database.db, id)).some((one) => one.count === 2)
    }, 'the second crash is counted')
    expect(await told()).toHaveLength(1)
  })

  it('notices a machine that stopped as a whole and was started again by the provider', async () => {
    await live()
    const poll = createFleetPoll({ db: world.database.db, fly: machines.fly, wake: () => undefined })
    await poll.tick()
    await machines.kill((await world.row(id)).machineId ?? '')
    await until(async () => {
      await poll.tick()
      await world.turn()
      return (await told()).length > 0
    }, 'the crash is told')
    expect((await openIncidents(world.database.db, id)).map((one) => one.kind)).toEqual(['crashed'])
  })

  it('names memory as the cause when it ran out', async () => {
    await live()
    await shrink()
    await stub('/stub/grow?mb=450')
    await until(async () => {
      await check()
      return (await told()).length > 0
    }, 'running out of memory is told')
    expect((await openIncidents(world.database.db, id)).map((one) => one.kind)).toEqual(['out-of-memory'])
  })

  it('does not loop on a bad configuration, and says so', async () => {
    await live()
    await stub('/stub/exit?code=78')
    await until(async () => {
      await check()
      await world.turn()
      return (await openIncidents(world.database.db, id)).some((one) => one.kind === 'bad-config')
    }, 'the bad configuration is told')
    for (let round = 0; round < 6; round += 1) await check()
    expect(await told()).toHaveLength(1)
    expect(await world.row(id)).toMatchObject({ blocked: 'bad-config', restartGeneration: 0 })
    await world.actions.perform('restart', {}, actor)
    await healthy()
    expect(await openIncidents(world.database.db, id)).toEqual([])
  })

  it('does not watch what was stopped', async () => {
    await live()
    await world.actions.perform('stop', {}, actor)
    await until(async () => {
      await world.turn()
      return (await world.row(id)).operationId === null
    }, 'it is stopped')
    expect(await healthOf(world.database.db, id)).toBeNull()
  })
})

describe.each([await postgresDatabases()])('due checks on $name', ({ open }) => {
  it('are shared out: two sweeps never check the same target in one round', async () => {
    const { db } = await open()
    await db.execute(sql`insert into users (id) values ('u1')`)
    await db.execute(
      sql`insert into instances (id, user_id, name, slot, plan, region, image) select 'instance' || n, 'u1', 'claw-' || n, n, 'pro', 'ams', 'gateway:stub' from generate_series(1, 60) n`,
    )
    await db.execute(sql`insert into health (instance_id, url, due_at) select id, 'http://x', now() - interval '1 minute' from instances`)
    const claim = { limit: 40, intervalMs: sweepDefaults.intervalMs, jitterShare: 0.1 }
    const [one, two] = await Promise.all([claimTargets(db, claim), claimTargets(db, claim)])
    const ids = [...one, ...two].map((target) => target.instanceId)
    expect(ids).toHaveLength(60)
    expect(new Set(ids).size).toBe(60)
  })
})
