// The words of Fly that the rest of Conch may use. Bodies that we send keep Fly's own snake_case (FlyMachineConfig); answers
// arrive parsed, in our names.
import type { Sealed } from '../../lib/sealed.ts'

export const MACHINE_STATES = [
  'created',
  'starting',
  'started',
  'stopping',
  'stopped',
  'restarting',
  'suspending',
  'suspended',
  'updating',
  'replacing',
  'replaced',
  'migrated',
  'launch_failed',
  'failed',
  'destroying',
  'destroyed',
  'unknown',
] as const

/** `unknown` stands for any word that Fly adds later. */
export type MachineState = (typeof MACHINE_STATES)[number]

export type Guest = {
  cpuKind: 'shared' | 'performance'
  cpus: number
  memoryMb: number
  swapMb: number
}

export type FlyGuest = {
  cpu_kind: 'shared' | 'performance'
  cpus: number
  memory_mb: number
}

type FlyPort = {
  port: number
  handlers?: ('tls' | 'http' | 'pg_tls' | 'proxy_proto')[]
  force_https?: boolean
}

export type FlyService = {
  protocol: 'tcp' | 'udp'
  internal_port: number
  autostart: boolean
  autostop: 'off' | 'stop' | 'suspend'
  ports: FlyPort[]
  concurrency?: {
    type: 'connections' | 'requests'
    soft_limit?: number
    hard_limit?: number
  }
}

export type FlyCheck = {
  type: 'http' | 'tcp'
  port: number
  path?: string
  method?: string
  interval?: string
  timeout?: string
  grace_period?: string
}

export type FlyMount = { volume: string; path: string; name?: string }

export type FlyFile = {
  guest_path: string
  /** Base64. */
  raw_value?: string
  secret_name?: string
  mode?: number
}

type FlySignal = 'SIGHUP' | 'SIGINT' | 'SIGQUIT' | 'SIGKILL' | 'SIGUSR1' | 'SIGUSR2' | 'SIGTERM'

/** The part of Fly's machine configuration that we send. What Fly adds to it is kept when it is read back. */
export type FlyMachineConfig = {
  image: string
  guest: FlyGuest
  env?: Record<string, string>
  metadata?: Record<string, string>
  mounts?: FlyMount[]
  services?: FlyService[]
  checks?: Record<string, FlyCheck>
  restart?: {
    policy: 'no' | 'always' | 'on-failure' | 'spot-price'
    max_retries?: number
  }
  stop_config?: { timeout?: string; signal?: FlySignal }
  init?: {
    swap_size_mb?: number
    exec?: string[]
    entrypoint?: string[]
    cmd?: string[]
  }
  files?: FlyFile[]
  metrics?: { port: number; path: string }
  auto_destroy?: boolean
}

export type FlyApp = {
  name: string
  orgSlug: string | null
  network: string | null
  status: string
}

export type FlyVolume = {
  id: string
  name: string
  state: string
  region: string
  sizeGb: number
  attachedMachineId: string | null
  createdAt: string
}

export type FlyExit = {
  exitCode: number | null
  oomKilled: boolean
  requestedStop: boolean
  /** Milliseconds since the epoch. */
  at: number
}

export type FlyMachine = {
  id: string
  name: string
  state: MachineState
  region: string
  instanceId: string
  metadata: Record<string, string>
  /** Null when the host is unreachable. */
  config: FlyMachineConfig | null
  hostUnreachable: boolean
  /** The id of the newest event of type start. */
  lastStartId: string | null
  lastStartAt: number | null
  lastExit: FlyExit | null
  /** Set while the newest event is launch/preparing. */
  preparing: { percent: number | null; message: string } | null
  createdAt: string
  updatedAt: string
}

export type FlyIp = { ip: string; shared: boolean; type: string }
export type FlySecret = { name: string; digest: string | null }
export type FlySnapshot = {
  id: string
  status: string
  createdAt: string
  /** What it takes up, and how large the volume was: one that is made from it must be as large. */
  sizeBytes: number | null
  volumeBytes: number | null
}
export type FlyLogLine = { at: string; message: string; level: string }
export type FlyOrgMachine = {
  id: string
  app: string
  state: MachineState
  updatedAt: string
}
export type FlyRegion = { code: string; name: string }
export type FlySample = { labels: Record<string, string>; value: number }

export type CreateVolumeInput = {
  name: string
  region: string
  sizeGb: number
  compute: Guest
  /** How long the provider keeps each of its daily copies of it: 1 to 60 days, 5 without it. */
  snapshotDays?: number
  snapshotId?: string
  sourceVolumeId?: string
}

export type CreateMachineInput = {
  name: string
  region: string
  config: FlyMachineConfig
  minSecretsVersion?: number
}

export type UpdateMachineInput = {
  config: FlyMachineConfig
  minSecretsVersion?: number
  /** The `instanceId` the caller last saw: a machine changed since then is refused with `conflict`. */
  currentVersion?: string
}

/** What Fly's wait endpoint accepts. */
type WaitState = 'started' | 'stopped' | 'suspended' | 'destroyed' | 'failed' | 'settled'

export type WaitMachineInput = {
  state: WaitState
  timeoutSeconds: number
  instanceId?: string
}

export type ExecInput = {
  command: readonly string[]
  /** What the command reads: it is nowhere else, unlike its arguments, which every process of the machine can see. */
  stdin?: string
  timeoutSeconds: number
  /** Stops waiting for it; the command may run to its end all the same. */
  signal?: AbortSignal
}
export type ExecResult = { exitCode: number; stdout: string; stderr: string }

/** Every method throws a ProviderError on anything it does not name as an answer. */
export type FlyClient = {
  /** An app that is already ours counts as created; one of another organisation is `name-taken`. */
  createApp(input: { name: string; network: string }): Promise<void>
  /** Null for 404; `foreign` when the name belongs to another organisation. */
  getApp(name: string): Promise<FlyApp | null>
  deleteApp(name: string): Promise<'accepted' | 'absent'>
  listIps(app: string): Promise<FlyIp[]>
  allocateIp(app: string, type: 'shared_v4' | 'v6'): Promise<void>

  listVolumes(app: string): Promise<FlyVolume[]>
  getVolume(app: string, id: string): Promise<FlyVolume | null>
  createVolume(app: string, input: CreateVolumeInput): Promise<FlyVolume>
  extendVolume(app: string, id: string, sizeGb: number): Promise<{ needsRestart: boolean }>
  deleteVolume(app: string, id: string): Promise<'accepted' | 'absent'>

  listMachines(app: string): Promise<FlyMachine[]>
  /** Null for 404 and for a machine that is destroyed. */
  getMachine(app: string, id: string): Promise<FlyMachine | null>
  createMachine(app: string, input: CreateMachineInput): Promise<FlyMachine>
  updateMachine(app: string, id: string, input: UpdateMachineInput): Promise<FlyMachine>
  startMachine(app: string, id: string): Promise<void>
  stopMachine(app: string, id: string, input: { timeoutSeconds: number }): Promise<void>
  restartMachine(app: string, id: string, input: { timeoutSeconds: number }): Promise<void>
  /** Forced: a running machine goes too. */
  deleteMachine(app: string, id: string): Promise<'accepted' | 'absent'>
  /** True once the state is reached, false when the wait timed out first. */
  waitMachine(app: string, id: string, input: WaitMachineInput): Promise<boolean>
  /** Runs a command on a started machine, to its end. `not-ready` when the machine is not started. */
  exec(app: string, id: string, input: ExecInput): Promise<ExecResult>

  setSecret(app: string, name: string, secret: Sealed): Promise<{ version: number }>
  listSecrets(app: string): Promise<FlySecret[]>
  deleteSecret(app: string, name: string): Promise<void>

  /** Fly returns no id for it, and may still be making it: list the snapshots to find it. */
  createSnapshot(app: string, volumeId: string): Promise<void>
  /** Also of a volume that is deleted: by Fly's documentation (docs/volumes/snapshots) its snapshots stay as long as they are retained. */
  listSnapshots(app: string, volumeId: string): Promise<FlySnapshot[]>

  logs(app: string, input: { machineId?: string; nextToken?: string }): Promise<{ lines: FlyLogLine[]; nextToken: string | null }>
  orgMachines(input: { updatedAfter?: string; cursor?: string; limit?: number }): Promise<{ machines: FlyOrgMachine[]; nextCursor: string | null }>
  regions(): Promise<FlyRegion[]>
  /** An instant PromQL query over the organisation's metrics. */
  query(promql: string): Promise<FlySample[]>
  close(): Promise<void>
}
