import type { Hono } from 'hono'
import { z } from 'zod'
import { refusals } from '../api-error.ts'
import { hexId } from '../ids.ts'
import type { App, Certificate } from '../model.ts'
import { appOf, bodyOf, queryNumber, type ApiContext, type ApiDeps, type Env } from './context.ts'
import { certificateSummary, certificateView } from './views.ts'

const PAGE_MAX = 100
const hostnameSchema = z.object({
  hostname: z
    .string()
    .toLowerCase()
    .regex(/^(\*\.)?([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]+$/, 'not a hostname'),
})

function records(app: App, certificate: Certificate): Record<string, unknown> {
  const active = certificate.status === 'active'
  return {
    a: active ? ['66.241.124.10'] : [],
    aaaa: [],
    cname: active ? [`${app.name}.fly.dev`] : [],
    resolved_addresses: [],
    acme_challenge_cname: '',
    ownership_txt: '',
    soa: '',
  }
}

/** Certificates. DNS cannot be asked from here: names under .localhost are active when checked, others once a test says so. */
export function registerCertificates(api: Hono<Env>, deps: ApiDeps): void {
  const { platform } = deps
  const found = (c: ApiContext): { app: App; certificate: Certificate } => {
    const app = appOf(deps, c)
    const certificate = app.certificates.find((one) => one.hostname === c.req.param('hostname'))
    if (certificate === undefined) throw refusals.notFound('certificate')
    return { app, certificate }
  }
  api.get('/v1/apps/:app/certificates', (c) => {
    const { certificates } = appOf(deps, c)
    const from = Number(c.req.query('cursor') ?? 0)
    const limit = queryNumber(c, 'limit') ?? PAGE_MAX
    const page = certificates.filter((one) => one.hostname.includes(c.req.query('filter') ?? '')).slice(from, from + limit)
    return c.json({
      certificates: page.map(certificateSummary),
      total_count: certificates.length,
      next_cursor: from + page.length < certificates.length ? String(from + page.length) : '',
    })
  })
  api.post('/v1/apps/:app/certificates/acme', async (c) => {
    const app = appOf(deps, c)
    const { hostname } = bodyOf(c, hostnameSchema)
    if (platform.findAppByHostname(hostname) !== undefined) throw refusals.hostnameTaken(hostname)
    const now = platform.clock.now().toISOString()
    const certificate: Certificate = { hostname, status: 'pending_ownership', createdAt: now, updatedAt: now, token: hexId(12, platform.random) }
    app.certificates.push(certificate)
    await platform.save(app)
    return c.json(certificateView(app, certificate), 201)
  })
  api.get('/v1/apps/:app/certificates/:hostname', (c) => {
    const { app, certificate } = found(c)
    return c.json(certificateView(app, certificate))
  })
  api.post('/v1/apps/:app/certificates/:hostname/check', async (c) => {
    const { app, certificate } = found(c)
    if (certificate.hostname.endsWith('.localhost') && certificate.status !== 'active') {
      certificate.status = 'active'
      certificate.updatedAt = platform.clock.now().toISOString()
      await platform.save(app)
    }
    return c.json({ ...certificateView(app, certificate), dns_records: records(app, certificate) })
  })
  for (const [suffix, status] of [
    ['', 204],
    ['/acme', 200],
  ] as const) {
    api.delete(`/v1/apps/:app/certificates/:hostname${suffix}`, async (c) => {
      const { app, certificate } = found(c)
      app.certificates = app.certificates.filter((one) => one !== certificate)
      await platform.save(app)
      return status === 204 ? c.body(null, 204) : c.json(certificateView(app, certificate))
    })
  }
}
