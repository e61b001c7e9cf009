// Whatever people ask, whatever the provider does, wherever the process dies: the desired state is reached, nothing is left over or doubled,
// and every job is told to its end exactly once.
import fc from 'fast-check'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowsOf } from '../../src/db/connect.ts'
import { faultCatalogue } from '../../src/local/faults.ts'
import type { FlyClient } from '../../src/orchestrator/fly/types.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines, type World } from '../support/world.ts'

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

type Command =
  | { do: 'deploy'; name: string }
  | { do: 'start' | 'stop' | 'restart' | 'destroy'; name: string }
  | { do: 'fault'; fault: Record<string, unknown> }
  | { do: 'die'; call: number; when: 'before' | 'after' }
  | { do: 'turn'; times: number }

const name = fc.constantFrom('one-claw', 'two-claw', 'three-claw')
const path = fc.constantFrom('/machines$', '/volumes$', '/start$', '/stop$', '/restart$', '/apps$', '/ip_assignments$', '/machines/[a-z0-9]+$')
const kind = fc.constantFrom<Record<string, unknown>>(
  { lostAnswer: true },
  { drop: true },
  { status: 500, body: { error: 'internal' } },
  { status: 503, body: { error: 'unavailable' } },
  { status: 429, body: { error: 'rate limit exceeded' } },
  { staleListMs: 20 },
  faultCatalogue.regionFull,
  faultCatalogue.hostFullMemory,
  faultCatalogue.volumeHostFull,
  faultCatalogue.leaseHeld,
  faultCatalogue.versionMismatch,
)
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ do: fc.constant('deploy' as const), name }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constantFrom('start' as const, 'stop' as const, 'restart' as const, 'destroy' as const), name }) },
  {
    weight: 4,
    arbitrary: fc
      .record({ path, kind, times: fc.integer({ min: 1, max: 2 }) })
      .map(({ path: match, ...fault }) => ({ do: 'fault' as const, fault: { match: { path: match }, ...fault } })),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('die' as const),
      call: fc.integer({ min: 1, max: 6 }),
      when: fc.constantFrom('before' as const, 'after' as const),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('turn' as const), times: fc.integer({ min: 1, max: 6 }) }) },
)

/** A client of a process that dies at its n-th call, before the call or after its effect: the call never answers. */
function dying(fly: FlyClient, call: number, when: 'before' | 'after'): { fly: FlyClient; dead: Promise<void> } {
  let left = call
  let die: () => void = () => undefined
  const dead = new Promise<void>((resolve) => {
    die = resolve
  })
  const mortal = new Proxy(fly, {
    get(target, property, receiver) {
      const value: unknown = Reflect.get(target, property, receiver)
      if (typeof value !== 'function') return value
      return async (...args: unknown[]) => {
        left -= 1
        if (left > 0) return (value as (...all: unknown[]) => unknown).apply(target, args)
        if (left === 0 && when === 'after')
          await Promise.resolve((value as (...all: unknown[]) => unknown).apply(target, args)).catch(() => undefined)
        die()
        return new Promise(() => undefined)
      }
    },
  })
  return { fly: mortal, dead }
}

async function act(world: World, actor: Awaited<ReturnType<World['actorOf']>>, one: Command): Promise<void> {
  switch (one.do) {
    case 'deploy':
      await world.actions.perform('deploy', { name: one.name, region: 'ams', modelProvider: null }, actor)
      return
    case 'destroy':
      await world.actions.perform('destroy', { instance: one.name, confirm: one.name }, actor)
      return
    case 'start':
    case 'stop':
    case 'restart':
      await world.actions.perform(one.do, { instance: one.name }, actor)
      return
    case 'fault':
      await machines.fault(one.fault)
      return
    case 'die': {
      const { fly, dead } = dying(machines.fly, one.call, one.when)
      await Promise.race([world.turn({ fly }), dead])
      return
    }
    case 'turn':
      for (let n = 0; n < one.times; n += 1) await world.turn()
  }
}

async function expectConverged(world: World): Promise<void> {
  const rows = rowsOf<{ id: string; power: string; destroyed: boolean }>(
    await world.database.db.execute(sql`select id, power, destroyed_at is not null as destroyed from instances`),
  )
  const present = rows.filter((row) => !row.destroyed)
  expect(await machines.apps()).toEqual(present.map((row) => appNameOf(row.id)).toSorted())
  for (const row of present) {
    const app = appNameOf(row.id)
    const seen = (await machines.fly.listMachines(app)).filter((machine) => machine.state !== 'destroyed')
    expect(seen.map((machine) => machine.state)).toEqual([row.power === 'on' ? 'started' : 'stopped'])
    expect((await machines.fly.listVolumes(app)).map((volume) => volume.attachedMachineId)).toEqual(seen.map((machine) => machine.id))
  }
  const jobs = rowsOf<{ id: string; ends: number }>(
    await world.database.db.execute(sql`
      select operation_id as id, count(*) filter (where kind in ('done', 'superseded') or (kind = 'failed' and detail ->> 'cleaned' = 'true'))::int as ends
      from instance_events where operation_id is not null group by operation_id`),
  )
  expect(jobs.filter((job) => job.ends !== 1)).toEqual([])
}

const { open } = await postgresDatabases()

describe('the reconciler', () => {
  it('converges after any history of wishes, faults, lost answers and deaths', { timeout: 120_000 }, async () => {
    let checked = 0
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 3, maxLength: 14 }), async (commands) => {
        const database = await open()
        try {
          const world = createWorld(database, machines)
          const actor = await world.actorOf('ann', 'pro')
          await act(world, actor, { do: 'deploy', name: 'one-claw' })
          for (const one of commands) await act(world, actor, one)
          await machines.clearFaults()
          await world.settle()
          // Drift that no job is looking for is found by the next looks.
          for (let n = 0; n < 4; n += 1) await world.turn()
          await expectConverged(world)
          checked += 1
          for (const app of await machines.apps()) await machines.fly.deleteApp(app)
        } finally {
          await machines.clearFaults()
          await database.close()
        }
      }),
      { numRuns: 20, endOnFailure: true },
    )
    expect(checked).toBe(20)
  })
})
