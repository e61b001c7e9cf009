// What a period will come to if it goes on like this, and when somebody is told that the end of a limit is near. Pure.
import { meters, type Meter, type Usage } from './facts.ts'
import { secondsOf, type Span } from './periods.ts'
import { includedIn, type TermsFrom } from './rating.ts'

/** The first day is not extrapolated from less: an hour of setting up says little about a month. */
const DAY_SECONDS = 86_400n
const SECOND_MS = 1_000

/** Per cent of what there is. */
export const thresholds = [50, 80, 100] as const
export type Threshold = (typeof thresholds)[number]
export type Crossing = { meter: Meter; threshold: Threshold }

export type SoFar = {
  period: Span
  now: Date
  usage: Usage
}

/**
 * Usage at the period's end: as much per second as there was so far, and within the first day as if the day were over. Never less than was used
 * already; rounded down. What it costs is `rate` of it.
 */
export function forecastOf({ period, now, usage }: SoFar): Usage {
  const whole = secondsOf(period)
  const passed = BigInt(Math.max(0, Math.floor((now.getTime() - period.start.getTime()) / SECOND_MS)))
  const measured = passed < DAY_SECONDS ? DAY_SECONDS : passed
  const atTheEnd = (used: bigint): bigint => (measured < whole ? (used * whole) / measured : used)
  return {
    uptime: atTheEnd(usage.uptime),
    egress: atTheEnd(usage.egress),
    storage: atTheEnd(usage.storage),
    messages: atTheEnd(usage.messages),
  }
}

/** The thresholds that `used` has reached of `most`, lowest first: all of them where there was nothing to use, none where nothing was used. */
export function thresholdsReached(used: bigint, most: bigint): Threshold[] {
  return used > 0n ? thresholds.filter((threshold) => used * 100n >= most * BigInt(threshold)) : []
}

/**
 * Which limits of the plan are near, of those that are used up: uptime and storage fill with time even for who never goes beyond (always on is
 * half of the allowance at half of the period), so that only a forecast says anything about them.
 */
export function crossings({ period, terms, usage }: { period: Span; terms: readonly TermsFrom[]; usage: Usage }): Crossing[] {
  return meters
    .filter((meter) => meter === 'egress' || meter === 'messages')
    .flatMap((meter) => thresholdsReached(usage[meter], includedIn({ period, terms }, meter)).map((threshold) => ({ meter, threshold })))
}
