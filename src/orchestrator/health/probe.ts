// One HTTP probe: undici's dispatch on one shared Agent with kept-alive connections. Measured as the cheapest way that still follows HTTP:
// its request() makes a stream of every answer, of which a probe needs the status alone.
import { Agent } from 'undici'
import { ConchError, messageOf } from '../../lib/errors.ts'
import { loopbackNames } from '../../lib/loopback.ts'

export type ProbeResult = {
  ok: boolean
  latencyMs: number
  error: string | null
  /** How often the gateway has ended unasked, ever, as its supervisor counts; null when it was not said. */
  exits: number | null
  /** It does not start with its settings, and waits for others. */
  degraded: boolean
}
export type Prober = {
  check(url: string): Promise<ProbeResult>
  /** What it answers, whatever that is; null when it does not. */
  read(url: string, headers?: Record<string, string>): Promise<Answer | null>
  close(): Promise<void>
}
type Answer = { status: number; body: string }
type Heard = Answer & { exits: number | null; degraded: boolean }
/** What the supervisor says of the gateway in the head of its answer, where it costs nothing to read. */
const EXITS_HEADER = 'x-conch-exits'
const STATE_HEADER = 'x-conch-state'

/** A gateway that has not answered after this is not healthy. */
const PROBE_TIMEOUT_MS = 10_000
/** Longer than the sweep's minute, or every check would open a fresh connection. */
const KEEP_ALIVE_MS = 90_000
/** A health answer is a few bytes. */
const BODY_BYTES_MAX = 64 * 1024

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
  const { elapsed, timeoutMs = PROBE_TIMEOUT_MS } = options
  const agent = createProbeAgent(timeoutMs)
  return {
    async check(url) {
      const started = elapsed()
      const heard = await answerOf(agent, url, { keep: false, late: () => elapsed() - started > timeoutMs }).then(
        ({ status, exits, degraded }) => ({ error: status >= 200 && status < 300 ? null : `it answered ${status}`, exits, degraded }),
        (error: unknown) => ({ error: reasonOf(error), exits: null, degraded: false }),
      )
      return { ok: heard.error === null, latencyMs: elapsed() - started, ...heard }
    },
    async read(url, headers = {}) {
      const started = elapsed()
      return answerOf(agent, url, { keep: true, headers, late: () => elapsed() - started > timeoutMs }).catch(() => null)
    },
    close: () => agent.close(),
  }
}

/** The answer, once all of it has arrived, its body only to `keep`; `late` tells when that took too long. */
function answerOf(
  agent: Agent,
  url: string,
  { keep, headers = {}, late }: { keep: boolean; headers?: Record<string, string>; late: () => boolean },
): Promise<Heard> {
  return new Promise((resolve, reject) => {
    const target = new URL(url)
    let status = 0
    let exits: number | null = null
    let degraded = false
    let bytes = 0
    const kept: Buffer[] = []
    agent.dispatch(
      { origin: target.origin, path: target.pathname + target.search, method: 'GET', headers },
      {
        onRequestStart: () => undefined,
        onResponseStart(_, statusCode, said) {
          status = statusCode
          exits = countIn(said[EXITS_HEADER])
          degraded = said[STATE_HEADER] === 'degraded'
        },
        onResponseData(controller, chunk) {
          bytes += chunk.length
          if (keep) kept.push(chunk)
          // The agent's time-out is between two chunks: an answer that drips, or never ends, would hold its place in the sweep for ever.
          if (bytes > BODY_BYTES_MAX || late()) controller.abort(new ConchError('probe.endless', 'its answer does not end'))
        },
        onResponseEnd: () => resolve({ status, body: Buffer.concat(kept).toString(), exits, degraded }),
        onResponseError: (_, error) => reject(error),
      },
    )
  })
}

function countIn(header: string | string[] | undefined): number | null {
  return typeof header === 'string' && /^\d{1,9}$/.test(header) ? Number(header) : null
}

function reasonOf(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'ECONNREFUSED') return 'nothing is listening'
  if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') return 'it did not answer in time'
  return messageOf(error).slice(0, 200)
}
