// What Fly allows and refuses about machines: names, versions, leases, states. Changes the model and hands the effects to the lifecycle.
import { z } from 'zod'
import { refusals } from './api-error.ts'
import { hexId, machineId, ulid } from './ids.ts'
import type { Image } from './images/image.ts'
import type { Lifecycle } from './lifecycle.ts'
import { checkFiles, checkGuest, machineConfigSchema, type MachineConfig } from './machine-config.ts'
import type { App, Lease, Machine, Volume } from './model.ts'
import type { Platform } from './platform.ts'
import { regions } from '../domain/regions.ts'

const VERSIONS_MAX = 20
const LEASE_TTL_DEFAULT_S = 60
const REGION_DEFAULT = 'iad'

const launchFlags = {
  skip_launch: z.boolean().optional(),
  skip_secrets: z.boolean().optional(),
  lease_ttl: z.int().min(0).optional(),
  min_secrets_version: z.int().nullish(),
}
const machineNameSchema = z
  .string()
  .max(63)
  .regex(/^[a-zA-Z0-9][a-zA-Z0-9_-]*$/)
export const createMachineSchema = z.object({
  name: machineNameSchema.optional(),
  region: z.string().optional(),
  config: machineConfigSchema,
  ...launchFlags,
})
export const updateMachineSchema = z.object({
  name: z.string().optional(),
  region: z.string().optional(),
  config: machineConfigSchema,
  current_version: z.string().optional(),
  ...launchFlags,
})
export type CreateMachine = z.infer<typeof createMachineSchema>
export type UpdateMachine = z.infer<typeof updateMachineSchema>

export type RuleDeps = { platform: Platform; lifecycle: Lifecycle; imageFor(reference: string): Image | null }

function checkConfig(deps: RuleDeps, config: MachineConfig): void {
  checkGuest(config.guest)
  checkFiles(config)
  if (deps.imageFor(config.image) === null) throw refusals.badRequest(`failed to get manifest for image "${config.image}": not found`)
}

function checkSecretsVersion(app: App, wanted: number | null | undefined): void {
  if (wanted !== undefined && wanted !== null && wanted > app.secretsVersion)
    throw refusals.precondition(`secrets version ${wanted} is not available, the app is at ${app.secretsVersion}`)
}

/** The volume that a configuration mounts, checked for a new machine: it exists, is whole, and is free. */
function volumeFor(app: App, config: MachineConfig): Volume | null {
  const wanted = config.mounts?.[0]?.volume
  if (wanted === undefined) return null
  const volume =
    app.volumes.find((one) => one.id === wanted && one.state === 'created') ??
    app.volumes.find((one) => one.name === wanted && one.state === 'created' && one.machineId === null)
  if (volume === undefined) throw refusals.volumeNotFound()
  if (volume.machineId !== null) throw refusals.precondition(`volume ${volume.id} is already attached to machine ${volume.machineId}`)
  return volume
}

function withMountFilledIn(config: MachineConfig, volume: Volume | null): MachineConfig {
  if (volume === null) return config
  return {
    ...config,
    mounts: (config.mounts ?? []).map((mount) => ({
      ...mount,
      volume: volume.id,
      name: volume.name,
      size_gb: volume.sizeGb,
      encrypted: volume.encrypted,
    })),
  }
}

function placeIn(wanted: string | undefined, volume: Volume | null): string {
  if (wanted !== undefined && wanted !== '' && !regions.some((region) => region.code === wanted))
    throw refusals.badRequest(`region ${wanted} not found`)
  if (volume !== null && wanted !== undefined && wanted !== '' && wanted !== volume.region)
    throw refusals.badRequest(`volume ${volume.id} is in region ${volume.region}, not ${wanted}`)
  return volume?.region ?? (wanted === undefined || wanted === '' ? REGION_DEFAULT : wanted)
}

/** Creates a machine and, unless told otherwise, launches it in the background. */
export function createMachine(deps: RuleDeps, app: App, body: CreateMachine): Machine {
  const { platform, lifecycle } = deps
  const { random, clock } = platform
  const twin = app.machines.find((machine) => machine.name === body.name && machine.state !== 'destroyed')
  if (twin !== undefined) throw refusals.machineNameTaken(twin.id, twin.name)
  checkConfig(deps, body.config)
  checkSecretsVersion(app, body.min_secrets_version)
  const volume = volumeFor(app, body.config)
  const region = placeIn(body.region, volume)
  const config = withMountFilledIn(body.config, volume)
  const now = clock.now()
  const version = ulid(now, random)
  const machine: Machine = {
    id: machineId(random),
    name: body.name ?? `machine-${hexId(6, random)}`,
    region,
    state: 'created',
    version,
    config,
    privateIp: `fdaa:0:${hexId(4, random)}:a7b:${hexId(3, random)}:${hexId(4, random)}:${hexId(4, random)}:2`,
    createdAt: now.toISOString(),
    updatedAt: now.toISOString(),
    cordoned: false,
    volumeId: volume?.id ?? null,
    lease: null,
    launched: body.skip_launch !== true,
    restartCount: 0,
    oomKilled: false,
    events: [],
    versions: [{ version, config }],
    destroyedAt: null,
  }
  if (volume !== null) volume.machineId = machine.id
  app.machines.push(machine)
  platform.event(machine, { type: 'launch', status: 'created', source: 'user' })
  if (body.lease_ttl !== undefined && body.lease_ttl > 0) takeLease(platform, machine, { ttlS: body.lease_ttl, description: '', nonce: null })
  if (machine.launched) lifecycle.launch(app, machine, { freshSecrets: body.skip_secrets !== true })
  return machine
}

/** Replaces the whole configuration; a running machine is rebooted into it, a stopped one started, unless told otherwise. */
export function updateMachine(deps: RuleDeps, app: App, options: { machine: Machine; body: UpdateMachine }): void {
  const { machine, body } = options
  const { platform, lifecycle } = deps
  if (['destroying', 'destroyed'].includes(machine.state)) throw refusals.precondition(`machine is ${machine.state}`)
  if (machine.state === 'replacing') throw refusals.concurrentUpdate()
  if (body.current_version !== undefined && body.current_version !== machine.version)
    throw refusals.versionMismatch(body.current_version, machine.version)
  if (body.region !== undefined && body.region !== '' && body.region !== machine.region) throw refusals.badRequest('region is immutable')
  if (body.name !== undefined && body.name !== '' && body.name !== machine.name) throw refusals.badRequest('name is immutable')
  checkConfig(deps, body.config)
  checkSecretsVersion(app, body.min_secrets_version)
  const volume = machine.volumeId === null ? null : platform.volume(app, machine.volumeId)
  const wanted = body.config.mounts?.[0]?.volume
  if (wanted !== undefined ? wanted !== volume?.id && wanted !== volume?.name : volume !== null)
    throw refusals.badRequest('invalid config.mounts: the volume of a machine cannot be changed by an update')
  machine.config = withMountFilledIn(body.config, volume)
  machine.version = ulid(platform.clock.now(), platform.random)
  machine.versions = [{ version: machine.version, config: machine.config }, ...machine.versions].slice(0, VERSIONS_MAX)
  platform.event(machine, { type: 'update', status: 'replacing', source: 'user' })
  if (body.lease_ttl !== undefined && body.lease_ttl > 0)
    takeLease(platform, machine, { ttlS: body.lease_ttl, description: '', nonce: machine.lease?.nonce ?? null })
  const next = body.skip_launch === true ? 'stop' : 'start'
  if (next === 'start') machine.launched = true
  lifecycle.relaunch(app, machine, { state: 'replacing', freshSecrets: body.skip_secrets !== true, next })
}

/** Starts a machine; gives the state it was in. Starting what runs or is on its way does nothing. */
export function startMachine(deps: RuleDeps, app: App, machine: Machine): string {
  const previous = machine.state
  switch (previous) {
    case 'started':
    case 'starting':
      return previous
    case 'replacing':
      throw refusals.beingReplaced()
    case 'stopping':
    case 'destroying':
    case 'destroyed':
      throw refusals.cannotStart(previous)
    case 'created':
      // Not ready yet: its first launch is under way.
      if (machine.launched) throw refusals.cannotStart(previous)
      break
    case 'stopped':
    case 'restarting':
      break
  }
  machine.launched = true
  if (previous !== 'restarting') machine.restartCount = 0
  machine.state = 'starting'
  deps.platform.event(machine, { type: 'start', status: 'starting', source: 'user' })
  deps.platform.changed(app, machine)
  deps.lifecycle.launch(app, machine, { freshSecrets: previous !== 'restarting' })
  return previous
}

/** Stops a machine; stopping what is not running does nothing. */
export function stopMachine(
  deps: RuleDeps,
  app: App,
  options: { machine: Machine; signal?: NodeJS.Signals | undefined; timeoutMs?: number | undefined },
): void {
  const { machine } = options
  if (['stopped', 'stopping'].includes(machine.state) || (machine.state === 'created' && !machine.launched)) return
  if (['destroying', 'destroyed'].includes(machine.state)) throw refusals.precondition(`machine is ${machine.state}`)
  deps.platform.event(machine, { type: 'stop', status: 'stopping', source: 'user' })
  deps.lifecycle.stop(app, machine, options)
}

/** Stops and starts a running machine; its secrets stay those it was started with. */
export function restartMachine(
  deps: RuleDeps,
  app: App,
  options: { machine: Machine; signal?: NodeJS.Signals | undefined; timeoutMs?: number | undefined },
): void {
  const { machine } = options
  if (machine.state === 'replacing') throw refusals.beingReplaced()
  if (!['started', 'starting', 'restarting', 'stopped'].includes(machine.state))
    throw refusals.precondition(`unable to restart machine from current state: '${machine.state}'`)
  deps.platform.event(machine, { type: 'restart', status: 'restarting', source: 'user' })
  deps.lifecycle.relaunch(app, machine, { ...options, state: 'restarting', freshSecrets: machine.state === 'stopped', next: 'start' })
}

/** Destroys a machine in the background; one that runs only by force. */
export function destroyMachine(deps: RuleDeps, app: App, options: { machine: Machine; force: boolean }): void {
  const { machine, force } = options
  if (machine.state === 'destroying' || machine.state === 'destroyed') return
  if (!force && !['stopped', 'created'].includes(machine.state))
    throw refusals.precondition(`unable to destroy machine, not currently stopped, its state is '${machine.state}'`)
  deps.platform.event(machine, { type: 'destroy', status: 'destroying', source: 'user' })
  void deps.lifecycle.destroy(app, machine)
}

/** The lease that holds now, or null. */
export function liveLease(platform: Platform, machine: Machine): Lease | null {
  return machine.lease !== null && Date.parse(machine.lease.expiresAt) > platform.clock.now().getTime() ? machine.lease : null
}

/** Refuses (409) a change by anybody but the holder of a live lease. */
export function checkLease(platform: Platform, machine: Machine, nonce: string | null): void {
  const lease = liveLease(platform, machine)
  if (lease !== null && lease.nonce !== nonce) throw refusals.leaseHeld(lease.owner, lease.expiresAt)
}

/** Takes the lease, or prolongs it for the holder of `nonce`. */
export function takeLease(
  platform: Platform,
  machine: Machine,
  options: { ttlS: number | undefined; description: string; nonce: string | null },
): Lease {
  checkLease(platform, machine, options.nonce)
  const held = liveLease(platform, machine)
  const now = platform.clock.now()
  const lease: Lease = {
    nonce: held?.nonce ?? hexId(12, platform.random),
    owner: held?.owner ?? 'local',
    description: options.description || (held?.description ?? ''),
    expiresAt: new Date(now.getTime() + (options.ttlS ?? LEASE_TTL_DEFAULT_S) * 1000).toISOString(),
    version: ulid(now, platform.random),
  }
  machine.lease = lease
  return lease
}
