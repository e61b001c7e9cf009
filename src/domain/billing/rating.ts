// What a period's usage costs beyond its plan. Pure: the same inputs give the same bytes for ever, in whatever order they come.
//
// - Everything is included in pools of a whole period and of all instances. Uptime and storage are pools of time (instances × the length of the
//   period; GB × instances × the length), so a 31-day month of an instance that is always on is inside, as is one of 28 days.
// - Where the plan changed within the period, each plan adds its pool by the share of the period in which it held; there is still one pool per
//   meter and one line. Rating the parts on their own would charge who upgrades because the limit is near. Of two rates, the lower one holds.
// - Only whole units are billed, per meter and period: minutes, megabytes (10^6 bytes), thousandths of a GB-month, messages. A line is quantity
//   × price, exact to the micro-dollar, and is rounded to cents once.
// - What goes beyond the customer's cap is not charged, then come the operator's waivers: lines of their own, below zero. Referral credit and
//   refunds are money that was or will be paid, not usage, and no business of this file.
import { assert } from '../../lib/errors.ts'
import type { Plan } from '../plans.ts'
import { meters, type Meter, type Usage } from './facts.ts'
import { roundToCents, wholeCents, type Cents, type MicroDollars } from './money.ts'
import { secondsOf, type Span } from './periods.ts'

/** What rating needs of a plan's version. */
export type Terms = Pick<Plan, 'version' | 'instancesMax' | 'volumeGb' | 'included' | 'overage'>
/** From when on a plan held: until the next one, or the period's end. */
export type TermsFrom = { from: Date; plan: Terms }
/** What an operator has let go of. */
export type Waiver = { id: string; amount: MicroDollars }

export type RatingInputs = {
  /** As it was paid for: a cancellation within it changes neither its end nor what it includes. */
  period: Span
  /** In any order; the first one holds from the period's start or before. */
  terms: readonly TermsFrom[]
  usage: Usage
  /** Overage that the customer allows in this period; 0 is the hard cap that everybody begins with. */
  overageMax: MicroDollars
  waivers: readonly Waiver[]
}

type Charge = { amount: MicroDollars; cents: Cents }
export type OverageLine = Charge & {
  kind: 'overage'
  meter: Meter
  /** In the unit of `units`, with so many decimals: 1,512 thousandths of a GB-month are 1512. */
  quantity: bigint
  unitPrice: MicroDollars
}
export type Line = OverageLine | (Charge & { kind: 'cap' }) | (Charge & { kind: 'waiver'; id: string })
export type Statement = Charge & { lines: readonly Line[] }

const BYTES_PER_MB = 1_000_000n
const BYTES_PER_GB_OF_STORAGE = 2n ** 30n
const SECONDS_PER_MINUTE = 60n

/** What each meter is billed in: its name, and with how many decimals its quantity is written. */
export const units: Readonly<Record<Meter, { name: 'minute' | 'MB' | 'GB-month' | 'message'; decimals: 0 | 3 }>> = {
  uptime: { name: 'minute', decimals: 0 },
  egress: { name: 'MB', decimals: 0 },
  storage: { name: 'GB-month', decimals: 3 },
  messages: { name: 'message', decimals: 0 },
}

/** The lines of one period: overage by meter in the order of `meters`, then the cap, then waivers by id. */
export function rate(inputs: RatingInputs): Statement {
  assert(inputs.overageMax >= 0n, 'a cap is not below zero')
  const overage = meters.flatMap((meter) => overageLine(meter, inputs))
  const lines: Line[] = [...overage]
  const charged = sumOf(overage)
  // Rounded, lines can come to a cent more than their exact sum: the cap holds for both.
  const beyond = {
    amount: atLeastZero(charged.amount - inputs.overageMax),
    cents: atLeastZero(charged.cents - wholeCents(inputs.overageMax)),
  }
  if (beyond.amount > 0n || beyond.cents > 0n) lines.push({ kind: 'cap', amount: -beyond.amount, cents: -beyond.cents })
  for (const { id, amount } of inputs.waivers.toSorted(byId)) {
    assert(amount >= 0n && !lines.some((line) => line.kind === 'waiver' && line.id === id), `no waiver, or one twice: ${id}`)
    const left = sumOf(lines)
    const waived = amount < left.amount ? { amount, cents: lesser(roundToCents(amount), left.cents) } : left
    lines.push({ kind: 'waiver', id, amount: -waived.amount, cents: -waived.cents })
  }
  return { lines, ...sumOf(lines) }
}

/** What the period includes of a meter, in the meter's unit; a share of a message or byte counts as a whole one. */
export function includedIn({ period, terms }: Pick<RatingInputs, 'period' | 'terms'>, meter: Meter): bigint {
  const whole = secondsOf(period)
  const timesSeconds = shares(period, terms).reduce((sum, { plan, seconds }) => {
    switch (meter) {
      case 'uptime':
        return sum + BigInt(plan.instancesMax) * seconds * whole
      case 'storage':
        return sum + BigInt(plan.volumeGb * plan.instancesMax) * BYTES_PER_GB_OF_STORAGE * seconds * whole
      case 'egress':
        return sum + plan.included.egressBytes * seconds
      case 'messages':
        return sum + plan.included.messages * seconds
    }
  }, 0n)
  return (timesSeconds + whole - 1n) / whole
}

/**
 * What is still to be asked for, or given back where it is below zero, when usage became known after its period was billed: `truth` is the
 * period rated anew with all that is known now, by its own terms; `billed` are all lines that were made for it so far. The lines of all
 * invoices together always come to what the period truly cost, to the micro-dollar and to the cent.
 */
export function differenceOf(truth: Statement, billed: readonly Line[]): Statement {
  const known = [...new Map([...truth.lines, ...billed].map((line) => [nameOf(line), line])).values()]
  const lines = known.toSorted(byPlace).flatMap((line): Line[] => {
    const [now, before] = [truth.lines, billed].map((some) => some.filter((one) => nameOf(one) === nameOf(line)))
    const [{ amount, cents }, was] = [sumOf(now ?? []), sumOf(before ?? [])]
    const charge = { amount: amount - was.amount, cents: cents - was.cents }
    if (charge.amount === 0n && charge.cents === 0n) return []
    return line.kind === 'overage' ? [{ ...line, ...charge, quantity: quantityIn(now ?? []) - quantityIn(before ?? []) }] : [{ ...line, ...charge }]
  })
  return { lines, ...sumOf(lines) }
}

/** "7312", "1.512": the quantity as it is read, and as Stripe takes a `quantity_decimal`. */
export function quantityText({ meter, quantity }: Pick<OverageLine, 'meter' | 'quantity'>): string {
  const { decimals } = units[meter]
  const digits = String(quantity < 0n ? -quantity : quantity).padStart(decimals + 1, '0')
  const [whole, rest] = [digits.slice(0, digits.length - decimals), digits.slice(digits.length - decimals).replace(/0+$/, '')]
  return `${quantity < 0n ? '-' : ''}${whole}${rest === '' ? '' : `.${rest}`}`
}

function overageLine(meter: Meter, { period, terms, usage }: RatingInputs): OverageLine[] {
  const beyond = usage[meter] - includedIn({ period, terms }, meter)
  const scale = 10n ** BigInt(units[meter].decimals)
  const quantity = beyond > 0n ? (beyond * scale) / perUnit(meter, period) : 0n
  if (quantity === 0n) return []
  const unitPrice = shares(period, terms)
    .map(({ plan }) => plan.overage[meter])
    .reduce(lesser)
  assert(unitPrice % scale === 0n, `no price for the parts of a unit: ${meter}`)
  const amount = (quantity * unitPrice) / scale
  return [{ kind: 'overage', meter, quantity, unitPrice, amount, cents: roundToCents(amount) }]
}

/** How much of a meter's own unit is in one that is billed. A GB-month is a GB held for the whole period, whether that has 28 days or 31. */
function perUnit(meter: Meter, period: Span): bigint {
  switch (meter) {
    case 'uptime':
      return SECONDS_PER_MINUTE
    case 'egress':
      return BYTES_PER_MB
    case 'storage':
      return BYTES_PER_GB_OF_STORAGE * secondsOf(period)
    case 'messages':
      return 1n
  }
}

/** How long each plan held within the period, in the order of time. */
function shares(period: Span, terms: readonly TermsFrom[]): { plan: Terms; seconds: bigint }[] {
  const sorted = terms.toSorted((a, b) => a.from.getTime() - b.from.getTime())
  assert(secondsOf(period) > 0n && sorted[0] !== undefined && sorted[0].from <= period.start, 'no plan held when the period began')
  return sorted.flatMap(({ from, plan }, index) => {
    const next = sorted[index + 1]?.from ?? period.end
    assert(index === 0 || from > (sorted[index - 1]?.from ?? from), 'two plans began at once')
    const span = { start: from > period.start ? from : period.start, end: next < period.end ? next : period.end }
    return span.end > span.start ? [{ plan, seconds: secondsOf(span) }] : []
  })
}

function sumOf(lines: readonly Line[]): Charge {
  return lines.reduce((sum, { amount, cents }) => ({ amount: sum.amount + amount, cents: sum.cents + cents }), { amount: 0n, cents: 0n })
}

function quantityIn(lines: readonly Line[]): bigint {
  return lines.reduce((sum, line) => (line.kind === 'overage' ? sum + line.quantity : sum), 0n)
}

function nameOf(line: Line): string {
  return line.kind === 'overage' ? line.meter : line.kind === 'waiver' ? `waiver ${line.id}` : line.kind
}

const KINDS: readonly Line['kind'][] = ['overage', 'cap', 'waiver']

function byPlace(a: Line, b: Line): number {
  if (a.kind === 'overage' && b.kind === 'overage') return meters.indexOf(a.meter) - meters.indexOf(b.meter)
  if (a.kind === 'waiver' && b.kind === 'waiver') return byId(a, b)
  return KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind)
}

function byId(a: { id: string }, b: { id: string }): number {
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0
}

function lesser(a: bigint, b: bigint): bigint {
  return a < b ? a : b
}

function atLeastZero(amount: bigint): bigint {
  return amount > 0n ? amount : 0n
}
