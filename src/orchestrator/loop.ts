// The reconcile loop: claims due instances under a lease, gives each one turn, and sleeps until the next is due or somebody wakes it.
// Any number of processes run it on one database; a dead one's work is taken over when its lease ends.
import { claimDue, renewLeases, type Claim } from '../db/instances.ts'
import { ConchError } from '../lib/errors.ts'
import { reconcile, type ReconcileDeps } from './reconcile.ts'

export type LoopOptions = { owner: string; leaseMs: number; concurrency: number; idleMs: number }
export type Loop = {
  /** Looks at what is due now, rather than at the next tick. */
  wake(): void
  /** Runs until `signal` is aborted; then waits for the turns under way. Throws only when the database stays unusable. */
  run(signal: AbortSignal): Promise<void>
}

/** A database that fails this often in a row stops the process: a restart by the supervisor is better than a silent loop. */
const DATABASE_FAILURES_MAX = 20

export function createLoop(deps: ReconcileDeps, options: LoopOptions): Loop {
  const running = new Map<string, { claim: Claim; done: Promise<void> }>()
  let woken = false
  let wakeUp: () => void = () => undefined

  const wake = (): void => {
    woken = true
    wakeUp()
  }
  const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (woken || signal.aborted) return
    const nap = new AbortController()
    wakeUp = () => nap.abort()
    await deps.clock.sleep(ms, AbortSignal.any([signal, nap.signal]))
  }
  const take = async (): Promise<number> => {
    const room = options.concurrency - running.size
    if (room <= 0) return 0
    const rows = await claimDue(deps.db, { owner: options.owner, leaseMs: options.leaseMs, limit: room })
    for (const row of rows) {
      // With the epoch: a turn that lost its lease may end after the next one for the same instance began.
      const key = `${row.id}:${row.epoch}`
      const done = reconcile(deps, row)
        .then(() => undefined)
        .catch((error: unknown) => deps.log.error({ instance: row.id, err: error }, 'a turn could not be written; its lease will end'))
        .finally(() => {
          running.delete(key)
          wake()
        })
      running.set(key, { claim: { id: row.id, epoch: row.epoch }, done })
    }
    return rows.length
  }
  const keepLeases = async (signal: AbortSignal): Promise<void> => {
    while (!signal.aborted) {
      await deps.clock.sleep(options.leaseMs / 3, signal)
      const claims = [...running.values()].map((one) => one.claim)
      await renewLeases(deps.db, claims, options.leaseMs).catch((error: unknown) => deps.log.warn({ err: error }, 'leases were not renewed'))
    }
  }

  return {
    wake,
    async run(signal) {
      const keeping = keepLeases(signal)
      let failures = 0
      while (!signal.aborted) {
        woken = false
        try {
          const taken = await take()
          failures = 0
          if (taken === 0) await pause(options.idleMs, signal)
        } catch (error) {
          failures += 1
          deps.log.error({ err: error, failures }, 'due work could not be claimed')
          if (failures >= DATABASE_FAILURES_MAX) throw new ConchError('loop.database', 'the database has failed repeatedly', { cause: error })
          await deps.clock.sleep(options.idleMs * failures, signal)
        }
      }
      await Promise.all([...running.values()].map((one) => one.done))
      await keeping
    },
  }
}
