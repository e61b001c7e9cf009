import { existsSync, readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'
import { writeAtomically } from './files.ts'

const SLOT_MS = 60_000
const HISTORY_MS = 26 * 3_600_000

const countsSchema = z.object({ sent: z.number(), received: z.number(), slots: z.array(z.tuple([z.number(), z.number(), z.number()])) })
type Counts = z.infer<typeof countsSchema>
export type Direction = 'sent' | 'received'
export type Traffic = {
  add(machineId: string, direction: Direction, bytes: number): void
  total(machineId: string, direction: Direction): number
  /** Bytes of the last `rangeMs`, to the minute. */
  increase(machineId: string, direction: Direction, rangeMs: number): number
  forget(machineId: string): void
  save(): Promise<void>
}

/** Bytes that crossed the edge, per machine and minute, kept for a little more than a day: the meter of `increase(…[1h])`. */
export function createTraffic(options: { file: string; clock: Clock }): Traffic {
  const { file, clock } = options
  const machines = new Map<string, Counts>(
    existsSync(file) ? Object.entries(z.record(z.string(), countsSchema).parse(JSON.parse(readFileSync(file, 'utf8')))) : [],
  )
  let dirty = false

  const slotOf = (counts: Counts): [number, number, number] => {
    const start = Math.floor(clock.now().getTime() / SLOT_MS) * SLOT_MS
    const last = counts.slots.at(-1)
    if (last !== undefined && last[0] === start) return last
    const slot: [number, number, number] = [start, 0, 0]
    counts.slots.push(slot)
    while ((counts.slots[0]?.[0] ?? start) < start - HISTORY_MS) counts.slots.shift()
    return slot
  }
  return {
    add(machineId, direction, bytes) {
      const counts = machines.get(machineId) ?? { sent: 0, received: 0, slots: [] }
      machines.set(machineId, counts)
      counts[direction] += bytes
      slotOf(counts)[direction === 'sent' ? 1 : 2] += bytes
      dirty = true
    },
    total: (machineId, direction) => machines.get(machineId)?.[direction] ?? 0,
    increase(machineId, direction, rangeMs) {
      const from = clock.now().getTime() - rangeMs
      const slots = machines.get(machineId)?.slots ?? []
      return slots.reduce((sum, slot) => (slot[0] + SLOT_MS > from ? sum + slot[direction === 'sent' ? 1 : 2] : sum), 0)
    },
    forget(machineId) {
      dirty = machines.delete(machineId) || dirty
    },
    async save() {
      if (!dirty) return
      dirty = false
      await writeAtomically(file, JSON.stringify(Object.fromEntries(machines)))
    },
  }
}
