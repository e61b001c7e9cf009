// The gateway as a child process: started, asked whether it is well, started again when it ends, and stopped in order. It never gives up, with
// one exception: a configuration that the gateway refuses stays refused until another one comes.
import { spawn, type ChildProcess } from 'node:child_process'
import { backoffMs, reasonOf, STEADY_MS, type ExitReason } from './exits.ts'

export type GatewayState =
  | { kind: 'starting'; since: Date }
  | { kind: 'live'; since: Date }
  | { kind: 'unwell'; since: Date }
  | { kind: 'waiting'; since: Date; reason: ExitReason; restartAt: Date }
  | { kind: 'degraded'; since: Date; reason: 'bad-config'; detail: string }
  | { kind: 'stopped'; since: Date }

export type Gateway = {
  state(): GatewayState
  /** How often it was started again since this supervisor began, by the reason of its end. */
  restarts(): Readonly<Record<ExitReason, number>>
  /** The process's id while there is one. */
  pid(): number | null
  /** Starts it now: at first, from a wait, or after the configuration was replaced. Does nothing while it runs, is held, or once it was stopped. */
  start(): void
  /** Ends it in order and starts it again at once, as for another configuration. From a wait or a refused configuration it starts at once. */
  restart(): void
  /** SIGTERM, and SIGKILL to what is left 30 s later. Resolves when it is gone. */
  stop(): Promise<void>
  /** The same for a while: nothing starts it until it is released. */
  hold(): Promise<void>
  /** Starts it again after a hold, unless it was stopped meanwhile. */
  release(): void
}

export type GatewayDeps = {
  command: { program: string; args: readonly string[]; env: Readonly<Record<string, string>> }
  /** Whether it answers as a healthy gateway does; must not throw. */
  probe: () => Promise<boolean>
  /** How many processes the kernel has killed for want of memory since the machine began. */
  memoryKills: () => number
  now: () => Date
  /** Calls back after `ms` milliseconds; the returned function takes it back. */
  after: (ms: number, then: () => void) => () => void
  /** It ended unasked. */
  ended: (reason: ExitReason, lastWords: string) => void
  /** It refuses its configuration. True when another one is in place now, so that it is worth a start. */
  refused: (lastWords: string) => boolean
  /** It answers, for the first time since it was started. */
  answered: () => void
  /**
   * Everything else that runs as the gateway's, where it shares the supervisor's process group; null: it gets a group of its own. A group that is
   * shared ends as a whole when whoever watches over the supervisor ends it.
   */
  others: (() => readonly number[]) | null
  /** What the gateway writes. */
  output: (part: Buffer, stream: 'out' | 'error') => void
}

const PROBE_EVERY_MS = 1_000
/** Until it answers for the first time: somebody may be waiting. */
const PROBE_STARTING_MS = 250
/** OpenClaw ends within 2 s of SIGTERM when idle, and never when a channel cannot be reached. */
const STOP_PATIENCE_MS = 30_000
const LAST_WORDS_MAX = 4_000

/** What is known of it, between its events. */
type Watched = {
  deps: GatewayDeps
  restarts: Record<ExitReason, number>
  state: GatewayState
  child: ChildProcess | null
  /** In a row. */
  crashes: number
  stopping: boolean
  held: boolean
  /** It is to be started as soon as it has ended. */
  again: boolean
  gone: Promise<void>
  /** Takes back what is to happen next. */
  takeBack: () => void
}

export function createGateway(deps: GatewayDeps): Gateway {
  const { now } = deps
  const it: Watched = {
    deps,
    restarts: { 'bad-config': 0, 'out-of-memory': 0, crashed: 0 },
    state: { kind: 'stopped', since: now() },
    child: null,
    crashes: 0,
    stopping: false,
    held: false,
    again: false,
    gone: Promise.resolve(),
    takeBack: () => undefined,
  }
  return {
    state: () => it.state,
    restarts: () => ({ ...it.restarts }),
    pid: () => it.child?.pid ?? null,
    start() {
      if (it.child !== null || it.stopping || it.held) return
      // From a wait this is the restart that was due.
      if (it.state.kind === 'waiting' || it.state.kind === 'degraded') it.restarts[it.state.reason] += 1
      begin(it)
    },
    restart() {
      if (it.stopping || it.held || it.again) return
      if (it.child === null) return begin(it)
      it.again = true
      it.takeBack()
      it.state = { kind: 'starting', since: now() }
      void end(it, it.child)
    },
    stop() {
      it.stopping = true
      return rest(it)
    },
    hold() {
      it.held = true
      return rest(it)
    },
    release() {
      it.held = false
      it.crashes = 0
      if (it.child === null && !it.stopping) begin(it)
    },
  }
}

async function rest(it: Watched): Promise<void> {
  it.takeBack()
  if (it.child !== null) return end(it, it.child)
  it.state = { kind: 'stopped', since: it.deps.now() }
}

function begin(it: Watched): void {
  it.takeBack()
  const run = launch(it.deps)
  it.child = run.process
  it.state = { kind: 'starting', since: it.deps.now() }
  it.gone = run.end.then(({ reason, lastWords }) => {
    it.child = null
    ended(it, reason, lastWords)
  })
  watch(it, run.process)
}

function ended(it: Watched, reason: ExitReason, lastWords: string): void {
  const { deps } = it
  it.takeBack()
  if (it.stopping || it.held) {
    it.again = false
    it.state = { kind: 'stopped', since: deps.now() }
    return
  }
  if (it.again) {
    it.again = false
    return begin(it)
  }
  deps.ended(reason, lastWords)
  if (reason === 'bad-config') {
    it.state = { kind: 'degraded', since: deps.now(), reason, detail: lastWords.trim() }
    if (deps.refused(lastWords)) begin(it)
    return
  }
  it.crashes += 1
  const ms = backoffMs(it.crashes)
  it.state = { kind: 'waiting', since: deps.now(), reason, restartAt: new Date(deps.now().getTime() + ms) }
  it.takeBack = deps.after(ms, () => {
    it.restarts[reason] += 1
    begin(it)
  })
}

function watch(it: Watched, watched: ChildProcess): void {
  const { deps } = it
  it.takeBack = deps.after(it.state.kind === 'starting' ? PROBE_STARTING_MS : PROBE_EVERY_MS, () => {
    void deps.probe().then((well) => {
      if (it.child !== watched || it.stopping || it.held || it.again) return
      if (well && it.state.kind !== 'live') {
        if (it.state.kind === 'starting') deps.answered()
        it.state = { kind: 'live', since: deps.now() }
      }
      if (!well && it.state.kind === 'live') it.state = { kind: 'unwell', since: deps.now() }
      if (it.state.kind === 'live' && deps.now().getTime() - it.state.since.getTime() >= STEADY_MS) it.crashes = 0
      watch(it, watched)
    })
  })
}

/** Ends it in order, and what is left of it when patience ends. */
async function end({ deps, gone }: Watched, running: ChildProcess): Promise<void> {
  signal(running, 'SIGTERM', deps.others)
  const calm = deps.after(STOP_PATIENCE_MS, () => signal(running, 'SIGKILL', deps.others))
  await gone
  calm()
}

/** Starts the process. `end` resolves when it and all that it started are gone; it never rejects. */
function launch(deps: GatewayDeps): { process: ChildProcess; end: Promise<{ reason: ExitReason; lastWords: string }> } {
  const { program, args, env } = deps.command
  const killsBefore = deps.memoryKills()
  let lastWords = ''
  const started = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: deps.others === null })
  started.stdout.on('data', (part: Buffer) => deps.output(part, 'out'))
  started.stderr.on('data', (part: Buffer) => {
    lastWords = (lastWords + part.toString()).slice(-LAST_WORDS_MAX)
    deps.output(part, 'error')
  })
  // What it started would hold its output open.
  started.once('exit', () => signal(started, 'SIGKILL', deps.others))
  started.once('error', (error) => (lastWords ||= error.message))
  const end = new Promise<{ reason: ExitReason; lastWords: string }>((resolve) => {
    // After the last of its output, and also when it could not be started.
    started.once('close', (code, signal) => {
      resolve({ reason: reasonOf({ code, signal, killedForMemory: deps.memoryKills() > killsBefore, lastWords }), lastWords })
    })
  })
  return { process: started, end }
}

/** The gateway is asked to end, and what it started with it; the end comes to all of them. */
function signal({ pid }: ChildProcess, name: 'SIGTERM' | 'SIGKILL', others: GatewayDeps['others']): void {
  if (pid === undefined) return
  if (others === null) return send(-pid, name)
  if (name === 'SIGTERM') return send(pid, name)
  for (const one of others()) send(one, name)
}

function send(target: number, name: NodeJS.Signals): void {
  try {
    process.kill(target, name)
  } catch (error) {
    // Nobody is left there.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
