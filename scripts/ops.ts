// npm run ops
// The operator's commands (src/ops.ts), on the database that Conch is configured with. Without one Conch keeps its own, which one program at a time has.
import { join } from 'node:path'
import { readConfig } from '../src/config.ts'
import { openDatabase } from '../src/db/connect.ts'
import { ConchError } from '../src/lib/errors.ts'
import { silentLog } from '../src/lib/log.ts'
import { runOps } from '../src/ops.ts'

/** sysexits.h EX_USAGE. */
const EXIT_USAGE = 64

async function main(): Promise<void> {
  const read = readConfig(process.env)
  if (!read.ok) throw new ConchError('ops.config', read.problems.map((one) => `${one.name}: ${one.problem}`).join('\n'))
  const { database: wanted, home } = read.config
  const where = wanted.kind === 'postgres' ? { kind: wanted.kind, url: wanted.url.open() } : { kind: wanted.kind, dir: join(home, 'db') }
  const database = await openDatabase({ ...where, log: silentLog })
  try {
    process.stdout.write(await runOps(database.db, process.argv.slice(2)))
  } finally {
    await database.close()
  }
}

await main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof ConchError ? error.message : String(error)}\n`)
  process.exitCode = EXIT_USAGE
})
