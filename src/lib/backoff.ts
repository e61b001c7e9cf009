import type { Random } from './random.ts'

/**
 * Exponential backoff with full-range jitter: `baseMs · 2^failures`, at most `maxMs`, times 0.5 to 1.5.
 * Source of the shape: the claim pattern measured for this project (1 s doubling to 5 min).
 */
export function backoffMs(failures: number, options: { baseMs: number; maxMs: number; random: Random }): number {
  const plain = Math.min(options.maxMs, options.baseMs * 2 ** Math.min(failures, 30))
  return Math.round(plain * (0.5 + options.random()))
}
