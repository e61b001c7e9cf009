// Discord on this computer: REST and Gateway as the real client library meets them, with the limits, the deadlines and the failures of the original.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import { createBucket, type Bucket } from './bucket.ts'
import { carryOut, refused, type Answer, type CallContext } from './discord/calls.ts'
import { createGateway, type Gateway } from './discord/gateway.ts'
import { createPerson, type DiscordPerson, type PersonContext } from './discord/person.ts'
import { discordSpec, type DiscordSpec } from './discord/spec.ts'
import { createState, type Asked, type Posted } from './discord/state.ts'
import { FILES } from './discord/rules.ts'
import type { Simulator } from './person.ts'

export type Fault = {
  /** `POST /channels/…/messages`: the method and a part of the path. */
  call: RegExp
  /** `drop`: carried out, and then the connection breaks. */
  answer: { status: number; code?: number; retryAfterMs?: number } | 'drop'
  /** How often; once when it is left out. */
  times?: number
}
export type OurCall = { method: string; path: string; body: unknown; status: number; atMs: number }
export type DiscordSimulator = Simulator & {
  apiUrl: string
  token: string
  gateway: Gateway
  person(who?: { name?: string; place?: 'dm' | 'server' | 'friends' }): DiscordPerson
  fault(fault: Fault): void
  /** Every event from now on arrives this often. */
  repeatEvents(times: number): void
  /** Holds events back; the returned function lets them go, the last one first. */
  holdEvents(): () => void
  /** A direct message to this person ends with this error from now on; null ends that. */
  closeTo(personId: string, code: number | null): void
  /** Every call of ours. */
  calls(): readonly OurCall[]
  /** Every message that there is, whoever sees it. */
  messages(): readonly Posted[]
}

const ACKNOWLEDGE_MS = 3_000
/** Longer than anybody pauses here: a call must not meet a connection that is just being closed. */
const KEPT_MS = 120_000
const CLOCK_SLACK_MS = 50
const CHANNEL_LIMIT = { calls: 5, windowMs: 5_000 }
/** Every call but those about an interaction. */
const OVERALL = { burst: 110, perSecond: 50 }

type World = {
  context: CallContext
  token: string
  calls: OurCall[]
  faults: Fault[]
  windows: Map<string, { sent: number[]; blockedUntil: number }>
  overall: Bucket
  spec: DiscordSpec | null
  gatewayUrl: () => string
}

/** Starts it on a free port. `rateLimits`: five messages in five seconds a channel. `checked`: calls are held against the published description. */
export async function startDiscord(options: { rateLimits?: boolean; tokenLifeMs?: number; checked?: boolean } = {}): Promise<DiscordSimulator> {
  // Read before anything has a deadline: it takes a second or two.
  const spec = options.checked === false ? null : discordSpec()
  const state = createState()
  const token = `${Buffer.from(state.botId).toString('base64url')}.GaBcDe.${'s'.repeat(38)}`
  const violations: string[] = []
  const violation = (text: string): void => void violations.push(text)
  const now = (): number => performance.now()
  const context: CallContext = { state, now, violation, tokenLifeMs: options.tokenLifeMs ?? 15 * 60_000 }
  const parts = { windows: new Map(), overall: createBucket(OVERALL), spec }
  const world: World = { context, token, calls: [], faults: [], ...parts, gatewayUrl: () => `ws://127.0.0.1:${port}` }
  const server = createServer({ keepAliveTimeout: KEPT_MS }, (request, response) => void serve(world, options.rateLimits ?? true, request, response))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const gateway = createGateway({ server, token, url: world.gatewayUrl, botId: state.botId, serverId: state.serverId, violation })
  const post = poster(gateway)
  const timers = new Set<NodeJS.Timeout>()
  const filesAt = (): string => `http://127.0.0.1:${port}`
  const people: PersonContext = { state, now, filesAt, dispatch: post.dispatch, asked: (asked) => void timers.add(watch(world, asked)) }
  return {
    apiUrl: `http://127.0.0.1:${port}/api`,
    token,
    gateway,
    person: (who = {}) => createPerson(people, { name: who.name ?? 'Ann', place: who.place ?? 'dm' }),
    fault: (fault) => void world.faults.push({ times: 1, ...fault }),
    repeatEvents: (times) => post.repeat(times),
    holdEvents: () => post.hold(),
    closeTo: (personId, code) => void (code === null ? state.closed.delete(personId) : state.closed.set(personId, code)),
    calls: () => world.calls,
    messages: () => state.messages,
    violations: () => violations,
    async close() {
      for (const timer of timers) clearTimeout(timer)
      await gateway.close()
      server.closeAllConnections()
      await new Promise<void>((resolve) => server.close(() => resolve()))
    },
  }
}

/** Delivers events as a network does: more than once, or in another order. */
function poster(gateway: Gateway): { dispatch: Gateway['dispatch']; repeat(times: number): void; hold(): () => void } {
  let times = 1
  let held: (() => void)[] | null = null
  return {
    dispatch(type, data, guildId) {
      const go = (): void => {
        for (let n = 0; n < times; n += 1) gateway.dispatch(type, data, guildId)
      }
      if (held === null) go()
      else held.push(go)
    },
    repeat: (count) => void (times = count),
    hold() {
      held = []
      return () => {
        const waiting = held ?? []
        held = null
        for (const go of waiting.toReversed()) go()
      }
    },
  }
}

/** Tells the person, and us, when nobody acknowledges in time. */
function watch({ context }: World, asked: Asked): NodeJS.Timeout {
  return setTimeout(() => {
    if (asked.acknowledged) return
    context.violation(`an interaction (${asked.kind}) was not acknowledged within 3 s`)
    context.state.failures.push({ personId: asked.personId, after: asked.id, text: 'The application did not respond' })
  }, ACKNOWLEDGE_MS)
}

async function serve(world: World, rateLimits: boolean, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const method = request.method ?? 'GET'
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://discord').pathname).replace(/^\/api\/v10/, '')
  const attached = /^\/attachments\/(\d+)\//.exec(path)?.[1]
  if (attached !== undefined) {
    const [content] = world.context.state.messages.find((one) => one.id === attached)?.files ?? []
    return void response.writeHead(content === undefined ? 404 : 200).end(content ?? '')
  }
  const body = await bodyOf(request)
  let answer: Answer
  try {
    answer = answerTo(world, { method, path, body, rateLimits, authorization: request.headers.authorization })
  } catch (error) {
    world.context.violation(`${method} ${path}: ${String(error)}`)
    answer = refused(400, 50_035, 'Invalid Form Body')
  }
  const fault = take(world, method, path, 'after')
  world.calls.push({ method, path, body, status: answer.status, atMs: performance.now() })
  if (fault?.answer === 'drop') return void request.socket.destroy()
  const headers = { ...answer.headers, ...(answer.body !== undefined && { 'content-type': 'application/json' }) }
  response.writeHead(answer.status, headers).end(answer.body === undefined ? '' : JSON.stringify(answer.body))
}

/** A JSON body; of a message with files their names and texts are put beside it. */
async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(Buffer.from(chunk))
  const raw = Buffer.concat(chunks)
  const type = request.headers['content-type'] ?? ''
  if (!type.startsWith('multipart/form-data')) return raw.length === 0 ? undefined : JSON.parse(raw.toString())
  const form = await new Response(raw, { headers: { 'content-type': type } }).formData()
  const files: string[] = []
  for (const [name, value] of form) if (name.startsWith('files[') && typeof value !== 'string') files.push(await fileOf(value))
  const payload = form.get('payload_json')
  return { ...z.looseObject({}).parse(JSON.parse(typeof payload === 'string' ? payload : '{}')), [FILES]: files }
}

/** A text as it is, a picture as a data URL. */
async function fileOf(file: File): Promise<string> {
  if (!file.name.endsWith('.png')) return file.text()
  return `data:image/png;base64,${Buffer.from(await file.arrayBuffer()).toString('base64')}`
}

type Asking = { method: string; path: string; body: unknown; rateLimits: boolean; authorization: string | undefined }

function answerTo(world: World, { method, path, body, rateLimits, authorization }: Asking): Answer {
  const { context } = world
  // A reply is authorised by the token in its path.
  const reply = /^\/(webhooks|interactions)\//.test(path)
  const authorised = reply || authorization === `Bot ${world.token}`
  if (!authorised) return refused(401, 0, '401: Unauthorized')
  const fault = take(world, method, path, 'instead')
  if (fault !== null && fault.answer !== 'drop') return failing(fault.answer)
  if (path === '/gateway/bot') {
    const limit = { total: 1_000, remaining: 999, reset_after: 14_400_000, max_concurrency: 1 }
    return { status: 200, body: { url: world.gatewayUrl(), shards: 1, session_start_limit: limit } }
  }
  for (const problem of world.spec?.problems(method, path, body) ?? []) context.violation(problem)
  if (rateLimits && !reply && !world.overall.takes(context.now())) {
    context.violation('too many calls in one second')
    return slowDown(1_000, { 'x-ratelimit-global': 'true' })
  }
  const channel = method === 'POST' ? /^\/channels\/(\d+)\/messages$/.exec(path)?.[1] : undefined
  if (!rateLimits || channel === undefined) return carryOut(context, method, path, body)
  const room = roomIn(world, channel)
  return room.kind === 'full' ? room.answer : { ...carryOut(context, method, path, body), headers: room.headers }
}

function take({ faults }: World, method: string, path: string, when: 'instead' | 'after'): Fault | null {
  const index = faults.findIndex((one) => one.call.test(`${method} ${path}`) && (one.answer === 'drop') === (when === 'after'))
  const fault = faults[index]
  if (fault === undefined) return null
  fault.times = (fault.times ?? 1) - 1
  if (fault.times <= 0) faults.splice(index, 1)
  return fault
}

function failing({ status, code, retryAfterMs }: Exclude<Fault['answer'], 'drop'>): Answer {
  if (status !== 429) return refused(status, code ?? 0, `${status}: injected`)
  return slowDown(retryAfterMs ?? 1_000)
}

function slowDown(ms: number, more: Record<string, string> = {}): Answer {
  const seconds = ms / 1_000
  const headers = { 'retry-after': String(Math.ceil(seconds)), 'x-ratelimit-scope': 'user', ...limitHeaders(0, ms), ...more }
  return { status: 429, headers, body: { message: 'You are being rate limited.', retry_after: seconds, global: false } }
}

function limitHeaders(remaining: number, resetMs: number): Record<string, string> {
  const bucket = { 'x-ratelimit-bucket': 'messages', 'x-ratelimit-limit': String(CHANNEL_LIMIT.calls) }
  return { ...bucket, 'x-ratelimit-remaining': String(remaining), 'x-ratelimit-reset-after': String(resetMs / 1_000) }
}

type Room = { kind: 'room'; headers: Record<string, string> } | { kind: 'full'; answer: Answer }

function roomIn({ windows, context }: World, channel: string): Room {
  const now = context.now()
  const window = windows.get(channel) ?? { sent: [], blockedUntil: 0 }
  windows.set(channel, window)
  if (now < window.blockedUntil - CLOCK_SLACK_MS) context.violation('a channel was written to again before its pause was over')
  window.sent = window.sent.filter((at) => at > now - CHANNEL_LIMIT.windowMs)
  const resetMs = (window.sent[0] ?? now) + CHANNEL_LIMIT.windowMs - now
  if (window.sent.length >= CHANNEL_LIMIT.calls) {
    window.blockedUntil = now + resetMs
    return { kind: 'full', answer: slowDown(resetMs) }
  }
  window.sent.push(now)
  return { kind: 'room', headers: limitHeaders(CHANNEL_LIMIT.calls - window.sent.length, resetMs) }
}
