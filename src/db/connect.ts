// The database: opening it, its tables (schema.ts), its migrations, and one repository file per aggregate. SQL is written in this folder only.
// It must never know what a state means, call a provider, or announce anything: it stores rows and guards their constraints.
// Two engines serve one dialect: PGlite in a folder for one process, Postgres through a URL for any number. Whoever holds a Db need not know which.
// Inside db.transaction use only the transaction that it hands over: the outer Db would wait for ever on PGlite.
import type { ExtractTablesWithRelations } from 'drizzle-orm'
import { drizzle as drizzleOnPg } from 'drizzle-orm/node-postgres'
import type { PgDatabase, PgQueryResultHKT, PgTransaction } from 'drizzle-orm/pg-core'
import { drizzle as drizzleOnPglite } from 'drizzle-orm/pglite'
import { ConchError } from '../lib/errors.ts'
import { openPglite, type PgliteOptions } from './pglite.ts'
import { openPostgres, type PostgresOptions } from './postgres.ts'
import * as schema from './schema.ts'

export type Db = PgDatabase<PgQueryResultHKT, typeof schema>
export type Tx = PgTransaction<PgQueryResultHKT, typeof schema, ExtractTablesWithRelations<typeof schema>>

export type Database = {
  db: Db
  kind: 'pglite' | 'postgres'
  /** Waits for what is running, then lets go of the folder or the connections. Calling it again does nothing. */
  close(): Promise<void>
}

/**
 * Opens the database and brings its tables up to date. Throws a ConchError whose one-line message is meant for the person at the terminal:
 * db.locked, db.corrupt, db.disk-full, db.no-access, db.unreachable, or db.migration-….
 */
export async function openDatabase(options: PgliteOptions | PostgresOptions): Promise<Database> {
  if (options.kind === 'pglite') {
    const opened = await openPglite(options)
    return { db: drizzleOnPglite({ client: opened.client, schema }), kind: 'pglite', close: () => opened.close() }
  }
  const opened = await openPostgres(options)
  return { db: drizzleOnPg({ client: opened.client, schema }), kind: 'postgres', close: () => opened.close() }
}

/** Whether a query failed on a unique key or primary key: on `constraint`, when it is given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  for (let at: unknown = error; typeof at === 'object' && at !== null; at = 'cause' in at ? at.cause : undefined) {
    if (!('code' in at) || at.code !== '23505') continue
    return constraint === undefined || ('constraint' in at && at.constraint === constraint)
  }
  return false
}

/** The rows of `db.execute(sql)`. The caller names their type, as it wrote the query: int8 arrives as number, timestamptz as Date, on both engines. */
export function rowsOf<T>(result: unknown): T[] {
  if (typeof result === 'object' && result !== null && 'rows' in result && Array.isArray(result.rows)) return result.rows as T[]
  throw new ConchError('db.no-rows', 'the result of a query carries no rows')
}
