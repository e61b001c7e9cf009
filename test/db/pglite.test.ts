import { createHash } from 'node:crypto'
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { openDatabase, rowsOf } from '../../src/db/connect.ts'
import { corruptFolder, explainFailure } from '../../src/db/pglite-failure.ts'
import { createUpkeep } from '../../src/db/pglite-upkeep.ts'
import { ConchError } from '../../src/lib/errors.ts'
import { silentLog } from '../../src/lib/log.ts'
import { clonePgliteFolder, pgliteDatabases } from '../support/database.ts'

let home = ''
let dir = ''
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'conch-test-folder-'))
  dir = join(home, 'db')
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

// What Postgres itself touches in every start, also in one that fails.
const ITS_OWN = /postmaster\.pid|pg_control|pg_wal|pg_internal/

/** The names and contents of all data files. */
function fingerprint(folder: string): string {
  const hash = createHash('sha256')
  for (const name of globSync('**', { cwd: folder }).toSorted()) {
    if (ITS_OWN.test(name)) continue
    hash.update(name)
    if (statSync(join(folder, name)).isFile()) hash.update(readFileSync(join(folder, name)))
  }
  return hash.digest('hex')
}

function withDatabase(): void {
  const clone = clonePgliteFolder()
  cpSync(clone.dir, dir, { recursive: true })
  rmSync(clone.home, { recursive: true })
}

describe('a PGlite folder', () => {
  it('is made on the first start, which says so, and found by the next, which does not; an abandoned first start is in nobody’s way', async () => {
    mkdirSync(`${dir}.preparing/base`, { recursive: true })
    writeFileSync(`${dir}.preparing/PG_VERSION`, '18')
    const onPreparing = vi.fn<() => void>()
    const first = await openDatabase({ kind: 'pglite', dir, log: silentLog, onPreparing })
    expect(onPreparing).toHaveBeenCalledTimes(1)
    expect(rowsOf(await first.db.execute(sql`select current_setting('max_wal_size') as wal`))).toStrictEqual([{ wal: '64MB' }])
    await first.db.execute(sql`insert into users (id) values ('ada')`)
    await first.close()
    await first.close()
    const second = await openDatabase({ kind: 'pglite', dir, log: silentLog, onPreparing })
    expect(onPreparing).toHaveBeenCalledTimes(1)
    expect(rowsOf(await second.db.execute(sql`select id from users`))).toStrictEqual([{ id: 'ada' }])
    await second.close()
    expect(globSync('*', { cwd: home })).toStrictEqual(['db'])
  })

  it.each<[string, () => void]>([
    ['files that are not a database', () => (mkdirSync(dir), writeFileSync(join(dir, 'holiday.jpg'), 'x'))],
    ['a database without its version file', () => (withDatabase(), rmSync(join(dir, 'PG_VERSION')))],
    ['a database of another Postgres', () => (withDatabase(), writeFileSync(join(dir, 'PG_VERSION'), '15\n'))],
    ['a database whose control file is cut off', () => (withDatabase(), truncateSync(join(dir, 'global', 'pg_control'), 100))],
    ['a database that lost its tables', () => (withDatabase(), rmSync(join(dir, 'base'), { recursive: true }))],
    ['no folder but a file', () => writeFileSync(dir, 'x')],
  ])('that holds %s is refused in one line, and its data is left as it is', async (_what, spoil) => {
    spoil()
    const before = fingerprint(home)
    const failure = await openDatabase({ kind: 'pglite', dir, log: silentLog }).then(
      () => undefined,
      (error: unknown) => error,
    )
    expect(failure).toMatchObject({
      code: 'db.corrupt',
      message: expect.stringMatching(`^The database in ${dir} cannot be opened: .+\\. Move ${dir} away`),
    })
    expect(failure).not.toMatchObject({ message: expect.stringContaining('\n') })
    expect(fingerprint(home)).toBe(before)
  })

  it.each<[string, unknown, number, string]>([
    ['a full disk, said by the system', Object.assign(new Error('write'), { code: 'ENOSPC' }), 1e9, 'db.disk-full'],
    ['a full disk, said by PGlite’s file layer', { name: 'ErrnoError', errno: 51 }, 1e9, 'db.disk-full'],
    ['a full disk, said in Postgres’s log', corruptFolder('h/db', 'could not write "postmaster.pid": No space left on device'), 1e9, 'db.disk-full'],
    ['a disk too full to start on, whatever was said', corruptFolder('h/db', 'PGlite failed to initialize properly'), 1e6, 'db.disk-full'],
    ['a folder without permission, said by the system', Object.assign(new Error('open'), { code: 'EACCES' }), 1e9, 'db.no-access'],
    ['a folder without permission, said by PGlite', corruptFolder('h/db', 'EACCES', { name: 'ErrnoError', errno: 2 }), 1e9, 'db.no-access'],
    ['a read-only disk', Object.assign(new Error('mkdir'), { code: 'EROFS' }), 1e9, 'db.no-access'],
    ['another process, whatever the disk', new ConchError('db.locked', 'x'), 0, 'db.locked'],
    ['an edited migration, whatever the disk', new ConchError('db.migration-edited', 'x'), 0, 'db.migration-edited'],
    ['anything else', new Error('Aborted()'), 1e9, 'db.corrupt'],
  ])('that cannot be opened because of %s', (_what, error, freeBytes, code) => {
    expect(explainFailure({ error, dir: 'h/db', freeBytes })).toMatchObject({ code, message: expect.not.stringContaining('\n') })
  })
})

describe('upkeep', async () => {
  const databases = await pgliteDatabases()

  it('keeps a row that is updated all the time from growing its table', async () => {
    const { db } = await databases.open()
    await db.execute(sql`insert into users (id) values ('hot')`)
    const churn = async (): Promise<void> => {
      await db.execute(sql`do $$ begin for i in 1..2000 loop update users set time_zone = i::text; end loop; end $$`)
    }
    const upkeep = createUpkeep({ run: (text) => db.execute(sql.raw(text)), log: silentLog, everyMs: 5 })
    const read = async (what: string): Promise<number> =>
      rowsOf<{ value: number }>(await db.execute(sql.raw(`select ${what}::int8 as value from pg_stat_user_tables where relname = 'users'`)))[0]
        ?.value ?? 0
    const size = (): Promise<number> => read('pg_relation_size(relid)')
    await churn()
    const grown = await size()
    expect(grown).toBeGreaterThan(5 * 8192)
    for (let round = 1; round <= 4; round += 1) {
      const vacuums = await read('vacuum_count')
      await vi.waitFor(async () => expect(await read('vacuum_count')).toBeGreaterThan(vacuums + 1), { timeout: 10_000, interval: 10 })
      await churn()
    }
    expect(await size()).toBeLessThan(2 * grown)
    await upkeep.stop()
  })

  it('never runs two ticks at once, and has ended when stop() returns', async () => {
    let running = 0
    let most = 0
    let ticks = 0
    const run = async (): Promise<void> => {
      running += 1
      most = Math.max(most, running)
      await new Promise((resolve) => setTimeout(resolve, 15))
      running -= 1
      ticks += 1
    }
    const upkeep = createUpkeep({ run, log: silentLog, everyMs: 2 })
    await vi.waitFor(() => expect(ticks).toBeGreaterThan(4), { timeout: 5_000, interval: 5 })
    await upkeep.stop()
    expect({ running, most }).toStrictEqual({ running: 0, most: 1 })
  })

  it('goes on after a tick that failed', async () => {
    let calls = 0
    const run = async (): Promise<void> => {
      calls += 1
      throw new Error('database is busy')
    }
    const upkeep = createUpkeep({ run, log: silentLog, everyMs: 2 })
    await vi.waitFor(() => expect(calls).toBeGreaterThan(2), { timeout: 5_000, interval: 5 })
    await upkeep.stop()
  })
})
