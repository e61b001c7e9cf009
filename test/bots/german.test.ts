// That nobody who reads German is ever answered in English: a fact about the sources, and about a whole conversation.
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { commands } from '../../src/bots/core/answers.ts'
import { german } from '../../src/bots/core/words/german.ts'
import { registrations } from '../../src/bots/discord/commands.ts'
import { regions } from '../../src/domain/regions.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines } from '../support/world.ts'
import { createMemoryChat } from './support/memory-chat.ts'
import { sceneOn } from './support/scene.ts'
import { entriesOf, sentencesOf, sourcesIn, type Place } from './support/sentences.ts'

const bots = join(import.meta.dirname, '../../src/bots')
const TRANSLATIONS = 'core/words/german/'
/** Read by whoever runs Conch and by Slack's website, which knows no second language of an app. */
const FOR_OPERATORS = 'slack/manifest.ts'

const read = sourcesIn(bots)
  .filter(({ file }) => !file.startsWith(TRANSLATIONS) && file !== FOR_OPERATORS)
  .map((source) => sentencesOf(source, { phrases: /\bwords\b/.test(source.file) }))
const sentences = read.flatMap((one) => one.sentences)
/** Ours as well, kept as data. */
const summaries = commands.map((one) => one.summary)
const descriptions = registrations().flatMap((one) => [one.description, ...(one.options ?? []).map((option) => option.description)])
const places = regions.flatMap(({ city, country }) => [city, country])
const english = new Set([...sentences.map((one) => one.key), ...summaries, ...descriptions, ...places].filter((key) => isWorded(key)))

function isWorded(key: string): boolean {
  return /\p{L}/u.test(key)
}

function holesIn(sentence: string): string[] {
  return [...new Set([...sentence.matchAll(/\{\d+\}/g)].map(([hole]) => hole))].toSorted()
}

describe('German', () => {
  test('has every sentence of ours', () => {
    const missing = [...english].filter((key) => !Object.hasOwn(german, key))
    expect(missing).toEqual([])
  })

  test('puts in exactly what the English sentence does', () => {
    const different = Object.entries(german).filter(([key, sentence]) => holesIn(key).join() !== holesIn(sentence).join())
    expect(different).toEqual([])
  })

  test('is German: a sentence is never the English one', () => {
    const same = Object.entries(german).filter(([key, sentence]) => key === sentence && /\p{Ll}+ \p{Ll}+/u.test(key))
    expect(same).toEqual([])
  })

  test('has nothing that nobody says, and nothing twice', () => {
    const defined = sourcesIn(join(bots, TRANSLATIONS)).flatMap((source) => entriesOf(source).map((key) => ({ key, file: source.file })))
    const unused = defined.filter(({ key }) => !english.has(key))
    const twice = defined.filter(({ key }, index) => defined.findIndex((other) => other.key === key) !== index)
    expect({ unused, twice }).toEqual({ unused: [], twice: [] })
    const unlisted = defined.filter(({ key }) => !Object.hasOwn(german, key))
    expect(unlisted).toEqual([])
  })

  test('can be said wherever somebody reads: no text of ours goes around the language', () => {
    expect(read.flatMap((one) => one.slips)).toEqual([])
  })

  test('fits where it stands, like the English it stands for', () => {
    const limits: Readonly<Record<Place, number>> = { sentence: Infinity, label: 60, 'form title': 24, 'field label': 45 }
    const size = (text: string): number => text.replaceAll(/\{\d+\}/g, 'x'.repeat(10)).length
    const long = sentences.flatMap(({ key, place }) => [key, german[key] ?? ''].filter((text) => size(text) > limits[place]))
    expect(long).toEqual([])
    // Discord shows at most 100 characters of a description, Telegram 256.
    expect([...summaries, ...descriptions].flatMap((key) => [key, german[key] ?? '']).filter((text) => text.length > 100)).toEqual([])
  })
})

test('a text that could not be translated is found, and every sentence where it stands', () => {
  const source = `
    const early = t\`Too early\`
    const all = (name) => {
      button(many ? 'Go' : t\`Open \${name}\`, 'go', name)
      const stay = { label: \`Stay\`, press: { verb: 'stay', args: [] } }
      say\`Give \${many ? bold('it all') : few ? 'it' : 'them'} up?\`
      const form = { title: t\`Your key\`, button: t\`Paste it\`, fields: [{ label: t\`Key\`, kind: 'secret', placeholder: code('sk ant') }] }
      const gone: 'here and there' = \`left for good\`
    }`
  const { slips, sentences: said } = sentencesOf({ file: 'x.ts', text: source }, { phrases: true })
  expect(slips.map((one) => one.text)).toEqual(['Too early', 'Go', 'Stay', 'it', 'them', 'left for good'])
  expect(said.map(({ key, place }) => `${place}: ${key}`)).toEqual([
    'sentence: Too early',
    'label: Open {0}',
    'sentence: Give {0} up?',
    'form title: Your key',
    'label: Paste it',
    'field label: Key',
  ])
})

/** What stands still in our English sentences of more than a word, whatever is put into them. */
const telling = [...english]
  .filter((key) => german[key] !== key && /\p{L}+\W+\p{L}/u.test(key.replaceAll(/\{\d+\}/g, '0')))
  .map((key) => key.split(/\s*\{\d+\}\s*/).filter((text) => text !== ''))

/** Whether one of them stands in the line, as words of their own and in their order. */
function isEnglish(line: string): boolean {
  return telling.some((texts) => {
    let at = 0
    return texts.every((text) => {
      const found = line.indexOf(text, at)
      at = found + text.length
      return found >= 0 && !/\p{L}{2}/u.test(line.slice(Math.max(0, found - 1), found + 1)) && !/\p{L}{2}/u.test(line.slice(at - 1, at + 1))
    })
  })
}

test('an English sentence of ours is recognised', () => {
  expect(isEnglish('🟢 my-claw · being set up · Amsterdam')).toBe(true)
  expect(isEnglish('Zuletzt: went live vor 3 Minuten')).toBe(true)
  expect(isEnglish('Der Speicher fehlt. Its storage is untouched.')).toBe(true)
  expect(isEnglish('my-claw wird eingerichtet')).toBe(false)
})

describe('somebody whose program speaks German', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  test('sets up, looks after and deletes an assistant without a word of English from us', async () => {
    const chat = createMemoryChat('telegram')
    const { person, news, world } = sceneOn(createWorld(await open(), machines), chat)
    const uwe = person('uwe', { language: 'de-DE' })
    const said: string[] = []
    const seen = (): void => void said.push(...uwe.sees().split('\n'), ...uwe.labels())
    const says = async (text: string): Promise<void> => uwe.says(text).then(seen)
    const presses = async (label: string): Promise<void> => uwe.presses(label).then(seen)
    const waits = async (): Promise<void> => {
      await news().then(seen)
      await world.settle()
      await news().then(seen)
    }
    await says('Hallo')
    for (const label of ['So geht es', 'Preise', 'Einrichten', 'my-claw']) await presses(label)
    await says('Tokio')
    expect(uwe.sees()).toContain('Mit wessen Modell soll my-claw denken?')
    await says('zurück')
    await presses('Amsterdam')
    await presses('Anthropic (Claude)')
    await says('falsch')
    for (const label of ['Erst mal ohne', 'Etwas ändern', 'Zurück', 'Loslegen']) await presses(label)
    await waits()
    expect(uwe.sees()).toContain('🟢 my-claw läuft in Amsterdam.')
    for (const text of ['/status', '/logs', '/instances', 'hilfe', '/link', '/unlink', '/hlep', 'wie geht es?', '/forget-me']) await says(text)
    for (const text of ['/rename', 'Ü', 'abbrechen', '/language', '/deploy', '/start']) await says(text)
    await uwe.says('/stop')
    await waits()
    for (const text of ['/stop', '/start', '/status']) await says(text)
    await uwe.says('/restart')
    await waits()
    for (const text of ['/destroy', 'nein', 'my-claw']) await says(text)
    await waits()
    expect(uwe.sees()).toBe('my-claw ist weg: Maschine, Speicher und Adresse sind gelöscht.')
    expect(said.filter(isEnglish)).toEqual([])
  }, 60_000)
})
