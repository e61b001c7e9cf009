// Requests to bring two identities together: a code that one made and the other entered, and what each of them answered. Of the code itself
// only its SHA-256 is here. A request names identities, not users, and is deleted with either of them; whose they are is read anew each time.
import { and, count, eq, gt, inArray, isNull, lt, sql, type SQL } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import { randomId } from '../lib/random.ts'
import type { Db, Tx } from './connect.ts'
import { auditLog, identities, linkRequests } from './schema.ts'

export type LinkSide = { ref: string; userId: string; provider: string; displayName: string; chat: string; agreed: boolean }
export type LinkRequest = { id: string; maker: LinkSide } & (
  | { state: 'open' | 'expired-unused'; taker: null }
  | { state: 'asked' | 'expired' | 'linked' | 'declined'; taker: LinkSide }
)

const makers = alias(identities, 'makers')
const takers = alias(identities, 'takers')
const inMinutes = (minutes: number): SQL => sql`now() + ${minutes} * interval '1 minute'`

/** Keeps a new code for an identity; the request's id. Requests that ended more than a day ago go. */
export async function createLinkRequest(tx: Tx, made: { maker: string; codeHash: string; ttlMinutes: number }): Promise<string> {
  await tx.delete(linkRequests).where(lt(linkRequests.expiresAt, sql`now() - interval '1 day'`))
  const id = randomId(12)
  await tx.insert(linkRequests).values({ id, codeHash: made.codeHash, maker: made.maker, expiresAt: inMinutes(made.ttlMinutes) })
  return id
}

/** How many codes a user's identities made in the last hour, and in how many seconds the oldest of them no longer counts. */
export async function codesOfLastHour(tx: Tx, userId: string): Promise<{ count: number; oldestEndsInSeconds: number }> {
  const [row] = await tx
    .select({
      count: count(),
      seconds: sql<number>`coalesce(ceil(extract(epoch from min(${linkRequests.createdAt}) + interval '1 hour' - now())), 0)::float8`,
    })
    .from(linkRequests)
    .innerJoin(identities, eq(identities.ref, linkRequests.maker))
    .where(and(eq(identities.userId, userId), gt(linkRequests.createdAt, sql`now() - interval '1 hour'`)))
  return { count: row?.count ?? 0, oldestEndsInSeconds: row?.seconds ?? 0 }
}

/** How many codes that lead nowhere an actor entered in the last `minutes`: refusals are read where they are kept, in the audit log. */
export async function wrongCodesOf(tx: Tx, entered: { actor: string; refusals: readonly string[]; minutes: number }): Promise<number> {
  const since = sql`now() - ${entered.minutes} * interval '1 minute'`
  const mine = and(eq(auditLog.actor, entered.actor), gt(auditLog.at, since))
  return tx.$count(auditLog, and(mine, eq(auditLog.action, 'link'), inArray(auditLog.outcome, [...entered.refusals])))
}

/** The request that a code belongs to; null when no code has this hash. */
export async function linkRequestByCode(tx: Tx, codeHash: string): Promise<LinkRequest | null> {
  return requestWhere(tx, eq(linkRequests.codeHash, codeHash))
}

/** The request with this id; null when there is none, or one of its identities is no longer there. */
export async function linkRequestById(db: Db | Tx, id: string): Promise<LinkRequest | null> {
  return requestWhere(db, eq(linkRequests.id, id))
}

async function requestWhere(db: Db | Tx, where: SQL): Promise<LinkRequest | null> {
  const [row] = await db
    .select({ request: linkRequests, expired: sql<boolean>`${linkRequests.expiresAt} <= now()`, maker: makers, taker: takers })
    .from(linkRequests)
    .innerJoin(makers, eq(makers.ref, linkRequests.maker))
    .leftJoin(takers, eq(takers.ref, linkRequests.taker))
    .where(where)
  if (row === undefined) return null
  const { request, expired } = row
  const maker = sideOf(row.maker, request.makerAgreed)
  if (row.taker === null) return { id: request.id, maker, taker: null, state: expired ? 'expired-unused' : 'open' }
  const taker = sideOf(row.taker, request.takerAgreed)
  if (request.outcome === 'linked' || request.outcome === 'declined') return { id: request.id, maker, taker, state: request.outcome }
  return { id: request.id, maker, taker, state: expired ? 'expired' : 'asked' }
}

function sideOf(identity: typeof identities.$inferSelect, agreed: boolean): LinkSide {
  const { ref, userId, provider, displayName, chat } = identity
  return { ref, userId, provider, displayName, chat, agreed }
}

/** Uses a code up for the identity that entered it; from now on both have `ttlMinutes` to answer. Of two at once exactly one gets true. */
export async function claimLinkRequest(tx: Tx, claim: { id: string; taker: string; ttlMinutes: number }): Promise<boolean> {
  const rows = await tx
    .update(linkRequests)
    .set({ taker: claim.taker, expiresAt: inMinutes(claim.ttlMinutes) })
    .where(and(eq(linkRequests.id, claim.id), isNull(linkRequests.taker), gt(linkRequests.expiresAt, sql`now()`)))
    .returning({ id: linkRequests.id })
  return rows.length === 1
}

/** Records the yes of one side or of both, if the request is still waiting for it. */
export async function agreeToLink(tx: Tx, id: string, sides: { maker: boolean; taker: boolean }): Promise<void> {
  await tx
    .update(linkRequests)
    .set({ ...(sides.maker && { makerAgreed: true }), ...(sides.taker && { takerAgreed: true }) })
    .where(and(eq(linkRequests.id, id), isNull(linkRequests.outcome)))
}

/** Ends a request. */
export async function endLinkRequest(tx: Tx, id: string, outcome: 'linked' | 'declined'): Promise<void> {
  await tx.update(linkRequests).set({ outcome }).where(eq(linkRequests.id, id))
}
