// Upgrades of single instances: asked for by owners and rollouts, moved on by the engine under a fenced lease. Database time only.
import { and, eq, isNotNull, isNull, sql, type SQL } from 'drizzle-orm'
import { z } from 'zod'
import { upgradeEnds, upgradeStates, type UpgradeEnd } from '../domain/upgrades.ts'
import { randomId } from '../lib/random.ts'
import { isUniqueViolation, rowsOf, type Db, type Tx } from './connect.ts'
import type { Chat } from './instances.ts'
import { announce } from './outbox.ts'
import { upgrades } from './schema.ts'

const rowSchema = z.object({
  id: z.string(),
  instanceId: z.string(),
  fromImage: z.string(),
  toImage: z.string(),
  rolloutId: z.string().nullable(),
  backupId: z.string().nullable(),
  restoreId: z.string().nullable(),
  state: z.enum(upgradeStates),
  reason: z.enum(upgradeEnds).nullable(),
  error: z.string().nullable(),
  startBefore: z.string().nullable(),
  exitsBefore: z.number().nullable(),
  downBefore: z.array(z.string()).nullable(),
  checks: z.number(),
  createdAt: z.date(),
  endedAt: z.date().nullable(),
})
export type Upgrade = z.infer<typeof rowSchema>
/** An upgrade under our lease. The epoch fences every write; `ageMs`: how long it has been wanted, and in its state. */
export type ClaimedUpgrade = Omit<Upgrade, 'createdAt' | 'endedAt'> & { epoch: number; ageMs: number; stateMs: number }

const open = isNull(upgrades.endedAt)
const inMs = (ms: number): SQL<Date> => sql`now() + ${ms} * interval '1 millisecond'`
const claimedSchema = rowSchema.omit({ createdAt: true, endedAt: true }).extend({ epoch: z.coerce.number(), ageMs: z.number(), stateMs: z.number() })

/** The message of an upgrade while it is under way. */
export const upgradeKey = (id: string): string => `upgrade:${id}`
/** The one that tells how it ended. */
export const upgradedKey = (id: string): string => `upgraded:${id}`

/** Wants an instance on another version; null when another upgrade of it is under way. With `chat` its progress is told there. */
export async function requestUpgrade(
  tx: Tx,
  wanted: { instanceId: string; userId: string; fromImage: string; toImage: string; rolloutId: string | null; chat: Chat | null },
): Promise<string | null> {
  const { instanceId, userId, fromImage, toImage, rolloutId, chat } = wanted
  const id = randomId(12)
  try {
    await tx.transaction(async (inner) => void (await inner.insert(upgrades).values({ id, instanceId, fromImage, toImage, rolloutId })))
  } catch (error) {
    if (isUniqueViolation(error)) return null
    throw error
  }
  if (chat !== null) await announce(tx, { userId, chat, key: upgradeKey(id), template: 'upgrade', payload: { upgradeId: id } })
  return id
}

/** The upgrade with this id; null when there is none. */
export async function upgradeById(db: Db | Tx, id: string): Promise<Upgrade | null> {
  const [row] = await db.select().from(upgrades).where(eq(upgrades.id, id))
  return row === undefined ? null : rowSchema.parse(row)
}

/** Whether an instance is on its way to another version, or back. */
export async function isBeingUpgraded(db: Db | Tx, instanceId: string): Promise<boolean> {
  return (await db.$count(upgrades, and(eq(upgrades.instanceId, instanceId), open))) > 0
}

/** Takes up to `limit` upgrades that are due, under a lease. */
export async function claimUpgrades(db: Db, options: { leaseMs: number; limit: number }): Promise<ClaimedUpgrade[]> {
  if (options.limit <= 0) return []
  const result = await db.execute(sql`
    update upgrades set lease_until = ${inMs(options.leaseMs)}, epoch = upgrades.epoch + 1
    from (
      select id from upgrades where ended_at is null and due_at <= now() and (lease_until is null or lease_until <= now())
      order by due_at limit ${options.limit} for update skip locked
    ) due
    where upgrades.id = due.id
    returning upgrades.id, instance_id as "instanceId", from_image as "fromImage", to_image as "toImage", rollout_id as "rolloutId",
      backup_id as "backupId", restore_id as "restoreId", state, reason, error, start_before as "startBefore", exits_before as "exitsBefore",
      down_before as "downBefore", checks, epoch, (extract(epoch from now() - created_at) * 1000)::float8 as "ageMs",
      (extract(epoch from now() - state_at) * 1000)::float8 as "stateMs"`)
  return z.array(claimedSchema).parse(rowsOf(result))
}

type Facts = Partial<Pick<Upgrade, 'backupId' | 'restoreId' | 'startBefore' | 'exitsBefore' | 'downBefore' | 'checks'>>
export type UpgradePatch =
  | ({ state: 'wanted' | 'saving' | 'switching' | 'checking'; againMs: number } & Facts)
  | ({ state: 'returning' | 'restoring'; reason: UpgradeEnd; error?: string | null; againMs: number } & Facts)
  | { state: 'done' }
  | { state: 'failed' | 'returned' | 'stuck'; reason: UpgradeEnd; error: string | null }

/** Writes how it went on and gives the upgrade back; false when it is not ours any more, and then nothing of the caller's counts. */
export async function writeUpgrade(tx: Tx, claim: ClaimedUpgrade, patch: UpgradePatch): Promise<boolean> {
  const { againMs, ...columns } = { againMs: 0, ...patch }
  const ended = patch.state === 'done' || patch.state === 'failed' || patch.state === 'returned' || patch.state === 'stuck'
  const rows = await tx
    .update(upgrades)
    .set({
      ...columns,
      ...(patch.state !== claim.state && { stateAt: sql`now()` }),
      ...(ended && { endedAt: sql`now()` }),
      dueAt: inMs(againMs),
      leaseUntil: null,
    })
    .where(and(eq(upgrades.id, claim.id), eq(upgrades.epoch, claim.epoch), open))
    .returning({ id: upgrades.id })
  return rows.length === 1
}

/** Keeps an upgrade ours while it is worked on; one that was given back meanwhile is not taken again. */
export async function renewUpgrade(db: Db, claim: ClaimedUpgrade, leaseMs: number): Promise<void> {
  await db
    .update(upgrades)
    .set({ leaseUntil: inMs(leaseMs) })
    .where(and(eq(upgrades.id, claim.id), eq(upgrades.epoch, claim.epoch), isNotNull(upgrades.leaseUntil), open))
}

/** Ends every lease of the processes before: only for a database that one process owns alone. */
export async function dropUpgradeLeases(db: Db): Promise<void> {
  await db.update(upgrades).set({ leaseUntil: null }).where(open)
}
