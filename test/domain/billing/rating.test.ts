import { describe, expect, it } from 'vitest'
import { usageIn, type Fact, type Usage } from '../../../src/domain/billing/facts.ts'
import { uptimeOf } from '../../../src/domain/billing/meters.ts'
import { dollarsText } from '../../../src/domain/billing/money.ts'
import { calendarMonth, monthlyPeriod, secondsOf } from '../../../src/domain/billing/periods.ts'
import { differenceOf, includedIn, quantityText, rate, units, type Line, type RatingInputs } from '../../../src/domain/billing/rating.ts'
import { plans, type PlanId } from '../../../src/domain/plans.ts'

const MB = 1_000_000n
const GB_MONTH = 2n ** 30n * 30n * 86_400n
const DAY = 86_400n
/** 30 days. */
const period = calendarMonth(new Date('2026-04-01T00:00:00Z'))
const nothing: Usage = { uptime: 0n, egress: 0n, storage: 0n, messages: 0n }
const on = (plan: PlanId, date = '2026-01-01'): RatingInputs['terms'][number] => ({ from: new Date(`${date}T00:00:00Z`), plan: plans[plan] })
const inputs = (usage: Partial<Usage>, more: Partial<RatingInputs> = {}): RatingInputs => ({
  period,
  terms: [on('starter')],
  usage: { ...nothing, ...usage },
  overageMax: 1_000_000_000n,
  waivers: [],
  ...more,
})
const said = (line: Line): string => {
  const sum = `${dollarsText(line.amount)}, ${line.cents} ¢`
  if (line.kind === 'overage') return `${quantityText(line)} ${units[line.meter].name} × ${dollarsText(line.unitPrice)} = ${sum}`
  return `${line.kind === 'waiver' ? `waiver ${line.id}` : line.kind} ${sum}`
}

describe('a period of Starter', () => {
  it.each<[string, Partial<Usage>, string[]]>([
    ['always on', { uptime: 30n * DAY }, []],
    ['with two that are always on', { uptime: 60n * DAY }, ['43200 minute × $0.001 = $43.20, 4320 ¢']],
    ['59 seconds beyond', { uptime: 30n * DAY + 59n }, []],
    ['a minute beyond', { uptime: 30n * DAY + 60n }, ['1 minute × $0.001 = $0.001, 0 ¢']],
    ['all of its bandwidth', { egress: 5_000n * MB }, []],
    ['a byte short of a megabyte more', { egress: 5_001n * MB - 1n }, []],
    ['7,312 MB more, and a bit', { egress: 12_312n * MB + 999_999n }, ['7312 MB × $0.0001 = $0.7312, 73 ¢']],
    ['a whole GB of storage', { storage: GB_MONTH }, []],
    ['1.512 GB of storage more', { storage: (GB_MONTH * 2_512n) / 1_000n + 1n }, ['1.512 GB-month × $0.10 = $0.1512, 15 ¢']],
    ['10 GB more, for three days', { storage: GB_MONTH + GB_MONTH }, ['1 GB-month × $0.10 = $0.10, 10 ¢']],
    ['all of its messages', { messages: 10_000n }, []],
    ['half a cent of messages more', { messages: 10_010n }, ['10 message × $0.0005 = $0.005, 1 ¢']],
    ['less than half a cent of messages more', { messages: 10_009n }, ['9 message × $0.0005 = $0.0045, 0 ¢']],
    [
      'everything at once',
      { uptime: 30n * DAY + 7_200n, egress: 5_015n * MB, storage: GB_MONTH * 3n, messages: 12_345n },
      [
        '120 minute × $0.001 = $0.12, 12 ¢',
        '15 MB × $0.0001 = $0.0015, 0 ¢',
        '2 GB-month × $0.10 = $0.20, 20 ¢',
        '2345 message × $0.0005 = $1.1725, 117 ¢',
      ],
    ],
  ])('%s', (_, usage, lines) => {
    expect(rate(inputs(usage)).lines.map(said)).toEqual(lines)
  })

  it.each([
    ['2026-01-31T14:37:21Z', 26],
    ['2026-01-01T00:00:00Z', 26],
    ['2028-02-29T23:59:59Z', 26],
  ])('always on, anchored at %s, is $9.00 in each of %i months', (anchor, months) => {
    const life = { start: new Date(anchor), end: new Date('2040-01-01T00:00:00Z') }
    let month = monthlyPeriod(life.start, life.start)
    for (let index = 0; index < months; index += 1) {
      const hours = uptimeOf([{ start: life.start, end: month.end }], { life: month, boundaries: [month.start, month.end] })
      const facts = hours.map((measured): Fact => ({ instance: 'i1', meter: 'uptime', row: 0, ...measured }))
      const usage = usageIn(month, facts)
      expect(usage.uptime).toBe(secondsOf(month))
      expect(rate(inputs(usage, { period: month, terms: [{ ...on('starter'), from: life.start }] }))).toEqual({ lines: [], amount: 0n, cents: 0n })
      month = monthlyPeriod(life.start, month.end)
    }
  })
})

describe('a plan that changed within the period', () => {
  const tenAndTwenty = [on('starter'), on('pro', '2026-04-11')]

  it.each([
    // 10 days of 1 and 20 of 3 instances; 10/30 of 5 GB and 20/30 of 20; 10 days of 1 GB and 20 of 15; 10/30 of 10,000 and 20/30 of 50,000.
    ['uptime', 70n * DAY],
    ['egress', 15_000n * MB],
    ['storage', 310n * DAY * 2n ** 30n],
    ['messages', 36_667n],
  ] as const)('includes a share of each: %s', (meter, included) => {
    expect(includedIn({ period, terms: tenAndTwenty }, meter)).toBe(included)
    expect(includedIn({ period, terms: tenAndTwenty.toReversed() }, meter)).toBe(included)
  })

  it('does not charge who upgraded because the limit was near', () => {
    expect(rate(inputs({ messages: 9_900n }, { terms: tenAndTwenty })).lines).toEqual([])
  })

  it('has one line for what is beyond both, at the lower of two rates', () => {
    const cheaper = { ...plans.pro, overage: { ...plans.pro.overage, messages: 400n } }
    const terms = [on('starter'), { ...on('pro', '2026-04-11'), plan: cheaper }]
    expect(rate(inputs({ messages: 40_000n }, { terms })).lines.map(said)).toEqual(['3333 message × $0.0004 = $1.3332, 133 ¢'])
  })

  it('changes nothing when it changes with the period', () => {
    const terms = [on('pro', '2026-05-01'), on('starter', '2026-04-01'), on('pro', '2026-02-01')]
    expect(includedIn({ period, terms }, 'messages')).toBe(10_000n)
  })

  it('cannot be rated when nobody knows which plan held', () => {
    expect(() => rate(inputs({}, { terms: [on('pro', '2026-04-02')] }))).toThrow('no plan held')
    expect(() => rate(inputs({}, { terms: [on('pro'), on('starter')] }))).toThrow('two plans began at once')
  })
})

describe('a cap', () => {
  const usage = { egress: 15_000n * MB, messages: 12_000n }

  it.each([
    ['hard', 0n, ['cap -$2.00, -200 ¢'], 0n, 0n],
    ['of less than the overage', 1_500_000n, ['cap -$0.50, -50 ¢'], 1_500_000n, 150n],
    ['of just the overage', 2_000_000n, [], 2_000_000n, 200n],
    ['of parts of a cent', 1_999_999n, ['cap -$0.000001, -1 ¢'], 1_999_999n, 199n],
  ])('that is %s', (_, overageMax, lines, amount, cents) => {
    const statement = rate(inputs(usage, { overageMax }))
    expect(statement.lines.filter((line) => line.kind === 'cap').map(said)).toEqual(lines)
    expect([statement.amount, statement.cents]).toEqual([amount, cents])
  })

  it('holds for the rounded sum as well', () => {
    // 0.5 cents each are 1 cent each.
    const statement = rate(inputs({ egress: 5_050n * MB, messages: 10_010n }, { overageMax: 10_000n }))
    expect(statement.lines.map(said)).toEqual(['50 MB × $0.0001 = $0.005, 1 ¢', '10 message × $0.0005 = $0.005, 1 ¢', 'cap $0.00, -1 ¢'])
    expect(statement.cents).toBe(1n)
  })
})

describe('a waiver', () => {
  const usage = { messages: 12_000n }

  it.each([
    ['of a part', [{ id: 'w1', amount: 250_000n }], ['waiver w1 -$0.25, -25 ¢'], 75n],
    ['of more than there is', [{ id: 'w1', amount: 9_000_000n }], ['waiver w1 -$1.00, -100 ¢'], 0n],
    [
      'after another, by their ids',
      [
        { id: 'w2', amount: 900_000n },
        { id: 'w1', amount: 200_000n },
      ],
      ['waiver w1 -$0.20, -20 ¢', 'waiver w2 -$0.80, -80 ¢'],
      0n,
    ],
  ])('%s', (_, waivers, lines, cents) => {
    const statement = rate(inputs(usage, { waivers }))
    expect(statement.lines.filter((line) => line.kind === 'waiver').map(said)).toEqual(lines)
    expect(statement.cents).toBe(cents)
  })

  it('of all there is leaves no cent that came from rounding', () => {
    const halves = { egress: 5_050n * MB, messages: 10_010n }
    expect(rate(inputs(halves)).cents).toBe(2n)
    expect(rate(inputs(halves, { waivers: [{ id: 'w1', amount: 10_000n }] })).cents).toBe(0n)
  })

  it('is taken from what the cap leaves', () => {
    expect(rate(inputs(usage, { overageMax: 400_000n, waivers: [{ id: 'w1', amount: 100_000n }] })).cents).toBe(30n)
  })

  it('does not count twice', () => {
    const waiver = { id: 'w1', amount: 1n }
    expect(() => rate(inputs(usage, { waivers: [waiver, waiver] }))).toThrow('one twice')
  })
})

describe('what became known after the invoice', () => {
  const billed = rate(inputs({ messages: 10_009n, egress: 6_000n * MB }))

  it.each<[string, Partial<Usage>, string[], bigint]>([
    ['nothing', { messages: 10_009n, egress: 6_000n * MB }, [], 0n],
    // 9 messages were rounded to nothing, 10 are a cent: the cent comes with the tenth.
    ['another message', { messages: 10_010n, egress: 6_000n * MB }, ['1 message × $0.0005 = $0.0005, 1 ¢'], 1n],
    ['less traffic', { messages: 10_009n, egress: 5_500n * MB }, ['-500 MB × $0.0001 = -$0.05, -5 ¢'], -5n],
    ['no overage at all', {}, ['-1000 MB × $0.0001 = -$0.10, -10 ¢', '-9 message × $0.0005 = -$0.0045, 0 ¢'], -10n],
    // The hours that come late find the allowance of their own period.
    ['late uptime, inside the allowance', { messages: 10_009n, egress: 6_000n * MB, uptime: 30n * DAY }, [], 0n],
  ])('%s', (_, usage, lines, cents) => {
    const difference = differenceOf(rate(inputs(usage)), billed.lines)
    expect(difference.lines.map(said)).toEqual(lines)
    expect(difference.cents).toBe(cents)
  })

  it('does not go beyond the cap either', () => {
    const capped = { overageMax: 10_000n }
    const before = rate(inputs({ messages: 10_010n }, capped))
    expect(differenceOf(rate(inputs({ messages: 10_100n }, capped)), before.lines).lines.map(said)).toEqual([
      '90 message × $0.0005 = $0.045, 4 ¢',
      'cap -$0.04, -4 ¢',
    ])
  })
})
