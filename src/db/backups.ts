// Backups: asked for by actions and schedules, moved on by the engine under a fenced lease, and kept until they expire. Database time only.
import { and, desc, eq, gt, inArray, isNotNull, lte, sql, type SQL } from 'drizzle-orm'
import { z } from 'zod'
import { backupEnds, backupKinds, backupStates, rhythms, type BackupEnd, type BackupKind, type Rhythm } from '../domain/backups.ts'
import { randomId } from '../lib/random.ts'
import { rowsOf, type Db, type Tx } from './connect.ts'
import { backups, backupSchedules, instances } from './schema.ts'

const rowSchema = z.object({
  id: z.string(),
  userId: z.string(),
  instanceId: z.string(),
  instanceName: z.string(),
  image: z.string(),
  kind: z.enum(backupKinds),
  state: z.enum(backupStates),
  bytes: z.number().nullable(),
  sha256: z.string().nullable(),
  reason: z.enum(backupEnds).nullable(),
  error: z.string().nullable(),
  fails: z.number(),
  createdAt: z.date(),
  expiresAt: z.date().nullable(),
  /** Which of its instance's configurations was wanted then; null: none. */
  configVersion: z.number().nullable(),
})
export type Backup = z.infer<typeof rowSchema>
/** A backup under our lease. The epoch fences every write; `expired`: it has been wanted for too long. */
export type ClaimedBackup = Pick<Backup, 'id' | 'userId' | 'instanceId' | 'kind' | 'state' | 'fails'> & { epoch: number; expired: boolean }

const open = inArray(backups.state, ['wanted', 'running'])
const inMs = (ms: number): SQL<Date> => sql`now() + ${ms} * interval '1 millisecond'`
const claimedSchema = rowSchema
  .pick({ id: true, userId: true, instanceId: true, kind: true, state: true, fails: true })
  .extend({ epoch: z.coerce.number(), expired: z.boolean() })

/** The message that tells of a backup that a person asked for. */
export const backupKey = (id: string): string => `backup:${id}`

export const isOpenBackup = ({ state }: Pick<Backup, 'state'>): boolean => state === 'wanted' || state === 'running'

/** Wants a backup of an instance, and remembers which configuration goes with it; null when one is wanted already. */
export async function requestBackup(tx: Tx, wanted: { instanceId: string; kind: BackupKind }): Promise<string | null> {
  const id = randomId(12)
  const result = await tx.execute(sql`
    insert into backups (id, user_id, instance_id, instance_name, image, kind, config_version)
    select ${id}, user_id, id, name, image, ${wanted.kind}, config_version from instances where id = ${wanted.instanceId}
    on conflict do nothing returning id`)
  return rowsOf(result).length === 1 ? id : null
}

/** The backup with this id; null when there is none. */
export async function backupById(db: Db | Tx, id: string): Promise<Backup | null> {
  const [row] = await db.select().from(backups).where(eq(backups.id, id))
  return row === undefined ? null : rowSchema.parse(row)
}

/** A person's backups that are there or on their way, newest first, with what is known of their instances; `present`: it is still there. */
export async function backupsOf(
  db: Db | Tx,
  userId: string,
  limit: number,
): Promise<(Backup & { present: boolean; region: string; modelProvider: string | null })[]> {
  const { region, modelProvider } = instances
  const rows = await db
    .select({ backup: backups, present: sql<boolean>`${instances.deleteRequestedAt} is null`, region, modelProvider })
    .from(backups)
    .innerJoin(instances, eq(instances.id, backups.instanceId))
    .where(and(eq(backups.userId, userId), inArray(backups.state, ['wanted', 'running', 'done'])))
    .orderBy(desc(backups.createdAt), desc(backups.id))
    .limit(limit)
  return rows.map(({ backup, ...instance }) => ({ ...rowSchema.parse(backup), ...instance }))
}

/** When the newest backup of an instance that is there was made. */
export async function lastBackupAt(db: Db | Tx, instanceId: string): Promise<Date | null> {
  const [row] = await db
    .select({ at: backups.createdAt })
    .from(backups)
    .where(and(eq(backups.instanceId, instanceId), eq(backups.state, 'done')))
    .orderBy(desc(backups.createdAt))
    .limit(1)
  return row?.at ?? null
}

/** How many backups a person asked for within a day. */
export async function backupsOfLastDay(tx: Tx, userId: string): Promise<number> {
  return tx.$count(backups, and(eq(backups.userId, userId), eq(backups.kind, 'manual'), gt(backups.createdAt, sql`now() - interval '1 day'`)))
}

/** Takes up to `limit` backups that are due, under a lease. */
export async function claimBackups(db: Db, options: { leaseMs: number; patienceMs: number; limit: number }): Promise<ClaimedBackup[]> {
  if (options.limit <= 0) return []
  const result = await db.execute(sql`
    update backups set lease_until = ${inMs(options.leaseMs)}, epoch = backups.epoch + 1
    from (
      select id from backups
      where state in ('wanted', 'running') and due_at <= now() and (lease_until is null or lease_until <= now())
      order by due_at limit ${options.limit} for update skip locked
    ) due
    where backups.id = due.id
    returning backups.id, user_id as "userId", instance_id as "instanceId", kind, state, fails, epoch,
      created_at <= now() - ${options.patienceMs} * interval '1 millisecond' as expired`)
  return z.array(claimedSchema).parse(rowsOf(result))
}

export type BackupPatch =
  | { state: 'wanted' | 'running'; fails: number; againMs: number }
  | { state: 'done'; bytes: number; sha256: string; version: string; keepDays: number }
  | { state: 'failed'; reason: BackupEnd; error: string | null }

/** Writes how it went on and gives the backup back; false when it is not ours any more, and then nothing of the caller's counts. */
export async function writeBackup(tx: Tx, claim: ClaimedBackup, patch: BackupPatch): Promise<boolean> {
  const rows = await tx
    .update(backups)
    .set({ ...columnsOf(patch), leaseUntil: null })
    .where(and(eq(backups.id, claim.id), eq(backups.epoch, claim.epoch), open))
    .returning({ id: backups.id })
  return rows.length === 1
}

function columnsOf(patch: BackupPatch) {
  switch (patch.state) {
    case 'done': {
      const { keepDays, ...columns } = patch
      return { ...columns, doneAt: sql`now()`, expiresAt: sql`now() + ${keepDays} * interval '1 day'` }
    }
    case 'failed':
      return patch
    default: {
      const { againMs, ...columns } = patch
      return { ...columns, dueAt: inMs(againMs) }
    }
  }
}

/** Keeps a backup ours while it is worked on; one that was given back meanwhile is not taken again. */
export async function renewBackup(db: Db, claim: ClaimedBackup, leaseMs: number): Promise<void> {
  await db
    .update(backups)
    .set({ leaseUntil: inMs(leaseMs) })
    .where(and(eq(backups.id, claim.id), eq(backups.epoch, claim.epoch), isNotNull(backups.leaseUntil), open))
}

/** Backups that were kept as long as they are to be, unless they are being restored. */
export async function expiredBackups(db: Db, limit: number): Promise<string[]> {
  const used = sql`exists (select 1 from restores r where r.backup_id = ${backups.id} and r.state in ('wanted', 'saving', 'restoring'))`
  const rows = await db
    .select({ id: backups.id })
    .from(backups)
    .where(and(eq(backups.state, 'done'), lte(backups.expiresAt, sql`now()`), sql`not ${used}`))
    .limit(limit)
  return rows.map((row) => row.id)
}

/** The archive is gone. */
export async function markDeleted(db: Db, id: string): Promise<void> {
  await db
    .update(backups)
    .set({ state: 'deleted' })
    .where(and(eq(backups.id, id), eq(backups.state, 'done')))
}

/** How often an instance is backed up by itself; null: it is not. */
export async function rhythmOf(db: Db | Tx, instanceId: string): Promise<Rhythm | null> {
  const [row] = await db.select({ every: backupSchedules.every }).from(backupSchedules).where(eq(backupSchedules.instanceId, instanceId))
  return row === undefined ? null : z.enum(rhythms).parse(row.every)
}

/** Backs an instance up this often from now on, the first time at once; null: no more. */
export async function setRhythm(tx: Tx, instanceId: string, every: Rhythm | null): Promise<void> {
  if (every === null) return void (await tx.delete(backupSchedules).where(eq(backupSchedules.instanceId, instanceId)))
  await tx
    .insert(backupSchedules)
    .values({ instanceId, every })
    .onConflictDoUpdate({ target: backupSchedules.instanceId, set: { every, dueAt: sql`now()` } })
}

/** Wants the backups whose time it is. What is stopped has nothing new to save. How many there are. */
export async function requestDueBackups(db: Db, limit: number): Promise<number> {
  return db.transaction(async (tx) => {
    const result = await tx.execute(sql`
      update backup_schedules s set due_at = greatest(s.due_at, now() - interval '1 hour') + case s.every when 'daily' then interval '1 day' else interval '7 days' end
      from (
        select b.instance_id, i.power = 'on' and i.live_at is not null as running from backup_schedules b join instances i on i.id = b.instance_id
        where b.due_at <= now() and i.delete_requested_at is null order by b.due_at limit ${limit} for update of b skip locked
      ) due
      where s.instance_id = due.instance_id returning s.instance_id as "instanceId", s.every, due.running`)
    const due = z.array(z.object({ instanceId: z.string(), every: z.enum(rhythms), running: z.boolean() })).parse(rowsOf(result))
    for (const { instanceId, every, running } of due) if (running) await requestBackup(tx, { instanceId, kind: every })
    return due.length
  })
}

/** Ends every lease of the processes before: only for a database that one process owns alone. */
export async function dropBackupLeases(db: Db): Promise<void> {
  await db.update(backups).set({ leaseUntil: null }).where(open)
}
