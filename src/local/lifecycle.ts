// Owns what runs: it takes machines from state to state, starts and stops their processes, and applies the restart policy.
// One job per machine at a time; a newer one takes over from an older one. It never decides whether a request is allowed: machine-rules.ts does.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../lib/errors.ts'
import { spawnGuest, type GuestExit, type GuestProcess } from './guest-process.ts'
import type { Image } from './images/image.ts'
import { freePort, layOut, memoryEventsFile, type DeliveredSecrets } from './launch.ts'
import { durationMs, type MachineConfig } from './machine-config.ts'
import type { MachineLogs } from './machine-logs.ts'
import type { App, Machine, MachineState } from './model.ts'
import type { Platform } from './platform.ts'
import { STEADY_MS, afterExit, restartDelayMs } from './restart-policy.ts'

const STOP_TIMEOUT_MS = 5000

export type Run =
  | { kind: 'inline'; startedAt: Date; requested: boolean }
  | {
      kind: 'process'
      startedAt: Date
      requested: boolean
      machine: Machine
      app: App
      port: number
      process: GuestProcess
      env: Readonly<Record<string, string>>
      cwd: string
      memoryBytes: number
      cpuMs: number
      oomKilled: boolean
      memoryEvents: string
      /** Settles when the end of the process has been written down. */
      gone: Promise<void>
    }
export type StopOptions = { signal?: NodeJS.Signals | undefined; timeoutMs?: number | undefined }
export type Lifecycle = {
  /** Starts a machine in the background. `freshSecrets: false` leaves it with those it was given before. */
  launch(app: App, machine: Machine, options: { freshSecrets: boolean }): void
  stop(app: App, machine: Machine, options: StopOptions): void
  /** Stops what runs and starts again; `next: 'stop'` leaves it stopped. */
  relaunch(
    app: App,
    machine: Machine,
    options: StopOptions & { state: 'restarting' | 'replacing'; freshSecrets: boolean; next: 'start' | 'stop' },
  ): void
  destroy(app: App, machine: Machine): Promise<void>
  /** Takes up what the persisted state says, as after a reboot of the host. */
  resume(app: App): void
  run(machineId: string): Run | undefined
  runs(): Iterable<Run>
  close(): Promise<void>
}
export type LifecycleDeps = { platform: Platform; logs: MachineLogs; nodePath: string; imageFor(reference: string): Image | null }

type Task = { abort: AbortController; done: Promise<void> }
type Context = LifecycleDeps & { running: Map<string, Run>; tasks: Map<string, Task>; delivered: Map<string, DeliveredSecrets>; closing: boolean }

function say(ctx: Context, machine: Machine, message: string, level: 'info' | 'error' = 'info'): void {
  ctx.logs.write(machine.id, { level, provider: 'runner', message })
}

function setState(ctx: Context, app: App, machine: Machine, state: MachineState): void {
  machine.state = state
  ctx.platform.changed(app, machine)
}

function enqueue(ctx: Context, machine: Machine, job: (signal: AbortSignal) => Promise<void>): Promise<void> {
  if (ctx.closing) return Promise.resolve()
  const previous = ctx.tasks.get(machine.id)
  previous?.abort.abort()
  const abort = new AbortController()
  const task: Task = { abort, done: Promise.resolve() }
  const start = async (): Promise<void> => {
    await previous?.done
    // Only a newer job aborts this one before its turn, and a newer one also does what this one would have done.
    if (!abort.signal.aborted) await job(abort.signal)
  }
  task.done = start()
    .catch((error: unknown) => ctx.platform.log.error({ machine: machine.id, reason: messageOf(error) }, 'a machine job failed'))
    .finally(() => {
      if (ctx.tasks.get(machine.id) === task) ctx.tasks.delete(machine.id)
    })
  ctx.tasks.set(machine.id, task)
  return task.done
}

function exitEvent(
  ctx: Context,
  machine: Machine,
  exit: { code: number; oomKilled: boolean; requested: boolean; restarting: boolean; message?: string },
): void {
  machine.oomKilled = exit.oomKilled
  ctx.platform.event(machine, {
    type: 'exit',
    status: 'stopped',
    source: 'flyd',
    request: {
      exit_event: {
        exit_code: exit.code,
        guest_exit_code: exit.code,
        oom_killed: exit.oomKilled,
        requested_stop: exit.requested,
        restarting: exit.restarting,
        exited_at: ctx.platform.clock.now().toISOString(),
        restart_count: machine.restartCount,
      },
      restart_count: machine.restartCount,
      ...(exit.message !== undefined && { message: exit.message }),
    },
  })
}

function launchFailed(ctx: Context, app: App, machine: Machine, reason: string): void {
  say(ctx, machine, reason, 'error')
  exitEvent(ctx, machine, { code: 1, oomKilled: false, requested: false, restarting: false, message: reason })
  setState(ctx, app, machine, 'stopped')
}

function markStarted(ctx: Context, app: App, machine: Machine): void {
  machine.launched = true
  ctx.platform.event(machine, { type: 'start', status: 'started', source: 'flyd' })
  setState(ctx, app, machine, 'started')
}

/** Prepares the image; while it lasts, the newest event of the machine carries the progress. Gives false when another job took over. */
async function prepare(ctx: Context, app: App, machine: Machine, image: Image & { kind: 'process' }, signal: AbortSignal): Promise<boolean> {
  const request: Record<string, unknown> = { progress_percent: 0 }
  ctx.platform.event(machine, { type: 'launch', status: 'preparing', source: 'runner', request })
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  const prepared = image.prepare(({ percent, message }) => {
    if (signal.aborted) return
    request['progress_percent'] = percent
    request['message'] = message
    ctx.platform.changed(app, machine)
  })
  await Promise.race([prepared, aborted])
  return !signal.aborted
}

async function launch(ctx: Context, app: App, machine: Machine, signal: AbortSignal): Promise<void> {
  const { platform } = ctx
  const image = ctx.imageFor(machine.config.image)
  if (image === null) return launchFailed(ctx, app, machine, `no such image: ${machine.config.image}`)
  if (image.kind === 'inline') {
    ctx.running.set(machine.id, { kind: 'inline', startedAt: platform.clock.now(), requested: false })
    if (machine.state !== 'started') markStarted(ctx, app, machine)
    return
  }
  setState(ctx, app, machine, 'starting')
  try {
    if (image.needsPreparation() && !(await prepare(ctx, app, machine, image, signal))) return
    const [port, gatewayPort] = [await freePort(), await freePort()]
    const guest = await layOut(
      { folders: platform.folders, nodePath: ctx.nodePath },
      { app, machine, image, port, gatewayPort, secrets: ctx.delivered.get(machine.id) ?? {} },
    )
    if (signal.aborted || ctx.closing) return
    const pidFile = join(platform.folders.machine(machine.id), 'pid.json')
    const child = spawnGuest(guest, {
      pidFile,
      clock: platform.clock,
      onLine: (message) => ctx.logs.write(machine.id, { level: 'info', provider: 'app', message }),
    })
    const run: Run & { kind: 'process' } = {
      kind: 'process',
      startedAt: platform.clock.now(),
      requested: false,
      machine,
      app,
      port,
      process: child,
      env: guest.env,
      cwd: guest.cwd,
      memoryBytes: 0,
      cpuMs: 0,
      oomKilled: false,
      memoryEvents: memoryEventsFile(platform.folders, machine),
      gone: Promise.resolve(),
    }
    ctx.running.set(machine.id, run)
    run.gone = child.exited.then((exit) => onExit(ctx, run, exit))
    markStarted(ctx, app, machine)
  } catch (error) {
    if (!ctx.closing && !signal.aborted) launchFailed(ctx, app, machine, messageOf(error))
  }
}

function onExit(ctx: Context, run: Run & { kind: 'process' }, exit: GuestExit): void {
  const { app, machine } = run
  ctx.running.delete(machine.id)
  // A server that goes down leaves the state as it is: the machines start again with it.
  if (ctx.closing) return
  const { clock, random } = ctx.platform
  if (clock.now().getTime() - run.startedAt.getTime() >= STEADY_MS) machine.restartCount = 0
  const next = run.requested ? 'stop' : afterExit({ code: exit.code, restartCount: machine.restartCount }, machine.config.restart)
  if (next === 'restart') machine.restartCount += 1
  exitEvent(ctx, machine, { code: exit.code, oomKilled: run.oomKilled, requested: run.requested, restarting: next === 'restart' })
  say(ctx, machine, `exited with code ${exit.code}${run.oomKilled ? ': out of memory' : ''}`, exit.code === 0 || run.requested ? 'info' : 'error')
  if (run.requested) return
  if (next === 'restart') {
    const delayMs = restartDelayMs(machine.restartCount, random)
    setState(ctx, app, machine, 'restarting')
    void enqueue(ctx, machine, async (signal) => {
      await clock.sleep(delayMs, signal)
      if (!signal.aborted) await launch(ctx, app, machine, signal)
    })
    return
  }
  setState(ctx, app, machine, 'stopped')
  if (machine.config.auto_destroy === true) void enqueue(ctx, machine, () => finishDestroy(ctx, app, machine))
}

function stopOptions(config: MachineConfig, options: StopOptions): { signal: NodeJS.Signals; timeoutMs: number } {
  const configured = config.stop_config?.timeout
  return {
    signal: options.signal ?? config.stop_config?.signal ?? 'SIGTERM',
    timeoutMs: options.timeoutMs ?? (configured === undefined ? STOP_TIMEOUT_MS : durationMs(configured)),
  }
}

async function halt(ctx: Context, machine: Machine, how: { signal: NodeJS.Signals; timeoutMs: number }, abort: AbortSignal): Promise<void> {
  const run = ctx.running.get(machine.id)
  if (run === undefined) return
  run.requested = true
  if (run.kind === 'inline') {
    ctx.running.delete(machine.id)
    if (!ctx.closing) exitEvent(ctx, machine, { code: 0, oomKilled: false, requested: true, restarting: false })
    return
  }
  let ended = false
  const gone = run.gone.then(() => void (ended = true))
  run.process.signal(how.signal)
  const waiting = new AbortController()
  await Promise.race([gone, ctx.platform.clock.sleep(how.timeoutMs, AbortSignal.any([abort, waiting.signal]))])
  waiting.abort()
  if (ended || abort.aborted) return
  say(ctx, machine, `did not leave within ${how.timeoutMs} ms of ${how.signal}: killed`)
  run.process.signal('SIGKILL')
  await gone
}

async function finishDestroy(ctx: Context, app: App, machine: Machine): Promise<void> {
  for (const volume of app.volumes) if (volume.machineId === machine.id) volume.machineId = null
  ctx.delivered.delete(machine.id)
  ctx.platform.event(machine, { type: 'destroy', status: 'destroyed', source: 'flyd' })
  machine.destroyedAt = ctx.platform.clock.now().toISOString()
  machine.lease = null
  setState(ctx, app, machine, 'destroyed')
  await rm(ctx.platform.folders.machine(machine.id), { recursive: true, force: true })
}

function destroy(ctx: Context, app: App, machine: Machine): Promise<void> {
  setState(ctx, app, machine, 'destroying')
  return enqueue(ctx, machine, async (signal) => {
    await halt(ctx, machine, { signal: 'SIGKILL', timeoutMs: STOP_TIMEOUT_MS }, signal)
    if (!signal.aborted) await finishDestroy(ctx, app, machine)
  })
}

function stop(ctx: Context, app: App, machine: Machine, options: StopOptions): void {
  setState(ctx, app, machine, 'stopping')
  void enqueue(ctx, machine, async (signal) => {
    await halt(ctx, machine, stopOptions(machine.config, options), signal)
    if (signal.aborted || ctx.closing) return
    machine.restartCount = 0
    setState(ctx, app, machine, 'stopped')
  })
}

function deliver(ctx: Context, app: App, machine: Machine): void {
  ctx.delivered.set(machine.id, Object.fromEntries(Object.entries(ctx.platform.secrets(app)).map(([name, secret]) => [name, secret.value])))
}

function startLaunch(ctx: Context, app: App, machine: Machine, freshSecrets: boolean): void {
  if (freshSecrets) deliver(ctx, app, machine)
  void enqueue(ctx, machine, (signal) => launch(ctx, app, machine, signal))
}

function resume(ctx: Context, app: App): void {
  for (const machine of app.machines) {
    if (machine.state === 'destroying') void destroy(ctx, app, machine)
    else if (machine.state === 'stopping') setState(ctx, app, machine, 'stopped')
    else if (['starting', 'started', 'restarting', 'replacing'].includes(machine.state) || (machine.state === 'created' && machine.launched))
      startLaunch(ctx, app, machine, true)
  }
}

async function close(ctx: Context): Promise<void> {
  ctx.closing = true
  const open = [...ctx.tasks.values()]
  for (const task of open) task.abort.abort()
  await Promise.all(open.map((task) => task.done))
  const never = new AbortController().signal
  const live = [...ctx.running.values()].filter((run) => run.kind === 'process')
  await Promise.all(live.map((run) => halt(ctx, run.machine, stopOptions(run.machine.config, {}), never)))
  ctx.running.clear()
}

/** The life of every machine of this server. */
export function createLifecycle(deps: LifecycleDeps): Lifecycle {
  const ctx: Context = { ...deps, running: new Map(), tasks: new Map(), delivered: new Map(), closing: false }
  return {
    launch: (app, machine, options) => startLaunch(ctx, app, machine, options.freshSecrets),
    stop: (app, machine, options) => stop(ctx, app, machine, options),
    relaunch(app, machine, options) {
      setState(ctx, app, machine, options.state)
      void enqueue(ctx, machine, async (signal) => {
        await halt(ctx, machine, stopOptions(machine.config, options), signal)
        if (signal.aborted || ctx.closing) return
        machine.restartCount = 0
        if (options.freshSecrets) deliver(ctx, app, machine)
        if (options.next === 'start') await launch(ctx, app, machine, signal)
        else setState(ctx, app, machine, 'stopped')
      })
    },
    destroy: (app, machine) => destroy(ctx, app, machine),
    resume: (app) => resume(ctx, app),
    run: (machineId) => ctx.running.get(machineId),
    runs: () => ctx.running.values(),
    close: () => close(ctx),
  }
}
