import { rm } from 'node:fs/promises'
import type { Hono } from 'hono'
import { z } from 'zod'
import { messageOf } from '../../lib/errors.ts'
import { refusals } from '../api-error.ts'
import { hexId, letterId } from '../ids.ts'
import type { Lifecycle } from '../lifecycle.ts'
import type { App, IpAssignment } from '../model.ts'
import type { Platform } from '../platform.ts'
import { appOf, bodyOf, type ApiDeps, type Env } from './context.ts'
import { appView, ipView } from './views.ts'

const createAppSchema = z.object({
  app_name: z.string().optional(),
  name: z.string().optional(),
  org_slug: z.string().default('personal'),
  network: z.string().optional(),
  enable_subdomains: z.boolean().optional(),
})
const assignIpSchema = z.object({
  type: z.enum(['shared_v4', 'v4', 'v6', 'private_v6']),
  region: z.string().optional(),
  service_name: z.string().optional(),
  network: z.string().optional(),
  org_slug: z.string().optional(),
})
const APP_NAME = /^[a-z0-9](?:[a-z0-9-]{0,60}[a-z0-9])?$/

function createApp(platform: Platform, body: z.infer<typeof createAppSchema>): App {
  const name = body.app_name ?? body.name ?? ''
  if (!APP_NAME.test(name)) throw refusals.nameInvalid()
  if (platform.findApp(name) !== undefined) throw refusals.nameTaken()
  return {
    id: letterId('', 16, platform.random),
    number: Math.floor(platform.random() * 10_000_000),
    name,
    orgSlug: body.org_slug,
    network: body.network ?? 'default',
    createdAt: platform.clock.now().toISOString(),
    deleting: false,
    secretsVersion: 0,
    machines: [],
    volumes: [],
    certificates: [],
    ips: [],
  }
}

/** Destroys everything in an app and then its record. Also finishes what a killed server began. */
export async function destroyApp(platform: Platform, lifecycle: Lifecycle, app: App): Promise<void> {
  app.deleting = true
  platform.hide(app)
  await platform.save(app)
  await Promise.all(app.machines.filter((machine) => machine.state !== 'destroyed').map((machine) => lifecycle.destroy(app, machine)))
  for (const volume of app.volumes) {
    for (const folder of [platform.folders.volume(volume.id), ...volume.snapshots.map((snapshot) => platform.folders.snapshot(snapshot.id))])
      await rm(folder, { recursive: true, force: true })
  }
  await platform.erase(app)
}

function addressOf(platform: Platform, type: z.infer<typeof assignIpSchema>['type']): string {
  const { random } = platform
  switch (type) {
    case 'shared_v4':
      return `66.241.124.${1 + Math.floor(random() * 250)}`
    case 'v4':
      return `137.66.${1 + Math.floor(random() * 250)}.${1 + Math.floor(random() * 250)}`
    case 'v6':
      return `2a09:8280:1::${hexId(2, random)}:${hexId(4, random)}:0`
    case 'private_v6':
      return `fdaa:0:${hexId(4, random)}:0:1::${hexId(2, random)}`
  }
}

function registerIps(api: Hono<Env>, deps: ApiDeps): void {
  const { platform } = deps
  api.get('/v1/apps/:app/ip_assignments', (c) => c.json({ ips: appOf(deps, c).ips.map(ipView) }))
  api.post('/v1/apps/:app/ip_assignments', async (c) => {
    const app = appOf(deps, c)
    const body = bodyOf(c, assignIpSchema)
    const shared = app.ips.find((ip) => ip.type === 'shared_v4' && body.type === 'shared_v4')
    if (shared !== undefined) return c.json(ipView(shared))
    const ip: IpAssignment = {
      ip: addressOf(platform, body.type),
      type: body.type,
      region: body.region ?? 'global',
      shared: body.type === 'shared_v4',
      serviceName: body.service_name ?? '',
      createdAt: platform.clock.now().toISOString(),
    }
    app.ips.push(ip)
    await platform.save(app)
    return c.json(ipView(ip))
  })
  api.delete('/v1/apps/:app/ip_assignments/:ip', async (c) => {
    const app = appOf(deps, c)
    if (!app.ips.some((ip) => ip.ip === c.req.param('ip'))) throw refusals.notFound('IP address')
    app.ips = app.ips.filter((ip) => ip.ip !== c.req.param('ip'))
    await platform.save(app)
    return c.body(null, 204)
  })
}

/** Apps and their addresses. */
export function registerApps(api: Hono<Env>, deps: ApiDeps): void {
  const { platform } = deps
  api.get('/v1/apps', (c) => {
    const org = c.req.query('org_slug')
    const oldest = platform.clock.now().getTime() - c.get('staleMs')
    const apps = [...platform.apps()].filter(
      (app) => (org === undefined || app.orgSlug === org) && (c.get('staleMs') === 0 || Date.parse(app.createdAt) <= oldest),
    )
    return c.json({ total_apps: apps.length, apps: apps.map(appView) })
  })
  api.post('/v1/apps', async (c) => {
    const app = createApp(platform, bodyOf(c, createAppSchema))
    platform.add(app)
    await platform.save(app)
    return c.json({ id: app.id, created_at: Date.parse(app.createdAt) }, 201)
  })
  api.get('/v1/apps/:app', (c) => c.json(appView(appOf(deps, c))))
  api.delete('/v1/apps/:app', async (c) => {
    const app = appOf(deps, c)
    app.deleting = true
    platform.hide(app)
    await platform.save(app)
    destroyApp(platform, deps.lifecycle, app).catch((error: unknown) =>
      platform.log.error({ app: app.name, reason: messageOf(error) }, 'could not destroy an app'),
    )
    return c.body(null, 202)
  })
  registerIps(api, deps)
}
