// The heart of the reconciler: given what the owner wants, what the provider shows and what we remember having sent,
// the one step to take now. Pure: no I/O, no clock. Every case of a bug report becomes one table row in its test.
import { fallbackRegion } from './regions.ts'

export type Desired = {
  power: 'on' | 'off'
  region: string
  /** Fingerprint of everything that is in the machine's configuration, secrets' version included. */
  spec: string
  restart: number
  deleted: boolean
  volumeGb: number
}

export type VolumeSeen = { id: string; region: string; sizeGb: number; attachedTo: string | null; going: boolean }

/** The newest copy of a volume that the provider made. `sizeGb` is the least that a volume made from it must have, `at` in milliseconds since the epoch. */
export type SnapshotSeen = { id: string; sizeGb: number; at: number }

export type MachinePhase = 'created' | 'started' | 'stopped' | 'failed' | 'moving' | 'destroying'
export type MachineSeen = {
  id: string
  phase: MachinePhase
  /** The provider's own word, for the log and the owner's question. */
  state: string
  region: string
  spec: string | null
  lastStartId: string | null
  hostUnreachable: boolean
  preparing: boolean
  exit: { code: number | null; oom: boolean; requested: boolean; at: number } | null
}

/** `lostCopy`: the newest copy of our volume, looked for only while that is missing. */
export type Observed = {
  app: 'absent' | 'present' | 'foreign'
  ips: boolean
  volumes: VolumeSeen[]
  machines: MachineSeen[]
  lostCopy: SnapshotSeen | null
}

export type SentKind = 'create-app' | 'create-volume' | 'create-machine' | 'update-machine' | 'start-machine' | 'stop-machine' | 'restart-machine'
/** A command that was sent and whose effect may not be visible yet. Persisted before the call. */
export type Sent = { kind: SentKind; at: number; startIdBefore: string | null; restart: number; spec: string; tries: number }

export type Memory = {
  volumeId: string | null
  machineId: string | null
  everStarted: boolean
  healthy: boolean
  restartSeen: number
  sent: Sent | null
  fullRegions: string[]
  /** Volumes whose host had no room for the machine: data on them is forked, empty ones are replaced. */
  hostFull: boolean
  operationStartedAt: number | null
  /** It was missing at the last look as well. */
  storageLost: boolean
  /** First deployment: not live yet. */
  deploying: boolean
}

export type FailReason = 'address-taken' | 'too-slow' | 'storage-lost' | 'quota' | 'rejected' | 'bad-config' | 'keeps-crashing'
export type BlockReason = 'region-full' | 'bad-config' | 'host-unreachable' | 'storage-lost'

export type Step =
  | { kind: 'create-app' }
  | { kind: 'allocate-ips' }
  | { kind: 'create-volume'; region: string; sourceVolumeId: string | null; copy?: SnapshotSeen }
  | { kind: 'delete-volume'; id: string }
  | { kind: 'create-machine'; region: string; volumeId: string }
  | { kind: 'update-machine'; id: string }
  | { kind: 'start-machine'; id: string }
  | { kind: 'stop-machine'; id: string }
  | { kind: 'restart-machine'; id: string }
  | { kind: 'delete-machine'; id: string }
  | { kind: 'delete-app' }
  | { kind: 'restart-seen' }
  | { kind: 'probe'; id: string }
  | { kind: 'wait'; ms: number; why: string }
  | { kind: 'blocked'; reason: BlockReason; ms: number }
  | { kind: 'settled' }
  | { kind: 'gone' }
  | { kind: 'fail'; reason: FailReason }

/** How long an ambiguous create may stay invisible in the provider's lists before it is sent again. */
export const STALE_LIST_MS = 5_000
/** A command whose effect does not show is sent again after this. */
export const RESEND_MS = 30_000
/** Restart and update: from here the owner is told that it takes longer. Source: a peer's production limits on this workload. */
export const SOFT_LIMIT_MS = 5 * 60_000
/** From here a start is sent anyway, for machines were seen in `replacing` for hours. Same source. */
export const HARD_LIMIT_MS = 15 * 60_000
/** A first deployment that is not live by now is given up and cleaned up: image pulls take up to 10 minutes. */
export const DEPLOY_LIMIT_MS = 20 * 60_000
/** How soon storage that is missing is looked for again before its copy takes its place. */
export const LOST_AGAIN_MS = 60_000
/** OpenClaw leaves with this code when its configuration is bad: starting it again would loop. */
export const EXIT_BAD_CONFIG = 78

/** The one step towards `desired` from what is `observed` and remembered. */
export function nextStep(desired: Desired, observed: Observed, memory: Memory, now: number): Step {
  if (desired.deleted) return destroyStep(observed, memory, now)
  if (observed.app === 'foreign')
    return memory.everStarted ? { kind: 'blocked', reason: 'host-unreachable', ms: 60_000 } : { kind: 'fail', reason: 'address-taken' }
  if (memory.deploying && memory.operationStartedAt !== null && now - memory.operationStartedAt > DEPLOY_LIMIT_MS)
    return { kind: 'fail', reason: 'too-slow' }
  if (observed.app === 'absent')
    return recentlySent(memory, 'create-app', now, STALE_LIST_MS) ? wait(1_000, 'the app is being made') : { kind: 'create-app' }
  if (!observed.ips) return { kind: 'allocate-ips' }
  const machine = pick(
    observed.machines.filter((one) => one.phase !== 'destroying'),
    memory.machineId,
  )
  if (machine === undefined) return buildStep(desired, observed, memory, now)
  const extra = observed.machines.find((one) => one.id !== machine.id && one.phase !== 'destroying')
  if (extra !== undefined) return { kind: 'delete-machine', id: extra.id }
  if (memory.hostFull && machine.phase !== 'started' && machine.phase !== 'moving') return leaveHostStep(observed, machine, memory)
  return runStep(desired, observed, machine, memory, now)
}

function wait(ms: number, why: string): Step {
  return { kind: 'wait', ms, why }
}

function pick<T extends { id: string }>(seen: readonly T[], id: string | null): T | undefined {
  return seen.find((one) => one.id === id) ?? seen[0]
}

function recentlySent(memory: Memory, kind: SentKind, now: number, withinMs: number): boolean {
  return memory.sent !== null && memory.sent.kind === kind && now - memory.sent.at < withinMs
}

/** The host has no room to start the machine again: its data is forked first, then the machine makes way for a new one beside the fork. */
function leaveHostStep(observed: Observed, machine: MachineSeen, memory: Memory): Step {
  const usable = observed.volumes.filter((one) => !one.going)
  const volume = usable.find((one) => one.id === memory.volumeId)
  const forked = usable.some((one) => one.id !== memory.volumeId)
  if (memory.everStarted && volume !== undefined && !forked) return { kind: 'create-volume', region: volume.region, sourceVolumeId: volume.id }
  return { kind: 'delete-machine', id: machine.id }
}

/** Two phases: ask for each removal, and go on only when it is confirmed gone. */
function destroyStep(observed: Observed, memory: Memory, now: number): Step {
  // An app that we may not look at any more is not proof that ours is gone: only what never was ours is.
  if (observed.app === 'foreign' && memory.everStarted) return { kind: 'blocked', reason: 'host-unreachable', ms: 60_000 }
  if (observed.app !== 'present') {
    // A create that was sent a moment ago may still land: look once more before saying that nothing is left.
    const late = memory.sent !== null && memory.sent.kind === 'create-app' && now - memory.sent.at < STALE_LIST_MS
    return late && observed.app === 'absent' ? wait(1_000, 'a late answer may still arrive') : { kind: 'gone' }
  }
  const machine = observed.machines.find((one) => one.phase !== 'destroying')
  if (machine !== undefined) return { kind: 'delete-machine', id: machine.id }
  if (observed.machines.length > 0) return wait(500, 'the machine is going')
  const volume = observed.volumes.find((one) => !one.going)
  if (volume !== undefined) return { kind: 'delete-volume', id: volume.id }
  return { kind: 'delete-app' }
}

/** No machine yet (or any more): storage first, then the machine beside it. */
function buildStep(desired: Desired, observed: Observed, memory: Memory, now: number): Step {
  if (observed.machines.length > 0) return wait(500, 'the old machine is going')
  const usable = observed.volumes.filter((one) => !one.going)
  const volume = pick(usable, memory.volumeId)
  if (volume === undefined) return volumeStep(desired, observed, memory, now)
  if (memory.hostFull) return moveStep(usable, volume, memory)
  const wanted = fallbackRegion(desired.region, memory.fullRegions)?.code ?? null
  if (!memory.everStarted && wanted !== null && volume.region !== wanted) return { kind: 'delete-volume', id: volume.id }
  if (!memory.everStarted && wanted === null) return { kind: 'blocked', reason: 'region-full', ms: 30_000 }
  const spare = usable.find((one) => one.id !== volume.id && one.attachedTo === null)
  if (spare !== undefined && !memory.everStarted) return { kind: 'delete-volume', id: spare.id }
  if (recentlySent(memory, 'create-machine', now, STALE_LIST_MS)) return wait(1_000, 'the machine is being made')
  return { kind: 'create-machine', region: volume.region, volumeId: volume.id }
}

/**
 * A volume with data that is missing is never replaced by an empty one. It is made anew from the provider's newest copy, and only once it was missing
 * at two looks: what was written since that copy is lost with it.
 */
function volumeStep(desired: Desired, observed: Observed, memory: Memory, now: number): Step {
  const copy = memory.everStarted && memory.volumeId !== null ? observed.lostCopy : undefined
  if (copy === null) return { kind: 'blocked', reason: 'storage-lost', ms: 5 * 60_000 }
  if (copy !== undefined && !memory.storageLost) return { kind: 'blocked', reason: 'storage-lost', ms: LOST_AGAIN_MS }
  if (recentlySent(memory, 'create-volume', now, STALE_LIST_MS)) return wait(1_000, 'the storage is being made')
  const region = fallbackRegion(desired.region, memory.fullRegions)?.code ?? (memory.fullRegions.length === 0 ? desired.region : null)
  return region === null
    ? { kind: 'blocked', reason: 'region-full', ms: 30_000 }
    : { kind: 'create-volume', region, sourceVolumeId: null, ...(copy !== undefined && { copy }) }
}

/** The volume's host has no room: an empty volume is replaced, one with data is forked to another host. */
function moveStep(usable: readonly VolumeSeen[], volume: VolumeSeen, memory: Memory): Step {
  if (!memory.everStarted) return { kind: 'delete-volume', id: volume.id }
  const fork = usable.find((one) => one.id !== volume.id)
  return fork === undefined
    ? { kind: 'create-volume', region: volume.region, sourceVolumeId: volume.id }
    : { kind: 'create-machine', region: fork.region, volumeId: fork.id }
}

function runStep(desired: Desired, observed: Observed, machine: MachineSeen, memory: Memory, now: number): Step {
  if (machine.hostUnreachable) return { kind: 'blocked', reason: 'host-unreachable', ms: 15_000 }
  switch (machine.phase) {
    case 'destroying':
      return wait(500, 'the machine is going')
    case 'moving':
      return movingStep(desired, machine, memory, now)
    case 'started':
      return desired.power === 'off' ? stopStep(machine, memory, now) : liveStep(desired, observed, machine, memory, now)
    case 'created':
    case 'stopped':
    case 'failed':
      return desired.power === 'off' ? { kind: 'settled' } : wakeStep(desired, machine, memory, now)
  }
}

function movingStep(desired: Desired, machine: MachineSeen, memory: Memory, now: number): Step {
  const age = memory.sent === null ? 0 : now - memory.sent.at
  if (age > HARD_LIMIT_MS && desired.power === 'on') return { kind: 'start-machine', id: machine.id }
  return wait(machine.preparing ? 500 : age < 5_000 ? 250 : 1_000, `the machine is ${machine.state}`)
}

function stopStep(machine: MachineSeen, memory: Memory, now: number): Step {
  return recentlySent(memory, 'stop-machine', now, RESEND_MS) ? wait(500, 'the machine is stopping') : { kind: 'stop-machine', id: machine.id }
}

function liveStep(desired: Desired, observed: Observed, machine: MachineSeen, memory: Memory, now: number): Step {
  if (machine.spec !== desired.spec) {
    return recentlySent(memory, 'update-machine', now, RESEND_MS)
      ? wait(1_000, 'the change is being applied')
      : { kind: 'update-machine', id: machine.id }
  }
  if (memory.restartSeen < desired.restart) return restartStep(desired, machine, memory, now)
  if (!memory.healthy) return { kind: 'probe', id: machine.id }
  const spare = observed.volumes.find((one) => !one.going && one.id !== memory.volumeId && one.attachedTo === null)
  return spare === undefined || memory.volumeId === null ? { kind: 'settled' } : { kind: 'delete-volume', id: spare.id }
}

/** A restart is done when a start is seen that was not there before it was sent: no clock of the provider is compared with ours. */
function restartStep(desired: Desired, machine: MachineSeen, memory: Memory, now: number): Step {
  const { sent } = memory
  const starts = sent !== null && (sent.kind === 'restart-machine' || sent.kind === 'start-machine' || sent.kind === 'update-machine')
  if (!starts || sent.restart !== desired.restart) return { kind: 'restart-machine', id: machine.id }
  if (machine.lastStartId !== sent.startIdBefore) return { kind: 'restart-seen' }
  return now - sent.at > RESEND_MS * sent.tries ? { kind: 'restart-machine', id: machine.id } : wait(500, 'the machine is restarting')
}

function wakeStep(desired: Desired, machine: MachineSeen, memory: Memory, now: number): Step {
  if (machine.preparing) return wait(500, 'the gateway is being installed')
  if (machine.phase === 'created' && recentlySent(memory, 'create-machine', now, RESEND_MS)) return wait(250, 'the machine is being placed')
  const failed = machine.exit !== null && machine.exit.code === EXIT_BAD_CONFIG && machine.spec === desired.spec
  const askedSince = memory.restartSeen < desired.restart && !(memory.sent?.kind === 'start-machine' && memory.sent.restart === desired.restart)
  if (failed && !askedSince && memory.sent !== null && memory.sent.spec === desired.spec) {
    return memory.deploying ? { kind: 'fail', reason: 'bad-config' } : { kind: 'blocked', reason: 'bad-config', ms: 5 * 60_000 }
  }
  if (machine.spec !== desired.spec)
    return recentlySent(memory, 'update-machine', now, STALE_LIST_MS)
      ? wait(500, 'the change is being applied')
      : { kind: 'update-machine', id: machine.id }
  if (recentlySent(memory, 'start-machine', now, startPauseMs(memory))) return wait(500, 'the machine is about to start')
  if (memory.deploying && memory.sent !== null && memory.sent.tries >= START_TRIES_MAX) return { kind: 'fail', reason: 'keeps-crashing' }
  return { kind: 'start-machine', id: machine.id }
}

/** A new assistant that stops this often before it ever lived is given up. */
export const START_TRIES_MAX = 6

/** Starting again a machine that keeps stopping: 2 s, 4 s, 8 s … up to 5 minutes. A start that worked resets the count. */
export function startPauseMs(memory: Memory): number {
  const tries = memory.sent?.kind === 'start-machine' ? memory.sent.tries : 0
  return Math.min(5 * 60_000, 1_000 * 2 ** Math.min(tries, 10))
}
