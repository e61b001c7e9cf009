import type { Clock } from '../../../src/lib/clock.ts'

export type InstantClock = Clock & { slept: number[] }

/** Sleeping takes no time and moves the clock. */
export function createInstantClock(): InstantClock {
  const slept: number[] = []
  let now = Date.parse('2026-01-01T00:00:00Z')
  return {
    slept,
    now: () => new Date(now),
    async sleep(ms) {
      slept.push(ms)
      now += ms
    },
  }
}

export type HandClock = Clock & { advance(ms: number): Promise<void> }

/** Time stands still until the test moves it; sleepers wake in order. */
export function createHandClock(): HandClock {
  let now = Date.parse('2026-01-01T00:00:00Z')
  let sleepers: { at: number; wake: () => void }[] = []
  return {
    now: () => new Date(now),
    sleep(ms, signal) {
      return new Promise((resolve) => {
        if (signal?.aborted === true) return resolve()
        sleepers.push({ at: now + ms, wake: resolve })
        signal?.addEventListener('abort', () => resolve(), { once: true })
      })
    },
    async advance(ms) {
      now += ms
      const due = sleepers.filter((sleeper) => sleeper.at <= now).toSorted((a, b) => a.at - b.at)
      sleepers = sleepers.filter((sleeper) => sleeper.at > now)
      for (const sleeper of due) sleeper.wake()
      // Lets what woke run up to its next wait.
      await new Promise((resolve) => setImmediate(resolve))
    },
  }
}
