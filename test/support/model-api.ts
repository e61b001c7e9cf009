// A model of one's own: what a gateway takes for a provider that speaks OpenAI's chat completions. It answers with a number, and charges the same each time.
import { createServer } from 'node:http'
import { once } from 'node:events'

export type ModelApi = { baseUrl: string; calls(): number; close(): Promise<void> }

/** What every answer says that it used. */
export const MODEL_USAGE = { prompt_tokens: 1_000, completion_tokens: 20, total_tokens: 1_020, prompt_tokens_details: { cached_tokens: 300 } }

/** Starts one on a free port of this computer. The n-th answer is `answer n`. */
export async function startModelApi(): Promise<ModelApi> {
  let calls = 0
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      calls += 1
      const chunk = (choices: unknown[], more = {}): string =>
        `data: ${JSON.stringify({ id: `c${calls}`, object: 'chat.completion.chunk', created: 1, model: 'm', choices, ...more })}\n\n`
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write(chunk([{ index: 0, delta: { role: 'assistant', content: `answer ${calls}` }, finish_reason: null }]))
      response.write(chunk([{ index: 0, delta: {}, finish_reason: 'stop' }]))
      response.end(`${chunk([], { usage: MODEL_USAGE })}data: [DONE]\n\n`)
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  return {
    baseUrl: `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/v1`,
    calls: () => calls,
    close: () => {
      server.closeAllConnections()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
