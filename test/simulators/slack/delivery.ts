// How the simulated Slack reaches an app: through the app's own socket, or by signed HTTP requests. Both want an answer within three seconds.
import { createHmac } from 'node:crypto'
import type { Server } from 'node:http'
import { WebSocketServer, type WebSocket } from 'ws'
import { randomId } from '../../../src/lib/random.ts'

export type Envelope = { type: 'events_api' | 'slash_commands' | 'interactive'; payload: Record<string, unknown> }
export type Transport = {
  /** Resolves with the app's answer; null when there was none in time. */
  deliver(envelope: Envelope): Promise<Record<string, unknown> | null>
  close(): void
}
export type Sockets = Transport & { url(): string; count(): number; opened(): number; drop(): void; recycle(): void }

const DEADLINE_MS = 3_000

/** Socket Mode on an HTTP server. Events wait for a socket, as Slack repeats them; what a person pressed does not. */
export function createSockets(server: Server, port: () => number): Sockets {
  const sockets = new Set<WebSocket>()
  const tickets = new Set<string>()
  const acknowledged = new Map<string, (payload: Record<string, unknown>) => void>()
  const wss = new WebSocketServer({ noServer: true })
  let opened = 0
  let changed = Promise.withResolvers<void>()
  server.on('upgrade', (request, socket, head) => {
    const ticket = new URL(request.url ?? '/', 'http://x').searchParams.get('ticket') ?? ''
    // A ticket opens one socket.
    if (!tickets.delete(ticket)) return void socket.destroy()
    wss.handleUpgrade(request, socket, head, (ws) => {
      opened += 1
      sockets.add(ws)
      ws.on('close', () => sockets.delete(ws))
      ws.on('error', () => sockets.delete(ws))
      ws.on('message', (data: Buffer) => {
        const answer = JSON.parse(data.toString()) as { envelope_id: string; payload?: Record<string, unknown> }
        acknowledged.get(answer.envelope_id)?.(answer.payload ?? {})
      })
      ws.send(JSON.stringify({ type: 'hello', num_connections: sockets.size, connection_info: { app_id: 'A1' } }))
      changed.resolve()
      changed = Promise.withResolvers<void>()
    })
  })
  return {
    url() {
      const ticket = randomId(16)
      tickets.add(ticket)
      return `ws://127.0.0.1:${port()}/link?ticket=${ticket}`
    },
    count: () => sockets.size,
    opened: () => opened,
    async deliver({ type, payload }) {
      if (sockets.size === 0 && type === 'events_api') await within(changed.promise, DEADLINE_MS * 3)
      const [ws] = sockets
      if (ws === undefined) return null
      const envelope_id = randomId(20)
      const answer = new Promise<Record<string, unknown>>((resolve) => acknowledged.set(envelope_id, resolve))
      ws.send(JSON.stringify({ envelope_id, type, payload, accepts_response_payload: type !== 'events_api' }))
      const taken = await within(answer, DEADLINE_MS)
      acknowledged.delete(envelope_id)
      return taken
    },
    drop() {
      sockets.forEach((ws) => ws.terminate())
      sockets.clear()
    },
    recycle: () => sockets.forEach((ws) => ws.send(JSON.stringify({ type: 'disconnect', reason: 'refresh_requested' }))),
    close() {
      sockets.forEach((ws) => ws.terminate())
      wss.close()
    },
  }
}

async function within<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  const end = Promise.withResolvers<null>()
  const timer = setTimeout(() => end.resolve(null), ms)
  try {
    return await Promise.race([promise, end.promise])
  } finally {
    clearTimeout(timer)
  }
}

/** Signed requests to one address, as Slack sends them. */
export function createRequests(options: { url: string; signingSecret: string }): Transport {
  return {
    async deliver({ type, payload }) {
      const json = type === 'events_api'
      const fields = type === 'interactive' ? { payload: JSON.stringify(payload) } : stringsOf(payload)
      const body = json ? JSON.stringify(payload) : new URLSearchParams(fields).toString()
      const timestamp = String(Math.floor(Date.now() / 1_000))
      const signature = `v0=${createHmac('sha256', options.signingSecret).update(`v0:${timestamp}:${body}`).digest('hex')}`
      const answer = await fetch(options.url, {
        method: 'POST',
        headers: {
          'content-type': json ? 'application/json' : 'application/x-www-form-urlencoded',
          'x-slack-request-timestamp': timestamp,
          'x-slack-signature': signature,
        },
        body,
        signal: AbortSignal.timeout(DEADLINE_MS),
      }).catch(() => null)
      if (answer === null || answer.status !== 200) return null
      const text = await answer.text()
      return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>)
    },
    close: () => undefined,
  }
}

function stringsOf(payload: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(payload).map(([key, value]) => [key, String(value)]))
}
