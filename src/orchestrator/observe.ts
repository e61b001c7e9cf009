// Looks at the provider and says what is there, in the words of nextStep. Reads only.
import type { InstanceRow } from '../db/instances.ts'
import type { MachinePhase, MachineSeen, Observed, SnapshotSeen, VolumeSeen } from '../domain/next-step.ts'
import { ProviderError } from './fly/errors.ts'
import { newestSnapshot } from './fly/snapshots.ts'
import type { FlyClient, FlyMachine, FlyVolume, MachineState } from './fly/types.ts'
import { appNameOf, volumeNameOf } from './machine-config.ts'

const PHASES: Readonly<Record<MachineState, MachinePhase>> = {
  created: 'created',
  starting: 'moving',
  started: 'started',
  stopping: 'moving',
  stopped: 'stopped',
  restarting: 'moving',
  suspending: 'moving',
  suspended: 'stopped',
  updating: 'moving',
  replacing: 'moving',
  replaced: 'destroying',
  migrated: 'destroying',
  launch_failed: 'failed',
  failed: 'failed',
  destroying: 'destroying',
  destroyed: 'destroying',
  unknown: 'moving',
}

export type Observation = { observed: Observed; machine: FlyMachine | null; full: boolean }

/**
 * What the provider shows of an instance. A known machine is asked for by its id alone (one call, the least limited one); everything is
 * listed when there is none, when it is being destroyed, or when `full` asks for it. Absence counts only when a GET confirmed it.
 */
export async function observe(fly: FlyClient, row: InstanceRow, options: { full: boolean }): Promise<Observation> {
  const app = appNameOf(row.id)
  if (row.machineId !== null && row.deleteRequestedAt === null && !options.full) {
    const machine = await fly.getMachine(app, row.machineId)
    if (machine !== null)
      return { observed: { app: 'present', ips: true, volumes: [], machines: [machineSeen(machine)], lostCopy: null }, machine, full: false }
  }
  return observeAll(fly, row, app)
}

async function observeAll(fly: FlyClient, row: InstanceRow, app: string): Promise<Observation> {
  const nothing = { ips: false, volumes: [], machines: [], lostCopy: null }
  const found = await fly.getApp(app).catch((error: unknown) => {
    if (error instanceof ProviderError && error.kind === 'foreign') return 'foreign' as const
    throw error
  })
  if (found === null || found === 'foreign')
    return { observed: { app: found === null ? 'absent' : 'foreign', ...nothing }, machine: null, full: true }
  const [ips, volumes, machines] = await Promise.all([fly.listIps(app), allVolumes(fly, row, app), allMachines(fly, row, app)])
  const live = machines.filter((one) => one.state !== 'destroyed')
  const machine = live.find((one) => one.id === row.machineId) ?? live[0] ?? null
  const ours = volumes.filter((one) => one.name === volumeNameOf(row.id))
  const seen = ours.map(volumeSeen)
  const lostCopy = isLost(row, seen) ? await copyOf(fly, app, row.volumeId) : null
  return { observed: { app: 'present', ips: ips.length > 0, volumes: seen, machines: live.map(machineSeen), lostCopy }, machine, full: true }
}

function isLost(row: InstanceRow, volumes: readonly VolumeSeen[]): boolean {
  return row.everStarted && row.deleteRequestedAt === null && volumes.every((one) => one.going)
}

/** The newest copy of a volume, also of one that is gone. */
async function copyOf(fly: FlyClient, app: string, volumeId: string | null): Promise<SnapshotSeen | null> {
  const newest = volumeId === null ? null : newestSnapshot(await fly.listSnapshots(app, volumeId).catch(none))
  if (newest === null) return null
  return { id: newest.id, sizeGb: Math.ceil((newest.volumeBytes ?? 0) / GB), at: Date.parse(newest.createdAt) }
}

const GB = 1024 ** 3

/** Whether the provider still knows the copies of a volume that it does not know any more is not sure: then there are none. */
function none(error: unknown): [] {
  if (error instanceof ProviderError && error.kind === 'not-found') return []
  throw error
}

/** Lists may lag behind: what we know by id and do not see is asked for by id. */
async function allMachines(fly: FlyClient, row: InstanceRow, app: string): Promise<FlyMachine[]> {
  const listed = await fly.listMachines(app)
  if (row.machineId === null || listed.some((one) => one.id === row.machineId)) return listed
  const known = await fly.getMachine(app, row.machineId)
  return known === null ? listed : [known, ...listed]
}

async function allVolumes(fly: FlyClient, row: InstanceRow, app: string): Promise<FlyVolume[]> {
  const listed = await fly.listVolumes(app)
  if (row.volumeId === null || listed.some((one) => one.id === row.volumeId)) return listed
  const known = await fly.getVolume(app, row.volumeId)
  return known === null ? listed : [known, ...listed]
}

const GOING = /destroy|delet|remov/

function volumeSeen(volume: FlyVolume): VolumeSeen {
  return { id: volume.id, region: volume.region, sizeGb: volume.sizeGb, attachedTo: volume.attachedMachineId, going: GOING.test(volume.state) }
}

function machineSeen(machine: FlyMachine): MachineSeen {
  const exit = machine.lastExit
  return {
    id: machine.id,
    phase: PHASES[machine.state],
    state: machine.state,
    region: machine.region,
    spec: machine.metadata['conch_spec'] ?? null,
    lastStartId: machine.lastStartId,
    hostUnreachable: machine.hostUnreachable,
    preparing: machine.preparing !== null,
    exit: exit === null ? null : { code: exit.exitCode, oom: exit.oomKilled, requested: exit.requestedStop, at: exit.at },
  }
}
