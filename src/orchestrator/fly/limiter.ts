// Keeps us under Fly's documented rate limits (https://fly.io/docs/machines/api/working-with-machines-api/#rate-limits), so that a
// busy loop waits its turn here and not in refused calls. It limits one process: the 429s that several of them earn together are the
// transport's to retry.
import type { Clock } from '../../lib/clock.ts'

type LimiterClass = 'action' | 'get-machine' | 'delete-app'

export type LimiterKey = { class: LimiterClass; action: string; id: string }

export type Limiter = {
  /**
   * Resolves true when the call may go, or when `signal` is aborted; false at once, with nothing taken, when its turn is more than
   * `maxWaitMs` away.
   */
  take(key: LimiterKey, signal?: AbortSignal): Promise<boolean>
  /** How many buckets are held: idle ones are forgotten. */
  size(): number
}

// Deletion: 100 a minute. A full bucket plus a minute's refill must stay under it.
const RATES: Record<LimiterClass, { perSecond: number; burst: number }> = {
  action: { perSecond: 1, burst: 3 },
  'get-machine': { perSecond: 5, burst: 10 },
  'delete-app': { perSecond: 1.5, burst: 10 },
}

const SWEEP_EVERY_MS = 30_000

/** A token bucket per (action, app or machine). */
export function createLimiter(options: { clock: Clock; maxWaitMs?: number }): Limiter {
  const { clock, maxWaitMs = 30_000 } = options
  // A bucket is one number: the moment at which it will be full again. Waiting callers have already moved it, so they queue in order.
  const fullAt = new Map<string, number>()
  let sweptAt = clock.now().getTime()

  function sweep(now: number): void {
    if (now - sweptAt < SWEEP_EVERY_MS) return
    sweptAt = now
    for (const [key, at] of fullAt) if (at <= now) fullAt.delete(key)
  }

  return {
    async take(key, signal) {
      const now = clock.now().getTime()
      sweep(now)
      const { perSecond, burst } = RATES[key.class]
      const tokenMs = 1000 / perSecond
      const name = `${key.action} ${key.id}`
      const next = Math.max(fullAt.get(name) ?? 0, now) + tokenMs
      const waitMs = next - burst * tokenMs - now
      if (waitMs > maxWaitMs) return false
      fullAt.set(name, next)
      if (waitMs > 0) await clock.sleep(Math.ceil(waitMs), signal)
      return true
    },
    size: () => fullAt.size,
  }
}
