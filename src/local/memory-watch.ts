import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Clock } from '../lib/clock.ts'
import type { Lifecycle, Run } from './lifecycle.ts'
import { memoryLimitBytes } from './machine-config.ts'
import type { MachineLogs } from './machine-logs.ts'
import { readProcessTable, signalProcess, treeOf } from './process-table.ts'

const PERIOD_MS = 1000

/** Measures every machine's processes and kills what outgrows its memory and swap, as the kernel of a VM would. */
export function measure(lifecycle: Lifecycle, logs: MachineLogs): void {
  const live = [...lifecycle.runs()].filter((run) => run.kind === 'process')
  if (live.length === 0) return
  const table = readProcessTable()
  for (const run of live) {
    const tree = treeOf(table, run.process.pid)
    run.memoryBytes = tree.reduce((sum, row) => sum + row.rssBytes, 0)
    run.cpuMs = Math.max(
      run.cpuMs,
      tree.reduce((sum, row) => sum + row.cpuMs, 0),
    )
    const limit = memoryLimitBytes(run.machine.config)
    if (run.memoryBytes <= limit || run.oomKilled) continue
    const [largest] = tree.toSorted((a, b) => b.rssBytes - a.rssBytes)
    logs.write(run.machine.id, {
      level: 'error',
      provider: 'runner',
      message: `Out of memory: ${Math.round(run.memoryBytes / 1048576)} MB used, ${limit / 1048576} MB allowed; killed`,
    })
    if (largest === undefined || largest.pid === run.process.pid) {
      run.oomKilled = true
      run.process.signal('SIGKILL')
    } else killInside(run, largest.pid)
  }
}

/** The kernel takes the largest process, and counts it where those who stay alive can read it. */
function killInside(run: Run & { kind: 'process' }, pid: number): void {
  const before = /^oom_kill (\d+)/m.exec(existsSync(run.memoryEvents) ? readFileSync(run.memoryEvents, 'utf8') : '')?.[1]
  writeFileSync(run.memoryEvents, `oom_kill ${Number(before ?? 0) + 1}\n`)
  signalProcess(pid, 'SIGKILL')
}

/** Measures once a second until stopped. */
export function startMemoryWatch(deps: { lifecycle: Lifecycle; logs: MachineLogs; clock: Clock }): () => Promise<void> {
  const stopping = new AbortController()
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await deps.clock.sleep(PERIOD_MS, stopping.signal)
      if (!stopping.signal.aborted) measure(deps.lifecycle, deps.logs)
    }
  }
  const done = loop()
  return async () => {
    stopping.abort()
    await done
  }
}
