// The link to a page that takes a secret around the chat: how long it works, how often, and what it is about.
import { z } from 'zod'

export const KEY_LINK = { purpose: 'set-key', minutes: 10, triesMax: 5, perHourMax: 10 } as const

/** What a link is about, as its row keeps it: where its outcome is told, and in which message, stands beside it. */
export const keyLinkSchema = z.object({
  instanceId: z.string(),
  credential: z.string(),
  language: z.enum(['en', 'de']),
  chat: z.object({ provider: z.string(), address: z.string() }),
  messageRef: z.string().optional(),
})
export type KeyLink = z.infer<typeof keyLinkSchema>
