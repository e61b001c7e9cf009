// How an assistant is set up, in conversation: guided, as a whole, and back again, on a chat without a platform.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/actions/action.ts'
import { configs, instances } from '../../src/db/schema.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { wholeDatabase } from '../support/accounts.ts'
import { postgresDatabases } from '../support/database.ts'
import { secretLike } from '../support/secrets.ts'
import { createWorld, startMachines, type Machines } from '../support/world.ts'
import { createMemoryChat } from './support/memory-chat.ts'
import { sceneOn, type Scene } from './support/scene.ts'

describe('settings in conversation', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  async function begin(): Promise<Scene> {
    const scene = sceneOn(createWorld(await open(), machines), createMemoryChat('telegram'))
    await scene.ann.says('/deploy my-claw ams')
    await scene.ann.presses('Skip for now')
    await scene.ann.presses('Launch')
    await scene.world.settle()
    await scene.news()
    return scene
  }
  /** The person as the actions know them, for what is asked beside the chat. */
  const actorIn = async ({ world }: Scene): Promise<Actor> => {
    const [row] = await world.database.db.select().from(instances)
    return { provider: 'telegram', subject: 'ann', userId: row?.userId ?? '', chat: 'ann' }
  }
  /** A chat of its own, without its platform being asked. */
  async function listening({ world }: Scene): Promise<void> {
    await world.database.db.execute(`update instances set channels = '[{"id":"telegram","owners":["ann"]}]'`)
  }

  test('the view tells what is set, and a tap changes it, with progress and the end of it', async () => {
    const scene = await begin()
    const { ann, world, news } = scene
    await listening(scene)
    await ann.says('/config')
    expect(ann.sees()).toBe(
      [
        'How my-claw is set up',
        'Model: none yet',
        'Character: as OpenClaw comes',
        'Who may write: you, and whoever has a code from you',
        'Memory: on',
        'Tools: as OpenClaw decides',
        'Version: as it came, nothing was changed yet',
      ].join('\n'),
    )
    await ann.presses('Tools')
    expect(ann.sees()).toContain('What may my-claw do besides talking? Now: as OpenClaw decides.')
    await ann.presses('Files and programs')
    expect(ann.sees()).toBe(
      '✓ Set: version 1 of the settings of my-claw.\n+ tools.profile: coding\nI am restarting my-claw with it; its memory stays.',
    )
    await news()
    expect(ann.sees()).toContain('Updating my-claw')
    await world.settle()
    await news()
    expect(ann.sees()).toMatch(/my-claw/)
    await ann.says('/config my-claw')
    expect(ann.sees()).toContain('Tools: files and programs on its machine')
    expect(ann.sees()).toMatch(/Version: 1, its tools, (just now|\d+ seconds ago)/)
    await ann.presses('Who may write')
    await ann.presses('Everybody')
    await ann.says('/config')
    expect(ann.sees()).toContain('Who may write: everybody')
    await ann.presses('Memory')
    await ann.presses('Turn off')
    await ann.says('/config')
    expect(ann.sees()).toContain('Memory: off: it does not look up what it noted')
  })

  test('what is typed: a name, a character, a model; and what is not one', async () => {
    const { ann, chat } = await begin()
    await ann.says('/config')
    await ann.presses('Character')
    await ann.presses('Its name')
    expect(ann.sees()).toBe('What shall my-claw call itself?')
    await ann.says('Pinch')
    expect(ann.sees()).toContain('+ agents.entries.main.identity.name: Pinch')
    await ann.presses('Settings')
    await ann.presses('Character')
    await ann.presses('Its character')
    await ann.says(secretLike.anthropic())
    expect(ann.sees()).toContain('There was a secret in it, so I deleted your message.')
    expect(chat.deleted).toHaveLength(1)
    await ann.says('dry and precise')
    await ann.says('/config')
    expect(ann.sees()).toContain('Character: Pinch, dry and precise')
    await ann.presses('Model')
    await ann.presses('Another model')
    await ann.says('claude')
    expect(ann.sees()).toContain('That is not what a model is called')
    await ann.says('openai/gpt-5.2')
    expect(ann.sees()).toContain('+ agents.defaults.model.primary: openai/gpt-5.2')
    await ann.says('/config')
    await ann.presses('Model')
    await ann.presses('Another model')
    await ann.says('cancel')
    expect(ann.sees()).toBe('Kept. The settings of my-claw are as they were.')
  })

  test('a chat is needed for who may write, and the way there is a button', async () => {
    const { ann } = await begin()
    await ann.says('/config')
    expect(ann.sees()).toContain('Who may write: it listens in no chat that others could write in')
    await ann.presses('Who may write')
    await ann.presses('Nobody')
    expect(ann.sees()).toContain('It listens in no chat yet')
    expect(ann.labels()).toEqual(['Add a chat', 'Settings'])
  })

  test('the document comes as a file, and goes back as one: what would change first, then the change', async () => {
    const { ann, chat } = await begin()
    await ann.says('/config')
    await ann.presses('Tools')
    await ann.presses('Talk only')
    await ann.presses('Settings')
    await ann.presses('Download')
    const file = chat.messages.at(-1)?.view.blocks.find((block) => block.kind === 'file')
    expect(file).toEqual({ kind: 'file', name: 'my-claw-v1.json', content: '{\n  "tools": {\n    "profile": "minimal"\n  }\n}\n' })
    await ann.presses('Edit as a whole')
    expect(ann.sees()).toContain('Send me the settings of my-claw as a file, or paste them here.')
    await ann.sends(
      'my-claw-v1.json',
      (file?.content ?? '').replace('"minimal"', '"full"').replace('{\n', '{\n  "session": { "dmScope": "main" },\n'),
    )
    expect(ann.sees()).toBe(
      'That would change my-claw:\n+ session.dmScope: main\n~ tools.profile: minimal → full\nmy-claw restarts with it; its memory stays.',
    )
    expect(ann.labels()).toEqual(['Apply', 'Keep the old one'])
    await ann.presses('Apply')
    expect(ann.sees()).toContain('✓ Set: version 2 of the settings of my-claw.')
    await ann.says('/config')
    expect(ann.sees()).toContain('Version: 2, from your file')
  })

  test('a file is understood without a question too, and kept away with a tap', async () => {
    const { ann, world } = await begin()
    await ann.sends('settings.json5', '{ tools: { profile: "full" } }')
    expect(ann.sees()).toContain('+ tools.profile: full')
    const [apply, keep] = [ann.idOf('Apply'), ann.idOf('Keep the old one')]
    await ann.pressesId(keep)
    expect(ann.sees()).toBe('Kept. The settings of my-claw are as they were.')
    await ann.pressesId(apply)
    expect(ann.sees()).not.toContain('Set: version')
    expect(await world.database.db.$count(configs)).toBe(0)
    // What is no settings is not taken for any.
    await ann.sends('holiday.pdf', '%PDF')
    expect(ann.sees()).not.toContain('would not understand')
    await ann.sends('gone.json', null)
    expect(ann.sees()).toContain('I could not get that file. Send it once more.')
    await ann.sends('large.json', `{ a: "${'x'.repeat(300_000)}" }`)
    expect(ann.sees()).toContain('It is larger than 256 KB')
  })

  test('pasted as a message: every mistake with its line, and the next paste is taken', async () => {
    const { ann, chat, world } = await begin()
    await ann.says('/config')
    await ann.presses('Edit as a whole')
    await ann.says('{\n  tools: { profile: "magic" },\n  agents: { defaults: { model: { primary: 5 } } },\n  gateway: { port: 1 },\n  nope: 1,\n}')
    expect(ann.sees()).toContain(
      [
        'my-claw would not understand that, so nothing was changed:',
        'Line 2: tools.profile must be one of minimal, coding, messaging, full.',
        'Line 3: agents.defaults.model.primary must be text.',
        'Line 4: gateway is mine: how it is reached, and that nobody else gets in. Leave it out.',
        'Line 5: nope is no setting that this version knows.',
      ].join('\n'),
    )
    await ann.says('{ tools: {')
    expect(ann.sees()).toContain('Line 1: It ends too early: a bracket or a quote is still open.')
    const key = secretLike.anthropic()
    await ann.says(`{ hooks: { token: "${key}" } }`)
    expect(ann.sees()).toContain('There was a secret in it, so I deleted your message.')
    expect(ann.sees()).toContain('Line 1: hooks.token holds what looks like a secret.')
    expect(chat.deleted).toHaveLength(1)
    await ann.says('{ browser: { enabled: true } }')
    expect(ann.sees()).toContain('Line 1: browser is for browsing by itself, which is part of Pro.')
    await ann.says('{ tools: { profile: "coding" } }')
    await ann.presses('Apply')
    expect(ann.sees()).toContain('✓ Set: version 1')
    expect((await wholeDatabase(world.database.db)) + chat.texts('ann').join('\n')).not.toContain(key)
  })

  test('what is Pro’s leads to the prices, and a missing variable to the keys', async () => {
    const { ann } = await begin()
    await ann.says('/config')
    await ann.presses('Edit as a whole')
    await ann.says('{ tts: { auto: "always" }, hooks: { token: "${MY_TOKEN}" } }')
    expect(ann.labels()).toEqual(['Prices', 'Keys', 'Cancel'])
  })

  test('what was set before, and back to it: the change first, then the tap', async () => {
    const { ann, world } = await begin()
    for (const label of ['Talk only', 'Messages', 'Everything']) {
      await ann.says('/config')
      await ann.presses('Tools')
      await ann.presses(label)
      await world.settle()
    }
    await ann.says('/config')
    await ann.presses('History')
    expect(ann.sees()).toMatch(
      /^The settings of my-claw over time\n3 \(now\): its tools, .* · tools\.profile\n2: its tools, .* · tools\.profile\n1: its tools, .* · tools\.profile$/,
    )
    expect(ann.labels()).toEqual(['Back to 2', 'Back to 1', 'As it came', 'Back'])
    await ann.presses('Back to 1')
    expect(ann.sees()).toContain('Back to version 1 of my-claw would change:\n~ tools.profile: full → minimal')
    const stale = ann.idOf('Apply')
    await ann.presses('Apply')
    expect(ann.sees()).toContain('✓ Set: version 4 of the settings of my-claw.')
    await ann.pressesId(stale)
    expect(ann.sees()).toContain('The settings were changed in the meantime')
    await ann.says('/config')
    expect(ann.sees()).toContain('Version: 4, back to version 1')
    await ann.presses('Roll back')
    expect(ann.sees()).toContain('~ tools.profile: minimal → full')
  })

  test('a conversation outlives the program, and two of its drafts do not undo each other', async () => {
    const scene = await begin()
    await scene.ann.says('/config')
    await scene.ann.presses('Edit as a whole')
    await scene.ann.says('{ tools: { profile: "coding" } }')
    const { ann } = scene.restarted()
    await ann.presses('Apply')
    expect(ann.sees()).toContain('✓ Set: version 1')
    await ann.says('/config')
    await ann.presses('Edit as a whole')
    await ann.says('{ tools: { profile: "full" } }')
    await scene.world.actions.perform('set-config', { setting: { kind: 'memory', search: false } }, await actorIn(scene))
    await ann.presses('Apply')
    expect(ann.sees()).toContain('The settings were changed in the meantime')
  })

  test('in a group it is led into private; somebody else’s is nobody’s', async () => {
    const { ann, person } = await begin()
    const inGroup = person('ann', { place: 'group', rooms: [{ id: 'g1', kind: 'group', title: 'Team', address: 'g1' }] })
    await inGroup.says('/config')
    expect(ann.sees()).toContain('Let us talk about that in private')
    await ann.says('/config')
    const ben = person('ben')
    await ben.pressesId(ann.idOf('Tools'))
    expect(ben.sees()).not.toContain('besides talking')
  })

  test('in German too', async () => {
    const { person } = await begin()
    const ute = person('ann', { language: 'de' })
    await ute.says('/language de')
    await ute.says('/config')
    expect(ute.sees()).toContain('Wie my-claw eingestellt ist\nModell: noch nichts')
    await ute.presses('Als Ganzes bearbeiten')
    await ute.says('{ nope: 1, tools: { profile: 5 } }')
    expect(ute.sees()).toContain('Zeile 1: nope kennt diese Version nicht.')
  })

  test('a key that the settings refer to is kept, and the person is told why', async () => {
    const scene = await begin()
    const { ann, world } = scene
    await world.actions.perform('set-key', { values: { HOOK_TOKEN: new Sealed('sunny-side-up') } }, await actorIn(scene))
    await world.settle()
    await ann.says('/config')
    await ann.presses('Edit as a whole')
    await ann.says('{ hooks: { enabled: true, token: "${HOOK_TOKEN}" } }')
    await ann.presses('Apply')
    await ann.says('/remove-key my-claw HOOK_TOKEN')
    await ann.presses('Remove it')
    expect(ann.sees()).toContain('Its settings refer to HOOK_TOKEN')
  })
})
