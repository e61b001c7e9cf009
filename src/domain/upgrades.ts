// Moving an assistant to another version of its gateway: how far that is, and how it ends.

export const upgradeStates = ['wanted', 'saving', 'switching', 'checking', 'returning', 'restoring', 'done', 'failed', 'returned', 'stuck'] as const
export type UpgradeState = (typeof upgradeStates)[number]

/** Nothing was changed. */
const untouchedEnds = ['gone', 'stopped', 'not-ready', 'not-saved', 'no-space', 'overtaken'] as const
/** The new version was tried, and did not do. */
const returnEnds = ['not-installed', 'not-started', 'bad-config', 'keeps-crashing', 'not-answering', 'channels'] as const
export const upgradeEnds = [...untouchedEnds, ...returnEnds] as const
export type UpgradeEnd = (typeof upgradeEnds)[number]
export type ReturnEnd = (typeof returnEnds)[number]

export const rolloutStates = ['running', 'stopped', 'over'] as const
/** A rollout is judged by at least this many: one failure among the first two is no half of the fleet. */
const JUDGED_MIN = 5

/** Whether so many have failed that no more are to begin. With 0 per cent the first failure stops it. */
export function tooManyFailed({ ended, failed, failedPercentMax }: { ended: number; failed: number; failedPercentMax: number }): boolean {
  return failed > 0 && (failed * 100) / Math.max(ended, JUDGED_MIN) > failedPercentMax
}
