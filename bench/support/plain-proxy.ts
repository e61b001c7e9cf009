// A proxy that is nothing but its library, on kept-alive connections to the port that it is told.
import { Agent, createServer } from 'node:http'
import { createProxyServer } from 'http-proxy-3'

const target = { host: '127.0.0.1', port: Number(process.argv[2]) }
const proxy = createProxyServer({ target, agent: new Agent({ keepAlive: true, maxSockets: Infinity }) })
const server = createServer((request, response) => proxy.web(request, response))
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  process.stdout.write(`${JSON.stringify({ port: typeof address === 'object' ? address?.port : 0 })}\n`)
})
// The bench holds the other end: when it is gone, so are we.
process.stdin.on('end', () => process.exit()).resume()
process.once('SIGTERM', () => process.exit())
