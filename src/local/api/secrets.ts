import { createHash } from 'node:crypto'
import type { Hono } from 'hono'
import { z } from 'zod'
import { refusals } from '../api-error.ts'
import type { App, Secrets } from '../model.ts'
import { appOf, bodyOf, queryNumber, type ApiContext, type ApiDeps, type Env } from './context.ts'
import { secretView } from './views.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
const valueSchema = z.object({ value: z.string() })
const bulkSchema = z.object({ values: z.record(z.string(), z.string().nullable()) })

function withValue(secrets: Secrets, app: App, change: { name: string; value: string; now: string }): Secrets {
  if (!NAME.test(change.name)) throw refusals.badRequest(`invalid secret name: ${change.name}`)
  const digest = createHash('sha256').update(`${app.id}\0${change.value}`).digest('hex').slice(0, 16)
  return {
    ...secrets,
    [change.name]: { value: change.value, digest, createdAt: secrets[change.name]?.createdAt ?? change.now, updatedAt: change.now },
  }
}

function without(secrets: Secrets, name: string): Secrets {
  return Object.fromEntries(Object.entries(secrets).filter(([key]) => key !== name))
}

/** Secrets of an app: written, listed by digest, never given back. Machines get them when they start or are updated. */
export function registerSecrets(api: Hono<Env>, deps: ApiDeps): void {
  const { platform } = deps
  const version = (app: App): { version: number; Version: number } => ({ version: app.secretsVersion, Version: app.secretsVersion })
  const readable = (c: ApiContext): App => {
    const app = appOf(deps, c)
    const least = queryNumber(c, 'min_version')
    if (least !== undefined && least > app.secretsVersion)
      throw refusals.precondition(`secrets version ${least} is not available, the app is at ${app.secretsVersion}`)
    return app
  }
  const listed = (app: App): Record<string, unknown>[] => Object.entries(platform.secrets(app)).map(([name, secret]) => secretView(name, secret))
  api.get('/v1/apps/:app/secrets', (c) => c.json({ secrets: listed(readable(c)) }))
  api.post('/v1/apps/:app/secrets', async (c) => {
    const app = appOf(deps, c)
    const now = platform.clock.now().toISOString()
    let secrets = platform.secrets(app)
    for (const [name, value] of Object.entries(bodyOf(c, bulkSchema).values))
      secrets = value === null ? without(secrets, name) : withValue(secrets, app, { name, value, now })
    await platform.setSecrets(app, secrets)
    return c.json({ secrets: listed(app), ...version(app) })
  })
  api.get('/v1/apps/:app/secrets/:name', (c) => {
    const secret = platform.secrets(readable(c))[c.req.param('name')]
    if (secret === undefined) throw refusals.notFound('secret')
    return c.json(secretView(c.req.param('name'), secret))
  })
  api.post('/v1/apps/:app/secrets/:name', async (c) => {
    const app = appOf(deps, c)
    const name = c.req.param('name')
    const secrets = withValue(platform.secrets(app), app, { name, value: bodyOf(c, valueSchema).value, now: platform.clock.now().toISOString() })
    await platform.setSecrets(app, secrets)
    const secret = secrets[name]
    return c.json({ ...(secret !== undefined && secretView(name, secret)), ...version(app) }, 201)
  })
  api.delete('/v1/apps/:app/secrets/:name', async (c) => {
    const app = appOf(deps, c)
    if (platform.secrets(app)[c.req.param('name')] === undefined) throw refusals.notFound('secret')
    await platform.setSecrets(app, without(platform.secrets(app), c.req.param('name')))
    return c.json(version(app))
  })
}
