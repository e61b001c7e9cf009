import { z } from 'zod'
import { lockUsers } from '../db/accounts.ts'
import { createOneTimeToken, linksOfLastHour } from '../db/one-time-tokens.ts'
import { KEY_LINK, type KeyLink } from '../domain/key-link.ts'
import { languages } from '../domain/language.ts'
import { ok } from '../domain/refusal.ts'
import type { Sealed } from '../lib/sealed.ts'
import type { ChangeAction, InstanceSummary } from './action.ts'
import { findInstance } from './find-instance.ts'
import { summaryOf } from './summary.ts'

const input = z.object({
  instance: z.string().max(200).optional(),
  credential: z.string().regex(/^[A-Za-z0-9:_-]{1,80}$/),
  /** What the page speaks. */
  language: z.enum(languages).default('en'),
})

/** `link` names the link and opens nothing; `token` opens the page, and is kept nowhere. */
export type KeyLinkMade = { instance: InstanceSummary; credential: string; link: string; token: Sealed; minutes: number }

/** Makes a link to a page that takes a credential around the chat. The newest link for a credential is the only one that works. */
export const setKeyLink: ChangeAction<typeof input, KeyLinkMade> = {
  name: 'set-key-link',
  summary: 'Hand over a key on a web page instead of in the chat',
  // Which credential is asked: a command that names one as its option would invite people to paste it there.
  words: ['instance'],
  input,
  scope: 'operate',
  confirm: 'none',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const { actor, db: tx } = context
    const row = found.value
    if (row.deleteRequestedAt !== null) return { ok: false, reason: 'being-destroyed', name: row.name }
    // Held until the link is made: two requests at once must not both find room for one more.
    await lockUsers(tx, [actor.userId])
    const made = await linksOfLastHour(tx, actor.userId, KEY_LINK.purpose)
    if (made.count >= KEY_LINK.perHourMax)
      return { ok: false, reason: 'key-links-limit', limit: KEY_LINK.perHourMax, retryAfterSeconds: made.oldestEndsInSeconds }
    const { credential, language } = wanted
    const { provider, subject: who, chat } = actor
    const subject: KeyLink = { instanceId: row.id, credential, language, actor: { provider, subject: who, chat } }
    const same = { instanceId: row.id, credential }
    const { id, token } = await createOneTimeToken(tx, { ...KEY_LINK, userId: actor.userId, subject, same, ttlMinutes: KEY_LINK.minutes })
    return ok({ instance: summaryOf(row), credential, link: id, token, minutes: KEY_LINK.minutes })
  },
}
