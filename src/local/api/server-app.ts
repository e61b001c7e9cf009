// The HTTP surface: who may ask, how often, what a test breaks on purpose, and which handler answers.
import { timingSafeEqual } from 'node:crypto'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { Hono, type MiddlewareHandler } from 'hono'
import { messageOf } from '../../lib/errors.ts'
import { ApiError, refusals } from '../api-error.ts'
import { delay, type Effect } from '../faults.ts'
import { ulid } from '../ids.ts'
import type { createRateLimits } from '../rate-limits.ts'
import { createRecorder, redacted, registerAdmin, type Recorder } from './admin.ts'
import { registerApps } from './apps.ts'
import { registerCertificates } from './certificates.ts'
import { answerFor, statusOf, type ApiContext, type ApiDeps, type Env } from './context.ts'
import { registerMachineDetails } from './machine-details.ts'
import { registerMachines } from './machines.ts'
import { registerOrgs } from './orgs.ts'
import { registerPlatformEndpoints } from './platform-endpoints.ts'
import { registerSecrets } from './secrets.ts'
import { registerVolumes } from './volumes.ts'
import { registerWait } from './wait.ts'

export type ServerAppOptions = { token: string; rateLimits: ReturnType<typeof createRateLimits> | null; testControls: boolean }

function authorised(header: string | undefined, token: string): boolean {
  const given = Buffer.from(/^(?:Bearer|FlyV1)\s+(?:FlyV1\s+)?(.+)$/.exec(header ?? '')?.[1]?.trim() ?? '')
  const wanted = Buffer.from(token)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

function hangUp(c: ApiContext): Response {
  c.env.outgoing.destroy()
  c.env.incoming.socket.destroy()
  return RESPONSE_ALREADY_SENT
}

/** Recorded with its answer's status; null when the answer was lost on purpose. */
function recording(recorder: Recorder): MiddlewareHandler<Env> {
  return async (c, next) => {
    const url = new URL(c.req.url)
    const entry = { method: c.req.method, path: url.pathname, query: url.search, status: null, body: redacted(parsed(c.get('rawBody'))) }
    const lostBefore = c.env.outgoing.destroyed
    await next()
    recorder.add({ ...entry, status: lostBefore || c.env.outgoing.destroyed ? null : c.res.status })
  }
}

function faultInjection(deps: ApiDeps): MiddlewareHandler<Env> {
  return async (c, next) => {
    const effects: Effect[] = deps.faults.strike({ method: c.req.method, path: c.req.path, body: parsed(c.get('rawBody')) })
    await delay(effects, deps.platform.clock)
    for (const effect of effects) {
      if (effect.kind === 'drop') return hangUp(c)
      if (effect.kind === 'answer') return c.newResponse(JSON.stringify(effect.body), statusOf(effect.status), { 'content-type': 'application/json' })
      if (effect.kind === 'stale-list') c.set('staleMs', effect.ms)
    }
    await next()
    if (effects.some((effect) => effect.kind === 'lost-answer')) c.res = hangUp(c)
    return undefined
  }
}

function registerAll(api: Hono<Env>, deps: ApiDeps): void {
  registerApps(api, deps)
  registerMachines(api, deps)
  registerWait(api, deps)
  registerMachineDetails(api, deps)
  registerVolumes(api, deps)
  registerSecrets(api, deps)
  registerCertificates(api, deps)
  registerOrgs(api, deps)
  registerPlatformEndpoints(api, deps)
}

/** The whole API as one Hono application. */
export function createServerApp(deps: ApiDeps, options: ServerAppOptions): Hono<Env> {
  const api = new Hono<Env>()
  const { platform } = deps
  api.use(async (c, next) => {
    c.header('fly-request-id', `${ulid(platform.clock.now(), platform.random)}-local`)
    c.set('staleMs', 0)
    if (c.req.path !== '/metrics' && !authorised(c.req.header('authorization'), options.token)) throw refusals.unauthorized()
    c.set('rawBody', c.req.method === 'GET' ? '' : await c.req.text())
    await next()
  })
  if (options.testControls) {
    const recorder = createRecorder()
    registerAdmin(api, deps, recorder)
    api.use('/v1/*', recording(recorder))
    for (const path of ['/v1/*', '/api/*', '/prometheus/*']) api.use(path, faultInjection(deps))
  }
  const { rateLimits } = options
  if (rateLimits !== null) {
    api.use('/v1/*', async (c, next) => {
      if (!rateLimits.allows(c.req.method, c.req.path)) throw refusals.rateLimited()
      await next()
    })
  }
  registerAll(api, deps)
  api.notFound((c) => c.json(new ApiError(404, 'page not found').body, 404))
  api.onError((error, c) => {
    const answer = answerFor(c, error)
    if (answer !== null) return answer
    platform.log.error({ path: c.req.path, reason: messageOf(error) }, 'a request failed')
    return c.json({ error: `internal server error: ${messageOf(error)}` }, 500)
  })
  return api
}
