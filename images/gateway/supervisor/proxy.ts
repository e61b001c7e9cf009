// Hands a request on to the gateway: HTTP and WebSocket, streamed. What a visitor says of who they are and where they come from is never passed on.
import type { Agent as HttpAgent, IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { Agent, request as send } from './http.ts'

/** What the gateway is told of the visitor. Null: nothing, and it decides by itself. */
export type Identity = { user: string; scopes: string | null } | null
export type Visit = { identity: Identity; client: string; secure: boolean }
export type Proxy = {
  http(request: IncomingMessage, response: ServerResponse, visit: Visit): void
  webSocket(request: IncomingMessage, client: Duplex, head: Buffer, visit: Visit): void
  /** Every WebSocket ends. */
  closeSockets(): void
  close(): void
}
/** Sees, and may replace, what a client that is let in with these scopes sends first over a WebSocket; after that it carries what comes. */
export type FirstFrame = (client: Duplex, upstream: Duplex, scopes: string | null) => void

/** The name of the cookie that holds a session. The gateway never sees it. */
export const SESSION_COOKIE = 'conch_session'
const DROPPED: ReadonlySet<string> = new Set(['forwarded', 'x-real-ip', 'x-openclaw-scopes', 'fly-client-ip', 'proxy-authorization', 'cookie'])
const DROPPED_PREFIXES = ['x-claw-', 'x-forwarded-', 'fly-forwarded']
/** RFC 5737: an address that is nobody's, for a visitor on this computer. The gateway refuses a forwarded address that is its own. */
const NOBODY = '192.0.2.1'

export function createProxy({ port, firstFrame }: { port: number; firstFrame: FirstFrame | null }): Proxy {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity, scheduling: 'fifo' })
  const open = new Set<Duplex>()
  return {
    http(request, response, visit) {
      pass({ port, agent, fresh: false }, { request, response, visit })
    },
    webSocket(request, client, head, visit) {
      open.add(client)
      client.once('close', () => open.delete(client))
      upgrade({ port, firstFrame }, { request, client, head, visit })
    },
    closeSockets() {
      for (const socket of open) socket.destroy()
    },
    close() {
      for (const socket of open) socket.destroy()
      agent.destroy()
    },
  }
}

/** The visitor's own headers without those that claim something, and with what we know. Names and values in turn. */
export function passedHeaders(request: IncomingMessage, { identity, client, secure }: Visit): string[] {
  const raw = request.rawHeaders
  const kept: string[] = []
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = raw[index] ?? ''
    const lower = name.toLowerCase()
    if (DROPPED.has(lower) || DROPPED_PREFIXES.some((prefix) => lower.startsWith(prefix))) continue
    // Whoever is known needs no password, and may not try one.
    if (identity !== null && lower === 'authorization') continue
    kept.push(name, raw[index + 1] ?? '')
  }
  const cookies = cookiesBut(request.headers.cookie)
  if (cookies !== '') kept.push('cookie', cookies)
  const address = isLoopback(client) ? NOBODY : client
  kept.push('x-forwarded-for', address, 'x-forwarded-proto', secure ? 'https' : 'http', 'x-forwarded-host', request.headers.host ?? '')
  if (identity !== null) {
    kept.push('x-claw-user', identity.user, 'x-claw-proxy', '1')
    if (identity.scopes !== null) kept.push('x-openclaw-scopes', identity.scopes)
  }
  return kept
}

function cookiesBut(header: string | undefined): string {
  if (header === undefined) return ''
  return header
    .split(';')
    .filter((one) => one.split('=', 1)[0]?.trim() !== SESSION_COOKIE)
    .join(';')
    .trim()
}

function isLoopback(address: string): boolean {
  return address === '::1' || address.startsWith('127.') || address.startsWith('::ffff:127.')
}

type Route = { port: number; agent: HttpAgent; fresh: boolean }
type Exchange = { request: IncomingMessage; response: ServerResponse; visit: Visit }

function pass(route: Route, exchange: Exchange): void {
  const { request, response, visit } = exchange
  const upstream = send({
    host: '127.0.0.1',
    port: route.port,
    method: request.method,
    path: request.url,
    headers: passedHeaders(request, visit),
    ...(route.fresh ? { agent: false } : { agent: route.agent }),
  })
  upstream.on('response', (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.statusMessage, reply.rawHeaders)
    reply.on('error', () => response.destroy())
    reply.pipe(response)
  })
  upstream.on('error', () => {
    // A kept-alive connection that the gateway closed just now says nothing about the gateway.
    if (!route.fresh && upstream.reusedSocket && isRepeatable(request) && !response.headersSent) pass({ ...route, fresh: true }, exchange)
    else if (response.headersSent) response.destroy()
    else response.writeHead(502, { 'content-type': 'text/plain; charset=utf-8' }).end('The assistant does not answer at the moment.\n')
  })
  request.on('error', () => upstream.destroy())
  response.on('close', () => upstream.destroy())
  if (isRepeatable(request)) upstream.end()
  else request.pipe(upstream)
}

/** It has no body, and changes nothing. */
function isRepeatable({ method, headers }: IncomingMessage): boolean {
  return (method === 'GET' || method === 'HEAD') && headers['content-length'] === undefined && headers['transfer-encoding'] === undefined
}

const NOTHING: ReadonlySet<string> = new Set()
/** What would be agreed upon with them changes how frames are written: the first one could not be read here. */
const EXTENSIONS: ReadonlySet<string> = new Set(['sec-websocket-extensions'])

/** The request that opens a WebSocket, as the gateway gets it. */
function openingOf(request: IncomingMessage, visit: Visit, without: ReadonlySet<string>): string {
  const headers = passedHeaders(request, visit)
  let text = `${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/1.1\r\n`
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? ''
    if (!without.has(name.toLowerCase())) text += `${name}: ${headers[index + 1] ?? ''}\r\n`
  }
  return `${text}\r\n`
}

type Upgrade = { request: IncomingMessage; client: Duplex; head: Buffer; visit: Visit }

function upgrade({ port, firstFrame }: { port: number; firstFrame: FirstFrame | null }, { request, client, head, visit }: Upgrade): void {
  client.on('error', () => client.destroy())
  const upstream = connect(port, '127.0.0.1')
  upstream.on('connect', () => {
    upstream.write(openingOf(request, visit, firstFrame === null ? NOTHING : EXTENSIONS))
    if (head.length > 0) client.unshift(head)
    upstream.pipe(client)
    // Nothing is put in for somebody whom nobody knows.
    if (firstFrame === null || visit.identity === null) client.pipe(upstream)
    else firstFrame(client, upstream, visit.identity.scopes)
  })
  upstream.on('error', () => refuseUpgrade(client, 502, 'The assistant does not answer at the moment.'))
  client.on('close', () => upstream.destroy())
  upstream.on('close', () => client.destroy())
}

/** Ends a WebSocket's opening with a refusal. */
export function refuseUpgrade(client: Duplex, status: 401 | 403 | 404 | 429 | 502 | 503, text: string): void {
  const title = { 401: 'Unauthorized', 403: 'Forbidden', 404: 'Not Found', 429: 'Too Many Requests', 502: 'Bad Gateway', 503: 'Service Unavailable' }[
    status
  ]
  client.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: text/plain; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  )
}
