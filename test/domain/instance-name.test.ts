import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { INSTANCE_NAME_CHARS_MAX, nameProblem, slugOf, suggestName } from '../../src/domain/instance-name.ts'

describe('nameProblem', () => {
  it.each([
    ['my-claw', [], null],
    ['', [], { kind: 'empty', suggestion: 'my-claw' }],
    ['ab', [], { kind: 'too-short', suggestion: 'ab-claw' }],
    ['My Claw!', [], { kind: 'characters', suggestion: 'my-claw' }],
    ['Zoë’s Bär', [], { kind: 'characters', suggestion: 'zoe-s-bar' }],
    ['7even', [], { kind: 'characters', suggestion: 'even' }],
    ['日本語のなまえ', [], { kind: 'characters', suggestion: 'my-claw' }],
    ['my-claw', ['my-claw', 'my-claw-2'], { kind: 'taken', suggestion: 'my-claw-3' }],
  ])('%s', (name, taken, problem) => {
    expect(nameProblem(name, taken)).toEqual(problem)
  })

  it('suggests a name that works, whatever was typed', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme', maxLength: 60 }),
        fc.array(fc.constantFrom('my-claw', 'a-claw', 'claw'), { maxLength: 3 }),
        (text, taken) => {
          expect(nameProblem(suggestName(text, taken), taken)).toBeNull()
          expect(slugOf(text).length).toBeLessThanOrEqual(INSTANCE_NAME_CHARS_MAX)
        },
      ),
    )
  })
})
