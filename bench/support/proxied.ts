// What is behind the proxies: a bare server with a small answer and one of 64 KB. The supervisor starts it as its gateway.
import { createServer } from 'node:http'

const SMALL = Buffer.from('{"ok":true,"text":"an answer as short as most"}')
const BIG = Buffer.alloc(64 * 1024, 'conch ')

createServer((request, response) => {
  const body = request.url === '/big' ? BIG : request.url === '/pid' ? Buffer.from(String(process.pid)) : SMALL
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': body.length }).end(body)
}).listen(Number(process.env['PORT']), '127.0.0.1')
