// A gateway that knows no proxy: it greets whoever connects, says back the first message that it gets, and every later one as it is.
import { createServer } from 'node:http'
import { WebSocketServer } from 'ws'

const server = createServer((_request, response) => response.end('<!doctype html>'))
const sockets = new WebSocketServer({ server, perMessageDeflate: { threshold: 0 } })
sockets.on('connection', (socket, request) => {
  const { STATE, TOKEN } = { STATE: process.env['CLAWDBOT_STATE_DIR'], TOKEN: process.env['CLAWDBOT_GATEWAY_TOKEN'] }
  socket.send(JSON.stringify({ extensions: request.headers['sec-websocket-extensions'] ?? null, state: STATE, token: TOKEN }))
  socket.once('message', (first, isBinary) => {
    socket.send(JSON.stringify({ first: (first as Buffer).toString(), isBinary }))
    socket.on('message', (data, binary) => socket.send(data, { binary }))
  })
})
server.listen(Number(process.argv[process.argv.indexOf('--port') + 1]), '127.0.0.1')
