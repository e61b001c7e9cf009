import type { Hono } from 'hono'
import { z } from 'zod'
import { regions } from '../../domain/regions.ts'
import { refusals } from '../api-error.ts'
import type { App, Machine, Volume } from '../model.ts'
import { bodyOf, queryNumber, type ApiContext, type ApiDeps, type Env } from './context.ts'
import { orgMachineView, orgVolumeView } from './views.ts'

const PAGE_MAX = 1000
const REGION_NEAREST = 'iad'

const placementSchema = z.object({
  org_slug: z.string(),
  region: z.string().optional(),
  count: z.int().optional(),
  volume_name: z.string().optional(),
  volume_size_bytes: z.number().optional(),
  compute: z.looseObject({}).optional(),
  weights: z.looseObject({}).optional(),
})

type Item<T> = { app: App; item: T; at: string; id: string }
type Page<T> = { items: Item<T>[]; nextCursor: string }

/** One page of what changed, oldest change first; the cursor names the last item that was given. */
function pageOf<T>(c: ApiContext, all: Item<T>[]): Page<T> {
  const limit = Math.min(PAGE_MAX, queryNumber(c, 'limit') ?? PAGE_MAX)
  const cursor = c.req.query('cursor')
  const after = c.req.query('updated_after')
  if (after !== undefined && Number.isNaN(Date.parse(after))) throw refusals.badRequest(`invalid updated_after: ${after}`)
  const keyOf = (one: Item<T>): string => `${one.at} ${one.id}`
  const start =
    cursor !== undefined && cursor !== ''
      ? Buffer.from(cursor, 'base64url').toString()
      : after === undefined
        ? ''
        : `${new Date(after).toISOString()} ~`
  const wanted = all.filter((one) => keyOf(one) > start)
  wanted.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1))
  const items = wanted.slice(0, limit)
  const last = items.at(-1)
  return { items, nextCursor: last === undefined || items.length === wanted.length ? '' : Buffer.from(keyOf(last)).toString('base64url') }
}

function* inOrg(deps: ApiDeps, slug: string): Iterable<App> {
  for (const app of deps.platform.apps()) if (app.orgSlug === slug) yield app
}

function visible(c: ApiContext, item: { region: string; state: string; createdAt: string; destroyedAt: string | null }, now: number): boolean {
  const states = c.req.query('state')?.split(',')
  const region = c.req.query('region')
  const staleMs = c.get('staleMs')
  if (item.destroyedAt !== null && c.req.query('include_deleted') !== 'true') return staleMs > 0 && Date.parse(item.destroyedAt) > now - staleMs
  if (staleMs > 0 && Date.parse(item.createdAt) > now - staleMs) return false
  return (region === undefined || item.region === region) && (states === undefined || states.includes(item.state))
}

/** Everything in an organisation, and where it can be. */
export function registerOrgs(api: Hono<Env>, deps: ApiDeps): void {
  const now = (): number => deps.platform.clock.now().getTime()
  api.get('/v1/orgs/:org/machines', (c) => {
    const all: Item<Machine>[] = []
    for (const app of inOrg(deps, c.req.param('org')))
      for (const item of app.machines) if (visible(c, item, now())) all.push({ app, item, at: item.updatedAt, id: item.id })
    const { items, nextCursor } = pageOf(c, all)
    const last = items.at(-1)
    const summary = c.req.query('summary') === 'true'
    return c.json({
      machines: items.map(({ app, item }) => orgMachineView(app, item, summary)),
      next_cursor: nextCursor,
      error_regions: [],
      last_machine_id: last?.id ?? '',
      last_updated_at: last?.at ?? '',
    })
  })
  api.get('/v1/orgs/:org/volumes', (c) => {
    const all: Item<Volume>[] = []
    for (const app of inOrg(deps, c.req.param('org')))
      for (const item of app.volumes) if (visible(c, item, now())) all.push({ app, item, at: item.updatedAt, id: item.id })
    const { items, nextCursor } = pageOf(c, all)
    const last = items.at(-1)
    return c.json({
      volumes: items.map(({ app, item }) => orgVolumeView(app, item)),
      next_cursor: nextCursor,
      last_volume_id: last?.id ?? '',
      last_updated_at: last?.at ?? '',
    })
  })
  api.get('/v1/platform/regions', (c) =>
    c.json({
      nearest: REGION_NEAREST,
      regions: regions.map((region) => ({
        code: region.code,
        name: `${region.city}, ${region.country}`,
        latitude: region.latitude,
        longitude: region.longitude,
        geo_region: region.area.replace('-', '_'),
        gateway_available: true,
        requires_paid_plan: false,
        deprecated: false,
      })),
    }),
  )
  api.post('/v1/platform/placements', (c) => {
    const body = bodyOf(c, placementSchema)
    const wanted = (body.region ?? 'any').split(',')
    const found = regions.filter((region) => wanted.includes('any') || wanted.includes(region.code))
    return c.json({ regions: found.map((region) => ({ region: region.code, count: body.count ?? 10, concurrency: 0 })) })
  })
}
