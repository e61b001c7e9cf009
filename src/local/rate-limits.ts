import type { Clock } from '../lib/clock.ts'

type Bucket = { tokens: number; at: number }
type Limit = { perSecond: number; burst: number }

const ACTION: Limit = { perSecond: 1, burst: 3 }
const GET_MACHINE: Limit = { perSecond: 5, burst: 10 }
const DELETE_APP: Limit = { perSecond: 100 / 60, burst: 100 }
const BUCKETS_MAX = 10_000

/** What a request counts against: null when Fly documents no limit for it. */
export function limitOf(method: string, path: string): { key: string; limit: Limit } | null {
  const [, app, kind, id, ...rest] = /^\/v1\/apps\/([^/]+)(?:\/([^/]+)(?:\/([^/]+)(?:\/(.+))?)?)?$/.exec(path) ?? []
  if (app === undefined) return null
  if (kind === undefined) return method === 'DELETE' ? { key: 'delete-app', limit: DELETE_APP } : { key: `${method} app ${app}`, limit: ACTION }
  const action = rest[0] ?? ''
  if (kind === 'machines' && id !== undefined) {
    return method === 'GET' && action === '' ? { key: `get-machine ${id}`, limit: GET_MACHINE } : { key: `${method} ${action} ${id}`, limit: ACTION }
  }
  return { key: `${method} ${kind} ${action} ${app}`, limit: ACTION }
}

/** Token buckets as Fly documents them: per action and machine or app. */
export function createRateLimits(options: { clock: Clock }): { allows(method: string, path: string): boolean } {
  const buckets = new Map<string, Bucket>()
  return {
    allows(method, path) {
      const found = limitOf(method, path)
      if (found === null) return true
      const { key, limit } = found
      const now = options.clock.now().getTime()
      const bucket = buckets.get(key) ?? { tokens: limit.burst, at: now }
      bucket.tokens = Math.min(limit.burst, bucket.tokens + ((now - bucket.at) / 1000) * limit.perSecond)
      bucket.at = now
      if (buckets.size >= BUCKETS_MAX) buckets.clear()
      buckets.set(key, bucket)
      if (bucket.tokens < 1) return false
      bucket.tokens -= 1
      return true
    },
  }
}
