// Brings a database up to date from numbered SQL files (0001_name.sql, …): forward only, each file in one transaction with its row in
// schema_migrations. It never edits data by itself, and refuses to start on anything that it did not make: an edited file, a gap, a newer database.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ConchError, messageOf } from '../lib/errors.ts'

/** One session of the database, outside any transaction, that nobody else uses meanwhile. */
export type MigrationSession = {
  /** Runs one or more statements. */
  run(sql: string): Promise<void>
  /** The rows of one statement. */
  rows(sql: string): Promise<unknown[]>
}

type Migration = { number: number; name: string; sha256: string; sql: string }
type Applied = { number: number; name: string; sha256: string }

const OUR_MIGRATIONS = fileURLToPath(new URL('../../migrations/', import.meta.url))
// Any number that no other program on the same database is likely to take: "conch" in ASCII.
const ADVISORY_LOCK = 0x636f6e6368
const LOCK_WAIT = '120s'

/** Applies what is missing and returns the number of files applied. Concurrent callers on one Postgres take turns; the later ones find nothing to do. */
export async function migrate(session: MigrationSession, dir: string = OUR_MIGRATIONS): Promise<number> {
  const files = await readMigrations(dir)
  const applied = await locked(session, async () => {
    await session.run(
      'create table if not exists schema_migrations (number integer primary key, name text not null, sha256 text not null, applied_at timestamptz not null default now())',
    )
    return await readApplied(session)
  })
  compare(files, applied)
  let count = 0
  for (const file of files.slice(applied.length)) if (await apply(session, file)) count += 1
  return count
}

async function apply(session: MigrationSession, file: Migration): Promise<boolean> {
  return await locked(session, async () => {
    // Another process may have been first while we waited for the lock.
    const landed = (await readApplied(session)).find((one) => one.number === file.number)
    if (landed !== undefined) {
      refuseEdited(file, landed)
      return false
    }
    await session.run(file.sql).catch((error: unknown) => {
      throw new ConchError('db.migration-failed', `Migration ${file.name} failed, and nothing of it was kept: ${messageOf(error)}.`, { cause: error })
    })
    await session.run(`insert into schema_migrations (number, name, sha256) values (${file.number}, '${file.name}', '${file.sha256}')`)
    return true
  })
}

// A lock of the transaction, not of the session: it also works through a connection pooler, and cannot be left behind.
async function locked<T>(session: MigrationSession, work: () => Promise<T>): Promise<T> {
  await session.run(`begin; set local lock_timeout = '${LOCK_WAIT}'`)
  try {
    await session.rows(`select pg_advisory_xact_lock(${ADVISORY_LOCK})`)
    const result = await work()
    await session.run('commit')
    return result
  } catch (error) {
    await session.run('rollback').catch(() => undefined)
    throw error
  }
}

function compare(files: Migration[], applied: Applied[]): void {
  const newest = applied.at(-1)
  if (newest !== undefined && newest.number > files.length) {
    throw new ConchError(
      'db.migration-newer',
      `This database was last used by a newer Conch (it has migration ${newest.name}, this version ends at ${files.length}). Update Conch, or use another database.`,
    )
  }
  for (const [index, landed] of applied.entries()) {
    const file = files[index]
    if (file === undefined || landed.number !== index + 1) {
      throw new ConchError(
        'db.migration-gap',
        `The database lacks migration ${index + 1} although it has ${landed.number}: schema_migrations was changed by hand.`,
      )
    }
    refuseEdited(file, landed)
  }
}

function refuseEdited(file: Migration, landed: Applied): void {
  if (file.sha256 === landed.sha256) return
  throw new ConchError(
    'db.migration-edited',
    `Migration ${file.name} was edited after it had been applied. Restore it, and put the change into a new file.`,
  )
}

async function readMigrations(dir: string): Promise<Migration[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).toSorted()
  return await Promise.all(
    names.map(async (name, index) => {
      if (!/^\d{4}_[a-z0-9_-]+\.sql$/.test(name)) throw new ConchError('db.migration-name', `${name} is not named like 0001_what_it_does.sql.`)
      const number = Number(name.slice(0, 4))
      if (number !== index + 1)
        throw new ConchError('db.migration-gap', `Migration ${index + 1} is missing or double: the file in its place is ${name}.`)
      // A checkout with other line ends is still the same migration.
      const sql = (await readFile(join(dir, name), 'utf8')).replaceAll('\r\n', '\n')
      return { number, name, sql, sha256: createHash('sha256').update(sql).digest('hex') }
    }),
  )
}

async function readApplied(session: MigrationSession): Promise<Applied[]> {
  const rows = await session.rows('select number, name, sha256 from schema_migrations order by number')
  return rows as Applied[]
}
