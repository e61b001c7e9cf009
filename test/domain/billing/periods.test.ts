import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendarMonth, hoursOf, isIn, monthlyPeriod, secondsOf, type Span } from '../../../src/domain/billing/periods.ts'

const at = (text: string): Date => new Date(text)
const textOf = ({ start, end }: Span): string => `${start.toISOString()} ${end.toISOString()}`.replaceAll('.000Z', 'Z')

describe('a monthly period', () => {
  it.each([
    // anchor, at, period
    ['2026-01-15T10:00:00Z', '2026-01-15T10:00:00Z', '2026-01-15T10:00:00Z 2026-02-15T10:00:00Z'],
    ['2026-01-15T10:00:00Z', '2026-02-15T09:59:59Z', '2026-01-15T10:00:00Z 2026-02-15T10:00:00Z'],
    ['2026-01-15T10:00:00Z', '2026-02-15T10:00:00Z', '2026-02-15T10:00:00Z 2026-03-15T10:00:00Z'],
    // The 31st: the last day of shorter months, and the 31st again.
    ['2026-01-31T14:37:21Z', '2026-02-10T00:00:00Z', '2026-01-31T14:37:21Z 2026-02-28T14:37:21Z'],
    ['2026-01-31T14:37:21Z', '2026-03-01T00:00:00Z', '2026-02-28T14:37:21Z 2026-03-31T14:37:21Z'],
    ['2026-01-31T14:37:21Z', '2026-04-01T00:00:00Z', '2026-03-31T14:37:21Z 2026-04-30T14:37:21Z'],
    ['2026-01-31T14:37:21Z', '2026-05-31T14:37:20Z', '2026-04-30T14:37:21Z 2026-05-31T14:37:21Z'],
    ['2026-01-31T14:37:21Z', '2026-12-31T23:00:00Z', '2026-12-31T14:37:21Z 2027-01-31T14:37:21Z'],
    // Leap years.
    ['2028-01-31T00:00:00Z', '2028-02-29T00:00:00Z', '2028-02-29T00:00:00Z 2028-03-31T00:00:00Z'],
    ['2028-02-29T12:00:00Z', '2029-02-28T12:00:00Z', '2029-02-28T12:00:00Z 2029-03-29T12:00:00Z'],
    ['2028-02-29T12:00:00Z', '2032-03-01T00:00:00Z', '2032-02-29T12:00:00Z 2032-03-29T12:00:00Z'],
    ['2026-01-30T00:00:00Z', '2100-02-28T12:00:00Z', '2100-02-28T00:00:00Z 2100-03-30T00:00:00Z'],
    // Fractions of a second are none of Stripe's; clocks that change at night do not matter in UTC.
    ['2026-03-10T01:30:00.750Z', '2026-03-29T01:30:00Z', '2026-03-10T01:30:00Z 2026-04-10T01:30:00Z'],
    // Before the anchor.
    ['2026-03-31T00:00:00Z', '2026-02-28T00:00:00Z', '2026-02-28T00:00:00Z 2026-03-31T00:00:00Z'],
  ])('anchored at %s, holds %s: %s', (anchor, moment, period) => {
    expect(textOf(monthlyPeriod(at(anchor), at(moment)))).toBe(period)
  })

  it('follows the one before without a gap, through every month of twenty years', () => {
    for (const anchor of ['2026-01-31T23:59:59Z', '2027-11-30T00:00:00Z', '2028-02-29T06:00:00Z', '2026-05-01T00:00:00Z']) {
      let period = monthlyPeriod(at(anchor), at(anchor))
      for (let month = 0; month < 240; month += 1) {
        const next = monthlyPeriod(at(anchor), period.end)
        expect(next.start).toEqual(period.end)
        expect([28, 29, 30, 31]).toContain(Number(secondsOf(period)) / 86_400)
        period = next
      }
    }
  })

  it('holds the moment that it was asked for, whatever the anchor', () => {
    const moment = fc.date({ min: at('1990-01-01T00:00:00Z'), max: at('2090-01-01T00:00:00Z'), noInvalidDate: true })
    fc.assert(
      fc.property(moment, moment, (anchor, now) => {
        expect(isIn(monthlyPeriod(anchor, now), now)).toBe(true)
      }),
    )
  })
})

describe('a month of the calendar', () => {
  it.each([
    ['2026-01-01T00:00:00Z', '2026-01-01T00:00:00Z 2026-02-01T00:00:00Z', 744],
    ['2026-12-31T23:59:59Z', '2026-12-01T00:00:00Z 2027-01-01T00:00:00Z', 744],
    ['2026-02-14T00:00:00Z', '2026-02-01T00:00:00Z 2026-03-01T00:00:00Z', 672],
    ['2028-02-29T12:00:00Z', '2028-02-01T00:00:00Z 2028-03-01T00:00:00Z', 696],
  ])('of %s: %s, %s hours', (moment, period, hours) => {
    const month = calendarMonth(at(moment))
    expect([textOf(month), hoursOf(month).length]).toEqual([period, hours])
  })
})

describe('the hours of a span', () => {
  it('are short where it begins and ends, and cut at boundaries', () => {
    const span = { start: at('2026-01-31T14:37:21Z'), end: at('2026-01-31T17:10:00Z') }
    expect(hoursOf(span, [at('2026-01-31T16:20:00Z'), at('2026-01-31T15:00:00Z'), at('2026-01-31T18:00:00Z')]).map(textOf)).toEqual([
      '2026-01-31T14:37:21Z 2026-01-31T15:00:00Z',
      '2026-01-31T15:00:00Z 2026-01-31T16:00:00Z',
      '2026-01-31T16:00:00Z 2026-01-31T16:20:00Z',
      '2026-01-31T16:20:00Z 2026-01-31T17:00:00Z',
      '2026-01-31T17:00:00Z 2026-01-31T17:10:00Z',
    ])
  })

  it('are none where nothing is between start and end', () => {
    expect(hoursOf({ start: at('2026-01-01T10:00:00Z'), end: at('2026-01-01T10:00:00Z') })).toEqual([])
  })

  it('of two periods that meet within an hour share no second and leave none out', () => {
    const boundary = at('2026-02-28T14:37:21Z')
    const [before, after] = [
      monthlyPeriod(at('2026-01-31T14:37:21Z'), at('2026-02-01T00:00:00Z')),
      monthlyPeriod(at('2026-01-31T14:37:21Z'), boundary),
    ]
    const both = { start: before.start, end: after.end }
    expect([...hoursOf(before), ...hoursOf(after)]).toEqual(hoursOf(both, [boundary]))
    expect(hoursOf(before)).toHaveLength(28 * 24 + 1)
  })
})
