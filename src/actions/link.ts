import { z } from 'zod'
import { audit } from '../db/audit.ts'
import { actingIdentity, lockUsers, mergeUsers, type Identity } from '../db/accounts.ts'
import type { Tx } from '../db/connect.ts'
import { presentInstances } from '../db/instances.ts'
import {
  agreeToLink,
  claimLinkRequest,
  codesOfLastHour,
  createLinkRequest,
  endLinkRequest,
  linkRequestByCode,
  linkRequestById,
  wrongCodesOf,
  type LinkRequest,
  type LinkSide,
} from '../db/links.ts'
import { announce } from '../db/outbox.ts'
import { ok, type AccountRefusal, type Result } from '../domain/refusal.ts'
import { ConchError } from '../lib/errors.ts'
import { randomId } from '../lib/random.ts'
import { Sealed } from '../lib/sealed.ts'
import type { ChangeAction, ChangeContext } from './action.ts'

const LINK_MINUTES = 10
const CODE_CHARS = 8
const CODES_PER_HOUR_MAX = 5
const WRONG_CODES_MAX = 5
const WRONG_CODES_MINUTES = 10
const DEAD_CODES = ['link-code-wrong', 'link-code-expired', 'link-code-used'] as const satisfies AccountRefusal['reason'][]

const input = z
  .object({
    /** Sealed: until it is used, a code is a secret, and inputs are written to the audit log. */
    code: z
      .string()
      .max(60)
      .transform((typed) => new Sealed(normalised(typed)))
      .optional(),
    request: z
      .string()
      .regex(/^[a-z0-9]{12}$/)
      .optional(),
    answer: z.enum(['yes', 'no']).optional(),
  })
  .refine(({ request, answer }) => (request === undefined) === (answer === undefined), 'a request and its answer come together')

/** Somebody on the other side of a link, as the person here may know them. */
export type Other = { provider: string; displayName: string }
export type LinkStep =
  | { kind: 'code'; code: string; minutes: number }
  | { kind: 'asked' | 'waiting' | 'linked' | 'declined'; requestId: string; other: Other }

/**
 * Brings two identities together in one account. Alone it makes a code; with a code it asks both sides; with a request it takes the answer
 * of one side. Nothing comes together before both have said yes.
 */
export const link: ChangeAction<typeof input, LinkStep> = {
  name: 'link',
  summary: 'Use one account in several chats',
  words: ['code'],
  input,
  scope: 'operate',
  confirm: 'tap',
  async run(context, { code, request, answer }) {
    const own = await actingIdentity(context.db, context.actor)
    if (own === null) return { ok: false, reason: 'account-changed' }
    if (request !== undefined && answer !== undefined) return answered(context, own, { id: request, answer })
    return code === undefined ? makeCode(context, own) : enterCode(context, own, code)
  },
}

/** What was typed as a code is read kindly: case, spaces, dashes, and the letter that there is not for the digit that there is. */
function normalised(typed: string): string {
  return typed
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '')
    .replaceAll('o', '0')
}

async function makeCode({ db: tx, actor }: ChangeContext, own: Identity): Promise<Result<LinkStep>> {
  await lockUsers(tx, [actor.userId])
  const made = await codesOfLastHour(tx, actor.userId)
  if (made.count >= CODES_PER_HOUR_MAX)
    return { ok: false, reason: 'link-codes-limit', limit: CODES_PER_HOUR_MAX, retryAfterSeconds: made.oldestEndsInSeconds }
  const code = randomId(CODE_CHARS)
  await createLinkRequest(tx, { maker: own.ref, codeHash: new Sealed(code).fingerprint, ttlMinutes: LINK_MINUTES })
  return ok({ kind: 'code', code: `${code.slice(0, 4)}-${code.slice(4)}`.toUpperCase(), minutes: LINK_MINUTES })
}

async function enterCode({ db: tx, actor }: ChangeContext, own: Identity, code: Sealed): Promise<Result<LinkStep>> {
  const entered = { actor: `${actor.provider}:${actor.subject}`, refusals: DEAD_CODES, minutes: WRONG_CODES_MINUTES }
  if ((await wrongCodesOf(tx, entered)) >= WRONG_CODES_MAX)
    return { ok: false, reason: 'link-tries-limit', limit: WRONG_CODES_MAX, minutes: WRONG_CODES_MINUTES }
  // Found by its hash: how long that takes says nothing about how much of a code was right.
  const request = await linkRequestByCode(tx, code.fingerprint)
  if (request === null) return { ok: false, reason: 'link-code-wrong' }
  if (request.maker.ref === own.ref) return { ok: false, reason: 'link-own-code' }
  const mine = request.taker?.ref === own.ref
  if (request.state === 'expired-unused' || (mine && request.state === 'expired')) return { ok: false, reason: 'link-code-expired' }
  if (request.state !== 'open' && !(mine && request.state === 'asked')) return { ok: false, reason: 'link-code-used' }
  if (request.maker.userId === actor.userId) return { ok: false, reason: 'link-already' }
  const asked = ok<LinkStep>({ kind: 'asked', requestId: request.id, other: otherOf(request.maker) })
  if (mine) return asked
  if ((await survivorOf(tx, { maker: request.maker.userId, taker: actor.userId })) === null) return { ok: false, reason: 'link-both-have-instances' }
  if (!(await claimLinkRequest(tx, { id: request.id, taker: own.ref, ttlMinutes: LINK_MINUTES }))) return { ok: false, reason: 'link-code-used' }
  await tell(tx, request.id, { side: 'maker', to: request.maker, userId: request.maker.userId })
  return asked
}

function otherOf({ provider, displayName }: LinkSide): Other {
  return { provider, displayName }
}

/** Owes one side the newest state of the request. */
async function tell(tx: Tx, requestId: string, { side, to, userId }: { side: 'maker' | 'taker'; to: LinkSide; userId: string }): Promise<void> {
  const chat = { provider: to.provider, address: to.chat }
  await announce(tx, { userId, chat, key: `link:${requestId}:${side}`, template: 'link-request', payload: { requestId, side } })
}

type Pair = { maker: string; taker: string }
type Asked = Extract<LinkRequest, { taker: LinkSide }>

type Answer = { id: string; answer: 'yes' | 'no' }

async function answered({ db: tx, actor }: ChangeContext, own: Identity, { id, answer }: Answer): Promise<Result<LinkStep>> {
  const before = await linkRequestById(tx, id)
  if (before === null || before.taker === null) return { ok: false, reason: 'link-over' }
  const users: Pair = { maker: before.maker.userId, taker: before.taker.userId }
  await lockUsers(tx, [users.maker, users.taker])
  // Read again under the lock: the other side may have answered, and either of the two may have moved or ended.
  const request = await linkRequestById(tx, id)
  if (request === null || request.taker === null) return { ok: false, reason: 'link-over' }
  if (request.maker.userId !== users.maker || request.taker.userId !== users.taker) return { ok: false, reason: 'account-changed' }
  if (actor.userId !== users.maker && actor.userId !== users.taker) return { ok: false, reason: 'link-not-yours' }
  // Any identity of a side may answer for it: the question is delivered to the next chat when the first cannot be reached.
  const side = own.ref === request.maker.ref || (own.ref !== request.taker.ref && actor.userId === users.maker) ? 'maker' : 'taker'
  const other = side === 'maker' ? request.taker : request.maker
  if (request.state === 'linked') return ok({ kind: 'linked', requestId: id, other: otherOf(other) })
  if (request.state !== 'asked' || users.maker === users.taker) return { ok: false, reason: 'link-over' }
  if (answer === 'no') return decline(tx, { request, side, other })
  return agree(tx, { request, side, other, users, actor: `${actor.provider}:${actor.subject}` })
}

type Turn = { request: Asked; side: 'maker' | 'taker'; other: LinkSide }
const opposite = { maker: 'taker', taker: 'maker' } as const

async function decline(tx: Tx, { request, side, other }: Turn): Promise<Result<LinkStep>> {
  await endLinkRequest(tx, request.id, 'declined')
  await tell(tx, request.id, { side: opposite[side], to: other, userId: other.userId })
  return ok({ kind: 'declined', requestId: request.id, other: otherOf(other) })
}

async function agree(tx: Tx, { request, side, other, users, actor }: Turn & { users: Pair; actor: string }): Promise<Result<LinkStep>> {
  await agreeToLink(tx, request.id, { maker: side === 'maker', taker: side === 'taker' })
  const step = { requestId: request.id, other: otherOf(other) }
  if (!other.agreed) return ok({ kind: 'waiting', ...step })
  const into = await survivorOf(tx, users)
  if (into === null) return { ok: false, reason: 'link-both-have-instances' }
  const from = into === users.maker ? users.taker : users.maker
  await mergeUsers(tx, { from, into })
  await endLinkRequest(tx, request.id, 'linked')
  await audit(tx, { userId: into, actor, action: 'link', instanceId: null, input: { request: request.id, merged: from }, outcome: 'merged' })
  await tell(tx, request.id, { side: opposite[side], to: other, userId: into })
  return ok({ kind: 'linked', ...step })
}

/** Which of the two users stays: the one that holds something at the provider, the maker of the code if neither does; null when both do. */
async function survivorOf(tx: Tx, { maker, taker }: Pair): Promise<string | null> {
  if (maker === taker) throw new ConchError('link.one-user', `the user ${maker} cannot be merged into itself`)
  const makerHolds = (await presentInstances(tx, maker)).length > 0
  const takerHolds = (await presentInstances(tx, taker)).length > 0
  if (makerHolds && takerHolds) return null
  return takerHolds ? taker : maker
}
