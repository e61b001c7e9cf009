// One HTTP probe. undici's request on one shared Agent with kept-alive connections: measured as the cheapest way that still follows HTTP.
import { Agent } from 'undici'
import { messageOf } from '../../lib/errors.ts'
import { loopbackNames } from '../../lib/loopback.ts'

export type ProbeResult = { ok: boolean; latencyMs: number; error: string | null }
export type Prober = { check(url: string): Promise<ProbeResult>; close(): Promise<void> }

/** A gateway that has not answered after this is not healthy. */
const PROBE_TIMEOUT_MS = 10_000
/** Longer than the sweep's minute, or every check would open a fresh connection. */
const KEEP_ALIVE_MS = 90_000

/** One kept-alive connection per target, and the time-outs of a probe. */
export function createProbeAgent(timeoutMs: number = PROBE_TIMEOUT_MS): Agent {
  return new Agent({
    connections: 1,
    pipelining: 1,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    keepAliveMaxTimeout: KEEP_ALIVE_MS,
    connect: { timeout: timeoutMs, lookup: loopbackNames },
  })
}

/** `elapsed` returns milliseconds of a monotonic clock. */
export function createProber(options: { elapsed: () => number; timeoutMs?: number }): Prober {
  const agent = createProbeAgent(options.timeoutMs)
  return {
    async check(url) {
      const started = options.elapsed()
      try {
        const target = new URL(url)
        const { statusCode, body } = await agent.request({ origin: target.origin, path: target.pathname + target.search, method: 'GET' })
        await body.dump()
        const ok = statusCode >= 200 && statusCode < 300
        return { ok, latencyMs: options.elapsed() - started, error: ok ? null : `it answered ${statusCode}` }
      } catch (error) {
        return { ok: false, latencyMs: options.elapsed() - started, error: reasonOf(error) }
      }
    },
    close: () => agent.close(),
  }
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ECONNREFUSED') return 'nothing is listening'
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'it did not answer in time'
  return messageOf(error).slice(0, 200)
}
