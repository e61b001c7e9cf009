// People and their identities on the chat platforms.
import { and, asc, eq, isNull } from 'drizzle-orm'
import { languageSchema, type Language } from '../domain/language.ts'
import { planIdSchema, type PlanId } from '../domain/plans.ts'
import { randomId } from '../lib/random.ts'
import { isUniqueViolation, type Db, type Tx } from './connect.ts'
import { identities, users } from './schema.ts'

export type Visitor = { provider: string; subject: string; displayName: string; chat: string; timeZone?: string | null; language?: Language | null }
export type KnownUser = { userId: string; isNew: boolean; timeZone: string | null; language: Language | null; plan: PlanId }

/** The user behind a chat identity, made on first sight. Two first messages at once make one user. */
export async function userFor(db: Db, visitor: Visitor): Promise<KnownUser> {
  const found = await findUser(db, visitor)
  if (found !== null) return withHint(db, found, visitor.language ?? null)
  const userId = `u${randomId(11)}`
  try {
    await db.transaction(async (tx) => {
      await tx.insert(users).values({ id: userId, timeZone: visitor.timeZone ?? null, language: visitor.language ?? null })
      await tx
        .insert(identities)
        .values({ provider: visitor.provider, subject: visitor.subject, userId, displayName: visitor.displayName, chat: visitor.chat })
    })
    return { userId, isNew: true, timeZone: visitor.timeZone ?? null, language: visitor.language ?? null, plan: 'starter' }
  } catch (error) {
    if (!isUniqueViolation(error)) throw error
    const winner = await findUser(db, visitor)
    if (winner === null) throw error
    return winner
  }
}

/** What a platform says of somebody's language is kept until they choose one: news are told when no platform says anything. */
async function withHint(db: Db, user: KnownUser, hint: Language | null): Promise<KnownUser> {
  if (user.language !== null || hint === null) return user
  await db
    .update(users)
    .set({ language: hint })
    .where(and(eq(users.id, user.userId), isNull(users.language)))
  return { ...user, language: hint }
}

/** Talks to the user in `language` from now on. */
export async function setLanguage(tx: Tx, userId: string, language: Language): Promise<void> {
  await tx.update(users).set({ language }).where(eq(users.id, userId))
}

/** The user behind a chat identity, or null when we do not know it. */
export async function findUser(db: Db | Tx, visitor: { provider: string; subject: string }): Promise<KnownUser | null> {
  const [row] = await db
    .select({ userId: identities.userId, timeZone: users.timeZone, language: users.language, plan: users.plan })
    .from(identities)
    .innerJoin(users, eq(users.id, identities.userId))
    .where(and(eq(identities.provider, visitor.provider), eq(identities.subject, visitor.subject)))
  return row === undefined
    ? null
    : { userId: row.userId, isNew: false, timeZone: row.timeZone, language: languageSchema.parse(row.language), plan: planIdSchema.parse(row.plan) }
}

/** The plan of a user. */
export async function planOf(db: Db | Tx, userId: string): Promise<PlanId> {
  const [row] = await db.select({ plan: users.plan }).from(users).where(eq(users.id, userId))
  return planIdSchema.parse(row?.plan)
}

/** A user's chats in the order in which they came to know us: announcements go to the first that can be reached. */
export async function chatsOf(db: Db | Tx, userId: string): Promise<{ provider: string; address: string }[]> {
  return db
    .select({ provider: identities.provider, address: identities.chat })
    .from(identities)
    .where(eq(identities.userId, userId))
    .orderBy(asc(identities.createdAt), asc(identities.provider))
}
