// Postgres through a URL, for any number of processes. A lost connection is the next query's error, never the process's.
import pg from 'pg'
import { ConchError, messageOf } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { migrate, type MigrationSession } from './migrate.ts'
import { parseAlikeOnPg } from './value-parsers.ts'

export type PostgresOptions = {
  kind: 'postgres'
  /** postgres://user:password@host:port/name?sslmode=… with the meaning that sslmode has for every Postgres program. */
  url: string
  migrationsDir?: string
  poolMax?: number
  statementTimeoutMs?: number
  log: Log
}

const CONNECT_TIMEOUT_MS = 5_000
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000

/** Connects, migrates, and returns a pool. */
export async function openPostgres(options: PostgresOptions): Promise<{ client: pg.Pool; close(): Promise<void> }> {
  const { log } = options
  const place = placeOf(options.url)
  const connection: pg.ClientConfig = {
    connectionString: place.url,
    application_name: 'conch',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    keepAlive: true,
    // Date arithmetic must not depend on where the server stands.
    options: '-c TimeZone=UTC',
  }
  await migrateThrough(connection, place.name, options)
  const pool = new pg.Pool({ ...connection, max: options.poolMax ?? 10, statement_timeout: options.statementTimeoutMs ?? 15_000 })
  pool.on('connect', (client) => parseAlikeOnPg(client, (oid) => pg.types.getTypeParser(oid, 'text')))
  // Without a listener the loss of an idle connection would end the process.
  pool.on('error', (error) => log.warn({ database: place.name, reason: error.message }, 'an idle database connection was lost'))
  let closed: Promise<void> | null = null
  return { client: pool, close: () => (closed ??= pool.end()) }
}

// On a connection of its own, without the statement time-out: a migration may take long.
async function migrateThrough(connection: pg.ClientConfig, place: string, { migrationsDir, log }: PostgresOptions): Promise<void> {
  let client: pg.Client
  try {
    client = new pg.Client(connection)
    client.on('error', (error) => log.warn({ database: place, reason: error.message }, 'the connection for migrations was lost'))
    await client.connect()
  } catch (error) {
    throw new ConchError(
      'db.unreachable',
      `Cannot use Postgres at ${place}: ${reasonOf(error)}. Check DATABASE_URL and that the server is running.`,
      { cause: error },
    )
  }
  try {
    await migrate(sessionOf(client), migrationsDir)
  } finally {
    await client.end()
  }
}

function sessionOf(client: pg.Client): MigrationSession {
  return {
    async run(sql) {
      await client.query(sql)
    },
    async rows(sql) {
      const result = await client.query<Record<string, unknown>>(sql)
      return result.rows
    },
  }
}

// Names the server for messages, never its user or password. By itself pg reads sslmode=require as verify-full, which refuses most hosted databases.
function placeOf(text: string): { name: string; url: string } {
  const url = URL.parse(text)
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw new ConchError('db.unreachable', 'DATABASE_URL is not a valid URL: it must look like postgres://user:password@host:5432/conch.')
  }
  const name = `${url.searchParams.get('host') ?? (url.hostname || 'localhost')}:${url.port || '5432'}${url.pathname}`
  if (/^(prefer|require|verify-ca)$/.test(url.searchParams.get('sslmode') ?? '')) url.searchParams.set('uselibpqcompat', 'true')
  return { name, url: url.href }
}

function reasonOf(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing is listening there'
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no host of that name'
    case 'ETIMEDOUT':
      return 'no answer'
    default:
      return (messageOf(error) || String(code)).replace(/[.\s]+$/, '')
  }
}
