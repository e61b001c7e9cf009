// A crowd of visitors on kept-alive connections, each of whom asks again as soon as it was answered. It reads of an answer no more than where it
// ends, so that what is measured is who answers. Orders and results are lines of JSON.
import { connect, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { z } from 'zod'
import { quantile } from './figures.ts'

const orderSchema = z.object({
  port: z.number(),
  path: z.string(),
  headers: z.string(),
  connections: z.number(),
  forMs: z.number().optional(),
  requests: z.number().optional(),
})
type Order = z.infer<typeof orderSchema>

/** Asks once more for each answer, until `more` says that it is enough. */
function visitor({ port, path, headers }: Order, more: () => boolean, answered: (ms: number) => void): Promise<void> {
  const request = Buffer.from(`GET ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\n${headers}\r\n`)
  return new Promise((resolve, reject) => {
    let askedAt = 0
    let missing = 0
    const ask = (socket: Socket): void => {
      if (!more()) return void socket.end(resolve)
      askedAt = performance.now()
      socket.write(request)
    }
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true }, () => ask(socket))
    socket.on('error', reject)
    socket.on('close', () => reject(new Error(`${port} closed the connection`)))
    socket.on('data', (part) => {
      missing = missing === 0 ? bytesOf(part) - part.length : missing - part.length
      if (missing > 0) return
      answered(performance.now() - askedAt)
      ask(socket)
    })
  })
}

/** How long the answer is that begins here. Its head comes in one piece. */
function bytesOf(part: Buffer): number {
  const end = part.indexOf('\r\n\r\n')
  const head = part.toString('latin1', 0, end === -1 ? part.length : end)
  const length = /\r\ncontent-length: (\d+)/i.exec(head)?.[1]
  if (!head.startsWith('HTTP/1.1 200 ') || length === undefined || end === -1) throw new Error(`not an answer to be measured: ${head}`)
  return end + 4 + Number(length)
}

async function load(order: Order): Promise<Record<string, number>> {
  const times: number[] = []
  let asked = 0
  const started = performance.now()
  const more = (): boolean => {
    asked += 1
    return order.requests === undefined ? performance.now() - started < (order.forMs ?? 0) : asked <= order.requests
  }
  await Promise.all(Array.from({ length: order.connections }, () => visitor(order, more, (ms) => times.push(ms))))
  return { requests: times.length, seconds: (performance.now() - started) / 1000, p50Ms: quantile(times, 0.5), p99Ms: quantile(times, 0.99) }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await load(orderSchema.parse(JSON.parse(line))))}\n`)
}
