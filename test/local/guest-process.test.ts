import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { spawnGuest } from '../../src/local/guest-process.ts'
import { freePort } from '../../src/local/launch.ts'
import { readProcessTable, startTimeOf } from '../../src/local/process-table.ts'
import { eventually, temporaryFolder } from './harness.ts'

const quiet = { clock: systemClock, onLine: () => undefined }
const shell = (script: string, cwd: string) => ({ command: '/bin/sh', args: ['-c', script], env: { PATH: '/usr/bin:/bin' }, cwd })

test('a process whose pid cannot be recorded is killed rather than lost', async () => {
  const folder = temporaryFolder()
  const sleepers = () => readProcessTable().filter((row) => row.command === 'sleep' && row.parent === process.pid && !row.zombie)
  const before = sleepers().length
  const guest = { command: '/bin/sleep', args: ['61'], env: {}, cwd: folder }
  expect(() => spawnGuest(guest, { ...quiet, pidFile: join(folder, 'gone', 'pid.json') })).toThrow('ENOENT')
  await eventually(() => (sleepers().length === before ? true : undefined))
})

test('what a process leaves behind in its group dies with it, and its pid file goes', async () => {
  const folder = temporaryFolder()
  const pidFile = join(folder, 'pid.json')
  const guest = spawnGuest(shell('sleep 62 & echo $! > child; exit 4', folder), { ...quiet, pidFile })
  expect(await guest.exited).toEqual({ code: 4, signal: null })
  expect(existsSync(pidFile)).toBe(false)
  const child = Number(readFileSync(join(folder, 'child'), 'utf8'))
  await eventually(() => (startTimeOf(child) === null ? true : undefined))
})

test('a program that does not exist exits with 127, and a signal with 128 and its number', async () => {
  const folder = temporaryFolder()
  const lines: string[] = []
  const missing = spawnGuest(
    { command: join(folder, 'nothing'), args: [], env: {}, cwd: folder },
    { clock: systemClock, onLine: (line) => lines.push(line), pidFile: join(folder, 'a.json') },
  )
  expect((await missing.exited).code).toBe(127)
  expect(lines).toEqual([expect.stringContaining('ENOENT')])
  const killed = spawnGuest(shell('sleep 63', folder), { ...quiet, pidFile: join(folder, 'b.json') })
  onTestFinished(() => killed.signal('SIGKILL'))
  killed.signal('SIGTERM')
  expect(await killed.exited).toEqual({ code: 143, signal: 'SIGTERM' })
})

test('ports that are looked for at the same time are different ones, which no outgoing connection gets', async () => {
  const ports = await Promise.all(Array.from({ length: 40 }, () => freePort()))
  expect(new Set(ports).size).toBe(40)
  expect(Math.max(...ports)).toBeLessThan(32_768)
})
