// Decides about every visitor of the public port: who is let through to the gateway, who gets a page, who is refused. It is the only way in.
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { jsonBody } from './body.ts'
import type { Control } from './control.ts'
import type { GatewayState } from './gateway.ts'
import { createServer } from './http.ts'
import { createLimiter } from './limiter.ts'
import { closedPage, downPage, openPage, privatePage, slowDownPage, suspendedPage, type Page } from './pages.ts'
import { refuseUpgrade, SESSION_COOKIE, type Proxy, type Visit } from './proxy.ts'
import { SESSION_MS, type Session, type Sessions } from './sessions.ts'
import type { Tokens } from './tokens.ts'

export type DoorDeps = {
  owner: string
  publicPaths: readonly string[]
  tokens: Tokens
  sessions: Sessions
  proxy: Proxy
  control: Control
  state: () => GatewayState
  suspended: () => boolean
  now: () => Date
}

const BODY_BYTES_MAX = 4_096
/** What only the supervisor asks of the gateway. */
const CLOSED = /^\/+api\/v1\/admin(\/|$)/
/** One who may only talk to the assistant; without it, the gateway gives what its configuration grants the owner. */
const CONNECT_ONLY = 'operator.read,operator.write'

export function createDoor(deps: DoorDeps): Server {
  const limiter = createLimiter(deps.now)
  const server = createServer({ requestTimeout: 0, headersTimeout: 30_000 }, (request, response) => {
    answer(deps, limiter, request, response).catch(() => {
      if (response.headersSent) response.destroy()
      else response.writeHead(500).end()
    })
  })
  server.on('upgrade', (request: IncomingMessage, client: Duplex, head: Buffer) => admit(deps, request, client, head))
  return server
}

type Limiter = ReturnType<typeof createLimiter>

async function answer(deps: DoorDeps, limiter: Limiter, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request)
  if (path === '/healthz') {
    const { status, headers, body } = deps.control.alive()
    return json(response, status, body, headers)
  }
  if (path.startsWith('/.conch/') || path === '/readyz') return own(deps, limiter, { path, request, response })
  if (deps.suspended()) return show(response, suspendedPage())
  if (CLOSED.test(plain(path))) return show(response, closedPage())
  const session = sessionOf(deps, request)
  if (session === null && !isPublic(deps, path)) {
    // A session that is over is no guess: its page may ask on, and its owner come back with a new link.
    return show(response, privatePage())
  }
  if (session !== null && !isOwnOrigin(request)) return show(response, closedPage())
  const why = downWhy(deps.state())
  if (why !== null) return show(response, downPage(why))
  deps.proxy.http(request, response, visitOf(deps, request, session))
}

/** The same for a WebSocket: there are no pages, and no second look once it is open. */
function admit(deps: DoorDeps, request: IncomingMessage, client: Duplex, head: Buffer): void {
  client.on('error', () => client.destroy())
  const path = pathOf(request)
  if (deps.suspended()) return refuseUpgrade(client, 403, 'This assistant is paused.')
  if (CLOSED.test(plain(path))) return refuseUpgrade(client, 404, 'There is nothing here.')
  const session = sessionOf(deps, request)
  if (session === null) return refuseUpgrade(client, 401, 'This assistant is private.')
  if (!isOwnOrigin(request)) return refuseUpgrade(client, 403, 'Another page may not speak for its owner.')
  const why = downWhy(deps.state())
  if (why !== null) return refuseUpgrade(client, 503, why)
  deps.proxy.webSocket(request, client, head, visitOf(deps, request, session))
  // A session ends for what is open as well.
  const ends = setTimeout(() => client.destroy(), session.until - deps.now().getTime())
  client.once('close', () => clearTimeout(ends))
}

type Visitor = { path: string; request: IncomingMessage; response: ServerResponse }

async function own(deps: DoorDeps, limiter: Limiter, { path, request, response }: Visitor): Promise<void> {
  const client = clientOf(request)
  const waits = limiter.waits(client)
  if (path === '/.conch/open' && request.method === 'GET') return show(response, deps.suspended() ? suspendedPage() : openPage())
  if (waits > 0) return show(response, slowDownPage(waits))
  if (path === '/.conch/session' && request.method === 'POST') return openSession(deps, limiter, request, response)
  const sent = bearerOf(request)
  const claims = sent === null ? null : deps.tokens.check(sent, 'control')
  if (claims !== null) return deps.control.handle(path.replace(/^\/(\.conch\/)?/, ''), request, response)
  if (sent !== null) limiter.failed(client)
  if (path === '/readyz') return json(response, ...(await deps.control.ready()))
  return json(response, 401, { error: 'a token of the control plane is needed' })
}

async function openSession(deps: DoorDeps, limiter: Limiter, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!isOwnOrigin(request)) return json(response, 403, { title: 'This link does not work', text: 'Open it by itself, not from another page.' })
  if (deps.suspended()) return json(response, 403, { title: 'This assistant is paused', text: 'The bot that looks after it says why: /status.' })
  const token = await tokenIn(request)
  const claims = token === null ? null : deps.tokens.check(token, 'open')
  const opened = claims === null ? null : deps.sessions.open(claims)
  if (opened === null) {
    limiter.failed(clientOf(request))
    return json(response, 401, {
      title: 'This link does not work any more',
      text: 'A link works once, for a minute, and for one assistant. Send /open to the bot for a new one.',
    })
  }
  const secure = isSecure(request) ? '; Secure' : ''
  response.setHeader('set-cookie', `${SESSION_COOKIE}=${opened.id}; Path=/; HttpOnly; SameSite=Lax; Max-Age=${SESSION_MS / 1_000}${secure}`)
  json(response, 200, { ok: true })
}

async function tokenIn(request: IncomingMessage): Promise<string | null> {
  const body = await jsonBody(request, BODY_BYTES_MAX)
  return typeof body === 'object' && body !== null && 'token' in body && typeof body.token === 'string' ? body.token : null
}

function visitOf({ owner }: DoorDeps, request: IncomingMessage, session: Session | null): Visit {
  const identity = session === null ? null : { user: owner, scopes: session.scopes.includes('configure') ? null : CONNECT_ONLY }
  return { identity, client: clientOf(request), secure: isSecure(request) }
}

/** Only a path that can be read in one way is compared with the list. */
function isPublic({ publicPaths }: DoorDeps, path: string): boolean {
  if (!/^\/[\w./-]*$/.test(path) || /\.\.|\/\/|\/\.(\/|$)/.test(path)) return false
  return publicPaths.some((prefix) => path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : `${prefix}/`))
}

/** Nothing in it that two readers could understand differently. */
const UNAMBIGUOUS = /^(?:\/(?!\.{1,2}(?:\/|$))[\w.-]+)*\/?$/

/** The path as the most lenient reader would understand it. */
function plain(path: string): string {
  if (UNAMBIGUOUS.test(path)) return path.toLowerCase()
  let text = path
  try {
    text = decodeURIComponent(path)
  } catch {
    // Not encoded properly: taken as it is.
  }
  return new URL(text.replaceAll('\\', '/').replaceAll(/\/{2,}/g, '/'), 'http://gateway').pathname.toLowerCase()
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const end = url.search(/[?#]/)
  return end === -1 ? url : url.slice(0, end)
}

/** A browser says which page a request comes from; a page of somebody else may not use the cookie. */
function isOwnOrigin({ headers: { origin, host } }: IncomingMessage): boolean {
  return origin === undefined || (host !== undefined && (origin === `https://${host}` || origin === `http://${host}`))
}

/** The provider's front door names the client; it takes the header from nobody else. */
function clientOf(request: IncomingMessage): string {
  const named = request.headers['fly-client-ip']
  return typeof named === 'string' && named !== '' ? named : (request.socket.remoteAddress ?? '')
}

function isSecure({ headers }: IncomingMessage): boolean {
  return headers['x-forwarded-proto'] === 'https'
}

const SESSION_IN_COOKIES = new RegExp(`(?:^|;\\s*)${SESSION_COOKIE}=([^;]*)`)

function cookieOf(request: IncomingMessage): string | null {
  const header = request.headers.cookie
  if (header === undefined) return null
  return SESSION_IN_COOKIES.exec(header)?.[1] ?? null
}

function sessionOf({ sessions }: DoorDeps, request: IncomingMessage): Session | null {
  const id = cookieOf(request)
  return id === null ? null : sessions.find(id)
}

function bearerOf({ headers }: IncomingMessage): string | null {
  const found = /^Bearer (\S+)$/.exec(headers.authorization ?? '')
  return found?.[1] ?? null
}

function downWhy(state: GatewayState): string | null {
  switch (state.kind) {
    case 'live':
    case 'unwell':
      return null
    case 'starting':
      return 'It is starting, which takes up to a minute. Load this page again then.'
    case 'waiting':
      return 'It stopped by itself and is started again in a moment. Load this page again then.'
    case 'degraded':
      return 'It does not start with its settings. The bot that looks after it says more: /status.'
    case 'stopped':
      return 'It is stopped.'
  }
}

/** Sends a page of ours. */
function show(response: ServerResponse, { status, headers, body }: Page): void {
  response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body)
}

function json(response: ServerResponse, status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): void {
  const text = JSON.stringify(body)
  const own = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), 'cache-control': 'no-store' }
  response.writeHead(status, { ...headers, ...own }).end(text)
}
