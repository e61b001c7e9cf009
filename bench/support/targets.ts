// Healthy targets as cheap as can be: one socket server on every address of this machine, so that 127.a.b.1 is a target of its own for every a and b.
// It parses next to nothing: what is measured is who asks, not who answers.
import { createServer } from 'node:net'

const BODY = '{"ok":true}'
const answer = (more: string): Buffer =>
  Buffer.from(`HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n${more}\r\n${BODY}`)
const KEPT = answer('')
const CLOSING = answer('connection: close\r\n')

// A GET of a probe fits into one packet, and nobody here sends a second one before the first is answered.
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('data', (request) => {
    if (request.includes('onnection: close')) socket.end(CLOSING)
    else socket.write(KEPT)
  })
  socket.on('error', () => socket.destroy())
})
server.listen({ port: 0, host: '0.0.0.0', backlog: 4096 }, () => {
  const address = server.address()
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 })}\n`)
})
// The bench holds the other end: when it is gone, so are we.
process.stdin.on('end', () => process.exit()).resume()
process.once('SIGTERM', () => process.exit())
