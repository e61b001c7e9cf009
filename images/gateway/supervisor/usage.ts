// Tokens and what the model's provider asks for them, per day, as the gateway works them out of its sessions. For showing, not for the bill:
// the numbers of a day fall when a session is deleted, and a model without a price in the gateway's configuration costs nothing here.
//
// Measured on OpenClaw 2026.9.6 (`usage.cost`): it answers within 100 ms from a cache that it fills afterwards, so the first answer after a
// start may be all zeros and says `refreshing`. It is not made to be asked often: every five minutes is plenty.
import { request } from './http.ts'

export type RpcReply = { ok: true; payload: unknown } | { ok: false; code: string }
export type Rpc = (method: string, params: Record<string, unknown>) => Promise<RpcReply>

export type DayUsage = {
  /** YYYY-MM-DD in UTC. */
  date: string
  /** Tokens that were sent and are billed in full: those of the cache are not in here. */
  inputTokens: number
  outputTokens: number
  cacheReadTokens: number
  cacheWriteTokens: number
  costUsd: number
  /** Answers of a model whose price is unknown: the cost is without them. */
  unpriced: number
}
export type Usage =
  /** Yesterday and today. `settled` is false while the gateway has not read everything yet: the numbers may still rise. */
  { kind: 'known'; settled: boolean; days: DayUsage[] } | { kind: 'unknown'; code: string }

/**
 * The plugin `admin-http-rpc` is not enabled. The same question can be asked over the gateway's WebSocket then (client `gateway-client`, mode
 * `backend`, on the loopback interface, with the password). Its command line costs 225 MB each time, and its files are of a shape of its own.
 */
const NO_CONTROLS = 'no-controls'
const TIMEOUT_MS = 10_000
const DAY_MS = 86_400_000

/** The gateway's controls on the loopback interface. Never throws: `unreachable` when nothing sensible was answered. */
export function createRpc({ port, password }: { port: number; password: string }): Rpc {
  return async (method, params) => {
    try {
      const { status, text } = await post(port, password, JSON.stringify({ method, params }))
      if (status === 404) return { ok: false, code: NO_CONTROLS }
      const body: unknown = JSON.parse(text)
      if (!isRecord(body)) return { ok: false, code: 'unreachable' }
      if (body['ok'] === true) return { ok: true, payload: body['payload'] }
      return { ok: false, code: isRecord(body['error']) ? String(body['error']['code']) : 'unreachable' }
    } catch {
      return { ok: false, code: 'unreachable' }
    }
  }
}

/** Not `fetch`: what Node loads for it stays in memory for good, beside a gateway that hardly fits its machine. */
function post(port: number, password: string, body: string): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const asking = request({
      host: '127.0.0.1',
      port,
      path: '/api/v1/admin/rpc',
      method: 'POST',
      agent: false,
      headers: { authorization: `Bearer ${password}`, 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    asking.on('error', reject)
    asking.on('response', (reply) => {
      const parts: Buffer[] = []
      reply.on('data', (part: Buffer) => parts.push(part))
      reply.on('error', reject)
      reply.on('end', () => resolve({ status: reply.statusCode ?? 0, text: Buffer.concat(parts).toString() }))
    })
    asking.end(body)
  })
}

/** What all agents used yesterday and today. */
export async function readUsage(rpc: Rpc, now: Date): Promise<Usage> {
  const [startDate, endDate] = [dateOf(now.getTime() - DAY_MS), dateOf(now.getTime())]
  const reply = await rpc('usage.cost', { startDate, endDate, mode: 'utc', agentScope: 'all' })
  if (!reply.ok) return { kind: 'unknown', code: reply.code }
  const { payload } = reply
  if (!isRecord(payload) || !Array.isArray(payload['daily'])) return { kind: 'unknown', code: 'unexpected' }
  const cache = payload['cacheStatus']
  return { kind: 'known', settled: !isRecord(cache) || cache['status'] === 'fresh', days: payload['daily'].filter(isRecord).map(dayOf) }
}

function dayOf(day: Readonly<Record<string, unknown>>): DayUsage {
  const number = (name: string): number => {
    const value = day[name]
    return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : 0
  }
  return {
    date: String(day['date']),
    inputTokens: number('input'),
    outputTokens: number('output'),
    cacheReadTokens: number('cacheRead'),
    cacheWriteTokens: number('cacheWrite'),
    costUsd: number('totalCost'),
    unpriced: number('missingCostEntries'),
  }
}

function dateOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10)
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
}
