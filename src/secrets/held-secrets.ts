// Secrets that wait for their person's next word: "set it anyway", or the second of two tokens. In this process's memory only, for minutes; a
// conversation keeps the reference. What is lost with the process is pasted again.
import type { Clock } from '../lib/clock.ts'
import { randomId } from '../lib/random.ts'
import type { Sealed } from '../lib/sealed.ts'

export type HeldSecrets = {
  /** Keeps secrets for a user; the reference to them. */
  hold(userId: string, values: Readonly<Record<string, Sealed>>): string
  /** What a reference stands for; null when it is another user's, when its time is over, or when this process never had it. */
  held(userId: string, reference: string): Readonly<Record<string, Sealed>> | null
  drop(reference: string): void
}

const HELD_MS = 10 * 60_000
const HELD_MAX = 1_000

export function createHeldSecrets({ clock }: { clock: Clock }): HeldSecrets {
  const kept = new Map<string, { userId: string; values: Readonly<Record<string, Sealed>>; until: number }>()
  const tidy = (now: number): void => {
    for (const [reference, one] of kept) if (one.until <= now || kept.size > HELD_MAX) kept.delete(reference)
  }
  return {
    hold(userId, values) {
      const now = clock.now().getTime()
      const reference = randomId(16)
      kept.set(reference, { userId, values, until: now + HELD_MS })
      tidy(now)
      return reference
    },
    held(userId, reference) {
      tidy(clock.now().getTime())
      const one = kept.get(reference)
      return one === undefined || one.userId !== userId ? null : one.values
    },
    drop: (reference) => void kept.delete(reference),
  }
}
