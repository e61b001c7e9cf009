// One turn of the loop for one instance: read desired state, look at the provider, take the one step that nextStep names, write what was
// seen, say when to look again. Effects live here and in execute.ts, nowhere else in this folder. It receives a claim, never an event;
// running it twice does no harm; killed anywhere, the next turn goes on. It must never import a face: news leave through the outbox.
import { currentConfig } from '../db/configs.ts'
import type { Db, Tx } from '../db/connect.ts'
import { lockClaimed, releaseClaim, storedOf, writeObserved, type Claim, type InstanceRow, type ObservedPatch } from '../db/instances.ts'
import type { JsonObject } from '../domain/gateway-document.ts'
import { fallbackRegion } from '../domain/regions.ts'
import {
  nextStep,
  START_TRIES_MAX,
  type Desired,
  type FailReason,
  type Memory,
  type Observed,
  type Sent,
  type SentKind,
  type Step,
} from '../domain/next-step.ts'
import { backoffMs } from '../lib/backoff.ts'
import type { Clock } from '../lib/clock.ts'
import { assertNever, messageOf } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { jitter, type Random } from '../lib/random.ts'
import { execute, type Made, type ProviderStep } from './execute.ts'
import { ProviderError } from './fly/errors.ts'
import type { FlyClient, FlyMachine } from './fly/types.ts'
import type { ProbeResult } from './health/probe.ts'
import { addressOf, appNameOf, fleetOf, machinePlan, type FleetOptions } from './machine-config.ts'
import {
  noticeExits,
  recordBlocked,
  recordFailure,
  recordFallback,
  recordGone,
  recordProgress,
  recordRemade,
  recordSettled,
  recordStuck,
} from './timeline.ts'
import { observe } from './observe.ts'

export type ReconcileDeps = FleetOptions & {
  db: Db
  fly: FlyClient
  clock: Clock
  random: Random
  log: Log
  /** What the gateway at this address answers to its health probe. */
  probe: (url: string) => Promise<Pick<ProbeResult, 'ok' | 'exits' | 'degraded'>>
  /** Called after every write that owes somebody a message. */
  announced: () => void
}

/** A settled instance is looked at again after this, against drift nobody told us of; the fleet poll tells us of most. */
const DRIFT_MS = 10 * 60_000
const BACKOFF = { baseMs: 1_000, maxMs: 5 * 60_000 }
/** A destruction that failed this often is slowed down and shown to the operator. Source: a peer's 12,000 retries of the same delete. */
export const DESTROY_TRIES_MAX = 12
const STUCK_MS = 60 * 60_000

type Turn = { requeueAfterMs: number; patch: ObservedPatch; record?: (tx: Tx, after: InstanceRow) => Promise<void> }

/** Takes one step for a claimed instance and gives the claim back. False when the lease was lost meanwhile: nothing was written then. */
export async function reconcile(deps: ReconcileDeps, row: InstanceRow): Promise<boolean> {
  const claim: Claim = { id: row.id, epoch: row.epoch }
  const turn = await takeTurn(deps, row, claim).catch((error: unknown) => failedTurn(deps, row, error))
  if (turn === null) return false
  const kept = await deps.db.transaction(async (tx) => {
    const current = await lockClaimed(tx, claim)
    if (current === null) return false
    // Somebody changed what they want while this turn was under way: what it saw still counts, what it concluded does not.
    const upToDate = current.desiredVersion === row.desiredVersion
    await writeObserved(tx, claim, upToDate ? turn.patch : onlySeen(turn.patch))
    if (upToDate) await turn.record?.(tx, { ...row, ...turn.patch })
    return releaseClaim(tx, claim, { requeueAfterMs: turn.requeueAfterMs, desiredVersion: row.desiredVersion })
  })
  if (kept) deps.announced()
  return kept
}

const CONCLUSIONS = [
  'healthy',
  'restartSeen',
  'blocked',
  'failure',
  'deleteRequestedAt',
  'destroyedAt',
  'operationId',
  'operationKind',
  'operationStartedAt',
  'fails',
] as const

/** The facts of a turn, without what it concluded about a job, health or an end. */
function onlySeen(patch: ObservedPatch): ObservedPatch {
  const seen = { ...patch }
  for (const key of CONCLUSIONS) delete seen[key]
  return seen
}

async function takeTurn(deps: ReconcileDeps, row: InstanceRow, claim: Claim): Promise<Turn | null> {
  return lookAndStep(deps, row, claim, row.operationId === null || row.hostFull)
}

async function lookAndStep(deps: ReconcileDeps, row: InstanceRow, claim: Claim, wantFull: boolean): Promise<Turn | null> {
  const { observed, machine, full } = await observe(deps.fly, row, { full: wantFull })
  const document = (await currentConfig(deps.db, row))?.document ?? null
  const plan = machinePlan(row, { ...fleetOf(deps), volumeId: row.volumeId, document })
  const now = deps.clock.now().getTime()
  const seen = seenPatch(row, observed, machine, full, new Date(now))
  const current = { ...row, ...seen }
  const step = nextStep(desiredOf(row, plan.spec), observed, memoryOf(current), now)
  // Before a new instance is called live, everything is looked at once: a doubled volume or machine is found here.
  if (step.kind === 'settled' && !full && row.operationKind === 'deploy') return lookAndStep(deps, row, claim, true)
  deps.log.debug({ instance: row.id, step: step.kind, machine: machine?.state ?? null }, 'step')
  const turn = await perform(deps, current, { step, claim, spec: plan.spec, document, machine, now })
  if (turn === null) return null
  const patch = { ...seen, fails: 0, lastError: null, ...turn.patch }
  return {
    ...turn,
    patch,
    record: async (tx, after) => {
      await recordProgress(tx, after, observed)
      if (machine !== null) await noticeExits(tx, row, machine)
      await turn.record?.(tx, after)
    },
  }
}

/** What the observation alone changes in the row: ids that were found, the machine's state, and health lost by a start that we had not seen. */
function seenPatch(row: InstanceRow, observed: Observed, machine: FlyMachine | null, full: boolean, now: Date): ObservedPatch {
  const started = machine?.state === 'started'
  const volumeId = row.volumeId ?? (full ? (observed.volumes.find((one) => !one.going)?.id ?? null) : null)
  const restartedUnasked = machine !== null && row.healthy && machine.lastStartId !== row.startId
  return {
    observedAt: now,
    volumeId: volumeId !== null && full && !row.everStarted && !observed.volumes.some((one) => one.id === volumeId && !one.going) ? null : volumeId,
    machineId: machine?.id ?? null,
    machineState: machine?.state ?? null,
    observedRegion: machine?.region ?? row.observedRegion,
    preparing: machine?.preparing ?? null,
    startId: machine?.lastStartId ?? row.startId,
    everStarted: row.everStarted || started,
    ...(machine?.lastExit !== null && machine?.lastExit !== undefined && { exitAt: machine.lastExit.at }),
    ...((restartedUnasked || !started) && { healthy: false }),
  }
}

function desiredOf(row: InstanceRow, spec: string): Desired {
  return {
    power: row.power === 'off' ? 'off' : 'on',
    region: row.region,
    spec,
    restart: row.restartGeneration,
    deleted: row.deleteRequestedAt !== null,
    volumeGb: 0,
  }
}

function memoryOf(row: InstanceRow): Memory {
  const stored = storedOf(row)
  return {
    volumeId: row.volumeId,
    machineId: row.machineId,
    everStarted: row.everStarted,
    healthy: row.healthy,
    restartSeen: row.restartSeen,
    sent: stored.sent,
    fullRegions: stored.fullRegions,
    hostFull: row.hostFull,
    storageLost: row.blocked === 'storage-lost',
    operationStartedAt: row.operationStartedAt?.getTime() ?? null,
    deploying: row.operationKind === 'deploy' && row.liveAt === null,
  }
}

type Work = { step: Step; claim: Claim; spec: string; document: JsonObject | null; machine: FlyMachine | null; now: number }

async function perform(deps: ReconcileDeps, row: InstanceRow, work: Work): Promise<Turn | null> {
  const { step } = work
  switch (step.kind) {
    case 'wait':
      return { requeueAfterMs: step.ms, patch: {} }
    case 'restart-seen':
      return { requeueAfterMs: 0, patch: { restartSeen: row.restartGeneration, healthy: false } }
    case 'probe':
      return probeTurn(deps, row, work)
    case 'settled':
      return {
        requeueAfterMs: jitter(DRIFT_MS, 0.2, deps.random),
        patch: { sent: null, blocked: null, operationId: null, operationKind: null, operationStartedAt: null },
        record: (tx) => recordSettled(tx, row, { health: urlOf(deps, row, 'healthz'), ready: urlOf(deps, row, 'readyz') }),
      }
    case 'blocked':
      return {
        requeueAfterMs: step.ms,
        patch: { blocked: step.reason, ...(step.reason === 'region-full' && { fullRegions: [] }) },
        record: (tx) => recordBlocked(tx, row, step.reason),
      }
    case 'gone':
      return {
        requeueAfterMs: 0,
        patch: {
          destroyedAt: new Date(work.now),
          sent: null,
          volumeId: null,
          machineId: null,
          machineState: null,
          operationId: null,
          operationKind: null,
          operationStartedAt: null,
        },
        record: (tx) => recordGone(tx, row),
      }
    case 'fail':
      return {
        requeueAfterMs: 0,
        patch: { failure: step.reason, deleteRequestedAt: new Date(work.now) },
        record: (tx) => recordFailure(tx, row, step.reason),
      }
    default:
      return providerTurn(deps, row, work, step)
  }
}

function urlOf(deps: ReconcileDeps, row: InstanceRow, path: 'healthz' | 'readyz'): string {
  return `${addressOf(row.id, deps.addressTemplate)}/${path}`
}

async function probeTurn(deps: ReconcileDeps, row: InstanceRow, work: Work): Promise<Turn | null> {
  const { ok, exits, degraded } = await deps.probe(urlOf(deps, row, 'healthz'))
  // Ends while a job was under way are part of it.
  const seen = exits !== null && (ok || row.operationKind !== null) ? { exitsSeen: exits } : {}
  if (ok) return { requeueAfterMs: 0, patch: { healthy: true, liveAt: row.liveAt ?? deps.clock.now(), ...seen } }
  const isNew = row.operationKind === 'deploy' && row.liveAt === null
  if (degraded)
    return perform(deps, row, {
      ...work,
      step: isNew ? { kind: 'fail', reason: 'bad-config' } : { kind: 'blocked', reason: 'bad-config', ms: BLOCKED_MS },
    })
  if (isNew && exits !== null && exits >= START_TRIES_MAX) return perform(deps, row, { ...work, step: { kind: 'fail', reason: 'keeps-crashing' } })
  const age = deps.clock.now().getTime() - (row.operationStartedAt?.getTime() ?? 0)
  return { requeueAfterMs: age < 120_000 ? 500 : 5_000, patch: seen }
}

/** How soon a machine that waits for other settings is looked at again. */
const BLOCKED_MS = 5 * 60_000

const SENT_KINDS: readonly string[] = [
  'create-app',
  'create-volume',
  'create-machine',
  'update-machine',
  'start-machine',
  'stop-machine',
  'restart-machine',
] satisfies SentKind[]
const isSentKind = (kind: string): kind is SentKind => SENT_KINDS.includes(kind)

/** Writes down what is about to be sent, sends it, and returns what it made. A lost lease sends nothing. */
async function providerTurn(deps: ReconcileDeps, row: InstanceRow, work: Work, step: ProviderStep): Promise<Turn | null> {
  const before = storedOf(row).sent
  const sent = sentOf(step.kind, before, row, work)
  const last = row.deleteRequestedAt === null ? (work.machine?.lastStartId ?? null) : null
  const marked = sent === null ? null : { ...sent, startIdBefore: last }
  if (marked !== null && !(await writeObserved(deps.db, work.claim, { sent: marked }))) return null
  const made: Made = await execute({ ...deps, document: work.document }, row, step)
  const moved = step.kind === 'create-machine' && row.hostFull
  const patch: ObservedPatch = {
    ...made,
    ...(marked !== null && { sent: marked }),
    ...(step.kind === 'update-machine' && { healthy: false }),
    ...(moved && { hostFull: false }),
    blocked: null,
  }
  if (step.kind === 'delete-volume' && step.id === row.volumeId) patch.volumeId = null
  if (step.kind === 'delete-volume' && !row.everStarted) patch.hostFull = false
  const copy = step.kind === 'create-volume' ? step.copy : undefined
  if (copy !== undefined)
    deps.log.error(
      { instance: row.id, app: appNameOf(row.id), lost: row.volumeId, made: made.volumeId, copy },
      'lost storage was made anew from a copy',
    )
  return {
    requeueAfterMs: step.kind.startsWith('delete') ? 250 : 0,
    patch,
    ...(copy !== undefined && { record: (tx: Tx) => recordRemade(tx, row, copy) }),
  }
}

function sentOf(kind: string, before: Sent | null, row: InstanceRow, work: Work): Omit<Sent, 'startIdBefore'> | null {
  if (!isSentKind(kind)) return null
  const again = before !== null && before.kind === kind && before.restart === row.restartGeneration && before.spec === work.spec
  return { kind, at: work.now, restart: row.restartGeneration, spec: work.spec, tries: again ? before.tries + 1 : 1 }
}

/** What an error of the provider means for the instance: another region, another host, giving up, or trying again later. */
function failedTurn(deps: ReconcileDeps, row: InstanceRow, error: unknown): Turn {
  const fails = row.fails + 1
  const kind = error instanceof ProviderError ? error.kind : 'transient'
  deps.log[error instanceof ProviderError ? 'info' : 'error']({ instance: row.id, kind, fails, err: error }, 'a step failed')
  const patch: ObservedPatch = { fails, lastError: messageOf(error).slice(0, 500), observedAt: deps.clock.now() }
  // A refusal had no effect: what was written down before the call is taken back, so that nobody waits for it.
  if (error instanceof ProviderError && !error.ambiguous) patch.sent = row.sent
  const again = (ms: number, extra: ObservedPatch = {}): Turn => ({ requeueAfterMs: ms, patch: { ...patch, ...extra } })
  const retry = again(backoffMs(row.fails, { ...BACKOFF, random: deps.random }))
  if (row.deleteRequestedAt !== null) {
    if (fails < DESTROY_TRIES_MAX) return retry
    // The operator's alert: what is left costs money until somebody looks.
    deps.log.error({ instance: row.id, app: appNameOf(row.id), fails, err: error }, 'a destruction is stuck')
    return { ...again(STUCK_MS), record: (tx) => recordStuck(tx, row, fails) }
  }
  switch (kind) {
    case 'region-full':
      return row.everStarted ? again(30_000) : fallbackTurn(row, patch)
    case 'host-full':
      return again(row.everStarted ? 5_000 : 0, row.everStarted && fails < 3 ? {} : { hostFull: true })
    case 'name-taken':
    case 'foreign':
      return row.everStarted ? retry : giveUp(deps, row, patch, 'address-taken')
    case 'quota':
      return row.liveAt === null ? giveUp(deps, row, patch, 'quota') : retry
    case 'fatal':
      return row.liveAt === null ? giveUp(deps, row, patch, 'rejected') : retry
    case 'lease-held':
    case 'conflict':
    case 'not-ready':
    case 'wait-timeout':
      return again(Math.min(1_000 * fails, 10_000))
    case 'rate-limited':
    case 'already-exists':
      return again(1_000)
    case 'not-found':
    case 'transient':
    case 'unauthorized':
      return retry
    default:
      return assertNever(kind)
  }
}

/** Remembers the region that had no room; nextStep goes on in the nearest other one of the same part of the world. */
function fallbackTurn(row: InstanceRow, patch: ObservedPatch): Turn {
  const before = storedOf(row).fullRegions
  const from = fallbackRegion(row.region, before)?.code ?? row.region
  const fullRegions = [...new Set([...before, from])]
  const to = fallbackRegion(row.region, fullRegions)?.code
  return {
    requeueAfterMs: 0,
    patch: { ...patch, fullRegions },
    ...(to !== undefined && { record: (tx, after) => recordFallback(tx, after, { from, to }) }),
  }
}

function giveUp(deps: ReconcileDeps, row: InstanceRow, patch: ObservedPatch, reason: FailReason): Turn {
  return {
    requeueAfterMs: 0,
    patch: { ...patch, fails: 0, failure: reason, deleteRequestedAt: deps.clock.now() },
    record: (tx) => recordFailure(tx, row, reason),
  }
}
