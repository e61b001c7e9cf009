// The only place that reads the machine's clock or waits. Everything else is handed a Clock, so that tests own time.
import { setTimeout as wait } from 'node:timers/promises'

export type Clock = {
  /** The present moment. */
  now(): Date
  /** Resolves after `ms` milliseconds, or at once when `signal` is aborted; never rejects. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>
}

export const systemClock: Clock = {
  now: () => new Date(),
  async sleep(ms, signal) {
    if (signal?.aborted === true) return
    await wait(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined)
  },
}
