// Real databases for suites: `describe.each(await testDatabases())('… on $name', ({ open }) => …)`.
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, inject, onTestFinished } from 'vitest'
import { openDatabase, rowsOf, type Database } from '../../src/db/connect.ts'
import { randomId } from '../../src/lib/random.ts'
import { silentLog } from '../../src/lib/log.ts'
import { onAdmin, TEMPLATE } from './postgres-admin.ts'

export type TestDatabase = Database & {
  /** Where it is: for tests that open it from several processes. Postgres only. */
  url?: string
}
export type TestDatabases = {
  name: 'pglite' | 'postgres'
  /** A fresh, empty, migrated database. It is disposed of by `close()`, or else when the test that opened it ends (opened in beforeAll: when the file ends). */
  open: () => Promise<TestDatabase>
}

/** Both engines. Call it at the top of a test file. */
export async function testDatabases(): Promise<TestDatabases[]> {
  return [await pgliteDatabases(), await postgresDatabases()]
}

/** PGlite alone, for a suite that one engine proves. */
export async function pgliteDatabases(): Promise<TestDatabases> {
  return pooled('pglite', async () => {
    const { dir, home } = clonePgliteFolder()
    const database = await openDatabase({ kind: 'pglite', dir, log: silentLog })
    return { database, dispose: () => rmSync(home, { recursive: true, force: true }) }
  })
}

/** Postgres alone, for a suite of several processes or connections. */
export async function postgresDatabases(): Promise<TestDatabases> {
  return pooled('postgres', async () => {
    const { url, drop } = await createPostgresDatabase(TEMPLATE)
    const database = await openDatabase({ kind: 'postgres', url, log: silentLog })
    return { database, url, dispose: drop }
  })
}

type Pooled = { database: Database; url?: string; dispose: () => void | Promise<void> }

// A database is emptied and used again: that takes 5 ms on Postgres and 40 ms on PGlite, making another one ten times as long.
function pooled(name: TestDatabases['name'], make: () => Promise<Pooled>): TestDatabases {
  const idle: Pooled[] = []
  const all: Pooled[] = []

  afterAll(async () => {
    for (const { database, dispose } of all) {
      await database.close()
      await dispose()
    }
  })

  const fresh = async (): Promise<Pooled> => {
    const made = await make()
    all.push(made)
    return made
  }
  return {
    name,
    async open() {
      const used = idle.pop()
      if (used !== undefined) await empty(used.database)
      const { database, url, dispose } = used ?? (await fresh())
      let open = true
      const close = async (): Promise<void> => {
        if (open) idle.push({ database, dispose, ...(url !== undefined && { url }) })
        open = false
      }
      closeAfterTest(close)
      return { db: database.db, kind: database.kind, ...(url !== undefined && { url }), close }
    },
  }
}

/** A folder with a migrated PGlite database that nobody has open. The caller removes `home`. */
export function clonePgliteFolder(): { home: string; dir: string } {
  const home = mkdtempSync(join(tmpdir(), `conch-test-pglite-${process.pid}-`))
  const dir = join(home, 'db')
  cpSync(inject('pgliteTemplate'), dir, { recursive: true })
  return { home, dir }
}

/** A new database on the test server: migrated (TEMPLATE) or bare (template1). The caller drops it. */
export async function createPostgresDatabase(template: string): Promise<{ url: string; drop: () => Promise<void> }> {
  const server = inject('postgresUrl')
  const name = `test_${randomId(12)}`
  await onAdmin(server, (run) => run(`create database ${name} template ${template}`))
  const url = new URL(server)
  url.pathname = `/${name}`
  return { url: url.href, drop: () => onAdmin(server, (run) => run(`drop database ${name} with (force)`)) }
}

function closeAfterTest(close: () => Promise<void>): void {
  try {
    onTestFinished(close)
  } catch {
    // Not inside a test: afterAll closes it.
  }
}

// Deleted, not truncated: a truncation makes every table's files anew, which takes ten times as long.
async function empty({ db }: Database): Promise<void> {
  const tables = rowsOf<{ name: string }>(
    await db.execute(sql`select quote_ident(tablename) as name from pg_tables where schemaname = 'public' and tablename <> 'schema_migrations'`),
  )
  const sequences = rowsOf<{ name: string }>(await db.execute(sql`select quote_ident(sequencename) as name from pg_sequences`))
  const statements = [
    // Neither foreign keys nor triggers are asked.
    'set local session_replication_role = replica',
    ...tables.map(({ name }) => `delete from ${name}`),
    ...sequences.map(({ name }) => `alter sequence ${name} restart`),
  ]
  await db.execute(sql.raw(`do $$ begin ${statements.join('; ')}; end $$`))
}
