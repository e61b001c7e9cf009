// A second process for the tests: opens a PGlite folder, says so, and writes numbered rows, each printed once it is committed, until it is told to stop.
import { sql } from 'drizzle-orm'
import { openDatabase } from '../../src/db/connect.ts'
import { silentLog } from '../../src/lib/log.ts'

const [dir = '', mode = 'hold'] = process.argv.slice(2)

try {
  const database = await openDatabase({ kind: 'pglite', dir, log: silentLog })
  process.once('SIGTERM', () => void database.close().then(() => process.exit(0)))
  process.stdout.write('open\n')
  for (let number = 1; mode === 'write'; number += 1) {
    await database.db.execute(sql`insert into inbox (source, event_id) values ('test', ${String(number)})`)
    process.stdout.write(`${number}\n`)
  }
  setInterval(() => undefined, 60_000)
} catch (error) {
  process.stdout.write(`${error instanceof Error && 'code' in error ? String(error.code) : 'unknown'}: ${String(error)}\n`)
  process.exit(3)
}
