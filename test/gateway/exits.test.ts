import { describe, expect, it } from 'vitest'
import { backoffMs, reasonOf, type Exit } from '../../images/gateway/supervisor/exits.ts'

const exit = (more: Partial<Exit>): Exit => ({ code: null, signal: null, killedForMemory: false, lastWords: '', ...more })

describe('why the gateway ended', () => {
  it.each([
    ['a refused configuration', exit({ code: 78 }), 'bad-config'],
    ['the kernel took it for want of memory', exit({ signal: 'SIGKILL', killedForMemory: true }), 'out-of-memory'],
    ['the same, behind a shell', exit({ code: 137, killedForMemory: true }), 'out-of-memory'],
    [
      'its heap is full',
      exit({ signal: 'SIGABRT', lastWords: 'FATAL ERROR: Reached heap limit Allocation failed - JavaScript heap out of memory' }),
      'out-of-memory',
    ],
    ['somebody killed it', exit({ signal: 'SIGKILL' }), 'crashed'],
    ['it failed by itself while another process was taken', exit({ code: 1, killedForMemory: true }), 'crashed'],
    ['it ended for no reason', exit({ code: 0 }), 'crashed'],
  ])('%s', (_, ended, reason) => {
    expect(reasonOf(ended)).toBe(reason)
  })

  it('waits one second at first, twice as long each time, and five minutes at most', () => {
    expect([1, 2, 3, 8, 9, 10, 1_000].map(backoffMs)).toEqual([1_000, 2_000, 4_000, 128_000, 256_000, 300_000, 300_000])
  })
})
