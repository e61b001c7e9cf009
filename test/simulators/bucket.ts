// A limit over all that a bot does: bursts that the platform lets pass, and how fast room comes back.

export type Bucket = {
  /** Takes one, or says that there is no room. */
  takes(nowMs: number): boolean
}

export function createBucket({ burst, perSecond }: { burst: number; perSecond: number }): Bucket {
  let room = burst
  let at = 0
  return {
    takes(nowMs) {
      room = Math.min(burst, room + ((nowMs - at) / 1_000) * perSecond)
      at = nowMs
      if (room < 1) return false
      room -= 1
      return true
    },
  }
}
