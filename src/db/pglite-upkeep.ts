// PGlite has no background processes: without this its log grew past 1.2 GB and 2,000 hot rows to 74 MB. A tick does what autovacuum and the checkpointer do.
import { messageOf } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'

export type Upkeep = {
  /** No tick starts after this; resolves when the running one has ended. */
  stop(): Promise<void>
}

const EVERY_MS = 5 * 60_000

/** Runs VACUUM ANALYZE and CHECKPOINT every five minutes, one at a time. Its timer keeps no process alive. */
export function createUpkeep(deps: { run(sql: string): Promise<unknown>; log: Log; everyMs?: number }): Upkeep {
  let running: Promise<void> | null = null

  const tick = async (): Promise<void> => {
    try {
      // VACUUM refuses to run beside another statement in one call.
      await deps.run('vacuum analyze')
      await deps.run('checkpoint')
    } catch (error) {
      deps.log.warn({ reason: messageOf(error) }, 'database upkeep failed; the next tick tries again')
    }
  }

  const timer = setInterval(() => {
    running ??= tick().finally(() => {
      running = null
    })
  }, deps.everyMs ?? EVERY_MS)
  timer.unref()

  return {
    async stop() {
      clearInterval(timer)
      await running
    },
  }
}
