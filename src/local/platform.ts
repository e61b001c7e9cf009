import type { Clock } from '../lib/clock.ts'
import { messageOf } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import type { Random } from '../lib/random.ts'
import { refusals } from './api-error.ts'
import { ulid } from './ids.ts'
import type { App, Machine, MachineEvent, Secrets, Volume } from './model.ts'
import type { Folders, Store } from './store.ts'

const EVENTS_MAX = 40
const TOMBSTONES_MAX = 20

export type Platform = {
  clock: Clock
  random: Random
  log: Log
  folders: Folders
  /** Every app that exists, deletions in progress left out. */
  apps(): Iterable<App>
  /** The app of this name, or a refusal (404). */
  app(name: string): App
  findApp(name: string): App | undefined
  findAppByHostname(hostname: string): App | undefined
  add(app: App): void
  /** Takes the app out of sight; its document stays until `erase`. */
  hide(app: App): void
  erase(app: App): Promise<void>
  /** The machine of this id, destroyed ones included, or a refusal (404). */
  machine(app: App, id: string): Machine
  /** The volume of this id, or a refusal (404). */
  volume(app: App, id: string): Volume
  secrets(app: App): Secrets
  setSecrets(app: App, secrets: Secrets): Promise<void>
  save(app: App): Promise<void>
  /** Saves without a caller to wait for it: a failure is logged. */
  saveSoon(app: App): void
  event(machine: Machine, event: Omit<MachineEvent, 'id' | 'timestamp'>): void
  /** Marks a change of the machine, wakes those who wait for one, and saves. */
  changed(app: App, machine: Machine): void
  onChange(machineId: string, listener: () => void): () => void
}

function pruneTombstones(app: App): void {
  const dead = app.machines.filter((machine) => machine.state === 'destroyed')
  const surplus = new Set(dead.slice(0, Math.max(0, dead.length - TOMBSTONES_MAX)))
  if (surplus.size > 0) app.machines = app.machines.filter((machine) => !surplus.has(machine))
}

function createListeners(): { add(id: string, listener: () => void): () => void; call(id: string): void } {
  const listeners = new Map<string, Set<() => void>>()
  return {
    add(id, listener) {
      const set = listeners.get(id) ?? new Set()
      listeners.set(id, set.add(listener))
      return () => {
        set.delete(listener)
        if (set.size === 0) listeners.delete(id)
      }
    },
    call(id) {
      for (const listener of listeners.get(id) ?? []) listener()
    },
  }
}

/** The apps and everything in them, in memory and, through the store, on disk. */
export function createPlatform(options: {
  store: Store
  clock: Clock
  random: Random
  log: Log
  loaded: readonly { app: App; secrets: Secrets }[]
}): Platform {
  const { store, clock, random, log } = options
  const byName = new Map(options.loaded.filter(({ app }) => !app.deleting).map(({ app }) => [app.name, app]))
  const secretsOf = new Map(options.loaded.map(({ app, secrets }) => [app.id, secrets]))
  const listeners = createListeners()
  const saveSoon = (app: App): void => {
    store.save(app).catch((error: unknown) => log.error({ app: app.name, reason: messageOf(error) }, 'could not save the state of an app'))
  }
  return {
    clock,
    random,
    log,
    folders: store.folders,
    saveSoon,
    apps: () => byName.values(),
    app(name) {
      const app = byName.get(name)
      if (app === undefined) throw refusals.appNotFound(name)
      return app
    },
    findApp: (name) => byName.get(name),
    findAppByHostname: (hostname) => [...byName.values()].find((app) => app.certificates.some((certificate) => certificate.hostname === hostname)),
    add: (app) => byName.set(app.name, app),
    hide: (app) => byName.delete(app.name),
    async erase(app) {
      secretsOf.delete(app.id)
      await store.remove(app)
    },
    machine(app, id) {
      const machine = app.machines.find((one) => one.id === id)
      if (machine === undefined) throw refusals.machineNotFound(id)
      return machine
    },
    volume(app, id) {
      const volume = app.volumes.find((one) => one.id === id)
      if (volume === undefined) throw refusals.notFound(`volume ${id}`)
      return volume
    },
    secrets: (app) => secretsOf.get(app.id) ?? {},
    async setSecrets(app, secrets) {
      secretsOf.set(app.id, secrets)
      app.secretsVersion += 1
      await store.saveSecrets(app, secrets)
      await store.save(app)
    },
    save: (app) => store.save(app),
    event(machine, event) {
      const now = clock.now()
      machine.events.unshift({ id: ulid(now, random), timestamp: now.getTime(), ...event })
      machine.events.length = Math.min(machine.events.length, EVENTS_MAX)
    },
    changed(app, machine) {
      machine.updatedAt = clock.now().toISOString()
      pruneTombstones(app)
      saveSoon(app)
      listeners.call(machine.id)
    },
    onChange: (machineId, listener) => listeners.add(machineId, listener),
  }
}
