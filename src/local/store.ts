import { openSync, closeSync, readFileSync, rmSync, writeSync } from 'node:fs'
import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ConchError, messageOf } from '../lib/errors.ts'
import { isMissing, writeAtomically } from './files.ts'
import { appSchema, secretsSchema, type App, type Secrets } from './model.ts'
import { reapGroup, startTimeOf } from './process-table.ts'

const leaderSchema = z.object({ pid: z.int(), startTime: z.string() })
const identitySchema = z.object({ token: z.string(), port: z.int(), edgePort: z.int() })
/** What a server keeps between runs so that its clients and links stay good. */
export type Identity = z.infer<typeof identitySchema>

export type Folders = { machine(id: string): string; volume(id: string): string; snapshot(id: string): string }
export type Store = {
  folders: Folders
  load(): Promise<{ app: App; secrets: Secrets }[]>
  /** Resolves when a state at least as new as the present one is on disk. Saves of one app that come together are written once. */
  save(app: App): Promise<void>
  saveSecrets(app: App, secrets: Secrets): Promise<void>
  remove(app: App): Promise<void>
  identity(): Promise<Identity | null>
  saveIdentity(identity: Identity): Promise<void>
  /** Kills the process groups that an earlier server of this folder left behind; gives their number. */
  reapOrphans(): Promise<number>
  /** Removes folders of machines, volumes and snapshots that no document names: what a killed server was just making or removing. */
  sweep(known: { machines: ReadonlySet<string>; volumes: ReadonlySet<string>; snapshots: ReadonlySet<string> }): Promise<void>
  settled(): Promise<void>
  unlock(): void
}

async function readJson<T>(file: string, schema: z.ZodType<T>): Promise<T | null> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    if (isMissing(error)) return null
    throw error
  })
  if (text === null) return null
  try {
    return schema.parse(JSON.parse(text))
  } catch (cause) {
    throw new ConchError('local.corrupt_state', `${file} is damaged (${messageOf(cause).split('\n')[0] ?? ''}); move it away to start without it`, {
      cause,
    })
  }
}

/** One server per folder: a second one would reap the first one's machines. */
function lock(file: string): () => void {
  const mine = JSON.stringify({ pid: process.pid, startTime: startTimeOf(process.pid) ?? '' })
  for (let attempt = 0; ; attempt += 1) {
    try {
      const handle = openSync(file, 'wx', 0o600)
      writeSync(handle, mine)
      closeSync(handle)
      return () => rmSync(file, { force: true })
    } catch (cause) {
      if (!(cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') || attempt > 1) throw cause
      const owner = ownerOf(file)
      if (owner !== null && startTimeOf(owner.pid) === owner.startTime) {
        throw new ConchError('local.folder_in_use', `a machines server already runs on this folder (process ${owner.pid})`, { cause })
      }
      rmSync(file, { force: true })
    }
  }
}

function ownerOf(file: string): z.infer<typeof leaderSchema> | null {
  try {
    return leaderSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch {
    return null
  }
}

/** At most one write per app runs and one waits: the waiting one takes every change made until it starts. */
function createWriter(write: (app: App) => Promise<void>): { save(app: App): Promise<void>; settled(): Promise<void> } {
  const slots = new Map<string, { running: Promise<void>; next: Promise<void> | null }>()
  const begin = (app: App): Promise<void> => {
    // A tick later, so that what one request changes in several steps is written once.
    const running = new Promise<void>((resolve) => setImmediate(resolve))
      .then(() => write(app))
      .finally(() => {
        if (slots.get(app.id)?.next === null) slots.delete(app.id)
      })
    slots.set(app.id, { running, next: null })
    return running
  }
  return {
    save(app) {
      const slot = slots.get(app.id)
      if (slot === undefined) return begin(app)
      slot.next ??= slot.running.then(
        () => begin(app),
        () => begin(app),
      )
      return slot.next
    },
    async settled() {
      while (slots.size > 0) await Promise.allSettled([...slots.values()].map((slot) => slot.next ?? slot.running))
    },
  }
}

async function reap(machinesFolder: string): Promise<number> {
  let reaped = 0
  for (const id of await readdir(machinesFolder)) {
    const file = join(machinesFolder, id, 'pid.json')
    const leader = ownerOf(file)
    if (leader !== null && reapGroup(leader)) reaped += 1
    rmSync(file, { force: true })
  }
  return reaped
}

/**
 * The server's folder on disk: `apps/<id>.json`, `secrets/<id>.json` (0600), `machines/<id>/`, `volumes/<id>/`, `snapshots/<id>/`,
 * `server.json`, `lock.json`. Throws `local.folder_in_use` when another server holds it.
 */
export async function openStore(dir: string): Promise<Store> {
  const at = (...parts: string[]): string => join(dir, ...parts)
  for (const folder of ['apps', 'secrets', 'machines', 'volumes', 'snapshots']) await mkdir(at(folder), { recursive: true, mode: 0o700 })
  const unlock = lock(at('lock.json'))
  const appFile = (app: App): string => at('apps', `${app.id}.json`)
  const removed = new Set<string>()
  const writer = createWriter(async (app) => {
    if (!removed.has(app.id)) await writeAtomically(appFile(app), JSON.stringify(app))
  })
  return {
    folders: { machine: (id) => at('machines', id), volume: (id) => at('volumes', id), snapshot: (id) => at('snapshots', id) },
    async load() {
      const loaded: { app: App; secrets: Secrets }[] = []
      for (const name of await readdir(at('apps'))) {
        const app = name.endsWith('.json') ? await readJson(at('apps', name), appSchema) : null
        if (app === null) rmSync(at('apps', name), { force: true })
        else loaded.push({ app, secrets: (await readJson(at('secrets', name), secretsSchema)) ?? {} })
      }
      return loaded
    },
    save: (app) => writer.save(app),
    saveSecrets: (app, secrets) => writeAtomically(at('secrets', `${app.id}.json`), JSON.stringify(secrets), 0o600),
    async remove(app) {
      removed.add(app.id)
      await writer.save(app)
      await rm(at('secrets', `${app.id}.json`), { force: true })
      await rm(appFile(app), { force: true })
    },
    identity: () => readJson(at('server.json'), identitySchema),
    saveIdentity: (identity) => writeAtomically(at('server.json'), JSON.stringify(identity), 0o600),
    reapOrphans: () => reap(at('machines')),
    async sweep(known) {
      for (const [folder, ids] of [
        ['machines', known.machines],
        ['volumes', known.volumes],
        ['snapshots', known.snapshots],
      ] as const) {
        for (const id of await readdir(at(folder))) if (!ids.has(id)) await rm(at(folder, id), { recursive: true, force: true })
      }
    },
    settled: () => writer.settled(),
    unlock,
  }
}
