// Takes one step at the provider. Every call here is harmless when repeated; what was created is returned, so that it is written down
// before anybody waits for it.
import type { InstanceRow } from '../db/instances.ts'
import { planIdSchema, plans } from '../domain/plans.ts'
import type { JsonObject } from '../domain/gateway-document.ts'
import type { Step } from '../domain/next-step.ts'
import { assert } from '../lib/errors.ts'
import { randomId } from '../lib/random.ts'
import { Sealed } from '../lib/sealed.ts'
import { ProviderError } from './fly/errors.ts'
import type { FlyClient } from './fly/types.ts'
import { appNameOf, machinePlan, volumeNameOf, type FleetOptions } from './machine-config.ts'

/** Steps that change something at the provider. */
export type ProviderStep = Exclude<Step, { kind: 'restart-seen' | 'probe' | 'wait' | 'blocked' | 'settled' | 'gone' | 'fail' }>

/** How long the provider gives a machine between SIGTERM and SIGKILL. Source: OpenClaw was measured to hang on SIGTERM in one case. */
const STOP_TIMEOUT_SECONDS = 30
const PASSWORD = 'OPENCLAW_GATEWAY_PASSWORD'

export type Made = { volumeId?: string; machineId?: string; secretsVersion?: number }
/** `document`: the owner's configuration, of the version that the row names. */
export type ExecuteDeps = FleetOptions & { fly: FlyClient; document: JsonObject | null }

/** Performs `step` and returns the ids of what it made. Throws a ProviderError when the provider refuses or does not answer. */
export async function execute(deps: ExecuteDeps, row: InstanceRow, step: ProviderStep): Promise<Made> {
  const { fly } = deps
  const app = appNameOf(row.id)
  switch (step.kind) {
    case 'create-app':
      await fly.createApp({ name: app, network: app })
      return {}
    case 'allocate-ips':
      return openNetwork(fly, app, row)
    case 'create-volume':
      return createVolume(fly, app, row, step)
    case 'create-machine':
      return createMachine(deps, app, row, step)
    case 'update-machine': {
      const { config } = machinePlan(row, { ...deps, volumeId: row.volumeId })
      await fly.updateMachine(app, step.id, { config, ...secretsOption(row) })
      return {}
    }
    case 'start-machine':
      await fly.startMachine(app, step.id)
      return {}
    case 'stop-machine':
      await fly.stopMachine(app, step.id, { timeoutSeconds: STOP_TIMEOUT_SECONDS })
      return {}
    case 'restart-machine':
      await fly.restartMachine(app, step.id, { timeoutSeconds: STOP_TIMEOUT_SECONDS })
      return {}
    case 'delete-machine':
      await fly.deleteMachine(app, step.id)
      return {}
    case 'delete-volume':
      await fly.deleteVolume(app, step.id)
      return {}
    case 'delete-app':
      await fly.deleteApp(app)
      return {}
  }
}

function secretsOption(row: InstanceRow): { minSecretsVersion?: number } {
  return row.secretsVersion === null ? {} : { minSecretsVersion: row.secretsVersion }
}

/** The gateway's own password is made here, once, and known to the provider's secret store alone. Addresses come last: they mark the network as ready. */
async function openNetwork(fly: FlyClient, app: string, row: InstanceRow): Promise<Made> {
  const secrets = await fly.listSecrets(app)
  const made = secrets.some((one) => one.name === PASSWORD) ? null : await fly.setSecret(app, PASSWORD, new Sealed(randomId(32)))
  await fly.allocateIp(app, 'v6')
  await fly.allocateIp(app, 'shared_v4')
  return made === null ? {} : { secretsVersion: Math.max(made.version, row.secretsVersion ?? 0) }
}

async function createVolume(fly: FlyClient, app: string, row: InstanceRow, step: Extract<Step, { kind: 'create-volume' }>): Promise<Made> {
  const plan = plans[planIdSchema.parse(row.plan)]
  const { copy, sourceVolumeId } = step
  const source = copy !== undefined ? { snapshotId: copy.id } : sourceVolumeId !== null ? { sourceVolumeId } : {}
  const volume = await fly.createVolume(app, {
    name: volumeNameOf(row.id),
    region: step.region,
    sizeGb: Math.max(plan.volumeGb, copy?.sizeGb ?? 0),
    compute: plan.guest,
    snapshotDays: plan.snapshotDays,
    ...source,
  })
  // A fork becomes the instance's volume only with its machine: until then the data is where it was.
  return step.sourceVolumeId === null ? { volumeId: volume.id } : {}
}

async function createMachine(deps: ExecuteDeps, app: string, row: InstanceRow, step: Extract<Step, { kind: 'create-machine' }>): Promise<Made> {
  const { config } = machinePlan(row, { ...deps, volumeId: step.volumeId })
  try {
    const machine = await deps.fly.createMachine(app, { name: app, region: step.region, config, ...secretsOption(row) })
    return { machineId: machine.id, volumeId: step.volumeId }
  } catch (error) {
    if (!(error instanceof ProviderError) || error.kind !== 'already-exists' || error.adoptMachineId === undefined) throw error
    const known = await deps.fly.getMachine(app, error.adoptMachineId)
    assert(known === null || known.metadata['conch_instance'] === row.id, `machine ${error.adoptMachineId} has our name and is not ours`)
    return known === null ? {} : { machineId: known.id, volumeId: step.volumeId }
  }
}
