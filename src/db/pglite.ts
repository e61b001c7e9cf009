// Postgres inside our own process, in one folder: for trying out, development and small self-hosting. It is not safe against a power loss.
// It never deletes or repairs a folder that holds anything: what it cannot read, it leaves as it is and says so.
import { PGlite } from '@electric-sql/pglite'
import { mkdir, readdir, rename, rm, statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { systemClock, type Clock } from '../lib/clock.ts'
import { ConchError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { takeFolderLock } from './folder-lock.ts'
import { migrate, type MigrationSession } from './migrate.ts'
import { corruptFolder, explainFailure, wordsOf } from './pglite-failure.ts'
import { createUpkeep } from './pglite-upkeep.ts'
import { parseAlikeOnPglite } from './value-parsers.ts'

export type PgliteOptions = {
  kind: 'pglite'
  /** The folder of the data, inside CONCH_HOME. Made when it is absent; `<dir>.lock` lies beside it. */
  dir: string
  migrationsDir?: string
  /** Called when a new database has to be made first, which takes seconds. */
  onPreparing?: () => void
  log: Log
  clock?: Clock
}

// Without these the log grows past a gigabyte: PGlite never checkpoints by itself. UTC, so that date arithmetic is the same everywhere.
const POSTGRESQL_CONF = ['max_wal_size = 64MB', 'min_wal_size = 32MB', "timezone = 'UTC'"]

// Postgres touches all of its shared memory at each start. By default that is 145 MB, which took most of the time of opening; the system's cache
// stands behind it, and only we connect.
const START_PARAMS = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB', '-c', 'max_connections=10']

/** Opens the folder, which no other process may be using, and migrates it. */
export async function openPglite(options: PgliteOptions): Promise<{ client: PGlite; close(): Promise<void> }> {
  const { dir, log } = options
  const release = await lockFolder(options)
  try {
    await makeWhenAbsent(options)
    const client = await start(dir)
    await migrate(sessionOf(client), options.migrationsDir).catch(async (error: unknown) => {
      await client.close()
      throw error
    })
    parseAlikeOnPglite(client)
    const upkeep = createUpkeep({ run: (sql) => client.exec(sql), log })
    const close = async (): Promise<void> => {
      await upkeep.stop()
      await client.close()
      release()
    }
    let closed: Promise<void> | null = null
    return { client, close: () => (closed ??= close()) }
  } catch (error) {
    release()
    throw await explained(error, dir)
  }
}

async function lockFolder({ dir, clock = systemClock }: PgliteOptions): Promise<() => void> {
  const home = dirname(dir)
  try {
    await mkdir(home, { recursive: true })
    const lock = await takeFolderLock({ file: `${dir}.lock`, clock })
    if (lock.ok) return () => lock.release()
    throw new ConchError(
      'db.locked',
      `Another Conch (process ${lock.pid}) is using ${home}. Stop it first, or give this one its own folder with CONCH_HOME.`,
    )
  } catch (error) {
    throw await explained(error, dir)
  }
}

// Made beside its place and moved there when complete: a start that is killed or runs out of space leaves no half-made database behind.
async function makeWhenAbsent({ dir, migrationsDir, onPreparing }: PgliteOptions): Promise<void> {
  const entries = await readdir(dir).catch((error: unknown): string[] => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return []
    throw error
  })
  if (entries.includes('PG_VERSION')) return
  // PGlite would make a new database over whatever is there.
  if (entries.length > 0) throw corruptFolder(dir, 'it holds files but no PG_VERSION')
  onPreparing?.()
  const draft = `${dir}.preparing`
  await rm(draft, { recursive: true, force: true })
  try {
    const client = await start(draft, POSTGRESQL_CONF)
    try {
      await migrate(sessionOf(client), migrationsDir)
    } finally {
      await client.close()
    }
    await rename(draft, dir)
  } catch (error) {
    await rm(draft, { recursive: true, force: true })
    throw error
  }
}

async function start(dir: string, postgresqlconf?: string[]): Promise<PGlite> {
  // The reason of a failed start appears only in what Postgres would print to its log.
  const printed: string[] = []
  leaveQuickCode()
  const keep = (text: string): boolean => printed.push(text) > 0
  try {
    return await PGlite.create({
      dataDir: dir,
      startParams: START_PARAMS,
      onStdout: keep,
      onStderr: keep,
      ...(postgresqlconf !== undefined && { postgresqlconf }),
    })
  } catch (error) {
    const said = printed.map((line) => /(?:FATAL|PANIC|DETAIL):\s+(.*)/s.exec(line)?.[1]?.trim()).filter((line) => line !== undefined)
    throw corruptFolder(dir, said.length > 0 ? said.join('; ') : wordsOf(error), error)
  }
}

// V8 compiles what runs often once more, with care. Postgres has one function that takes it 2.5 s, at every start, and then no query is faster.
function leaveQuickCode(): void {
  for (const flag of ['--no-wasm-tier-up', '--no-wasm-dynamic-tiering']) setFlagsFromString(flag)
}

function sessionOf(client: PGlite): MigrationSession {
  return {
    async run(sql) {
      await client.exec(sql)
    },
    rows: async (sql) => (await client.query(sql)).rows,
  }
}

async function explained(error: unknown, dir: string): Promise<unknown> {
  const freeBytes = await statfs(dirname(dir)).then(
    (disk) => disk.bavail * disk.bsize,
    () => Number.POSITIVE_INFINITY,
  )
  return explainFailure({ error, dir, freeBytes })
}
