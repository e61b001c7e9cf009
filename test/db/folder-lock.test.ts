import { spawn, type ChildProcess } from 'node:child_process'
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../../src/db/connect.ts'
import { takeFolderLock, type FolderLock } from '../../src/db/folder-lock.ts'
import { inbox } from '../../src/db/schema.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { silentLog } from '../../src/lib/log.ts'
import { clonePgliteFolder } from '../support/database.ts'
import { quickly } from '../support/program.ts'

let home = ''
let dir = ''
const children: ChildProcess[] = []

beforeEach(() => {
  ;({ home, dir } = clonePgliteFolder())
})
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => end(child, 'SIGKILL')))
  rmSync(home, { recursive: true, force: true })
})

/** Another process on the same folder, and what it prints, line by line. */
function otherProcess(mode: 'hold' | 'write'): { child: ChildProcess; lines: AsyncIterator<string> } {
  const child = spawn(process.execPath, [...quickly, join(import.meta.dirname, 'hold-database.ts'), dir, mode], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() }
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill(signal)
  await gone
}

const open = () => openDatabase({ kind: 'pglite', dir, log: silentLog })

describe('the lock of a PGlite folder', () => {
  it('a second process is refused and told which process holds the folder', async () => {
    const database = await open()
    const { lines } = otherProcess('hold')
    expect((await lines.next()).value).toBe(
      `db.locked: ConchError: Another Conch (process ${process.pid}) is using ${home}. Stop it first, or give this one its own folder with CONCH_HOME.`,
    )
    await database.close()
  })

  it('is held against the same process too', async () => {
    const database = await open()
    await expect(open()).rejects.toMatchObject({ code: 'db.locked' })
    await database.close()
  })

  it('is free again after an orderly stop, and leaves no file', async () => {
    const { child, lines } = otherProcess('hold')
    expect((await lines.next()).value).toBe('open')
    await end(child, 'SIGTERM')
    expect(readdirSync(home)).toStrictEqual(['db'])
    await (await open()).close()
  })

  it('is free again when opening failed', async () => {
    rmSync(join(dir, 'PG_VERSION'))
    await expect(open()).rejects.toMatchObject({ code: 'db.corrupt' })
    writeFileSync(join(dir, 'PG_VERSION'), '18\n')
    await (await open()).close()
  })

  it('is taken over after kill -9, and every acknowledged row is there', async () => {
    const { child, lines } = otherProcess('write')
    let acknowledged = 0
    while (acknowledged < 300) {
      const { value, done } = await lines.next()
      expect(done).not.toBe(true)
      acknowledged = Number(value) || 0
    }
    await end(child, 'SIGKILL')
    for (let next = await lines.next(); next.done !== true; next = await lines.next()) acknowledged = Number(next.value)
    expect(existsSync(`${dir}.lock`)).toBe(true)
    const database = await open()
    const rows = await database.db.select({ id: inbox.eventId }).from(inbox).where(eq(inbox.source, 'test'))
    const ids = new Set(rows.map((row) => Number(row.id)))
    for (let number = 1; number <= acknowledged; number += 1) expect(ids.has(number), `row ${number}`).toBe(true)
    await database.close()
  })

  it.each([
    ['a process that is gone', { pid: 4_194_304, started: '1', token: 't' }],
    ['a process whose id was given to another', { pid: process.pid, started: 'another time', token: 't' }],
    ['nobody: the file is cut off', ''],
  ])('a lock that belongs to %s is taken by exactly one of many', async (_whose, content) => {
    const file = join(home, 'lock')
    writeFileSync(file, content === '' ? '{"pid":' : JSON.stringify(content))
    const locks: FolderLock[] = await Promise.all(Array.from({ length: 8 }, () => takeFolderLock({ file, clock: systemClock })))
    expect(locks.filter((lock) => lock.ok)).toHaveLength(1)
    expect(locks.filter((lock) => !lock.ok && lock.pid === process.pid)).toHaveLength(7)
    for (const lock of locks) if (lock.ok) lock.release()
    expect(existsSync(file)).toBe(false)
  })
})
