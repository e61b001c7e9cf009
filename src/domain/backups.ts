// Backups of what an assistant knows, and their way back: what there is, and how it ends.

/** Why one was made. */
export const backupKinds = ['manual', 'daily', 'weekly', 'before-upgrade', 'before-restore'] as const
export type BackupKind = (typeof backupKinds)[number]
export const backupStates = ['wanted', 'running', 'done', 'failed', 'deleted'] as const
/** Why there is none. `failed`: the machine could not make it; `damaged`: it did not arrive as it was sent. */
export const backupEnds = ['no-space', 'stopped', 'gone', 'not-answering', 'failed', 'damaged'] as const
export type BackupEnd = (typeof backupEnds)[number]

export const restoreStates = ['wanted', 'saving', 'restoring', 'done', 'failed'] as const
/** Why everything is as it was. The last five are the machine's word. */
export const restoreEnds = [
  'gone',
  'stopped',
  'not-ready',
  'not-saved',
  'missing',
  'not-answering',
  'damaged',
  'no-space',
  'unusable',
  'does-not-start',
  'interrupted',
] as const
export type RestoreEnd = (typeof restoreEnds)[number]

export const rhythms = ['daily', 'weekly'] as const
export type Rhythm = (typeof rhythms)[number]

/** How many one person may ask for in a day: each may be as large as a volume. */
export const BACKUPS_PER_DAY_MAX = 12
/** A backup that is older than this does not keep anybody from being offered another one. */
export const RECENT_MS = 60 * 60_000

/** The link to a page from which one backup is downloaded once. */
export const BACKUP_LINK = { purpose: 'backup-download', minutes: 10, perHourMax: 20, triesMax: 5 } as const
