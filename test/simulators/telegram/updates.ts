// How updates leave a simulated Telegram: a queue that is confirmed by the next offset, or calls to a webhook.
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { z } from 'zod'

export type Update = Record<string, unknown> & { update_id: number }
const pollSchema = z.object({
  offset: z.number().default(0),
  limit: z.number().min(1).max(100).default(100),
  timeout: z.number().default(0),
  allowed_updates: z.array(z.string()).optional(),
})
const webhookSchema = z.object({
  url: z.string(),
  allowed_updates: z.array(z.string()).optional(),
  secret_token: z
    .string()
    .regex(/^[\w-]{1,256}$/)
    .optional(),
})

export type Updates = {
  /** One more update, delivered `copies` times; not at all when the bot has not asked for its kind. */
  push(content: Record<string, unknown>, copies?: number): number
  /** Keeps what comes from now on, until release() delivers it, the last one first. */
  hold(): void
  release(): void
  /** Answers a long poll; what it returns is the JSON body. */
  poll(params: unknown, response: ServerResponse): Promise<unknown>
  setWebhook(params: unknown): void
  deleteWebhook(): void
  polls(): number
}

/** `failed` hears of webhook calls that were refused. */
export function createUpdates(failed: (why: string) => void): Updates {
  let queue: Update[] = []
  let held: Update[] | null = null
  let last = 1_000
  let polls = 0
  /** What the bot asked for: it holds until it asks for something else. Null: it never said. */
  let allowed: readonly string[] | null = null
  let webhook: z.infer<typeof webhookSchema> | null = null
  let waiting: AbortController | null = null
  let older: AbortController | null = null

  const call = async (update: Update): Promise<void> => {
    if (webhook === null) return
    const headers = { 'content-type': 'application/json', 'x-telegram-bot-api-secret-token': webhook.secret_token ?? '' }
    const answer = await fetch(webhook.url, { method: 'POST', headers, body: JSON.stringify(update) })
    if (!answer.ok) failed(`the webhook answered ${answer.status}`)
  }
  const deliver = (updates: readonly Update[]): void => {
    if (webhook !== null) return void Promise.all(updates.map(call)).catch((error: unknown) => failed(String(error)))
    queue.push(...updates)
    waiting?.abort()
  }
  return {
    push(content, copies = 1) {
      last += 1
      if (allowed !== null && !Object.keys(content).every((kind) => allowed?.includes(kind))) return last
      const made = Array.from({ length: copies }, (): Update => ({ update_id: last, ...content }))
      if (held === null) deliver(made)
      else held.push(...made)
      return last
    },
    hold: () => void (held ??= []),
    release() {
      const kept = held ?? []
      held = null
      deliver(kept.toReversed())
    },
    async poll(params, response) {
      const { offset, limit, timeout, allowed_updates } = pollSchema.parse(params)
      allowed = allowed_updates ?? allowed
      const conflict = (why: string) => ({ ok: false, error_code: 409, description: `Conflict: ${why}` })
      if (webhook !== null) return conflict("can't use getUpdates method while webhook is active")
      polls += 1
      older?.abort()
      const mine = new AbortController()
      older = mine
      queue = queue.filter((update) => update.update_id >= offset)
      const closed = once(response, 'close', { signal: mine.signal }).catch(() => undefined)
      if (queue.length === 0) {
        const news = new AbortController()
        waiting = news
        const rung = once(news.signal, 'abort')
        const timer = setTimeout(() => news.abort(), timeout * 1_000)
        await Promise.race([rung, once(mine.signal, 'abort'), closed])
        clearTimeout(timer)
      }
      if (mine.signal.aborted) return conflict('terminated by other getUpdates request; make sure that only one bot instance is running')
      older = null
      mine.abort()
      return { ok: true, result: queue.slice(0, limit) }
    },
    setWebhook(params) {
      webhook = webhookSchema.parse(params)
      allowed = webhook.allowed_updates ?? allowed
    },
    deleteWebhook: () => void (webhook = null),
    polls: () => polls,
  }
}
