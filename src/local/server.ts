// Fly's Machines API on the loopback interface: the provider of local mode and of the tests. Every machine is a real process group here.
// It keeps its own state under its own folder and knows nothing of the control plane that calls it; only app.ts and tests may import it.
import { Server } from 'node:http'
import { createAdaptorServer } from '@hono/node-server'
import { join } from 'node:path'
import type { Clock } from '../lib/clock.ts'
import { ConchError, assert, messageOf } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { randomId, systemRandom, type Random } from '../lib/random.ts'
import { destroyApp } from './api/apps.ts'
import type { ApiDeps } from './api/context.ts'
import { createServerApp } from './api/server-app.ts'
import { createEdge } from './edge.ts'
import { createFaults } from './faults.ts'
import { imageFor } from './images/catalogue.ts'
import { createRuntime, type Runtime } from './images/runtime.ts'
import { createLifecycle } from './lifecycle.ts'
import { createMachineLogs, logFileIn } from './machine-logs.ts'
import { startMachine } from './machine-rules.ts'
import { startMemoryWatch } from './memory-watch.ts'
import type { App, Secrets } from './model.ts'
import { createPlatform, type Platform } from './platform.ts'
import { createRateLimits } from './rate-limits.ts'
import { openStore, type Store } from './store.ts'
import { createTraffic } from './traffic.ts'
import { expire } from './volume-rules.ts'

const TOKEN_LENGTH = 40
const TRAFFIC_SAVE_MS = 60_000

export type MachinesServer = {
  /** Base of the Machines API, `http://127.0.0.1:<port>/v1`. */
  apiUrl: string
  /** Base of logs (`/api/v1/apps/<app>/logs`) and Prometheus (`/prometheus/<org>/api/v1/query`). */
  platformUrl: string
  /** Address of an app, HTTP and WebSocket, with `{app}` in place of its name. */
  addressTemplate: string
  token: string
  close(): Promise<void>
}
export type MachinesServerOptions = {
  /** State and machine folders. One server at a time. */
  dir: string
  /** Where gateways from the package registry are installed once. */
  runtimeDir: string
  log: Log
  clock: Clock
  port?: number
  edgePort?: number
  /** Fly's documented rate limits; on unless switched off. */
  rateLimits?: boolean
  /** The tests' back door under /admin; off unless switched on. */
  testControls?: boolean
  /** The Node 24 binary that runs gateways. */
  nodePath: string
  random?: Random
}

function httpServer(fetch: Parameters<typeof createAdaptorServer>[0]['fetch']): Server {
  const server = createAdaptorServer({ fetch, serverOptions: { requestTimeout: 0 } })
  assert(server instanceof Server, 'the adaptor makes a plain HTTP server')
  return server
}

async function tryListen(server: Server, port: number): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      if ('code' in error && (error.code === 'EADDRINUSE' || error.code === 'EACCES')) resolve(false)
      else reject(error)
    }
    server.once('error', failed)
    server.listen(port, '127.0.0.1', () => {
      server.off('error', failed)
      resolve(true)
    })
  })
}

/** Listens on the port that was asked for, else on the one it had before, else on any; so links outlive a restart. */
async function listen(server: Server, ports: { wanted: number | undefined; before: number | undefined }): Promise<number> {
  if (ports.wanted !== undefined && ports.wanted !== 0) {
    if (!(await tryListen(server, ports.wanted))) throw new ConchError('local.port_in_use', `port ${ports.wanted} is in use`)
  } else if (!(await tryListen(server, ports.before ?? 0))) await tryListen(server, 0)
  const address = server.address()
  if (address === null || typeof address === 'string') throw new ConchError('local.no_port', 'the server has no port')
  return address.port
}

async function closeServer(server: Server): Promise<void> {
  await new Promise<void>((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** Ends what an earlier server left half done, before anything starts. */
async function tidyUp(store: Store, loaded: readonly { app: App; secrets: Secrets }[], options: MachinesServerOptions): Promise<void> {
  const reaped = await store.reapOrphans()
  if (reaped > 0) options.log.warn({ reaped }, 'killed processes that an earlier server left behind')
  const apps = loaded.map(({ app }) => app)
  for (const app of apps) if (expire(app, options.clock.now())) await store.save(app)
  const volumes = apps.flatMap((app) => app.volumes)
  await store.sweep({
    machines: new Set(apps.flatMap((app) => app.machines.filter((machine) => machine.state !== 'destroyed').map((machine) => machine.id))),
    volumes: new Set(volumes.filter((volume) => volume.state === 'created').map((volume) => volume.id)),
    snapshots: new Set(volumes.flatMap((volume) => volume.snapshots.map((snapshot) => snapshot.id))),
  })
}

function assemble(options: MachinesServerOptions, parts: { platform: Platform; runtime: Runtime; random: Random }): ApiDeps {
  const { platform, runtime, random } = parts
  const { clock, log, nodePath } = options
  const imageOf = (reference: string): ReturnType<typeof imageFor> => imageFor(reference, runtime)
  const logs = createMachineLogs({
    fileOf: (machineId) => logFileIn(platform.folders.machine(machineId)),
    clock,
    onWriteError: (error) => log.error({ reason: messageOf(error) }, 'could not write a machine log'),
  })
  return {
    platform,
    logs,
    nodePath,
    imageFor: imageOf,
    faults: createFaults({ random }),
    traffic: createTraffic({ file: join(options.dir, 'traffic.json'), clock }),
    lifecycle: createLifecycle({ platform, logs, nodePath, imageFor: imageOf }),
  }
}

/** Starts the server; machines that were started when it last ran are started again, as after a reboot of their host. */
export async function startMachinesServer(options: MachinesServerOptions): Promise<MachinesServer> {
  const { clock, log } = options
  const random = options.random ?? systemRandom
  const store = await openStore(options.dir)
  try {
    const identity = await store.identity()
    const token = identity?.token ?? randomId(TOKEN_LENGTH)
    const loaded = await store.load()
    await tidyUp(store, loaded, options)
    const platform = createPlatform({ store, clock, random, log, loaded })
    const runtime = createRuntime({ runtimeDir: options.runtimeDir, nodePath: options.nodePath, log, random })
    const deps = assemble(options, { platform, runtime, random })
    const api = createServerApp(deps, {
      token,
      rateLimits: options.rateLimits === false ? null : createRateLimits({ clock }),
      testControls: options.testControls === true,
    })
    const hostDown = (app: App, machine: { id: string }): boolean => deps.faults.hostDown(`/v1/apps/${app.name}/machines/${machine.id}`)
    const edge = createEdge({
      platform,
      lifecycle: deps.lifecycle,
      traffic: deps.traffic,
      hostDown,
      wake: (app, machine) => void startMachine(deps, app, machine),
    })
    const server = httpServer(api.fetch)
    const port = await listen(server, { wanted: options.port, before: identity?.port })
    const edgePort = await listen(edge.server, { wanted: options.edgePort, before: identity?.edgePort }).catch(async (error: unknown) => {
      await closeServer(server)
      throw error
    })
    await store.saveIdentity({ token, port, edgePort })
    for (const { app } of loaded) if (!app.deleting) deps.lifecycle.resume(app)
    const finishing = loaded.filter(({ app }) => app.deleting).map(({ app }) => destroyApp(platform, deps.lifecycle, app))
    const stopWatch = startMemoryWatch({ lifecycle: deps.lifecycle, logs: deps.logs, clock })
    const saving = setInterval(
      () => void deps.traffic.save().catch((error: unknown) => log.error({ reason: messageOf(error) }, 'could not save the traffic')),
      TRAFFIC_SAVE_MS,
    )
    const close = async (): Promise<void> => {
      clearInterval(saving)
      await Promise.all([closeServer(server), edge.close(), stopWatch()])
      await Promise.all([deps.lifecycle.close(), runtime.close()])
      await Promise.allSettled(finishing)
      await store.settled()
      await deps.traffic.save()
      store.unlock()
    }
    return {
      apiUrl: `http://127.0.0.1:${port}/v1`,
      platformUrl: `http://127.0.0.1:${port}`,
      addressTemplate: `http://{app}.localhost:${edgePort}`,
      token,
      close,
    }
  } catch (error) {
    store.unlock()
    throw error
  }
}
