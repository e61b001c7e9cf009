// The front door of every app: http://<app>.localhost:<port>, HTTP and WebSocket, streamed. Counts the bytes of each machine.
// It adds no forwarding headers: the gateway would take the visitor for a proxied stranger and refuse a plain password.
import { createServer, Agent, request as send, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { messageOf } from '../lib/errors.ts'
import { inlineAnswer } from './images/inline.ts'
import type { Lifecycle } from './lifecycle.ts'
import type { App, Machine } from './model.ts'
import type { Platform } from './platform.ts'
import type { Traffic } from './traffic.ts'

const WAKE_TIMEOUT_MS = 10_000
const SPOOFABLE = new Set(['forwarded', 'x-real-ip'])

export type EdgeDeps = {
  platform: Platform
  lifecycle: Lifecycle
  traffic: Traffic
  hostDown(app: App, machine: Machine): boolean
  wake(app: App, machine: Machine): void
}
type Target = { kind: 'inline'; machine: Machine } | { kind: 'process'; machine: Machine; port: number }
type Found = Target | { kind: 'refused'; status: number; text: string }

/** The app that a Host header names: `<app>.localhost`, or a hostname with a certificate. */
function appOfHost(platform: Platform, host: string | undefined): App | undefined {
  const name = (host ?? '').replace(/:\d+$/, '').toLowerCase()
  if (!name.endsWith('.localhost')) return platform.findAppByHostname(name)
  const labels = name.slice(0, -'.localhost'.length).split('.')
  return platform.findApp(labels.at(-1) ?? '') ?? platform.findAppByHostname(name)
}

function startedTarget(deps: EdgeDeps, app: App): Target | null {
  for (const machine of app.machines) {
    if (machine.state !== 'started' || machine.cordoned || deps.hostDown(app, machine)) continue
    const run = deps.lifecycle.run(machine.id)
    if (run !== undefined) return run.kind === 'inline' ? { kind: 'inline', machine } : { kind: 'process', machine, port: run.port }
  }
  return null
}

/** Fly's proxy starts a stopped machine for a visitor unless its services say `autostart: false`. */
async function woken(deps: EdgeDeps, app: App): Promise<Target | null> {
  const machine = app.machines.find(
    (one) =>
      one.state === 'stopped' &&
      !one.cordoned &&
      !deps.hostDown(app, one) &&
      (one.config.services ?? []).some((service) => service.autostart !== false),
  )
  if (machine === undefined) return null
  deps.wake(app, machine)
  const waiting = new AbortController()
  const forget = deps.platform.onChange(machine.id, () => {
    if (machine.state === 'started') waiting.abort()
  })
  await deps.platform.clock.sleep(WAKE_TIMEOUT_MS, waiting.signal)
  forget()
  return startedTarget(deps, app)
}

async function find(deps: EdgeDeps, host: string | undefined): Promise<Found> {
  const app = appOfHost(deps.platform, host)
  if (app === undefined) return { kind: 'refused', status: 404, text: `no app at ${host ?? 'this address'}` }
  const target = startedTarget(deps, app) ?? (await woken(deps, app))
  return target ?? { kind: 'refused', status: 503, text: `no machine of ${app.name} is started` }
}

function passedHeaders(raw: readonly string[]): string[] {
  const kept: string[] = []
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] ?? ''
    const lower = name.toLowerCase()
    if (!SPOOFABLE.has(lower) && !lower.startsWith('x-forwarded-')) kept.push(name, raw[i + 1] ?? '')
  }
  return kept
}

function answer(response: ServerResponse, status: number, text: string): void {
  if (response.headersSent) return void response.destroy()
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(`${text}\n`)
}

function serveInline(deps: EdgeDeps, target: Target, request: IncomingMessage, response: ServerResponse): void {
  const reply = inlineAnswer((request.url ?? '/').split('?', 1)[0] ?? '/')
  deps.traffic.add(target.machine.id, 'sent', reply.body.length)
  request.resume()
  response.writeHead(reply.status, { 'content-type': reply.type, 'content-length': Buffer.byteLength(reply.body) }).end(reply.body)
}

type Exchange = { target: Target & { kind: 'process' }; agent: Agent; request: IncomingMessage; response: ServerResponse }

/** A kept-alive connection that the gateway closed just now says nothing about the gateway's health: asked again on a new one. */
function mayRetry(request: IncomingMessage, reused: boolean): boolean {
  return (
    reused &&
    (request.method === 'GET' || request.method === 'HEAD') &&
    request.headers['content-length'] === undefined &&
    request.headers['transfer-encoding'] === undefined
  )
}

function proxy(deps: EdgeDeps, exchange: Exchange): void {
  const { target, agent, request, response } = exchange
  const id = target.machine.id
  const upstream = send({
    host: '127.0.0.1',
    port: target.port,
    method: request.method,
    path: request.url,
    headers: passedHeaders(request.rawHeaders),
    agent,
  })
  upstream.on('response', (reply) => {
    response.writeHead(reply.statusCode ?? 502, reply.statusMessage, reply.rawHeaders)
    reply.on('data', (chunk: Buffer) => deps.traffic.add(id, 'sent', chunk.length))
    reply.on('error', () => response.destroy())
    reply.pipe(response)
  })
  upstream.on('error', (error) => {
    if (mayRetry(request, upstream.reusedSocket) && !response.headersSent && !response.destroyed) proxy(deps, { ...exchange, agent: new Agent() })
    else answer(response, 502, `the machine did not answer: ${messageOf(error)}`)
  })
  request.on('data', (chunk: Buffer) => deps.traffic.add(id, 'received', chunk.length))
  request.on('error', () => upstream.destroy())
  response.on('close', () => upstream.destroy())
  request.pipe(upstream)
}

function refuseUpgrade(socket: Duplex, status: number, text: string): void {
  socket.end(
    `HTTP/1.1 ${status} ${status === 404 ? 'Not Found' : 'Service Unavailable'}\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(text)}\r\nconnection: close\r\n\r\n${text}`,
  )
}

async function upgrade(deps: EdgeDeps, request: IncomingMessage, client: Duplex, head: Buffer): Promise<void> {
  client.on('error', () => client.destroy())
  const target = await find(deps, request.headers.host)
  if (target.kind === 'refused') return refuseUpgrade(client, target.status, target.text)
  if (target.kind === 'inline') return refuseUpgrade(client, 503, 'this gateway has no WebSocket')
  const id = target.machine.id
  const upstream = connect(target.port, '127.0.0.1')
  upstream.on('connect', () => {
    const raw = passedHeaders(request.rawHeaders)
    const lines = Array.from({ length: raw.length / 2 }, (_, i) => `${raw[2 * i] ?? ''}: ${raw[2 * i + 1] ?? ''}\r\n`)
    upstream.write(`${request.method ?? 'GET'} ${request.url ?? '/'} HTTP/1.1\r\n${lines.join('')}\r\n`)
    if (head.length > 0) upstream.write(head)
    upstream.on('data', (chunk: Buffer) => deps.traffic.add(id, 'sent', chunk.length))
    client.on('data', (chunk: Buffer) => deps.traffic.add(id, 'received', chunk.length))
    client.pipe(upstream).pipe(client)
  })
  upstream.on('error', () => refuseUpgrade(client, 503, 'the machine did not answer'))
  client.on('close', () => upstream.destroy())
  upstream.on('close', () => client.destroy())
}

/** The edge proxy, not yet listening. */
export function createEdge(deps: EdgeDeps): { server: Server; close(): Promise<void> } {
  const agent = new Agent({ keepAlive: true, maxSockets: Infinity })
  const sockets = new Set<Duplex>()
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const target = await find(deps, request.headers.host)
    switch (target.kind) {
      case 'refused':
        request.resume()
        return answer(response, target.status, target.text)
      case 'inline':
        return serveInline(deps, target, request, response)
      case 'process':
        return proxy(deps, { target, agent, request, response })
    }
  }
  const server = createServer({ requestTimeout: 0 }, (request, response) => {
    serve(request, response).catch((error: unknown) => answer(response, 500, messageOf(error)))
  })
  server.on('upgrade', (request, socket, head) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    upgrade(deps, request, socket, head).catch(() => socket.destroy())
  })
  return {
    server,
    async close() {
      for (const socket of sockets) socket.destroy()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      })
      agent.destroy()
    },
  }
}
