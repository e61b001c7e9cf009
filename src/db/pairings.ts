// Pairings with WhatsApp, one per instance: opened and ended by its owner, moved on by the engine under a fenced lease. Database time only.
import { and, eq, inArray, sql, type SQL } from 'drizzle-orm'
import { z } from 'zod'
import { pairingEnds, pairingStates, type PairingEnd, type PairingState } from '../domain/whatsapp.ts'
import { assert } from '../lib/errors.ts'
import { randomId } from '../lib/random.ts'
import { rowsOf, type Db, type Tx } from './connect.ts'
import { pairings } from './schema.ts'

export type Pairing = {
  instanceId: string
  /** The message that shows it. */
  key: string
  state: PairingState
  /** Set when, and only when, it is over. */
  reason: PairingEnd | null
  said: string | null
  force: boolean
  /** How many codes were shown. */
  codes: number
  /** Failures in a row. */
  fails: number
}
/** A pairing under our lease. The epoch fences every write. */
export type ClaimedPairing = Pairing & { epoch: number; expired: boolean }

const open = inArray(pairings.state, ['preparing', 'showing'])
const inMs = (ms: number): SQL<Date> => sql`now() + ${ms} * interval '1 millisecond'`
const rowSchema = z.object({
  instanceId: z.string(),
  key: z.string(),
  state: z.enum(pairingStates),
  reason: z.enum(pairingEnds).nullable(),
  said: z.string().nullable(),
  force: z.boolean(),
  codes: z.number(),
  fails: z.number(),
})
const claimedSchema = rowSchema.extend({ epoch: z.coerce.number(), expired: z.boolean() })

/** The instance's last pairing; null when there never was one. */
export async function pairingOf(db: Db | Tx, instanceId: string): Promise<Pairing | null> {
  const [row] = await db.select().from(pairings).where(eq(pairings.instanceId, instanceId))
  return row === undefined ? null : rowSchema.parse(row)
}

/** Begins a pairing, in the message of the last one when that is asked for. Returns its message's key, and that of one that it replaces. */
export async function openPairing(
  tx: Tx,
  wanted: { instanceId: string; force: boolean; sameMessage: boolean; patienceMs: number },
): Promise<{ key: string; replaced: string | null }> {
  const { instanceId, force, patienceMs } = wanted
  const [before] = await tx
    .select({ key: pairings.key, state: pairings.state })
    .from(pairings)
    .where(eq(pairings.instanceId, instanceId))
    .for('update')
  const key = wanted.sameMessage && before !== undefined ? before.key : `pair:${randomId(12)}`
  const fresh = { key, state: 'preparing', reason: null, said: null, force, codes: 0, fails: 0, expiresAt: inMs(patienceMs), dueAt: sql`now()` }
  await tx
    .insert(pairings)
    .values({ instanceId, ...fresh })
    .onConflictDoUpdate({ target: pairings.instanceId, set: { ...fresh, leaseUntil: null, epoch: sql`${pairings.epoch} + 1` } })
  const shown = before !== undefined && before.key !== key && (before.state === 'preparing' || before.state === 'showing')
  return { key, replaced: shown ? before.key : null }
}

/** Ends an open pairing, whoever works on it. Its message's key; null when there is none open. */
export async function endPairing(tx: Tx, instanceId: string, reason: PairingEnd): Promise<string | null> {
  const [row] = await tx
    .update(pairings)
    .set({ state: 'over', reason, leaseUntil: null, epoch: sql`${pairings.epoch} + 1` })
    .where(and(eq(pairings.instanceId, instanceId), open))
    .returning({ key: pairings.key })
  return row?.key ?? null
}

/** Takes up to `limit` open pairings that are due, under a lease. */
export async function claimPairings(db: Db, options: { leaseMs: number; limit: number }): Promise<ClaimedPairing[]> {
  const result = await db.execute(sql`
    update pairings set lease_until = ${inMs(options.leaseMs)}, epoch = pairings.epoch + 1
    from (
      select instance_id from pairings
      where state in ('preparing', 'showing') and due_at <= now() and (lease_until is null or lease_until <= now())
      order by due_at limit ${options.limit} for update skip locked
    ) due
    where pairings.instance_id = due.instance_id
    returning pairings.instance_id as "instanceId", key, state, reason, said, force, codes, fails, epoch, expires_at <= now() as expired`)
  return z.array(claimedSchema).parse(rowsOf(result))
}

export type PairingPatch = {
  state?: PairingState
  reason?: PairingEnd
  said?: string
  codes?: number
  fails?: number
  /** How long it goes on from now on. */
  patienceMs?: number
  /** When it is looked at again. */
  againMs: number
}

/** Writes how it went on and gives the pairing back; false when it is not ours any more, and then nothing of the caller's counts. */
export async function writePairing(tx: Tx, claim: ClaimedPairing, { patienceMs, againMs, ...columns }: PairingPatch): Promise<boolean> {
  assert((columns.reason !== undefined) === (columns.state === 'over'), 'a pairing has a reason when it is over')
  const rows = await tx
    .update(pairings)
    .set({ ...columns, ...(patienceMs !== undefined && { expiresAt: inMs(patienceMs) }), dueAt: inMs(againMs), leaseUntil: null })
    .where(and(eq(pairings.instanceId, claim.instanceId), eq(pairings.epoch, claim.epoch), open))
    .returning({ key: pairings.key })
  return rows.length === 1
}

/** Ends every lease of the processes before: only for a database that one process owns alone. */
export async function dropPairingLeases(db: Db): Promise<void> {
  await db.update(pairings).set({ leaseUntil: null }).where(open)
}
