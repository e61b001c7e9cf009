// Fly's answers, parsed once: only the fields that we use, everything else passes. A missing field that Fly leaves out when it is
// empty has a default here; a missing id is a broken answer.
import { z } from 'zod'
import {
  MACHINE_STATES,
  type ExecResult,
  type FlyApp,
  type FlyExit,
  type FlyIp,
  type FlyMachine,
  type FlyMachineConfig,
  type FlySnapshot,
  type FlyVolume,
  type MachineState,
} from './types.ts'

const text = z.string().nullish()

export const AppAnswer = z
  .looseObject({ name: z.string(), status: text, network: text, organization: z.looseObject({ slug: text }).nullish() })
  .transform((app): FlyApp => ({
    name: app.name,
    orgSlug: app.organization?.slug ?? null,
    network: app.network ?? null,
    status: app.status ?? 'unknown',
  }))

export const IpsAnswer = z
  .looseObject({ ips: z.array(z.looseObject({ ip: z.string(), shared: z.boolean().nullish(), type: text })).nullish() })
  .transform((answer): FlyIp[] => (answer.ips ?? []).map((ip) => ({ ip: ip.ip, shared: ip.shared === true, type: ip.type ?? ipType(ip) })))

// The answer carries no type: what was asked for shows in the address. fdaa::/16 is Fly's private network.
function ipType(ip: { ip: string; shared?: boolean | null | undefined }): string {
  if (!ip.ip.includes(':')) return ip.shared === true ? 'shared_v4' : 'v4'
  return ip.ip.toLowerCase().startsWith('fdaa:') ? 'private_v6' : 'v6'
}

export const VolumeAnswer = z
  .looseObject({
    id: z.string(),
    name: text,
    state: z.string(),
    region: z.string(),
    size_gb: z.number(),
    attached_machine_id: text,
    created_at: text,
  })
  .transform((volume): FlyVolume => ({
    id: volume.id,
    name: volume.name ?? '',
    state: volume.state,
    region: volume.region,
    sizeGb: volume.size_gb,
    attachedMachineId: volume.attached_machine_id || null,
    createdAt: volume.created_at ?? '',
  }))

export const VolumesAnswer = z.array(VolumeAnswer)
export const ExtendAnswer = z.looseObject({ needs_restart: z.boolean().nullish() })

export const SnapshotsAnswer = z.array(
  z
    .looseObject({ id: z.string(), status: text, created_at: text, size: z.number().nullish(), volume_size: z.number().nullish() })
    .transform((snapshot): FlySnapshot => ({
      id: snapshot.id,
      status: snapshot.status ?? 'unknown',
      createdAt: snapshot.created_at ?? '',
      sizeBytes: snapshot.size ?? null,
      volumeBytes: snapshot.volume_size ?? null,
    })),
)

const StateAnswer = z.string().transform((word): MachineState => MACHINE_STATES.find((state) => state === word) ?? 'unknown')

// Fly writes the guest in full; its smallest one stands in for an answer that does not.
const ConfigAnswer = z
  .looseObject({
    image: z.string(),
    guest: z.looseObject({ cpu_kind: z.string(), cpus: z.number(), memory_mb: z.number() }).default({ cpu_kind: 'shared', cpus: 1, memory_mb: 256 }),
    metadata: z.record(z.string(), z.string()).optional(),
  })
  .transform((config) => config as FlyMachineConfig)

const ExitEvent = z.looseObject({
  exit_code: z.number().nullish(),
  oom_killed: z.boolean().nullish(),
  requested_stop: z.boolean().nullish(),
  exited_at: z.union([z.number(), z.string()]).nullish(),
})

const EventRequest = z.looseObject({
  exit_event: ExitEvent.nullish(),
  // Where older hosts put it.
  MonitorEvent: z.looseObject({ exit_event: ExitEvent.nullish() }).nullish(),
  progress_percent: z.number().nullish(),
  message: text,
})

const EventAnswer = z.looseObject({
  id: z.string(),
  type: z.string(),
  status: text,
  timestamp: z.number(),
  request: EventRequest.nullish(),
})
type MachineEvent = z.infer<typeof EventAnswer>

export const MachineAnswer = z
  .looseObject({
    id: z.string(),
    name: text,
    state: StateAnswer,
    region: text,
    instance_id: text,
    config: ConfigAnswer.nullish(),
    incomplete_config: z.looseObject({ metadata: z.record(z.string(), z.string()).nullish() }).nullish(),
    host_status: text,
    events: z.array(EventAnswer).nullish(),
    created_at: text,
    updated_at: text,
  })
  .transform((machine): FlyMachine => {
    // Newest first is Fly's order; the sort keeps it among events of one millisecond.
    const events = (machine.events ?? []).toSorted((a, b) => b.timestamp - a.timestamp)
    const start = events.find((event) => event.type === 'start')
    return {
      id: machine.id,
      name: machine.name ?? '',
      state: machine.state,
      region: machine.region ?? '',
      instanceId: machine.instance_id ?? '',
      metadata: machine.config?.metadata ?? machine.incomplete_config?.metadata ?? {},
      config: machine.config ?? null,
      hostUnreachable: machine.host_status === 'unreachable',
      lastStartId: start?.id ?? null,
      lastStartAt: start?.timestamp ?? null,
      lastExit: exitOf(events),
      preparing: preparingOf(events[0]),
      createdAt: machine.created_at ?? '',
      updatedAt: machine.updated_at ?? '',
    }
  })

export const MachinesAnswer = z.array(MachineAnswer)

function exitOf(events: MachineEvent[]): FlyExit | null {
  const event = events.find((candidate) => candidate.type === 'exit')
  if (event === undefined) return null
  const exit = event.request?.exit_event ?? event.request?.MonitorEvent?.exit_event
  const exitedAt = typeof exit?.exited_at === 'string' ? Date.parse(exit.exited_at) : exit?.exited_at
  return {
    exitCode: exit?.exit_code ?? null,
    oomKilled: exit?.oom_killed === true,
    requestedStop: exit?.requested_stop === true,
    at: exitedAt === undefined || exitedAt === null || Number.isNaN(exitedAt) ? event.timestamp : exitedAt,
  }
}

function preparingOf(newest: MachineEvent | undefined): FlyMachine['preparing'] {
  if (newest?.type !== 'launch' || newest.status !== 'preparing') return null
  return { percent: newest.request?.progress_percent ?? null, message: newest.request?.message ?? '' }
}

export const WaitAnswer = z.looseObject({ ok: z.boolean().nullish() })

// What is zero or empty may be left out. A command that was killed has a signal and no code of its own.
export const ExecAnswer = z
  .looseObject({ exit_code: z.number().nullish(), exit_signal: z.number().nullish(), stdout: text, stderr: text })
  .transform((answer): ExecResult => ({
    exitCode: answer.exit_code || ((answer.exit_signal ?? 0) > 0 ? -1 : 0),
    stdout: answer.stdout ?? '',
    stderr: answer.stderr ?? '',
  }))

// `Version` is the field's deprecated spelling.
export const SecretSetAnswer = z
  .looseObject({ version: z.number().optional(), Version: z.number().optional() })
  .transform((answer) => answer.version ?? answer.Version)
  .pipe(z.number())
  .transform((version) => ({ version }))

export const SecretsAnswer = z
  .looseObject({ secrets: z.array(z.looseObject({ name: z.string(), digest: text })).nullish() })
  .transform((answer) => (answer.secrets ?? []).map((secret) => ({ name: secret.name, digest: secret.digest ?? null })))

export const LogsAnswer = z
  .looseObject({
    data: z.array(z.looseObject({ attributes: z.looseObject({ timestamp: z.string(), message: z.string(), level: text }) })).nullish(),
    meta: z.looseObject({ next_token: z.union([z.string(), z.number()]).nullish() }).nullish(),
  })
  .transform((answer) => ({
    lines: (answer.data ?? []).map(({ attributes }) => ({
      at: attributes.timestamp,
      message: attributes.message,
      level: attributes.level ?? 'info',
    })),
    nextToken: String(answer.meta?.next_token ?? '') || null,
  }))

export const OrgMachinesAnswer = z
  .looseObject({
    machines: z.array(z.looseObject({ id: z.string(), app_name: z.string(), state: StateAnswer, updated_at: text })).nullish(),
    next_cursor: text,
  })
  .transform((answer) => ({
    machines: (answer.machines ?? []).map((machine) => ({
      id: machine.id,
      app: machine.app_name,
      state: machine.state,
      updatedAt: machine.updated_at ?? '',
    })),
    nextCursor: answer.next_cursor || null,
  }))

export const RegionsAnswer = z
  .looseObject({ regions: z.array(z.looseObject({ code: z.string(), name: text, deprecated: z.boolean().nullish() })) })
  .transform((answer) =>
    answer.regions.filter((region) => region.deprecated !== true).map((region) => ({ code: region.code, name: region.name ?? region.code })),
  )

// Prometheus sends numbers as strings. NaN and infinities are no figure to act on.
export const QueryAnswer = z
  .looseObject({
    data: z.looseObject({
      resultType: z.literal('vector'),
      result: z.array(z.looseObject({ metric: z.record(z.string(), z.string()), value: z.tuple([z.number(), z.string()]) })),
    }),
  })
  .transform((answer) =>
    answer.data.result.map((sample) => ({ labels: sample.metric, value: Number(sample.value[1]) })).filter((sample) => Number.isFinite(sample.value)),
  )
