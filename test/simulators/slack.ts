// Slack, as far as an app can tell: a Web API on loopback with Slack's limits and refusals, Socket Mode, signed HTTP requests, OAuth with
// token rotation, and people. The real client library connects to it. It never sees our code, only what comes over the wire.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { buffer as bytesOf, text as bodyOf } from 'node:stream/consumers'
import type { AddressInfo } from 'node:net'
import { scopes, slackManifest } from '../../src/bots/slack/manifest.ts'
import { randomId } from '../../src/lib/random.ts'
import type { Simulator } from './person.ts'
import { createRequests, createSockets, type Envelope, type Sockets, type Transport } from './slack/delivery.ts'
import { createSlackPerson, type SlackPerson } from './slack/people.ts'
import { loadSlackSpec, type SlackSpec } from './slack/spec.ts'
import { createState, type SlackState } from './slack/state.ts'
import { createApi, reply, type Args } from './slack/web-api.ts'

export type Fault = { method: string; times: number } & ({ status: number; retryAfter?: number } | { error: string } | { hangUp: true })
export type Call = { method: string; args: Args; at: number; token: string }
export type SlackSimulator = Simulator & {
  apiUrl: string
  appToken: string
  botToken: string
  state: SlackState
  sockets: Sockets
  /** Every call of ours, with its arguments. */
  calls: Call[]
  person(name: string, team?: string): SlackPerson
  /** The next `times` calls of a method end like this. */
  fail(fault: Fault): void
  /** Reaches the app by signed HTTP requests instead of sockets. */
  useHttp(options: { url: string; signingSecret: string }): void
  oauth: { clientId: string; clientSecret: string; authorizationUrl: string; expiresIn: number }
  /** A person of a workspace opens the install link and agrees; the page that they see at the end. */
  installs(installUrl: string, team: string): Promise<{ status: number; text: string }>
  /** The workspace throws the app out, and Slack tells. */
  uninstalls(team: string): Promise<void>
  /** Tells the app something, as Slack would. */
  tell(team: string, event: Record<string, unknown>): Promise<void>
}

const TEAM = 'T1'
/** Longer than anybody pauses here: a call must not meet a connection that is just being closed. */
const KEPT_MS = 120_000
/** Bursts that Slack lets pass, and how fast room comes back: one message a second and channel, 50 changes a minute. */
const RATES: Readonly<Record<string, { burst: number; perSecond: number }>> = {
  'chat.postMessage': { burst: 12, perSecond: 1 },
  'chat.update': { burst: 50, perSecond: 50 / 60 },
}

type World = { state: SlackState; calls: Call[]; faults: Fault[]; found: string[]; codes: Map<string, string>; refreshes: Map<string, string> }

/** Starts it on a free port. `checked`: every call is held against the published description. */
export async function startSlack(options: { rateLimits?: boolean; checked?: boolean } = {}): Promise<SlackSimulator> {
  const world: World = { state: createState(), calls: [], faults: [], found: [], codes: new Map(), refreshes: new Map() }
  const { state } = world
  const violate = (what: string): void => void world.found.push(what)
  const botToken = `xoxb-${randomId(24)}`
  const appToken = `xapp-${randomId(24)}`
  state.teams.set(TEAM, { id: TEAM, botToken, installed: true })
  const server = createServer({ keepAliveTimeout: KEPT_MS })
  const address = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const sockets = createSockets(server, () => (server.address() as AddressInfo).port)
  const oauth = { clientId: 'C-1', clientSecret: randomId(24), authorizationUrl: '', expiresIn: 43_200 }
  const call = createCalls(world, {
    sockets,
    appToken,
    oauth,
    violate,
    address,
    limited: options.rateLimits ?? true,
    spec: options.checked === false ? null : loadSlackSpec(),
  })
  server.on('request', (request, response) => void serve(request, response, { world, call, violate }))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  oauth.authorizationUrl = `${address()}/oauth/v2/authorize`
  let transport: Transport = sockets
  const send = async (envelope: Envelope): Promise<Record<string, unknown> | null> => {
    const answer = await transport.deliver(envelope)
    if (answer === null) violate(`${envelope.type} was not acknowledged within three seconds`)
    return answer
  }
  const commands = (slackManifest({ publicUrl: null })['features'] as { slash_commands: { command: string }[] }).slash_commands.map(
    (one) => one.command,
  )
  const tell = async (team: string, event: Record<string, unknown>): Promise<void> => {
    await send({ type: 'events_api', payload: { type: 'event_callback', event_id: `Ev${randomId(10)}`, team_id: team, event } })
  }
  return {
    apiUrl: `${address()}/api/`,
    appToken,
    botToken,
    state,
    sockets,
    oauth,
    tell,
    calls: world.calls,
    violations: () => world.found,
    person: (name, team = TEAM) => createSlackPerson({ state, team, commands, address, send, violated: violate }, name),
    fail: (fault) => void world.faults.push({ ...fault }),
    useHttp: (target) => void (transport = createRequests(target)),
    installs: (installUrl, team) => install(world, installUrl, team),
    async uninstalls(team) {
      const found = state.teams.get(team)
      if (found !== undefined) found.installed = false
      await tell(team, { type: 'app_uninstalled' })
    },
    async close() {
      sockets.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

type Answered = { status: number; headers?: Record<string, string>; body: unknown } | 'hang-up'
type Calls = (method: string, args: Args, token: string) => Answered
type CallDeps = {
  sockets: Sockets
  appToken: string
  oauth: SlackSimulator['oauth']
  violate: (what: string) => void
  address: () => string
  limited: boolean
  spec: SlackSpec | null
}

function createCalls(world: World, { sockets, appToken, oauth, violate, address, limited, spec }: CallDeps): Calls {
  const api = createApi(world.state, violate, address)
  const buckets = new Map<string, { room: number; at: number }>()
  const refused = (error: string): Answered => ({ status: 200, body: { ok: false, error } })
  return (method, args, token) => {
    world.calls.push({ method, args, at: performance.now(), token })
    for (const problem of spec?.problems(method, args) ?? []) violate(problem)
    const fault = world.faults.find((one) => one.method === method && one.times > 0)
    if (fault !== undefined) return faulty(fault)
    if (method === 'oauth.v2.access') return { status: 200, body: exchange(world, args, oauth) }
    if (method === 'apps.connections.open')
      return token === appToken ? { status: 200, body: { ok: true, url: sockets.url() } } : refused('invalid_auth')
    const team = world.state.byToken(token)
    if (team === undefined)
      return refused([...world.state.teams.values()].some((one) => one.botToken === token) ? 'account_inactive' : 'invalid_auth')
    if (limited && exceeds(buckets, method, args)) return { status: 429, headers: { 'retry-after': '1' }, body: { ok: false, error: 'ratelimited' } }
    const found = api[method]
    if (found === undefined) violate(`${method} is not simulated`)
    return { status: 200, body: found?.(args, team) ?? { ok: false, error: 'unknown_method' } }
  }
}

function faulty(fault: Fault): Answered {
  fault.times -= 1
  if ('hangUp' in fault) return 'hang-up'
  if ('error' in fault) return { status: 200, body: { ok: false, error: fault.error } }
  const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) }
  return { status: fault.status, headers, body: { ok: false, error: 'ratelimited' } }
}

function exceeds(buckets: Map<string, { room: number; at: number }>, method: string, args: Args): boolean {
  const rate = RATES[method]
  if (rate === undefined) return false
  const key = method === 'chat.postMessage' ? `${method}:${args['channel'] ?? ''}` : method
  const now = performance.now()
  const before = buckets.get(key) ?? { room: rate.burst, at: now }
  const room = Math.min(rate.burst, before.room + ((now - before.at) / 1_000) * rate.perSecond)
  buckets.set(key, { room: room < 1 ? room : room - 1, at: now })
  return room < 1
}

type Served = { world: World; call: Calls; violate: (what: string) => void }

async function serve(request: IncomingMessage, response: ServerResponse, { world, call, violate }: Served): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://x')
  if (url.pathname.startsWith('/upload/')) {
    const file = world.state.files.get(url.pathname.slice('/upload/'.length))
    const bytes = await bytesOf(request)
    if (file === undefined || bytes.length !== file.length) violate('a file was uploaded that was not announced like this')
    if (file !== undefined) file.bytes = bytes
    response.writeHead(200).end(`OK - ${bytes.length}`)
    return
  }
  const wanted = /^\/files-pri\/(\w+)-(F\w+)\//.exec(url.pathname)
  if (wanted !== null) {
    const [, team = '', id = ''] = wanted
    const mayRead = request.headers.authorization === `Bearer ${world.state.teams.get(team)?.botToken ?? ''}`
    // Whoever may not is shown where to sign in.
    if (!mayRead) return void response.writeHead(302, { location: 'https://slack.com/signin' }).end()
    const bytes = world.state.files.get(id)?.bytes ?? null
    return void response.writeHead(bytes === null ? 404 : 200).end(bytes ?? '')
  }
  const body = await bodyOf(request)
  if (url.pathname.startsWith('/respond/')) {
    const json = JSON.parse(body) as Record<string, unknown>
    world.calls.push({ method: 'respond', args: { body }, at: performance.now(), token: '' })
    response.writeHead(reply(world.state, url.pathname.slice('/respond/'.length), json, violate)).end('ok')
    return
  }
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '')
  const answer = call(url.pathname.slice('/api/'.length), Object.fromEntries(new URLSearchParams(body)), token)
  if (answer === 'hang-up') return void request.socket.destroy()
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers }).end(JSON.stringify(answer.body))
}

/** A code or a refresh token for tokens: each works once. */
function exchange(world: World, args: Args, oauth: SlackSimulator['oauth']): Record<string, unknown> {
  if (args['client_id'] !== oauth.clientId || args['client_secret'] !== oauth.clientSecret) return { ok: false, error: 'bad_client_secret' }
  const renewed = args['refresh_token']
  const id = renewed === undefined ? world.codes.get(args['code'] ?? '') : world.refreshes.get(renewed)
  world.codes.delete(args['code'] ?? '')
  world.refreshes.delete(renewed ?? '')
  if (id === undefined) return { ok: false, error: renewed === undefined ? 'invalid_code' : 'invalid_refresh_token' }
  const botToken = `xoxe.xoxb-${randomId(24)}`
  const refreshToken = `xoxe-1-${randomId(24)}`
  world.refreshes.set(refreshToken, id)
  world.state.teams.set(id, { id, botToken, installed: true })
  return {
    ok: true,
    app_id: 'A1',
    access_token: botToken,
    token_type: 'bot',
    scope: scopes.join(','),
    bot_user_id: `UBOT${id}`,
    team: { id, name: id },
    enterprise: null,
    is_enterprise_install: false,
    authed_user: { id: 'UADMIN' },
    expires_in: oauth.expiresIn,
    refresh_token: refreshToken,
  }
}

async function install(world: World, installUrl: string, team: string): Promise<{ status: number; text: string }> {
  const started = await fetch(installUrl, { redirect: 'manual' })
  const agree = new URL(started.headers.get('location') ?? '')
  const cookies = started.headers
    .getSetCookie()
    .map((cookie) => cookie.split(';')[0])
    .join('; ')
  const code = randomId(20)
  world.codes.set(code, team)
  const back = new URL(agree.searchParams.get('redirect_uri') ?? '')
  back.searchParams.set('code', code)
  back.searchParams.set('state', agree.searchParams.get('state') ?? '')
  const ended = await fetch(back, { headers: { cookie: cookies }, redirect: 'manual' })
  return { status: ended.status, text: await ended.text() }
}
