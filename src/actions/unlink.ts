import { z } from 'zod'
import { actingIdentity, identitiesOf, lockUsers, removeIdentity } from '../db/accounts.ts'
import { ok } from '../domain/refusal.ts'
import type { ChangeAction } from './action.ts'

/** The identity by its reference: the platform's own id of a person has no place in the audit log. */
const input = z.object({ account: z.uuid() })

export type Unlinked = { provider: string; displayName: string; here: boolean }

/** Parts an identity from the person's account. Its next message is that of somebody new. */
export const unlink: ChangeAction<typeof input, Unlinked> = {
  name: 'unlink',
  summary: 'Take one of your chats out of your account',
  words: [],
  input,
  scope: 'operate',
  confirm: 'tap',
  async run({ db: tx, actor }, { account }) {
    await lockUsers(tx, [actor.userId])
    const acting = await actingIdentity(tx, actor)
    if (acting === null) return { ok: false, reason: 'account-changed' }
    const own = await identitiesOf(tx, actor.userId)
    const parting = own.find((one) => one.ref === account)
    if (parting === undefined) return { ok: false, reason: 'unknown-account' }
    if (own.length === 1) return { ok: false, reason: 'last-account' }
    await removeIdentity(tx, actor.userId, parting)
    return ok({ provider: parting.provider, displayName: parting.displayName, here: parting.ref === acting.ref })
  },
}
