import pg from 'pg'

/** The database that every test's database on Postgres is copied from. Nothing may connect to it. */
export const TEMPLATE = 'conch_template'

/** Runs statements on the server's own database, outside any transaction. */
export async function onAdmin(url: string, work: (run: (sql: string) => Promise<unknown>) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    await work((sql) => client.query(sql))
  } finally {
    await client.end()
  }
}
