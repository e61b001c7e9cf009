import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { INSTANCE_NAME_CHARS_MAX, nameProblem, slugOf, suggestName } from '../../src/domain/instance-name.ts'
import { holdsKey, keyProblem, modelProviderOf, modelProviders } from '../../src/domain/model-providers.ts'

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

describe('keyProblem', () => {
  const of = (id: string) => modelProviderOf(id) ?? modelProviders[0]
  const anthropic = of('anthropic')
  const key = `sk-ant-api03-${'a'.repeat(40)}`

  it('takes a key of the right shape', () => expect(anthropic && keyProblem(anthropic, key)).toBeNull())
  it('says whose key it is when it is another provider’s', () => {
    const openai = of('openai')
    expect(openai && keyProblem(openai, key)).toMatchObject({ kind: 'other-provider', provider: { id: 'anthropic' } })
  })
  it('tells a cut-off key from something else', () => {
    expect(anthropic && keyProblem(anthropic, 'sk-ant-api03-abc')).toEqual({ kind: 'too-short', length: 16 })
    expect(anthropic && keyProblem(anthropic, 'hello there')).toEqual({ kind: 'shape', length: 11 })
  })
  it.each([key, `my key is ${key}`, `sk-proj-${'b'.repeat(40)}`, `AIza${'c'.repeat(35)}`, `123456789:${'A'.repeat(35)}`])(
    'notices a key in text',
    (text) => expect(holdsKey(text)).toBe(true),
  )
  it.each(['/deploy my-claw', 'what is sk-ant?', 'call me at 12:30'])('lets %s pass', (text) => expect(holdsKey(text)).toBe(false))
})
