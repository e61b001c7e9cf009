// Whatever happened: what the invoices ask for is what a straightforward computation says, which reckons second by second and unit by unit.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { meters, rowsToAdd, usageIn, type Fact, type Meter, type Usage } from '../../../src/domain/billing/facts.ts'
import { freeze, thaw } from '../../../src/domain/billing/frozen.ts'
import { hoursOf, type Span } from '../../../src/domain/billing/periods.ts'
import { differenceOf, rate, type Line, type RatingInputs, type TermsFrom } from '../../../src/domain/billing/rating.ts'
import { plans } from '../../../src/domain/plans.ts'
import { canonicalJson } from '../../../src/lib/digest.ts'

// Periods of about an hour: everything is reckoned by seconds, so that a month would only take longer.
const START = Date.UTC(2026, 2, 29, 0, 37, 21)
const PERIOD_SECONDS = 4_007
const periods: readonly Span[] = [0, 1].map((index) => ({ start: momentAt(index * PERIOD_SECONDS), end: momentAt((index + 1) * PERIOD_SECONDS) }))
const hours = periods.flatMap((period) => hoursOf(period).map(({ start }) => start))
const whole: Span = { start: momentAt(0), end: momentAt(2 * PERIOD_SECONDS) }
const BOUNDS: Readonly<Record<Meter, bigint>> = { uptime: 6_000n, egress: 12_000_000_000n, storage: 2n ** 30n * 12_000n, messages: 30_000n }

const odd = {
  ...plans.pro,
  version: 'pro@2',
  instancesMax: 2,
  volumeGb: 3,
  overage: { uptime: 1_700n, egress: 90n, storage: 130_000n, messages: 450n },
}
const plan = fc.constantFrom(plans.starter, plans.pro, odd)
const terms = fc
  .tuple(plan, fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 2 * PERIOD_SECONDS }), plan), { maxLength: 4, selector: ([second]) => second }))
  .map(([first, changes]): TermsFrom[] => [
    { from: momentAt(-1), plan: first },
    ...changes.map(([second, next]) => ({ from: momentAt(second), plan: next })),
  ])
const waivers = fc.uniqueArray(fc.record({ id: fc.string({ maxLength: 3 }), amount: fc.bigInt(0n, 400_000n) }), {
  maxLength: 3,
  selector: ({ id }) => id,
})
const overageMax = fc.oneof(fc.constant(0n), fc.bigInt(0n, 3_000_000n), fc.constant(10n ** 12n))
const bill = fc.record({ terms, waivers, overageMax })
const usage = fc.record(Object.fromEntries(meters.map((meter) => [meter, fc.bigInt(0n, BOUNDS[meter] * 6n)])) as Record<Meter, fc.Arbitrary<bigint>>)

type Event = { do: 'learn'; instance: string; meter: Meter; hour: number; share: number } | { do: 'close'; period: number }
const event: fc.Arbitrary<Event> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('learn' as const),
      instance: fc.constantFrom('i1', 'i2', 'i3'),
      meter: fc.constantFrom(...meters),
      hour: fc.nat({ max: hours.length - 1 }),
      share: fc.integer({ min: 0, max: 1_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close' as const), period: fc.nat({ max: 1 }) }) },
)

describe('all invoices together', () => {
  it('come to what was used, whatever is learnt when, again, or after the invoice', () => {
    fc.assert(
      fc.property(fc.array(event, { minLength: 10, maxLength: 60 }), bill, (events, terms) => {
        const truth = new Map<string, { instance: string; meter: Meter; hour: Date; amount: bigint }>()
        const ledger: Fact[] = []
        const billed: Line[][] = [[], []]
        const inputsOf = (index: number): RatingInputs => ({
          ...terms,
          period: periodAt(index),
          usage: usageIn(periodAt(index), ledger.toReversed()),
        })
        const close = (index: number): void => {
          const lines = billed[index] ?? []
          lines.push(...differenceOf(rate(inputsOf(index)), lines).lines)
        }
        for (const one of events) {
          if (one.do === 'close') close(one.period)
          else {
            const { instance, meter, share } = one
            const hour = hours[one.hour] ?? whole.start
            truth.set(`${instance} ${meter} ${one.hour}`, { instance, meter, hour, amount: (BOUNDS[meter] * BigInt(share)) / 1_000n })
            const measured = [...truth.values()].filter((known) => known.instance === instance && known.meter === meter)
            // Twice, as after a crash, and from a ledger that was read twice.
            for (const known of [ledger, ledger]) ledger.push(...rowsToAdd({ instance, meter, known: [...known, ...known], within: whole, measured }))
          }
        }
        for (const index of [0, 1, 0, 1]) close(index)
        for (const index of [0, 1]) {
          const used = usedBy([...truth.values()], periodAt(index))
          expect(totalsOf(billed[index] ?? [])).toEqual(reckoned({ ...terms, period: periodAt(index), usage: used }))
        }
      }),
      { numRuns: 60 },
    )
  })
})

describe('a rating', () => {
  it('is what is reckoned second by second and unit by unit', () => {
    fc.assert(
      fc.property(bill, usage, (terms, used) => {
        const inputs = { ...terms, period: periodAt(0), usage: used }
        expect(totalsOf(rate(inputs).lines)).toEqual(reckoned(inputs))
      }),
    )
  })

  it('asks for no more cents than the cap allows, and never for less than nothing', () => {
    fc.assert(
      fc.property(bill, usage, (terms, used) => {
        const { lines, amount, cents } = rate({ ...terms, period: periodAt(0), usage: used })
        expect(amount >= 0n && cents >= 0n && amount <= terms.overageMax && cents * 10_000n <= terms.overageMax).toBe(true)
        expect(lines.reduce((sum, line) => sum + line.cents, 0n)).toBe(cents)
      }),
    )
  })

  it('is the same to the byte when it is done again, from inputs in any order or from what was frozen', () => {
    fc.assert(
      fc.property(bill, usage, (terms, used) => {
        const inputs = { ...terms, period: periodAt(0), usage: used }
        const frozen = freeze(inputs)
        expect(freeze({ ...inputs, terms: terms.terms.toReversed(), waivers: terms.waivers.toReversed() })).toEqual(frozen)
        expect(freeze(thaw(frozen))).toEqual(frozen)
        expect(canonicalJson(rate(thaw(frozen)))).toBe(canonicalJson(rate(inputs)))
      }),
    )
  })

  it('cannot be thawed when somebody changed a byte of it', () => {
    const { text, digest } = freeze({
      terms: [{ from: whole.start, plan: plans.pro }],
      period: periodAt(0),
      usage: usedBy([], whole),
      overageMax: 0n,
      waivers: [],
    })
    expect(() => thaw({ text: text.replace('"volumeGb":5', '"volumeGb":6'), digest })).toThrow('not what it was')
  })
})

type Totals = Record<string, { amount: bigint; cents: bigint; quantity: bigint }>

/** What lines come to, by what they are for; what comes to nothing is left out. */
function totalsOf(lines: readonly Line[]): Totals {
  const totals: Totals = {}
  for (const line of lines) {
    const name = line.kind === 'overage' ? line.meter : line.kind === 'waiver' ? `waiver ${line.id}` : 'cap'
    const total = (totals[name] ??= { amount: 0n, cents: 0n, quantity: 0n })
    total.amount += line.amount
    total.cents += line.cents
    total.quantity += line.kind === 'overage' ? line.quantity : 0n
  }
  return withoutNothing(totals)
}

/** The bill, by the book: no share, no formula, a second and a step of price after the other. */
function reckoned({ period, terms, usage: used, overageMax: cap, waivers: waived }: RatingInputs): Totals {
  const seconds = Number(period.end.getTime() - period.start.getTime()) / 1_000
  const pools = { uptime: 0, egress: 0, storage: 0, messages: 0 }
  const held = new Set<TermsFrom['plan']>()
  for (let second = 0; second < seconds; second += 1) {
    const now = period.start.getTime() + second * 1_000
    const since = terms.filter(({ from }) => from.getTime() <= now)
    const latest = Math.max(...since.map(({ from }) => from.getTime()))
    const current = since.find(({ from }) => from.getTime() === latest)?.plan ?? plans.starter
    held.add(current)
    pools.uptime += current.instancesMax
    pools.storage += current.instancesMax * current.volumeGb * 2 ** 30
    pools.egress += Number(current.included.egressBytes)
    pools.messages += Number(current.included.messages)
  }
  const included: Usage = {
    uptime: BigInt(pools.uptime),
    storage: BigInt(pools.storage),
    egress: BigInt(Math.ceil(pools.egress / seconds)),
    messages: BigInt(Math.ceil(pools.messages / seconds)),
  }
  // What the smallest step of a line holds, and how many of them are a unit.
  const steps = {
    uptime: [60n, 1n],
    egress: [1_000_000n, 1n],
    storage: [2n ** 30n * BigInt(seconds), 1_000n],
    messages: [1n, 1n],
  } as const
  const totals: Totals = {}
  for (const meter of meters) {
    const [holds, ofUnit] = steps[meter]
    const price = [...held].map(({ overage }) => overage[meter]).toSorted((a, b) => Number(a - b))[0] ?? 0n
    const quantity = most((count) => included[meter] * ofUnit + count * holds <= used[meter] * ofUnit)
    const amount = quantity * (price / ofUnit)
    totals[meter] = { amount, cents: BigInt(Math.round(Number(amount) / 10_000)), quantity }
  }
  let left = sumOf(totals)
  const take = (name: string, amount: bigint, cents: bigint): void => {
    totals[name] = { amount: -amount, cents: -cents, quantity: 0n }
    left = { amount: left.amount - amount, cents: left.cents - cents }
  }
  take(
    'cap',
    left.amount > cap ? left.amount - cap : 0n,
    most((count) => left.cents - count >= BigInt(Math.floor(Number(cap) / 10_000))),
  )
  for (const { id, amount } of waived.toSorted((a, b) => (a.id < b.id ? -1 : 1))) {
    const cents = BigInt(Math.round(Number(amount) / 10_000))
    if (amount >= left.amount) take(`waiver ${id}`, left.amount, left.cents)
    else take(`waiver ${id}`, amount, cents < left.cents ? cents : left.cents)
  }
  return withoutNothing(totals)
}

/** The highest count for which it holds, 0 if there is none: by doubling, then by halves. */
function most(holds: (count: bigint) => boolean): bigint {
  let [low, high] = [0n, 1n]
  while (holds(high)) high *= 2n
  while (high - low > 1n) {
    const middle = (low + high) / 2n
    if (holds(middle)) low = middle
    else high = middle
  }
  return low
}

function sumOf(totals: Totals): { amount: bigint; cents: bigint } {
  return Object.values(totals).reduce((sum, one) => ({ amount: sum.amount + one.amount, cents: sum.cents + one.cents }), { amount: 0n, cents: 0n })
}

function withoutNothing(totals: Totals): Totals {
  return Object.fromEntries(Object.entries(totals).filter(([, { amount, cents, quantity }]) => amount !== 0n || cents !== 0n || quantity !== 0n))
}

function usedBy(facts: { meter: Meter; hour: Date; amount: bigint }[], { start, end }: Span): Usage {
  const of = (meter: Meter): bigint =>
    facts.filter((fact) => fact.meter === meter && fact.hour >= start && fact.hour < end).reduce((sum, { amount }) => sum + amount, 0n)
  return { uptime: of('uptime'), egress: of('egress'), storage: of('storage'), messages: of('messages') }
}

function periodAt(index: number): Span {
  return periods[index] ?? whole
}

function momentAt(second: number): Date {
  return new Date(START + second * 1_000)
}
