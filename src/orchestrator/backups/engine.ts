// Backups and restores: rows are what is wanted, and each turn takes one step for those that are due, under a fenced lease that is renewed while an
// archive travels. Killed anywhere, any process goes on: machines know what they were asked by its id. It must never import a face: news leave
// through the outbox.
import {
  backupKey,
  claimBackups,
  expiredBackups,
  markDeleted,
  renewBackup,
  requestDueBackups,
  writeBackup,
  type BackupPatch,
  type ClaimedBackup,
} from '../../db/backups.ts'
import type { Tx } from '../../db/connect.ts'
import { closeIncidents, raiseIncident } from '../../db/incidents.ts'
import { announceAgain } from '../../db/outbox.ts'
import { claimRestores, renewRestore, restoreKey, writeRestore, type ClaimedRestore, type RestorePatch } from '../../db/restores.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import { createTurns, kindOf, type Kind, type Turns } from '../turns.ts'
import { moveBackup, type CopyDeps } from './backup-move.ts'
import { moveRestore } from './restore-move.ts'

export type BackupEngineDeps = CopyDeps & {
  clock: Clock
  log: Log
  /** Called after every write that owes somebody a message. */
  announced: () => void
}
export type BackupEngine = Turns & {
  /** Wants what schedules say, and deletes what was kept long enough. */
  tick(): Promise<void>
}

/** A backup is given up after this, whatever it waits for. */
const BACKUP_PATIENCE_MS = 2 * 3_600_000
/** As long as a new assistant may take to become live, and a busy one to be saved. */
const RESTORE_PATIENCE_MS = 3 * 3_600_000
const TICK_MAX = 200

export function createBackupEngine(deps: BackupEngineDeps): BackupEngine {
  const { db } = deps
  const restores: Kind<ClaimedRestore> = {
    claim: (options) => claimRestores(db, { ...options, patienceMs: RESTORE_PATIENCE_MS }),
    renew: (claim, leaseMs) => renewRestore(db, claim, leaseMs),
    turn: (claim, signal) => turnRestore(deps, claim, signal),
  }
  const backups: Kind<ClaimedBackup> = {
    claim: (options) => claimBackups(db, { ...options, patienceMs: BACKUP_PATIENCE_MS }),
    renew: (claim, leaseMs) => renewBackup(db, claim, leaseMs),
    turn: (claim, signal) => turnBackup(deps, claim, signal),
  }
  const turns = createTurns(deps, [kindOf(deps, restores), kindOf(deps, backups)])
  return {
    ...turns,
    async run(signal) {
      await turns.run(signal)
      await deps.machine.close()
    },
    tick: () => tick(deps),
  }
}

async function tick({ db, store, log }: BackupEngineDeps): Promise<void> {
  await requestDueBackups(db, TICK_MAX)
  for (const id of await expiredBackups(db, TICK_MAX)) {
    await store.remove(id)
    await markDeleted(db, id)
    log.info({ backup: id }, 'a backup was kept as long as it was to be, and is deleted')
  }
}

async function turnBackup(deps: BackupEngineDeps, claim: ClaimedBackup, signal: AbortSignal): Promise<void> {
  const { db, log } = deps
  const moved = await moveBackup(deps, claim, signal)
  // What was cut off by our own end says nothing: it is given back as it was.
  const patch: BackupPatch = signal.aborted && moved.state !== 'done' ? { state: 'wanted', fails: claim.fails, againMs: 0 } : moved
  const ended = patch.state === 'done' || patch.state === 'failed'
  const kept = await db.transaction(async (tx) => {
    if (!(await writeBackup(tx, claim, patch))) return false
    if (ended) await tellBackup(tx, claim, patch)
    return true
  })
  // Its row is gone on without us: whoever has it now keeps the archive, or nobody needs it.
  if (!kept || !ended) return
  log.info({ backup: claim.id, instance: claim.instanceId, ...patch }, 'a backup ended')
  deps.announced()
}

async function tellBackup(tx: Tx, { id, instanceId, userId, kind }: ClaimedBackup, patch: BackupPatch): Promise<void> {
  await announceAgain(tx, backupKey(id))
  if (patch.state === 'done') return void (await closeIncidents(tx, instanceId, userId, { only: 'backup-failed' }))
  // Somebody waits for the others, and is told there.
  const unseen = kind === 'daily' || kind === 'weekly'
  if (patch.state !== 'failed' || !unseen || patch.reason === 'gone' || patch.reason === 'stopped') return
  await raiseIncident(tx, { instanceId, userId, kind: 'backup-failed', detail: { reason: patch.reason } })
}

async function turnRestore(deps: BackupEngineDeps, claim: ClaimedRestore, signal: AbortSignal): Promise<void> {
  const { db, log } = deps
  const moved = await moveRestore(deps, claim, signal)
  // What was cut off by our own end counts as no failure.
  const patch: RestorePatch = signal.aborted && 'againMs' in moved && moved.state === claim.state ? { state: moved.state, againMs: 0 } : moved
  const news = patch.state !== claim.state
  const kept = await db.transaction(async (tx) => {
    if (!(await writeRestore(tx, claim, patch))) return false
    if (news) await announceAgain(tx, restoreKey(claim.id))
    return true
  })
  if (!kept || !news) return
  log.info({ restore: claim.id, instance: claim.instanceId, ...patch }, 'a restore went on')
  deps.announced()
}
