// One word for how an instance is doing, from its row: every face draws its mark and its buttons from it.
import { assertNever } from '../lib/errors.ts'

export type Status =
  | 'deploying'
  | 'live'
  | 'starting'
  | 'stopping'
  | 'stopped'
  | 'restarting'
  | 'updating'
  | 'trouble'
  | 'blocked'
  | 'destroying'
  | 'failed'
  | 'destroyed'

export const operationKinds = ['deploy', 'start', 'stop', 'restart', 'update', 'recover', 'destroy', 'give-up'] as const
export type OperationKind = (typeof operationKinds)[number]

export type StatusInput = {
  power: 'on' | 'off'
  deleteRequestedAt: Date | null
  destroyedAt: Date | null
  failure: string | null
  blocked: string | null
  machineState: string | null
  healthy: boolean
  operationKind: OperationKind | null
}

/** The status that a row amounts to. */
export function statusOf(row: StatusInput): Status {
  if (row.destroyedAt !== null) return row.failure === null ? 'destroyed' : 'failed'
  if (row.deleteRequestedAt !== null) return row.failure === null ? 'destroying' : 'failed'
  if (row.blocked !== null) return 'blocked'
  if (row.operationKind !== null) return statusDuring(row.operationKind)
  if (row.power === 'off') return 'stopped'
  return row.healthy ? 'live' : 'trouble'
}

function statusDuring(operation: OperationKind): Status {
  switch (operation) {
    case 'deploy':
      return 'deploying'
    case 'start':
      return 'starting'
    case 'stop':
      return 'stopping'
    case 'restart':
      return 'restarting'
    case 'update':
      return 'updating'
    case 'recover':
      return 'trouble'
    case 'destroy':
      return 'destroying'
    case 'give-up':
      return 'failed'
    default:
      return assertNever(operation)
  }
}

/** The steps a person sees tick, in order, for each kind of job. */
export const milestones: Readonly<Record<OperationKind, readonly Milestone[]>> = {
  deploy: ['network', 'storage', 'machine', 'start', 'health'],
  start: ['start', 'health'],
  stop: ['stop'],
  restart: ['restart', 'health'],
  update: ['update', 'health'],
  recover: ['restart', 'health'],
  destroy: ['machine-gone', 'storage-gone', 'network-gone'],
  'give-up': ['machine-gone', 'storage-gone', 'network-gone'],
}
export type Milestone =
  | 'network'
  | 'storage'
  | 'machine'
  | 'start'
  | 'health'
  | 'stop'
  | 'restart'
  | 'update'
  | 'machine-gone'
  | 'storage-gone'
  | 'network-gone'
