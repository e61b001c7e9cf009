import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openDatabase } from '../../src/db/connect.ts'
import { randomId } from '../../src/lib/random.ts'
import { silentLog } from '../../src/lib/log.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** A migrated PGlite folder to clone. Making one takes seconds and cloning it a fifth of one, so it is kept in .cache/ until what it is made of changes. */
export async function pgliteTemplate(): Promise<string> {
  const hash = createHash('sha256')
  for (const file of ['package-lock.json', 'src/db/pglite.ts', 'src/db/migrate.ts', ...globSync('migrations/*.sql', { cwd: ROOT }).toSorted()]) {
    hash.update(file).update(readFileSync(join(ROOT, file)))
  }
  const dir = join(ROOT, '.cache', 'test-database', hash.digest('hex').slice(0, 16))
  if (existsSync(dir)) return dir
  mkdirSync(dirname(dir), { recursive: true })
  for (const old of globSync('*', { cwd: dirname(dir) })) rmSync(join(dirname(dir), old), { recursive: true, force: true })
  const draft = join(dirname(dir), `draft-${randomId(8)}`)
  const database = await openDatabase({ kind: 'pglite', dir: draft, log: silentLog })
  await database.close()
  try {
    renameSync(draft, dir)
  } catch (error) {
    // Another run may have made the same folder meanwhile.
    if (!existsSync(dir)) throw error
    rmSync(draft, { recursive: true, force: true })
  }
  return dir
}
