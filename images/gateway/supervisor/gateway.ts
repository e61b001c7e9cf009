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
  /** Starts it now: at first, from a wait, or after the configuration was replaced. Does nothing while it runs or once it was stopped. */
  start(): void
  /** SIGTERM, and SIGKILL to what is left 30 s later. Resolves when it is gone. */
  stop(): Promise<void>
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
  /** What the gateway writes. */
  output: (part: Buffer, stream: 'out' | 'error') => void
}

const PROBE_EVERY_MS = 1_000
/** OpenClaw ends within 2 s of SIGTERM when idle, and never when a channel cannot be reached. */
const STOP_PATIENCE_MS = 30_000
const LAST_WORDS_MAX = 4_000

export function createGateway(deps: GatewayDeps): Gateway {
  const { now, after } = deps
  const restarts: Record<ExitReason, number> = { 'bad-config': 0, 'out-of-memory': 0, crashed: 0 }
  let state: GatewayState = { kind: 'stopped', since: now() }
  let child: ChildProcess | null = null
  let crashes = 0
  let stopping = false
  let gone: Promise<void> = Promise.resolve()
  let takeBack = (): void => undefined

  const begin = (): void => {
    takeBack()
    const run = launch(deps)
    child = run.process
    state = { kind: 'starting', since: now() }
    gone = run.end.then(({ reason, lastWords }) => {
      child = null
      ended(reason, lastWords)
    })
    watch(run.process)
  }

  const ended = (reason: ExitReason, lastWords: string): void => {
    takeBack()
    if (stopping) state = { kind: 'stopped', since: now() }
    else if (reason === 'bad-config') state = { kind: 'degraded', since: now(), reason, detail: lastWords.trim() }
    else {
      crashes += 1
      const ms = backoffMs(crashes)
      state = { kind: 'waiting', since: now(), reason, restartAt: new Date(now().getTime() + ms) }
      takeBack = after(ms, () => {
        restarts[reason] += 1
        begin()
      })
    }
  }

  const watch = (watched: ChildProcess): void => {
    takeBack = after(PROBE_EVERY_MS, () => {
      void deps.probe().then((well) => {
        if (child !== watched || stopping) return
        if (well && state.kind !== 'live') state = { kind: 'live', since: now() }
        if (!well && state.kind === 'live') state = { kind: 'unwell', since: now() }
        if (state.kind === 'live' && now().getTime() - state.since.getTime() >= STEADY_MS) crashes = 0
        watch(watched)
      })
    })
  }

  return {
    state: () => state,
    restarts: () => ({ ...restarts }),
    pid: () => child?.pid ?? null,
    start() {
      if (child !== null || stopping) return
      // From a wait this is the restart that was due.
      if (state.kind === 'waiting' || state.kind === 'degraded') restarts[state.reason] += 1
      begin()
    },
    async stop() {
      stopping = true
      takeBack()
      const running = child
      if (running === null) {
        state = { kind: 'stopped', since: now() }
        return
      }
      killGroup(running, 'SIGTERM')
      const calm = after(STOP_PATIENCE_MS, () => killGroup(running, 'SIGKILL'))
      await gone
      calm()
    },
  }
}

/** Starts the process. `end` resolves when it and all that it started are gone; it never rejects. */
function launch(deps: GatewayDeps): { process: ChildProcess; end: Promise<{ reason: ExitReason; lastWords: string }> } {
  const { program, args, env } = deps.command
  const killsBefore = deps.memoryKills()
  let lastWords = ''
  // A group of its own, so that what it starts ends with it.
  const started = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  started.stdout.on('data', (part: Buffer) => deps.output(part, 'out'))
  started.stderr.on('data', (part: Buffer) => {
    lastWords = (lastWords + part.toString()).slice(-LAST_WORDS_MAX)
    deps.output(part, 'error')
  })
  // What it started would hold its output open.
  started.once('exit', () => killGroup(started, 'SIGKILL'))
  started.once('error', (error) => (lastWords ||= error.message))
  const end = new Promise<{ reason: ExitReason; lastWords: string }>((resolve) => {
    // After the last of its output, and also when it could not be started.
    started.once('close', (code, signal) => {
      resolve({ reason: reasonOf({ code, signal, killedForMemory: deps.memoryKills() > killsBefore, lastWords }), lastWords })
    })
  })
  return { process: started, end }
}

function killGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, signal)
  } catch (error) {
    // Nobody is left in it.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}
