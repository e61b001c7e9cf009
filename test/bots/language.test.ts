import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { formOf, problemsOf } from '../../src/bots/core/form.ts'
import { inLanguage, t } from '../../src/bots/core/language.ts'
import { say } from '../../src/bots/core/view.ts'
import { languageView } from '../../src/bots/core/words/language.ts'
import { linesOf, plainStyle } from '../../src/bots/core/layout.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines } from '../support/world.ts'
import { createMemoryChat } from './support/memory-chat.ts'
import { sceneOn, type Scene } from './support/scene.ts'

describe('what is said', () => {
  const textOf = (): string => linesOf(languageView(), plainStyle)[0]?.text ?? ''

  test('is English where nobody is meant, and in the language around it otherwise, also behind something that is waited for', async () => {
    expect(textOf()).toContain('I speak English')
    const later = inLanguage('de', async () => {
      await new Promise((resolve) => setImmediate(resolve))
      return textOf()
    })
    expect(inLanguage('en', textOf)).toContain('I speak English')
    expect(await later).toContain('Ich spreche Deutsch')
  })

  test('is the English sentence when it has no translation, with what was put into it', () => {
    const odd = 'odd'
    expect(inLanguage('de', () => t`nobody translated ${odd} ${3}`)).toBe('nobody translated odd 3')
    expect(inLanguage('de', () => say`nobody translated ${{ bold: odd }} ${[odd, odd]}`)).toEqual([
      'nobody translated ',
      { bold: 'odd' },
      ' ',
      'odd',
      'odd',
    ])
  })

  test('never takes what was put into it for a place or a sentence of ours', () => {
    expect(inLanguage('de', () => t`${'{1}'} and ${'Help'}`)).toBe('{1} und Help')
  })
})

test('a form names what is wrong with each field, and nothing when nothing is', () => {
  const form = formOf('secret')
  expect.assert(form !== null)
  expect(problemsOf(form, { answer: '  ' })).toEqual({ answer: 'Something must be put in here.' })
  expect(problemsOf(form, { answer: 'x' })).toEqual({})
  expect(inLanguage('de', () => formOf('secret')?.button)).toBe('Einfügen')
  expect(formOf('constructor')).toBeNull()
})

describe('a person', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())
  const begin = async (): Promise<Scene> => sceneOn(createWorld(await open(), machines), createMemoryChat('telegram'))

  test('is talked to in the language of their program, in one we speak', async () => {
    const scene = await begin()
    const [uwe, fay] = [scene.person('uwe', { language: 'de-AT' }), scene.person('fay', { language: 'fr' })]
    await uwe.says('/language')
    expect(uwe.sees()).toContain('Ich spreche Deutsch mit dir')
    await fay.says('/language')
    expect(fay.sees()).toContain('I speak English with you')
  })

  test('chooses another one, which stays whatever their program says', async () => {
    const scene = await begin()
    const ann = scene.person('ann', { language: 'en' })
    await ann.says('/language')
    await ann.presses('Deutsch')
    expect(ann.sees()).toBe('Ab jetzt spreche ich Deutsch mit dir.')
    expect(ann.labels()).toEqual(['Hilfe'])
    await ann.says('/language english')
    expect(ann.sees()).toBe('From now on I speak English with you.')
    await ann.says('/language klingon')
    expect(ann.sees()).toContain('Which language shall it be?')
  })
})
