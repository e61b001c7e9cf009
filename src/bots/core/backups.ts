// Backups in conversation: what the commands and their buttons ask for, and the messages of backups and restores as they stand.
import { z } from 'zod'
import type { BackupSummary } from '../../actions/backups.ts'
import type { Db } from '../../db/connect.ts'
import { backupById, backupKey } from '../../db/backups.ts'
import { configAt } from '../../db/configs.ts'
import { instanceById } from '../../db/instances.ts'
import { restoreById, restoreKey, type Restore } from '../../db/restores.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { expectMessages, hasKeyPage, show, type Turn } from './turn.ts'
import type { View } from './view.ts'
import { backupsView, backupView, type BroughtSettings, downloadView, noDownloadView, restoreView, savedView } from './words/backups.ts'
import { privateOnlyView } from './words/greeting.ts'
import { refusalView } from './words/refusals.ts'

type Asked = 'backup' | 'backups' | 'restore' | 'backup-schedule' | 'backup-link'
/** What a new assistant is set up as, in the place of one that is gone. */
export type Former = { name: string; region: string; modelProvider: string | null; fromBackup: string }

/** Answers what is about backups. `bringBack` begins the questions for a new assistant that is to know what a former one did. */
export async function answerBackups(turn: Turn, name: Asked, args: readonly string[], bringBack: (former: Former) => Promise<void>): Promise<void> {
  if (turn.inbound.place === 'group' || turn.actor.overheard === true) return void (await show(turn, privateOnlyView()))
  const [first = '', second = ''] = args
  switch (name) {
    case 'backup':
      return save(turn, first)
    case 'backups':
      return list(turn, first)
    case 'backup-schedule':
      return schedule(turn, first, second)
    case 'backup-link':
      return download(turn, first)
    case 'restore':
      return restore(turn, first, second, bringBack)
  }
}

async function refuse(turn: Turn, refusal: Refusal, asked: { action: string; instance?: string; rest?: readonly string[] }): Promise<void> {
  await show(turn, refusalView(refusal, asked))
}

const named = (instance: string): { instance?: string } => (instance === '' ? {} : { instance })

async function save(turn: Turn, instance: string): Promise<void> {
  const done = await turn.deps.actions.perform('backup', named(instance), turn.actor)
  if (!done.ok) return refuse(turn, done, { action: 'backup', ...named(instance) })
  expectMessages(turn, [backupKey(done.value.backup)])
}

async function list(turn: Turn, instance: string): Promise<void> {
  const listed = await turn.deps.actions.perform('backups', named(instance), turn.actor)
  if (!listed.ok) return refuse(turn, listed, { action: 'backups', ...named(instance) })
  await show(turn, backupsView(listed.value, turn.timeZone), { inPlace: true })
}

async function schedule(turn: Turn, instance: string, every: string): Promise<void> {
  const set = await turn.deps.actions.perform('backup-schedule', { ...named(instance), every }, turn.actor)
  if (!set.ok) return refuse(turn, set, { action: 'backup-schedule', ...named(instance), rest: [every] })
  await list(turn, instance)
}

async function download(turn: Turn, id: string): Promise<void> {
  const { deps, timeZone } = turn
  if (!hasKeyPage(turn)) return void (await show(turn, noDownloadView()))
  const made = await deps.actions.perform('backup-link', { backup: id, language: turn.language }, turn.actor)
  if (!made.ok) return refuse(turn, made, { action: 'backup-link' })
  const { backup, token, minutes } = made.value
  await show(turn, downloadView(backup, { address: `${deps.info.webAddress ?? ''}/b/${token.open()}`, minutes, timeZone }))
}

async function restore(turn: Turn, id: string, how: string, bringBack: (former: Former) => Promise<void>): Promise<void> {
  const saved = await savedOf(turn, id)
  // Typed by hand there is nothing to say which one: the list does.
  if (saved === null)
    return id === '' || !/^[a-z0-9]{12}$/.test(id) ? list(turn, id) : refuse(turn, { reason: 'unknown-backup' }, { action: 'restore' })
  const { name, region, modelProvider } = saved
  if (!saved.present && how !== '') return bringBack({ name, region, modelProvider, fromBackup: id })
  if (how !== 'yes' && how !== 'unsaved') return void (await show(turn, savedView(saved, turn.timeZone), { inPlace: true }))
  const begun = await turn.deps.actions.perform('restore', { backup: id, unsaved: how === 'unsaved' }, turn.actor)
  if (!begun.ok) return refuse(turn, begun, { action: 'restore', instance: name })
  expectMessages(turn, [restoreKey(begun.value.restore)])
}

/** The person's own backup with this id, if it is there. */
async function savedOf(turn: Turn, id: string): Promise<BackupSummary | null> {
  const row = id === '' ? null : await backupById(turn.deps.db, id)
  if (row === null || row.userId !== turn.actor.userId) return null
  const listed = await turn.deps.actions.perform('backups', { instance: row.instanceId }, turn.actor)
  return listed.ok ? (listed.value.backups.find((one) => one.id === id && one.bytes !== null) ?? null) : null
}

const backupSchema = z.object({ backupId: z.string() })
const restoreSchema = z.object({ restoreId: z.string() })

/** The message of a backup. Null when there is nothing to say any more. */
export async function backupNews(db: Db, { key, payload }: { key: string; payload: unknown }, timeZone: string | null): Promise<View | null> {
  const row = await backupById(db, backupSchema.parse(payload).backupId)
  const instance = row === null ? null : await instanceById(db, row.instanceId)
  if (row === null || instance === null || row.state === 'deleted') return null
  const { id, bytes, expiresAt, reason } = row
  return backupView({ key, id, name: row.instanceName, bytes, expiresAt, reason, timeZone })
}

/** The message of a restore. */
export async function restoreNews(db: Db, { key, payload }: { key: string; payload: unknown }, timeZone: string | null): Promise<View | null> {
  const row = await restoreById(db, restoreSchema.parse(payload).restoreId)
  const backup = row === null ? null : await backupById(db, row.backupId)
  const instance = row === null ? null : await instanceById(db, row.instanceId)
  if (row === null || backup === null || instance === null) return null
  const { state, reason, fresh, backupId } = row
  const settings = backup.instanceId === row.instanceId ? null : await broughtSettings(db, row)
  return restoreView({ key, name: instance.name, state, reason, at: backup.createdAt, backupId, fresh, settings, timeZone })
}

/** What came along of the settings: only a new assistant has a first version that was saved. */
async function broughtSettings(db: Db, { instanceId, leftOut }: Restore): Promise<BroughtSettings | null> {
  const some = (await configAt(db, instanceId, 1))?.origin === 'restore'
  return some || leftOut.length > 0 ? { instanceId, some, leftOut } : null
}
