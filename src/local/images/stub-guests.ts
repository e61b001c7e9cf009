// The practice gateway's strangers: `channels.pairing.list`, `.approve` and `.dismiss` of OpenClaw's WebSocket, protocol 4, for whoever has the
// password. Part of the practice gateway's program. Of WebSocket (RFC 6455) it knows what it needs: short text in whole frames.
import { createHash, randomUUID } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'

type Request = {
  requestId: string
  channel: string
  accountId: string
  senderId: string
  metadata: { name: string }
  createdAt: string
  expiresAt: string
}
export type PracticeGuests = {
  /** Somebody writes who is not known yet. */
  write(name: string): void
  accept(request: IncomingMessage, socket: Duplex): void
}

const HOUR_MS = 60 * 60_000
/** RFC 6455, section 1.3. */
const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

export function createPracticeGuests(password: string): PracticeGuests {
  let requests: Request[] = []
  const decide = (requestId: unknown): object => {
    const known = requests.some((one) => one.requestId === requestId)
    requests = requests.filter((one) => one.requestId !== requestId)
    return known
      ? { ok: true, payload: {} }
      : { ok: false, error: { code: 'INVALID_REQUEST', message: 'pending DM access request no longer exists' } }
  }
  const answer = (method: string, params: Record<string, unknown>): object => {
    switch (method) {
      case 'connect': {
        const auth = params['auth']
        const known = typeof auth === 'object' && auth !== null && 'password' in auth && auth.password === password
        return known
          ? { ok: true, payload: { type: 'hello-ok', protocol: 4 } }
          : { ok: false, error: { code: 'UNAUTHORIZED', message: 'unauthorized' } }
      }
      case 'channels.pairing.list':
        return { ok: true, payload: { accounts: [], requests } }
      case 'channels.pairing.approve':
      case 'channels.pairing.dismiss':
        return decide(params['requestId'])
      default:
        return { ok: false, error: { code: 'INVALID_REQUEST', message: `unknown method: ${method}` } }
    }
  }
  return {
    write(name) {
      const now = Date.now()
      const times = { createdAt: new Date(now).toISOString(), expiresAt: new Date(now + HOUR_MS).toISOString() }
      requests.push({
        requestId: randomUUID(),
        channel: 'telegram',
        accountId: 'default',
        senderId: String(1_000 + requests.length),
        metadata: { name },
        ...times,
      })
    },
    accept(request, socket) {
      const accept = createHash('sha1')
        .update(`${request.headers['sec-websocket-key'] ?? ''}${MAGIC}`)
        .digest('base64')
      socket.write(`HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept}\r\n\r\n`)
      send(socket, { type: 'event', event: 'connect.challenge', payload: { nonce: randomUUID() } })
      let waiting = Buffer.alloc(0)
      socket.on('error', () => socket.destroy())
      socket.on('data', (part: Buffer) => {
        waiting = Buffer.concat([waiting, part])
        for (let frame = frameIn(waiting); frame !== null; frame = frameIn(waiting)) {
          waiting = waiting.subarray(frame.bytes)
          const { id, method, params = {} } = JSON.parse(frame.text) as { id: string; method: string; params?: Record<string, unknown> }
          send(socket, { type: 'res', id, ...answer(method, params) })
        }
      })
    },
  }
}

/** The first whole frame of a client: masked, one of two lengths. */
function frameIn(bytes: Buffer): { text: string; bytes: number } | null {
  if (bytes.length < 2) return null
  const short = (bytes[1] ?? 0) & 0x7f
  const start = short === 126 ? 4 : 2
  if (bytes.length < start + 4) return null
  const length = short === 126 ? bytes.readUInt16BE(2) : short
  const end = start + 4 + length
  if (bytes.length < end) return null
  const mask = bytes.subarray(start, start + 4)
  const text = Buffer.from(bytes.subarray(start + 4, end).map((byte, index) => byte ^ (mask[index % 4] ?? 0))).toString()
  return { text, bytes: end }
}

function send(socket: Duplex, value: object): void {
  const text = Buffer.from(JSON.stringify(value))
  const head = text.length < 126 ? Buffer.from([0x81, text.length]) : Buffer.from([0x81, 126, text.length >> 8, text.length & 0xff])
  socket.write(Buffer.concat([head, text]))
}
