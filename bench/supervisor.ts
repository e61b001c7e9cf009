// The way to a gateway through the supervisor's door, with a session, as the image has it: against the same gateway reached directly (the limit), and
// through a proxy that is nothing but its library (the peer). Then what the supervisor takes of the machine, and what a probe costs.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { startMachine, type Machine } from '../test/gateway/support/machine.ts'
import { closingLine, cpuSecondsOf, figure, median, say, table } from './support/figures.ts'
import { startScript, type Program } from './support/program.ts'

const CONNECTIONS = 32
/** Short and many: what else this computer does for some seconds meets all contenders alike. */
const ROUNDS = 21
const FOR_MS = 500
const PROBES = 4_000
const PROBE_ROUNDS = 3

const IMAGE = fileURLToPath(new URL('../images/gateway/', import.meta.url))
const GATEWAY = fileURLToPath(new URL('support/proxied.ts', import.meta.url))
const contenders = ['direct', 'library', 'supervisor'] as const
type Contender = (typeof contenders)[number]
const titles: Readonly<Record<Contender, string>> = { direct: 'directly', library: 'http-proxy-3', supervisor: 'supervisor' }
const sizes = ['/small', '/big'] as const
type Size = (typeof sizes)[number]

const roundSchema = z.object({ requests: z.number(), seconds: z.number(), p50Ms: z.number(), p99Ms: z.number() })
type Round = z.infer<typeof roundSchema> & { cpuSeconds: number }
/** Where each is reached, what it is asked with, and which process answers. */
type Place = { port: number; headers: string; pid: number }
type World = { places: Readonly<Record<Contender, Place>>; visitors: Program }

async function measure({ places, visitors }: World, who: Contender, order: { path: string; requests?: number }): Promise<Round> {
  const { port, headers, pid } = places[who]
  const before = cpuSecondsOf(pid)
  const amount = order.requests === undefined ? { forMs: FOR_MS } : {}
  const round = roundSchema.parse(await visitors.ask({ port, headers, connections: CONNECTIONS, ...amount, ...order }))
  return { ...round, cpuSeconds: cpuSecondsOf(pid) - before }
}

type Rounds = Readonly<Record<Contender, Round[]>>

async function compare(world: World, path: Size): Promise<Rounds> {
  const seen: Rounds = { direct: [], library: [], supervisor: [] }
  // The first one warms all up, and does not count.
  for (let n = 0; n <= ROUNDS; n += 1) {
    for (const who of n % 2 === 0 ? contenders : contenders.toReversed()) {
      const round = await measure(world, who, { path })
      if (n > 0) seen[who].push(round)
    }
  }
  return seen
}

const perSecond = (rounds: readonly Round[]): number => median(rounds.map((one) => one.requests / one.seconds))
const sum = (values: readonly number[]): number => values.reduce((total, one) => total + one, 0)
const cpuMicros = (rounds: readonly Round[]): number => (sum(rounds.map((one) => one.cpuSeconds)) / sum(rounds.map((one) => one.requests))) * 1e6
const p99 = (rounds: readonly Round[]): number => median(rounds.map((one) => one.p99Ms))

/** Processor time of a thousand probes, in milliseconds: of the door's own answer, and of the gateway's. */
async function probes(world: World): Promise<{ supervisor: number; direct: number }> {
  const perThousand = async (who: Contender): Promise<number> => {
    const rounds: Round[] = []
    for (let n = 0; n < PROBE_ROUNDS; n += 1) rounds.push(await measure(world, who, { path: '/healthz', requests: PROBES }))
    return cpuMicros(rounds)
  }
  return { supervisor: await perThousand('supervisor'), direct: await perThousand('direct') }
}

type Memory = { residentMb: number; privateMb: number }

function memoryOf(pid: number): Memory {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mb = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return { residentMb: mb('VmRSS'), privateMb: mb('RssAnon') }
}

function report(seen: Readonly<Record<Size, Rounds>>, memory: Readonly<Record<string, Memory>>, probe: { supervisor: number; direct: number }): void {
  say(
    `${CONNECTIONS} connections, medians of ${ROUNDS} rounds of ${FOR_MS / 1000} s in turn; Node ${process.version}, ${availableParallelism()} cores, shared with whoever asks and answers`,
  )
  for (const size of sizes) {
    const row = (who: Contender): string[] => {
      const rounds = seen[size][who]
      const times = [median(rounds.map((one) => one.p50Ms)), p99(rounds)].map((ms) => `${figure(ms)} ms`)
      return [titles[who], figure(perSecond(rounds)), ...times, `${figure(cpuMicros(rounds))} µs`]
    }
    say(table([[size === '/small' ? 'a short answer' : '64 KB', 'requests/s', 'p50', 'p99', 'its CPU each'], ...contenders.map(row)]))
  }
  say(
    table([
      ['memory', 'resident', 'private'],
      ...Object.entries(memory).map(([when, { residentMb, privateMb }]) => [when, figure(residentMb), figure(privateMb)]),
    ]),
  )
  say(`1,000 probes: ${figure(probe.supervisor)} ms of CPU at the door, ${figure(probe.direct)} ms at the gateway`)
  // Each round against the peer's round beside it.
  const ratio = ({ supervisor, library }: Rounds, of: (round: Round) => number): number =>
    median(supervisor.map((one, n) => of(one) / of(library[n] ?? one)))
  say(
    closingLine('supervisor', {
      throughput: Math.min(...sizes.map((size) => ratio(seen[size], (one) => one.requests / one.seconds))),
      p99: Math.max(...sizes.map((size) => ratio(seen[size], (one) => one.p99Ms))),
      memory_mb: memory['after the load']?.residentMb ?? null,
      probe: probe.supervisor / probe.direct,
    }),
  )
}

async function run(machine: Machine): Promise<void> {
  await machine.live()
  const cookie = await machine.enter()
  const library = startScript('plain-proxy.ts', [String(machine.gatewayPort)])
  const visitors = startScript('http-load.ts')
  try {
    const { port } = z.object({ port: z.number() }).parse(await library.line())
    const gatewayPid = Number(await (await fetch(`http://127.0.0.1:${machine.gatewayPort}/pid`)).text())
    const supervisorPid = machine.process.pid ?? 0
    // The same headers for all three.
    const headers = `accept: */*\r\nuser-agent: bench\r\ncookie: ${cookie}\r\n`
    const places: World['places'] = {
      direct: { port: machine.gatewayPort, headers, pid: gatewayPid },
      library: { port, headers, pid: library.pid },
      supervisor: { port: machine.port, headers, pid: supervisorPid },
    }
    const world = { places, visitors }
    const atRest = memoryOf(supervisorPid)
    const seen = { '/small': await compare(world, '/small'), '/big': await compare(world, '/big') }
    const memory = { 'at rest': atRest, 'after the load': memoryOf(supervisorPid), 'the library, after it': memoryOf(library.pid) }
    report(seen, memory, await probes(world))
  } finally {
    await Promise.all([library.stop(), visitors.stop()])
  }
}

const folder = mkdtempSync(join(tmpdir(), 'bench-supervisor-'))
try {
  const built = spawnSync(join(IMAGE, 'build.sh'), [join(folder, 'built'), '--part', 'supervisor'], { stdio: ['ignore', 'ignore', 'inherit'] })
  if (built.status !== 0) throw new Error('the supervisor could not be built')
  // As start.sh of the image starts it.
  const flags = /^set -- node (.*) "\$here\//m.exec(readFileSync(join(IMAGE, 'start.sh'), 'utf8'))?.[1]?.split(' ') ?? []
  const main = join(folder, 'built', 'supervisor', 'main.js')
  const machine = await startMachine({ main, nodeArgs: [...flags, ...process.execArgv], env: { CONCH_GATEWAY: GATEWAY } })
  try {
    await run(machine)
  } finally {
    await machine.close()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
