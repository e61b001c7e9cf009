import type { Hono } from 'hono'
import { refusals } from '../api-error.ts'
import { runQuery } from '../prometheus.ts'
import { appOf, type ApiContext, type ApiDeps, type Env } from './context.ts'

async function promQuery(deps: ApiDeps, c: ApiContext, query: string): Promise<Response> {
  const samples = await runQuery(deps, c.req.param('org') ?? '', query)
  if (samples === null) return c.json({ status: 'error', errorType: 'bad_data', error: `this server does not understand the query: ${query}` }, 400)
  const at = deps.platform.clock.now().getTime() / 1000
  return c.json({
    status: 'success',
    data: { resultType: 'vector', result: samples.map((sample) => ({ metric: sample.metric, value: [at, String(sample.value)] })) },
  })
}

function serverMetrics(deps: ApiDeps): string {
  const states = new Map<string, number>()
  let apps = 0
  for (const app of deps.platform.apps()) {
    apps += 1
    for (const machine of app.machines) states.set(machine.state, (states.get(machine.state) ?? 0) + 1)
  }
  return [
    '# HELP machines_apps Apps that exist.',
    '# TYPE machines_apps gauge',
    `machines_apps ${apps}`,
    '# HELP machines_machines Machines by state.',
    '# TYPE machines_machines gauge',
    ...[...states].map(([state, count]) => `machines_machines{state="${state}"} ${count}`),
    '# HELP process_resident_memory_bytes Memory of this server.',
    '# TYPE process_resident_memory_bytes gauge',
    `process_resident_memory_bytes ${process.memoryUsage.rss()}`,
    '',
  ].join('\n')
}

/** What Fly serves beside the Machines API: logs and Prometheus; and the metrics of this server. */
export function registerPlatformEndpoints(api: Hono<Env>, deps: ApiDeps): void {
  api.get('/api/v1/apps/:app/logs', (c) => {
    const app = appOf(deps, c)
    const { instance, region, next_token: token } = c.req.query()
    if (token !== undefined && token !== '' && !/^\d+$/.test(token)) throw refusals.badRequest(`invalid next_token: ${token}`)
    const machines = app.machines.filter(
      (machine) => (instance === undefined || machine.id === instance) && (region === undefined || machine.region === region),
    )
    const page = deps.logs.read(
      machines.map((machine) => machine.id),
      token ?? null,
    )
    const data = page.lines.map((line) => {
      const where = machines.find((machine) => machine.id === line.machineId)?.region ?? ''
      return {
        id: String(line.id),
        type: 'log',
        attributes: {
          timestamp: line.at,
          message: line.message,
          level: line.level,
          instance: line.machineId,
          region: where,
          meta: { instance: line.machineId, region: where, event: { provider: line.provider } },
        },
      }
    })
    return c.json({ data, meta: { next_token: page.nextToken } })
  })
  api.get('/prometheus/:org/api/v1/query', (c) => promQuery(deps, c, c.req.query('query') ?? ''))
  api.post('/prometheus/:org/api/v1/query', (c) => promQuery(deps, c, new URLSearchParams(c.get('rawBody')).get('query') ?? ''))
  api.get('/metrics', (c) => c.text(serverMetrics(deps)))
}
