// What a machine is made of, where it depends on what its owner pays for.
import { expect, test } from 'vitest'
import { machinePlan } from '../../src/orchestrator/machine-config.ts'
import { createWorld, startMachines } from '../support/world.ts'
import { postgresDatabases } from '../support/database.ts'

const { open } = await postgresDatabases()

test('an assistant on Pro runs the variant with a browser where there is one, and its image stays what it was asked to be', async () => {
  const machines = await startMachines()
  const world = createWorld(await open(), machines, { image: 'gateway:stub' })
  const own = await world.actorOf('ann', 'pro')
  const made = await world.actions.perform('deploy', { name: 'my-claw', region: 'ams' }, own)
  expect.assert(made.ok)
  const row = await world.row(made.value.instance.id)
  const fleet = { addressTemplate: 'https://{app}.example.com', keys: '{"keys":[]}', volumeId: null, document: null }
  const imageOf = (plan: string, browserSuffix?: string): string =>
    machinePlan({ ...row, plan }, { ...fleet, ...(browserSuffix !== undefined && { browserSuffix }) }).config.image
  expect([row.plan, row.image]).toEqual(['pro', 'gateway:stub'])
  expect(imageOf('pro', '-browser')).toBe('gateway:stub-browser')
  expect(imageOf('starter', '-browser')).toBe('gateway:stub')
  expect(imageOf('pro')).toBe('gateway:stub')
  await machines.close()
})
