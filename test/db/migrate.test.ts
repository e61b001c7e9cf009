import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase, rowsOf, type Database } from '../../src/db/connect.ts'
import { silentLog } from '../../src/lib/log.ts'
import { clonePgliteFolder, createPostgresDatabase } from '../support/database.ts'
import { TEMPLATE } from '../support/postgres-admin.ts'

type Place = { open(migrationsDir?: string): Promise<Database> }

const engines: { name: string; make: () => Promise<Place> }[] = [
  {
    name: 'pglite',
    async make() {
      const { home, dir } = clonePgliteFolder()
      onTestFinished(() => rmSync(home, { recursive: true, force: true }))
      return { open: (migrationsDir) => openDatabase({ kind: 'pglite', dir, log: silentLog, ...(migrationsDir !== undefined && { migrationsDir }) }) }
    },
  },
  {
    name: 'postgres',
    async make() {
      const { url, drop } = await createPostgresDatabase(TEMPLATE)
      onTestFinished(drop)
      return {
        open: (migrationsDir) => openDatabase({ kind: 'postgres', url, log: silentLog, ...(migrationsDir !== undefined && { migrationsDir }) }),
      }
    },
  },
]

const dirs: string[] = []
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true })
})

/** A copy of our migrations with files added or changed. */
function migrationsWith(files: Record<string, string>): string {
  const dir = mkdtempSync(join(tmpdir(), 'conch-test-migrations-'))
  dirs.push(dir)
  cpSync('migrations', dir, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
  return dir
}

const ours = readdirSync('migrations').length
const named = (number: number): string => `${String(number).padStart(4, '0')}_shells.sql`
const SHELLS = named(ours + 1)
const all = Array.from({ length: ours + 1 }, (_, index) => index + 1)
const NEXT = 'create table shells (id int primary key);\ninsert into shells values (1);'
const FOUNDATION = readFileSync('migrations/0001_foundation.sql', 'utf8')

async function applied(database: Database): Promise<number[]> {
  return rowsOf<{ number: number }>(await database.db.execute(sql`select number from schema_migrations order by number`)).map((row) => row.number)
}

describe.each(engines)('migrations on $name', ({ make }) => {
  it('applies what is new once, and records it', async () => {
    const place = await make()
    const dir = migrationsWith({ [SHELLS]: NEXT })
    for (const start of ['first', 'second']) {
      const database = await place.open(dir)
      expect(await applied(database), start).toStrictEqual(all)
      expect(rowsOf(await database.db.execute(sql`select id from shells`)), start).toStrictEqual([{ id: 1 }])
      await database.close()
    }
  })

  it('keeps nothing of a migration that fails half-way, and applies it when it is mended', async () => {
    const place = await make()
    const broken = migrationsWith({ [SHELLS]: `${NEXT}\ninsert into shells values (1);` })
    await expect(place.open(broken)).rejects.toMatchObject({ code: 'db.migration-failed', message: expect.stringContaining(SHELLS) })
    const database = await place.open(migrationsWith({ [SHELLS]: NEXT }))
    expect(await applied(database)).toStrictEqual(all)
    await database.close()
  })

  it('refuses a file that was edited after it had landed, but not one with other line ends', async () => {
    const place = await make()
    const database = await place.open(migrationsWith({ '0001_foundation.sql': FOUNDATION.replaceAll('\n', '\r\n') }))
    await database.close()
    const edited = migrationsWith({ '0001_foundation.sql': `${FOUNDATION}\n-- once more` })
    await expect(place.open(edited)).rejects.toMatchObject({ code: 'db.migration-edited', message: expect.stringContaining('0001_foundation.sql') })
  })

  it('refuses a gap in the files', async () => {
    const place = await make()
    await expect(place.open(migrationsWith({ [named(ours + 2)]: NEXT }))).rejects.toMatchObject({
      code: 'db.migration-gap',
      message: expect.stringContaining(String(ours + 1)),
    })
  })

  it('refuses a gap in what was applied', async () => {
    const place = await make()
    const dir = migrationsWith({ [SHELLS]: NEXT })
    const database = await place.open(dir)
    await database.db.execute(sql`delete from schema_migrations where number = 1`)
    await database.close()
    await expect(place.open(dir)).rejects.toMatchObject({ code: 'db.migration-gap' })
  })

  it('refuses a database that a newer version has used', async () => {
    const place = await make()
    const newer = await place.open(migrationsWith({ [SHELLS]: NEXT }))
    await newer.close()
    await expect(place.open()).rejects.toMatchObject({ code: 'db.migration-newer', message: expect.stringContaining(SHELLS) })
  })

  it('refuses a file whose name has no number', async () => {
    const place = await make()
    await expect(place.open(migrationsWith({ 'shells.sql': NEXT }))).rejects.toMatchObject({
      code: 'db.migration-name',
      message: expect.stringContaining('shells.sql'),
    })
  })
})

it('lets processes that start together on one bare Postgres take turns: each migration runs once', async () => {
  const { url, drop } = await createPostgresDatabase('template1')
  onTestFinished(drop)
  // The sleep makes the starts overlap: the others arrive while the first one migrates.
  const migrationsDir = migrationsWith({ [SHELLS]: `${NEXT}\nselect pg_sleep(0.3);` })
  const databases = await Promise.all(Array.from({ length: 5 }, () => openDatabase({ kind: 'postgres', url, migrationsDir, log: silentLog })))
  for (const database of databases) expect(await applied(database)).toStrictEqual(all)
  await Promise.all(databases.map((database) => database.close()))
})
