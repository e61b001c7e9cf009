// The link to a page that takes a secret around the chat: how long it works, how often, and what it is about.
import { z } from 'zod'
import { languages } from './language.ts'

export const KEY_LINK = { purpose: 'set-key', minutes: 10, triesMax: 5, perHourMax: 10 } as const

/** What a link is about, as its row keeps it: who asked for it where, and in which message it stands. */
export const keyLinkSchema = z.object({
  instanceId: z.string(),
  credential: z.string(),
  language: z.enum(languages),
  actor: z.object({ provider: z.string(), subject: z.string(), chat: z.string() }),
  messageRef: z.string().optional(),
})
export type KeyLink = z.infer<typeof keyLinkSchema>
