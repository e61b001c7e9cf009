// The health sweep over 10,000 targets, each reached over a kept-alive connection of its own, with its bookkeeping in a real Postgres: against a bare
// loop of undici requests over the same targets (the limit), and against blackbox_exporter where it is installed (the peer).
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { z } from 'zod'
import { rowsOf } from '../src/db/connect.ts'
import { systemClock } from '../src/lib/clock.ts'
import { silentLog } from '../src/lib/log.ts'
import { createProbeAgent, createProber } from '../src/orchestrator/health/probe.ts'
import { createSweep, sweepDefaults } from '../src/orchestrator/health/sweep.ts'
import { closingLine, cpuSecondsOf, figure, median, openFilesMax, say, table } from './support/figures.ts'
import { startProgram, startScript, type Program } from './support/program.ts'
import { startScratchPostgres, type Scratch, type ScratchPostgres } from './support/scratch-postgres.ts'
import { freePort } from '../src/local/launch.ts'

/** The targets are no machines, and count no ends. */
const NOBODY = { health: async () => null, metrics: async () => null, authorization: async () => ({}) }
const TARGETS_MAX = 10_000
const ROUNDS = 5
const PASSES_PER_ROUND = 2
const BLACKBOX_PROBES = 2_000
const { concurrency } = sweepDefaults
const EXPORTER = 'prometheus-blackbox-exporter'

/** One way to check every target once; Opened anew for each round, so that one contender's connections are not the other's burden. */
type Contender = { pass(): Promise<number>; close(): Promise<void> }
type Pass = { checks: number; seconds: number; cpuSeconds: number; postgresSeconds: number }

const elapsed = (): number => performance.now()

function targetUrls(count: number, port: number): string[] {
  return Array.from({ length: count }, (_, index) => `http://127.${1 + Math.floor(index / 250)}.${index % 250}.1:${port}/healthz`)
}

async function fillHealth({ db }: Scratch, urls: readonly string[]): Promise<void> {
  await db.execute(sql`insert into users (id) select 'u' || n from generate_series(1, ${urls.length}::int) n`)
  await db.execute(sql`
    insert into instances (id, user_id, name, slot, plan, region, image, healthy, live_at, due_at)
    select 'i' || lpad(n::text, 9, '0'), 'u' || n, 'my-claw', 1, 'starter', 'fra', 'gateway:inline', true, now(), now() + interval '1 day'
    from generate_series(1, ${urls.length}::int) n`)
  await db.execute(sql`
    insert into health (instance_id, url, due_at)
    select 'i' || lpad(n::text, 9, '0'), url, now() from jsonb_array_elements_text(${JSON.stringify(urls)}::jsonb) with ordinality as t (url, n)`)
  await db.execute(sql`analyze`)
}

function sweepContender({ db }: Scratch, count: number): Contender {
  const prober = createProber({ elapsed })
  const sweep = createSweep({ db, clock: systemClock, log: silentLog, prober, control: NOBODY, changed: () => undefined })
  return {
    async pass() {
      let checked = 0
      while (checked < count) checked += await sweep.round()
      return checked
    },
    close: () => prober.close(),
  }
}

function bareContender(urls: readonly string[]): Contender {
  const agent = createProbeAgent()
  const origins = urls.map((url) => new URL(url).origin)
  return {
    async pass() {
      let good = 0
      const queue = origins.values()
      const worker = async (): Promise<void> => {
        for (const origin of queue) {
          const { statusCode, body } = await agent.request({ origin, path: '/healthz', method: 'GET' })
          await body.dump()
          if (statusCode === 200) good += 1
        }
      }
      await Promise.all(Array.from({ length: concurrency }, worker))
      return good
    },
    close: () => agent.close(),
  }
}

/** Warms the contender up with one pass that does not count, then measures. */
async function measure(
  open: () => Contender,
  { count, scratch, postgres }: { count: number; scratch: Scratch; postgres: ScratchPostgres },
): Promise<Pass[]> {
  const contender = open()
  const passes: Pass[] = []
  for (let n = 0; n <= PASSES_PER_ROUND; n += 1) {
    await scratch.db.execute(sql`update health set due_at = now() - interval '1 second' * random(), ok_at = now() - interval '6 minutes' * random()`)
    // As a server does by itself about once a minute.
    await scratch.db.execute(sql`vacuum health`)
    const postgresBefore = postgres.cpuSeconds()
    const cpuBefore = process.cpuUsage()
    const started = elapsed()
    const checks = await contender.pass()
    const seconds = (elapsed() - started) / 1000
    const { user, system } = process.cpuUsage(cpuBefore)
    const pass = { checks, seconds, cpuSeconds: (user + system) / 1e6, postgresSeconds: postgres.cpuSeconds() - postgresBefore }
    const [bad] = rowsOf<{ count: number }>(await scratch.db.execute(sql`select count(*)::int as count from health where failures > 0`))
    if (checks !== count || bad?.count !== 0) throw new Error(`${count - checks + (bad?.count ?? 0)} of ${count} checks failed`)
    if (n > 0) passes.push(pass)
  }
  await contender.close()
  return passes
}

type Blackbox = { measure(urls: readonly string[]): Promise<Pass>; stop(): Promise<void> }

/** The exporter with the plainest HTTP module; null where it is not installed. */
async function startBlackbox(): Promise<Blackbox | null> {
  if (spawnSync(EXPORTER, ['--version']).status !== 0) return null
  const home = mkdtempSync(join(tmpdir(), 'conch-bench-blackbox-'))
  const config = join(home, 'blackbox.yml')
  writeFileSync(config, 'modules:\n  http_2xx:\n    prober: http\n    http:\n      preferred_ip_protocol: ip4\n')
  const port = await freePort()
  const exporter = startProgram(EXPORTER, [`--config.file=${config}`, `--web.listen-address=127.0.0.1:${port}`], { quiet: true })
  const driver = startScript('blackbox-driver.ts')
  const origin = `http://127.0.0.1:${port}`
  const deadline = elapsed() + 10_000
  while (
    !(await fetch(origin).then(
      (answer) => answer.ok,
      () => false,
    ))
  ) {
    if (elapsed() > deadline) throw new Error(`${EXPORTER} does not answer`)
    await systemClock.sleep(50)
  }
  return {
    async measure(urls) {
      const cpuBefore = cpuSecondsOf(exporter.pid)
      const started = elapsed()
      const { failed } = z.object({ failed: z.number() }).parse(await driver.ask({ exporter: origin, urls, concurrency }))
      if (failed > 0) throw new Error(`${failed} of ${urls.length} probes failed`)
      return { checks: urls.length, seconds: (elapsed() - started) / 1000, cpuSeconds: cpuSecondsOf(exporter.pid) - cpuBefore, postgresSeconds: 0 }
    },
    async stop() {
      await Promise.all([exporter.stop(), driver.stop()])
      rmSync(home, { recursive: true, force: true })
    },
  }
}

const rate = (passes: readonly Pass[]): number => median(passes.map((one) => one.checks / one.seconds))
const perThousand = (passes: readonly Pass[], of: 'cpuSeconds' | 'postgresSeconds'): number =>
  median(passes.map((one) => (one[of] / one.checks) * 1000))

function report(count: number, { sweep, bare, blackbox }: { sweep: Pass[]; bare: Pass[]; blackbox: Pass[] }): void {
  const row = (title: string, passes: readonly Pass[]): string[] =>
    passes.length === 0
      ? [title, 'not installed', '', '']
      : [title, figure(rate(passes)), figure(perThousand(passes, 'cpuSeconds')), figure(perThousand(passes, 'postgresSeconds'))]
  say(
    `${count} targets, ${concurrency} at a time, medians of ${sweep.length} passes in turn; Node ${process.version}, ${availableParallelism()} cores, Postgres without fsync`,
  )
  say(
    table([
      ['', 'checks/s', 'CPU s per 1000', 'of Postgres'],
      row('sweep: kept-alive, with its bookkeeping', sweep),
      row('bare undici loop: kept-alive', bare),
      row('blackbox_exporter: a connection a check, as it works', blackbox),
    ]),
  )
  const cpu = perThousand(sweep, 'cpuSeconds')
  say(
    closingLine('health-sweep', {
      vs_undici: rate(sweep) / rate(bare),
      cpu_vs_blackbox: blackbox.length === 0 ? null : cpu / perThousand(blackbox, 'cpuSeconds'),
      checks_per_s: rate(sweep),
      cpu_s_per_1000: cpu,
    }),
  )
}

async function main(): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const count = Math.min(TARGETS_MAX, openFilesMax() - 500)
  if (count < TARGETS_MAX) say(`only ${count} targets: this shell may not hold more connections (ulimit -n)`)
  const targets: Program = startScript('targets.ts')
  stack.defer(() => targets.stop())
  const { port } = z.object({ port: z.number() }).parse(await targets.line())
  const urls = targetUrls(count, port)
  const postgres = await startScratchPostgres()
  stack.defer(() => postgres.stop())
  const scratch = await postgres.open()
  stack.defer(() => scratch.close())
  const blackbox = await startBlackbox()
  stack.defer(async () => blackbox?.stop())
  await fillHealth(scratch, urls)
  const seen: { sweep: Pass[]; bare: Pass[]; blackbox: Pass[] } = { sweep: [], bare: [], blackbox: [] }
  for (let n = 0; n < ROUNDS; n += 1) {
    seen.sweep.push(...(await measure(() => sweepContender(scratch, count), { count, scratch, postgres })))
    seen.bare.push(...(await measure(() => bareContender(urls), { count, scratch, postgres })))
    if (blackbox !== null) seen.blackbox.push(await blackbox.measure(urls.slice(0, BLACKBOX_PROBES)))
  }
  report(count, seen)
}

await main()
