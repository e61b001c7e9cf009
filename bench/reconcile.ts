// Deployments through the real loop, on a real Postgres, against the local Machines server in a process of its own, whose gateways answer from memory: what
// Conch adds to the provider's calls. The peer is the shortest sequence of calls that brings an assistant live, by the same client and as many at a time.
import type { ReconcileDeps } from '../src/orchestrator/reconcile.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { rowsOf, type Db } from '../src/db/connect.ts'
import { insertInstance, requestChange, type InstanceRow } from '../src/db/instances.ts'
import { userFor } from '../src/db/users.ts'
import { plans } from '../src/domain/plans.ts'
import { systemClock } from '../src/lib/clock.ts'
import { silentLog } from '../src/lib/log.ts'
import { randomId, systemRandom } from '../src/lib/random.ts'
import { Sealed } from '../src/lib/sealed.ts'
import { createFlyClient } from '../src/orchestrator/fly/client.ts'
import type { FlyClient } from '../src/orchestrator/fly/types.ts'
import { createProber, type Prober } from '../src/orchestrator/health/probe.ts'
import { createLoop, type Loop } from '../src/orchestrator/loop.ts'
import { addressOf, appNameOf, machinePlan, volumeNameOf } from '../src/orchestrator/machine-config.ts'
import { closingLine, figure, median, say, table } from './support/figures.ts'
import { startScript } from './support/program.ts'
import { startScratchPostgres, type ScratchPostgres } from './support/scratch-postgres.ts'
import { createStopwatch, type Stopwatch } from './support/stopwatch.ts'

/** Nobody is let in. */
const NO_KEYS = '{"keys":[]}'
const IMAGE = 'gateway:inline'
const REGION = 'fra'
// The control plane's own settings.
const LOOP = { leaseMs: 30_000, idleMs: 500 }
const CONCURRENCY = 32
const ROUNDS = 3
const PER_ROUND = 100
const AT_ONCE = 1_000
const SINGLE = { warmUp: 5, counted: 15 }
const FLEETS = [100, 1_000, 10_000] as const

type Provider = { fly: FlyClient; addressTemplate: string; close(): Promise<void> }

async function startProvider(): Promise<Provider> {
  const dir = mkdtempSync(join(tmpdir(), 'conch-bench-machines-'))
  const server = startScript('machines.ts', [dir])
  const said = z.object({ apiUrl: z.string(), platformUrl: z.string(), addressTemplate: z.string(), token: z.string() }).parse(await server.line())
  const parts = { clock: systemClock, random: systemRandom, log: silentLog }
  const fly = createFlyClient({ ...said, token: new Sealed(said.token), org: 'personal', limiter: false, ...parts })
  const close = async (): Promise<void> => {
    await fly.close()
    await server.stop()
    rmSync(dir, { recursive: true, force: true, maxRetries: 3 })
  }
  return { fly, addressTemplate: said.addressTemplate, close }
}

/** Runs `work` over the items, so many at a time. */
async function each<T>(items: Iterable<T>, atATime: number, work: (item: T) => Promise<unknown>): Promise<void> {
  const queue = items[Symbol.iterator]()
  const worker = async (): Promise<void> => {
    for (let next = queue.next(); next.done !== true; next = queue.next()) await work(next.value)
  }
  await Promise.all(Array.from({ length: atATime }, worker))
}

/** Asks for an instance as /deploy does, each for a person of their own. */
async function ask(db: Db): Promise<InstanceRow> {
  const subject = randomId(10)
  const { userId } = await userFor(db, { provider: 'terminal', subject, displayName: 'Ann', chat: subject })
  return db.transaction(async (tx) => {
    const row = await insertInstance(
      tx,
      { id: randomId(10), userId, name: 'my-claw', plan: 'starter', region: REGION, image: IMAGE, modelProvider: null, secretsVersion: null },
      1,
    )
    if (typeof row === 'string') throw new Error(row)
    const job = await requestChange(tx, row.id, { kind: 'deploy', set: {}, chat: { provider: 'terminal', address: subject }, cause: 'owner' })
    if (job === null) throw new Error('a new instance is being destroyed')
    return job.row
  })
}

type Plane = { loop: Loop; turns(): number; provider: Stopwatch; onTurn(listener: () => void): void; stop(): Promise<void> }

/** The loop as the control plane runs it. */
function startPlane(db: Db, { fly, addressTemplate }: Provider, concurrency: number): Plane {
  const provider = createStopwatch()
  const prober = createProber({ elapsed: () => performance.now() })
  let turns = 0
  let listener = (): void => undefined
  const announced = (): void => {
    turns += 1
    listener()
  }
  const probe: ReconcileDeps['probe'] = (url) => provider.timed(() => prober.check(url))
  const loop = createLoop(
    { db, fly: provider.around(fly), clock: systemClock, random: systemRandom, log: silentLog, addressTemplate, keys: NO_KEYS, probe, announced },
    { owner: 'bench', concurrency, ...LOOP },
  )
  const stopping = new AbortController()
  const running = loop.run(stopping.signal)
  return {
    loop,
    provider,
    turns: () => turns,
    onTurn(next) {
      listener = next
    },
    async stop() {
      stopping.abort()
      await running
      await prober.close()
    },
  }
}

async function deploying(db: Db, ids: readonly string[]): Promise<number> {
  const [row] = rowsOf<{ count: number }>(
    await db.execute(sql`
      select count(*)::int as count from instances
      where id = any(array(select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb))) and operation_id is not null`),
  )
  return row?.count ?? 0
}

/** Instances that have long been live, with their history. Nothing is due for them while the bench lasts. */
async function fillFleet(db: Db, count: number): Promise<void> {
  await db.execute(sql`insert into users (id) select 'u' || n from generate_series(1, ${count}::int) n`)
  await db.execute(sql`
    insert into instances (id, user_id, name, slot, plan, region, image, healthy, ever_started, live_at, volume_id, machine_id, machine_state, due_at)
    select 'i' || lpad(n::text, 9, '0'), 'u' || n, 'my-claw', 1, 'starter', ${REGION}, ${IMAGE}, true, true, now(), 'vol_' || n, 'm' || n, 'started', now() + interval '1 day'
    from generate_series(1, ${count}::int) n`)
  await db.execute(sql`
    insert into health (instance_id, url, due_at) select 'i' || lpad(n::text, 9, '0'), 'http://localhost/', now() + interval '1 day' from generate_series(1, ${count}::int) n`)
  await db.execute(sql`
    insert into instance_events (instance_id, operation_id, kind, once)
    select 'i' || lpad(n::text, 9, '0'), 'op' || n, 'milestone', 'op' || n || ':' || k from generate_series(1, ${count}::int) n, generate_series(1, 6) k`)
  await db.execute(sql`insert into chats (provider, address) select 'terminal', 'c' || n from generate_series(1, ${count}::int) n`)
  await db.execute(sql`
    insert into outbox (chat_id, user_id, key, template, delivered_version)
    select c.id, 'u' || substr(c.address, 2), 'op:op' || substr(c.address, 2), 'progress', 1 from chats c where c.address like 'c%'`)
}

type Run = { instances: number; seconds: number; turns: number; calls: number; cpuMs: number; postgresMs: number }

/** Brings `count` instances live, all asked for before the loop starts, beside a fleet of `beside`. */
async function bringLive(count: number, { postgres, provider }: World, beside = 0): Promise<Run> {
  const scratch = await postgres.open()
  const { db } = scratch
  if (beside > 0) await fillFleet(db, beside)
  const ids: string[] = []
  await each(Array.from({ length: count }), 8, async () => ids.push((await ask(db)).id))
  await db.execute(sql`vacuum analyze`)
  const cpuBefore = process.cpuUsage()
  const postgresBefore = postgres.cpuSeconds()
  const started = performance.now()
  const plane = startPlane(db, provider, CONCURRENCY)
  while ((await deploying(db, ids)) > 0) await systemClock.sleep(Math.min(200, count / 4))
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  const postgresMs = (postgres.cpuSeconds() - postgresBefore) * 1000
  const run = { instances: count, seconds, turns: plane.turns(), calls: plane.provider.calls(), cpuMs: (user + system) / 1000, postgresMs }
  await plane.stop()
  const [live] = rowsOf<{ count: number }>(
    await db.execute(sql`select count(*)::int as count from instances where live_at is not null and failure is null`),
  )
  if (live?.count !== count + beside) throw new Error(`${(live?.count ?? 0) - beside} of ${count} instances came alive`)
  await scratch.close()
  return run
}

/** What a script without memory would do: six calls, and asking until the gateway answers. */
async function bareDeployment({ fly, addressTemplate }: Provider, prober: Prober, row: InstanceRow): Promise<void> {
  const app = appNameOf(row.id)
  const guest = plans.starter.guest
  await fly.createApp({ name: app, network: app })
  await fly.setSecret(app, 'OPENCLAW_GATEWAY_PASSWORD', new Sealed(randomId(32)))
  await fly.allocateIp(app, 'v6')
  await fly.allocateIp(app, 'shared_v4')
  const volume = await fly.createVolume(app, { name: volumeNameOf(row.id), region: REGION, sizeGb: plans.starter.volumeGb, compute: guest })
  const { config } = machinePlan(row, { addressTemplate, keys: NO_KEYS, document: null, volumeId: volume.id })
  await fly.createMachine(app, { name: app, region: REGION, config })
  while (!(await prober.check(`${addressOf(row.id, addressTemplate)}/healthz`)).ok) await systemClock.sleep(5)
}

async function bringLiveBare(count: number, { postgres, provider }: World): Promise<Run> {
  const scratch = await postgres.open()
  const rows: InstanceRow[] = []
  await each(Array.from({ length: count }), 8, async () => rows.push(await ask(scratch.db)))
  const prober = createProber({ elapsed: () => performance.now() })
  const watch = createStopwatch()
  const cpuBefore = process.cpuUsage()
  const started = performance.now()
  await each(rows, CONCURRENCY, (row) => bareDeployment({ ...provider, fly: watch.around(provider.fly) }, prober, row))
  const seconds = (performance.now() - started) / 1000
  const { user, system } = process.cpuUsage(cpuBefore)
  await prober.close()
  await scratch.close()
  return { instances: count, seconds, turns: 0, calls: watch.calls(), cpuMs: (user + system) / 1000, postgresMs: 0 }
}

type Single = { wallMs: number; ownMs: number; providerMs: number; turns: number; calls: number }

/** One deployment after the other, nothing else going on: where the time of one goes. */
async function oneByOne({ postgres, provider }: World): Promise<Single[]> {
  const scratch = await postgres.open()
  const { db } = scratch
  const plane = startPlane(db, provider, 1)
  const seen: Single[] = []
  for (let n = 0; n < SINGLE.warmUp + SINGLE.counted; n += 1) {
    const { id } = await ask(db)
    const before = { turns: plane.turns(), calls: plane.provider.calls(), busyMs: plane.provider.busyMs() }
    const started = performance.now()
    let turnedAt = started
    await new Promise<void>((resolve, reject) => {
      plane.onTurn(() => {
        const now = performance.now()
        deploying(db, [id]).then((count) => {
          if (count > 0) return
          turnedAt = now
          resolve()
        }, reject)
      })
      plane.loop.wake()
    })
    const wallMs = turnedAt - started
    const providerMs = plane.provider.busyMs() - before.busyMs
    const one = { wallMs, providerMs, ownMs: wallMs - providerMs, turns: plane.turns() - before.turns, calls: plane.provider.calls() - before.calls }
    if (n >= SINGLE.warmUp) seen.push(one)
  }
  await plane.stop()
  await scratch.close()
  return seen
}

type World = { postgres: ScratchPostgres; provider: Provider }
type Measured = { singles: Single[]; conch: Run[]; bare: Run[]; atOnce: Run; fleets: { size: number; runs: Run[] }[] }

async function measure(world: World): Promise<Measured> {
  const singles = await oneByOne(world)
  const conch: Run[] = []
  const bare: Run[] = []
  for (let n = 0; n < ROUNDS; n += 1) {
    conch.push(await bringLive(PER_ROUND, world))
    bare.push(await bringLiveBare(PER_ROUND, world))
  }
  const fleets = FLEETS.map((size) => ({ size, runs: [] as Run[] }))
  for (let n = 0; n < ROUNDS; n += 1) {
    for (const { size, runs } of fleets) runs.push(await bringLive(PER_ROUND, world, size - PER_ROUND))
  }
  return { singles, conch, bare, fleets, atOnce: await bringLive(AT_ONCE, world) }
}

const of = <T>(list: readonly T[], pick: (one: T) => number): number => median(list.map(pick))
const turnCost = (run: Run): number => (run.cpuMs + run.postgresMs) / run.turns

function report({ singles, conch, bare, atOnce, fleets }: Measured): void {
  say(`Postgres without fsync, gateways in memory, ${CONCURRENCY} at a time; Node ${process.version}, ${availableParallelism()} cores`)
  say(`\nOne deployment at a time, medians of ${singles.length}`)
  say(
    table([
      ['asked to live', 'of it provider', 'of it Conch', 'turns', 'provider calls'],
      [
        `${figure(of(singles, (one) => one.wallMs))} ms`,
        `${figure(of(singles, (one) => one.providerMs))} ms`,
        `${figure(of(singles, (one) => one.ownMs))} ms`,
        figure(of(singles, (one) => one.turns)),
        figure(of(singles, (one) => one.calls)),
      ],
    ]),
  )
  const row = (title: string, runs: readonly Run[]): string[] => [
    title,
    figure(of(runs, (run) => run.instances / run.seconds)),
    figure(of(runs, (run) => run.calls / run.instances)),
    ...((runs[0]?.turns ?? 0) === 0
      ? ['', '', '']
      : [
          figure(of(runs, (run) => run.turns / run.seconds)),
          figure(of(runs, (run) => run.cpuMs / run.turns)),
          figure(of(runs, (run) => run.postgresMs / run.turns)),
        ]),
  ]
  say(`\n${PER_ROUND} deployments, medians of ${ROUNDS}`)
  say(
    table([
      ['', 'live/s', 'calls each', 'turns/s', 'CPU ms a turn', 'of Postgres'],
      row('Conch', conch),
      row('bare calls by the same client', bare),
      ...fleets.map(({ size, runs }) => row(`Conch, in a fleet of ${size}`, runs)),
      row(`Conch, ${AT_ONCE} at once (one run)`, [atOnce]),
    ]),
  )
  const grown = (index: number): number => of(fleets[index]?.runs ?? [], turnCost) / of(fleets[0]?.runs ?? [], turnCost)
  say(
    closingLine('reconcile', {
      vs_bare: of(conch, (run) => run.instances / run.seconds) / of(bare, (run) => run.instances / run.seconds),
      growth_10x: grown(1),
      growth_100x: grown(2),
      own_ms: of(singles, (one) => one.ownMs),
      turns_per_s: atOnce.turns / atOnce.seconds,
    }),
  )
}

async function main(): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const postgres = await startScratchPostgres()
  stack.defer(() => postgres.stop())
  const provider = await startProvider()
  stack.defer(() => provider.close())
  report(await measure({ postgres, provider }))
}

await main()
