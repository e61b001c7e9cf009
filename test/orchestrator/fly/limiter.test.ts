import { expect, test } from 'vitest'
import { createLimiter, type LimiterKey } from '../../../src/orchestrator/fly/limiter.ts'
import { createHandClock, type HandClock } from './test-clocks.ts'

const restart = (id: string): LimiterKey => ({ class: 'action', action: 'restartMachine', id })

// Asks `count` times at once, and tells how many may have gone by now.
function asker(clock: HandClock, key: LimiterKey, count: number): { gone(): number } {
  const limiter = createLimiter({ clock, maxWaitMs: 3_600_000 })
  let gone = 0
  for (let i = 0; i < count; i++) void limiter.take(key).then(() => gone++)
  return { gone: () => gone }
}

async function goneAfter(clock: HandClock, asked: { gone(): number }, ms: number): Promise<number> {
  await clock.advance(ms)
  return asked.gone()
}

test('three actions on a machine go at once, then one a second, in order', async () => {
  const clock = createHandClock()
  const asked = asker(clock, restart('m1'), 6)
  expect(await goneAfter(clock, asked, 0)).toBe(3)
  expect(await goneAfter(clock, asked, 999)).toBe(3)
  expect(await goneAfter(clock, asked, 1)).toBe(4)
  expect(await goneAfter(clock, asked, 2_000)).toBe(6)
})

test('a machine is read ten times at once, then five times a second', async () => {
  const clock = createHandClock()
  const asked = asker(clock, { class: 'get-machine', action: 'getMachine', id: 'm1' }, 20)
  expect(await goneAfter(clock, asked, 0)).toBe(10)
  expect(await goneAfter(clock, asked, 1_000)).toBe(15)
})

test('no minute sees more than 100 app deletions, not even the first', async () => {
  const clock = createHandClock()
  const asked = asker(clock, { class: 'delete-app', action: 'deleteApp', id: '' }, 500)
  await clock.advance(0)
  expect(await goneAfter(clock, asked, 60_000)).toBeLessThanOrEqual(100)
  expect(asked.gone()).toBeGreaterThan(90)
})

test('machines and actions do not wait for each other', async () => {
  const clock = createHandClock()
  const limiter = createLimiter({ clock })
  const gone: string[] = []
  for (let i = 0; i < 4; i++) void limiter.take(restart('m1')).then(() => gone.push('m1'))
  void limiter.take(restart('m2')).then(() => gone.push('m2'))
  void limiter.take({ class: 'action', action: 'stopMachine', id: 'm1' }).then(() => gone.push('stop m1'))
  await clock.advance(0)
  expect(gone.toSorted()).toEqual(['m1', 'm1', 'm1', 'm2', 'stop m1'])
})

test('a bucket that was idle long enough is full again, and not fuller', async () => {
  const clock = createHandClock()
  const limiter = createLimiter({ clock })
  let gone = 0
  const ask = (): void => void limiter.take(restart('m1')).then(() => gone++)
  for (let i = 0; i < 3; i++) ask()
  await clock.advance(10_000)
  expect(gone).toBe(3)
  for (let i = 0; i < 5; i++) ask()
  await clock.advance(0)
  expect(gone).toBe(6)
})

test('refuses a turn that is too far away, and takes nothing for it', async () => {
  const clock = createHandClock()
  const limiter = createLimiter({ clock, maxWaitMs: 2_000 })
  const taken = Array.from({ length: 5 }, () => limiter.take(restart('m1')))
  expect(await limiter.take(restart('m1'))).toBe(false)
  await clock.advance(2_000)
  expect(await Promise.all(taken)).toEqual([true, true, true, true, true])
  const next = limiter.take(restart('m1'))
  await clock.advance(1_000)
  expect(await next).toBe(true)
})

test('forgets machines that are idle', async () => {
  const clock = createHandClock()
  const limiter = createLimiter({ clock })
  for (let i = 0; i < 1_000; i++) await limiter.take(restart(`m${i}`))
  expect(limiter.size()).toBe(1_000)
  await clock.advance(60_000)
  await limiter.take(restart('other'))
  expect(limiter.size()).toBe(1)
})
