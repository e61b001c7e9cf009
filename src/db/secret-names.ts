// Names, fingerprints and last characters of the secrets that the provider holds; and the apps that hold them before there is an instance.
import { and, asc, eq, gt, inArray, lte, ne, sql } from 'drizzle-orm'
import { whoSchema, type Who } from '../domain/who.ts'
import type { Db, Tx } from './connect.ts'
import { secretClaims, secretNames, stagedApps } from './schema.ts'

export type SecretName = Omit<typeof secretNames.$inferSelect, 'who'> & { who: Who | null }
export type HandedSecret = { instanceId: string; name: string; fingerprint: string; last4: string; version: number; who: Who | null }

/** Records that a secret was handed to the provider. */
export async function recordSecret(tx: Db | Tx, secret: HandedSecret): Promise<void> {
  const { instanceId, name, ...rest } = secret
  await tx
    .insert(secretNames)
    .values({ instanceId, name, ...rest })
    .onConflictDoUpdate({ target: [secretNames.instanceId, secretNames.name], set: { ...rest, setAt: sql`now()` } })
}

/**
 * Takes a token for an instance before it is handed over, for as long as that may take. Of two at once, one waits for the other's row and is
 * then refused.
 * @returns null, or the id of the instance that has it.
 */
export async function claimSecret(tx: Tx, claim: { fingerprint: string; instanceId: string; minutes: number }): Promise<string | null> {
  const { fingerprint, instanceId, minutes } = claim
  await tx.delete(secretClaims).where(lte(secretClaims.expiresAt, sql`now()`))
  const expiresAt = sql`now() + ${minutes} * interval '1 minute'`
  const taken = await tx
    .insert(secretClaims)
    .values({ fingerprint, instanceId, expiresAt })
    .onConflictDoUpdate({ target: secretClaims.fingerprint, set: { expiresAt }, setWhere: eq(secretClaims.instanceId, instanceId) })
    .returning({ instanceId: secretClaims.instanceId })
  const [claimed] = await tx.select().from(secretClaims).where(eq(secretClaims.fingerprint, fingerprint))
  if (taken.length === 0) return claimed?.instanceId ?? null
  // Only now: the claim of whoever came first has become this row, in the statement that it waited for.
  const [holder] = await tx
    .select({ instanceId: secretNames.instanceId })
    .from(secretNames)
    .where(and(eq(secretNames.fingerprint, fingerprint), ne(secretNames.instanceId, instanceId)))
  return holder?.instanceId ?? null
}

/** Ends claims of an instance: what was claimed is recorded, or was not handed over. */
export async function dropClaims(tx: Db | Tx, instanceId: string, fingerprints: readonly string[]): Promise<void> {
  await tx.delete(secretClaims).where(and(eq(secretClaims.instanceId, instanceId), inArray(secretClaims.fingerprint, [...fingerprints])))
}

/** Forgets one name, once the provider holds nothing under it. */
export async function forgetSecret(tx: Tx, instanceId: string, name: string): Promise<void> {
  await tx.delete(secretNames).where(and(eq(secretNames.instanceId, instanceId), eq(secretNames.name, name)))
}

/** The secrets of an instance by name. */
export async function secretsOf(db: Db | Tx, instanceId: string): Promise<SecretName[]> {
  const rows = await db.select().from(secretNames).where(eq(secretNames.instanceId, instanceId)).orderBy(asc(secretNames.name))
  return rows.map((row) => ({ ...row, who: whoSchema.nullable().catch(null).parse(row.who) }))
}

/** Forgets the names once the provider holds nothing any more. */
export async function forgetSecrets(tx: Db | Tx, instanceId: string): Promise<void> {
  await tx.delete(secretNames).where(eq(secretNames.instanceId, instanceId))
}

/** Remembers, before it is made, that an app may exist for a wizard that is not finished. */
export async function stageApp(tx: Db | Tx, staged: { instanceId: string; userId: string; minutes: number }): Promise<void> {
  const expiresAt = sql`now() + ${staged.minutes} * interval '1 minute'`
  await tx
    .insert(stagedApps)
    .values({ instanceId: staged.instanceId, userId: staged.userId, expiresAt })
    .onConflictDoUpdate({ target: stagedApps.instanceId, set: { expiresAt } })
}

/** Takes a staged app over for its instance; true when this user had staged it and its time is not over. */
export async function unstageApp(tx: Tx, instanceId: string, userId: string): Promise<boolean> {
  const rows = await tx
    .delete(stagedApps)
    .where(and(eq(stagedApps.instanceId, instanceId), eq(stagedApps.userId, userId), gt(stagedApps.expiresAt, sql`now()`)))
    .returning({ id: stagedApps.instanceId })
  return rows.length === 1
}

/** Lets a staged app expire now. */
export async function expireStagedApp(tx: Db | Tx, instanceId: string, userId: string): Promise<void> {
  await tx
    .update(stagedApps)
    .set({ expiresAt: sql`now()` })
    .where(and(eq(stagedApps.instanceId, instanceId), eq(stagedApps.userId, userId)))
}

/** Staged apps whose time is over: nobody can take them over any more. */
export async function expiredStagedApps(db: Db | Tx, limit: number): Promise<string[]> {
  const rows = await db
    .select({ id: stagedApps.instanceId })
    .from(stagedApps)
    .where(lte(stagedApps.expiresAt, sql`now()`))
    .limit(limit)
  return rows.map((row) => row.id)
}

/** Forgets an expired staged app once the provider confirmed that it is gone. */
export async function forgetStagedApp(db: Db, instanceId: string): Promise<void> {
  await db.transaction(async (tx) => {
    await forgetSecrets(tx, instanceId)
    await tx.delete(stagedApps).where(eq(stagedApps.instanceId, instanceId))
  })
}
