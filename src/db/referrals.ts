// Who invited whom. A code belongs to a person for good, and somebody new comes by one code at most.
import { and, asc, eq, sql } from 'drizzle-orm'
import { randomId } from '../lib/random.ts'
import type { Db, Tx } from './connect.ts'
import { instances, referralCodes, referrals, users } from './schema.ts'

const CODE_CHARS = 8
/** Somebody who has been here longer did not come by a link. */
const NEW_FOR = sql`interval '1 day'`

/** The code in a person's links, made when they first want one. The caller holds the user. */
export async function referralCodeOf(tx: Tx, userId: string): Promise<string> {
  const known = await tx.select().from(referralCodes).where(eq(referralCodes.userId, userId)).orderBy(asc(referralCodes.code)).limit(1)
  if (known[0] !== undefined) return known[0].code
  const code = randomId(CODE_CHARS)
  await tx.insert(referralCodes).values({ code, userId })
  return code
}

/** How many people came by a person's links. */
export async function referralsBy(db: Db | Tx, userId: string): Promise<number> {
  return db.$count(referrals, eq(referrals.referrerId, userId))
}

/** Notes that a person came by a code. False when the code is nobody's or their own, when they are not new, or when they came by another. */
export async function noteReferral(tx: Tx, { userId, code }: { userId: string; code: string }): Promise<boolean> {
  const [link] = await tx.select({ referrerId: referralCodes.userId }).from(referralCodes).where(eq(referralCodes.code, code))
  if (link === undefined || link.referrerId === userId) return false
  const isNew = and(eq(users.id, userId), sql`${users.createdAt} > now() - ${NEW_FOR}`)
  const fresh = (await tx.$count(users, isNew)) > 0 && (await tx.$count(instances, eq(instances.userId, userId))) === 0
  if (!fresh) return false
  return (
    (
      await tx
        .insert(referrals)
        .values({ userId, ...link })
        .onConflictDoNothing()
        .returning()
    ).length > 0
  )
}

/** Two people turn out to be one: codes and those who came by them stay theirs, and nobody came by their own link. */
export async function mergeReferrals(tx: Tx, { from, into }: { from: string; into: string }): Promise<void> {
  await tx.update(referralCodes).set({ userId: into }).where(eq(referralCodes.userId, from))
  await tx.delete(referrals).where(and(eq(referrals.userId, into), eq(referrals.referrerId, from)))
  await tx.delete(referrals).where(and(eq(referrals.userId, from), eq(referrals.referrerId, into)))
  await tx.update(referrals).set({ referrerId: into }).where(eq(referrals.referrerId, from))
  await tx.execute(
    sql`update referrals set user_id = ${into} where user_id = ${from} and not exists (select 1 from referrals r where r.user_id = ${into})`,
  )
}
