// What the operator does beside the chats: it prints what is, changes what is wanted, and never touches a machine, which the engines of the running
// processes do.
import { parseArgs } from 'node:util'
import type { Db } from './db/connect.ts'
import { knowRelease, offeredReleases, offerRelease, withdrawRelease } from './db/releases.ts'
import { currentRollout, lastRollouts, putRollout, rolloutCounts, stopRollout, type Rollout, type RolloutCounts } from './db/rollouts.ts'
import { imageOf } from './domain/image.ts'
import { ConchError } from './lib/errors.ts'

const USAGE = `npm run ops -- releases                     versions that owners can move to
npm run ops -- offer <image> [--notes "…"]  offer a version; notes are shown to owners
npm run ops -- withdraw <image>             offer it no longer; who runs it stays on it
npm run ops -- rollout                      how far the rollout is
npm run ops -- rollout <image> --percent <1-100> [--at-once 2] [--max-failed 10]
                                            move a share of all assistants to a version, so many at once;
                                            it stops by itself when more than so many per cent fail;
                                            again with another share, or after a stop, it goes on
npm run ops -- stop-rollout                 begin no more of it; what is under way goes on to its end
`

/** Carries out one command of the operator's, and returns what is printed. Throws a ConchError `ops.usage` for what cannot be understood. */
export async function runOps(db: Db, argv: readonly string[]): Promise<string> {
  const { positionals, values } = parsed(argv)
  const [command = '', image] = positionals
  switch (command) {
    case 'releases':
      return releasesText(db)
    case 'offer':
      await offerRelease(db, { image: imageIn(image), ...(values.notes !== undefined && { notes: values.notes }) })
      return `${imageIn(image)} is offered.\n`
    case 'withdraw':
      return (await withdrawRelease(db, imageIn(image))) ? `${imageIn(image)} is offered no longer.\n` : `${imageIn(image)} was never offered.\n`
    case 'rollout':
      return image === undefined ? rolloutText(db) : roll(db, imageIn(image), values)
    case 'stop-rollout':
      return (await stopRollout(db, 'the operator said so')) ? 'No more begin. What is under way goes on to its end.\n' : 'No rollout is running.\n'
    default:
      throw usage(command === '' ? 'Say what to do.' : `There is no command ${command}.`)
  }
}

const options = {
  notes: { type: 'string' },
  percent: { type: 'string' },
  'at-once': { type: 'string', default: '2' },
  'max-failed': { type: 'string', default: '10' },
} as const
type Values = { notes?: string | undefined; percent?: string | undefined; 'at-once': string; 'max-failed': string }

function parsed(argv: readonly string[]): { positionals: string[]; values: Values } {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true })
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error))
  }
}

function usage(problem: string): ConchError {
  return new ConchError('ops.usage', `${problem}\n\n${USAGE}`)
}

function imageIn(text: string | undefined): string {
  if (text === undefined) throw usage('Name an image, for example gateway:openclaw-2026.9.6.')
  if (imageOf(text).kind === 'other') throw usage(`${text} names no version: an image ends like gateway:openclaw-2026.9.6.`)
  return text
}

function wholeNumber(name: string, text: string | undefined, [least, most]: readonly [number, number]): number {
  const value = Number(text)
  if (text === undefined || !Number.isInteger(value) || value < least || value > most)
    throw usage(`--${name} must be a whole number from ${least} to ${most}.`)
  return value
}

async function roll(db: Db, image: string, values: Values): Promise<string> {
  const wanted = {
    percent: wholeNumber('percent', values.percent, [1, 100]),
    atOnce: wholeNumber('at-once', values['at-once'], [1, 1_000]),
    failedPercentMax: wholeNumber('max-failed', values['max-failed'], [0, 100]),
  }
  await db.transaction(async (tx) => {
    await knowRelease(tx, image)
    await putRollout(tx, image, wanted)
  })
  return rolloutText(db)
}

async function releasesText(db: Db): Promise<string> {
  const all = await offeredReleases(db, { withdrawn: true })
  if (all.length === 0) return 'No version is offered yet: the one that Conch is configured with comes with its first start.\n'
  return all
    .map(({ image, notes, withdrawnAt }) => `${image}${withdrawnAt === null ? '' : '  (withdrawn)'}${notes === '' ? '' : `\n  ${notes}`}\n`)
    .join('')
}

async function rolloutText(db: Db): Promise<string> {
  const current = await currentRollout(db)
  if (current !== null) return describe(current, await rolloutCounts(db, current))
  const [last] = await lastRollouts(db, 1)
  return last === undefined ? 'There was no rollout yet.\n' : `None is running. The last one: ${describe(last, await rolloutCounts(db, last))}`
}

function describe({ image, percent, atOnce, failedPercentMax, state, reason }: Rollout, counts: RolloutCounts): string {
  const { fleet, done, failed, stuck, untouched, underWay } = counts
  const stuckText = stuck === 0 ? '' : `; ${stuck} of those could not be brought back: look at them`
  return [
    `${image}: ${state}${reason === null ? '' : ` (${reason})`}, to ${percent} % of ${fleet} assistants, ${atOnce} at once, stops when more than ${failedPercentMax} % fail`,
    `  moved ${done}, under way ${underWay}, brought back ${failed}${stuckText}, left as they were ${untouched}`,
    '',
  ].join('\n')
}
