import { spawn } from 'node:child_process'
import type { Hono } from 'hono'
import { z } from 'zod'
import { refusals } from '../api-error.ts'
import { mappedPath } from '../launch.ts'
import type { Run } from '../lifecycle.ts'
import { liveLease, takeLease } from '../machine-rules.ts'
import { readProcessTable, signalGroup, treeOf } from '../process-table.ts'
import { bodyOf, hostIsDown, machineOf, queryNumber, type ApiContext, type ApiDeps, type Env } from './context.ts'
import { leaseView } from './views.ts'

const OUTPUT_LENGTH_MAX = 1024 * 1024
const EXEC_TIMEOUT_S_DEFAULT = 60

const leaseSchema = z.object({ ttl: z.int().min(1).optional(), description: z.string().optional() })
const execSchema = z.object({
  command: z.array(z.string()).optional(),
  cmd: z.string().optional(),
  stdin: z.string().optional(),
  timeout: z.int().min(0).optional(),
  container: z.string().optional(),
})
const metadataSchema = z.object({
  metadata: z.record(z.string(), z.string().nullable()),
  machine_version: z.string().optional(),
  updated_at: z.string().optional(),
})
const metadataValueSchema = z.object({ value: z.string(), updated_at: z.string().optional() })
type Exec = { args: readonly string[]; stdin: string; timeoutMs: number }

function registerLeases(api: Hono<Env>, deps: ApiDeps): void {
  const path = '/v1/apps/:app/machines/:id/lease'
  const nonceOf = (c: ApiContext): string | null => c.req.header('fly-machine-lease-nonce') ?? null
  api.get(path, (c) => {
    const lease = liveLease(deps.platform, machineOf(deps, c).machine)
    if (lease === null) throw refusals.notFound('lease')
    return c.json(leaseView(lease, lease.nonce === nonceOf(c)))
  })
  api.post(path, async (c) => {
    const { app, machine } = machineOf(deps, c)
    const body = bodyOf(c, leaseSchema)
    const lease = takeLease(deps.platform, machine, {
      ttlS: queryNumber(c, 'ttl') ?? body.ttl,
      description: body.description ?? '',
      nonce: nonceOf(c),
    })
    await deps.platform.save(app)
    return c.json(leaseView(lease, true), 201)
  })
  api.delete(path, async (c) => {
    const { app, machine } = machineOf(deps, c)
    const lease = liveLease(deps.platform, machine)
    if (lease === null) throw refusals.notFound('lease')
    if (lease.nonce !== nonceOf(c)) throw refusals.leaseHeld(lease.owner, lease.expiresAt)
    machine.lease = null
    await deps.platform.save(app)
    return c.json({ ok: true })
  })
}

function registerMetadata(api: Hono<Env>, deps: ApiDeps): void {
  const path = '/v1/apps/:app/machines/:id/metadata'
  const change = async (c: ApiContext, edit: (metadata: Record<string, string>) => Record<string, string>): Promise<Response> => {
    const { app, machine } = machineOf(deps, c)
    if (hostIsDown(deps, app, machine)) throw refusals.hostUnreachable()
    machine.config.metadata = edit({ ...machine.config.metadata })
    deps.platform.changed(app, machine)
    await deps.platform.save(app)
    return c.body(null, 204)
  }
  const present = (metadata: Record<string, string | null>): Record<string, string> =>
    Object.fromEntries(Object.entries(metadata).flatMap(([key, value]) => (value === null || value === '' ? [] : [[key, value]])))
  const checkVersion = (c: ApiContext, version: string | undefined): void => {
    const { machine } = machineOf(deps, c)
    if (version !== undefined && version !== machine.version) throw refusals.precondition(`machine_version ${version} is not the current one`)
  }
  api.get(path, (c) => c.json(machineOf(deps, c).machine.config.metadata ?? {}))
  api.put(path, (c) => {
    const body = bodyOf(c, metadataSchema)
    checkVersion(c, body.machine_version)
    return change(c, () => present(body.metadata))
  })
  api.patch(path, (c) => {
    const body = bodyOf(c, metadataSchema)
    checkVersion(c, body.machine_version)
    return change(c, (metadata) => present({ ...metadata, ...body.metadata }))
  })
  api.get(`${path}/:key`, (c) => {
    const value = machineOf(deps, c).machine.config.metadata?.[c.req.param('key')]
    if (value === undefined) throw refusals.notFound('metadata key')
    return c.json({ value })
  })
  api.post(`${path}/:key`, (c) => {
    const { value } = bodyOf(c, metadataValueSchema)
    return change(c, (metadata) => present({ ...metadata, [c.req.param('key')]: value }))
  })
  api.delete(`${path}/:key`, (c) =>
    change(c, (metadata) => Object.fromEntries(Object.entries(metadata).filter(([key]) => key !== c.req.param('key')))),
  )
}

async function execute(
  deps: ApiDeps,
  run: Run & { kind: 'process' },
  exec: Exec,
): Promise<{ exit_code: number; exit_signal: number; stdout: string; stderr: string }> {
  const mount = run.machine.config.mounts?.[0]?.path
  const [command = 'true', ...args] = exec.args.map((arg) => mappedPath(arg, mount, run.cwd) ?? arg)
  const child = spawn(command, args, { cwd: run.cwd, env: { ...run.env }, detached: true, stdio: ['pipe', 'pipe', 'pipe'] })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => void (output.stdout = (output.stdout + chunk).slice(0, OUTPUT_LENGTH_MAX)))
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => void (output.stderr = (output.stderr + chunk).slice(0, OUTPUT_LENGTH_MAX)))
  child.stdin.on('error', () => undefined).end(exec.stdin)
  const closed = new Promise<{ code: number | null; failure: string }>((resolve) => {
    child.once('error', (error) => resolve({ code: 127, failure: error.message }))
    child.once('close', (code) => resolve({ code, failure: '' }))
  })
  let ended = false
  const kill = (): void => {
    if (!ended && child.pid !== undefined) signalGroup(child.pid, 'SIGKILL')
  }
  // A command does not outlive its machine.
  void run.gone.then(kill)
  const waiting = new AbortController()
  const timedOut = deps.platform.clock.sleep(exec.timeoutMs, waiting.signal).then(() => {
    if (!waiting.signal.aborted) kill()
  })
  const { code, failure } = await closed
  ended = true
  waiting.abort()
  await timedOut
  return { exit_code: code ?? -1, exit_signal: code === null ? 9 : 0, stdout: output.stdout, stderr: output.stderr + failure }
}

function registerExec(api: Hono<Env>, deps: ApiDeps): void {
  api.post('/v1/apps/:app/machines/:id/exec', async (c) => {
    const { app, machine } = machineOf(deps, c)
    if (hostIsDown(deps, app, machine)) throw refusals.hostUnreachable()
    const body = bodyOf(c, execSchema)
    const args = body.command ?? (body.cmd === undefined ? [] : ['/bin/sh', '-c', body.cmd])
    if (args.length === 0) throw refusals.badRequest('command is required')
    const run = deps.lifecycle.run(machine.id)
    if (run === undefined) throw refusals.precondition(`unable to exec, machine is not started, its state is '${machine.state}'`)
    if (run.kind === 'inline')
      return c.json({ exit_code: 127, exit_signal: 0, stdout: '', stderr: 'this machine runs in memory and has no commands' })
    return c.json(await execute(deps, run, { args, stdin: body.stdin ?? '', timeoutMs: (body.timeout || EXEC_TIMEOUT_S_DEFAULT) * 1000 }))
  })
  api.get('/v1/apps/:app/machines/:id/ps', (c) => {
    const run = deps.lifecycle.run(machineOf(deps, c).machine.id)
    if (run?.kind !== 'process') return c.json([])
    const rows = treeOf(readProcessTable(), run.process.pid)
    return c.json(
      rows.map((row) => ({
        pid: row.pid,
        command: row.command,
        rss: row.rssBytes,
        cpu: 0,
        rtime: Math.round(row.cpuMs / 10),
        stime: 0,
        directory: run.cwd,
        listen_sockets: [],
      })),
    )
  })
}

/** What one machine carries: leases, metadata, commands, processes. */
export function registerMachineDetails(api: Hono<Env>, deps: ApiDeps): void {
  registerLeases(api, deps)
  registerMetadata(api, deps)
  registerExec(api, deps)
}
