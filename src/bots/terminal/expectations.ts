// Jobs whose end a script waits for: by the keys of the messages that will tell it.
import type { Clock } from '../../lib/clock.ts'
import type { ReadyView } from '../core/view.ts'

export type Expectations = {
  /** Messages with these keys tell one job: it has ended when each was seen in its last state. */
  expect(keys: readonly string[]): void
  /** A message was shown in a state of its job. One that is interrupted ends the waiting for the whole job. */
  seen(key: string, job: ReadyView['job']): void
  /** Resolves when nothing is expected any more, `signal` is aborted, or `patienceMs` have passed. */
  settled(signal: AbortSignal, patienceMs: number, clock: Clock): Promise<void>
}

export function createExpectations(): Expectations {
  let jobs: Set<string>[] = []
  const ended = new Set<string>()
  let ring = new AbortController()
  return {
    expect(keys) {
      const open = keys.filter((key) => !ended.has(key))
      if (open.length > 0) jobs = [...jobs, new Set(open)]
    },
    seen(key, job) {
      if (job === undefined) ended.add(key)
      else ended.delete(key)
      const known = jobs.some((keys) => keys.has(key))
      if (job === 'ongoing' && !known) jobs = [...jobs, new Set([key])]
      if (job === 'interrupted') jobs = jobs.filter((keys) => !keys.has(key))
      if (job === undefined) for (const keys of jobs) keys.delete(key)
      jobs = jobs.filter((keys) => keys.size > 0)
      if (jobs.length === 0) ring.abort()
    },
    async settled(signal, patienceMs, clock) {
      if (jobs.length === 0 || signal.aborted) return
      ring = new AbortController()
      await clock.sleep(patienceMs, AbortSignal.any([signal, ring.signal]))
      jobs = []
    },
  }
}
