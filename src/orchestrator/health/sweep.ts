// The health sweep: every running instance is asked once a minute whether it is alive. Three failures in a row write the intent to restart
// and the alert in one transaction; the reconciler does the restarting. A single failure only makes the reconciler look.
import { isBeingRestored } from '../../db/restores.ts'
import { isBeingUpgraded } from '../../db/upgrades.ts'
import { claimTargets, nextTargetInMs, recordChecks, type CheckResult, type Target } from '../../db/health.ts'
import { raiseIncident } from '../../db/incidents.ts'
import { instanceById, jobBeganWithin, requestChange, wakeInstances } from '../../db/instances.ts'
import type { Db } from '../../db/connect.ts'
import type { OperationKind } from '../../domain/status.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { MachineControl } from '../door.ts'
import { noticeEnds, type ExitNews } from './exits.ts'
import type { Prober } from './probe.ts'

export type SweepDeps = { db: Db; clock: Clock; log: Log; prober: Prober; control: MachineControl; changed: () => void }
export type SweepOptions = { intervalMs: number; concurrency: number; batch: number }
export const sweepDefaults: SweepOptions = { intervalMs: 60_000, concurrency: 200, batch: 500 }
export type Sweep = {
  run(signal: AbortSignal): Promise<void>
  /** Checks everything that is due now and returns how many targets that were. */
  round(): Promise<number>
}

/** Restart on the third failed check in a row, not the second. */
export const FAILURES_BEFORE_RESTART = 3
const JITTER_SHARE = 0.1
const IDLE_MS_MAX = 1_000
/** Due checks gather for this long: one claim for many of them. */
const IDLE_MS_MIN = 100
/** Results gather for this long, or until there are this many: one statement for all of them. */
const HOLD_MS = 500
const HELD_MAX = 1_000

/**
 * The next targets are claimed and the last results are written while probes are under way: neither the database nor a gateway that takes
 * its ten seconds keeps the other checks waiting.
 */
export function createSweep(deps: SweepDeps, options: SweepOptions = sweepDefaults): Sweep {
  const { db, clock, log, prober } = deps
  const claim = (): Promise<Target[]> => claimTargets(db, { limit: options.batch, intervalMs: options.intervalMs, jitterShare: JITTER_SHARE })

  // What is lost here is asked for again within the minute.
  const write = (batch: CheckResult[]): Promise<void> =>
    recordResults(deps, batch).catch((error: unknown) =>
      log.error({ err: error, checks: batch.length }, 'the results of health checks were not written'),
    )

  /** Checks what is due; when nothing is left, `goOn` says whether to look for more, and when. */
  const checkDue = async (goOn: () => Promise<boolean>, signal?: AbortSignal): Promise<number> => {
    const next = createSource({ claim, batch: options.batch, goOn, ...(signal !== undefined && { signal }) })
    // Held for less than the time between two checks of one target, for a statement counts each target once.
    const results = createResults({ clock, holdMs: Math.min(HOLD_MS, options.intervalMs / 4), write })
    let checked = 0
    const worker = async (): Promise<void> => {
      for (let target = await next(); target !== null; target = await next()) {
        const { ok, latencyMs, error, exits } = await prober.check(target.url)
        if (exits !== null && exits !== target.exits) await noticed(deps, { instanceId: target.instanceId, exits })
        // The claim noted that it was asked; that all is still well needs no second write.
        if (!ok || !target.known) results.add({ instanceId: target.instanceId, ok, latencyMs, error })
        checked += 1
      }
    }
    const ended = await Promise.allSettled(Array.from({ length: options.concurrency }, worker))
    await results.settle()
    for (const one of ended) if (one.status === 'rejected') throw one.reason
    return checked
  }

  return {
    round: () => checkDue(() => Promise.resolve(false)),
    async run(signal) {
      const pause = async (): Promise<boolean> => {
        await clock.sleep(Math.max(IDLE_MS_MIN, await nextTargetInMs(db, IDLE_MS_MAX)), signal)
        return true
      }
      while (!signal.aborted) {
        try {
          await checkDue(pause, signal)
        } catch (error) {
          log.error({ err: error }, 'the health checks were interrupted')
          await clock.sleep(IDLE_MS_MAX, signal)
        }
      }
    },
  }
}

/** What is lost here is noticed at the next check. */
async function noticed(deps: SweepDeps, news: ExitNews): Promise<void> {
  await noticeEnds(deps, news).then(deps.changed, (error: unknown) =>
    deps.log.error({ err: error, instance: news.instanceId }, 'the end of a gateway could not be looked into'),
  )
}

type SourceOptions = { claim: () => Promise<Target[]>; batch: number; goOn: () => Promise<boolean>; signal?: AbortSignal }

/**
 * Hands out targets one by one, and claims ahead. Null: there are no more, or the signal was aborted; what was claimed and not handed out
 * then comes around again with the next round.
 */
function createSource({ claim, batch, goOn, signal }: SourceOptions): () => Promise<Target | null> {
  let claimed: Target[] = []
  let given = 0
  let filling: Promise<void> | null = null
  let short = false
  let end: 'no more' | { error: unknown } | null = null

  const fill = async (): Promise<void> => {
    try {
      if (short && !(await goOn())) {
        end = 'no more'
        return
      }
      const more = await claim()
      claimed = [...claimed.slice(given), ...more]
      given = 0
      short = more.length < batch
    } catch (error) {
      end = { error }
    } finally {
      filling = null
    }
  }
  return async () => {
    while (signal?.aborted !== true) {
      if (end === null && claimed.length - given <= batch / 2) filling ??= fill()
      const target = claimed[given]
      if (target !== undefined) {
        given += 1
        return target
      }
      if (filling !== null) await filling
      else if (end === 'no more') return null
      else if (end !== null) throw end.error
    }
    return null
  }
}

type Results = {
  add(result: CheckResult): void
  /** Writes what is left. */
  settle(): Promise<void>
}

/** Gathers results, and writes what came together, one batch at a time. `write` must not throw. */
function createResults(options: { clock: Clock; holdMs: number; write: (batch: CheckResult[]) => Promise<void> }): Results {
  const held: CheckResult[] = []
  let nap = new AbortController()
  let settling = false

  const keepWriting = async (): Promise<void> => {
    do {
      nap = new AbortController()
      if (!settling && held.length < HELD_MAX) await options.clock.sleep(options.holdMs, nap.signal)
      await options.write(held.splice(0))
    } while (!settling || held.length > 0)
  }
  const written = keepWriting()
  return {
    add(result) {
      held.push(result)
      if (held.length === HELD_MAX) nap.abort()
    },
    async settle() {
      settling = true
      nap.abort()
      await written
    },
  }
}

/** Writes results and acts on the bad ones: a failure makes the reconciler look, the third in a row restarts. */
async function recordResults(deps: SweepDeps, results: readonly CheckResult[]): Promise<void> {
  const { db } = deps
  const down = await recordChecks(db, results, FAILURES_BEFORE_RESTART)
  const failed = results.filter((one) => !one.ok).map((one) => one.instanceId)
  if (failed.length === 0) return
  await wakeInstances(db, { ids: failed })
  for (const one of down) if (isTimeToRestart(one.failures)) await restartUnhealthy(db, one)
  deps.changed()
}

/** Jobs that end with a healthy gateway, so that one that never comes up is restarted within them. */
const WAITING_FOR_HEALTH: readonly string[] = ['start', 'restart', 'update', 'recover'] satisfies OperationKind[]

/** Until then a gateway that does not answer may still be coming up: OpenClaw was seen to take 66 s on a busy machine, and this is twice that. */
const JOB_GRACE_MS = 2 * 60_000

/** After the 3rd failed check in a row, then the 6th, 12th, 24th …: a restart that did not help is repeated ever more rarely. */
function isTimeToRestart(failures: number): boolean {
  return Number.isInteger(Math.log2(failures / FAILURES_BEFORE_RESTART))
}

/** Writes the restart and the alert, unless the owner has something else going on or does not want it running. */
async function restartUnhealthy(db: Db, down: { instanceId: string; failures: number; error: string | null }): Promise<void> {
  await db.transaction(async (tx) => {
    const row = await instanceById(tx, down.instanceId)
    if (row === null || row.power === 'off' || row.deleteRequestedAt !== null || row.blocked !== null) return
    if (row.operationKind !== null && !WAITING_FOR_HEALTH.includes(row.operationKind)) return
    if (await jobBeganWithin(tx, row.id, JOB_GRACE_MS)) return
    // Who looks after that undoes it when the gateway does not come up.
    if ((await isBeingRestored(tx, row.id)) || (await isBeingUpgraded(tx, row.id))) return
    const asked = await requestChange(tx, row.id, { kind: 'recover', set: { restart: true }, chat: null, cause: 'health' })
    if (asked === null) return
    await raiseIncident(tx, { instanceId: row.id, userId: row.userId, kind: 'unhealthy', detail: { error: down.error, failures: down.failures } })
  })
}
