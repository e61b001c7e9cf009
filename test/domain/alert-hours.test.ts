import { describe, expect, it } from 'vitest'
import { minuteOfDay, nextAt, quietUntil, timeOfDay } from '../../src/domain/alert-hours.ts'
import { timeZoneOf, zoneTitle } from '../../src/domain/time-zones.ts'

const BERLIN = 'Europe/Berlin'
const at = (text: string): Date => new Date(text)
const hour = (time: string): number => minuteOfDay(time) ?? Number.NaN

describe('quiet hours', () => {
  it.each([
    // from, to, zone, now, until
    ['22:00', '07:00', 'UTC', '2026-06-01T21:59:59Z', null],
    ['22:00', '07:00', 'UTC', '2026-06-01T22:00:00Z', '2026-06-02T07:00:00.000Z'],
    ['22:00', '07:00', 'UTC', '2026-06-01T23:59:59Z', '2026-06-02T07:00:00.000Z'],
    ['22:00', '07:00', 'UTC', '2026-06-02T00:00:00Z', '2026-06-02T07:00:00.000Z'],
    ['22:00', '07:00', 'UTC', '2026-06-02T06:59:59.999Z', '2026-06-02T07:00:00.000Z'],
    ['22:00', '07:00', 'UTC', '2026-06-02T07:00:00Z', null],
    ['12:00', '14:00', 'UTC', '2026-06-01T13:00:00Z', '2026-06-01T14:00:00.000Z'],
    ['12:00', '14:00', 'UTC', '2026-06-01T14:00:00Z', null],
    ['22:00', '07:00', BERLIN, '2026-06-01T20:30:00Z', '2026-06-02T05:00:00.000Z'],
    ['22:00', '07:00', 'America/New_York', '2026-06-01T20:30:00Z', null],
    ['22:00', '07:00', 'Asia/Kolkata', '2026-06-01T17:00:00Z', '2026-06-02T01:30:00.000Z'],
    ['22:00', '07:00', null, '2026-06-01T22:30:00Z', '2026-06-02T07:00:00.000Z'],
    // The nights in which clocks change: 8 hours, and 10.
    ['22:00', '07:00', BERLIN, '2026-03-28T22:00:00Z', '2026-03-29T05:00:00.000Z'],
    ['22:00', '07:00', BERLIN, '2026-10-24T21:00:00Z', '2026-10-25T06:00:00.000Z'],
    // They end at a time that the clock shows twice: in its first hour at the first one, in its second at the second.
    ['22:00', '02:30', BERLIN, '2026-10-24T23:00:00Z', '2026-10-25T00:30:00.000Z'],
    ['22:00', '02:30', BERLIN, '2026-10-25T01:10:00Z', '2026-10-25T01:30:00.000Z'],
    // They end at a time that the clock leaps over.
    ['22:00', '02:30', BERLIN, '2026-03-29T00:00:00Z', '2026-03-29T01:30:00.000Z'],
  ])('from %s to %s in %s, at %s: until %s', (from, to, zone, now, until) => {
    expect(quietUntil({ from: hour(from), to: hour(to) }, zone, at(now))?.toISOString() ?? null).toBe(until)
  })
})

describe('the hour of the digest', () => {
  it.each([
    ['08:00', BERLIN, '2026-06-01T05:59:59Z', '2026-06-01T06:00:00.000Z'],
    ['08:00', BERLIN, '2026-06-01T06:00:00Z', '2026-06-02T06:00:00.000Z'],
    ['08:00', BERLIN, '2026-03-28T07:00:00Z', '2026-03-29T06:00:00.000Z'],
    ['08:00', BERLIN, '2026-10-24T06:00:00Z', '2026-10-25T07:00:00.000Z'],
    // A time that the clock shows twice comes once, one that it leaps over comes an hour later by it.
    ['02:30', BERLIN, '2026-10-25T00:00:00Z', '2026-10-25T00:30:00.000Z'],
    ['02:30', BERLIN, '2026-10-25T00:30:00Z', '2026-10-26T01:30:00.000Z'],
    ['02:30', BERLIN, '2026-03-28T12:00:00Z', '2026-03-29T01:30:00.000Z'],
    ['08:00', 'nowhere', '2026-06-01T07:00:00Z', '2026-06-01T08:00:00.000Z'],
    ['08:00', '+05:30', '2026-06-01T02:00:00Z', '2026-06-01T02:30:00.000Z'],
  ])('%s in %s, after %s: %s', (time, zone, now, next) => {
    expect(nextAt(hour(time), zone, at(now)).toISOString()).toBe(next)
  })

  it('comes once a day, on every day of a year', () => {
    const days = new Set<string>()
    let now = at('2026-01-01T00:00:00Z')
    for (let day = 0; day < 365; day += 1) {
      now = nextAt(hour('02:30'), BERLIN, now)
      days.add(new Intl.DateTimeFormat('en-CA', { timeZone: BERLIN }).format(now))
    }
    expect(days.size).toBe(365)
  })
})

describe('a time of day that is typed', () => {
  it.each([
    ['22:00', '22:00'],
    ['22', '22:00'],
    ['7', '07:00'],
    ['10 pm', '22:00'],
    ['10pm', '22:00'],
    ['10:30 PM', '22:30'],
    ['12 am', '00:00'],
    ['12 pm', '12:00'],
    ['7 a.m.', '07:00'],
    ['7.30', '07:30'],
    ['22 Uhr', '22:00'],
    ['7h', '07:00'],
    ['7 o’clock', '07:00'],
    ['0730', '07:30'],
    ['24', '00:00'],
    ['midnight', '00:00'],
    [' noon ', '12:00'],
  ])('%s is %s', (typed, time) => {
    expect(timeOfDay(hour(typed))).toBe(time)
  })
  it.each(['', '25', '24:30', '22:60', '13 pm', '0 am', 'late', '7:5', '22:00:00', '-3', '10 tomorrow'])('%j is none', (typed) => {
    expect(minuteOfDay(typed)).toBeNull()
  })
})

describe('a time zone that is typed', () => {
  it.each([
    ['Berlin', BERLIN],
    ['europe/berlin', BERLIN],
    ['München', BERLIN],
    ['Munich, Germany', BERLIN],
    ['Köln', BERLIN],
    ['CET', BERLIN],
    ['new york', 'America/New_York'],
    ['San Francisco', 'America/Los_Angeles'],
    ['Wien', 'Europe/Vienna'],
    ['Zürich', 'Europe/Zurich'],
    ['Mumbai', 'Asia/Kolkata'],
    ['kolkata', 'Asia/Kolkata'],
    ['São Paulo', 'America/Sao_Paulo'],
    ['UTC', 'UTC'],
    ['UTC+2', '+02:00'],
    ['gmt -3', '-03:00'],
    ['+5:30', '+05:30'],
  ])('%s is %s', (typed, zone) => {
    expect(timeZoneOf(typed)).toBe(zone)
  })
  it.each(['', 'nowhere', 'UTC+20', '12', '/', '../etc/passwd', 'x'.repeat(500)])('%j is none', (typed) => {
    expect(timeZoneOf(typed)).toBeNull()
  })
  it('is called what people call it', () => {
    expect([BERLIN, 'America/New_York', '+02:00', 'UTC'].map(zoneTitle)).toEqual(['Berlin', 'New York', 'UTC+02:00', 'UTC'])
  })
})
