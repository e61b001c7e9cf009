// A gateway that says what reaches it: the headers of each request, and every byte of a WebSocket. It is killed, hangs and refuses on request.
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'

const config = join(process.env['OPENCLAW_STATE_DIR'] ?? '.', 'openclaw.json')
const document: unknown = existsSync(config) ? JSON.parse(readFileSync(config, 'utf8')) : {}
const says = (name: string): unknown => (typeof document === 'object' && document !== null && name in document ? document[name as never] : undefined)
// sysexits.h EX_CONFIG, as OpenClaw leaves with it.
if (says('invalid') !== undefined) {
  process.stderr.write(`config invalid: ${String(says('invalid'))}\n`)
  process.exit(78)
}

// A state that it cannot run with.
if (existsSync(join(process.env['OPENCLAW_STATE_DIR'] ?? '.', 'broken'))) process.exit(1)

const server = createServer((request, response) => {
  switch (request.url) {
    case '/healthz':
      return void response.end('{"ok":true}')
    case '/readyz':
      return void response.writeHead(503).end('{"ready":false,"failing":["telegram"]}')
    case '/crash':
      return process.exit(9)
    default:
      request.resume()
      response.writeHead(200, { 'content-type': 'application/json', 'x-gateway': 'echo' })
      response.end(
        JSON.stringify({ url: request.url, method: request.method, headers: request.headers, greeting: says('greeting') ?? null, pid: process.pid }),
      )
  }
})
server.on('upgrade', (request, socket, head) => {
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nx-user: ${String(request.headers['x-claw-user'])}\r\n\r\n`,
  )
  socket.write(head)
  socket.pipe(socket)
})
server.listen(Number(process.env['PORT']), '127.0.0.1')
