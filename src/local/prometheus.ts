// The instant queries that our meters ask of Fly's Prometheus: a series, `increase()` or `rate()` of it, and `sum … by (…)` around either.
import { sizeOf } from './files.ts'
import type { Lifecycle } from './lifecycle.ts'
import { durationMs, memoryLimitBytes } from './machine-config.ts'
import type { App, Machine } from './model.ts'
import type { Platform } from './platform.ts'
import type { Traffic } from './traffic.ts'

const SERIES = [
  'fly_instance_net_sent_bytes',
  'fly_instance_net_recv_bytes',
  'fly_instance_cpu',
  'fly_instance_memory_mem_available',
  'fly_instance_memory_mem_total',
  'fly_volume_used_pct',
  'fly_instance_exit_oom',
] as const
type Series = (typeof SERIES)[number]
type Matcher = { label: string; operator: '=' | '!=' | '=~' | '!~'; value: string }
type Query = { sumBy: readonly string[] | null; fn: 'increase' | 'rate' | null; series: Series; matchers: readonly Matcher[]; rangeMs: number | null }
export type Sample = { metric: Record<string, string>; value: number }
export type PrometheusDeps = { platform: Platform; lifecycle: Lifecycle; traffic: Traffic }

function parseMatchers(text: string): Matcher[] | null {
  const matchers: Matcher[] = []
  for (const part of text
    .split(/,(?=(?:[^"]*"[^"]*")*[^"]*$)/)
    .map((one) => one.trim())
    .filter((one) => one !== '')) {
    const match = /^([a-zA-Z_]\w*)\s*(=~|!~|!=|=)\s*"([^"]*)"$/.exec(part)
    if (match === null) return null
    const [, label = '', operator, value = ''] = match
    if (operator === '=' || operator === '!=' || operator === '=~' || operator === '!~') matchers.push({ label, operator, value })
  }
  return matchers
}

/** Reads a query; null when it is not one of the forms above. */
export function parseQuery(text: string): Query | null {
  const labels = (list: string): string[] =>
    list
      .split(',')
      .map((one) => one.trim())
      .filter((one) => one !== '')
  const sum = /^sum\s*(?:by\s*\(([^)]*)\))?\s*\((.*?)\)\s*(?:by\s*\(([^)]*)\))?$/s.exec(text.trim())
  const inner = (sum?.[2] ?? text).trim()
  const call = /^(increase|rate)\s*\((.*)\)$/s.exec(inner)
  const selector = /^(\w+)\s*(?:\{([^}]*)\})?\s*(?:\[([^\]]+)\])?$/s.exec((call?.[2] ?? inner).trim())
  const series = SERIES.find((one) => one === selector?.[1])
  const matchers = parseMatchers(selector?.[2] ?? '')
  const range = selector?.[3]
  if (series === undefined || matchers === null || (call !== null) !== (range !== undefined)) return null
  if (range !== undefined && !/^(\d+(ms|s|m|h))+$/.test(range)) return null
  const fn = call?.[1] === 'increase' ? 'increase' : call?.[1] === 'rate' ? 'rate' : null
  return {
    sumBy: sum === null ? null : labels(sum[1] ?? sum[3] ?? ''),
    fn,
    series,
    matchers,
    rangeMs: range === undefined ? null : durationMs(range),
  }
}

function passes(metric: Record<string, string>, matchers: readonly Matcher[]): boolean {
  return matchers.every(({ label, operator, value }) => {
    const actual = metric[label] ?? ''
    switch (operator) {
      case '=':
        return actual === value
      case '!=':
        return actual !== value
      case '=~':
        return new RegExp(`^(?:${value})$`).test(actual)
      case '!~':
        return !new RegExp(`^(?:${value})$`).test(actual)
    }
  })
}

function valueOf(deps: PrometheusDeps, machine: Machine, query: Query): { labels: Record<string, string>; value: number } | null {
  const run = deps.lifecycle.run(machine.id)
  const limit = memoryLimitBytes({ ...machine.config, init: {}, guest: { ...machine.config.guest, swap_size_mb: 0 } })
  switch (query.series) {
    case 'fly_instance_net_sent_bytes':
    case 'fly_instance_net_recv_bytes': {
      const direction = query.series === 'fly_instance_net_sent_bytes' ? 'sent' : 'received'
      const increase =
        query.rangeMs === null ? deps.traffic.total(machine.id, direction) : deps.traffic.increase(machine.id, direction, query.rangeMs)
      return { labels: { device: 'eth0' }, value: query.fn === 'rate' ? increase / ((query.rangeMs ?? 1000) / 1000) : increase }
    }
    case 'fly_instance_cpu':
      // Fly counts hundredths of a second, as the kernel does.
      return run?.kind === 'process' ? { labels: { mode: 'user', cpu_id: '0' }, value: run.cpuMs / 10 } : null
    case 'fly_instance_memory_mem_total':
      return run === undefined ? null : { labels: {}, value: limit }
    case 'fly_instance_memory_mem_available':
      return run === undefined ? null : { labels: {}, value: Math.max(0, limit - (run.kind === 'process' ? run.memoryBytes : 0)) }
    case 'fly_volume_used_pct':
      return null
    case 'fly_instance_exit_oom':
      return { labels: {}, value: machine.oomKilled ? 1 : 0 }
  }
}

async function samplesOf(deps: PrometheusDeps, app: App, query: Query): Promise<Sample[]> {
  const base = (region: string): Record<string, string> => ({ __name__: query.series, app: app.name, region, host: 'local' })
  const samples: Sample[] = []
  if (query.series === 'fly_volume_used_pct') {
    for (const volume of app.volumes) {
      const metric = { ...base(volume.region), id: volume.id, instance: volume.machineId ?? '' }
      if (volume.state !== 'created' || !passes(metric, query.matchers)) continue
      samples.push({ metric, value: ((await sizeOf(deps.platform.folders.volume(volume.id))) / (volume.sizeGb * 1024 ** 3)) * 100 })
    }
    return samples
  }
  for (const machine of app.machines) {
    const found = valueOf(deps, machine, query)
    if (found === null) continue
    const metric = { ...base(machine.region), instance: machine.id, ...found.labels }
    if (passes(metric, query.matchers)) samples.push({ metric, value: found.value })
  }
  return samples
}

function summed(samples: readonly Sample[], by: readonly string[]): Sample[] {
  const groups = new Map<string, Sample>()
  for (const sample of samples) {
    const metric = Object.fromEntries(by.flatMap((label) => (sample.metric[label] === undefined ? [] : [[label, sample.metric[label]]])))
    const group = groups.get(JSON.stringify(metric)) ?? { metric, value: 0 }
    group.value += sample.value
    groups.set(JSON.stringify(metric), group)
  }
  return [...groups.values()]
}

/** Answers an instant query over the apps of one organisation; null when the query is not understood. */
export async function runQuery(deps: PrometheusDeps, orgSlug: string, text: string): Promise<Sample[] | null> {
  const query = parseQuery(text)
  if (query === null) return null
  const exact = query.matchers.find((matcher) => matcher.label === 'app' && matcher.operator === '=')
  const named = exact === undefined ? undefined : deps.platform.findApp(exact.value)
  const apps = exact === undefined ? [...deps.platform.apps()] : named === undefined ? [] : [named]
  const samples: Sample[] = []
  for (const app of apps) if (app.orgSlug === orgSlug) samples.push(...(await samplesOf(deps, app, query)))
  if (query.sumBy !== null) return summed(samples, query.sumBy)
  if (query.fn !== null) for (const sample of samples) delete sample.metric['__name__']
  return samples
}
