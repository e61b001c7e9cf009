// Who did what, and what came of it. Inputs are stored as the action parsed them; no action takes a secret as input.
import { and, eq, gt, sql } from 'drizzle-orm'
import type { Db, Tx } from './connect.ts'
import { auditLog } from './schema.ts'

export type AuditEntry = {
  userId: string | null
  actor: string
  action: string
  instanceId: string | null
  input: Record<string, unknown>
  outcome: string
  /** The shared place that it was asked in. */
  room?: string | null
}

/** Adds a row to the audit log. */
export async function audit(tx: Tx, entry: AuditEntry): Promise<void> {
  await tx.insert(auditLog).values(entry)
}

/** How many changes a user asked for in the last `seconds`. */
export async function recentActions(db: Db | Tx, userId: string, seconds: number): Promise<number> {
  return db.$count(auditLog, and(eq(auditLog.userId, userId), gt(auditLog.at, sql`now() - ${seconds} * interval '1 second'`)))
}
