// Slows down whoever guesses: so many failures from one address, and it is not listened to for a while.

export type Limiter = {
  /** Seconds until the address is listened to again; 0 when it is. */
  waits(address: string): number
  failed(address: string): void
}

const FAILURES_MAX = 10
const WINDOW_MS = 60_000
/** A crowd of addresses must not fill the memory. */
const ADDRESSES_MAX = 10_000

export function createLimiter(now: () => Date): Limiter {
  const failures = new Map<string, { count: number; since: number }>()
  const current = (address: string): { count: number; since: number } | null => {
    const found = failures.get(address)
    if (found !== undefined && now().getTime() - found.since < WINDOW_MS) return found
    failures.delete(address)
    return null
  }
  return {
    waits(address) {
      const found = current(address)
      return found === null || found.count < FAILURES_MAX ? 0 : Math.max(1, Math.ceil((found.since + WINDOW_MS - now().getTime()) / 1_000))
    },
    failed(address) {
      const found = current(address) ?? { count: 0, since: now().getTime() }
      found.count += 1
      if (failures.size >= ADDRESSES_MAX) failures.delete(failures.keys().next().value ?? '')
      failures.set(address, found)
    },
  }
}
