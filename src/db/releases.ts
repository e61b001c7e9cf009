// Versions of the gateway that are offered to owners. Database time only.
import { asc, eq, isNull, sql } from 'drizzle-orm'
import type { Db, Tx } from './connect.ts'
import { releases } from './schema.ts'

/** `notes`: what is new in it, in the operator's words; may be empty. */
export type Release = { image: string; notes: string; offeredAt: Date; withdrawnAt: Date | null }

/** Offers a version, again if it was withdrawn. Notes that are left out stay as they are. */
export async function offerRelease(db: Db | Tx, { image, notes }: { image: string; notes?: string }): Promise<void> {
  const set = { withdrawnAt: null, ...(notes !== undefined && { notes }) }
  await db
    .insert(releases)
    .values({ image, ...(notes !== undefined && { notes }) })
    .onConflictDoUpdate({ target: releases.image, set })
}

/** Makes sure that a version is known; one that was withdrawn stays so. */
export async function knowRelease(db: Db | Tx, image: string): Promise<void> {
  await db.insert(releases).values({ image }).onConflictDoNothing()
}

/** No longer offers a version; false when it was not offered. Instances that run it stay on it. */
export async function withdrawRelease(db: Db | Tx, image: string): Promise<boolean> {
  const rows = await db
    .update(releases)
    .set({ withdrawnAt: sql`coalesce(${releases.withdrawnAt}, now())` })
    .where(eq(releases.image, image))
    .returning({ image: releases.image })
  return rows.length === 1
}

/** The versions that are offered, or all that ever were, the first offered first. */
export async function offeredReleases(db: Db | Tx, options: { withdrawn?: true } = {}): Promise<Release[]> {
  return db
    .select()
    .from(releases)
    .where(options.withdrawn === true ? undefined : isNull(releases.withdrawnAt))
    .orderBy(asc(releases.offeredAt), asc(releases.image))
}
