// What a peer learned in production, lesson by lesson, against the local Machines server.
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '../../src/actions/action.ts'
import { openIncidents } from '../../src/db/incidents.ts'
import { recentEvents } from '../../src/db/events.ts'
import { expireStagedApp } from '../../src/db/secret-names.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { LOST_AGAIN_MS } from '../../src/domain/next-step.ts'
import { faultCatalogue } from '../../src/local/faults.ts'
import { appNameOf, volumeNameOf } from '../../src/orchestrator/machine-config.ts'
import { DESTROY_TRIES_MAX } from '../../src/orchestrator/reconcile.ts'
import { sweepStagedApps } from '../../src/orchestrator/staged-apps.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines, type World } from '../support/world.ts'

const { open } = await postgresDatabases()
let machines: Machines
let world: World
let actor: Actor

beforeAll(async () => {
  machines = await startMachines()
})
afterEach(() => machines.clearFaults())
afterAll(() => machines.close())

async function begin(): Promise<void> {
  world = createWorld(await open(), machines)
  actor = await world.actorOf('ann', 'pro')
}
async function deploy(name = 'my-claw'): Promise<string> {
  const result = await world.actions.perform('deploy', { name, region: 'ams', modelProvider: null }, actor)
  if (!result.ok) throw new Error(result.reason)
  return result.value.instance.id
}
async function live(): Promise<string> {
  await begin()
  const id = await deploy()
  await world.settle()
  return id
}
const creates = async (id: string): Promise<number> =>
  (await machines.requests()).filter((one) => one.method === 'POST' && one.path.endsWith(`/apps/${appNameOf(id)}/machines`)).length

describe('lessons', () => {
  it('1: an instance is never created anew because the provider failed to show it', async () => {
    const id = await live()
    await machines.fault({ match: { method: 'GET', path: '/machines' }, kind: faultCatalogue.internal })
    await world.turn()
    await world.turn()
    await machines.clearFaults()
    await world.turn()
    expect(await creates(id)).toBe(1)
    expect((await world.row(id)).healthy).toBe(true)
  })

  it('2: a lost machine id is found again', async () => {
    const id = await live()
    const before = (await world.row(id)).machineId
    await world.database.db.execute(sql`update instances set machine_id = null, volume_id = null where id = ${id}`)
    await world.turn()
    expect(await world.row(id)).toMatchObject({ machineId: before })
    expect(await creates(id)).toBe(1)
  })

  it('3: what a person asks for does not wait for a back-off', async () => {
    const id = await live()
    await world.database.db.execute(sql`update instances set fails = 9, due_at = now() + interval '1 hour' where id = ${id}`)
    await world.actions.perform('restart', { instance: 'my-claw' }, actor)
    const row = await world.row(id)
    expect(row.fails).toBe(0)
    expect(row.dueAt.getTime()).toBeLessThanOrEqual(Date.now() + 1_000)
  })

  it('4: a destruction that does not get on is slowed down and raised, not repeated for ever', async () => {
    const id = await live()
    await machines.fault({ match: { method: 'DELETE', path: '/machines/' }, kind: faultCatalogue.internal })
    await world.actions.perform('destroy', { instance: 'my-claw', confirm: 'my-claw' }, actor)
    for (let n = 0; n < DESTROY_TRIES_MAX; n += 1) await world.turn()
    expect((await world.row(id)).dueAt.getTime()).toBeGreaterThan(Date.now() + 30 * 60_000)
    expect((await openIncidents(world.database.db, id)).map((one) => one.kind)).toEqual(['destroy-stuck'])
    await machines.clearFaults()
    await world.settle()
    expect(await machines.apps()).not.toContain(appNameOf(id))
  })

  it('5: a volume of another name is nobody’s to remove, a doubled one of ours is', async () => {
    const id = await live()
    const app = appNameOf(id)
    const compute = { cpuKind: 'shared' as const, cpus: 1, memoryMb: 256, swapMb: 0 }
    const other = await machines.fly.createVolume(app, { name: 'somebody_elses', region: 'ams', sizeGb: 1, compute })
    await machines.fly.createVolume(app, { name: volumeNameOf(id), region: 'ams', sizeGb: 1, compute })
    await world.turn()
    await world.turn()
    const left = (await machines.fly.listVolumes(app)).filter((volume) => !/destroy/.test(volume.state)).map((volume) => volume.id)
    expect(new Set(left)).toEqual(new Set([other.id, (await world.row(id)).volumeId]))
  })

  it('6: a deployment that is given up leaves nothing behind, and neither does a key that was never launched', async () => {
    await begin()
    const id = await deploy()
    await machines.fault({ match: { method: 'POST', path: '/machines$' }, kind: faultCatalogue.quota })
    await world.settle()
    expect(await world.row(id)).toMatchObject({ failure: 'quota', operationId: null })
    expect((await world.row(id)).destroyedAt).not.toBeNull()
    await machines.clearFaults()
    const draftId = world.actions.draft(actor)
    await world.actions.stageSecret(actor, { draftId, name: 'ANTHROPIC_API_KEY', secret: new Sealed('sk-ant-a-secret-of-a-wizard-that-was-left') })
    expect(await machines.apps()).toContain(appNameOf(draftId))
    await expireStagedApp(world.database.db, draftId, actor.userId)
    await sweepStagedApps({ db: world.database.db, fly: machines.fly })
    const left = await machines.apps()
    expect(left).not.toContain(appNameOf(id))
    expect(left).not.toContain(appNameOf(draftId))
  })

  it('7: a restart is sent and not waited for, and done when a new start is seen', async () => {
    const id = await live()
    const before = (await world.row(id)).startId
    await world.actions.perform('restart', { instance: 'my-claw' }, actor)
    await world.settle()
    const row = await world.row(id)
    expect(row.startId).not.toBe(before)
    expect(row).toMatchObject({ restartSeen: 1, restartGeneration: 1, healthy: true })
    expect((await machines.requests()).filter((one) => one.path.endsWith('/restart') && one.path.includes(appNameOf(id)))).toHaveLength(1)
  })

  it('8: a machine that still runs the old configuration is not taken for a success', async () => {
    const id = await live()
    await world.database.db.execute(sql`update instances set secrets_version = coalesce(secrets_version, 0) + 1000, healthy = false where id = ${id}`)
    await machines.fault({ match: { method: 'POST', path: '/machines/[a-z0-9]+$' }, kind: { drop: true } })
    await world.turn()
    await world.turn()
    expect((await world.row(id)).healthy).toBe(false)
    expect((await world.row(id)).machineState).toBe('started')
  })

  it('9: a start that fails says why and is tried again', async () => {
    const id = await live()
    await world.actions.perform('stop', {}, actor)
    await world.settle()
    await machines.fault({ match: { method: 'POST', path: '/start$' }, kind: faultCatalogue.beingReplaced })
    await world.actions.perform('start', {}, actor)
    await world.turn()
    expect((await world.row(id)).lastError).toMatch(/getting replaced/)
    await machines.clearFaults()
    await world.settle()
    expect(await world.row(id)).toMatchObject({ healthy: true, lastError: null })
  })

  it('10: a lease that somebody holds is waited for, not taken for a full region', async () => {
    await begin()
    const id = await deploy()
    await machines.fault({ match: { method: 'POST', path: '/machines$' }, times: 2, kind: faultCatalogue.leaseHeld })
    await world.settle()
    expect(await world.row(id)).toMatchObject({ healthy: true, fullRegions: [], hostFull: false })
  })

  it('11: a full host is left: empty storage is made anew, data is forked', async () => {
    await begin()
    const id = await deploy()
    await machines.fault({ match: { method: 'POST', path: '/machines$' }, times: 1, kind: faultCatalogue.volumeHostFull })
    await world.settle()
    const first = await world.row(id)
    expect(first.healthy).toBe(true)
    await world.actions.perform('stop', {}, actor)
    await world.settle()
    await machines.fault({ match: { method: 'POST', path: '/start$' }, times: 3, kind: faultCatalogue.hostFullMemory })
    await world.actions.perform('start', {}, actor)
    await world.settle()
    const forks = (await machines.requests()).filter((one) => one.method === 'POST' && one.path.endsWith(`/apps/${appNameOf(id)}/volumes`))
    const second = await world.row(id)
    expect(second).toMatchObject({ healthy: true, hostFull: false })
    expect(second.volumeId).not.toBe(first.volumeId)
    expect(forks).toHaveLength(3)
    await world.turn()
    await world.turn()
    expect((await machines.fly.listVolumes(appNameOf(id))).filter((volume) => !/destroy/.test(volume.state)).map((volume) => volume.id)).toEqual([
      second.volumeId,
    ])
  })

  it('12: no visitor can wake a stopped machine', async () => {
    const id = await live()
    const [machine] = await machines.fly.listMachines(appNameOf(id))
    expect(machine?.config?.services?.map(({ autostart, autostop }) => ({ autostart, autostop }))).toEqual([{ autostart: false, autostop: 'off' }])
  })

  it('13: an instance in any trouble can be destroyed', async () => {
    const id = await live()
    await world.database.db.execute(sql`update instances set blocked = 'host-unreachable', fails = 50 where id = ${id}`)
    const result = await world.actions.perform('destroy', { instance: 'my-claw', confirm: 'my-claw' }, actor)
    expect(result.ok).toBe(true)
    await world.settle()
    expect((await world.row(id)).destroyedAt).not.toBeNull()
  })

  it('14: settled instances are looked at again at different times', async () => {
    await begin()
    const [one, two] = [await deploy('one-claw'), await deploy('two-claw')]
    let n = 0
    world.deps.random = () => (n++ % 2 === 0 ? 0 : 1)
    await world.settle()
    const due = [(await world.row(one)).dueAt.getTime(), (await world.row(two)).dueAt.getTime()]
    expect(Math.abs((due[0] ?? 0) - (due[1] ?? 0))).toBeGreaterThan(60_000)
  })

  it('15: a destruction is over only when the provider confirms that nothing is left', async () => {
    const id = await live()
    await world.actions.perform('destroy', { instance: 'my-claw', confirm: 'my-claw' }, actor)
    await machines.fault({ match: { method: 'DELETE', path: `/apps/${appNameOf(id)}$` }, times: 3, kind: { drop: true } })
    await world.turn()
    await world.turn()
    expect((await world.row(id)).destroyedAt).toBeNull()
    await machines.clearFaults()
    await world.settle()
    expect((await world.row(id)).destroyedAt).not.toBeNull()
    expect((await recentEvents(world.database.db, id, 1)).map((event) => event.kind)).toEqual(['done'])
  })

  describe('16: storage that is lost', () => {
    /** The machine and its volume are gone, as when their host died for good. */
    async function loses(id: string): Promise<string> {
      const { machineId, volumeId } = await world.row(id)
      expect.assert(machineId !== null && volumeId !== null)
      const app = appNameOf(id)
      await machines.fly.deleteMachine(app, machineId)
      await expect.poll(async () => (await machines.fly.getMachine(app, machineId)) === null).toBe(true)
      await machines.fly.deleteVolume(app, volumeId)
      return volumeId
    }
    const lostDetail = async (id: string): Promise<unknown> =>
      (await openIncidents(world.database.db, id)).map(({ kind, detail }) => ({ kind, detail }))

    it('is made anew from its newest copy, once it was missing twice, and its owner is told from when that is', async () => {
      const id = await live()
      const app = appNameOf(id)
      const { volumeId } = await world.row(id)
      const note = (volume: string | null): string => join(machines.volume(volume ?? ''), 'note.txt')
      await mkdir(dirname(note(volumeId)), { recursive: true })
      await writeFile(note(volumeId), 'then')
      await machines.fly.createSnapshot(app, volumeId ?? '')
      await writeFile(note(volumeId), 'a little later')
      await machines.fly.createSnapshot(app, volumeId ?? '')
      await writeFile(note(volumeId), 'never copied')
      const [newest] = await machines.fly.listSnapshots(app, volumeId ?? '')
      const lost = await loses(id)
      await world.turn()
      expect(await lostDetail(id)).toEqual([{ kind: 'storage-lost', detail: { region: 'ams' } }])
      expect((await world.row(id)).dueAt.getTime()).toBeLessThan(Date.now() + 2 * LOST_AGAIN_MS)
      expect(await machines.fly.listVolumes(app)).toEqual([])
      await world.turn()
      expect(await lostDetail(id)).toEqual([{ kind: 'storage-lost', detail: { region: 'ams', copiedAt: newest?.createdAt } }])
      await expect.poll(async () => (await world.turn(), (await world.row(id)).healthy)).toBe(true)
      await world.turn()
      const row = await world.row(id)
      expect(row.volumeId).not.toBe(lost)
      expect(await readFile(note(row.volumeId), 'utf8')).toBe('a little later')
      expect(await machines.fly.listVolumes(app)).toMatchObject([{ id: row.volumeId, sizeGb: 5, attachedMachineId: row.machineId }])
      expect(await openIncidents(world.database.db, id)).toEqual([])
    })

    it('is left missing where there is no copy of it, however often it is looked for', async () => {
      const id = await live()
      await loses(id)
      for (let n = 0; n < 4; n += 1) await world.turn()
      expect(await world.row(id)).toMatchObject({ blocked: 'storage-lost' })
      expect(await machines.fly.listVolumes(appNameOf(id))).toEqual([])
    })

    it('is made once, though the answer to that was lost', async () => {
      const id = await live()
      await machines.fly.createSnapshot(appNameOf(id), (await world.row(id)).volumeId ?? '')
      await loses(id)
      await world.turn()
      await machines.fault({ match: { method: 'POST', path: '/volumes$' }, kind: { lostAnswer: true }, times: 1 })
      await expect.poll(async () => (await world.turn(), (await world.row(id)).healthy)).toBe(true)
      expect(await machines.fly.listVolumes(appNameOf(id))).toHaveLength(1)
    })
  })
})
