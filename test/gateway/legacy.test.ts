// The legacy gateway behind the supervisor: the token is put into what a client says first, and nothing else is touched.
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { WebSocket as Browser } from 'undici'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { WebSocket } from 'ws'
import { readFrame, textFrame } from '../../images/gateway/supervisor/frames.ts'
import { startMachine, type Machine } from './support/machine.ts'

const GATEWAY = fileURLToPath(new URL('support/legacy-gateway.ts', import.meta.url))
let machine: Machine
let cookie = ''
beforeAll(async () => {
  machine = await startMachine({ env: { CONCH_FLAVOUR: 'clawdbot', CONCH_GATEWAY: GATEWAY } })
  await machine.live()
  cookie = await machine.enter()
})
afterAll(() => machine.close())

type Message = { text: string; isBinary: boolean }
type Client = { socket: WebSocket; next(): Promise<Message>; closed: Promise<number> }

/** A client that has read the greeting. */
async function client(headers: Record<string, string> = { cookie }): Promise<Client & { greeting: Record<string, unknown> }> {
  const socket = new WebSocket(machine.url.replace('http', 'ws'), { headers })
  onTestFinished(() => socket.terminate())
  const waiting: Message[] = []
  let wake = (): void => undefined
  socket.on('message', (data, isBinary) => {
    waiting.push({ text: (data as Buffer).toString('latin1'), isBinary })
    wake()
  })
  const closed = new Promise<number>((resolve) => socket.once('close', resolve))
  const next = async (): Promise<Message> => {
    while (waiting.length === 0) await new Promise<void>((resolve) => (wake = resolve))
    return waiting.shift() as Message
  }
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return { socket, next, closed, greeting: JSON.parse((await next()).text) as Record<string, unknown> }
}

const HELLO = {
  type: 'req',
  id: 'c1',
  method: 'connect',
  params: {
    minProtocol: 3,
    client: { id: 'clawdbot-control-ui', version: 'Zoë' },
    scopes: ['operator.admin'],
    auth: { token: 'a guess', password: 'another' },
    device: { id: 'd', signature: 's' },
  },
}
const { device: _, ...params } = HELLO.params
const WITH_TOKEN = { ...HELLO, params: { ...params, auth: { token: 'a-password' } } }

/** The first message, as the gateway got it. */
async function first({ next }: Client): Promise<{ first: string; isBinary: boolean }> {
  return JSON.parse(Buffer.from((await next()).text, 'latin1').toString()) as { first: string; isBinary: boolean }
}

describe('the first message', () => {
  it('of a browser gets the token and loses its device, and the gateway is never offered compression', async () => {
    const socket = new Browser(machine.url.replace('http', 'ws'), { headers: { cookie } })
    onTestFinished(() => socket.close())
    const messages: string[] = []
    socket.addEventListener('message', ({ data }) => void messages.push(String(data)))
    socket.addEventListener('open', () => socket.send(JSON.stringify(HELLO)))
    await machine.until('an answer', async () => messages.length === 2)
    expect(JSON.parse(messages[0] ?? '')).toEqual({ extensions: null, state: join(machine.dir, 'openclaw'), token: 'a-password' })
    expect(socket.extensions).toBe('')
    expect(JSON.parse((JSON.parse(messages[1] ?? '') as { first: string }).first)).toEqual(WITH_TOKEN)
  })

  it('is put together from its parts, with what comes between them passed on', async () => {
    const it = await client()
    const text = JSON.stringify(HELLO)
    const pong = new Promise((resolve) => it.socket.once('pong', (data) => resolve(data.toString())))
    it.socket.send(text.slice(0, 40), { fin: false })
    it.socket.send(text.slice(40, 50), { fin: false })
    it.socket.ping('still there?')
    expect(await pong).toBe('still there?')
    it.socket.send(text.slice(50), { fin: true })
    expect(JSON.parse((await first(it)).first)).toEqual(WITH_TOKEN)
  })

  it.each([
    ['of 126 characters and more', 200],
    ['of 65,536 and more', 400_000],
  ])('%s arrives whole, whatever pieces it comes in', async (_what, length) => {
    const message = { ...HELLO, params: { ...HELLO.params, client: { id: 'x'.repeat(length) } } }
    const bytes = textFrame(JSON.stringify(message))
    const socket = await open()
    for (const [from, to] of [
      [0, 1],
      [1, 3],
      [3, 9],
      [9, 15],
      [15, bytes.length - 1],
      [bytes.length - 1, bytes.length],
    ] as const) {
      socket.write(bytes.subarray(from, to))
      await new Promise((resolve) => setImmediate(resolve))
    }
    const answer = await until(socket, '"isBinary":false}')
    const wanted = JSON.stringify({ ...message, params: { ...params, client: message.params.client, auth: { token: 'a-password' } } })
    expect(answer.includes(JSON.stringify(wanted))).toBe(true)
  })

  it('of somebody who may only talk asks for no more than that', async () => {
    const token = await machine.token({ scopes: ['connect'] })
    const answer = await fetch(`${machine.url}/.conch/session`, { method: 'POST', body: JSON.stringify({ token }) })
    for (const asked of [HELLO, { ...HELLO, params: { ...HELLO.params, scopes: [], role: 'node' } }]) {
      const it = await client({ cookie: answer.headers.get('set-cookie')?.split(';')[0] ?? '' })
      it.socket.send(JSON.stringify(asked))
      expect(JSON.parse((await first(it)).first)).toMatchObject({ params: { role: 'operator', scopes: ['operator.read', 'operator.write'] } })
    }
  })

  it.each([
    ['another method', JSON.stringify({ type: 'req', id: '1', method: 'health', params: { device: 'd' } })],
    ['a connect without anything', '{"method":"connect"}'],
    ['a list', '[{"method":"connect"}]'],
    ['no JSON', 'connect, please'],
    ['nothing', ''],
  ])('that is %s passes as it is', async (_what, text) => {
    const it = await client()
    it.socket.send(text)
    expect(await first(it)).toEqual({ first: text, isBinary: false })
  })

  it('that is binary passes as it is, and so does a connect after it', async () => {
    const it = await client()
    it.socket.send(Buffer.from(JSON.stringify(HELLO)))
    expect(await first(it)).toEqual({ first: JSON.stringify(HELLO), isBinary: true })
    it.socket.send(JSON.stringify(HELLO))
    expect((await it.next()).text).toBe(Buffer.from(JSON.stringify(HELLO)).toString('latin1'))
  })
})

describe('after it', () => {
  it('everything passes untouched, both ways: what came with it, binary, in parts, and more than either side takes at once', async () => {
    const it = await client()
    const big = Buffer.alloc(6_000_000, 'conch ')
    it.socket.send(JSON.stringify(HELLO))
    it.socket.send('at once')
    it.socket.send(JSON.stringify(HELLO))
    it.socket.send(Buffer.from([0, 1, 255]))
    it.socket.send('in ', { fin: false })
    it.socket.send('parts', { fin: true })
    it.socket.send(big)
    it.socket.send('the end')
    await first(it)
    expect((await it.next()).text).toBe('at once')
    expect(JSON.parse(Buffer.from((await it.next()).text, 'latin1').toString())).toEqual(HELLO)
    expect(await it.next()).toEqual({ text: '\u0000\u0001\u00ff', isBinary: true })
    expect((await it.next()).text).toBe('in parts')
    expect((await it.next()).text === big.toString('latin1')).toBe(true)
    expect((await it.next()).text).toBe('the end')
    it.socket.close(4_001, 'bye')
    expect(await it.closed).toBe(4_001)
  })

  it('a client that leaves before it said anything is let go', async () => {
    const it = await client()
    it.socket.close(1_000)
    expect(await it.closed).toBe(1_000)
  })
})

/** A WebSocket without a library, after its opening. */
async function open(headers = `cookie: ${cookie}\r\n`): Promise<Socket> {
  const socket = connect(machine.port, '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.write(
    `GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n${headers}\r\n`,
  )
  await until(socket, '\r\n\r\n')
  return socket
}

/** What it sends, up to a text. */
function until(socket: Socket, end: string): Promise<string> {
  return new Promise((resolve) => {
    let text = ''
    const look = (part: Buffer): void => {
      text += part.toString('latin1')
      if (!text.includes(end)) return
      socket.off('data', look)
      resolve(text)
    }
    socket.on('data', look)
  })
}

/** The code with which it is closed. */
function closing(socket: Socket): Promise<number> {
  return new Promise((resolve) => {
    const parts: Buffer[] = []
    socket.on('data', (part) => parts.push(part))
    socket.once('end', () => {
      const bytes = Buffer.concat(parts)
      const at = bytes.lastIndexOf(0x88)
      resolve(at === -1 ? 0 : bytes.readUInt16BE(at + 2))
    })
  })
}

const frame = (first: number, second: number, ...more: number[]): Buffer => Buffer.from([first, second, ...more])
const MASK = [0, 0, 0, 0] as const

describe('whoever', () => {
  it.each([
    ['has no session', ''],
    ['made one up', 'cookie: conch_session=made-up\r\n'],
  ])('%s is refused', async (_what, headers) => {
    const socket = connect(machine.port, '127.0.0.1')
    socket.write(`GET / HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n${headers}\r\n`)
    expect(await until(socket, '\r\n\r\n')).toMatch(/^HTTP\/1\.1 401 /)
    socket.destroy()
  })

  it.each([
    ['sends what is no frame', Buffer.from('GET / HTTP/1.1\r\n\r\n'), 1002],
    ['sends without a mask', frame(0x81, 0x02, 0x68, 0x69), 1002],
    ['sets a bit of an extension', frame(0xc1, 0x80, ...MASK), 1002],
    ['invents an opcode', frame(0x83, 0x80, ...MASK), 1002],
    ['goes on with nothing', frame(0x80, 0x80, ...MASK), 1002],
    ['begins twice', Buffer.concat([frame(0x01, 0x80, ...MASK), frame(0x81, 0x80, ...MASK)]), 1002],
    ['pings with too much', frame(0x89, 0xfe, 0, 126, ...MASK), 1002],
    ['pings in parts', frame(0x09, 0x80, ...MASK), 1002],
    ['writes a length in more bytes than it needs', frame(0x81, 0xfe, 0, 5, ...MASK), 1002],
    ['writes an impossible length', frame(0x81, 0xff, 255, 255, 255, 255, 255, 255, 255, 255, ...MASK), 1002],
    ['announces too much', frame(0x81, 0xff, 0, 0, 0, 0, 0, 0x08, 0, 1, ...MASK), 1009],
    [
      'sends too much in parts',
      Buffer.concat([
        frame(0x01, 0xfe, 0xff, 0xff, ...MASK),
        Buffer.alloc(65_535),
        ...Array.from({ length: 80_000 }, () => frame(0x00, 0x80, ...MASK)),
      ]),
      1009,
    ],
  ])('%s is closed', async (_what, bytes, code) => {
    const socket = await open()
    const closed = closing(socket)
    socket.write(bytes)
    expect(await closed).toBe(code)
  })
})

it('a frame is read back as it was written, at every length at which the head changes', () => {
  for (const length of [0, 1, 125, 126, 65_535, 65_536, 300_000]) {
    const text = 'é'.repeat(length >> 1).padEnd(length - (length >> 1), 'x')
    const bytes = textFrame(text)
    const reading = readFrame(Buffer.concat([bytes, Buffer.from('rest')]), 1_000_000)
    expect(reading.kind === 'frame' && [reading.frame.last, reading.frame.payload.toString() === text, reading.rest.toString()]).toEqual([
      true,
      true,
      'rest',
    ])
    for (const cut of [0, 1, 2, 5, bytes.length - 1]) expect(readFrame(bytes.subarray(0, cut), 1_000_000).kind).toBe('incomplete')
  }
})
