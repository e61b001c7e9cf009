// Asks a blackbox_exporter to probe targets, as Prometheus does: for each line of JSON on stdin ({ exporter, urls, concurrency }) one pass,
// answered by one line. A process of its own, so that its processor time is nobody's.
import { createInterface } from 'node:readline'
import { Agent } from 'undici'
import { z } from 'zod'

const order = z.object({ exporter: z.string(), urls: z.array(z.string()), concurrency: z.number() })
const agent = new Agent({ pipelining: 1, keepAliveTimeout: 90_000 })

async function pass({ exporter, urls, concurrency }: z.infer<typeof order>): Promise<number> {
  const queue = urls.values()
  let failed = 0
  const worker = async (): Promise<void> => {
    for (const url of queue) {
      const { body } = await agent.request({ origin: exporter, path: `/probe?module=http_2xx&target=${encodeURIComponent(url)}`, method: 'GET' })
      if (!/^probe_success 1$/m.test(await body.text())) failed += 1
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return failed
}

process.once('SIGTERM', () => process.exit())
for await (const line of createInterface({ input: process.stdin })) {
  const failed = await pass(order.parse(JSON.parse(line)))
  process.stdout.write(`${JSON.stringify({ failed })}\n`)
}
process.exit()
