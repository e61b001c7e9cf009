// The next step of a restore: save what there is, hand the archive over, and hear what came of it. Every step may be repeated, by any process. The
// machine puts the old state back by itself when the gateway does not run with the new one.
import { backupById, requestBackup } from '../../db/backups.ts'
import { instanceById, type InstanceRow } from '../../db/instances.ts'
import type { ClaimedRestore, RestorePatch } from '../../db/restores.ts'
import type { RestoreEnd } from '../../domain/backups.ts'
import { messageOf } from '../../lib/errors.ts'
import { isReachable, type CopyDeps } from './backup-move.ts'
import type { MachineRestore } from './machine.ts'

const AGAIN_MS = 1_000
const BUSY_MS = 3_000
/** A machine that ended while it restored is asked to begin again this often, and one that does not answer. */
const FAILS_MAX = 3
const SILENCES_MAX = 40

export async function moveRestore(deps: CopyDeps, claim: ClaimedRestore, signal: AbortSignal): Promise<RestorePatch> {
  const instance = await instanceById(deps.db, claim.instanceId)
  if (instance === null || instance.deleteRequestedAt !== null) return over('gone')
  if (instance.power === 'off') return over('stopped')
  if (claim.expired) return over(claim.state === 'restoring' ? 'not-answering' : 'not-ready')
  switch (claim.state) {
    case 'wanted':
      return begin(deps, claim, instance)
    case 'saving':
      return saving(deps, claim)
    default:
      return restoring(deps, claim, signal)
  }
}

/** A new assistant first becomes live; it has nothing yet that would be worth saving. */
async function begin({ db }: CopyDeps, claim: ClaimedRestore, instance: InstanceRow): Promise<RestorePatch> {
  if (!isReachable(instance)) return { state: 'wanted', againMs: BUSY_MS }
  if (claim.fresh) return { state: 'restoring', againMs: 0 }
  const beforeId = await db.transaction((tx) => requestBackup(tx, { instanceId: claim.instanceId, kind: 'before-restore' }))
  return beforeId === null ? { state: 'wanted', againMs: BUSY_MS } : { state: 'saving', beforeId, againMs: AGAIN_MS }
}

async function saving({ db }: CopyDeps, claim: ClaimedRestore): Promise<RestorePatch> {
  const before = claim.beforeId === null ? null : await backupById(db, claim.beforeId)
  switch (before?.state) {
    case 'wanted':
    case 'running':
      return { state: 'saving', againMs: AGAIN_MS }
    case 'done':
      return { state: 'restoring', fails: 0, againMs: 0 }
    default:
      return over('not-saved', before?.error ?? null)
  }
}

async function restoring(deps: CopyDeps, claim: ClaimedRestore, signal: AbortSignal): Promise<RestorePatch> {
  const { machine } = deps
  const { instanceId, fails } = claim
  try {
    const said = await machine.restore(instanceId)
    const known = said.kind !== 'none' && said.kind !== 'busy' && said.id === attemptOf(claim)
    return known ? outcomeOf(claim, said) : await handOver(deps, claim, signal)
  } catch (error) {
    // Silences count apart from tries: the attempt's name stays the same.
    const silences = Math.floor(fails / TRY) + 1
    if (silences >= SILENCES_MAX) return over('not-answering', messageOf(error).slice(0, 300))
    return { state: 'restoring', fails: fails + TRY, againMs: BUSY_MS }
  }
}

/** `fails` holds both: tries in its ones, silences in its hundreds. */
const TRY = 100

function attemptOf({ id, fails }: ClaimedRestore): string {
  return `${id}${fails % TRY}`
}

async function handOver({ db, machine, store }: CopyDeps, claim: ClaimedRestore, signal: AbortSignal): Promise<RestorePatch> {
  const backup = await backupById(db, claim.backupId)
  const kept = backup?.state === 'done' ? await store.open(backup.id) : null
  if (kept === null || backup === null || backup.sha256 === null) return over('missing')
  const sent = { archive: kept.archive, bytes: kept.bytes, sha256: backup.sha256, signal }
  try {
    return outcomeOf(claim, await machine.sendRestore(claim.instanceId, attemptOf(claim), sent))
  } finally {
    kept.archive.destroy()
  }
}

function outcomeOf(claim: ClaimedRestore, said: MachineRestore): RestorePatch {
  switch (said.kind) {
    case 'none':
    case 'busy':
    case 'running':
      return { state: 'restoring', againMs: said.kind === 'running' ? AGAIN_MS : BUSY_MS }
    case 'done':
      return { state: 'done' }
    case 'failed': {
      const again = said.reason === 'interrupted' && (claim.fails % TRY) + 1 < FAILS_MAX
      return again ? { state: 'restoring', fails: claim.fails + 1, againMs: BUSY_MS } : over(said.reason, said.why)
    }
  }
}

function over(reason: RestoreEnd, error: string | null = null): RestorePatch {
  return { state: 'failed', reason, error }
}
