// What a button does when it does not fit into the button itself. A token is bound to one person, works once, and ends.
import { and, eq, gt, isNull, lte, sql } from 'drizzle-orm'
import { z } from 'zod'
import { randomId } from '../lib/random.ts'
import type { Db, Tx } from './connect.ts'
import { actionTokens } from './schema.ts'

export type TokenUse =
  | { kind: 'granted'; verb: string; args: string[] }
  | { kind: 'used' }
  | { kind: 'expired' }
  | { kind: 'not-yours' }
  | { kind: 'unknown' }

const argsSchema = z.array(z.string())

/** Stores what a button does for one person; the token's id, 12 characters. */
export async function createActionToken(
  db: Db | Tx,
  token: { provider: string; subject: string; verb: string; args: readonly string[]; ttlMinutes: number },
): Promise<string> {
  const id = randomId(12)
  const { ttlMinutes, ...rest } = token
  await db.insert(actionTokens).values({ ...rest, id, args: [...token.args], expiresAt: sql`now() + ${ttlMinutes} * interval '1 minute'` })
  return id
}

/** Uses a token up for the person it is bound to. Of two presses at once exactly one is granted. */
export async function spendActionToken(db: Db | Tx, press: { id: string; provider: string; subject: string }): Promise<TokenUse> {
  const mine = and(eq(actionTokens.id, press.id), eq(actionTokens.provider, press.provider), eq(actionTokens.subject, press.subject))
  const [granted] = await db
    .update(actionTokens)
    .set({ usedAt: sql`now()` })
    .where(and(mine, isNull(actionTokens.usedAt), gt(actionTokens.expiresAt, sql`now()`)))
    .returning({ verb: actionTokens.verb, args: actionTokens.args })
  if (granted !== undefined) return { kind: 'granted', verb: granted.verb, args: argsSchema.parse(granted.args) }
  const [row] = await db
    .select({ provider: actionTokens.provider, subject: actionTokens.subject, usedAt: actionTokens.usedAt })
    .from(actionTokens)
    .where(eq(actionTokens.id, press.id))
  if (row === undefined) return { kind: 'unknown' }
  if (row.provider !== press.provider || row.subject !== press.subject) return { kind: 'not-yours' }
  return row.usedAt === null ? { kind: 'expired' } : { kind: 'used' }
}

/** Deletes tokens that ended more than a day ago. */
export async function forgetOldTokens(db: Db): Promise<void> {
  await db.delete(actionTokens).where(lte(actionTokens.expiresAt, sql`now() - interval '1 day'`))
}
