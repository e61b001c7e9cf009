// A world to test the engine in: a fresh database, the local Machines server without rate limits, the real client, and a clock that only the
// test moves. Time in the database is real; drive() makes everything due by hand.
import { glob, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { claimDue, instanceById, type InstanceRow } from '../../src/db/instances.ts'
import type { Database } from '../../src/db/connect.ts'
import { userFor } from '../../src/db/users.ts'
import type { Clock } from '../../src/lib/clock.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { startMachinesServer, type MachinesServer } from '../../src/local/server.ts'
import type { Actor } from '../../src/actions/action.ts'
import { createActions, type Actions } from '../../src/actions/perform.ts'
import { createFlyClient } from '../../src/orchestrator/fly/client.ts'
import type { FlyClient } from '../../src/orchestrator/fly/types.ts'
import { createStorageCopies } from '../../src/orchestrator/storage-copies.ts'
import { reconcile, type ReconcileDeps } from '../../src/orchestrator/reconcile.ts'
import { createGateway } from '../../src/orchestrator/pairing/gateway.ts'
import { createGuests } from '../../src/orchestrator/pairing/guests.ts'
import { createPairings, type Pairings } from '../../src/orchestrator/pairing/pairing.ts'
import type { LiveCheck } from '../../src/secrets/live-check.ts'
import { createOwnBots } from '../../src/secrets/own-bots.ts'
import { createSecretStore, type SecretStore } from '../../src/secrets/secret-store.ts'
import { createLinkTo, createMachineControl, type MachineControl } from '../../src/orchestrator/door.ts'
import type { Prober } from '../../src/orchestrator/health/probe.ts'
import { testSigner } from './signing.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'

export type TestClock = Clock & { advance(ms: number): void }

/** A clock that stands still until it is moved; it starts at the real time, so that it agrees with the database's. */
export function createTestClock(): TestClock {
  let now = systemClock.now().getTime()
  return {
    now: () => new Date(now),
    advance(ms) {
      now += ms
    },
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
  }
}

export type Machines = {
  server: MachinesServer
  fly: FlyClient
  fault(fault: unknown): Promise<void>
  clearFaults(): Promise<void>
  requests(): Promise<{ method: string; path: string; status: number }[]>
  apps(): Promise<string[]>
  /** SIGKILL for the first process of a machine: whatever is behind it dies with it. */
  kill(machineId: string): Promise<void>
  /** What a volume holds, as a folder. */
  volume(volumeId: string): string
  close(): Promise<void>
}

/** The local Machines server in a folder of its own, with its test controls. */
export async function startMachines(options: { rateLimits?: boolean } = {}): Promise<Machines> {
  const dir = await mkdtemp(join(tmpdir(), 'conch-machines-'))
  const server = await startMachinesServer({
    dir,
    runtimeDir: join(dir, 'runtime'),
    log: silentLog,
    clock: systemClock,
    rateLimits: options.rateLimits ?? false,
    testControls: true,
    nodePath: process.execPath,
  })
  const fly = createFlyClient({
    apiUrl: server.apiUrl,
    platformUrl: server.platformUrl,
    token: new Sealed(server.token),
    org: 'personal',
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    limiter: options.rateLimits ?? false,
    timeoutMs: 5_000,
    retryBaseMs: 5,
  })
  const root = new URL(server.apiUrl).origin
  const headers = { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' }
  const admin = async (method: string, path: string, body?: unknown): Promise<unknown> => {
    const answer = await fetch(`${root}${path}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
    const text = await answer.text()
    return text === '' ? null : JSON.parse(text)
  }
  return {
    server,
    fly,
    fault: async (fault) => void (await admin('POST', '/admin/faults', fault)),
    clearFaults: async () => void (await admin('DELETE', '/admin/faults')),
    requests: async () => (await admin('GET', '/admin/requests')) as { method: string; path: string; status: number }[],
    async apps() {
      const answer = (await admin('GET', '/v1/apps?org_slug=personal')) as { apps: { name: string }[] }
      return answer.apps.map((app) => app.name).toSorted()
    },
    async kill(machineId) {
      for await (const file of glob(`**/${machineId}/pid.json`, { cwd: dir })) {
        const { pid } = JSON.parse(await readFile(join(dir, file), 'utf8')) as { pid: number }
        process.kill(pid, 'SIGKILL')
      }
    },
    volume: (volumeId) => join(dir, 'volumes', volumeId),
    async close() {
      await fly.close()
      await server.close()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

export type World = {
  pairings: Pairings
  database: Database
  clock: TestClock
  actions: Actions
  deps: ReconcileDeps
  actorOf(name: string, plan?: 'starter' | 'pro'): Promise<Actor>
  row(id: string): Promise<InstanceRow>
  /** One turn for everything that is due after time was moved; returns how many turns were kept. */
  turn(deps?: Partial<ReconcileDeps>): Promise<number>
  /** Turns until nothing has a job under way and everything is settled. */
  settle(maxTurns?: number): Promise<void>
}

function secretsOf({ db }: Database, { fly, clock, options }: { fly: FlyClient; clock: Clock; options: WorldOptions }): SecretStore {
  return createSecretStore({
    db,
    port: {
      ensureApp: (id) => fly.createApp({ name: appNameOf(id), network: appNameOf(id) }),
      setSecret: (id, name, secret) => fly.setSecret(appNameOf(id), name, secret),
      deleteSecret: (id, name) => fly.deleteSecret(appNameOf(id), name),
    },
    clock,
    checker: options.checker ?? null,
    own: createOwnBots(options.ownTokens ?? []),
  })
}

export type WorldOptions = { image?: string; checker?: LiveCheck; ownTokens?: Parameters<typeof createOwnBots>[0] }

export function createWorld(database: Database, machines: Machines, options: WorldOptions = {}): World {
  const { db } = database
  const clock = createTestClock()
  const { fly, server } = machines
  const probe: ReconcileDeps['probe'] = async (url) => {
    const app = new URL(url).hostname.split('.')[0] ?? ''
    const [machine] = await fly.listMachines(app)
    return { ok: machine?.state === 'started', exits: null, degraded: false }
  }
  const deps: ReconcileDeps = {
    db,
    fly,
    clock,
    random: () => 0.5,
    log: silentLog,
    addressTemplate: server.addressTemplate,
    keys: testSigner.publicKeys,
    probe,
    announced: () => undefined,
  }
  const actions = createActions({
    db,
    log: silentLog,
    secrets: secretsOf(database, { fly, clock, options }),
    logs: async () => [],
    copiedAt: createStorageCopies({ fly, clock: systemClock, log: silentLog }),
    guests: createGuests({ gateway: createGateway({ fly }), log: silentLog }),
    settings: {
      image: options.image ?? 'gateway:inline',
      billing: false,
      linkTo: createLinkTo({ signer: testSigner, addressTemplate: server.addressTemplate }),
    },
    changed: () => undefined,
  })
  const turn: World['turn'] = async (more = {}) => {
    clock.advance(2_500)
    await db.execute(sql`update instances set due_at = now(), lease_until = null where destroyed_at is null`)
    const rows = await claimDue(db, { owner: 'test', leaseMs: 60_000, limit: 100 })
    const kept = await Promise.all(rows.map((row) => reconcile({ ...deps, ...more }, row)))
    return kept.filter(Boolean).length
  }
  const quiet = (): void => undefined
  const pairings = createPairings({ db, gateway: createGateway({ fly }), clock, log: silentLog, announced: quiet, changed: quiet })
  return {
    database,
    clock,
    actions,
    pairings,
    deps,
    turn,
    async actorOf(name, plan = 'starter') {
      const { userId } = await userFor(db, { provider: 'terminal', subject: name, displayName: name, chat: name })
      await db.execute(sql`update users set plan = ${plan} where id = ${userId}`)
      return { provider: 'terminal', subject: name, userId, chat: name }
    },
    async row(id) {
      const row = await instanceById(db, id)
      if (row === null) throw new Error(`no instance ${id}`)
      return row
    },
    async settle(maxTurns = 200) {
      for (let n = 0; n < maxTurns; n += 1) {
        await turn()
        const open = await db.$count(sql`instances`, sql`destroyed_at is null and operation_id is not null`)
        if (open === 0) return
      }
      throw new Error(`not settled after ${maxTurns} turns`)
    },
  }
}

/** What the engines ask machines with. */
export function controlOf({ server }: Machines, prober: Pick<Prober, 'read'>): MachineControl {
  return createMachineControl({ signer: testSigner, addressTemplate: server.addressTemplate, read: (url, headers) => prober.read(url, headers) })
}
