import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { z } from 'zod'
import { ApiError, refusals } from '../api-error.ts'
import type { Faults } from '../faults.ts'
import type { RuleDeps } from '../machine-rules.ts'
import type { MachineLogs } from '../machine-logs.ts'
import type { Traffic } from '../traffic.ts'
import type { App, Machine } from '../model.ts'

export type ApiDeps = RuleDeps & { logs: MachineLogs; traffic: Traffic; faults: Faults; nodePath: string }
/** `staleMs`: how far in the past lists look, when a fault says so. */
export type Env = { Bindings: HttpBindings; Variables: { staleMs: number; rawBody: string } }
export type ApiContext = Context<Env>

/** Turns what a handler threw into an answer. */
export function answerFor(c: ApiContext, error: unknown): Response | null {
  return error instanceof ApiError ? c.json(error.body, statusOf(error.status)) : null
}

/** A status that carries a body. */
export function statusOf(status: number): ContentfulStatusCode {
  return z.custom<ContentfulStatusCode>((value) => typeof value === 'number' && value >= 200 && value < 600).parse(status)
}

/** The request's JSON, checked; an empty body counts as `{}`. Refuses (400) anything else. */
export function bodyOf<T>(c: ApiContext, schema: z.ZodType<T>): T {
  let json: unknown
  try {
    json = c.get('rawBody').trim() === '' ? {} : JSON.parse(c.get('rawBody'))
  } catch {
    throw refusals.badRequest('invalid JSON in the request body')
  }
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw refusals.badRequest(`invalid request body: ${issue === undefined ? 'malformed' : `${issue.path.join('.')}: ${issue.message}`}`)
}

/** A number from the query, or undefined; refuses (400) what is none. */
export function queryNumber(c: ApiContext, name: string): number | undefined {
  const text = c.req.query(name)
  if (text === undefined || text === '') return undefined
  const value = Number(text)
  if (!Number.isFinite(value)) throw refusals.badRequest(`invalid ${name}: ${text}`)
  return value
}

/** The app that the path names. */
export function appOf(deps: ApiDeps, c: ApiContext): App {
  return deps.platform.app(c.req.param('app') ?? '')
}

/** The app and machine that the path names. */
export function machineOf(deps: ApiDeps, c: ApiContext): { app: App; machine: Machine } {
  const app = appOf(deps, c)
  return { app, machine: deps.platform.machine(app, c.req.param('id') ?? '') }
}

/** Whether a fault says that this machine's host is down. */
export function hostIsDown(deps: ApiDeps, app: App, machine: Machine): boolean {
  return deps.faults.hostDown(`/v1/apps/${app.name}/machines/${machine.id}`)
}
