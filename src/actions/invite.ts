import { z } from 'zod'
import { lockUsers } from '../db/accounts.ts'
import { noteReferral, referralCodeOf, referralsBy } from '../db/referrals.ts'
import { ok } from '../domain/refusal.ts'
import type { ChangeAction } from './action.ts'

const none = z.object({})
const came = z.object({ code: z.string().regex(/^[a-z0-9]{8}$/) })

/** The code of the person's links for inviting others, and how many came by them. */
export const invite: ChangeAction<typeof none, { code: string; came: number }> = {
  name: 'invite',
  summary: 'Invite somebody, with a link of your own',
  words: [],
  input: none,
  scope: 'operate',
  confirm: 'none',
  async run({ db: tx, actor }) {
    await lockUsers(tx, [actor.userId])
    return ok({ code: await referralCodeOf(tx, actor.userId), came: await referralsBy(tx, actor.userId) })
  },
}

/** Notes by whose link somebody new came. It is no error that it changes nothing: links are opened by anybody, at any time. */
export const acceptInvite: ChangeAction<typeof came, { noted: boolean }> = {
  name: 'accept-invite',
  summary: 'Come by an invitation',
  words: ['code'],
  input: came,
  scope: 'operate',
  confirm: 'none',
  hidden: true,
  async run({ db: tx, actor }, { code }) {
    return ok({ noted: await noteReferral(tx, { userId: actor.userId, code }) })
  },
}
