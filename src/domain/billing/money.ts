// Money is a whole number of micro-dollars in a bigint: $1 is 1,000,000, and the smallest price of the offer, $0.0001, is 100. No floating
// point touches it anywhere. It is rounded to cents once, per line of an invoice, and sums of cents are sums of what the lines say.
import { assert } from '../../lib/errors.ts'

/** Millionths of a US dollar. */
export type MicroDollars = bigint
/** US cents: what an invoice asks for. */
export type Cents = bigint

const MICROS_PER_DOLLAR = 1_000_000n
const MICROS_PER_CENT = 10_000n
const DOLLARS = /^(-?)\$?(\d{1,12})(?:\.(\d{1,6}))?$/

/** "$9.00", "9", "0.0005", "-$1.5": null for what is no amount, has more than six decimals or more than twelve digits before them. */
export function parseDollars(typed: string): MicroDollars | null {
  const match = DOLLARS.exec(typed.trim())
  if (match === null) return null
  const [, sign, whole = '0', decimals = ''] = match
  const micros = BigInt(whole) * MICROS_PER_DOLLAR + BigInt(decimals.padEnd(6, '0'))
  return sign === '-' ? -micros : micros
}

/** "$9.00", "$0.0005", "-$1.50": exact, with two decimals at least and six at most. */
export function dollarsText(amount: MicroDollars): string {
  const size = magnitude(amount)
  const decimals = String(size % MICROS_PER_DOLLAR).padStart(6, '0')
  return `${amount < 0n ? '-' : ''}$${size / MICROS_PER_DOLLAR}.${decimals.slice(0, 2)}${decimals.slice(2).replace(/0+$/, '')}`
}

/** "0.01", "10": the exact number of cents, as Stripe takes a `unit_amount_decimal`. */
export function centsText(amount: MicroDollars): string {
  const size = magnitude(amount)
  const decimals = String(size % MICROS_PER_CENT)
    .padStart(4, '0')
    .replace(/0+$/, '')
  return `${amount < 0n ? '-' : ''}${size / MICROS_PER_CENT}${decimals === '' ? '' : `.${decimals}`}`
}

/** To whole cents, half a cent up; below zero half a cent down, so that what is taken back is what was asked for. */
export function roundToCents(amount: MicroDollars): Cents {
  const cents = (magnitude(amount) + MICROS_PER_CENT / 2n) / MICROS_PER_CENT
  return amount < 0n ? -cents : cents
}

/** The whole cents that fit in `amount`. */
export function wholeCents(amount: MicroDollars): Cents {
  assert(amount >= 0n, 'no whole cents fit in less than nothing')
  return amount / MICROS_PER_CENT
}

function magnitude(amount: bigint): bigint {
  return amount < 0n ? -amount : amount
}
