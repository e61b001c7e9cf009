import type { Hono } from 'hono'
import { z } from 'zod'
import { refusals } from '../api-error.ts'
import { faultSchema } from '../faults.ts'
import { bodyOf, type ApiDeps, type Env } from './context.ts'

const REQUESTS_MAX = 20_000
const SECRET_KEYS = new Set(['value', 'values', 'raw_value', 'env'])

export type RecordedRequest = { method: string; path: string; query: string; status: number | null; body: unknown }
export type Recorder = { add(request: RecordedRequest): void; all(): readonly RecordedRequest[]; clear(): void }

/** Keeps the last requests, for tests that count them. */
export function createRecorder(): Recorder {
  let requests: RecordedRequest[] = []
  return {
    add(request) {
      requests.push(request)
      if (requests.length > REQUESTS_MAX) requests = requests.slice(REQUESTS_MAX / 2)
    },
    all: () => requests,
    clear() {
      requests = []
    },
  }
}

/** A request body without what may be secret in it. */
export function redacted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redacted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, SECRET_KEYS.has(key) ? hidden(inner) : redacted(inner)]))
}

function hidden(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value === null ? null : '[redacted]'
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, inner === null ? null : '[redacted]']))
}

const certificateSchema = z.object({ hostname: z.string(), status: z.enum(['pending_ownership', 'pending_validation', 'active']) })

/** The tests' back door: faults, recorded requests, the outcome of DNS checks. */
export function registerAdmin(api: Hono<Env>, deps: ApiDeps, recorder: Recorder): void {
  api.post('/admin/faults', (c) => {
    deps.faults.add(bodyOf(c, faultSchema))
    return c.json({ ok: true }, 201)
  })
  api.delete('/admin/faults', (c) => {
    deps.faults.clear()
    return c.json({ ok: true })
  })
  api.get('/admin/requests', (c) => c.json(recorder.all()))
  api.delete('/admin/requests', (c) => {
    recorder.clear()
    return c.json({ ok: true })
  })
  api.post('/admin/certificates', async (c) => {
    const { hostname, status } = bodyOf(c, certificateSchema)
    const app = deps.platform.findAppByHostname(hostname)
    const certificate = app?.certificates.find((one) => one.hostname === hostname)
    if (app === undefined || certificate === undefined) throw refusals.notFound('certificate')
    certificate.status = status
    certificate.updatedAt = deps.platform.clock.now().toISOString()
    await deps.platform.save(app)
    return c.json({ ok: true })
  })
}
