// Prometheus' text format (exposition format 0.0.4): what the control plane meters, and what an operator watches.
import type { monitorEventLoopDelay } from 'node:perf_hooks'
import type { ChannelTotal } from './counts.ts'
import type { Gateway } from './gateway.ts'
import type { Record } from './record.ts'
import type { Usage as MachineUsage } from './machine.ts'
import type { Usage } from './usage.ts'

export type Sample = { labels?: Readonly<{ [name: string]: string }>; value: number }
export type Family = { name: string; type: 'counter' | 'gauge'; help: string; samples: readonly Sample[] }

/** One family after the other. */
export function exposition(families: readonly Family[]): string {
  return families
    .filter((one) => one.samples.length > 0)
    .map(({ name, type, help, samples }) => {
      const lines = samples.map(({ labels = {}, value }) => {
        const named = Object.entries(labels).map(([label, text]) => `${label}="${escaped(text)}"`)
        return `${name}${named.length === 0 ? '' : `{${named.join(',')}}`} ${value}`
      })
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`
    })
    .join('')
}

function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

export type Measured = {
  gateway: Gateway
  record: Record
  usage: MachineUsage
  volume: { bytes: number; usedBytes: number }
  eventLoop: ReturnType<typeof monitorEventLoopDelay>
  ownMemoryBytes: number
  startedAt: Date
}

/** What is known of the machine and its gateway. */
export function machineFamilies({ gateway, record, usage, volume, eventLoop, ownMemoryBytes, startedAt }: Measured): Family[] {
  const counts = record.counts()
  const gauge = (name: string, help: string, value: number): Family => ({ name, type: 'gauge', help, samples: [{ value }] })
  return [
    gauge('conch_gateway_up', 'Whether the gateway answers.', gateway.state().kind === 'live' ? 1 : 0),
    {
      name: 'conch_gateway_exits_total',
      type: 'counter',
      help: 'How often the gateway ended unasked, over the life of the volume.',
      samples: Object.entries(counts).map(([reason, value]) => ({ labels: { reason }, value })),
    },
    {
      name: 'conch_gateway_restarts_total',
      type: 'counter',
      help: 'How often it was started again since the machine began.',
      samples: Object.entries(gateway.restarts()).map(([reason, value]) => ({ labels: { reason }, value })),
    },
    gauge('conch_gateway_memory_bytes', 'Memory of the gateway and all that it started.', usage.memoryBytes),
    {
      name: 'conch_gateway_cpu_seconds_total',
      type: 'counter',
      help: 'CPU time of what runs as the gateway now.',
      samples: [{ value: usage.cpuSeconds }],
    },
    gauge('conch_volume_bytes', 'Size of the volume.', volume.bytes),
    gauge('conch_volume_used_bytes', 'What is used of the volume.', volume.usedBytes),
    gauge('process_start_time_seconds', 'When the machine began, as seconds since 1970.', startedAt.getTime() / 1_000),
    gauge('conch_supervisor_memory_bytes', 'Memory of the supervisor itself.', ownMemoryBytes),
    {
      name: 'conch_supervisor_event_loop_delay_seconds',
      type: 'gauge',
      help: 'How late the supervisor gets to its work, since the last reading.',
      samples: [50, 99].map((percent) => ({ labels: { quantile: String(percent / 100) }, value: eventLoop.percentile(percent) / 1e9 })),
    },
  ]
}

/** What billing reads, and what the model's provider asks for. */
export function meterFamilies({
  messages,
  tampered,
  usage,
}: {
  messages: readonly ChannelTotal[]
  tampered: boolean
  usage: Usage | null
}): Family[] {
  const days = usage?.kind === 'known' ? usage.days : []
  const tokens = days.flatMap(({ date, inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens }) =>
    Object.entries({ input: inputTokens, output: outputTokens, cache_read: cacheReadTokens, cache_write: cacheWriteTokens }).map(([kind, value]) => ({
      labels: { date, kind },
      value,
    })),
  )
  return [
    {
      name: 'conch_messages_total',
      type: 'counter',
      help: 'Messages that the assistant took up, over the life of the volume.',
      samples: messages.map(({ channel, total }) => ({ labels: { channel }, value: total })),
    },
    {
      name: 'conch_messages_tampered',
      type: 'gauge',
      help: 'Whether the journal of messages was found changed.',
      samples: [{ value: tampered ? 1 : 0 }],
    },
    { name: 'conch_model_tokens', type: 'gauge', help: 'Tokens of a day (UTC), as the gateway knows them now.', samples: tokens },
    {
      name: 'conch_model_cost_usd',
      type: 'gauge',
      help: 'Cost of a day (UTC) in US dollars, as the gateway knows it now.',
      samples: days.map(({ date, costUsd }) => ({ labels: { date }, value: costUsd })),
    },
  ]
}
