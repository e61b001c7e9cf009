// A real Postgres for one bench, migrated and empty, in a temporary folder.
import { sql } from 'drizzle-orm'
import { openDatabase, rowsOf, type Db } from '../../src/db/connect.ts'
import { silentLog } from '../../src/lib/log.ts'
import { randomId } from '../../src/lib/random.ts'
import { onAdmin, TEMPLATE } from '../../test/support/postgres-admin.ts'
import { startPostgres } from '../../test/support/postgres.ts'
import { cpuSecondsOfFamily, parentOf } from './figures.ts'

export type Scratch = { db: Db; url: string; close(): Promise<void> }
export type ScratchPostgres = {
  /** A new database. */
  open(): Promise<Scratch>
  /** Processor time of the server with all its connections. */
  cpuSeconds(): number
  stop(): Promise<void>
}

/** Starts the server; stop it. */
export async function startScratchPostgres(): Promise<ScratchPostgres> {
  const server = await startPostgres()
  let postmaster = 0
  return {
    async open() {
      const name = `bench_${randomId(8)}`
      await onAdmin(server.url, (run) => run(`create database ${name} template ${TEMPLATE}`))
      const url = new URL(server.url)
      url.pathname = `/${name}`
      const database = await openDatabase({ kind: 'postgres', url: url.href, log: silentLog })
      const [backend] = rowsOf<{ pid: number }>(await database.db.execute(sql`select pg_backend_pid() as pid`))
      postmaster = parentOf(backend?.pid ?? 0)
      return { db: database.db, url: url.href, close: () => database.close() }
    },
    cpuSeconds: () => cpuSecondsOfFamily(postmaster),
    stop: () => server.stop(),
  }
}
