// Instances: desired state written by actions, observed state written by the reconciler under a fenced lease.
import { and, asc, eq, inArray, isNotNull, isNull, sql, type SQL } from 'drizzle-orm'
import { z } from 'zod'
import { channelIds } from '../domain/credentials.ts'
import type { Sent } from '../domain/next-step.ts'
import type { OperationKind } from '../domain/status.ts'
import { ConchError } from '../lib/errors.ts'
import { randomId } from '../lib/random.ts'
import { isUniqueViolation, type Db, type Tx } from './connect.ts'
import { addEvent, operationRequest } from './events.ts'
import { announce } from './outbox.ts'
import { instances } from './schema.ts'

export type InstanceRow = typeof instances.$inferSelect
export type Chat = { provider: string; address: string }
/** Where a job's news go, and whose they are: of somebody else than the owner, when that person asked for it. */
export type NewsChat = Chat & { userId?: string }

const sentSchema = z.object({
  kind: z.enum(['create-app', 'create-volume', 'create-machine', 'update-machine', 'start-machine', 'stop-machine', 'restart-machine']),
  at: z.number(),
  startIdBefore: z.string().nullable(),
  restart: z.number(),
  spec: z.string(),
  tries: z.number(),
})
const preparingSchema = z.object({ percent: z.number().nullable(), message: z.string() }).nullable()
const channelsSchema = z.array(z.object({ id: z.enum([...channelIds, 'whatsapp']), owners: z.array(z.string()) }))
/** A configured channel, with the ids under which its owner is known there. */
export type Channel = z.infer<typeof channelsSchema>[number]
const requestSchema = z.object({ chat: z.object({ provider: z.string(), address: z.string() }), by: z.string().optional() })

/** The stored JSON columns of a row, parsed. */
export function storedOf(row: InstanceRow): {
  sent: Sent | null
  preparing: { percent: number | null; message: string } | null
  fullRegions: string[]
  channels: Channel[]
} {
  return {
    sent: sentSchema.nullable().parse(row.sent ?? null),
    preparing: preparingSchema.parse(row.preparing ?? null),
    fullRegions: z.array(z.string()).parse(row.fullRegions),
    channels: channelsSchema.parse(row.channels),
  }
}

/** The instance with this id, gone ones included; null when there never was one. */
export async function instanceById(db: Db | Tx, id: string): Promise<InstanceRow | null> {
  const [row] = await db.select().from(instances).where(eq(instances.id, id))
  return row ?? null
}

/** The instance with this id, as it is once everybody who changes what is wanted of it has done so; null when there is none. */
export async function lockInstance(tx: Tx, id: string): Promise<InstanceRow | null> {
  const [row] = await tx.select().from(instances).where(eq(instances.id, id)).for('update')
  return row ?? null
}

/** A person's instances that are not being destroyed, oldest first. */
export async function activeInstances(db: Db | Tx, userId: string): Promise<InstanceRow[]> {
  return db
    .select()
    .from(instances)
    .where(and(eq(instances.userId, userId), isNull(instances.deleteRequestedAt)))
    .orderBy(asc(instances.createdAt), asc(instances.id))
}

/** A person's instances that still hold something at the provider, those being destroyed included. */
export async function presentInstances(db: Db | Tx, userId: string): Promise<InstanceRow[]> {
  return db
    .select()
    .from(instances)
    .where(and(eq(instances.userId, userId), isNull(instances.destroyedAt)))
    .orderBy(asc(instances.createdAt), asc(instances.id))
}

export type NewInstance = Pick<InstanceRow, 'id' | 'userId' | 'name' | 'plan' | 'region' | 'image' | 'modelProvider' | 'secretsVersion'> & {
  channels?: Channel[]
}

/**
 * Inserts an instance into the owner's lowest free slot. The unique keys decide when two arrive at once: the loser's insert waits for
 * the winner and then adds nothing.
 * @returns the row, or why not: the limit is reached, or the name is in use.
 */
export async function insertInstance(tx: Tx, instance: NewInstance, slotsMax: number): Promise<InstanceRow | 'limit' | 'name-taken'> {
  for (let attempt = 0; attempt <= slotsMax; attempt += 1) {
    const active = await activeInstances(tx, instance.userId)
    if (active.some((one) => one.name === instance.name)) return 'name-taken'
    const slot = Array.from({ length: slotsMax }, (_, index) => index + 1).find((one) => !active.some((other) => other.slot === one))
    if (slot === undefined) return 'limit'
    const [row] = await tx
      .insert(instances)
      .values({ ...instance, slot })
      .onConflictDoNothing()
      .returning()
    if (row !== undefined) return row
  }
  return 'limit'
}

/** Renames; false when the owner already has an active instance of that name. */
export async function renameInstance(tx: Tx, id: string, name: string): Promise<boolean> {
  try {
    await tx.transaction(async (inner) => {
      await inner.update(instances).set({ name }).where(eq(instances.id, id))
    })
    return true
  } catch (error) {
    if (isUniqueViolation(error)) return false
    throw error
  }
}

/** What an action may change. `secrets` is the version of the provider's store from which on it holds what is wanted; null when that is unknown. */
export type DesiredChange = Partial<Pick<InstanceRow, 'power' | 'region' | 'failure' | 'image' | 'modelProvider' | 'configVersion'>> & {
  channels?: Channel[]
  secrets?: { version: number | null }
  restart?: true
  delete?: true
}

function desiredColumns({ restart, delete: remove, secrets, ...columns }: DesiredChange) {
  return {
    ...columns,
    ...(restart === true && { restartGeneration: sql`${instances.restartGeneration} + 1` }),
    ...(remove === true && { deleteRequestedAt: sql`now()` }),
    ...(secrets !== undefined && { secretGeneration: sql`${instances.secretGeneration} + 1` }),
    ...(typeof secrets?.version === 'number' && { secretsVersion: newest(secrets.version) }),
    desiredVersion: sql`${instances.desiredVersion} + 1`,
    dueAt: sql`now()`,
  }
}

/** Two that write it at once never turn it back. */
function newest(version: number): SQL {
  return sql`greatest(coalesce(${instances.secretsVersion}, 0), ${version}::bigint)`
}

/**
 * Writes desired state without a job: a stopped instance takes it at its next start, and one that is being made on the way. The row as it is
 * now; null when the instance is being destroyed.
 */
export async function changeDesired(tx: Tx, id: string, set: DesiredChange): Promise<InstanceRow | null> {
  const [row] = await tx
    .update(instances)
    .set(desiredColumns(set))
    .where(and(eq(instances.id, id), isNull(instances.deleteRequestedAt)))
    .returning()
  return row ?? null
}

/**
 * Writes desired state and opens the job that brings it about. A job still under way is superseded; back-off ends, for a person asked.
 * With `chat`, one progress message under the key `op:<operationId>` is announced there. `about` says what the job is for.
 * @returns the job's id and the row as it is now; null when the instance is being destroyed: nothing else can be asked of it any more.
 */
export async function requestChange(
  tx: Tx,
  id: string,
  change: { kind: OperationKind; set: DesiredChange; chat: NewsChat | null; cause: string; about?: Record<string, unknown> },
): Promise<{ operationId: string; row: InstanceRow } | null> {
  // Locked first: what was read before may be out of date, and two wishes at once must not pass each other unseen.
  const row = await lockInstance(tx, id)
  if (row === null || row.deleteRequestedAt !== null) return null
  const operationId = randomId(12)
  const [updated] = await tx
    .update(instances)
    .set({
      ...desiredColumns(change.set),
      ...(change.kind !== 'stop' && { healthy: false }),
      blocked: null,
      operationId,
      operationKind: change.kind,
      operationStartedAt: sql`now()`,
      fails: 0,
    })
    .where(eq(instances.id, id))
    .returning()
  if (updated === undefined) throw new ConchError('db.row-gone', `instance ${id} vanished under its lock`)
  if (row.operationId !== null) await supersede(tx, row, row.operationId, change.kind)
  await addEvent(tx, {
    instanceId: id,
    operationId,
    kind: 'requested',
    detail: { kind: change.kind, cause: change.cause, ...(change.about !== undefined && { about: change.about }), ...newsTo(change.chat) },
    once: `${operationId}:requested`,
  })
  if (change.chat !== null) await announceProgress(tx, updated, operationId, change.chat)
  return { operationId, row: updated }
}

/** Writes down how many ends of its gateway are known. `look`: it may be down, and is to be looked at now. */
export async function noteExits(tx: Tx, id: string, { exits, look }: { exits: number; look: boolean }): Promise<void> {
  await tx
    .update(instances)
    .set({ exitsSeen: exits, ...(look && { healthy: false, dueAt: sql`now()` }) })
    .where(eq(instances.id, id))
}

/** Whether a job of the instance is under way that began less than `ms` milliseconds ago. */
export async function jobBeganWithin(tx: Tx, id: string, ms: number): Promise<boolean> {
  const young = sql`${instances.operationStartedAt} > now() - ${ms} * interval '1 millisecond'`
  return (await tx.$count(instances, and(eq(instances.id, id), isNotNull(instances.operationId), young))) > 0
}

function newsTo(chat: NewsChat | null): Record<string, unknown> {
  if (chat === null) return {}
  const { userId, ...place } = chat
  return { chat: place, ...(userId !== undefined && { by: userId }) }
}

async function supersede(tx: Tx, row: InstanceRow, operationId: string, by: OperationKind): Promise<void> {
  await addEvent(tx, { instanceId: row.id, operationId, kind: 'superseded', detail: { by }, once: `${operationId}:end` })
  const chat = await chatOfOperation(tx, operationId)
  if (chat !== null) await announceProgress(tx, row, operationId, chat)
}

/** Owes the person the newest state of the job's one progress message. */
export async function announceProgress(tx: Tx, row: InstanceRow, operationId: string, chat: NewsChat): Promise<void> {
  await tellOfJob(tx, row, { operationId, chat, template: 'progress' })
}

/** Owes the person the message that stays when a job has ended. */
export async function announceOutcome(tx: Tx, row: InstanceRow, operationId: string, chat: NewsChat): Promise<void> {
  await tellOfJob(tx, row, { operationId, chat, template: 'outcome' })
}

type JobNews = { operationId: string; chat: NewsChat; template: 'progress' | 'outcome' }

async function tellOfJob(tx: Tx, row: InstanceRow, { operationId, chat, template }: JobNews): Promise<void> {
  const { provider, address, userId = row.userId } = chat
  const key = `${template === 'progress' ? 'op' : 'done'}:${operationId}`
  await announce(tx, { userId, chat: { provider, address }, key, template, payload: { instanceId: row.id, operationId } })
}

/** Where a job's news go; null when nobody in a chat asked for it. */
export async function chatOfOperation(db: Db | Tx, operationId: string): Promise<NewsChat | null> {
  const request = requestSchema.safeParse((await operationRequest(db, operationId))?.detail)
  if (!request.success) return null
  const { chat, by } = request.data
  return { ...chat, ...(by !== undefined && { userId: by }) }
}

/** Makes instances due now, for the loop to look at. */
export async function wakeInstances(db: Db | Tx, where: { ids: string[] } | { machineIds: string[] }): Promise<number> {
  const match = 'ids' in where ? inArray(instances.id, where.ids) : inArray(instances.machineId, where.machineIds)
  const rows = await db
    .update(instances)
    .set({ dueAt: sql`least(${instances.dueAt}, now())` })
    .where(and(match, isNull(instances.destroyedAt), isNull(instances.blocked)))
    .returning({ id: instances.id })
  return rows.length
}

/**
 * Takes up to `limit` due instances under a lease for `owner`. The epoch of a claimed row fences every later write: a process whose
 * lease ran out writes nothing. Database time only.
 */
export async function claimDue(db: Db, options: { owner: string; leaseMs: number; limit: number }): Promise<InstanceRow[]> {
  const due = db
    .select({ id: instances.id })
    .from(instances)
    .where(
      and(
        isNull(instances.destroyedAt),
        sql`${instances.dueAt} <= now()`,
        sql`(${instances.leaseUntil} is null or ${instances.leaseUntil} <= now())`,
      ),
    )
    .orderBy(asc(instances.dueAt))
    .limit(options.limit)
    .for('update', { skipLocked: true })
  return db
    .update(instances)
    .set({ leaseOwner: options.owner, leaseUntil: later(options.leaseMs), epoch: sql`${instances.epoch} + 1` })
    .where(inArray(instances.id, due))
    .returning()
}

function later(ms: number): SQL {
  return sql`now() + ${ms} * interval '1 millisecond'`
}

export type Claim = { id: string; epoch: number }
const held = (claim: Claim): SQL | undefined => and(eq(instances.id, claim.id), eq(instances.epoch, claim.epoch))

/** Prolongs leases that are still ours. One that was given back meanwhile has no owner, and is not taken again. */
export async function renewLeases(db: Db, claims: readonly Claim[], leaseMs: number): Promise<void> {
  if (claims.length === 0) return
  const pairs = sql.join(
    claims.map((claim) => sql`(${claim.id}, ${claim.epoch}::bigint)`),
    sql`, `,
  )
  await db
    .update(instances)
    .set({ leaseUntil: later(leaseMs) })
    .where(and(sql`(${instances.id}, ${instances.epoch}) in (${pairs})`, isNotNull(instances.leaseOwner)))
}

/** Ends every lease of the processes before: only for a database that one process owns alone. */
export async function dropLeases(db: Db): Promise<void> {
  await db
    .update(instances)
    .set({ leaseOwner: null, leaseUntil: null, dueAt: sql`now()` })
    .where(isNull(instances.destroyedAt))
}

export type ObservedPatch = Partial<
  Pick<
    InstanceRow,
    | 'volumeId'
    | 'machineId'
    | 'machineState'
    | 'observedRegion'
    | 'everStarted'
    | 'restartSeen'
    | 'healthy'
    | 'liveAt'
    | 'preparing'
    | 'sent'
    | 'startId'
    | 'exitAt'
    | 'hostFull'
    | 'fullRegions'
    | 'blocked'
    | 'exitsSeen'
    | 'failure'
    | 'destroyedAt'
    | 'operationId'
    | 'operationKind'
    | 'operationStartedAt'
    | 'fails'
    | 'lastError'
    | 'secretsVersion'
    | 'observedAt'
    | 'deleteRequestedAt'
  >
>

/** The claimed row as it is now, locked until the transaction ends; null when the lease is no longer ours. */
export async function lockClaimed(tx: Tx, claim: Claim): Promise<InstanceRow | null> {
  const [row] = await tx.select().from(instances).where(held(claim)).for('update')
  return row ?? null
}

/** Writes what was seen, if the lease is still ours; false when it is not, and then nothing of the caller's counts. */
export async function writeObserved(tx: Db | Tx, claim: Claim, patch: ObservedPatch): Promise<boolean> {
  if (Object.keys(patch).length === 0) return true
  const { secretsVersion, ...rest } = patch
  const set = typeof secretsVersion === 'number' ? { ...rest, secretsVersion: newest(secretsVersion) } : rest
  const rows = await tx.update(instances).set(set).where(held(claim)).returning({ id: instances.id })
  return rows.length === 1
}

/**
 * Gives the instance back, due again in `requeueAfterMs`; at once if somebody changed what they want since it was claimed.
 */
export async function releaseClaim(tx: Db | Tx, claim: Claim, options: { requeueAfterMs: number; desiredVersion: number }): Promise<boolean> {
  const rows = await tx
    .update(instances)
    .set({
      leaseOwner: null,
      leaseUntil: null,
      dueAt: sql`case when ${instances.desiredVersion} <> ${options.desiredVersion} then now() else now() + ${options.requeueAfterMs} * interval '1 millisecond' end`,
    })
    .where(held(claim))
    .returning({ id: instances.id })
  return rows.length === 1
}
