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
  const idle: Database[] = []
  const all: { database: Database; home: string }[] = []

  const clone = async (): Promise<Database> => {
    const { dir, home } = clonePgliteFolder()
    const database = await openDatabase({ kind: 'pglite', dir, log: silentLog })
    all.push({ database, home })
    return database
  }

  afterAll(async () => {
    for (const { database, home } of all) {
      await database.close()
      rmSync(home, { recursive: true, force: true })
    }
  })

  return {
    name: 'pglite',
    async open() {
      // Emptying one takes 20 ms, opening another 200 ms and 400 MB.
      const used = idle.pop()
      if (used !== undefined) await empty(used)
      const database = used ?? (await clone())
      let open = true
      const close = async (): Promise<void> => {
        if (open) idle.push(database)
        open = false
      }
      closeAfterTest(close)
      return { db: database.db, kind: database.kind, close }
    },
  }
}

/** Postgres alone, for a suite of several processes or connections. */
export async function postgresDatabases(): Promise<TestDatabases> {
  const open: TestDatabase[] = []

  afterAll(async () => {
    for (const database of open) await database.close()
  })

  return {
    name: 'postgres',
    async open() {
      const { url, drop } = await createPostgresDatabase(TEMPLATE)
      const database = await openDatabase({ kind: 'postgres', url, log: silentLog })
      let closed: Promise<void> | null = null
      const close = async (): Promise<void> => {
        await database.close()
        await drop()
      }
      const test: TestDatabase = { db: database.db, kind: database.kind, url, close: () => (closed ??= close()) }
      open.push(test)
      closeAfterTest(() => test.close())
      return test
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

async function empty({ db }: Database): Promise<void> {
  const tables = rowsOf<{ name: string }>(
    await db.execute(sql`select quote_ident(tablename) as name from pg_tables where schemaname = 'public' and tablename <> 'schema_migrations'`),
  )
  await db.execute(sql.raw(`truncate ${tables.map((table) => table.name).join(', ')} restart identity cascade`))
}
