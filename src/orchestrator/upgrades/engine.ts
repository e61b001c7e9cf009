// Upgrades: rows are what is wanted, and each turn takes one step for those that are due, under a fenced lease. The step and the job that it needs are
// written in one transaction; the reconciler brings the job about. It must never import a face: news leave through the outbox.
import { UNASKED } from '../../db/alert-delivery.ts'
import type { Tx } from '../../db/connect.ts'
import { lockInstance, requestChange, wakeInstances, type InstanceRow } from '../../db/instances.ts'
import { announce, announceAgain, chatOfMessage } from '../../db/outbox.ts'
import { stepRollout } from '../../db/rollouts.ts'
import { claimUpgrades, renewUpgrade, upgradedKey, upgradeKey, writeUpgrade, type ClaimedUpgrade, type UpgradePatch } from '../../db/upgrades.ts'
import type { Clock } from '../../lib/clock.ts'
import { assert } from '../../lib/errors.ts'
import { createTurns, kindOf, type Turns } from '../turns.ts'
import { moveUpgrade, type MoveDeps, type Moved } from './move.ts'

export type UpgradeEngineDeps = MoveDeps & {
  clock: Clock
  /** Called after every write that owes somebody a message, or asks for a job. */
  changed: () => void
}

export type UpgradeEngine = Turns & {
  /** Takes the operator's rollout on: begins as many upgrades as it may, or stops it. */
  tick(): Promise<void>
}

/** One turn moves every upgrade that is due. */
export function createUpgradeEngine(deps: UpgradeEngineDeps): UpgradeEngine {
  const { db } = deps
  const upgrades = kindOf<ClaimedUpgrade>(deps, {
    claim: (options) => claimUpgrades(db, options),
    renew: (claim, leaseMs) => renewUpgrade(db, claim, leaseMs),
    turn: (claim) => turnUpgrade(deps, claim),
  })
  return { ...createTurns(deps, [upgrades]), tick: () => tick(deps) }
}

async function tick({ db, log, changed }: UpgradeEngineDeps): Promise<void> {
  const { begun, stopped } = await stepRollout(db)
  if (stopped !== null) log.error(stopped, 'a rollout stopped by itself: too many upgrades failed')
  if (begun > 0) changed()
}

const ENDS: readonly UpgradePatch['state'][] = ['done', 'failed', 'returned', 'stuck']

async function turnUpgrade(deps: UpgradeEngineDeps, claim: ClaimedUpgrade): Promise<void> {
  const { db, log, changed } = deps
  const moved = await moveUpgrade(deps, claim)
  const written = await db.transaction((tx) => write(tx, claim, moved))
  if (written === null || written.state === claim.state) return
  const level = written.state === 'stuck' ? 'error' : 'info'
  log[level]({ upgrade: claim.id, instance: claim.instanceId, to: claim.toImage, ...written }, 'an upgrade went on')
  changed()
}

/** What was written; null when the upgrade is not ours any more. */
async function write(tx: Tx, claim: ClaimedUpgrade, { patch: wanted, image }: Moved): Promise<UpgradePatch | null> {
  const row = await lockInstance(tx, claim.instanceId)
  const isThere = row !== null && row.deleteRequestedAt === null
  const patch: UpgradePatch = isThere || ENDS.includes(wanted.state) ? wanted : { state: 'failed', reason: 'gone', error: null }
  if (!(await writeUpgrade(tx, claim, patch))) return null
  if (isThere && image !== undefined) {
    const job = await requestChange(tx, claim.instanceId, { kind: 'update', set: { image }, chat: null, cause: 'upgrade' })
    assert(job !== null, `instance ${claim.instanceId} was locked, and is there`)
  }
  // How it is before the switch is to be known: it may have started anew since it was looked at.
  if (patch.state === 'saving' && claim.state === 'wanted') await wakeInstances(tx, { ids: [claim.instanceId] })
  if (patch.state !== claim.state) await announceAgain(tx, upgradeKey(claim.id))
  if (row !== null && ENDS.includes(patch.state)) await tellEnd(tx, claim, { row, patch })
  return patch
}

/** Whoever asked is told how it ended; of one that nobody asked for, only what changed something. */
async function tellEnd(tx: Tx, claim: ClaimedUpgrade, { row, patch }: { row: InstanceRow; patch: UpgradePatch }): Promise<void> {
  const chat = await chatOfMessage(tx, upgradeKey(claim.id))
  if (('reason' in patch && patch.reason === 'gone') || (chat === null && patch.state === 'failed')) return
  const message = { key: upgradedKey(claim.id), template: 'upgraded', payload: { upgradeId: claim.id, ...(chat === null && UNASKED) } }
  await announce(tx, { userId: row.userId, ...(chat !== null && { chat }), ...message })
}
