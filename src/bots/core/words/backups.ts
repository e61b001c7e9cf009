// What is saved of an assistant: making it, getting it back, having it oneself.
import type { BackupList, BackupSummary } from '../../../actions/backups.ts'
import type { BackupEnd, RestoreEnd, Rhythm } from '../../../domain/backups.ts'
import type { LeftOut } from '../../../domain/gateway-carry.ts'
import { assertNever } from '../../../lib/errors.ts'
import { t } from '../language.ts'
import { bold, button, code, paragraph, say, type Block, type Button, type Text, type View } from '../view.ts'
import { dayWords, momentWords, sizeWords } from './time.ts'

export type BackupFacts = {
  key: string
  id: string
  name: string
  bytes: number | null
  expiresAt: Date | null
  /** Why there is none; null while it is made, and when it is done. */
  reason: BackupEnd | null
  timeZone: string | null
}

/** The message of a backup that somebody asked for. */
export function backupView({ key, id, name, bytes, expiresAt, reason, timeZone }: BackupFacts): View {
  if (reason !== null)
    return {
      tone: 'warning',
      key,
      blocks: [{ kind: 'text', text: say`${bold(name)} is not saved: ${backupEndText(reason)}` }],
      actions: [button(t`Try again`, 'backup', name), button(t`Status`, 'status', name)],
    }
  if (bytes === null || expiresAt === null)
    return { tone: 'working', key, job: 'ongoing', blocks: [paragraph`Saving ${bold(name)}: usually under a minute.`], actions: [] }
  return {
    tone: 'good',
    key,
    blocks: [
      paragraph`${bold(name)} is saved: ${sizeWords(bytes)}. I keep it until ${dayWords(expiresAt, timeZone)}, also when ${bold(name)} is gone.`,
    ],
    actions: [button(t`Download`, 'backup-link', id), button(t`Backups`, 'backups', name)],
  }
}

function backupEndText(reason: BackupEnd): Text {
  switch (reason) {
    case 'no-space':
      return say`its storage has too little room for the copy. Delete files that it does not need, or take a plan with more storage.`
    case 'stopped':
      return say`it was stopped meanwhile. Start it first.`
    case 'gone':
      return say`it is gone.`
    case 'not-answering':
      return say`its machine did not answer. Nothing is lost; try again when it is live.`
    case 'damaged':
      return say`the copy arrived damaged, several times. Nothing is lost; try again in a while.`
    case 'failed':
      return say`it could not make the copy. Nothing is lost; its logs may say why.`
    default:
      return assertNever(reason)
  }
}

const LINES = 6

/** What is saved, and how often that happens. */
export function backupsView({ backups, instance, rhythm, keepDays, storageCopiedAt }: BackupList, timeZone: string | null): View {
  const shown = backups.slice(0, LINES)
  const several = new Set(backups.map((one) => one.name)).size > 1 || instance === null
  const lines: Block[] = shown.map((one) => ({ kind: 'text', text: lineOf(one, { several, timeZone }) }))
  const more = backups.length > shown.length ? [paragraph`And ${backups.length - shown.length} older ones.`] : []
  const name = instance?.name ?? shown[0]?.name ?? ''
  return {
    tone: 'plain',
    title: instance === null ? say`Saved copies` : say`Saved copies of ${bold(name)}`,
    blocks: [
      ...(lines.length === 0 ? [paragraph`Nothing is saved yet.`] : lines),
      ...more,
      instance === null ? paragraph`I keep each for ${keepDays} days.` : paragraph`I keep each for ${keepDays} days. ${rhythmText(rhythm)}`,
      ...(storageCopiedAt === null
        ? []
        : [
            paragraph`Our provider copied its whole storage on ${momentWords(storageCopiedAt, timeZone)}: should the storage be lost, I make it anew from that.`,
          ]),
    ],
    actions: [
      ...(instance === null ? [] : [{ ...button(t`Back up now`, 'backup', name), style: 'primary' as const }, ...rhythmButtons(name, rhythm)]),
      ...shown.flatMap((one) => (one.bytes === null ? [] : [button(momentWords(one.at, timeZone), 'restore', one.id)])),
    ],
  }
}

function lineOf({ name, bytes, at, kind, present }: BackupSummary, { several, timeZone }: { several: boolean; timeZone: string | null }): Text {
  const when = momentWords(at, timeZone)
  const what = bytes === null ? t`being saved` : sizeWords(bytes)
  const why = kind === 'before-restore' ? t` · before something older was restored` : kind === 'before-upgrade' ? t` · before an update` : ''
  const line = say`${when} · ${what}${why}`
  if (!several) return line
  return present ? say`${bold(name)} · ${line}` : say`${bold(name)} (gone) · ${line}`
}

function rhythmText(rhythm: Rhythm | null): string {
  switch (rhythm) {
    case 'daily':
      return t`One is made every day by itself.`
    case 'weekly':
      return t`One is made every week by itself.`
    case null:
      return t`None is made by itself.`
    default:
      return assertNever(rhythm)
  }
}

function rhythmButtons(name: string, rhythm: Rhythm | null): Button[] {
  return [
    ...(rhythm === 'daily' ? [] : [button(t`Daily`, 'backup-schedule', name, 'daily')]),
    ...(rhythm === 'weekly' ? [] : [button(t`Weekly`, 'backup-schedule', name, 'weekly')]),
    ...(rhythm === null ? [] : [button(t`Off`, 'backup-schedule', name, 'off')]),
  ]
}

/** What can be done with one that is saved. */
export function savedView({ id, name, bytes, at, expiresAt, present, withSettings }: BackupSummary, timeZone: string | null): View {
  const when = momentWords(at, timeZone)
  const size = sizeWords(bytes ?? 0)
  const until = expiresAt === null ? when : dayWords(expiresAt, timeZone)
  const download = button(t`Download`, 'backup-link', id)
  const back = button(t`Backups`, 'backups', name)
  if (!present)
    return {
      tone: 'plain',
      title: say`${bold(name)}, ${when}: ${size}`,
      blocks: [
        paragraph`${bold(name)} is gone. I can set up a new one that knows what it knew then. Its keys are not in the copy: you give them again.`,
        ...(withSettings ? [paragraph`Its settings of then come along.`] : []),
        paragraph`I keep this until ${until}.`,
      ],
      actions: [{ ...button(t`Bring it back`, 'restore', id, 'new'), style: 'primary' }, download, back],
    }
  return {
    tone: 'plain',
    title: say`${bold(name)}, ${when}: ${size}`,
    blocks: [
      paragraph`Restoring gives ${bold(name)} back its conversations and files of then, in place of those of now. Those I save first. Its keys and settings stay.`,
      paragraph`It does not answer for a minute or two. WhatsApp may have to be linked again. I keep this copy until ${until}.`,
    ],
    actions: [{ ...button(t`Restore`, 'restore', id, 'yes'), style: 'danger' }, download, back],
  }
}

/** The way to have it oneself. */
export function downloadView({ name, at }: BackupSummary, link: { address: string; minutes: number; timeZone: string | null }): View {
  return {
    tone: 'plain',
    blocks: [
      paragraph`${bold(name)}, ${momentWords(at, link.timeZone)}: open this page within ${link.minutes} minutes, it gives out the copy once.`,
      paragraph`It holds conversations, and whatever else ${bold(name)} knows. Keep the link to yourself, and the file in a safe place.`,
    ],
    actions: [{ label: t`Open the page`, url: link.address }, button(t`Backups`, 'backups', name)],
  }
}

/** There is no page that this person's browser could open. */
export function noDownloadView(): View {
  return {
    tone: 'plain',
    blocks: [
      paragraph`I cannot hand it out here: whoever runs me has given me no address on the web. It is kept all the same, and you can restore it.`,
    ],
    actions: [button(t`Backups`, 'backups')],
  }
}

export type RestoreFacts = {
  key: string
  name: string
  state: 'wanted' | 'saving' | 'restoring' | 'done' | 'failed'
  reason: RestoreEnd | null
  /** What it is to know: as it was then. */
  at: Date
  backupId: string
  /** It was made for this. */
  fresh: boolean
  /** What became of the settings that were saved with it; null when there were none, or it kept its own. */
  settings: BroughtSettings | null
  timeZone: string | null
}

/** `some`: a part of them came along. What did not is in `leftOut`. */
export type BroughtSettings = { instanceId: string; some: boolean; leftOut: readonly LeftOut[] }

/** The message of a restore, as it stands. */
export function restoreView(facts: RestoreFacts): View {
  const { key, name, state, reason, at, fresh, timeZone } = facts
  const when = momentWords(at, timeZone)
  switch (state) {
    case 'wanted':
    case 'saving':
      return {
        tone: 'working',
        key,
        job: 'ongoing',
        blocks: [
          fresh
            ? paragraph`${bold(name)} gets back what it knew on ${when}, as soon as it is live.`
            : paragraph`Restoring ${bold(name)} as it was on ${when}: I save what it knows now first.`,
        ],
        actions: [],
      }
    case 'restoring':
      return {
        tone: 'working',
        key,
        job: 'ongoing',
        blocks: [paragraph`Restoring ${bold(name)} as it was on ${when}. It does not answer for a minute or two.`],
        actions: [],
      }
    case 'done':
      return {
        tone: 'good',
        key,
        blocks: [paragraph`${bold(name)} is back as it was on ${when}.`, ...settingsBlocks(facts.settings)],
        actions: [...settingsActions(facts), button(t`Open`, 'open', name), button(t`Status`, 'status', name), button(t`Backups`, 'backups', name)],
      }
    case 'failed':
      return {
        tone: 'warning',
        key,
        blocks: [{ kind: 'text', text: say`${bold(name)} stays as it was: ${restoreEndText(reason ?? 'unusable')}` }],
        actions: failedActions(facts),
      }
    default:
      return assertNever(state)
  }
}

const LEFT_OUT_SHOWN = 4

function settingsBlocks(settings: BroughtSettings | null): Block[] {
  if (settings === null) return []
  const { some, leftOut } = settings
  if (leftOut.length === 0) return [paragraph`Its settings came along.`]
  const shown = leftOut.slice(0, LEFT_OUT_SHOWN)
  const more = leftOut.length - shown.length
  return [
    some ? paragraph`Its settings came along, but for these:` : paragraph`Its settings of then are not in it:`,
    ...shown.map((one): Block => ({ kind: 'text', text: leftOutText(one) })),
    ...(more === 0 ? [] : more === 1 ? [paragraph`And one more.`] : [paragraph`And ${more} more.`]),
    leftOut.some((one) => one.needs.length > 0)
      ? paragraph`Give it what it lacks, and then I can bring the rest.`
      : paragraph`I can show you what keeps them out, and bring them once that is gone.`,
  ]
}

function leftOutText({ path, needs }: LeftOut): Text {
  return needs.length === 0
    ? say`${code(path)} does not fit its plan, its version or what else it is now.`
    : say`${code(path)} needs ${needs.flatMap((name, index): Text => [...(index === 0 ? [] : [', ']), code(name)])}, which it does not hold.`
}

function settingsActions({ settings, backupId }: RestoreFacts): Button[] {
  if (settings === null) return []
  const { instanceId, leftOut } = settings
  if (leftOut.length === 0) return [button(t`Settings`, 'config', instanceId)]
  const lacks = leftOut.some((one) => one.needs.length > 0)
  return [...(lacks ? [button(t`Keys`, 'keys', instanceId)] : []), button(t`Bring the settings`, 'config', instanceId, 'saved', backupId)]
}

function failedActions({ name, backupId, reason }: RestoreFacts): Button[] {
  const again = button(t`Try again`, 'restore', backupId, 'yes')
  const list = button(t`Backups`, 'backups', name)
  if (reason === 'gone' || reason === 'missing') return [list]
  return reason === 'not-saved' ? [again, button(t`Restore without saving`, 'restore', backupId, 'unsaved'), list] : [again, list]
}

function restoreEndText(reason: RestoreEnd): Text {
  switch (reason) {
    case 'gone':
      return say`it is being destroyed.`
    case 'stopped':
      return say`it was stopped meanwhile. Start it, and ask again.`
    case 'not-ready':
      return say`it did not become live in time.`
    case 'not-saved':
      return say`what it knows now could not be saved first.`
    case 'missing':
      return say`I do not find that copy any more. Whoever runs me has been told.`
    case 'not-answering':
      return say`its machine did not say that it is done. Look at it before you try again.`
    case 'damaged':
      return say`the copy arrived damaged. Try again in a while.`
    case 'no-space':
      return say`its storage has too little room for both. Delete files that it does not need, or take a plan with more storage.`
    case 'unusable':
      return say`its gateway cannot read that copy. Try an older or a newer one.`
    case 'does-not-start':
      return say`it did not start with that copy, so I put everything back.`
    case 'interrupted':
      return say`its machine was restarted in between, several times.`
    default:
      return assertNever(reason)
  }
}
