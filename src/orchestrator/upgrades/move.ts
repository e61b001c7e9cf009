// The next step of an upgrade: save, switch, check, and where the new version does not do, go back to the former one with what was saved. Every step may
// be repeated, by any process. What it sees of the instance is what the reconciler wrote; it reads the gateway itself only to check it.
import { backupById, requestBackup } from '../../db/backups.ts'
import { currentConfig } from '../../db/configs.ts'
import type { Db } from '../../db/connect.ts'
import { instanceById, storedOf, type InstanceRow } from '../../db/instances.ts'
import { requestReturn, restoreById } from '../../db/restores.ts'
import type { ClaimedUpgrade, UpgradePatch } from '../../db/upgrades.ts'
import type { ReturnEnd, UpgradeEnd } from '../../domain/upgrades.ts'
import { assertNever } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import { isReachable } from '../backups/backup-move.ts'
import type { MachineControl } from '../door.ts'
import type { FlyClient } from '../fly/types.ts'
import { readinessOf } from '../health/channels.ts'
import type { Prober } from '../health/probe.ts'
import { addressOf, appNameOf, fleetOf, machinePlan, type FleetOptions } from '../machine-config.ts'

export type MoveDeps = FleetOptions & {
  db: Db
  fly: Pick<FlyClient, 'createSnapshot'>
  log: Log
  prober: Pick<Prober, 'check' | 'read'>
  control: Pick<MachineControl, 'authorization'>
}
/** `image`: what is wanted from now on, brought about by a job. */
export type Moved = { patch: UpgradePatch; image?: string }

const AGAIN_MS = 1_000
const BUSY_MS = 5_000
/** An assistant that something else is done with is waited for. */
const READY_PATIENCE_MS = 60 * 60_000
/** Source: an image pull takes up to 10 minutes, and OpenClaw was seen to need 66 s to start on a busy machine. */
const SWITCH_LIMIT_MS = 15 * 60_000
const RETURN_LIMIT_MS = 20 * 60_000
/** Looks in a row, three seconds apart, in which all must be well. */
const CHECKS_WANTED = 5
const CHECK_EVERY_MS = 3_000
/** Chats need a while to connect: twice what the slowest was seen to take. */
const CHECK_LIMIT_MS = 4 * 60_000
/** A version whose gateway ends this often does not run here. */
const ENDS_MAX = 3
/** Starts of a machine, or refusals of the provider, that led to nothing. */
const TRIES_MAX = 4

/** What becomes of it next. */
export async function moveUpgrade(deps: MoveDeps, claim: ClaimedUpgrade): Promise<Moved> {
  const row = await instanceById(deps.db, claim.instanceId)
  if (row === null || row.deleteRequestedAt !== null) return failed('gone')
  switch (claim.state) {
    case 'wanted':
      return notYet(row, claim) ?? begin(deps, claim, row)
    case 'saving':
      return notYet(row, claim) ?? saving(deps, claim, row)
    case 'switching':
      return row.image === claim.toImage ? switching(claim, row) : failed('overtaken')
    case 'checking':
      return row.image === claim.toImage ? checking(deps, claim, row) : failed('overtaken')
    case 'returning':
      return row.image === claim.fromImage ? returning(deps, claim, row) : stuck(claim, 'another version is wanted meanwhile')
    case 'restoring':
      return restoring(deps, claim, row)
    case 'done':
    case 'failed':
    case 'returned':
    case 'stuck':
      throw new Error(`upgrade ${claim.id} has ended`)
    default:
      return assertNever(claim.state)
  }
}

/** Why it does not begin at all. */
function notYet(row: InstanceRow, claim: ClaimedUpgrade): Moved | null {
  if (row.image !== claim.fromImage) return failed('overtaken')
  if (row.power === 'off') return failed('stopped')
  return claim.ageMs > READY_PATIENCE_MS ? failed('not-ready') : null
}

async function begin({ db }: MoveDeps, { instanceId }: ClaimedUpgrade, row: InstanceRow): Promise<Moved> {
  if (!isReachable(row)) return { patch: { state: 'wanted', againMs: BUSY_MS } }
  const backupId = await db.transaction((tx) => requestBackup(tx, { instanceId, kind: 'before-upgrade' }))
  return { patch: backupId === null ? { state: 'wanted', againMs: BUSY_MS } : { state: 'saving', backupId, againMs: AGAIN_MS } }
}

async function saving(deps: MoveDeps, claim: ClaimedUpgrade, row: InstanceRow): Promise<Moved> {
  const saved = claim.backupId === null ? null : await backupById(deps.db, claim.backupId)
  switch (saved?.state) {
    case 'wanted':
    case 'running':
      return { patch: { state: 'saving', againMs: AGAIN_MS } }
    case 'done': {
      if (!isReachable(row)) return { patch: { state: 'saving', againMs: BUSY_MS } }
      await copyStorage(deps, row)
      const before = { startBefore: row.startId, exitsBefore: row.exitsSeen, downBefore: await chatsDown(deps, row) }
      return { patch: { state: 'switching', ...before, againMs: AGAIN_MS }, image: claim.toImage }
    }
    default:
      return failed(saved?.reason === 'no-space' ? 'no-space' : 'not-saved', saved?.error ?? null)
  }
}

/** The provider copies the whole storage as well: for whoever has to look at an upgrade that went wrong twice. What comes back by itself is the backup. */
async function copyStorage({ fly, log }: MoveDeps, { id, volumeId }: InstanceRow): Promise<void> {
  if (volumeId === null) return
  await fly
    .createSnapshot(appNameOf(id), volumeId)
    .catch((error: unknown) => log.warn({ err: error, instance: id }, 'the provider could not copy the storage before an upgrade'))
}

function switching(claim: ClaimedUpgrade, row: InstanceRow): Moved {
  if (isSettled(row)) return { patch: { state: 'checking', checks: 0, againMs: 0 } }
  const why = doesNotRun(claim, row) ?? (claim.stateMs > SWITCH_LIMIT_MS && row.power === 'on' ? unseen(claim, row) : null)
  return why === null ? { patch: { state: 'switching', againMs: AGAIN_MS } } : goBack(claim, why, row.lastError)
}

/** What the reconciler saw that another look will not change. */
function doesNotRun(claim: ClaimedUpgrade, row: InstanceRow): ReturnEnd | null {
  if (row.blocked === 'bad-config') return 'bad-config'
  if (row.exitsSeen - (claim.exitsBefore ?? 0) >= ENDS_MAX) return 'keeps-crashing'
  const { sent } = storedOf(row)
  const restarts = sent?.kind === 'start-machine' ? sent.tries : 0
  return restarts >= TRIES_MAX || (row.fails >= TRIES_MAX && row.startId === claim.startBefore) ? unseen(claim, row) : null
}

function unseen(claim: ClaimedUpgrade, row: InstanceRow): ReturnEnd {
  if (row.startId === claim.startBefore) return 'not-installed'
  return row.machineState === 'started' ? 'not-answering' : 'not-started'
}

async function checking(deps: MoveDeps, claim: ClaimedUpgrade, row: InstanceRow): Promise<Moved> {
  const { ok, exits } = await deps.prober.check(`${addressOf(row.id, deps.addressTemplate)}/healthz`)
  const down = ok ? await chatsDown(deps, row) : null
  const lost = (down ?? []).filter((one) => !(claim.downBefore ?? []).includes(one))
  const isWell = ok && isSettled(row) && lost.length === 0
  if (isWell && claim.checks + 1 >= CHECKS_WANTED) return { patch: { state: 'done' } }
  if (isWell) return { patch: { state: 'checking', checks: claim.checks + 1, againMs: CHECK_EVERY_MS } }
  const why = doesNotRun(claim, { ...row, exitsSeen: exits ?? row.exitsSeen })
  if (why !== null) return goBack(claim, why)
  if (claim.stateMs > CHECK_LIMIT_MS && row.power === 'on')
    return ok && isSettled(row) ? goBack(claim, 'channels', lost.join(', ')) : goBack(claim, 'not-answering')
  return { patch: { state: 'checking', checks: 0, againMs: CHECK_EVERY_MS } }
}

/** Its chats that are not connected, as it says itself; null when there are none, or it does not say. */
async function chatsDown({ prober, control, addressTemplate }: MoveDeps, row: InstanceRow): Promise<string[] | null> {
  if (storedOf(row).channels.length === 0) return null
  const answer = await prober.read(`${addressOf(row.id, addressTemplate)}/readyz`, await control.authorization(row.id))
  const readiness = readinessOf(answer)
  if (readiness.kind === 'unknown') return null
  return readiness.kind === 'down' ? readiness.failing : []
}

function goBack(claim: ClaimedUpgrade, reason: ReturnEnd, error: string | null = null): Moved {
  return { patch: { state: 'returning', reason, error: error?.slice(0, 300) ?? null, againMs: AGAIN_MS }, image: claim.fromImage }
}

/** The former version runs, or tries to: what it knew comes back, unless the new one never ran. */
async function returning(deps: MoveDeps, claim: ClaimedUpgrade, row: InstanceRow): Promise<Moved> {
  const reason = claim.reason ?? 'not-answering'
  if (isSettled(row) && row.startId === claim.startBefore) return { patch: { state: 'returned', reason, error: claim.error } }
  const runsFormer = isSettled(row) || row.blocked === 'bad-config' || (await hasStartedAnew(deps, row))
  if (runsFormer && claim.backupId !== null) {
    const wanted = { backupId: claim.backupId, instanceId: row.id }
    const restoreId = await deps.db.transaction((tx) => requestReturn(tx, wanted))
    return { patch: restoreId === null ? { ...back(reason), state: 'returning' } : { ...back(reason), state: 'restoring', restoreId } }
  }
  return claim.stateMs > RETURN_LIMIT_MS && row.power === 'on'
    ? stuck(claim, 'the former version did not start')
    : { patch: { ...back(reason), state: 'returning' } }
}

const back = (reason: UpgradeEnd): { reason: UpgradeEnd; againMs: number } => ({ reason, againMs: AGAIN_MS })

/** Whether its machine was started with what is wanted now. */
async function hasStartedAnew(deps: MoveDeps, row: InstanceRow): Promise<boolean> {
  const { sent } = storedOf(row)
  if (sent === null || row.machineState !== 'started') return false
  const document = (await currentConfig(deps.db, row))?.document ?? null
  const { spec } = machinePlan(row, { ...fleetOf(deps), volumeId: row.volumeId, document })
  return sent.spec === spec && row.startId !== sent.startIdBefore
}

async function restoring({ db }: MoveDeps, claim: ClaimedUpgrade, row: InstanceRow): Promise<Moved> {
  const reason = claim.reason ?? 'not-answering'
  const restore = claim.restoreId === null ? null : await restoreById(db, claim.restoreId)
  if (restore === null || restore.state === 'failed') return stuck(claim, restore?.error ?? restore?.reason ?? 'its restore is gone')
  if (restore.state === 'done') {
    if (isSettled(row)) return { patch: { state: 'returned', reason, error: claim.error } }
    // It waited for settings that it could start with: now it can.
    if (row.blocked === 'bad-config') return { patch: { ...back(reason), state: 'restoring' }, image: claim.fromImage }
  }
  return claim.stateMs > RETURN_LIMIT_MS && row.power === 'on'
    ? stuck(claim, 'the former version did not come up')
    : { patch: { ...back(reason), state: 'restoring' } }
}

function isSettled(row: InstanceRow): boolean {
  return row.operationId === null && row.healthy && row.blocked === null
}

function failed(reason: UpgradeEnd, error: string | null = null): Moved {
  return { patch: { state: 'failed', reason, error } }
}

function stuck(claim: ClaimedUpgrade, error: string): Moved {
  return { patch: { state: 'stuck', reason: claim.reason ?? 'not-answering', error: error.slice(0, 300) } }
}
