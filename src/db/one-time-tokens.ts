// Links that work once, for a few minutes. What makes one unforgeable: it carries 256 random bits and nothing else, and only their SHA-256 is
// kept, so neither guessing nor reading this table opens one. Whose it is, what for and until when stands in the row that the hash leads to,
// out of reach of whoever holds the link: there is nothing in it that a signature could protect.
import { and, eq, gt, isNull, lt, lte, or, sql, type SQL } from 'drizzle-orm'
import { randomId, randomToken } from '../lib/random.ts'
import { Sealed } from '../lib/sealed.ts'
import type { Db, Tx } from './connect.ts'
import { oneTimeTokens, tokenMisses } from './schema.ts'

/** A link as its row has it. `id` is the hash: it names the link and opens nothing. */
export type OneTimeLink = { id: string; userId: string; subject: unknown; tries: number; endsInSeconds: number }
export type OneTimeLook = { kind: 'good' | 'used' | 'expired'; link: OneTimeLink } | { kind: 'unknown' }

const inMinutes = (minutes: number): SQL => sql`now() + ${minutes} * interval '1 minute'`
/** Longer than any answer takes to be checked; whoever died over it gives the link free. */
const HOLD_SECONDS = 120

/** Makes a link; its token is returned here and never again. An earlier one of the same user about the same subject ends. */
export async function createOneTimeToken(
  tx: Tx,
  made: { purpose: string; userId: string; subject: Record<string, unknown>; same: Record<string, unknown>; ttlMinutes: number },
): Promise<{ id: string; token: Sealed }> {
  const { purpose, userId, subject, same, ttlMinutes } = made
  const mine = and(
    eq(oneTimeTokens.purpose, purpose),
    eq(oneTimeTokens.userId, userId),
    sql`${oneTimeTokens.subject} @> ${JSON.stringify(same)}::jsonb`,
  )
  await tx
    .update(oneTimeTokens)
    .set({ expiresAt: sql`now()` })
    .where(and(mine, gt(oneTimeTokens.expiresAt, sql`now()`)))
  const token = new Sealed(randomToken())
  await tx.insert(oneTimeTokens).values({ hash: token.fingerprint, purpose, userId, subject, expiresAt: inMinutes(ttlMinutes) })
  return { id: token.fingerprint, token }
}

/** How many links a user made in the last hour, and in how many seconds the oldest of them no longer counts. */
export async function linksOfLastHour(tx: Tx, userId: string, purpose: string): Promise<{ count: number; oldestEndsInSeconds: number }> {
  const [row] = await tx
    .select({
      count: sql<number>`count(*)::int4`,
      seconds: sql<number>`coalesce(ceil(extract(epoch from min(${oneTimeTokens.createdAt}) + interval '1 hour' - now())), 0)::float8`,
    })
    .from(oneTimeTokens)
    .where(and(eq(oneTimeTokens.userId, userId), eq(oneTimeTokens.purpose, purpose), gt(oneTimeTokens.createdAt, sql`now() - interval '1 hour'`)))
  return { count: row?.count ?? 0, oldestEndsInSeconds: row?.seconds ?? 0 }
}

/** What a token leads to. Looking uses nothing up: chats open every link for its preview. */
export async function lookAtToken(db: Db | Tx, token: Sealed, purpose: string): Promise<OneTimeLook> {
  const { hash, userId, subject, tries, usedAt } = oneTimeTokens
  const endsInSeconds = sql<number>`extract(epoch from ${oneTimeTokens.expiresAt} - now())::float8`
  // Found by its hash: how long that takes says nothing about how much of a token was right.
  const [row] = await db
    .select({ id: hash, userId, subject, tries, usedAt, endsInSeconds })
    .from(oneTimeTokens)
    .where(and(eq(hash, token.fingerprint), eq(oneTimeTokens.purpose, purpose)))
  if (row === undefined) return { kind: 'unknown' }
  const { usedAt: used, ...link } = row
  return { kind: used !== null ? 'used' : row.endsInSeconds <= 0 ? 'expired' : 'good', link }
}

/** Takes hold of a link for one answer; of several at once exactly one gets a hold, the others null. */
export async function holdToken(db: Db, id: string, triesMax: number): Promise<string | null> {
  const hold = randomId(12)
  const free = or(isNull(oneTimeTokens.heldUntil), lte(oneTimeTokens.heldUntil, sql`now()`))
  const good = and(isNull(oneTimeTokens.usedAt), gt(oneTimeTokens.expiresAt, sql`now()`), lt(oneTimeTokens.tries, triesMax))
  const rows = await db
    .update(oneTimeTokens)
    .set({ hold, heldUntil: sql`now() + ${HOLD_SECONDS} * interval '1 second'` })
    .where(and(eq(oneTimeTokens.hash, id), good, free))
    .returning({ id: oneTimeTokens.hash })
  return rows.length === 1 ? hold : null
}

/** Gives a held link back for another answer: a refused one counts as a try. */
export async function releaseToken(db: Db, held: { id: string; hold: string; refused: boolean }): Promise<void> {
  await db
    .update(oneTimeTokens)
    .set({ hold: null, heldUntil: null, ...(held.refused && { tries: sql`${oneTimeTokens.tries} + 1` }) })
    .where(holding(held))
}

/** Uses a held link up; true for the one caller that did. A link that expired while its answer was looked at still counts. */
export async function consumeToken(tx: Db | Tx, held: { id: string; hold: string }): Promise<boolean> {
  const rows = await tx
    .update(oneTimeTokens)
    .set({ usedAt: sql`now()`, hold: null, heldUntil: null })
    .where(and(holding(held), isNull(oneTimeTokens.usedAt)))
    .returning({ id: oneTimeTokens.hash })
  return rows.length === 1
}

function holding({ id, hold }: { id: string; hold: string }): SQL | undefined {
  return and(eq(oneTimeTokens.hash, id), eq(oneTimeTokens.hold, hold))
}

/** Adds to what a link is about. */
export async function addToSubject(db: Db | Tx, id: string, more: Record<string, unknown>): Promise<void> {
  await db
    .update(oneTimeTokens)
    .set({ subject: sql`${oneTimeTokens.subject} || ${JSON.stringify(more)}::jsonb` })
    .where(eq(oneTimeTokens.hash, id))
}

/** Counts one more link that does not exist against an address; how many there were within `minutes`, and when counting starts anew. */
export async function countMiss(db: Db, address: string, minutes: number): Promise<{ count: number; endsInSeconds: number }> {
  const over = sql`${tokenMisses.since} <= now() - ${minutes} * interval '1 minute'`
  const [row] = await db
    .insert(tokenMisses)
    .values({ address })
    .onConflictDoUpdate({
      target: tokenMisses.address,
      set: {
        count: sql`case when ${over} then 1 else ${tokenMisses.count} + 1 end`,
        since: sql`case when ${over} then now() else ${tokenMisses.since} end`,
      },
    })
    .returning({
      count: tokenMisses.count,
      endsInSeconds: sql<number>`ceil(extract(epoch from ${tokenMisses.since} + ${minutes} * interval '1 minute' - now()))::float8`,
    })
  return { count: row?.count ?? 1, endsInSeconds: row?.endsInSeconds ?? 0 }
}

/** Deletes links that ended more than a day ago, and the addresses of the last hours. */
export async function forgetOldLinks(db: Db): Promise<void> {
  await db.delete(oneTimeTokens).where(lte(oneTimeTokens.expiresAt, sql`now() - interval '1 day'`))
  await db.delete(tokenMisses).where(lte(tokenMisses.since, sql`now() - interval '1 hour'`))
}
