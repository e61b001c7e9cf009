// Jobs that are rows: whichever are due are claimed under a fenced lease, and each takes its turn while the lease is renewed. What is cut off by our
// own end goes on elsewhere, or after the next start.
import type { Clock } from '../lib/clock.ts'
import type { Log } from '../lib/log.ts'

export type Turns = {
  /** Looks at what is due now. */
  wake(): void
  /** Runs until `signal` is aborted; what is under way is given up. */
  run(signal: AbortSignal): Promise<void>
  /** One turn for everything that is due; how many were taken. */
  turn(signal?: AbortSignal): Promise<number>
}
type Job = { id: string }
/** One kind of them. `claim` takes up to `limit` that are due. */
export type Kind<J extends Job> = {
  claim(options: { leaseMs: number; limit: number }): Promise<J[]>
  renew(job: J, leaseMs: number): Promise<void>
  turn(job: J, signal: AbortSignal): Promise<void>
}

/** Each may hold one stream open. */
const AT_ONCE_MAX = 8
const IDLE_MS = 1_000
const LEASE_MS = 60_000
const RENEW_MS = LEASE_MS / 3

type TurnsDeps = { clock: Clock; log: Log }
type Begun = { id: string; work: Promise<void> }
/** Takes up to `free` jobs that are due, and begins them. */
export type Claiming = (free: number, signal: AbortSignal) => Promise<Begun[]>

/** Up to `atOnce` jobs are under way. The first kinds go first where there is no room for all. */
export function createTurns({ clock, log, atOnce = AT_ONCE_MAX }: TurnsDeps & { atOnce?: number }, kinds: readonly Claiming[]): Turns {
  const running = new Set<Promise<void>>()
  let bell = new AbortController()
  const begin = ({ id, work }: Begun): void => {
    const done = work
      .catch((error: unknown) => log.error({ err: error, job: id }, 'a job could not go on; its lease will end'))
      .finally(() => {
        running.delete(done)
        bell.abort()
      })
    running.add(done)
  }
  const take = async (signal: AbortSignal): Promise<number> => {
    let taken = 0
    for (const some of kinds) {
      const begun = await some(atOnce - running.size, signal)
      begun.forEach(begin)
      taken += begun.length
    }
    return taken
  }
  return {
    wake: () => bell.abort(),
    async run(signal) {
      signal.addEventListener('abort', () => bell.abort(), { once: true })
      while (!signal.aborted) {
        bell = new AbortController()
        const taken = await take(signal).catch((error: unknown) => {
          log.error({ err: error }, 'jobs could not be claimed')
          return 0
        })
        if (taken === 0 && !signal.aborted) await clock.sleep(IDLE_MS, bell.signal)
      }
      await Promise.all(running)
    },
    async turn(signal = new AbortController().signal) {
      const taken = await take(signal)
      await Promise.all(running)
      return taken
    },
  }
}

/** Takes jobs of one kind, each of which works while its lease is renewed. */
export function kindOf<J extends Job>(deps: TurnsDeps, kind: Kind<J>): Claiming {
  return async (free, signal) => {
    const jobs = await kind.claim({ leaseMs: LEASE_MS, limit: free })
    return jobs.map((job) => ({ id: job.id, work: leased(deps, { renew: () => kind.renew(job, LEASE_MS), work: () => kind.turn(job, signal) }) }))
  }
}

async function leased({ clock, log }: TurnsDeps, { renew, work }: { renew: () => Promise<void>; work: () => Promise<void> }): Promise<void> {
  const over = new AbortController()
  const renewing = (async () => {
    for (;;) {
      await clock.sleep(RENEW_MS, over.signal)
      if (over.signal.aborted) return
      await renew().catch((error: unknown) => log.warn({ err: error }, 'the lease of a job could not be renewed'))
    }
  })()
  try {
    await work()
  } finally {
    over.abort()
    await renewing
  }
}
