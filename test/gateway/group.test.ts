// Whom the end of a gateway takes along: all that it left behind, and nothing that the supervisor runs for itself.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { othersOfGroup } from '../../images/gateway/supervisor/machine.ts'
import { ownPrograms, run } from '../../images/gateway/supervisor/program.ts'

const NONE: ReadonlySet<number> = new Set()
const commandOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()

test.skipIf(process.platform !== 'linux')('a process that is spared, and what it started, is none of the others', async () => {
  const leader = spawn('sh', ['-c', 'sleep 61 & sh -c "sleep 62; true" & wait'], { detached: true, stdio: 'ignore' })
  const group = leader.pid ?? 0
  onTestFinished(() => void process.kill(-group, 'SIGKILL'))
  await expect
    .poll(() => othersOfGroup(group, NONE).map(commandOf).toSorted(), { timeout: 10_000 })
    .toEqual(['sh -c sleep 62; true', 'sleep 61', 'sleep 62'])
  const inner = othersOfGroup(group, NONE).filter((pid) => commandOf(pid).startsWith('sh '))
  expect(othersOfGroup(group, new Set(inner)).map(commandOf)).toEqual(['sleep 61'])
})

test('a program of its own is known as long as it runs', async () => {
  const running = run({ program: process.execPath, args: ['-e', 'setTimeout(() => {}, 300)'], env: {}, patienceMs: 10_000 })
  expect(ownPrograms().size).toBe(1)
  expect((await running).code).toBe(0)
  expect(ownPrograms().size).toBe(0)
})
