// One server per test on a folder of its own, and a client that asserts nothing.
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { z } from 'zod'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import type { Fault } from '../../src/local/faults.ts'
import { startMachinesServer, type MachinesServer, type MachinesServerOptions } from '../../src/local/server.ts'

export const machineSchema = z.looseObject({
  id: z.string(),
  name: z.string(),
  state: z.string(),
  region: z.string(),
  instance_id: z.string(),
  updated_at: z.string(),
  host_status: z.string(),
  nonce: z.string().optional(),
  config: z.looseObject({ metadata: z.record(z.string(), z.string()).optional(), env: z.record(z.string(), z.string()).optional() }).optional(),
  incomplete_config: z.looseObject({}).optional(),
  events: z.array(
    z.looseObject({
      id: z.string(),
      type: z.string(),
      status: z.string(),
      source: z.string(),
      timestamp: z.number(),
      request: z.looseObject({}).optional(),
    }),
  ),
})
export const volumeSchema = z.looseObject({
  id: z.string(),
  state: z.string(),
  size_gb: z.number(),
  attached_machine_id: z.string(),
  region: z.string(),
})
const exitSchema = z.object({
  exit_event: z.looseObject({ exit_code: z.number(), oom_killed: z.boolean(), requested_stop: z.boolean(), restarting: z.boolean() }),
})
const execSchema = z.object({ exit_code: z.number(), stdout: z.string(), stderr: z.string() })

export type Machine = z.infer<typeof machineSchema>
export type Answer = { status: number; body: unknown; headers: Headers; text: string }
export type Harness = Awaited<ReturnType<typeof harness>>

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'machines-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }))
  return folder
}

/** Polls until `read` gives something, at most `withinMs`. */
export async function eventually<T>(read: () => Promise<T | undefined> | T | undefined, withinMs = 8000): Promise<T> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const value = await read()
    if (value !== undefined) return value
    if (performance.now() > deadline) throw new Error(`not within ${withinMs} ms: ${read.toString()}`)
    await systemClock.sleep(20)
  }
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Asks an app through the edge. Names under .localhost are not resolved everywhere, so the address is given by the Host header. */
export async function visit(
  server: MachinesServer,
  app: string,
  path: string,
  options: { method?: string; body?: string; host?: string } = {},
): Promise<{ status: number; text: string }> {
  const address = new URL(server.addressTemplate.replace('{app}', app))
  return await new Promise((resolve, reject) => {
    const sent = request(
      { host: '127.0.0.1', port: address.port, path, method: options.method ?? 'GET', headers: { host: options.host ?? address.host }, agent: false },
      (reply) => {
        let text = ''
        reply.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk))
        reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text }))
      },
    )
    sent.on('error', reject)
    sent.end(options.body)
  })
}

/** A client of the API for one server. */
export function clientOf(server: MachinesServer, token = server.token) {
  const call = async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> => {
    const base = /^\/(admin|api|prometheus|metrics)/.test(path) ? server.platformUrl : server.apiUrl
    const response = await fetch(base + path, {
      method,
      headers: { authorization: `Bearer ${token}`, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, body: asJson(text) }
  }
  const machine = async (app: string, id: string): Promise<Machine> => machineSchema.parse((await call('GET', `/apps/${app}/machines/${id}`)).body)
  return {
    server,
    call,
    machine,
    fault: (fault: Fault) => call('POST', '/admin/faults', fault),
    async app(name = 'shell'): Promise<string> {
      await call('POST', '/apps', { app_name: name, org_slug: 'personal', network: `net-${name}` })
      return name
    },
    async create(app: string, config: Record<string, unknown> = {}, rest: Record<string, unknown> = {}): Promise<Machine> {
      const answer = await call('POST', `/apps/${app}/machines`, { config: { image: 'gateway:inline', ...config }, ...rest })
      return machineSchema.parse(answer.body)
    },
    async volume(app: string, rest: Record<string, unknown> = {}): Promise<z.infer<typeof volumeSchema>> {
      return volumeSchema.parse((await call('POST', `/apps/${app}/volumes`, { name: 'data', region: 'ams', size_gb: 1, ...rest })).body)
    },
    /** The machine, once it is in this state. */
    async reaches(app: string, id: string, state: string, withinMs?: number): Promise<Machine> {
      return await eventually(async () => {
        const found = await machine(app, id)
        return found.state === state ? found : undefined
      }, withinMs)
    },
    async exits(app: string, id: string): Promise<z.infer<typeof exitSchema>['exit_event'][]> {
      return (await machine(app, id)).events.filter((event) => event.type === 'exit').map((event) => exitSchema.parse(event.request).exit_event)
    },
    async shell(app: string, id: string, cmd: string): Promise<z.infer<typeof execSchema>> {
      return execSchema.parse((await call('POST', `/apps/${app}/machines/${id}/exec`, { cmd })).body)
    },
    /** The status of a path of the gateway, once it is `status`. */
    async answers(app: string, path: string, status: number): Promise<void> {
      await eventually(async () => ((await visit(server, app, path)).status === status ? true : undefined))
    },
  }
}

/** A started server with test controls and without rate limits, unless told otherwise. */
export async function harness(
  options: Partial<MachinesServerOptions> = {},
): Promise<ReturnType<typeof clientOf> & { dir: string; close(): Promise<void> }> {
  const dir = options.dir ?? temporaryFolder()
  const server = await startMachinesServer({
    dir,
    runtimeDir: join(dir, 'runtime'),
    log: silentLog,
    clock: systemClock,
    rateLimits: false,
    testControls: true,
    nodePath: process.execPath,
    ...options,
  })
  let open = true
  const close = async (): Promise<void> => {
    if (open) await server.close()
    open = false
  }
  onTestFinished(close)
  return { ...clientOf(server), dir, close }
}
