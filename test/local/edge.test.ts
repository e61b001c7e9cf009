import { request, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { expect, onTestFinished, test } from 'vitest'
import type { MachinesServer } from '../../src/local/server.ts'
import { eventually, harness, visit } from './harness.ts'
import { installGateway } from './installed-gateway.ts'

const ECHO = `
import { createServer } from 'node:http'
import { createHash } from 'node:crypto'
const port = Number(process.argv[process.argv.indexOf('--port') + 1])
const server = createServer((request, response) => {
  if (request.url === '/healthz') return response.end('ok')
  if (request.url === '/headers') return response.end(JSON.stringify(request.headers))
  response.writeHead(201, 'Made', { 'x-echo': 'yes', 'set-cookie': ['a=1', 'b=2'] })
  request.pipe(response)
})
server.on('upgrade', (request, socket, head) => {
  const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64')
  socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n')
  socket.write(head)
  socket.pipe(socket)
})
server.listen(port, '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
`

async function echoing() {
  const it = await harness()
  const image = installGateway(join(it.dir, 'runtime'), ECHO)
  const app = await it.app('echo')
  const made = await it.create(app, { image })
  await it.answers(app, '/healthz', 200)
  return { it, app, id: made.id }
}

function open(server: MachinesServer, app: string, path: string, headers: Record<string, string> = {}) {
  const address = new URL(server.addressTemplate.replace('{app}', app))
  const sent = request({
    host: '127.0.0.1',
    port: address.port,
    path,
    method: headers['upgrade'] === undefined ? 'POST' : 'GET',
    headers: { host: address.host, ...headers },
    agent: false,
  })
  onTestFinished(() => void sent.destroy())
  return sent
}

test('bodies are streamed both ways: the answer begins while the question is still being asked', async () => {
  const { it, app } = await echoing()
  const sent = open(it.server, app, '/')
  sent.write('first')
  const reply = await new Promise<IncomingMessage>((resolve) => sent.once('response', resolve))
  let text = ''
  reply.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk))
  await eventually(() => (text === 'first' ? true : undefined))
  sent.end(' second')
  await eventually(() => (text === 'first second' ? true : undefined))
  expect(reply).toMatchObject({ statusCode: 201, statusMessage: 'Made', headers: { 'x-echo': 'yes', 'set-cookie': ['a=1', 'b=2'] } })
})

test('a WebSocket is passed through, and its bytes are counted for the machine', async () => {
  const { it, app, id } = await echoing()
  const sent = open(it.server, app, '/', {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  })
  sent.end()
  const { reply, socket } = await new Promise<{ reply: IncomingMessage; socket: Duplex }>((resolve) =>
    sent.once('upgrade', (upgraded, stream) => resolve({ reply: upgraded, socket: stream })),
  )
  onTestFinished(() => void socket.destroy())
  expect(reply.headers['sec-websocket-accept']).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=')
  let text = ''
  socket.on('data', (chunk: Buffer) => void (text += chunk.toString()))
  socket.write('x'.repeat(50_000))
  await eventually(() => (text.length === 50_000 ? true : undefined))
  const query = encodeURIComponent(`increase(fly_instance_net_sent_bytes{device="eth0",app="${app}",instance="${id}"}[1h])`)
  const answer = await it.call('GET', `/prometheus/personal/api/v1/query?query=${query}`)
  const counted = /"value":\[[\d.]+,"(\d+)"\]/.exec(answer.text)?.[1]
  expect(Number(counted)).toBeGreaterThan(50_000)
  expect(Number(counted)).toBeLessThan(51_000)
})

test('headers by which a visitor could pose as a proxy do not reach the gateway', async () => {
  const { it, app } = await echoing()
  const sent = open(it.server, app, '/headers', {
    'x-forwarded-for': '10.0.0.1',
    'X-Forwarded-Host': 'evil',
    forwarded: 'for=1',
    'x-real-ip': '10.0.0.1',
    'x-kept': 'yes',
  })
  sent.end()
  const reply = await new Promise<IncomingMessage>((resolve) => sent.once('response', resolve))
  let text = ''
  reply.setEncoding('utf8').on('data', (chunk: string) => void (text += chunk))
  await new Promise((resolve) => reply.once('end', resolve))
  const seen: unknown = JSON.parse(text)
  expect(seen).toMatchObject({ 'x-kept': 'yes', host: expect.stringMatching(/^echo\.localhost:\d+$/) })
  expect(text).not.toMatch(/forwarded|x-real-ip/i)
})

test('an unknown app is 404, one without a started machine 503, a machine that does not listen yet 502', async () => {
  const it = await harness()
  expect((await visit(it.server, 'nobody', '/')).status).toBe(404)
  const app = await it.app()
  expect((await visit(it.server, app, '/')).status).toBe(503)
  const made = await it.create(app, { image: 'gateway:stub', env: { STUB_BOOT_MS: '600' } })
  await it.reaches(app, made.id, 'started')
  expect((await visit(it.server, app, '/healthz')).status).toBe(502)
  await it.answers(app, '/readyz', 200)
})

test('a cordoned machine gets no visitors', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app)
  await it.answers(app, '/healthz', 200)
  await it.call('POST', `/apps/${app}/machines/${made.id}/cordon`)
  expect((await visit(it.server, app, '/healthz')).status).toBe(503)
  await it.call('POST', `/apps/${app}/machines/${made.id}/uncordon`)
  expect((await visit(it.server, app, '/healthz')).status).toBe(200)
})

test('a visitor wakes a stopped machine unless its services say autostart: false', async () => {
  const it = await harness()
  for (const [app, services, status] of [
    ['waking', [{ internal_port: 80 }], 200],
    ['asleep', [{ internal_port: 80, autostart: false }], 503],
    ['plain', [], 503],
  ] as const) {
    await it.app(app)
    const made = await it.create(app, { services })
    await it.reaches(app, made.id, 'started')
    await it.call('POST', `/apps/${app}/machines/${made.id}/stop`, {})
    await it.reaches(app, made.id, 'stopped')
    expect([app, (await visit(it.server, app, '/healthz')).status]).toEqual([app, status])
    expect((await it.machine(app, made.id)).state).toBe(status === 200 ? 'started' : 'stopped')
  }
})

test('the stub misbehaves as it is told', async () => {
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, { image: 'gateway:stub', env: { STUB_UNHEALTHY_FILE: 'sick' } })
  await it.answers(app, '/healthz', 200)
  await it.shell(app, made.id, 'touch sick')
  expect((await visit(it.server, app, '/healthz')).status).toBe(500)
  await it.shell(app, made.id, 'rm sick')
  expect((await visit(it.server, app, '/healthz')).status).toBe(200)
  expect((await visit(it.server, app, '/')).text).toContain('Practice gateway')
})
