// The health sweep: every running instance is asked once a minute whether it is alive. Three failures in a row write the intent to restart
// and the alert in one transaction; the reconciler does the restarting. A single failure only makes the reconciler look.
import { claimTargets, nextTargetInMs, recordChecks, type CheckResult } from '../../db/health.ts'
import { raiseIncident } from '../../db/incidents.ts'
import { instanceById, requestChange, wakeInstances } from '../../db/instances.ts'
import type { Db } from '../../db/connect.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Prober } from './probe.ts'

export type SweepDeps = { db: Db; clock: Clock; log: Log; prober: Prober; changed: () => void }
export type SweepOptions = { intervalMs: number; concurrency: number; batch: number }
export const sweepDefaults: SweepOptions = { intervalMs: 60_000, concurrency: 200, batch: 500 }
export type Sweep = { run(signal: AbortSignal): Promise<void>; round(): Promise<number> }

/** Restart on the third failed check in a row, not the second. */
export const FAILURES_BEFORE_RESTART = 3
const JITTER_SHARE = 0.1
const IDLE_MS_MAX = 1_000

export function createSweep(deps: SweepDeps, options: SweepOptions = sweepDefaults): Sweep {
  const { db, clock, log, prober } = deps
  const round = async (): Promise<number> => {
    const targets = await claimTargets(db, { limit: options.batch, intervalMs: options.intervalMs, jitterShare: JITTER_SHARE })
    const results: CheckResult[] = []
    const queue = targets.values()
    const worker = async (): Promise<void> => {
      for (const target of queue) results.push({ instanceId: target.instanceId, ...(await prober.check(target.url)) })
    }
    await Promise.all(Array.from({ length: Math.min(options.concurrency, targets.length) }, worker))
    const down = await recordChecks(db, results, FAILURES_BEFORE_RESTART)
    const failed = results.filter((one) => !one.ok).map((one) => one.instanceId)
    if (failed.length > 0) await wakeInstances(db, { ids: failed })
    for (const one of down) await restartUnhealthy(db, one)
    if (failed.length > 0) deps.changed()
    return targets.length
  }
  return {
    round,
    async run(signal) {
      while (!signal.aborted) {
        const checked = await round().catch((error: unknown) => {
          log.error({ err: error }, 'a round of health checks failed')
          return 0
        })
        if (checked < options.batch) await clock.sleep(await nextTargetInMs(db, IDLE_MS_MAX).catch(() => IDLE_MS_MAX), signal)
      }
    },
  }
}

/** Writes the restart and the alert, unless the owner has something else going on or does not want it running. */
async function restartUnhealthy(db: Db, down: { instanceId: string; failures: number; error: string | null }): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await instanceById(tx, down.instanceId)
    if (row === null || row.power === 'off' || row.deleteRequestedAt !== null || row.operationId !== null || row.blocked !== null) return
    await requestChange(tx, row, { kind: 'recover', set: { restart: true }, chat: null, cause: 'health' })
    await raiseIncident(tx, { instanceId: row.id, userId: row.userId, kind: 'unhealthy', detail: { error: down.error, failures: down.failures } })
  })
}
