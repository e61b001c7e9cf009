// One request to Fly, start to end: its turn at the limiter, the token, the time-out, the log line, the error's name, and the retry
// where a second try can do no harm. It knows nothing of apps or machines, and never logs a body or a query.
import { Agent, type Dispatcher } from 'undici'
import { z } from 'zod'
import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Random } from '../../lib/random.ts'
import type { Sealed } from '../../lib/sealed.ts'
import { classify, classifyNetwork, ProviderError, type Operation } from './errors.ts'
import type { Limiter, LimiterKey } from './limiter.ts'

export type Call = {
  operation: Operation
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Segments: each is escaped. */
  path: string[]
  query?: Record<string, string | number | boolean | undefined>
  body?: unknown
  /** Logs and metrics live on the platform's host, under its own scheme and limits. */
  host?: 'machines' | 'platform'
  limit?: LimiterKey
  timeoutMs?: number
  /** Ends this one call. */
  signal?: AbortSignal
  /** False: an unanswered call is not tried again, even though it only reads. */
  retryUnanswered?: boolean
}

export type Transport = {
  /** The parsed answer. */
  read<T>(call: Call, schema: z.ZodType<T>): Promise<T>
  /** The parsed answer, or null for 404. */
  find<T>(call: Call, schema: z.ZodType<T>): Promise<T | null>
  /** For calls whose answer says nothing more. */
  send(call: Call): Promise<void>
  /** For deletes: 404 means that it is gone. */
  remove(call: Call): Promise<'accepted' | 'absent'>
  /** Ends at once: calls under way fail, nothing is tried again. */
  close(): Promise<void>
}

type TransportOptions = {
  apiUrl: string
  platformUrl: string
  token: Sealed
  clock: Clock
  random: Random
  log: Log
  limiter: Limiter | null
  timeoutMs: number
  retryBaseMs: number
}

type Answer = { status: number; body: unknown; requestId: string | null }
type Outcome = { ok: true; answer: Answer } | { ok: false; error: ProviderError; retryAfterMs: number | null }

const RETRIES_MAX = 3
const BACKOFF_MS_MAX = 5_000
// A longer Retry-After is the loop's to honour: a call must end.
const RETRY_AFTER_MS_MAX = 30_000

/** The HTTP side of the Fly client. */
export function createTransport(options: TransportOptions): Transport {
  const { clock, log, limiter } = options
  // No bound on connections: a call that waits for one has no time-out yet, and the callers bound how many run at once.
  const agent = new Agent({ connect: { timeout: options.timeoutMs }, allowH2: false, maxResponseSize: 64 * 1024 * 1024 })
  const closing = new AbortController()

  async function attempt(call: Call): Promise<Outcome> {
    const startedAt = clock.now().getTime()
    const fields = { operation: call.operation, method: call.method, path: pathOf(call) }
    try {
      const response = await agent.request(requestOptions(call, options))
      const answer: Answer = {
        status: response.statusCode,
        requestId: firstOf(response.headers['fly-request-id']),
        body: parseJson(await response.body.text()),
      }
      const seen = { ...fields, status: answer.status, requestId: answer.requestId, ms: clock.now().getTime() - startedAt }
      if (answer.status >= 200 && answer.status < 300) {
        log.debug(seen, 'fly call')
        return { ok: true, answer }
      }
      const error = new ProviderError({ ...classify({ ...answer, operation: call.operation }), ...answer, operation: call.operation })
      // An absence is an answer to most callers, and a wait that ran out is one to its only caller.
      log[error.kind === 'not-found' || error.kind === 'wait-timeout' ? 'debug' : 'warn']({ ...seen, kind: error.kind }, 'fly call refused')
      return { ok: false, error, retryAfterMs: retryAfterMs(firstOf(response.headers['retry-after']), clock) }
    } catch (cause) {
      const named = classifyNetwork(cause)
      log.warn({ ...fields, reason: named.detail, ambiguous: named.ambiguous, ms: clock.now().getTime() - startedAt }, 'fly call unanswered')
      const error = new ProviderError({ ...named, operation: call.operation, status: null, requestId: null }, { cause })
      return { ok: false, error, retryAfterMs: null }
    }
  }

  async function request(call: Call): Promise<Answer> {
    for (let failures = 0; ; failures++) {
      if (limiter !== null && call.limit !== undefined && !(await limiter.take(call.limit, closing.signal))) throw queueTooLong(call)
      const outcome = await attempt(call)
      if (outcome.ok) return outcome.answer
      const { error } = outcome
      const wait = Math.max(
        backoffMs(failures, { baseMs: options.retryBaseMs, maxMs: BACKOFF_MS_MAX, random: options.random }),
        outcome.retryAfterMs ?? 0,
      )
      if (closing.signal.aborted || failures >= RETRIES_MAX || !mayRetry(call, error, failures) || wait > RETRY_AFTER_MS_MAX) throw error
      await clock.sleep(wait, closing.signal)
    }
  }

  async function read<T>(call: Call, schema: z.ZodType<T>): Promise<T> {
    return parsed(call, await request(call), schema)
  }

  return {
    read,
    find: (call, schema) => orNotFound(read(call, schema), null),
    async send(call) {
      await request(call)
    },
    remove: (call) =>
      orNotFound(
        request(call).then(() => 'accepted' as const),
        'absent' as const,
      ),
    close() {
      closing.abort()
      return agent.destroy()
    },
  }
}

// What was refused before it had an effect may go again; what may have had one, only if twice is the same as once.
function mayRetry(call: Call, error: ProviderError, failures: number): boolean {
  if (error.kind === 'rate-limited' || error.kind === 'lease-held') return true
  // Right after a volume was made, its machine's scheduler may not know it yet: once more, and then it is the caller's to judge.
  if (error.kind === 'not-ready' && error.status === 400 && call.operation === 'createMachine') return failures === 0
  if (error.kind !== 'transient') return false
  if (!error.ambiguous) return true
  return (call.method === 'GET' || call.method === 'DELETE') && call.retryUnanswered !== false
}

async function orNotFound<T, N>(promise: Promise<T>, absent: N): Promise<T | N> {
  try {
    return await promise
  } catch (error) {
    if (error instanceof ProviderError && error.kind === 'not-found') return absent
    throw error
  }
}

function requestOptions(call: Call, options: TransportOptions): Dispatcher.RequestOptions & { origin: string } {
  const base = new URL(call.host === 'platform' ? options.platformUrl : options.apiUrl)
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(call.query ?? {})) if (value !== undefined) query.set(name, String(value))
  const timeoutMs = call.timeoutMs ?? options.timeoutMs
  return {
    origin: base.origin,
    path: `${base.pathname.replace(/\/$/, '')}${pathOf(call)}${query.size === 0 ? '' : `?${query.toString()}`}`,
    method: call.method,
    headers: {
      authorization: authorization(options.token, call),
      accept: 'application/json',
      ...(call.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: call.body === undefined ? null : JSON.stringify(call.body),
    // Not a signal for the time-out: one signal per call costs more than the call.
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    ...(call.signal !== undefined && { signal: call.signal }),
  }
}

// Organisation tokens are macaroons, handed out with their scheme ("FlyV1 fm2_…"); the metrics host takes no other.
function authorization(token: Sealed, call: Call): string {
  const bare = token.open().replace(/^FlyV1\s+/i, '')
  const macaroon = bare !== token.open() || /^fm\d/.test(bare) || call.operation === 'query'
  return `${macaroon ? 'FlyV1' : 'Bearer'} ${bare}`
}

function pathOf(call: Call): string {
  return `/${call.path.map(encodeURIComponent).join('/')}`
}

function parsed<T>(call: Call, answer: Answer, schema: z.ZodType<T>): T {
  const result = schema.safeParse(answer.body)
  if (result.success) return result.data
  // A page from a proxy in between is no word of Fly's; JSON of another shape is, and trying again would not change it.
  const kind = typeof answer.body === 'string' ? 'transient' : 'fatal'
  const detail = `unexpected answer at ${result.error.issues.map((issue) => issue.path.join('.') || 'its root').join(', ')}`
  throw new ProviderError({ kind, ambiguous: true, detail, operation: call.operation, status: answer.status, requestId: answer.requestId })
}

function queueTooLong(call: Call): ProviderError {
  const detail = 'too many calls of ours are waiting already'
  return new ProviderError({ kind: 'rate-limited', ambiguous: false, detail, operation: call.operation, status: null, requestId: null })
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? null : (JSON.parse(text) as unknown)
  } catch {
    return text
  }
}

function retryAfterMs(header: string | null, clock: Clock): number | null {
  if (header === null) return null
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - clock.now().getTime()
  return Number.isNaN(ms) ? null : ms
}

function firstOf(header: string | string[] | undefined): string | null {
  return (Array.isArray(header) ? header[0] : header) ?? null
}
