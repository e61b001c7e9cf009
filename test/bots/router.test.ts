import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createActionToken } from '../../src/db/action-tokens.ts'
import { wizardSessions } from '../../src/db/schema.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines, type World } from '../support/world.ts'
import { createMemoryChat, createPerson } from './support/memory-chat.ts'
import { sceneOn, type Scene } from './support/scene.ts'

const KEY = `sk-ant-api03-${'a'.repeat(60)}x4Qe`

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

describe('a conversation', async () => {
  const { open } = await postgresDatabases()
  const begin = async (): Promise<Scene> => sceneOn(createWorld(await open(), machines), createMemoryChat('telegram'))
  const launch = async ({ ann, world, news }: Scene, name = 'my-claw'): Promise<void> => {
    await ann.says(`/deploy ${name} ams`)
    await ann.presses('Skip for now')
    await ann.presses('Launch')
    await world.settle()
    await news()
  }
  const instances = (world: World): Promise<number> => world.database.db.$count(sql`instances`)

  test('greets a new person, and shows a known one their assistants', async () => {
    const scene = await begin()
    await scene.ann.starts()
    expect(scene.ann.sees()).toContain('Hi! I set up and look after your own OpenClaw')
    expect(scene.ann.labels()).toEqual(['Set one up', 'How it works', 'Prices'])
    await launch(scene)
    await scene.ann.says('/start')
    expect(scene.ann.sees()).toBe('Welcome back.\n🟢 my-claw · live · Amsterdam')
  })

  test('sets up an assistant from the first tap to live, in one progress message and one last word', async () => {
    const scene = await begin()
    const { ann, chat, world, news } = scene
    await ann.starts()
    await ann.presses('Set one up')
    await ann.presses('my-claw')
    expect(ann.sees()).toContain('Where shall my-claw live?')
    await ann.presses('Amsterdam')
    await ann.presses('Anthropic (Claude)')
    expect(ann.sees()).toContain('Paste your Anthropic key')
    await ann.says(KEY)
    expect(ann.sees()).toContain('Brain: Claude (key …x4Qe)')
    await ann.presses('Launch')
    await news()
    expect(ann.sees()).toContain('Launching my-claw')
    await world.settle()
    await news()
    const texts = chat.texts('ann')
    expect(texts.filter((text) => text.startsWith('Launch'))).toHaveLength(1)
    expect(texts.filter((text) => text.includes('is live'))).toEqual([ann.sees()])
    expect(ann.sees()).toContain('🟢 my-claw is live in Amsterdam')
    expect(ann.sees()).toContain('This is practice')
  })

  test('a key is deleted from the chat, and is nowhere in the database, the messages or the state', async () => {
    const scene = await begin()
    const { ann, chat, world } = scene
    await ann.says('/deploy my-claw ams')
    await ann.presses('Anthropic (Claude)')
    await ann.says(`${KEY.slice(0, 30)}`)
    expect(ann.sees()).toContain('they have at least 40')
    await ann.says(KEY)
    expect(chat.deleted).toHaveLength(2)
    const tables = ['wizard_sessions', 'outbox', 'audit_log', 'secret_names', 'inbox', 'action_tokens']
    for (const table of tables) {
      const rows = JSON.stringify(await world.database.db.execute(sql.raw(`select * from ${table}`)))
      expect(rows).not.toContain(KEY.slice(0, 20))
    }
    expect(JSON.stringify(chat.messages)).not.toContain(KEY.slice(0, 20))
  })

  test('a key pasted where none was asked for is refused and deleted', async () => {
    const { ann, chat } = await begin()
    await ann.starts()
    await ann.says(`here you go ${KEY}`)
    expect(ann.sees()).toContain('That looks like a secret key')
    expect(ann.sees()).toContain('I have deleted your message.')
    expect(chat.deleted).toHaveLength(1)
    await ann.says(`/deploy ${KEY}`)
    expect(chat.deleted).toHaveLength(2)
    await ann.says('/deploy')
    await ann.says(KEY)
    expect(chat.deleted).toHaveLength(3)
    expect(ann.sees()).toContain('I ask for it in a moment')
  })

  test('pressing Launch twice at once launches once', async () => {
    const { ann, world } = await begin()
    await ann.says('/deploy my-claw ams')
    await ann.presses('Skip for now')
    const id = ann.idOf('Launch')
    await Promise.all([ann.pressesId(id), ann.pressesId(id), ann.pressesId(id)])
    expect(await instances(world)).toBe(1)
    expect(ann.sees()).toContain('on its way already: once is enough')
  })

  test('pressing Launch in two processes at once launches once', async () => {
    const scene = await begin()
    const other = scene.restarted()
    await scene.ann.says('/deploy my-claw ams')
    await scene.ann.presses('Skip for now')
    const id = scene.ann.idOf('Launch')
    await Promise.all([scene.ann.pressesId(id), other.ann.pressesId(id)])
    expect(await instances(scene.world)).toBe(1)
  })

  test('an update that a platform sends twice is handled once', async () => {
    const { ann, chat } = await begin()
    await Promise.all([ann.says('/help', { id: 'update-1' }), ann.says('/help', { id: 'update-1' })])
    await ann.says('/help', { id: 'update-1' })
    expect(chat.texts('ann')).toHaveLength(1)
  })

  test('goes on in the middle of a question after a restart', async () => {
    const scene = await begin()
    await scene.ann.says('/deploy my-claw')
    const after = scene.restarted()
    await after.ann.starts()
    expect(after.ann.sees()).toContain('Where shall my-claw live?')
    await after.ann.presses('Frankfurt')
    await after.ann.presses('Skip for now')
    expect(after.ann.sees()).toContain('my-claw · Frankfurt')
  })

  test('Back and /cancel work at every question, and a cancelled key is let go', async () => {
    const { ann, world } = await begin()
    await ann.says('/deploy my-claw ams')
    await ann.presses('Anthropic (Claude)')
    await ann.says(KEY)
    await ann.presses('Change something')
    await ann.presses('Back')
    expect(ann.sees()).toContain('Brain: Claude')
    await ann.says('/cancel')
    expect(ann.sees()).toContain('Cancelled. Nothing was made')
    expect(await world.database.db.$count(sql`staged_apps`, sql`expires_at <= now()`)).toBe(1)
    expect(await world.database.db.$count(wizardSessions)).toBe(0)
    await ann.says('/cancel')
    expect(ann.sees()).toBe('There is nothing to cancel.')
  })

  test('a button of an earlier question, or of a conversation that ended, does no harm', async () => {
    const { ann, world } = await begin()
    await ann.says('/deploy my-claw')
    const city = ann.idOf('Frankfurt')
    await ann.presses('Amsterdam')
    await ann.pressesId(city)
    expect(ann.sees()).toContain('Whose model shall my-claw think with?')
    await ann.says('/cancel')
    await ann.pressesId(city)
    expect(ann.sees()).toContain('That question is over')
    expect(await instances(world)).toBe(0)
  })

  test('somebody else’s button is refused', async () => {
    const scene = await begin()
    const bob = scene.person('bob')
    await scene.ann.says('/deploy my-claw ams')
    await scene.ann.presses('Skip for now')
    await bob.pressesId(scene.ann.idOf('Launch'))
    expect(bob.sees()).toContain('That question is over')
    const token = await createActionToken(scene.world.database.db, {
      provider: 'telegram',
      subject: 'ann',
      verb: 'deploy',
      args: ['a-claw'],
      ttlMinutes: 5,
    })
    await bob.pressesId(`t:${token}`)
    expect(bob.sees()).toContain('That button is for the person I wrote it to')
    await scene.ann.pressesId(`t:${token}`)
    expect(scene.ann.sees()).toContain('Where shall a-claw live?')
    await scene.ann.pressesId(`t:${token}`)
    expect(scene.ann.sees()).toContain('That button has done its work already.')
    expect(await instances(scene.world)).toBe(0)
  })

  test('a plan that is full is said before anything is asked', async () => {
    const scene = await begin()
    await launch(scene)
    await scene.ann.says('/deploy another')
    expect(scene.ann.sees()).toContain('Starter holds 1 assistant, and you have it already.')
  })

  test('status, instances and logs answer for the only assistant without its name', async () => {
    const scene = await begin()
    await launch(scene)
    await scene.ann.says('/status')
    expect(scene.ann.sees()).toContain('🟢 my-claw is live')
    await scene.ann.says('instances')
    expect(scene.ann.sees()).toContain('🟢 my-claw · live · Amsterdam')
    await scene.ann.says('/logs 50')
    expect(scene.ann.sees()).toContain('my-claw has not said anything yet')
    await scene.ann.says('/status nothing')
    expect(scene.ann.sees()).toContain('You have no assistant called nothing')
    expect(scene.ann.labels()).toEqual(['my-claw'])
  })

  test('stop, start and restart are told by one message each, which ends as the result', async () => {
    const scene = await begin()
    await launch(scene)
    for (const [command, result] of [
      ['/stop', 'my-claw is stopped.'],
      ['/start my-claw', 'my-claw is live again'],
      ['/restart', 'my-claw is back'],
    ] as const) {
      await scene.ann.says(command)
      await scene.news()
      const before = scene.chat.texts('ann').length
      await scene.world.settle()
      await scene.news()
      expect(scene.chat.texts('ann')).toHaveLength(before)
      expect(scene.ann.sees()).toContain(result)
    }
    await scene.ann.says('/stop')
    await scene.world.settle()
    await scene.ann.says('/stop')
    expect(scene.ann.sees()).toBe('my-claw is stopped already. Its storage is kept.')
  })

  test('destroying wants the name, and keeps the assistant without it', async () => {
    const scene = await begin()
    await launch(scene)
    const { ann, world, news } = scene
    const apps = await machines.apps()
    await ann.says('/destroy')
    expect(ann.sees()).toContain('deletes its 1 GB of storage and its memory for good')
    await ann.says('yes')
    expect(ann.sees()).toContain('That is not its name, so nothing was deleted.')
    await ann.presses('Keep it')
    expect(ann.sees()).toBe('Kept. Nothing about my-claw changed.')
    await ann.says('/destroy my-claw')
    await ann.says('my-claw')
    await world.settle()
    await news()
    expect(ann.sees()).toBe('my-claw is gone: its machine, its storage and its address are deleted.')
    expect(apps.length - (await machines.apps()).length).toBe(1)
  })

  test('renaming works in one line, as a question, and with a suggestion that was tapped', async () => {
    const scene = await begin()
    await launch(scene)
    const { ann } = scene
    await ann.says('/rename my-claw new-claw')
    expect(ann.sees()).toContain('my-claw is called new-claw now.')
    await ann.says('/rename')
    await ann.says('Big Claw')
    await ann.presses('big-claw')
    expect(ann.sees()).toContain('new-claw is called big-claw now.')
    await ann.says('/rename third-claw')
    expect(ann.sees()).toContain('big-claw is called third-claw now.')
  })

  test('with several assistants it asks which, and the answer carries the command on', async () => {
    const scene = await begin()
    const { ann, world } = scene
    await ann.starts()
    await world.database.db.execute(sql`update users set plan = 'pro'`)
    await launch(scene, 'a-claw')
    await launch(scene, 'b-claw')
    await ann.says('/status')
    expect(ann.labels()).toEqual(['a-claw', 'b-claw'])
    await ann.presses('b-claw')
    expect(ann.sees()).toContain('b-claw is live')
  })

  test('a deployment that failed offers another try, at the card, with its answers kept', async () => {
    const scene = await begin()
    const { ann, world, news } = scene
    const apps = await machines.apps()
    await ann.says('/deploy my-claw ams')
    await ann.presses('Anthropic (Claude)')
    await ann.says(KEY)
    await machines.fault({
      match: { method: 'POST', path: '/machines$' },
      times: 50,
      kind: { status: 403, body: { error: 'organization machine limit reached' } },
    })
    await ann.presses('Launch')
    await world.settle()
    await machines.clearFaults()
    await news()
    expect(ann.sees()).toContain('🔴 my-claw was not set up.')
    expect(ann.sees()).toContain('Everything that was made for it is removed')
    await ann.presses('Try again')
    expect(ann.sees()).toContain('Brain: Claude (the key must be pasted again)')
    await ann.presses('Paste the key')
    await ann.says(KEY)
    await ann.presses('Launch')
    await world.settle()
    await news()
    expect(ann.sees()).toContain('🟢 my-claw is live')
    expect((await machines.apps()).length - apps.length).toBe(1)
  })

  test('a bot that nobody asked for is kept nowhere and answers no other question', async () => {
    const scene = await begin()
    await launch(scene)
    const { ann, chat, world } = scene
    const token = '7100000001:AAsimulated-token-of-a-bot-of-anns1'
    await ann.says('/rename')
    await ann.makesBot('my_claw_bot', new Sealed(token))
    expect(ann.sees()).toContain('@my_claw_bot is made, and it is yours. I was not waiting for one')
    await ann.makesBot('other_bot', null)
    expect(ann.sees()).toContain('Telegram does not hand me its token')
    await ann.says('new-claw')
    expect(ann.sees()).toContain('my-claw is called new-claw now.')
    expect(JSON.stringify(chat.messages)).not.toContain(token)
    for (const table of ['wizard_sessions', 'outbox', 'audit_log', 'secret_names', 'inbox', 'action_tokens'])
      expect(JSON.stringify(await world.database.db.execute(sql.raw(`select * from ${table}`)))).not.toContain(token)
  })

  test('unknown commands and loose words get a way on', async () => {
    const { ann } = await begin()
    await ann.starts()
    await ann.says('/stauts')
    expect(ann.labels()).toEqual(['/status', expect.any(String), expect.any(String), 'All commands'])
    await ann.presses('/status')
    expect(ann.sees()).toContain('You have no assistant yet.')
    await ann.says('what is the weather?')
    expect(ann.sees()).toContain('I look after assistants; I am not one myself.')
    await ann.says('/help')
    expect(ann.sees()).toContain('/deploy Set up a new assistant')
  })

  test('in a group it talks about nothing private', async () => {
    const scene = await begin()
    const ann = createPerson(scene.chat, (inbound, face) => scene.router.handle(inbound, face), {
      subject: 'ann',
      address: 'group-1',
      place: 'group',
    })
    await ann.says('/status')
    expect(ann.sees()).toContain('Let us talk about that in private')
    await ann.says('just chatting')
    expect(scene.chat.texts('group-1')).toHaveLength(1)
    await ann.says('/help')
    expect(ann.sees()).toContain('What you can ask me')
  })

  test('people do not wait for each other', async () => {
    const scene = await begin()
    const bob = scene.person('bob')
    let release = (): void => undefined
    const stuck = new Promise<void>((resolve) => (release = resolve))
    const { face } = scene.chat
    const send = face.send.bind(face)
    face.send = async (chat, view, options) => {
      if (chat === 'ann') await stuck
      return send(chat, view, options)
    }
    const waiting = scene.ann.says('/help')
    await bob.says('/help')
    expect(scene.chat.texts('bob')).toHaveLength(1)
    expect(scene.chat.texts('ann')).toHaveLength(0)
    release()
    await waiting
    expect(scene.chat.texts('ann')).toHaveLength(1)
  })

  test('what breaks is said with a code, and the next thing works', async () => {
    const scene = await begin()
    await scene.ann.starts()
    scene.chat.next = [new Error('the platform hung up')]
    await scene.ann.says('/instances')
    expect(scene.ann.sees()).toContain('I could not finish /instances')
    expect(scene.ann.sees()).not.toContain('hung up')
    await scene.ann.presses('Try again')
    expect(scene.ann.sees()).toContain('You have no assistant yet.')
  })
})
