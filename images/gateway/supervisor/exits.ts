// Why the gateway's process ended, and how long to wait before it is started again. Pure.

export type Exit = {
  code: number | null
  signal: NodeJS.Signals | null
  /** The kernel killed a process for want of memory while this one ran. */
  killedForMemory: boolean
  /** The end of what it wrote to its error output. */
  lastWords: string
}
export type ExitReason = 'bad-config' | 'out-of-memory' | 'crashed'

/** sysexits.h EX_CONFIG: OpenClaw refuses its configuration with it, every time it is started. */
const EXIT_CONFIG = 78
/** What V8 writes before it aborts for want of heap. */
const HEAP_IS_FULL = /JavaScript heap out of memory/

export function reasonOf(exit: Exit): ExitReason {
  if (exit.code === EXIT_CONFIG) return 'bad-config'
  // 137: a shell in between reports the signal like this.
  const killed = exit.signal === 'SIGKILL' || exit.code === 137
  if ((killed && exit.killedForMemory) || HEAP_IS_FULL.test(exit.lastWords)) return 'out-of-memory'
  return 'crashed'
}

const BACKOFF_MS_MIN = 1_000
const BACKOFF_MS_MAX = 300_000
/** Healthy for this long, it begins again with the shortest wait. */
export const STEADY_MS = 30_000

/** Milliseconds to wait before the next start after `crashes` in a row: 1 s, then twice as long each time, 300 s at most. */
export function backoffMs(crashes: number): number {
  return Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(crashes - 1, 20))
}
