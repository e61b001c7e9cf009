// The next step of a backup: ask the machine how far it is, let it begin, fetch what it made. Every step may be repeated, by any process.
import type { Db } from '../../db/connect.ts'
import type { BackupPatch, ClaimedBackup } from '../../db/backups.ts'
import { instanceById, type InstanceRow } from '../../db/instances.ts'
import { planOf } from '../../db/users.ts'
import type { BackupEnd } from '../../domain/backups.ts'
import { plans } from '../../domain/plans.ts'
import { ConchError, messageOf } from '../../lib/errors.ts'
import type { MachineBackup, MachineCopies } from './machine.ts'
import type { BackupStore } from './store.ts'

export type CopyDeps = { db: Db; machine: MachineCopies; store: BackupStore }

const AGAIN_MS = 1_000
const BUSY_MS = 5_000
const BACKOFF_MS_MAX = 5 * 60_000
/** A machine that cannot make one, or does not hand it out, is asked this often. */
const FAILS_MAX = 5

/** What became of it; it throws nothing but what is broken here. */
export async function moveBackup(deps: CopyDeps, claim: ClaimedBackup, signal: AbortSignal): Promise<BackupPatch> {
  const { db, machine } = deps
  const { id, instanceId, state, fails } = claim
  const instance = await instanceById(db, instanceId)
  if (instance === null || instance.deleteRequestedAt !== null) return over('gone')
  if (instance.power === 'off') return over('stopped')
  if (claim.expired) return over('not-answering')
  if (state === 'wanted' && !isReachable(instance)) return { state, fails, againMs: BUSY_MS }
  try {
    const said = await machine.backup(instanceId)
    const known = said.kind !== 'none' && said.kind !== 'busy' && said.id === id
    // One that failed is tried again by whoever comes back to it after a pause.
    if (known && !(said.kind === 'failed' && state === 'wanted')) return await goOn(deps, claim, said, signal)
    return await goOn(deps, claim, await machine.beginBackup(instanceId, id), signal)
  } catch (error) {
    return failed(claim, error)
  }
}

/** Its machine is there to be asked, whether or not its gateway is well: one that is in trouble is saved and restored as well. */
export function isReachable({ liveAt, operationId, operationKind }: InstanceRow): boolean {
  return liveAt !== null && (operationId === null || operationKind === 'recover')
}

async function goOn(deps: CopyDeps, claim: ClaimedBackup, said: MachineBackup, signal: AbortSignal): Promise<BackupPatch> {
  const { fails } = claim
  switch (said.kind) {
    case 'running':
      return { state: 'running', fails, againMs: AGAIN_MS }
    case 'ready':
      return fetched(deps, claim, said, signal)
    case 'failed':
      if (said.reason === 'no-space') return over('no-space', said.why)
      return fails + 1 >= FAILS_MAX ? over('failed', said.why) : later(claim)
    case 'none':
    case 'busy':
      return { state: 'wanted', fails, againMs: BUSY_MS }
  }
}

type Ready = Extract<MachineBackup, { kind: 'ready' }>

async function fetched({ db, machine, store }: CopyDeps, claim: ClaimedBackup, ready: Ready, signal: AbortSignal): Promise<BackupPatch> {
  const { id, instanceId, userId } = claim
  const { bytes, sha256, version } = ready
  await store.put(id, await machine.fetchBackup(instanceId, id, signal), { bytes, sha256 }, signal)
  // It is safe here; the machine deletes it with the next one at the latest.
  await machine.dropBackup(instanceId, id).catch(() => undefined)
  return { state: 'done', bytes, sha256, version, keepDays: plans[await planOf(db, userId)].backupDays }
}

function failed(claim: ClaimedBackup, error: unknown): BackupPatch {
  const damaged = error instanceof ConchError && error.code === 'backup.damaged'
  if (claim.fails + 1 >= FAILS_MAX) return over(damaged ? 'damaged' : 'not-answering', messageOf(error).slice(0, 300))
  return later(claim)
}

function later({ fails }: ClaimedBackup): BackupPatch {
  return { state: 'wanted', fails: fails + 1, againMs: Math.min(BACKOFF_MS_MAX, AGAIN_MS * 4 ** fails) }
}

function over(reason: BackupEnd, error: string | null = null): BackupPatch {
  return { state: 'failed', reason, error }
}
