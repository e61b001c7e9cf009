import { randomInt } from 'node:crypto'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/db/connect.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { startMachinesServer } from '../../src/local/server.ts'
import { createFlyClient } from '../../src/orchestrator/fly/client.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'
import { createHome, shownKeys, startProgram } from '../support/program.ts'

// KILLS=20 is for a long look by hand.
const DEPLOYMENTS = 2
const KILLS_EACH = Number(process.env['KILLS'] ?? 4)
/** A start and most of a deployment fit into this. */
const KILL_WITHIN_MS = 2_000

async function atTheProvider(home: string): Promise<{ apps: string[]; machines: string[]; volumes: string[] }> {
  const server = await startMachinesServer({
    dir: join(home, 'machines'),
    runtimeDir: join(home, 'runtime'),
    log: silentLog,
    clock: systemClock,
    nodePath: process.execPath,
  })
  const fly = createFlyClient({
    ...server,
    token: new Sealed(server.token),
    org: 'personal',
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    limiter: false,
  })
  try {
    const answer = await fetch(`${server.apiUrl}/apps?org_slug=personal`, { headers: { authorization: `Bearer ${server.token}` } })
    const apps = ((await answer.json()) as { apps: { name: string }[] }).apps.map((app) => app.name)
    const machines: string[] = []
    const volumes: string[] = []
    for (const app of apps) {
      machines.push(...(await fly.listMachines(app)).map((machine) => machine.id))
      volumes.push(...(await fly.listVolumes(app)).map((volume) => volume.id))
    }
    return { apps, machines, volumes }
  } finally {
    await fly.close()
    await server.close()
  }
}

async function deployUnderKills(): Promise<void> {
  const made = createHome()
  const { home } = made
  let printed = ''
  let program = startProgram(home, { lines: ['/deploy my-claw', 'Amsterdam', 'Skip for now', 'Launch'] })
  await program.sees('Launching my-claw')
  for (let kill = 0; kill < KILLS_EACH; kill += 1) {
    await wait(randomInt(kill === 0 ? 500 : KILL_WITHIN_MS))
    program.child.kill('SIGKILL')
    await program.exited
    printed += program.printed()
    program = startProgram(home)
  }
  if (!printed.includes('is live')) await program.sees('is live')
  await program.sees('Welcome back')
  program.child.kill('SIGTERM')
  expect(await program.exited).toBe(0)
  printed += program.printed()
  const database = await openDatabase({ kind: 'pglite', dir: join(home, 'db'), log: silentLog })
  const rows = await database.db.query.instances.findMany()
  await database.close()
  expect(rows).toMatchObject([{ name: 'my-claw', healthy: true, operationId: null }])
  expect(await atTheProvider(home)).toEqual({
    apps: rows.map((row) => appNameOf(row.id)),
    machines: rows.map((row) => row.machineId),
    volumes: rows.map((row) => row.volumeId),
  })
  expect(
    shownKeys(home)
      .filter((key) => /^(op|done):/.test(key))
      .map((key) => key.split(':')[0]),
  ).toEqual(['op', 'done'])
  expect(printed.split('is live in').length - 1).toBe(1)
  await made.remove()
}

describe('kill -9 of the whole program', () => {
  it.each(Array.from({ length: DEPLOYMENTS }, (_, n) => n + 1))(
    `deployment %i, at ${KILLS_EACH} random points, ends live, with one of everything and one of each message`,
    { timeout: 180_000 },
    deployUnderKills,
  )
})
