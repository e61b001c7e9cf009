import { describe, expect, test } from 'vitest'
import { editDistance, nearest, typedOf } from '../../src/bots/core/commands.ts'
import { fitted, linesOf, plainStyle, rowsOf } from '../../src/bots/core/layout.ts'
import { bold, say, type ReadyView, type View } from '../../src/bots/core/view.ts'
import { agoWords, clockWords, durationWords, moneyWords } from '../../src/bots/core/words/time.ts'

const now = new Date('2026-11-23T14:02:00Z')
const before = (seconds: number): Date => new Date(now.getTime() - seconds * 1_000)
const lines = (view: View): string[] => linesOf({ ...view }, plainStyle).map((line) => line.text)

describe('commands', () => {
  test.each([
    ['/restart my-claw', { kind: 'command', name: 'restart', args: ['my-claw'] }],
    ['  /Status@conch_bot  a  b ', { kind: 'command', name: 'status', args: ['a', 'b'] }],
    ['status', { kind: 'command', name: 'status', args: [] }],
    ['status of things', { kind: 'words', text: 'status of things' }],
  ])('%j is understood', (typed, expected) => {
    expect(typedOf(typed, ['status', 'restart'])).toEqual(expected)
  })

  test('the nearest commands to a slip come first', () => {
    expect(nearest('stauts', ['deploy', 'status', 'start', 'stop', 'logs'], 3)[0]).toBe('status')
    expect(editDistance('kitten', 'sitting')).toBe(3)
  })
})

describe('times', () => {
  test.each([
    [900, '1 s'],
    [58_000, '58 s'],
    [70_000, '1 min 10 s'],
    [7_500_000, '2 h 5 min'],
    [90_000_000, '1 day 1 h'],
  ])('%i ms is %s', (ms, expected) => {
    expect(durationWords(ms)).toBe(expected)
  })

  test.each([
    [3, 'just now'],
    [45, '45 seconds ago'],
    [60, '1 minute ago'],
    [7_200, '2 hours ago'],
    [172_800, '2 days ago'],
  ])('%i seconds before is %s', (seconds, expected) => {
    expect(agoWords(before(seconds), now)).toBe(expected)
  })

  test('a clock time is the person’s own, or says that it is not', () => {
    expect(clockWords(now, 'America/New_York')).toBe('09:02')
    expect(clockWords(now, null)).toBe('14:02 UTC')
    expect(clockWords(now, 'Not/AZone')).toBe('14:02 UTC')
    expect(moneyWords(110)).toBe('$1.10')
  })
})

describe('layout', () => {
  const capabilities = {
    editsMessages: true,
    answersInPlace: true,
    deletesTheirMessages: true,
    masksSecrets: false,
    privateReplies: false,
    forms: 'questions',
    createsBots: false,
    selectOptionsMax: 0,
    buttonsMax: 3,
    buttonsPerRowMax: 2,
    buttonLabelCharsMax: 6,
    textCharsMax: 200,
    refreshMs: null,
  } as const

  test('foreign text stays text: no markup and no control characters come out of it', () => {
    const view: View = { tone: 'plain', blocks: [{ kind: 'text', text: say`Called ${bold('**<b>x</b>**\u001B[31m\nnext')}` }], actions: [] }
    expect(lines(view)).toEqual(['Called **<b>x</b>**[31m next'])
  })

  test('old output is dropped before our own sentences are', () => {
    const code = Array.from({ length: 100 }, (_, index) => `line ${index}`)
    const view: ReadyView = { tone: 'plain', title: ['The last lines'], blocks: [{ kind: 'code', lines: code }], actions: [] }
    const shown = linesOf(fitted(view, capabilities), plainStyle).map((line) => line.text)
    expect(shown[0]).toBe('The last lines')
    expect(shown.at(-1)).toBe('line 99')
    expect(shown.join('\n').length).toBeLessThanOrEqual(200)
  })

  test('a single text that is too long is cut, and says so', () => {
    const view: ReadyView = { tone: 'plain', blocks: [{ kind: 'text', text: ['word '.repeat(100)] }], actions: [] }
    const [text = ''] = linesOf(fitted(view, capabilities), plainStyle).map((line) => line.text)
    expect(text.length).toBeLessThanOrEqual(200)
    expect(text.endsWith('…')).toBe(true)
  })

  test('a select becomes buttons where there is none, and labels and rows keep their limits', () => {
    const view: ReadyView = {
      tone: 'plain',
      blocks: [],
      actions: [{ kind: 'press', label: 'Cancel everything', id: 'c', style: 'plain' }],
      select: {
        label: 'Where',
        options: [
          { label: 'A', id: 'a' },
          { label: 'B', id: 'b' },
        ],
      },
    }
    const { actions, select } = fitted(view, capabilities)
    expect(select).toBeUndefined()
    expect(actions.map((one) => one.label)).toEqual(['A', 'B', 'Cance…'])
    expect(rowsOf(actions, 2).map((row) => row.length)).toEqual([2, 1])
    expect(fitted(view, { ...capabilities, selectOptionsMax: 25 }).select?.options).toHaveLength(2)
  })
})
