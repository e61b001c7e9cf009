import { describe, expect, it } from 'vitest'
import type { Usage } from '../../../src/domain/billing/facts.ts'
import { crossings, forecastOf, thresholdsReached } from '../../../src/domain/billing/forecast.ts'
import { calendarMonth } from '../../../src/domain/billing/periods.ts'
import { rate } from '../../../src/domain/billing/rating.ts'
import { plans } from '../../../src/domain/plans.ts'

const at = (text: string): Date => new Date(`2026-04-${text}Z`)
const period = calendarMonth(at('01T00:00:00'))
const terms = [{ from: period.start, plan: plans.starter }]
const nothing: Usage = { uptime: 0n, egress: 0n, storage: 0n, messages: 0n }

describe('a forecast', () => {
  it.each([
    // now, messages so far, at the end
    ['16T00:00:00', 6_000n, 12_000n],
    ['21T00:00:00', 7n, 10n],
    ['02T00:00:00', 100n, 3_000n],
    // The first day counts as a whole one, however little of it there was.
    ['01T00:01:00', 100n, 3_000n],
    ['01T00:00:00', 100n, 3_000n],
    ['30T23:59:59', 9_999n, 9_999n],
    // Over, and not begun by a clock that is behind.
    ['30T23:59:59.999', 10_000n, 10_000n],
    ['01T00:00:00.500', 0n, 0n],
  ])('at %s, of %s messages: %s', (now, messages, atTheEnd) => {
    expect(forecastOf({ period, now: at(now), usage: { ...nothing, messages } }).messages).toBe(atTheEnd)
  })

  it('is what was used when the period is over', () => {
    expect(forecastOf({ period, now: new Date('2026-06-01T00:00:00Z'), usage: { ...nothing, egress: 5n } }).egress).toBe(5n)
  })

  it('never sees overage coming for an instance that is always on', () => {
    for (let hour = 0; hour <= 720; hour += 1) {
      const now = new Date(period.start.getTime() + hour * 3_600_000)
      const usage = { ...nothing, uptime: BigInt(hour) * 3_600n, storage: BigInt(hour) * 3_600n * 2n ** 30n }
      expect(rate({ period, terms, usage: forecastOf({ period, now, usage }), overageMax: 0n, waivers: [] }).lines).toEqual([])
    }
  })
})

describe('thresholds', () => {
  it.each([
    [0n, 100n, []],
    [49n, 100n, []],
    [50n, 100n, [50]],
    [79n, 100n, [50]],
    [80n, 100n, [50, 80]],
    [100n, 100n, [50, 80, 100]],
    [900n, 100n, [50, 80, 100]],
    [0n, 0n, []],
    [1n, 0n, [50, 80, 100]],
    [4_999n, 9_999n, []],
    [5_000n, 9_999n, [50]],
  ])('%s of %s: %j', (used, most, reached) => {
    expect(thresholdsReached(used, most)).toEqual(reached)
  })

  it('are of traffic and messages: what is always on is not near any limit', () => {
    const usage = { uptime: 30n * 86_400n, storage: 30n * 86_400n * 2n ** 30n, egress: 2_500_000_000n, messages: 9_000n }
    expect(crossings({ period, terms, usage })).toEqual([
      { meter: 'egress', threshold: 50 },
      { meter: 'messages', threshold: 50 },
      { meter: 'messages', threshold: 80 },
    ])
  })
})
