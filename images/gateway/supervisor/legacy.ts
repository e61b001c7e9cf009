// The legacy gateway knows no proxy: whoever connects says the token in the first message. The owner's browser has none, and needs none: it is put
// in here, on the way. Everything after that passes as it is.
import type { Duplex } from 'node:stream'
import { closeFrame, isControl, OPCODE, readFrame, textFrame, type Fault, type Frame } from './frames.ts'
import type { FirstFrame } from './proxy.ts'

/** What the gateway itself takes, with the heads of the frames. */
const MESSAGE_BYTES_MAX = 512 * 1024
const CLOSE_PATIENCE_MS = 2_000

/** Puts the gateway's token into the first message that a client sends, when it is the one with which a client introduces itself. */
export function createFirstFrame(token: string): FirstFrame {
  return (client, upstream, scopes) => {
    const opening = createOpening((text) => introduced(text, token, scopes))
    const look = (part: Buffer): void => {
      const { passed, outcome } = opening(part)
      const isSlow = passed.length > 0 && !upstream.write(passed)
      if (outcome === null) {
        if (!isSlow) return
        client.pause()
        upstream.once('drain', () => client.resume())
        return
      }
      client.off('data', look)
      if (outcome.kind === 'fault') return refuse(client, upstream, outcome)
      client.pause()
      if (outcome.rest.length > 0) client.unshift(outcome.rest)
      client.pipe(upstream)
    }
    client.on('data', look)
    client.once('end', () => upstream.end())
  }
}

/** What goes on to the gateway of the bytes so far, and, once the first message was seen, what follows it. */
type Step = { passed: Buffer; outcome: { kind: 'opened'; rest: Buffer } | Fault | null }

function createOpening(replaced: (text: string) => string | null): (part: Buffer) => Step {
  let waiting: Buffer[] = []
  let waitingBytes = 0
  let bytesMin = 0
  /** The parts of the first message. */
  const held: Frame[] = []
  let heldBytes = 0
  return (part) => {
    waiting.push(part)
    waitingBytes += part.length
    const passed: Buffer[] = []
    const step = (outcome: Step['outcome']): Step => ({ passed: Buffer.concat(passed), outcome })
    if (waitingBytes < bytesMin) return step(null)
    let bytes: Buffer = Buffer.concat(waiting)
    for (;;) {
      const reading = readFrame(bytes, MESSAGE_BYTES_MAX - heldBytes)
      if (reading.kind === 'fault') return step(reading)
      if (reading.kind === 'incomplete') {
        waiting = [bytes]
        waitingBytes = bytes.length
        bytesMin = reading.bytesMin
        return step(null)
      }
      const { frame, rest } = reading
      bytes = rest
      if (isControl(frame.opcode)) {
        passed.push(frame.bytes)
        // Nothing comes after it that would be a message.
        if (frame.opcode === OPCODE.close) return step({ kind: 'opened', rest })
        continue
      }
      if ((frame.opcode === OPCODE.continuation) !== held.length > 0) return step({ kind: 'fault', code: 1002, why: 'a part of no message' })
      held.push(frame)
      heldBytes += frame.bytes.length
      if (heldBytes > MESSAGE_BYTES_MAX) return step({ kind: 'fault', code: 1009, why: 'too much' })
      if (!frame.last) continue
      passed.push(firstMessage(held, replaced))
      return step({ kind: 'opened', rest })
    }
  }
}

function firstMessage(parts: readonly Frame[], replaced: (text: string) => string | null): Buffer {
  const text = parts[0]?.opcode === OPCODE.text ? replaced(Buffer.concat(parts.map((one) => one.payload)).toString()) : null
  return text === null ? Buffer.concat(parts.map((one) => one.bytes)) : textFrame(text)
}

/**
 * A `connect` with the token in it, and without the browser's device: its signature covers the token that the browser does not have. Null for
 * everything else, which the gateway answers itself.
 */
function introduced(text: string, token: string, scopes: string | null): string | null {
  try {
    const message: unknown = JSON.parse(text)
    if (!isRecord(message) || message['method'] !== 'connect' || !isRecord(message['params'])) return null
    const { device: _, ...params } = message['params']
    // A client that names no scopes is given all of them.
    const limited = scopes === null ? {} : { role: 'operator', scopes: scopes.split(',') }
    return JSON.stringify({ ...message, params: { ...params, ...limited, auth: { token } } })
  } catch {
    return null
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Ends both sides. What the client still sends is read, or the system would take the reason back before it is read there. */
function refuse(client: Duplex, upstream: Duplex, { code, why }: Fault): void {
  upstream.unpipe(client)
  client.end(closeFrame(code, why))
  client.resume()
  const late = setTimeout(() => client.destroy(), CLOSE_PATIENCE_MS)
  client.once('close', () => clearTimeout(late))
  client.once('end', () => client.destroy())
}
