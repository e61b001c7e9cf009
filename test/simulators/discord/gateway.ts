// The Gateway: sessions that can be resumed, heartbeats, and connections that break.
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type WebSocket } from 'ws'
import { z } from 'zod'
import { randomId } from '../../../src/lib/random.ts'

const packetSchema = z.object({ op: z.number(), d: z.unknown() })
const identifySchema = z.looseObject({ token: z.string(), intents: z.number(), shard: z.tuple([z.number(), z.number()]).optional() })
const resumeSchema = z.looseObject({ token: z.string(), session_id: z.string(), seq: z.number() })

type Session = { id: string; shard: [number, number]; sent: { s: number; t: string; d: unknown }[]; socket: WebSocket | null }
export type Gateway = {
  /** Tells every session that should hear of it; `guildId` null is a direct message. */
  dispatch(type: string, data: unknown, guildId: string | null): void
  /** Breaks every connection. `ask`: says RECONNECT and leaves the rest to the client; `cut`: without a word; a number closes with that code. */
  breakAll(how: 'ask' | 'cut' | number): void
  /** How often each way in was taken. */
  entries: { identified: number; resumed: number }
  connections(): number
  close(): Promise<void>
}

const HEARTBEAT_MS = 41_250
const DIRECT_MESSAGES = 1 << 12

type GatewayOptions = {
  server: Server
  token: string
  url: () => string
  botId: string
  /** A server that the bot is in. */
  serverId: string
  violation: (text: string) => void
}

export function createGateway(options: GatewayOptions): Gateway {
  const sockets = new WebSocketServer({ noServer: true })
  const sessions: Session[] = []
  const entries = { identified: 0, resumed: 0 }
  options.server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    sockets.handleUpgrade(request, socket, head, (client) => welcome(client)),
  )
  const enter = (socket: WebSocket, op: number, data: unknown): Session | null => {
    const session = op === 2 ? identified(options, socket, data) : resumed(sessions, socket, data)
    if (session === null) return null
    if (op === 2) sessions.push(session)
    entries[op === 2 ? 'identified' : 'resumed'] += 1
    return session
  }
  const welcome = (socket: WebSocket): void => {
    let session: Session | null = null
    send(socket, { op: 10, d: { heartbeat_interval: HEARTBEAT_MS } })
    socket.on('error', () => undefined)
    socket.on('message', (raw: Buffer) => {
      const { op, d } = packetSchema.parse(JSON.parse(raw.toString()))
      if (op === 1) send(socket, { op: 11 })
      else if (op === 2 || op === 6) session = enter(socket, op, d)
    })
    socket.on('close', (code) => {
      if (session?.socket !== socket) return
      session.socket = null
      // A client that says goodbye ends its session; any other end lets it come back.
      if (code === 1000 || code === 1001) sessions.splice(sessions.indexOf(session), 1)
    })
  }
  return {
    entries,
    connections: () => sessions.filter((one) => one.socket !== null).length,
    dispatch(type, data, guildId) {
      for (const session of sessions) {
        const [id, count] = session.shard
        if (Number(guildId === null ? 0n : (BigInt(guildId) >> 22n) % BigInt(count)) === id) tell(session, type, data)
      }
    },
    breakAll(how) {
      for (const { socket } of sessions) {
        if (socket === null) continue
        if (how === 'ask') send(socket, { op: 7, d: null })
        else if (how === 'cut') socket.terminate()
        else socket.close(how)
      }
    },
    async close() {
      for (const client of sockets.clients) client.terminate()
      await new Promise<void>((resolve) => sockets.close(() => resolve()))
    },
  }
}

function send(socket: WebSocket, packet: object): void {
  socket.send(JSON.stringify(packet))
}

function tell(session: Session, t: string, d: unknown): void {
  const event = { s: session.sent.length + 1, t, d }
  session.sent.push(event)
  if (session.socket !== null) send(session.socket, { op: 0, ...event })
}

function identified(options: GatewayOptions, socket: WebSocket, data: unknown): Session | null {
  const { token, intents, shard = [0, 1] } = identifySchema.parse(data)
  if (token !== options.token) {
    socket.close(4004, 'Authentication failed.')
    return null
  }
  if ((intents & ~DIRECT_MESSAGES) !== 0) options.violation(`intents ${intents} ask for more than is needed`)
  const session: Session = { id: randomId(16), shard, sent: [], socket }
  const user = { id: options.botId, username: 'conch', discriminator: '0', global_name: null, avatar: null, bot: true }
  const about = { v: 10, user, guilds: [{ id: options.serverId, unavailable: true }], application: { id: options.botId, flags: 0 } }
  tell(session, 'READY', { ...about, session_id: session.id, resume_gateway_url: options.url(), shard })
  return session
}

function resumed(sessions: readonly Session[], socket: WebSocket, data: unknown): Session | null {
  const { session_id: id, seq } = resumeSchema.parse(data)
  const session = sessions.find((one) => one.id === id)
  if (session === undefined) {
    send(socket, { op: 9, d: false })
    return null
  }
  session.socket = socket
  for (const event of session.sent.filter((one) => one.s > seq)) send(socket, { op: 0, ...event })
  tell(session, 'RESUMED', {})
  return session
}
