// Backups, for their owner alone and in private: what an assistant knows is nobody else's to have.
import { z } from 'zod'
import { lockUsers } from '../db/accounts.ts'
import { backupById, backupKey, backupsOf, backupsOfLastDay, isOpenBackup, requestBackup, rhythmOf, setRhythm, type Backup } from '../db/backups.ts'
import type { Db, Tx } from '../db/connect.ts'
import { instanceById, type InstanceRow } from '../db/instances.ts'
import { createOneTimeToken, linksOfLastHour } from '../db/one-time-tokens.ts'
import { announce } from '../db/outbox.ts'
import { requestRestore } from '../db/restores.ts'
import { planOf } from '../db/users.ts'
import { BACKUPS_PER_DAY_MAX, BACKUP_LINK, rhythms, type BackupKind, type Rhythm } from '../domain/backups.ts'
import { languages } from '../domain/language.ts'
import { plans } from '../domain/plans.ts'
import { ok, type Result } from '../domain/refusal.ts'
import type { Sealed } from '../lib/sealed.ts'
import type { Actor, ChangeAction, ChangeContext, InstanceSummary, ReadAction } from './action.ts'
import { findInstance } from './find-instance.ts'
import { notNow, whileUpgraded } from './not-now.ts'
import { summaryOf } from './summary.ts'

const one = z.object({ instance: z.string().max(200).optional() })
const SHOWN = 50

export type BackupSummary = {
  id: string
  instanceId: string
  name: string
  kind: BackupKind
  /** Null while it is on its way. */
  bytes: number | null
  at: Date
  expiresAt: Date | null
  /** The assistant that it is of is still there. */
  present: boolean
  /** Its owner had set something then, which a new one gets with it. */
  withSettings: boolean
  region: string
  modelProvider: string | null
}
export type BackupList = {
  backups: BackupSummary[]
  /** The one assistant that is meant, if it is there. */
  instance: InstanceSummary | null
  rhythm: Rhythm | null
  keepDays: number
  /** When the provider copied its whole storage last; null when that is not known. */
  storageCopiedAt: Date | null
}

/** A backup now. Its message comes by itself, under the key `backup:<id>`. */
export const backup: ChangeAction<typeof one, { instance: InstanceSummary; backup: string }> = {
  name: 'backup',
  summary: 'Save what an assistant knows',
  words: ['instance'],
  input: one,
  scope: 'operate',
  confirm: 'none',
  async run(context, wanted) {
    const found = await ownInPrivate(context, wanted.instance)
    if (!found.ok) return found
    const { actor, db: tx } = context
    const row = found.value
    const refused = notNow(row)
    if (refused !== null) return refused
    await lockUsers(tx, [actor.userId])
    if ((await backupsOfLastDay(tx, actor.userId)) >= BACKUPS_PER_DAY_MAX) return { ok: false, reason: 'backups-limit', limit: BACKUPS_PER_DAY_MAX }
    const id = await requestBackup(tx, { instanceId: row.id, kind: 'manual' })
    if (id === null) return { ok: false, reason: 'busy', state: 'saving' }
    const chat = { provider: actor.provider, address: actor.chat }
    await announce(tx, { userId: row.userId, chat, key: backupKey(id), template: 'backup', payload: { backupId: id } })
    return ok({ instance: summaryOf(row), backup: id })
  },
}

/** The person's backups, newest first: of one assistant, also of one that is gone, or of all. */
export const backups: ReadAction<typeof one, BackupList> = {
  name: 'backups',
  summary: 'Saved copies: get one back, download it, save every day',
  words: ['instance'],
  input: one,
  scope: 'read',
  confirm: 'none',
  async run(context, wanted) {
    const { db, actor } = context
    if (actor.overheard === true) return { ok: false, reason: 'private-only' }
    const all = (await backupsOf(db, actor.userId, SHOWN)).map(summaryOfBackup)
    const keepDays = plans[await planOf(db, actor.userId)].backupDays
    const word = wanted.instance?.trim().toLowerCase() ?? ''
    const found = await findInstance(context, wanted.instance)
    if (found.ok) {
      const mine = all.filter((each) => each.instanceId === found.value.id || (word === '' ? !each.present : each.name === word))
      const [rhythm, storageCopiedAt] = [await rhythmOf(db, found.value.id), await context.copiedAt(found.value)]
      return ok({ backups: mine, instance: summaryOf(found.value), rhythm, keepDays, storageCopiedAt })
    }
    const gone = word === '' ? all : all.filter((each) => each.name === word || each.instanceId === word)
    return gone.length > 0 ? ok({ backups: gone, instance: null, rhythm: null, keepDays, storageCopiedAt: null }) : found
  },
}

const byId = z.object({ backup: z.string().regex(/^[a-z0-9]{6,32}$/) })
const restoreInput = byId.extend({
  /** What it knows now is not saved first: for one that cannot be saved. */
  unsaved: z.boolean().default(false),
})

/**
 * A backup in the place of what its assistant knows now. Its settings stay as they are: they have a history and a way back of their own (`/config`),
 * and only a new assistant, which has none, gets those of the backup. Its message comes by itself, under the key `restore:<id>`.
 */
export const restore: ChangeAction<typeof restoreInput, { instance: InstanceSummary; restore: string }> = {
  name: 'restore',
  summary: 'Give an assistant back what was saved of it',
  words: ['backup'],
  input: restoreInput,
  scope: 'destroy',
  confirm: 'tap',
  hidden: true,
  async run(context, wanted) {
    const { db: tx, actor, trail } = context
    const found = await ownBackup(tx, actor, wanted.backup)
    if (!found.ok) return found
    const { instanceId } = found.value
    trail.instanceId = instanceId
    const row = await instanceById(tx, instanceId)
    if (row === null || row.userId !== actor.userId || row.deleteRequestedAt !== null)
      return { ok: false, reason: 'backup-orphan', name: found.value.instanceName, backup: found.value.id }
    const refused = notNow(row) ?? (await whileUpgraded(tx, row))
    if (refused !== null) return refused
    const chat = { provider: actor.provider, address: actor.chat }
    const id = await requestRestore(tx, { backupId: found.value.id, instanceId, userId: row.userId, fresh: wanted.unsaved, chat })
    if (id === null) return { ok: false, reason: 'busy', state: 'restoring' }
    return ok({ instance: summaryOf(row), restore: id })
  },
}

const scheduleInput = one.extend({ every: z.enum([...rhythms, 'off']) })

/** How often an assistant is saved by itself. */
export const backupSchedule: ChangeAction<typeof scheduleInput, { instance: InstanceSummary; rhythm: Rhythm | null; keepDays: number }> = {
  name: 'backup-schedule',
  summary: 'Save what an assistant knows every day or every week',
  words: ['instance', 'every'],
  input: scheduleInput,
  scope: 'operate',
  confirm: 'none',
  hidden: true,
  async run(context, { instance, every }) {
    const found = await ownInPrivate(context, instance)
    if (!found.ok) return found
    const row = found.value
    if (row.deleteRequestedAt !== null) return { ok: false, reason: 'being-destroyed', name: row.name }
    const rhythm = every === 'off' ? null : every
    await setRhythm(context.db, row.id, rhythm)
    return ok({ instance: summaryOf(row), rhythm, keepDays: plans[await planOf(context.db, row.userId)].backupDays })
  },
}

const linkInput = byId.extend({ language: z.enum(languages).default('en') })

/** A link to a page from which a backup is downloaded once. */
export const backupLink: ChangeAction<typeof linkInput, { backup: BackupSummary; token: Sealed; minutes: number }> = {
  name: 'backup-link',
  summary: 'Download what was saved of an assistant',
  words: ['backup'],
  input: linkInput,
  scope: 'operate',
  confirm: 'none',
  hidden: true,
  async run({ db: tx, actor, trail }, { backup: wanted, language }) {
    const found = await ownBackup(tx, actor, wanted)
    if (!found.ok) return found
    const row = await instanceById(tx, found.value.instanceId)
    trail.instanceId = found.value.instanceId
    await lockUsers(tx, [actor.userId])
    const made = await linksOfLastHour(tx, actor.userId, BACKUP_LINK.purpose)
    if (made.count >= BACKUP_LINK.perHourMax)
      return { ok: false, reason: 'key-links-limit', limit: BACKUP_LINK.perHourMax, retryAfterSeconds: made.oldestEndsInSeconds }
    const subject = { backupId: found.value.id, language }
    const same = { backupId: found.value.id }
    const { token } = await createOneTimeToken(tx, { ...BACKUP_LINK, userId: actor.userId, subject, same, ttlMinutes: BACKUP_LINK.minutes })
    return ok({
      backup: summaryOfBackup({ ...found.value, present: row?.deleteRequestedAt === null, ...placeIn(row) }),
      token,
      minutes: BACKUP_LINK.minutes,
    })
  },
}

function placeIn(row: InstanceRow | null): { region: string; modelProvider: string | null } {
  return { region: row?.region ?? '', modelProvider: row?.modelProvider ?? null }
}

/** A backup that is there and the person's own. Nobody learns of another's whether it exists. */
export async function ownBackup(db: Db | Tx, actor: Actor, id: string): Promise<Result<Backup>> {
  if (actor.overheard === true) return { ok: false, reason: 'private-only' }
  const found = await backupById(db, id)
  return found === null || found.userId !== actor.userId || found.state !== 'done' ? { ok: false, reason: 'unknown-backup' } : ok(found)
}

async function ownInPrivate(context: ChangeContext, wanted: string | undefined): ReturnType<typeof findInstance> {
  return context.actor.overheard === true ? { ok: false, reason: 'private-only' } : findInstance(context, wanted)
}

type Listed = Backup & { present: boolean; region: string; modelProvider: string | null }

function summaryOfBackup({
  id,
  instanceId,
  instanceName,
  kind,
  bytes,
  createdAt,
  expiresAt,
  present,
  region,
  modelProvider,
  configVersion,
  ...rest
}: Listed): BackupSummary {
  return {
    id,
    instanceId,
    name: instanceName,
    kind,
    bytes: isOpenBackup(rest) ? null : bytes,
    at: createdAt,
    expiresAt,
    present,
    withSettings: configVersion !== null,
    region,
    modelProvider,
  }
}
