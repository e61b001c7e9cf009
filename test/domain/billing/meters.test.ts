import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rowsToAdd, type Fact, type Measured } from '../../../src/domain/billing/facts.ts'
import { increaseOf, runsByFalls, storageOf, uptimeOf, type CounterReading } from '../../../src/domain/billing/meters.ts'

const DAY = '2026-03-01T'
const at = (time: string): Date => new Date(`${DAY}${time}Z`)
const span = (start: string, end: string) => ({ start: at(start), end: at(end) })
const life = span('00:00:00', '12:00:00')
const counting = { life, boundaries: [] }
const said = (measured: Measured[]): string => measured.map(({ hour, amount }) => `${hour.toISOString().slice(11, 16)} ${amount}`).join(', ')
const sumOf = (measured: Measured[]): bigint => measured.reduce((sum, { amount }) => sum + amount, 0n)
const reading = (time: string, total: number, run = 'a', receivedAt = time): CounterReading => ({
  run,
  at: at(time),
  receivedAt: at(receivedAt),
  total: BigInt(total),
})

describe('uptime', () => {
  it.each([
    ['one span over two hours', [span('01:30:00', '02:15:00')], '01:00 1800, 02:00 900'],
    ['a second reading of the same start', [span('01:00:00', '01:30:00'), span('01:00:00', '02:00:00')], '01:00 3600'],
    [
      'readings that come twice, and in no order',
      [span('01:20:00', '01:30:00'), span('01:00:00', '01:10:00'), span('01:20:00', '01:30:00')],
      '01:00 1200',
    ],
    ['hours that nobody looked at while it ran', [span('01:00:00', '04:00:00')], '01:00 3600, 02:00 3600, 03:00 3600'],
    ['a restart that nobody saw the end before', [span('01:00:00', '01:10:00'), span('01:40:00', '02:00:00')], '01:00 1800'],
    ['a machine whose clock was set back', [span('02:00:00', '01:00:00')], ''],
    ['a machine that says it runs since long before there was one', [{ start: new Date(0), end: at('00:10:00') }], '00:00 600'],
    ['parts of seconds', [{ start: new Date(`${DAY}01:00:00.001Z`), end: new Date(`${DAY}01:00:02.999Z`) }], '01:00 1'],
  ])('%s', (_, seen, hours) => {
    expect(said(uptimeOf(seen, counting))).toBe(hours)
  })

  it('is cut where a billing period ends within the hour', () => {
    const cut = { life, boundaries: [at('01:37:21')] }
    expect(said(uptimeOf([span('01:00:00', '03:00:00')], cut))).toBe('01:00 2241, 01:37 1359, 02:00 3600')
    expect(said(uptimeOf([span('01:50:00', '02:00:00')], cut))).toBe('01:37 600')
  })

  it('is every second that somebody saw, once, whatever was read when', () => {
    const second = fc.integer({ min: -1_000, max: 12_000 })
    fc.assert(
      fc.property(fc.array(fc.tuple(second, second), { maxLength: 12 }), second, (pairs, cut) => {
        const seconds = new Map<number, bigint>()
        const seen = new Set<number>()
        for (const [from, to] of pairs) for (let one = Math.max(from, 0); one < Math.min(to, 10_000); one += 1) seen.add(one)
        for (const one of seen) {
          const hour = Math.floor(one / 3_600) * 3_600
          const name = cut > hour && one >= cut ? cut : hour
          seconds.set(name, (seconds.get(name) ?? 0n) + 1n)
        }
        const spans = pairs.map(([from, to]) => ({ start: after(from), end: after(to) }))
        const short = { start: life.start, end: after(10_000) }
        expect(uptimeOf(spans, { life: short, boundaries: [after(cut)] })).toEqual(hoursIn(seconds))
      }),
      { numRuns: 60 },
    )
  })
})

describe('counters', () => {
  it.each([
    ['grow within an hour', [reading('01:00:00', 100), reading('01:30:00', 150), reading('02:00:00', 180)], '01:00 80'],
    ['stand somewhere when they are first read', [reading('01:00:00', 5_000)], ''],
    ['are spread over hours that were missed', [reading('01:30:00', 0), reading('04:00:00', 50)], '01:00 10, 02:00 20, 03:00 20'],
    ['leave what does not divide to the later hours', [reading('01:00:00', 0), reading('04:00:00', 5)], '01:00 1, 02:00 2, 03:00 2'],
    [
      'begin at zero again',
      [reading('01:00:00', 100), reading('01:30:00', 150), reading('01:40:00', 0, 'b'), reading('02:30:00', 25, 'b')],
      '01:00 60, 02:00 15',
    ],
    ['are read twice', [reading('01:00:00', 100), reading('01:30:00', 150), reading('01:30:00', 150), reading('01:00:00', 100)], '01:00 50'],
    ['are read late', [reading('03:00:00', 160), reading('01:00:00', 100), reading('02:00:00', 110, 'a', '03:30:00')], '01:00 10, 02:00 50'],
    [
      'come from a clock that was set back',
      [reading('02:00:00', 100), reading('03:00:00', 150), reading('01:00:00', 170, 'a', '04:00:00')],
      '02:00 70',
    ],
    [
      'come from a clock in the future',
      [reading('02:00:00', 100), reading('11:00:00', 150, 'a', '03:00:00'), reading('04:00:00', 170)],
      '02:00 50, 03:00 20',
    ],
    ['fall within a run', [reading('01:00:00', 100), reading('02:00:00', 40), reading('03:00:00', 120)], '01:00 10, 02:00 10'],
    ['grow within one second', [reading('02:00:00', 100), reading('02:00:00', 107)], '01:00 7'],
  ])('that %s', (_, readings, hours) => {
    expect(said(increaseOf(readings, counting))).toBe(hours)
  })

  it('without names for their runs begin at zero where they fall', () => {
    const readings = [reading('01:00:00', 100), reading('02:00:00', 130), reading('03:00:00', 20), reading('04:00:00', 20), reading('05:00:00', 10)]
    expect(said(increaseOf(runsByFalls(readings), counting))).toBe('01:00 30, 02:00 20, 04:00 10')
  })

  it('come to what was counted, whatever is read twice, late, shuffled, or by which clock', () => {
    fc.assert(
      fc.property(
        history,
        fc.infiniteStream(fc.integer({ min: -9_000, max: 9_000 })),
        fc.infiniteStream(fc.double({ min: 0, max: 1 })),
        (past, drift, order) => {
          const { readings, seen } = lived(past)
          // A run that began was seen at once; what is read later may take its time.
          const wrong = readings.map((one) => ({
            ...one,
            at: new Date(one.at.getTime() + next(drift) * 1_000),
            receivedAt: new Date(one.receivedAt.getTime() + (one.total === 0n ? 0 : Math.abs(next(drift)) * 1_000)),
          }))
          const delivered = [...wrong, ...wrong.filter((_, index) => index % 3 === 0)].map((one) => ({ one, place: next(order) }))
          const shuffled = delivered.toSorted((a, b) => a.place - b.place).map(({ one }) => one)
          expect(sumOf(increaseOf(shuffled, counting))).toBe(seen.reduce((sum, { amount }) => sum + amount, 0n))
        },
      ),
    )
  })

  it('count in the hour in which it was, when they are read at the end of each', () => {
    fc.assert(
      fc.property(history, ({ events, resets, samples }) => {
        const hourly = Array.from({ length: 12 }, (_, hour) => hour * 3_600 + 3_599)
        const { readings, seen } = lived({ events, resets, samples: [...samples, ...hourly] })
        const hours = new Map<number, bigint>()
        for (const { second, amount } of seen) hours.set(second - (second % 3_600), (hours.get(second - (second % 3_600)) ?? 0n) + amount)
        expect(increaseOf(readings, counting)).toEqual(hoursIn(hours))
      }),
    )
  })
})

describe('counters that are counted reading after reading', () => {
  it('come to the same facts as all at once, whatever hours were missed', () => {
    fc.assert(
      fc.property(history, (past) => {
        const { readings } = lived(past)
        const ledger: Fact[] = []
        for (const [index, latest] of readings.entries()) {
          const counted = readings[index - 1] ?? latest
          const within = { start: hourOf(counted.at), end: life.end }
          const from = readings.findLast((one) => one.at < within.start)?.at ?? life.start
          const known = readings.slice(0, index + 1).filter((one) => one.at >= from)
          ledger.push(...rowsToAdd({ instance: 'i1', meter: 'egress', known: ledger, within, measured: increaseOf(known, counting) }))
        }
        const sums = new Map<number, bigint>()
        for (const { hour, amount } of ledger) sums.set(secondsAfter(hour), (sums.get(secondsAfter(hour)) ?? 0n) + amount)
        expect(hoursIn(sums).filter(({ amount }) => amount !== 0n)).toEqual(increaseOf(readings, counting))
      }),
    )
  })
})

describe('storage', () => {
  it.each([
    ['stays', [level('01:00:00', 10), level('02:00:00', 10)], '01:00 36000'],
    ['grows, and counts from when that is seen', [level('01:00:00', 10), level('02:00:00', 20), level('03:00:00', 20)], '01:00 36000, 02:00 72000'],
    ['shrinks, and counts as if it did at once', [level('01:00:00', 20), level('02:00:00', 10)], '01:00 36000'],
    ['is not read for hours', [level('01:30:00', 10), level('03:30:00', 10)], '01:00 18000, 02:00 36000, 03:00 18000'],
    ['is read twice, and differs', [level('02:00:00', 10), level('01:00:00', 30), level('01:00:00', 20), level('02:00:00', 20)], '01:00 36000'],
    ['is read once', [level('01:00:00', 10)], ''],
  ])('that %s', (_, readings, hours) => {
    expect(said(storageOf(readings, counting))).toBe(hours)
  })

  it('is at each second the lower one of the readings around it', () => {
    const one = fc.record({ second: fc.integer({ min: 0, max: 7_200 }), bytes: fc.bigInt(1n, 1_000n) })
    fc.assert(
      fc.property(fc.array(one, { maxLength: 8 }), (levels) => {
        const lowest = (some: { bytes: bigint }[]): bigint => some.reduce((low, { bytes }) => (bytes < low ? bytes : low), 10_000n)
        let sum = 0n
        for (let second = 0; second < 7_200; second += 1) {
          const [before, later] = [levels.filter((was) => was.second <= second), levels.filter((is) => is.second > second)]
          if (before.length === 0 || later.length === 0) continue
          const [last, first] = [Math.max(...before.map((was) => was.second)), Math.min(...later.map((is) => is.second))]
          sum += lowest(levels.filter((was) => was.second === last || was.second === first))
        }
        const readings = levels.map(({ second, bytes }) => ({ at: after(second), receivedAt: after(second), bytes }))
        expect(sumOf(storageOf(readings, counting))).toBe(sum)
      }),
      { numRuns: 20 },
    )
  })
})

const secondOfLife = fc.integer({ min: 0, max: 43_199 })
type History = { events: { second: number; amount: bigint }[]; resets: number[]; samples: number[] }
const history: fc.Arbitrary<History> = fc.record({
  events: fc.array(fc.record({ second: secondOfLife, amount: fc.bigInt(1n, 10n ** 12n) }), { maxLength: 30 }),
  resets: fc.array(secondOfLife, { maxLength: 4 }),
  samples: fc.array(secondOfLife, { maxLength: 15 }),
})

/** A counter, second by second: the readings that were taken of it, and the events that a reading saw before the counter began anew. */
function lived({ events, resets, samples }: History): { readings: CounterReading[]; seen: History['events'] } {
  const readings: CounterReading[] = []
  const seen: History['events'] = []
  let unseen: History['events'] = []
  let [run, total] = [0, 0n]
  const read = (second: number): void => {
    readings.push({ run: String(run), at: after(second), receivedAt: after(second), total })
  }
  read(0)
  for (const second of [...new Set([...events.map((event) => event.second), ...resets, ...samples])].toSorted((a, b) => a - b)) {
    if (resets.includes(second)) {
      unseen = []
      ;[run, total] = [run + 1, 0n]
      read(second)
    }
    const now = events.filter((event) => event.second === second)
    unseen.push(...now)
    total += now.reduce((sum, { amount }) => sum + amount, 0n)
    if (!samples.includes(second)) continue
    seen.push(...unseen)
    unseen = []
    read(second + 1)
  }
  return { readings, seen }
}

function level(time: string, bytes: number) {
  return { at: at(time), receivedAt: at(time), bytes: BigInt(bytes) }
}

/** The moment so many seconds after the life began. */
function after(second: number): Date {
  return new Date(life.start.getTime() + second * 1_000)
}

function secondsAfter(moment: Date): number {
  return (moment.getTime() - life.start.getTime()) / 1_000
}

function hourOf(moment: Date): Date {
  return after(Math.floor(secondsAfter(moment) / 3_600) * 3_600)
}

function hoursIn(amounts: ReadonlyMap<number, bigint>): Measured[] {
  return [...amounts].toSorted(([a], [b]) => a - b).map(([second, amount]) => ({ hour: after(second), amount }))
}

function next<T>(stream: fc.Stream<T>): T {
  return stream.next().value as T
}
