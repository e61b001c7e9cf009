// What the reconciler writes for people: milestones, endings and incidents, each in the transaction of the state change it tells of.
import type { Tx } from '../db/connect.ts'
import { endApprovalsOf } from '../db/approvals.ts'
import { dropChannels, watchChannels } from '../db/channel-checks.ts'
import { addEvent } from '../db/events.ts'
import { dropTarget, watchTarget } from '../db/health.ts'
import { addToIncident, closeIncidents, openIncidents, raiseIncident, type IncidentKind } from '../db/incidents.ts'
import { announceOutcome, announceProgress, chatOfOperation, storedOf, type InstanceRow } from '../db/instances.ts'
import { forgetSecrets, secretsOf } from '../db/secret-names.ts'
import { endSharesOf } from '../db/shares.ts'
import { isBeingUpgraded } from '../db/upgrades.ts'
import { channelsOf } from '../domain/credentials.ts'
import { EXIT_BAD_CONFIG, SOFT_LIMIT_MS, type BlockReason, type FailReason, type Observed, type SnapshotSeen } from '../domain/next-step.ts'
import { milestones, operationKinds, type Milestone, type OperationKind } from '../domain/status.ts'
import type { FlyMachine } from './fly/types.ts'

function kindOf(row: InstanceRow): OperationKind | null {
  return operationKinds.find((kind) => kind === row.operationKind) ?? null
}

function reached(row: InstanceRow, observed: Observed): Record<Milestone, boolean> {
  const machine = observed.machines.find((one) => one.id === row.machineId)
  const up = machine?.phase === 'started'
  const restarted = up && row.restartSeen >= row.restartGeneration
  return {
    network: observed.app === 'present' && observed.ips,
    storage: row.volumeId !== null,
    machine: machine !== undefined,
    start: up,
    health: restarted && row.healthy,
    stop: machine === undefined || machine.phase === 'stopped' || machine.phase === 'created' || machine.phase === 'failed',
    restart: restarted,
    update: up,
    'machine-gone': observed.machines.every((one) => one.phase === 'destroying'),
    'storage-gone': observed.app !== 'present' || (observed.machines.length === 0 && observed.volumes.every((one) => one.going)),
    'network-gone': observed.app === 'absent',
  }
}

/** Writes the milestones that are reached now, in order, and owes the person the message that shows them. */
export async function recordProgress(tx: Tx, row: InstanceRow, observed: Observed): Promise<void> {
  const kind = kindOf(row)
  const operationId = row.operationId
  if (operationId === null || kind === null) return
  const done = reached(row, observed)
  const add = (name: string, event: { kind: 'milestone' | 'notice'; detail: Record<string, unknown> }): Promise<boolean> =>
    addEvent(tx, { instanceId: row.id, operationId, ...event, once: `${operationId}:${name}` })
  let news = false
  for (const name of milestones[row.failure === null ? kind : 'give-up']) {
    if (!done[name]) break
    news = (await add(name, { kind: 'milestone', detail: { name } })) || news
  }
  const { preparing } = storedOf(row)
  if (preparing !== null)
    news =
      (await add(`preparing:${preparing.percent ?? 'start'}`, { kind: 'notice', detail: { text: 'preparing', percent: preparing.percent } })) || news
  const slow =
    row.operationStartedAt !== null && row.observedAt !== null && row.observedAt.getTime() - row.operationStartedAt.getTime() > SOFT_LIMIT_MS
  if (slow) news = (await add('slow', { kind: 'notice', detail: { text: 'slow' } })) || news
  if (news) await tellProgress(tx, row, operationId)
}

async function tellProgress(tx: Tx, row: InstanceRow, operationId: string): Promise<void> {
  const chat = await chatOfOperation(tx, operationId)
  if (chat !== null) await announceProgress(tx, row, operationId, chat)
}

async function tellOutcome(tx: Tx, row: InstanceRow, operationId: string): Promise<void> {
  const chat = await chatOfOperation(tx, operationId)
  if (chat !== null) await announceOutcome(tx, row, operationId, chat)
}

/** The instance is as its owner wants it: the job ends, health is watched (or not), incidents end. */
export async function recordSettled(tx: Tx, row: InstanceRow, urls: { health: string; ready: string }): Promise<void> {
  if (row.power === 'on') await watchTarget(tx, { instanceId: row.id, url: urls.health }, { anew: row.operationId !== null })
  else await dropTarget(tx, row.id)
  const channels = row.power === 'on' ? channelsOf((await secretsOf(tx, row.id)).map((one) => one.name)) : []
  if (channels.length > 0) await watchChannels(tx, { instanceId: row.id, url: urls.ready }, { soon: row.operationId !== null })
  else await unwatchChannels(tx, row)
  // Whether its chats are connected, and whether it can be saved, is found out otherwise than by its running.
  await closeIncidents(tx, row.id, row.userId, row.power === 'on' ? { but: ['channel-down', 'backup-failed'] } : { stopped: true })
  if (row.operationId === null) return
  const ended = await addEvent(tx, { instanceId: row.id, operationId: row.operationId, kind: 'done', once: `${row.operationId}:end` })
  if (!ended) return
  await tellProgress(tx, row, row.operationId)
  if (row.operationKind === 'deploy' || row.operationKind === 'update') await tellOutcome(tx, row, row.operationId)
}

/** It has no chats whose connection could be down. */
async function unwatchChannels(tx: Tx, row: InstanceRow): Promise<void> {
  const had = await dropChannels(tx, row.id)
  if (had && row.power === 'on') await closeIncidents(tx, row.id, row.userId, { only: 'channel-down' })
}

/** Nothing of it is left at the provider. */
export async function recordGone(tx: Tx, row: InstanceRow): Promise<void> {
  await dropTarget(tx, row.id)
  await dropChannels(tx, row.id)
  await forgetSecrets(tx, row.id)
  await endSharesOf(tx, row.id)
  await endApprovalsOf(tx, { instanceId: row.id }, 'withdrawn')
  await closeIncidents(tx, row.id, row.userId, { only: 'deploy-failed' })
  await closeIncidents(tx, row.id, null)
  if (row.operationId === null) return
  const event =
    row.failure === null ? { kind: 'done' as const, detail: {} } : { kind: 'failed' as const, detail: { reason: row.failure, cleaned: true } }
  await addEvent(tx, { instanceId: row.id, operationId: row.operationId, ...event, once: `${row.operationId}:gone` })
  await tellProgress(tx, row, row.operationId)
  if (row.failure === null) await tellOutcome(tx, row, row.operationId)
}

/** A deployment is given up, which is an incident; what was made is removed next. */
export async function recordFailure(tx: Tx, row: InstanceRow, reason: FailReason): Promise<void> {
  await dropTarget(tx, row.id)
  await dropChannels(tx, row.id)
  if (row.operationId === null) return
  await addEvent(tx, {
    instanceId: row.id,
    operationId: row.operationId,
    kind: 'failed',
    detail: { reason, cleaned: false },
    once: `${row.operationId}:end`,
  })
  await tellProgress(tx, row, row.operationId)
  const askedIn = await chatOfOperation(tx, row.operationId)
  const incident = { instanceId: row.id, userId: row.userId, kind: 'deploy-failed' as const, detail: { reason } }
  await raiseIncident(tx, { ...incident, ...(askedIn !== null && { askedIn }) })
}

/** The instance cannot go on until something outside changes; told once for as long as it lasts. */
export async function recordBlocked(tx: Tx, row: InstanceRow, reason: BlockReason): Promise<void> {
  if (row.blocked === reason) return
  await addEvent(tx, { instanceId: row.id, operationId: row.operationId, kind: 'blocked', detail: { reason } })
  const open = await openIncidents(tx, row.id)
  // A new version that does not start is gone back from, and told with that.
  const onTrial = reason === 'bad-config' && (await isBeingUpgraded(tx, row.id))
  if (!onTrial && !open.some((one) => one.kind === reason))
    await raiseIncident(tx, { instanceId: row.id, userId: row.userId, kind: reason, detail: { region: row.region } })
  if (row.operationId !== null) await tellProgress(tx, row, row.operationId)
}

/** Storage that was lost is made anew from a copy: the message that told of it says from when. */
export async function recordRemade(tx: Tx, row: InstanceRow, copy: SnapshotSeen): Promise<void> {
  const copiedAt = new Date(copy.at).toISOString()
  await addEvent(tx, {
    instanceId: row.id,
    operationId: row.operationId,
    kind: 'notice',
    detail: { text: 'storage-remade', lost: row.volumeId, copiedAt },
  })
  await addToIncident(tx, { instanceId: row.id, userId: row.userId, kind: 'storage-lost', detail: { copiedAt } })
}

/** The wanted region has no room: the next one of the same part of the world is tried. */
export async function recordFallback(tx: Tx, row: InstanceRow, move: { from: string; to: string }): Promise<void> {
  await addEvent(tx, {
    instanceId: row.id,
    operationId: row.operationId,
    kind: 'notice',
    detail: { text: 'region-fallback', ...move },
    once: `${row.operationId ?? row.id}:fallback:${move.to}`,
  })
  if (row.operationId !== null) await tellProgress(tx, row, row.operationId)
}

/** A destruction does not get on: slowed down, and shown to owner and operator. */
export async function recordStuck(tx: Tx, row: InstanceRow, tries: number): Promise<void> {
  const open = await openIncidents(tx, row.id)
  if (!open.some((one) => one.kind === 'destroy-stuck'))
    await raiseIncident(tx, { instanceId: row.id, userId: row.userId, kind: 'destroy-stuck', detail: { tries } })
}

/** A gateway that ended unasked is an incident of its owner, named by its cause. `before` is the row as it was before this look. */
export async function noticeExits(tx: Tx, before: InstanceRow, machine: FlyMachine): Promise<void> {
  const exit = machine.lastExit
  if (exit === null || exit.requestedStop || exit.at === before.exitAt || before.liveAt === null || before.deleteRequestedAt !== null) return
  const kind: IncidentKind = exit.oomKilled ? 'out-of-memory' : exit.exitCode === EXIT_BAD_CONFIG ? 'bad-config' : 'crashed'
  // A gateway that leaves cleanly while it is being restarted or stopped by us did what it was told.
  if (kind === 'crashed' && (exit.exitCode === 0 || before.operationKind !== null)) return
  if (await isBeingUpgraded(tx, before.id)) return
  await addEvent(tx, {
    instanceId: before.id,
    operationId: before.operationId,
    kind: 'health',
    detail: { exit: kind, exitCode: exit.exitCode },
    once: `exit:${exit.at}`,
  })
  await raiseIncident(tx, { instanceId: before.id, userId: before.userId, kind, detail: { exitCode: exit.exitCode } })
}
