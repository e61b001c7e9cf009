import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { centsText, dollarsText, parseDollars, roundToCents, wholeCents } from '../../../src/domain/billing/money.ts'

describe('an amount that is typed', () => {
  it.each([
    ['$9.00', 9_000_000n],
    ['9', 9_000_000n],
    [' $20 ', 20_000_000n],
    ['0.0005', 500n],
    ['$0.000001', 1n],
    ['-$1.5', -1_500_000n],
    ['$0.0000001', null],
    ['$1,000', null],
    ['9 €', null],
    ['1e3', null],
    ['', null],
    ['.', null],
    ['1234567890123', null],
  ])('%s: %s micro-dollars', (typed, amount) => {
    expect(parseDollars(typed)).toBe(amount)
  })
})

describe('an amount that is said', () => {
  it.each([
    [9_000_000n, '$9.00', '900'],
    [0n, '$0.00', '0'],
    [1_000n, '$0.001', '0.1'],
    [500n, '$0.0005', '0.05'],
    [100n, '$0.0001', '0.01'],
    [100_000n, '$0.10', '10'],
    [1n, '$0.000001', '0.0001'],
    [-1_500_000n, '-$1.50', '-150'],
    [-500n, '-$0.0005', '-0.05'],
  ])('%s micro-dollars: %s, %s cents', (amount, dollars, cents) => {
    expect([dollarsText(amount), centsText(amount)]).toEqual([dollars, cents])
  })

  it('is read again as the same amount, whatever it is', () => {
    fc.assert(
      fc.property(fc.bigInt(-(10n ** 17n), 10n ** 17n), (amount) => {
        expect(parseDollars(dollarsText(amount))).toBe(amount)
      }),
    )
  })
})

describe('rounding to cents', () => {
  it.each([
    [4_999n, 0n, 0n],
    [5_000n, 1n, 0n],
    [14_999n, 1n, 1n],
    [15_000n, 2n, 1n],
    [731_200n, 73n, 73n],
  ])('%s micro-dollars are %s cents, and %s fit in', (amount, rounded, whole) => {
    expect([roundToCents(amount), roundToCents(-amount), wholeCents(amount)]).toEqual([rounded, -rounded, whole])
  })
})
