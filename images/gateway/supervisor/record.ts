// What happened to the gateway over the life of its volume: how often it ended unasked and why. The control plane compares the count with the
// one that it saw last, so that nothing is missed between two looks, over restarts of the machine as well.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { writeWhole } from './config-store.ts'
import type { ExitReason } from './exits.ts'

export type PastExit = { number: number; at: string; reason: ExitReason; detail: string }
export type Record = {
  /** How often it ended unasked, ever. */
  exits(): number
  counts(): Readonly<{ [reason in ExitReason]: number }>
  /** The latest, oldest first. */
  latest(): readonly PastExit[]
  add(reason: ExitReason, detail: string, at: Date): void
  suspended(): boolean
  suspend(on: boolean): void
}

const KEPT = 20
const DETAIL_CHARS_MAX = 400
type Stored = { counts: { [reason in ExitReason]: number }; latest: PastExit[]; suspended: boolean }

/** Keeps it in `dir`. */
export function createRecord(dir: string): Record {
  const file = join(dir, 'record.json')
  const stored = read(file)
  const write = (): void => writeWhole(file, JSON.stringify(stored))
  const exits = (): number => stored.counts.crashed + stored.counts['out-of-memory'] + stored.counts['bad-config']
  return {
    exits,
    counts: () => ({ ...stored.counts }),
    latest: () => [...stored.latest],
    add(reason, detail, at) {
      stored.counts[reason] += 1
      stored.latest = [...stored.latest, { number: exits(), at: at.toISOString(), reason, detail: detail.trim().slice(-DETAIL_CHARS_MAX) }].slice(
        -KEPT,
      )
      write()
    },
    suspended: () => stored.suspended,
    suspend(on) {
      stored.suspended = on
      write()
    },
  }
}

function read(file: string): Stored {
  const empty: Stored = { counts: { crashed: 0, 'out-of-memory': 0, 'bad-config': 0 }, latest: [], suspended: false }
  try {
    // Written by us alone.
    return { ...empty, ...(JSON.parse(readFileSync(file, 'utf8')) as Partial<Stored>) }
  } catch {
    return empty
  }
}
