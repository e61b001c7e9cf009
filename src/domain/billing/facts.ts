// Usage facts: what was used, by an instance, on a meter, in an hour. Rows are only ever added. The first one of an hour is what was known then;
// whatever is learnt later is a row more that holds the difference, so that the sum of the rows is always the truth. Pure.
//
// An hour is named by its start. The hour in which a period ends is two facts: the part before the boundary and the part from it (hoursOf).
// Which period a fact is used in follows from its hour, never from when it arrived; where that period has been billed, the difference that it
// makes is asked for, or given back, with the open one (differenceOf in rating.ts).
import { assert } from '../../lib/errors.ts'
import { isIn, type Span } from './periods.ts'

export const meters = ['uptime', 'egress', 'storage', 'messages'] as const
/**
 * uptime: seconds of machines that ran. egress: bytes that left them. storage: byte-seconds, a byte that was held for a second; whole numbers
 * even where a period ends within an hour, which byte-hours are not. messages: messages.
 */
export type Meter = (typeof meters)[number]

export type Fact = {
  instance: string
  meter: Meter
  /** When the hour, or the part of it behind a billing boundary, began. */
  hour: Date
  /** 0 for the first row of the hour, counting up for corrections. */
  row: number
  /** In the meter's unit. Below zero only in a correction. */
  amount: bigint
}

/** What an hour comes to, by all that is known now. */
export type Measured = { hour: Date; amount: bigint }

/** Per meter, in the meter's unit. */
export type Usage = Readonly<Record<Meter, bigint>>

export type Recount = {
  instance: string
  meter: Meter
  /** All rows of this instance and meter that there are in `within`; more do not matter. */
  known: readonly Fact[]
  /** The hours that were counted anew, by their starts. One without a measure comes to nothing; measures outside are left alone. */
  within: Span
  measured: readonly Measured[]
}

/** The rows that are missing for the sums to be what was measured; none when nothing was learnt, so that to count again is harmless. */
export function rowsToAdd({ instance, meter, known, within, measured }: Recount): Fact[] {
  const truth = new Map<number, bigint>()
  const rows = new Map<number, { sum: bigint; next: number }>()
  for (const fact of distinct(known)) {
    if (fact.instance !== instance || fact.meter !== meter || !isIn(within, fact.hour)) continue
    const at = fact.hour.getTime()
    const before = rows.get(at) ?? { sum: 0n, next: 0 }
    rows.set(at, { sum: before.sum + fact.amount, next: Math.max(before.next, fact.row + 1) })
    truth.set(at, 0n)
  }
  for (const { hour, amount } of measured) {
    assert(amount >= 0n, `less than nothing was measured: ${amount}`)
    if (isIn(within, hour)) truth.set(hour.getTime(), amount)
  }
  return [...truth]
    .toSorted(([a], [b]) => a - b)
    .flatMap(([at, amount]) => {
      const { sum, next } = rows.get(at) ?? { sum: 0n, next: 0 }
      return amount === sum ? [] : [{ instance, meter, hour: new Date(at), row: next, amount: amount - sum }]
    })
}

/**
 * What was used in `period`, of any number of instances, whatever the order of the facts and however often each is in there. Throws
 * `assert.failed` when two rows of one name say different things, or a sum is below zero: neither can be billed.
 */
export function usageIn(period: Span, facts: readonly Fact[]): Usage {
  const usage: Record<Meter, bigint> = { uptime: 0n, egress: 0n, storage: 0n, messages: 0n }
  for (const fact of distinct(facts)) if (isIn(period, fact.hour)) usage[fact.meter] += fact.amount
  for (const meter of meters) assert(usage[meter] >= 0n, `less than nothing was used: ${meter} ${usage[meter]}`)
  return usage
}

function distinct(facts: readonly Fact[]): Iterable<Fact> {
  const known = new Map<string, Fact>()
  for (const fact of facts) {
    const name = `${fact.meter} ${fact.hour.getTime()} ${fact.row} ${fact.instance}`
    const before = known.get(name)
    assert(before === undefined || before.amount === fact.amount, `two facts of one name: ${name}`)
    known.set(name, fact)
  }
  return known.values()
}
