import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { rowsToAdd, usageIn, type Fact, type Measured } from '../../../src/domain/billing/facts.ts'

const at = (hour: number): Date => new Date(Date.UTC(2026, 2, 1, hour))
const fact = (hour: number, row: number, amount: bigint): Fact => ({ instance: 'i1', meter: 'egress', hour: at(hour), row, amount })
const within = { start: at(0), end: at(4) }
const measuredAs = (amounts: bigint[]): Measured[] => amounts.map((amount, hour) => ({ hour: at(hour), amount }))

describe('the rows of an hour', () => {
  it.each([
    ['the first one', [], [{ hour: at(1), amount: 7n }], [fact(1, 0, 7n)]],
    ['none when it is counted again', [fact(1, 0, 7n)], [{ hour: at(1), amount: 7n }], []],
    ['the difference when more came late', [fact(1, 0, 7n)], [{ hour: at(1), amount: 9n }], [fact(1, 1, 2n)]],
    ['the difference when it was less', [fact(1, 0, 7n), fact(1, 1, 2n)], [{ hour: at(1), amount: 4n }], [fact(1, 2, -5n)]],
    ['what takes it back when there was nothing', [fact(1, 0, 7n)], [], [fact(1, 1, -7n)]],
    ['none for an hour that was not counted anew', [fact(5, 0, 7n)], [{ hour: at(6), amount: 1n }], []],
    ['none for what another instance used', [{ ...fact(1, 0, 7n), instance: 'i2' }], [], []],
    ['one number on, when the ledger was read twice', [fact(1, 0, 7n), fact(1, 0, 7n)], [{ hour: at(1), amount: 8n }], [fact(1, 1, 1n)]],
  ])('%s', (_, known, measured, rows) => {
    expect(rowsToAdd({ instance: 'i1', meter: 'egress', known, within, measured })).toEqual(rows)
  })

  it('an hour that turns out to have a boundary becomes two', () => {
    const measured = [
      { hour: at(1), amount: 3n },
      { hour: new Date(at(1).getTime() + 60_000), amount: 4n },
    ]
    expect(rowsToAdd({ instance: 'i1', meter: 'egress', known: [fact(1, 0, 7n)], within, measured })).toEqual([
      fact(1, 1, -4n),
      { ...fact(1, 0, 4n), hour: new Date(at(1).getTime() + 60_000) },
    ])
  })

  it('always come to what was measured last, and are only added to', () => {
    const counts = fc.array(fc.array(fc.bigInt(0n, 20n), { maxLength: 4 }), { minLength: 1, maxLength: 8 })
    fc.assert(
      fc.property(counts, (versions) => {
        const ledger: Fact[] = []
        for (const amounts of versions) {
          // Whoever counts again, after a crash for example, adds nothing.
          for (let time = 0; time < 2; time += 1)
            ledger.push(...rowsToAdd({ instance: 'i1', meter: 'egress', known: ledger.toReversed(), within, measured: measuredAs(amounts) }))
        }
        const last = versions.at(-1) ?? []
        expect(usageIn(within, [...ledger, ...ledger]).egress).toBe(last.reduce((sum, amount) => sum + amount, 0n))
        expect(new Set(ledger.map(({ hour, row }) => `${hour.getTime()} ${row}`)).size).toBe(ledger.length)
      }),
    )
  })
})

describe('what was used in a period', () => {
  it('is of all instances, of the hours that begin in it', () => {
    const facts = [
      fact(0, 0, 1n),
      { ...fact(0, 0, 10n), instance: 'i2' },
      fact(3, 0, 100n),
      fact(4, 0, 1_000n),
      { ...fact(1, 0, 5n), meter: 'messages' as const },
    ]
    expect(usageIn(within, facts)).toEqual({ uptime: 0n, egress: 111n, storage: 0n, messages: 5n })
  })

  it('is not made of two facts of one name, nor less than nothing', () => {
    expect(() => usageIn(within, [fact(0, 0, 1n), fact(0, 0, 2n)])).toThrow('two facts of one name')
    expect(() => usageIn(within, [fact(0, 1, -1n)])).toThrow('less than nothing')
  })
})
