// What a person asks while a turn is under way: the turn began with what was wanted before, and must not undo what is wanted now.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ActionName } from '../../src/actions/catalogue.ts'
import { operationEvents } from '../../src/db/events.ts'
import type { FlyClient } from '../../src/orchestrator/fly/types.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines } from '../support/world.ts'

const { open } = await postgresDatabases()
let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

/** A client that lets something happen before it answers its n-th look at the machine. */
function interrupted(fly: FlyClient, what: () => Promise<void>): FlyClient {
  let done = false
  const once = async (): Promise<void> => {
    if (done) return
    done = true
    await what()
  }
  return {
    ...fly,
    getMachine: async (app, id) => {
      const machine = await fly.getMachine(app, id)
      await once()
      return machine
    },
  }
}

describe('in the middle of a turn', () => {
  it.each<[ActionName, Record<string, string>, string]>([
    ['destroy', { confirm: 'my-claw' }, 'destroy'],
    ['stop', {}, 'stop'],
    ['restart', {}, 'restart'],
  ])('%s is not lost', async (name, input, kind) => {
    const world = createWorld(await open(), machines)
    const actor = await world.actorOf('ann')
    const made = await world.actions.perform('deploy', { name: 'my-claw', region: 'ams', modelProvider: null }, actor)
    if (!made.ok) throw new Error(made.reason)
    const { id } = made.value.instance
    await world.settle()
    await world.actions.perform('stop', {}, actor)
    await world.settle()
    await world.actions.perform('start', {}, actor)
    let operationId = ''
    const ask = async (): Promise<void> => {
      const asked = await world.actions.perform(name, input, actor)
      if (!asked.ok) throw new Error(asked.reason)
      operationId = (await world.row(id)).operationId ?? ''
    }
    // Until the start is about to settle: the turn after this one would end it.
    while (!(await world.row(id)).healthy) await world.turn()
    await world.turn({ fly: interrupted(machines.fly, ask) })
    expect(await world.row(id)).toMatchObject({ operationId, operationKind: kind })
    await world.settle()
    expect((await operationEvents(world.database.db, operationId)).at(-1)?.kind).toBe('done')
    await world.actions.perform('destroy', { confirm: 'my-claw' }, actor)
    await world.settle()
    expect(await machines.apps()).toEqual([])
  })
})
