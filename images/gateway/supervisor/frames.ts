// The frames of a WebSocket (RFC 6455), as a client sends them. Pure.
import { randomBytes } from 'node:crypto'

export const OPCODE = { continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10 } as const
const OPCODES: ReadonlySet<number> = new Set(Object.values(OPCODE))

export type Frame = {
  /** It is the last one of its message. */
  last: boolean
  opcode: number
  payload: Buffer
  /** As it came, with its head. */
  bytes: Buffer
}
/** Close codes of RFC 6455: a client that breaks the rules, and one that sends too much. */
export type Fault = { kind: 'fault'; code: 1002 | 1009; why: string }
export type Reading =
  | { kind: 'frame'; frame: Frame; rest: Buffer }
  /** So many bytes are needed, counted from the beginning of the frame, before there is more to be said. */
  | { kind: 'incomplete'; bytesMin: number }
  | Fault

const CONTROL_BYTES_MAX = 125
const HEAD_BYTES = 2
const MASK_BYTES = 4

/** The first frame in `bytes`. A payload of more than `payloadBytesMax` is a fault as soon as it is announced. */
export function readFrame(bytes: Buffer, payloadBytesMax: number): Reading {
  if (bytes.length < HEAD_BYTES) return { kind: 'incomplete', bytesMin: HEAD_BYTES }
  const [first, second] = [bytes.readUInt8(0), bytes.readUInt8(1)]
  const opcode = first & 0x0f
  const short = second & 0x7f
  // No extension was agreed upon that could give these bits a meaning.
  if ((first & 0x70) !== 0) return fault('a reserved bit is set')
  if (!OPCODES.has(opcode)) return fault('an unknown opcode')
  if ((second & 0x80) === 0) return fault('a frame of a client without a mask')
  if (isControl(opcode) && ((first & 0x80) === 0 || short > CONTROL_BYTES_MAX)) return fault('a control frame that is too long or in parts')
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0
  const head = HEAD_BYTES + lengthBytes + MASK_BYTES
  if (bytes.length < head) return { kind: 'incomplete', bytesMin: head }
  const length = short === 127 ? bytes.readBigUInt64BE(HEAD_BYTES) : BigInt(short === 126 ? bytes.readUInt16BE(HEAD_BYTES) : short)
  if (length > 0x7fff_ffff_ffff_ffffn) return fault('a length with its highest bit set')
  if ((short === 126 && length < 126n) || (short === 127 && length < 0x1_0000n)) return fault('a length in more bytes than it needs')
  if (!isControl(opcode) && length > payloadBytesMax) return { kind: 'fault', code: 1009, why: 'too much' }
  const end = head + Number(length)
  if (bytes.length < end) return { kind: 'incomplete', bytesMin: end }
  const payload = masked(bytes.subarray(head, end), bytes.subarray(head - MASK_BYTES, head))
  return { kind: 'frame', frame: { last: (first & 0x80) !== 0, opcode, payload, bytes: bytes.subarray(0, end) }, rest: bytes.subarray(end) }
}

/** True for a frame that may come between the parts of a message. */
export function isControl(opcode: number): boolean {
  return opcode >= OPCODE.close
}

/** A text as one frame, as a client sends it. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text)
  const mask = randomBytes(MASK_BYTES)
  return Buffer.concat([headOf(OPCODE.text, payload.length, true), mask, masked(payload, mask)])
}

/** The frame with which a server ends a connection. */
export function closeFrame(code: number, why: string): Buffer {
  const reason = Buffer.from(why)
  const payload = Buffer.alloc(2 + reason.length)
  payload.writeUInt16BE(code)
  reason.copy(payload, 2)
  return Buffer.concat([headOf(OPCODE.close, payload.length, false), payload])
}

function headOf(opcode: number, length: number, isMasked: boolean): Buffer {
  const lengthBytes = length > 0xffff ? 8 : length > CONTROL_BYTES_MAX ? 2 : 0
  const head = Buffer.alloc(HEAD_BYTES + lengthBytes)
  head.writeUInt8(0x80 | opcode)
  head.writeUInt8((isMasked ? 0x80 : 0) | (lengthBytes === 8 ? 127 : lengthBytes === 2 ? 126 : length), 1)
  if (lengthBytes === 2) head.writeUInt16BE(length, HEAD_BYTES)
  if (lengthBytes === 8) head.writeBigUInt64BE(BigInt(length), HEAD_BYTES)
  return head
}

function masked(payload: Buffer, mask: Buffer): Buffer {
  const result = Buffer.allocUnsafe(payload.length)
  for (let index = 0; index < payload.length; index += 1) result[index] = (payload[index] ?? 0) ^ (mask[index & 3] ?? 0)
  return result
}

function fault(why: string): Fault {
  return { kind: 'fault', code: 1002, why }
}
