// Names, fingerprints and last characters of the secrets that the provider holds; and the apps that hold them before there is an instance.
import { and, asc, eq, gt, lte, sql } from 'drizzle-orm'
import type { Db, Tx } from './connect.ts'
import { secretNames, stagedApps } from './schema.ts'

export type SecretName = typeof secretNames.$inferSelect

/** Records that a secret was handed to the provider. */
export async function recordSecret(
  tx: Db | Tx,
  secret: { instanceId: string; name: string; fingerprint: string; last4: string; version: number },
): Promise<void> {
  const { instanceId, name, ...rest } = secret
  await tx
    .insert(secretNames)
    .values({ instanceId, name, ...rest })
    .onConflictDoUpdate({ target: [secretNames.instanceId, secretNames.name], set: { ...rest, setAt: sql`now()` } })
}

/** The secrets of an instance by name. */
export async function secretsOf(db: Db | Tx, instanceId: string): Promise<SecretName[]> {
  return db.select().from(secretNames).where(eq(secretNames.instanceId, instanceId)).orderBy(asc(secretNames.name))
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
