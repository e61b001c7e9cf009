// Billing periods and the hours in them: all are [start, end) in UTC, to the second, as Stripe counts. Pure.
//
// Stripe keeps a subscription to the day of the month of its anchor; in a month that has no such day it renews on the last one, and comes back
// to the anchor's day afterwards (docs.stripe.com/billing/subscriptions/billing-cycle).
import { assert } from '../../lib/errors.ts'

/** From `start` to just before `end`. */
export type Span = { start: Date; end: Date }

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
const EPOCH = new Date(0)

/** The monthly period that `at` lies in, for a subscription that is anchored at `anchor`; before the anchor as well. */
export function monthlyPeriod(anchor: Date, at: Date): Span {
  const months = (at.getUTCFullYear() - anchor.getUTCFullYear()) * 12 + at.getUTCMonth() - anchor.getUTCMonth()
  const index = renewal(anchor, months) > at.getTime() ? months - 1 : months
  return { start: new Date(renewal(anchor, index)), end: new Date(renewal(anchor, index + 1)) }
}

/** The month of the calendar that `at` lies in: the period of everybody where billing is off. */
export function calendarMonth(at: Date): Span {
  return monthlyPeriod(EPOCH, at)
}

/** When a subscription renews, `months` after its anchor. */
function renewal(anchor: Date, months: number): number {
  const [year, month] = [anchor.getUTCFullYear(), anchor.getUTCMonth() + months]
  // Day 0 of a month is the last one of the month before.
  const lastDay = new Date(Date.UTC(year, month + 1, 0)).getUTCDate()
  const midnight = Date.UTC(year, month, Math.min(anchor.getUTCDate(), lastDay))
  const timeOfDay = ((anchor.getTime() % (24 * HOUR_MS)) + 24 * HOUR_MS) % (24 * HOUR_MS)
  return midnight + Math.floor(timeOfDay / SECOND_MS) * SECOND_MS
}

/**
 * The hours of `span`, each in so many pieces as `boundaries` cut it into, earliest first. The first and the last one are short where `span`
 * begins or ends within an hour. No piece lies on both sides of a boundary, so that every one belongs to one billing period.
 */
export function hoursOf(span: Span, boundaries: readonly Date[] = []): Span[] {
  const [from, to] = [span.start.getTime(), span.end.getTime()]
  const cuts = new Set([from, to, ...boundaries.map((one) => one.getTime()).filter((at) => at > from && at < to)])
  for (let hour = (Math.floor(from / HOUR_MS) + 1) * HOUR_MS; hour < to; hour += HOUR_MS) cuts.add(hour)
  const sorted = [...cuts].toSorted((a, b) => a - b)
  return from < to ? sorted.slice(1).map((end, index) => ({ start: new Date(sorted[index] ?? from), end: new Date(end) })) : []
}

/** Whether `at` lies in `span`: its start does, its end does not. */
export function isIn(span: Span, at: Date): boolean {
  return at >= span.start && at < span.end
}

/** How long `span` is, in seconds. Throws `assert.failed` for one that ends before it begins, or within a second. */
export function secondsOf(span: Span): bigint {
  const ms = span.end.getTime() - span.start.getTime()
  assert(ms >= 0 && ms % SECOND_MS === 0, `no span of whole seconds: ${span.start.toISOString()} to ${span.end.toISOString()}`)
  return BigInt(ms / SECOND_MS)
}
