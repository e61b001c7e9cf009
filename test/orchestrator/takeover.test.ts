import { spawn, type ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rowsOf, type Db } from '../../src/db/connect.ts'
import { faultCatalogue } from '../../src/local/faults.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'
import { postgresDatabases } from '../support/database.ts'
import { quickly } from '../support/program.ts'
import { createWorld, startMachines, type Machines } from '../support/world.ts'

const INSTANCES = 100
const { open } = await postgresDatabases()
let machines: Machines
const processes: ChildProcess[] = []
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(async () => {
  for (const one of processes) one.kill('SIGKILL')
  await machines.close()
})

function startEngine(url: string): ChildProcess {
  const { apiUrl, platformUrl, token, addressTemplate } = machines.server
  const program = join(import.meta.dirname, '../support/engine-process.ts')
  const child = spawn(process.execPath, [...quickly, program, url, apiUrl, platformUrl, token, addressTemplate], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  processes.push(child)
  return child
}

async function liveCount(db: Db): Promise<number> {
  const [row] = rowsOf<{ n: number }>(await db.execute(sql`select count(*) as n from instances where healthy and operation_id is null`))
  return row?.n ?? 0
}

async function untilLive(db: Db, count: number): Promise<void> {
  const end = performance.now() + 90_000
  while ((await liveCount(db)) < count) {
    if (performance.now() > end) throw new Error(`only ${await liveCount(db)} of ${count} are live`)
    await wait(50)
  }
}

describe('two control planes on one Postgres', () => {
  it('share 100 deployments under faults; the work of a killed one is taken over and nothing is done twice', { timeout: 120_000 }, async () => {
    const database = await open()
    const { db } = database
    const world = createWorld(database, machines)
    for (let n = 0; n < INSTANCES; n += 1) {
      const result = await world.actions.perform(
        'deploy',
        { name: 'my-claw', region: 'ams', modelProvider: null },
        await world.actorOf(`person-${n}`),
      )
      expect(result.ok).toBe(true)
    }
    for (const [path, kind] of [
      ['/machines$', { lostAnswer: true }],
      ['/volumes$', { lostAnswer: true }],
      ['/apps$', { lostAnswer: true }],
      ['/', faultCatalogue.internal],
      ['/', { drop: true }],
    ] as const) {
      await machines.fault({ match: { path, ...(path !== '/' && { method: 'POST' }) }, probability: path === '/' ? 0.01 : 0.1, kind })
    }
    const first = startEngine(database.url ?? '')
    startEngine(database.url ?? '')
    await untilLive(db, 40)
    first.kill('SIGKILL')
    await untilLive(db, INSTANCES)
    await machines.clearFaults()
    const rows = rowsOf<{ id: string; machineId: string; volumeId: string }>(
      await db.execute(sql`select id, machine_id as "machineId", volume_id as "volumeId" from instances`),
    )
    expect(await machines.apps()).toEqual(rows.map((row) => appNameOf(row.id)).toSorted())
    for (const row of rows) {
      expect((await machines.fly.listMachines(appNameOf(row.id))).map((machine) => machine.id)).toEqual([row.machineId])
      expect((await machines.fly.listVolumes(appNameOf(row.id))).map((volume) => volume.id)).toEqual([row.volumeId])
    }
    const told = rowsOf<{ template: string; n: number }>(
      await db.execute(sql`select template, count(*) as n from outbox group by template order by template`),
    )
    expect(told).toEqual([
      { template: 'outcome', n: INSTANCES },
      { template: 'progress', n: INSTANCES },
    ])
  })
})
