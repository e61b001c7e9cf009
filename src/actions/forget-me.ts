import { z } from 'zod'
import { actingIdentity, forgetUser, lockUsers } from '../db/accounts.ts'
import { presentInstances } from '../db/instances.ts'
import { ok } from '../domain/refusal.ts'
import type { ChangeAction } from './action.ts'

/** What must be typed before somebody is forgotten. */
export const FORGET_WORDS = 'forget me'

const input = z.object({ confirm: z.string().max(200) })

/** Deletes who the person is. Refused while anything of theirs is present at the provider: nobody could reach it, or stop it, any more. */
export const forgetMe: ChangeAction<typeof input, { forgotten: true }> = {
  name: 'forget-me',
  summary: 'Delete your account and what I know of you',
  words: [],
  input,
  scope: 'destroy',
  confirm: 'type-name',
  anonymous: true,
  async run({ db: tx, actor }, { confirm }) {
    await lockUsers(tx, [actor.userId])
    if ((await actingIdentity(tx, actor)) === null) return { ok: false, reason: 'account-changed' }
    const present = await presentInstances(tx, actor.userId)
    if (present.length > 0) {
      const namesOf = (leaving: boolean): string[] => present.filter((row) => (row.deleteRequestedAt !== null) === leaving).map((row) => row.name)
      return { ok: false, reason: 'instances-present', names: namesOf(false), leaving: namesOf(true) }
    }
    if (confirm.trim().toLowerCase() !== FORGET_WORDS) return { ok: false, reason: 'forget-mismatch', words: FORGET_WORDS }
    await forgetUser(tx, actor.userId)
    return ok({ forgotten: true })
  },
}
