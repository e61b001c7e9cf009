import type { Hono } from 'hono'
import { z } from 'zod'
import { refusals } from '../api-error.ts'
import {
  checkLease,
  createMachine,
  createMachineSchema,
  destroyMachine,
  restartMachine,
  startMachine,
  stopMachine,
  updateMachine,
  updateMachineSchema,
} from '../machine-rules.ts'
import { durationMs, durationSchema, stopSchema } from '../machine-config.ts'
import type { App, Machine } from '../model.ts'
import { appOf, bodyOf, hostIsDown, machineOf, type ApiContext, type ApiDeps, type Env } from './context.ts'
import { eventViews, machineView } from './views.ts'

const SIGNALS = [
  'SIGABRT',
  'SIGALRM',
  'SIGFPE',
  'SIGHUP',
  'SIGILL',
  'SIGINT',
  'SIGKILL',
  'SIGPIPE',
  'SIGQUIT',
  'SIGSEGV',
  'SIGTERM',
  'SIGTRAP',
  'SIGUSR1',
  'SIGUSR2',
] as const
const signalSchema = z.object({ signal: z.enum(SIGNALS) })
const restartQuery = z.object({ timeout: durationSchema.optional(), signal: z.enum(SIGNALS).optional() })
const LONG_AGO = new Date(0).toISOString()

/** The machine, provided that its host answers and that the caller may change it. */
export function changeable(deps: ApiDeps, c: ApiContext): { app: App; machine: Machine } {
  const found = machineOf(deps, c)
  if (hostIsDown(deps, found.app, found.machine)) throw refusals.hostUnreachable()
  checkLease(deps.platform, found.machine, c.req.header('fly-machine-lease-nonce') ?? null)
  return found
}

function list(deps: ApiDeps, c: ApiContext): Machine[] {
  const app = appOf(deps, c)
  const staleMs = c.get('staleMs')
  const horizon = deps.platform.clock.now().getTime() - staleMs
  const query = c.req.query()
  const metadata = Object.entries(query).flatMap(([key, value]) =>
    key.startsWith('metadata.') ? [[key.slice('metadata.'.length), value] as const] : [],
  )
  const states = query['state']?.split(',')
  return app.machines.filter((machine) => {
    const dead = machine.state === 'destroyed' && (staleMs === 0 || Date.parse(machine.destroyedAt ?? LONG_AGO) <= horizon)
    if (dead && query['include_deleted'] !== 'true') return false
    if (staleMs > 0 && Date.parse(machine.createdAt) > horizon) return false
    if (query['region'] !== undefined && machine.region !== query['region']) return false
    if (states !== undefined && !states.includes(machine.state)) return false
    return metadata.every(([key, value]) => machine.config.metadata?.[key] === value)
  })
}

/** In a stale list a machine that was destroyed meanwhile still looks stopped. */
function staleView(deps: ApiDeps, c: ApiContext, machine: Machine): Record<string, unknown> {
  const view = machineView(machine, { hostDown: hostIsDown(deps, appOf(deps, c), machine) })
  return c.get('staleMs') > 0 && machine.state === 'destroyed' ? { ...view, state: 'stopped' } : view
}

function registerSignals(api: Hono<Env>, deps: ApiDeps): void {
  api.post('/v1/apps/:app/machines/:id/signal', (c) => {
    const { machine } = changeable(deps, c)
    const { signal } = bodyOf(c, signalSchema)
    const run = deps.lifecycle.run(machine.id)
    if (run === undefined) throw refusals.precondition(`unable to signal machine, its state is '${machine.state}'`)
    if (run.kind === 'process') run.process.signal(signal)
    return c.json({ ok: true })
  })
  api.post('/v1/apps/:app/machines/:id/suspend', (c) => {
    changeable(deps, c)
    throw refusals.badRequest('suspend is not supported by this server')
  })
  for (const cordoned of [true, false]) {
    api.post(`/v1/apps/:app/machines/:id/${cordoned ? 'cordon' : 'uncordon'}`, async (c) => {
      const { app, machine } = changeable(deps, c)
      if (machine.cordoned !== cordoned) {
        machine.cordoned = cordoned
        deps.platform.changed(app, machine)
        await deps.platform.save(app)
      }
      return c.json({ ok: true })
    })
  }
}

function registerPower(api: Hono<Env>, deps: ApiDeps): void {
  const { platform } = deps
  api.post('/v1/apps/:app/machines/:id/start', async (c) => {
    const { app, machine } = changeable(deps, c)
    const previous = startMachine(deps, app, machine)
    await platform.save(app)
    return c.json({ previous_state: previous, migrated: false, new_host: '' })
  })
  api.post('/v1/apps/:app/machines/:id/stop', async (c) => {
    const { app, machine } = changeable(deps, c)
    const body = bodyOf(c, stopSchema)
    stopMachine(deps, app, { machine, signal: body.signal, timeoutMs: body.timeout === undefined ? undefined : durationMs(body.timeout) })
    await platform.save(app)
    return c.json({ ok: true })
  })
  api.post('/v1/apps/:app/machines/:id/restart', async (c) => {
    const { app, machine } = changeable(deps, c)
    const query = restartQuery.safeParse({ timeout: c.req.query('timeout'), signal: c.req.query('signal') })
    if (!query.success) throw refusals.badRequest('invalid timeout or signal')
    restartMachine(deps, app, {
      machine,
      signal: query.data.signal,
      timeoutMs: query.data.timeout === undefined ? undefined : durationMs(query.data.timeout),
    })
    await platform.save(app)
    return c.json({ ok: true })
  })
}

/** Machines: make, show, change, move between states. */
export function registerMachines(api: Hono<Env>, deps: ApiDeps): void {
  const { platform } = deps
  api.get('/v1/apps/:app/machines', (c) => c.json(list(deps, c).map((machine) => staleView(deps, c, machine))))
  api.post('/v1/apps/:app/machines', async (c) => {
    const app = appOf(deps, c)
    const machine = createMachine(deps, app, bodyOf(c, createMachineSchema))
    const view = machineView(machine, { hostDown: false, nonce: machine.lease?.nonce })
    await platform.save(app)
    return c.json(view)
  })
  api.get('/v1/apps/:app/machines/:id', (c) => {
    const { app, machine } = machineOf(deps, c)
    return c.json(machineView(machine, { hostDown: hostIsDown(deps, app, machine) }))
  })
  api.post('/v1/apps/:app/machines/:id', async (c) => {
    const { app, machine } = changeable(deps, c)
    const body = bodyOf(c, updateMachineSchema)
    updateMachine(deps, app, { machine, body })
    const view = machineView(machine, { hostDown: false, nonce: body.lease_ttl === undefined ? undefined : machine.lease?.nonce })
    await platform.save(app)
    return c.json(view)
  })
  api.delete('/v1/apps/:app/machines/:id', async (c) => {
    const { app, machine } = changeable(deps, c)
    destroyMachine(deps, app, { machine, force: c.req.query('force') === 'true' })
    await platform.save(app)
    return c.json({ ok: true })
  })
  api.get('/v1/apps/:app/machines/:id/events', (c) => {
    const limit = Number(c.req.query('limit') ?? 20)
    return c.json(eventViews(machineOf(deps, c).machine).slice(0, limit))
  })
  api.get('/v1/apps/:app/machines/:id/versions', (c) =>
    c.json(machineOf(deps, c).machine.versions.map((one) => ({ version: one.version, user_config: one.config }))),
  )
  registerPower(api, deps)
  registerSignals(api, deps)
}
