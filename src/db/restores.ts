// Restores: asked for by an owner, moved on by the engine under a fenced lease. Database time only.
import { and, eq, inArray, isNotNull, sql, type SQL } from 'drizzle-orm'
import { z } from 'zod'
import { restoreEnds, restoreStates, type RestoreEnd } from '../domain/backups.ts'
import type { LeftOut } from '../domain/gateway-carry.ts'
import { randomId } from '../lib/random.ts'
import { announce } from './outbox.ts'
import { isUniqueViolation, rowsOf, type Db, type Tx } from './connect.ts'
import type { Chat } from './instances.ts'
import { restores } from './schema.ts'

const rowSchema = z.object({
  id: z.string(),
  backupId: z.string(),
  instanceId: z.string(),
  fresh: z.boolean(),
  beforeId: z.string().nullable(),
  state: z.enum(restoreStates),
  reason: z.enum(restoreEnds).nullable(),
  error: z.string().nullable(),
  fails: z.number(),
  leftOut: z.array(z.object({ path: z.string(), needs: z.array(z.string()) })),
})
export type Restore = z.infer<typeof rowSchema>
/** A restore under our lease. The epoch fences every write; `expired`: it has been wanted for too long. */
export type ClaimedRestore = Omit<Restore, 'leftOut'> & { epoch: number; expired: boolean }

const open = inArray(restores.state, ['wanted', 'saving', 'restoring'])
const inMs = (ms: number): SQL<Date> => sql`now() + ${ms} * interval '1 millisecond'`
const claimedSchema = rowSchema.omit({ leftOut: true }).extend({ epoch: z.coerce.number(), expired: z.boolean() })

/** The message that tells of a restore. */
export const restoreKey = (id: string): string => `restore:${id}`

/** Wants a backup in the place of what an instance knows, and owes its owner the message of it; null when another one is under way. */
export async function requestRestore(
  tx: Tx,
  wanted: { backupId: string; instanceId: string; userId: string; fresh: boolean; leftOut?: readonly LeftOut[]; chat: Chat },
): Promise<string | null> {
  const { backupId, instanceId, userId, fresh, leftOut = [], chat } = wanted
  const id = randomId(12)
  try {
    await tx.transaction(async (inner) => void (await inner.insert(restores).values({ id, backupId, instanceId, fresh, leftOut })))
  } catch (error) {
    if (isUniqueViolation(error)) return null
    throw error
  }
  await announce(tx, { userId, chat, key: restoreKey(id), template: 'restore', payload: { restoreId: id } })
  return id
}

/** Puts a backup in the place of what an instance knows, at once and without saving that, and tells nobody; null when a restore is under way. */
export async function requestReturn(tx: Tx, wanted: { backupId: string; instanceId: string }): Promise<string | null> {
  const id = randomId(12)
  try {
    await tx.transaction(async (inner) => void (await inner.insert(restores).values({ ...wanted, id, fresh: true, state: 'restoring' })))
    return id
  } catch (error) {
    if (isUniqueViolation(error)) return null
    throw error
  }
}

/** The restore with this id; null when there is none. */
export async function restoreById(db: Db | Tx, id: string): Promise<Restore | null> {
  const [row] = await db.select().from(restores).where(eq(restores.id, id))
  return row === undefined ? null : rowSchema.parse(row)
}

/** Whether what an instance knows is being replaced. */
export async function isBeingRestored(db: Db | Tx, instanceId: string): Promise<boolean> {
  return (await db.$count(restores, and(eq(restores.instanceId, instanceId), open))) > 0
}

/** Takes up to `limit` restores that are due, under a lease. */
export async function claimRestores(db: Db, options: { leaseMs: number; patienceMs: number; limit: number }): Promise<ClaimedRestore[]> {
  if (options.limit <= 0) return []
  const result = await db.execute(sql`
    update restores set lease_until = ${inMs(options.leaseMs)}, epoch = restores.epoch + 1
    from (
      select id from restores
      where state in ('wanted', 'saving', 'restoring') and due_at <= now() and (lease_until is null or lease_until <= now())
      order by due_at limit ${options.limit} for update skip locked
    ) due
    where restores.id = due.id
    returning restores.id, backup_id as "backupId", instance_id as "instanceId", fresh, before_id as "beforeId", state, reason, error, fails, epoch,
      created_at <= now() - ${options.patienceMs} * interval '1 millisecond' as expired`)
  return z.array(claimedSchema).parse(rowsOf(result))
}

export type RestorePatch =
  | { state: 'wanted' | 'saving' | 'restoring'; fails?: number; beforeId?: string; againMs: number }
  | { state: 'done' }
  | { state: 'failed'; reason: RestoreEnd; error: string | null }

/** Writes how it went on and gives the restore back; false when it is not ours any more, and then nothing of the caller's counts. */
export async function writeRestore(tx: Tx, claim: ClaimedRestore, patch: RestorePatch): Promise<boolean> {
  const { againMs, ...columns } = { againMs: 0, ...patch }
  const rows = await tx
    .update(restores)
    .set({ ...columns, dueAt: inMs(againMs), leaseUntil: null })
    .where(and(eq(restores.id, claim.id), eq(restores.epoch, claim.epoch), open))
    .returning({ id: restores.id })
  return rows.length === 1
}

/** Keeps a restore ours while it is worked on; one that was given back meanwhile is not taken again. */
export async function renewRestore(db: Db, claim: ClaimedRestore, leaseMs: number): Promise<void> {
  await db
    .update(restores)
    .set({ leaseUntil: inMs(leaseMs) })
    .where(and(eq(restores.id, claim.id), eq(restores.epoch, claim.epoch), isNotNull(restores.leaseUntil), open))
}

/** Ends every lease of the processes before: only for a database that one process owns alone. */
export async function dropRestoreLeases(db: Db): Promise<void> {
  await db.update(restores).set({ leaseUntil: null }).where(open)
}
