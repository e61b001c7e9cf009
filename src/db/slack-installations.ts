// Workspaces that added the Slack app. What is kept of each was encrypted before it came here.
import { eq, sql } from 'drizzle-orm'
import type { Db } from './connect.ts'
import { slackInstallations } from './schema.ts'

/** Keeps an installation; a later one of the same workspace or organisation takes its place. */
export async function saveSlackInstallation(db: Db, { tenant, sealed }: { tenant: string; sealed: string }): Promise<void> {
  await db
    .insert(slackInstallations)
    .values({ tenant, sealed })
    .onConflictDoUpdate({ target: slackInstallations.tenant, set: { sealed, updatedAt: sql`now()` } })
}

/** What was kept, as it was given; null where the app is not installed. */
export async function slackInstallationOf(db: Db, tenant: string): Promise<string | null> {
  const [row] = await db.select({ sealed: slackInstallations.sealed }).from(slackInstallations).where(eq(slackInstallations.tenant, tenant))
  return row?.sealed ?? null
}

/** The app was removed there: nothing of it is kept. */
export async function removeSlackInstallation(db: Db, tenant: string): Promise<void> {
  await db.delete(slackInstallations).where(eq(slackInstallations.tenant, tenant))
}
