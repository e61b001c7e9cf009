import { backoffMs } from '../lib/backoff.ts'
import type { Random } from '../lib/random.ts'
import type { MachineConfig } from './machine-config.ts'

const MAX_RETRIES_DEFAULT = 10
/** A machine that ran this long starts counting its restarts anew (Fly: 10 tries in 5 minutes). */
export const STEADY_MS = 5 * 60_000

/** What becomes of a machine whose process ended by itself. */
export function afterExit(exit: { code: number; restartCount: number }, restart: MachineConfig['restart']): 'restart' | 'stop' {
  switch (restart.policy) {
    case 'no':
      return 'stop'
    case 'always':
      return 'restart'
    case 'on-failure':
    case 'spot-price':
      return exit.code !== 0 && exit.restartCount < (restart.max_retries ?? MAX_RETRIES_DEFAULT) ? 'restart' : 'stop'
  }
}

/** How long to wait before restart number `restartCount`. */
export function restartDelayMs(restartCount: number, random: Random): number {
  return backoffMs(restartCount - 1, { baseMs: 200, maxMs: 30_000, random })
}
