// A real HTTP server whose every answer is written by the test, in order, and which remembers what it was asked.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createFlyClient, type FlyClientOptions } from '../../../src/orchestrator/fly/client.ts'
import type { FlyClient } from '../../../src/orchestrator/fly/types.ts'
import { silentLog } from '../../../src/lib/log.ts'
import { Sealed } from '../../../src/lib/sealed.ts'
import { createInstantClock, type InstantClock } from './test-clocks.ts'

export type Reply =
  | { status: number; body?: unknown; headers?: Record<string, string> }
  /** The request arrives, and the connection is cut. */
  | 'cut'
  /** The request arrives, and nothing comes back. */
  | 'silence'
  /** The answer's head arrives, its body never ends. */
  | 'half'

export type Asked = { method: string; path: string; query: Record<string, string>; headers: IncomingMessage['headers']; body: unknown }

export type ScriptedServer = { url: string; asked: Asked[]; replies: Reply[]; close(): Promise<void> }

export async function startScriptedServer(): Promise<ScriptedServer> {
  const asked: Asked[] = []
  const replies: Reply[] = []
  const server = createServer((request, response) => {
    void answer(request, response).catch(() => response.destroy())
  })
  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk as Buffer)
    const text = Buffer.concat(chunks).toString()
    const url = new URL(request.url ?? '/', 'http://localhost')
    asked.push({
      method: request.method ?? '',
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: request.headers,
      body: text === '' ? undefined : (JSON.parse(text) as unknown),
    })
    const reply = replies.shift() ?? { status: 599, body: { error: 'the script has no more answers' } }
    if (reply === 'cut') request.socket.destroy()
    else if (reply === 'half') response.writeHead(200, { 'content-length': '100' }).write('{')
    else if (reply !== 'silence') {
      const type = typeof reply.body === 'string' ? 'text/html' : 'application/json'
      response.writeHead(reply.status, { 'content-type': type, 'fly-request-id': `req-${asked.length}`, ...reply.headers })
      response.end(reply.body === undefined ? '' : typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body))
    }
  }
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    replies,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

export type Scripted = {
  server: ScriptedServer
  fly: FlyClient
  clock: InstantClock
  /** Sets the answers to come. */
  answers: (...replies: Reply[]) => void
  close(): Promise<void>
}

/** A client of a scripted server, on a clock that never waits. */
export async function startScripted(options: Partial<FlyClientOptions> = {}): Promise<Scripted> {
  const server = await startScriptedServer()
  const clock = createInstantClock()
  const fly = createFlyClient({
    apiUrl: `${server.url}/v1`,
    platformUrl: server.url,
    token: new Sealed('test-token'),
    org: 'conch-org',
    clock,
    random: () => 0.5,
    log: silentLog,
    limiter: false,
    ...options,
  })
  return {
    server,
    fly,
    clock,
    answers: (...replies) => void server.replies.push(...replies),
    async close() {
      await fly.close()
      await server.close()
    },
  }
}
