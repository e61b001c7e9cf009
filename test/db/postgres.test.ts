import { createServer, type Server, type Socket } from 'node:net'
import { sql } from 'drizzle-orm'
import { afterEach, describe, expect, inject, it, onTestFinished } from 'vitest'
import { openDatabase, rowsOf } from '../../src/db/connect.ts'
import { silentLog } from '../../src/lib/log.ts'
import { createPostgresDatabase } from '../support/database.ts'
import { onAdmin, TEMPLATE } from '../support/postgres-admin.ts'

const servers: { server: Server; sockets: Set<Socket> }[] = []
afterEach(async () => {
  for (const { server, sockets } of servers.splice(0)) {
    for (const socket of sockets) socket.destroy()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** A server that accepts connections and then does `behave`. */
async function listen(behave: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined))
    behave(socket)
  })
  servers.push({ server, sockets })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

async function failureOf(url: string): Promise<Error & { code?: unknown }> {
  try {
    await (await openDatabase({ kind: 'postgres', url, log: silentLog })).close()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('it opened')
}

describe('a Postgres that cannot be used', () => {
  it.each<[string, () => Promise<string>, RegExp]>([
    ['nobody listens', async () => 'postgres://ada:hunter2@127.0.0.1:1/conch', /127\.0\.0\.1:1\/conch: nothing is listening there/],
    ['the host does not exist', async () => 'postgres://ada:hunter2@db.invalid/conch', /db\.invalid:5432\/conch: /],
    [
      'the password is wrong',
      async () => inject('postgresUrl').replace(/:[0-9a-f]+@/, ':hunter2@'),
      /127\.0\.0\.1:\d+\/postgres: password authentication failed for user "conch"/,
    ],
    [
      'there is no such database',
      async () => `${inject('postgresUrl')}_hunter2`.replace('_hunter2', '_other'),
      /\/postgres_other: database "postgres_other" does not exist/,
    ],
    [
      'it is another kind of server',
      async () => `postgres://ada:hunter2@127.0.0.1:${await listen((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))}/conch`,
      /conch: /,
    ],
    ['it never answers', async () => `postgres://ada:hunter2@127.0.0.1:${await listen(() => undefined)}/conch`, /\/conch: .*timeout/],
    ['it has no SSL', async () => `${inject('postgresUrl')}?sslmode=require`, /SSL/],
    ['the URL is not one', async () => 'hunter2', /DATABASE_URL is not a valid URL/],
    ['the URL is of something else', async () => 'mysql://ada:hunter2@127.0.0.1/conch', /DATABASE_URL is not a valid URL/],
  ])('because %s is named in one line without the password', async (_what, makeUrl, said) => {
    const failure = await failureOf(await makeUrl())
    expect(failure).toMatchObject({ code: 'db.unreachable', message: expect.stringMatching(said) })
    expect(failure.message).not.toContain('hunter2')
    expect(failure.message).not.toContain('\n')
  })
})

describe('a pool on Postgres', () => {
  async function open(options: { statementTimeoutMs?: number } = {}) {
    const { url, drop } = await createPostgresDatabase(TEMPLATE)
    onTestFinished(drop)
    const database = await openDatabase({ kind: 'postgres', url, log: silentLog, ...options })
    onTestFinished(() => database.close())
    return { database, name: new URL(url).pathname.slice(1) }
  }

  it('goes by the name of conch and gives every statement 15 seconds', async () => {
    const { database } = await open()
    const settings = sql`select current_setting('application_name') as name, current_setting('statement_timeout') as timeout`
    expect(rowsOf(await database.db.execute(settings))).toStrictEqual([{ name: 'conch', timeout: '15s' }])
  })

  it('ends a statement that takes too long, and goes on', async () => {
    const { database } = await open({ statementTimeoutMs: 100 })
    await expect(database.db.execute(sql`select pg_sleep(10)`)).rejects.toMatchObject({ cause: { code: '57014' } })
    expect(rowsOf(await database.db.execute(sql`select 1 as one`))).toStrictEqual([{ one: 1 }])
  })

  it('outlives the loss of its idle connections', async () => {
    const { database, name } = await open()
    await Promise.all(Array.from({ length: 4 }, () => database.db.execute(sql`select pg_sleep(0.05)`)))
    await onAdmin(inject('postgresUrl'), (run) => run(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${name}'`))
    const deadline = performance.now() + 5_000
    let answer: unknown
    while (answer === undefined && performance.now() < deadline) answer = await database.db.execute(sql`select 1 as one`).catch(() => undefined)
    expect(rowsOf(answer)).toStrictEqual([{ one: 1 }])
  })

  it('closes twice without complaint', async () => {
    const { database } = await open()
    await database.close()
    await expect(database.close()).resolves.toBeUndefined()
  })
})
