// Sharing, as people have it: a group on a chat where everybody reads along, and a chat where nobody does.
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rowsOf } from '../../src/db/connect.ts'
import { expireApprovals } from '../../src/db/approvals.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines } from '../support/world.ts'
import { createMemoryChat, createPerson, type Person } from './support/memory-chat.ts'
import { sceneOn, type Scene } from './support/scene.ts'
import { member, team, type Member } from './support/team.ts'

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

type Group = Scene & { annIn: Member; ben: Member; cem: Member; benAlone: Person; said: () => string[] }

describe('in a group', async () => {
  const { open } = await postgresDatabases()
  /** Ann has my-claw and shares it with the team, which Ben and Cem are in. */
  const begin = async (role: 'See' | 'Operate' | null): Promise<Group> => {
    const scene = sceneOn(createWorld(await open(), machines), createMemoryChat('telegram'))
    const { ann, world, news, chat } = scene
    await ann.says('/deploy my-claw ams')
    await ann.presses('Skip for now')
    await ann.presses('Launch')
    await world.settle()
    await news()
    const [annIn, ben, cem] = [member(scene, 'ann'), member(scene, 'ben'), member(scene, 'cem')]
    if (role !== null) {
      await annIn.says('/share')
      await annIn.presses(role)
    }
    return { ...scene, annIn, ben, cem, benAlone: scene.person('ben'), said: () => chat.texts('-1005') }
  }
  const settle = async ({ world, news }: Group): Promise<void> => {
    await world.settle()
    await news()
  }

  test('nothing of its owner is shown before it is shared, and whoever asks is led into private', async () => {
    const it = await begin(null)
    for (const words of ['/status', '/status my-claw', '/instances', '/restart my-claw', '/logs', '/destroy my-claw']) {
      await it.annIn.says(words)
      expect(it.annIn.sees(), words).toContain('Let us talk about that in private')
      await it.ben.says(words)
      expect(it.ben.sees(), words).toContain('Let us talk about that in private')
    }
    expect(it.said().join('\n')).not.toContain('my-claw')
    expect(it.chat.messages.filter((one) => one.chat === '-1005').every((one) => one.view.elsewhere)).toBe(true)
  })

  test('its owner shares it in words that say what each means, changes it, and ends it; nobody else can', async () => {
    const it = await begin(null)
    await it.annIn.says('/share')
    expect(it.annIn.sees()).toBe(
      'What may the people of this group do with my-claw?\nSee: how it is doing\nOperate: also restart, stop and start it, and read its logs\nKeys, settings and its deletion stay with you.',
    )
    expect(it.annIn.labels()).toEqual(['See', 'Operate'])
    await it.ben.presses('Operate')
    expect(it.ben.notes.at(-1)).toBe('Let us talk about that in private: write to me directly, so that nobody reads along.')
    await it.annIn.presses('See')
    expect(it.annIn.sees()).toContain('my-claw is shared: whoever is here may see how it is doing')
    await it.ben.presses('Change')
    expect(it.ben.notes.at(-1)).toBe('Only the owner of my-claw can do that. Nothing was changed.')
    await it.ben.says('/share my-claw')
    expect(it.ben.sees()).toContain('Only the owner of my-claw can do that.')
    await it.annIn.says('/share')
    expect(it.annIn.labels()).toEqual(['Operate', 'Stop sharing'])
    expect(it.annIn.sees()).toContain('At the moment: see.')
    await it.annIn.presses('Operate')
    expect(it.annIn.sees()).toContain('may see and operate it')
    await it.annIn.says('/share')
    await it.annIn.presses('Stop sharing')
    expect(it.annIn.sees()).toBe('my-claw is no longer shared there. Nothing else about it changed.')
    await it.ben.says('/status my-claw')
    expect(it.ben.sees()).toContain('Let us talk about that in private')
  })

  test('a viewer looks, and is told by a note what they may not', async () => {
    const it = await begin('See')
    await it.ben.says('/status')
    expect(it.ben.sees()).toContain('my-claw is live')
    expect(it.ben.labels()).toEqual(['Look again'])
    await it.ben.says('/instances')
    expect(it.ben.sees()).toBe('🟢 my-claw · live · Amsterdam · shared here')
    const before = it.said().length
    const { id } = await only(it)
    for (const [verb, note] of [
      ['restart', 'You may look at my-claw from here, no more: only its owner can let you do that. Nothing was changed.'],
      ['logs', 'You may look at my-claw from here, no more: only its owner can let you do that. Nothing was changed.'],
      ['destroy', 'You may look at my-claw from here, no more: only its owner can let you do that. Nothing was changed.'],
      ['rename', 'Let us talk about that in private: write to me directly, so that nobody reads along.'],
      ['deploy', 'Let us talk about that in private: write to me directly, so that nobody reads along.'],
      ['approve', 'Let us talk about that in private: write to me directly, so that nobody reads along.'],
    ] as const) {
      await it.ben.pressesId(`${verb}:${id}`)
      expect(it.ben.notes.at(-1), verb).toBe(note)
      expect(note.length).toBeLessThanOrEqual(200)
    }
    expect(it.said()).toHaveLength(before)
    expect(await it.world.row(id)).toMatchObject({ restartGeneration: 0, deleteRequestedAt: null })
  })

  test('an operator restarts it, and its progress is told there, to everybody; the owner alone hears of trouble', async () => {
    const it = await begin('Operate')
    await it.ben.says('/status')
    expect(it.ben.labels()).toEqual(['Restart', 'Stop', 'Logs'])
    await it.ben.presses('Restart')
    await it.news()
    expect(it.cem.sees()).toContain('Restarting my-claw')
    await settle(it)
    expect(it.cem.sees()).toContain('my-claw is back')
    expect(it.chat.texts('ben')).toEqual([])
    await it.cem.presses('Logs')
    expect(it.cem.sees()).toContain('my-claw has not said anything yet')
    const audited = rowsOf(
      await it.world.database.db.execute(sql`select actor, action, room, outcome from audit_log where actor = 'telegram:ben' or action = 'logs'`),
    )
    expect(audited).toEqual([
      { actor: 'telegram:ben', action: 'restart', room: '-1005', outcome: 'done' },
      { actor: 'telegram:cem', action: 'logs', room: '-1005', outcome: 'done' },
    ])
  })

  test('one button pressed by several people at once begins one job, and the others are told so', async () => {
    const it = await begin('Operate')
    await it.ben.says('/status')
    await Promise.all([it.annIn, it.ben, it.cem].map((one) => one.presses('Restart')))
    const notes = [it.annIn, it.ben, it.cem].flatMap((one) => one.notes)
    expect(notes).toEqual(Array(2).fill('my-claw is restarting just now. Ask again when that is done; I will say so here.'))
    expect((await it.world.row((await only(it)).id)).restartGeneration).toBe(1)
    await settle(it)
    expect(it.said().filter((text) => text.includes('my-claw is back'))).toHaveLength(1)
  })

  test('what is shared there is nobody’s in private, nor in another group', async () => {
    const it = await begin('Operate')
    const { id } = await only(it)
    const elsewhere = member(it, 'ben', { ...team, id: '-1009', address: '-1009' })
    for (const words of ['/status my-claw', `/status ${id}`, `/restart ${id}`]) {
      await it.benAlone.says(words)
      expect(it.benAlone.sees(), words).toContain('You have no assistant yet')
      await elsewhere.says(words)
      expect(elsewhere.sees(), words).toContain('Let us talk about that in private')
    }
    expect((await it.world.row(id)).restartGeneration).toBe(0)
  })

  test('its owner sees in private where it is shared, and ends it from there', async () => {
    const it = await begin('Operate')
    await it.ann.says('/status')
    expect(it.ann.sees()).toContain('Shared with: Team')
    await it.ann.says('/share')
    expect(it.ann.sees()).toBe('Where my-claw is shared\nTeam: its people may see and operate it')
    await it.ann.presses('Stop: Team')
    expect(it.ann.sees()).toContain('no longer shared there')
    await it.ann.says('/share')
    expect(it.ann.sees()).toContain('my-claw is shared with nobody')
    await it.ben.says('/restart my-claw')
    expect(it.ben.sees()).toContain('Let us talk about that in private')
  })

  test('the owner is not asked for a name where others read along, but led into private', async () => {
    const it = await begin('Operate')
    await it.annIn.says('/destroy my-claw')
    expect(it.annIn.sees()).toContain('Let us talk about that in private')
    await it.annIn.says('my-claw')
    expect((await it.world.row((await only(it)).id)).deleteRequestedAt).toBeNull()
  })

  describe('an operator who wants it destroyed', () => {
    const wish = async (it: Group): Promise<void> => {
      await it.ben.says('/destroy my-claw')
      await it.ben.says('my-claw')
      await it.news()
    }
    const gone = async (it: Group): Promise<boolean> => (await it.world.row((await only(it)).id)).deleteRequestedAt !== null

    test('types its name in answer, the owner agrees in private, and both are told', async () => {
      const it = await begin('Operate')
      await it.ben.says('/destroy my-claw')
      expect(it.ben.sees()).toContain('Shall I ask them? Reply to this message with my-claw.')
      // Somebody else's answer is not one, and in private it is none either.
      await it.cem.says('my-claw')
      await it.benAlone.says('my-claw')
      await it.cem.presses('Keep it')
      expect(it.cem.notes.at(-1)).toContain('That button is for the person I wrote it to.')
      await it.ben.says('your-claw')
      expect(it.ben.sees()).toContain('That is not its name, so nothing was deleted.')
      await it.ben.says('my-claw')
      expect(it.ben.sees()).toContain('I have asked the owner of my-claw')
      await it.news()
      expect(it.ann.sees()).toContain('ben in Team asks me to destroy my-claw.')
      expect(it.ann.sees()).toContain('That deletes its 1 GB of storage and its memory for good')
      expect(it.ann.labels()).toEqual(['Destroy it', 'Keep it'])
      expect(await gone(it)).toBe(false)
      await it.ann.presses('Destroy it')
      expect(await gone(it)).toBe(true)
      await settle(it)
      expect(it.chat.texts('ann').some((text) => text.includes('asked me to destroy my-claw, and you agreed.'))).toBe(true)
      expect(it.ann.sees()).toContain('my-claw is gone')
      expect(it.said()).toContain('The owner of my-claw agreed: it is being destroyed.')
      const audited = rowsOf(
        await it.world.database.db.execute(
          sql`select actor, action, room, outcome, input ->> 'askedBy' is not null as by from audit_log where action in ('destroy', 'approve') and outcome <> 'name-mismatch' order by id`,
        ),
      )
      expect(audited).toEqual([
        { actor: 'telegram:ben', action: 'destroy', room: '-1005', outcome: 'asked', by: false },
        { actor: 'telegram:ann', action: 'approve', room: '-1005', outcome: 'done', by: true },
      ])
    })

    test('changes their mind before the owner is asked', async () => {
      const it = await begin('Operate')
      await it.ben.says('/destroy my-claw')
      await it.ben.presses('Keep it')
      expect(it.ben.sees()).toContain('Kept. Nothing about my-claw changed.')
      await it.ben.says('my-claw')
      await it.news()
      expect(it.ann.sees()).not.toContain('asks me to destroy')
    })

    test('is told no', async () => {
      const it = await begin('Operate')
      await wish(it)
      await it.ann.presses('Keep it')
      expect(it.ann.sees()).toBe('my-claw stays. I have told ben in Team.')
      await it.news()
      expect(it.ben.sees()).toBe('The owner of my-claw wants to keep it. Nothing was deleted.')
      expect(await gone(it)).toBe(false)
    })

    test('asks twice, and the owner is asked once; only the owner answers', async () => {
      const it = await begin('Operate')
      await wish(it)
      await it.cem.says('/destroy my-claw')
      await it.cem.says('my-claw')
      expect(it.cem.sees()).toContain('has been asked already and has not answered yet')
      const yes = it.ann.idOf('Destroy it')
      for (const one of [it.benAlone, it.person('zoe')]) {
        await one.pressesId(yes)
        expect(one.sees()).toContain('I no longer know what that question was about')
      }
      await it.ben.pressesId(yes)
      expect(it.ben.notes.at(-1)).toContain('Let us talk about that in private')
      expect(await gone(it)).toBe(false)
    })

    test('gets one answer, however often the owner taps', async () => {
      const it = await begin('Operate')
      await wish(it)
      const [yes, no] = [it.ann.idOf('Destroy it'), it.ann.idOf('Keep it')]
      await Promise.all([it.ann.pressesId(yes), it.ann.pressesId(yes), it.ann.pressesId(no)])
      expect(await gone(it)).toBe(true)
      const done = sql`action = 'approve' and outcome = 'done'`
      expect(await it.world.database.db.$count(sql`audit_log`, done)).toBe(1)
    })

    test('whose share ended meanwhile has no wish any more, and both are told', async () => {
      const it = await begin('Operate')
      await wish(it)
      const yes = it.ann.idOf('Destroy it')
      await it.annIn.says('/share')
      await it.annIn.presses('See')
      await it.news()
      expect(it.chat.texts('ann').at(-1)).toContain('That is off: they may no longer operate it. Nothing was deleted.')
      expect(it.ben.sees()).toContain('I no longer ask for my-claw to be destroyed')
      await it.ann.pressesId(yes)
      expect(it.ann.sees()).toContain('That is off: who asked may no longer operate it.')
      expect(await gone(it)).toBe(false)
    })

    test('is told when a day has passed, and a late yes does nothing', async () => {
      const it = await begin('Operate')
      await wish(it)
      const yes = it.ann.idOf('Destroy it')
      await it.world.database.db.execute(sql`update approvals set expires_at = now() - interval '1 second'`)
      await it.ann.pressesId(yes)
      expect(it.ann.sees()).toContain('That was asked more than a day ago')
      await expireApprovals(it.world.database.db)
      await it.news()
      expect(it.ben.sees()).toBe('The owner of my-claw did not answer within a day. It stays.')
      expect(await gone(it)).toBe(false)
      // It can be asked again.
      await wish(it)
      expect(it.ann.sees()).toContain('ben in Team asks me to destroy my-claw.')
    })

    test('means the same assistant after it was renamed, and its owner reads the new name', async () => {
      const it = await begin('Operate')
      await wish(it)
      await it.ann.says('/rename red-claw')
      await it.news()
      expect(it.chat.texts('ann').some((text) => text.includes('ben in Team asks me to destroy red-claw.'))).toBe(true)
      await it.ann.presses('Destroy it')
      expect(await gone(it)).toBe(true)
    })

    test('is answered by the owner’s own /destroy', async () => {
      const it = await begin('Operate')
      await wish(it)
      await it.ann.says('/destroy')
      await it.ann.says('my-claw')
      await it.news()
      expect(it.ben.sees()).toBe('The owner of my-claw agreed: it is being destroyed.')
      expect(await it.world.database.db.$count(sql`approvals`, sql`state = 'open'`)).toBe(0)
    })

    test('and leaves for good takes the wish with them', async () => {
      const it = await begin('Operate')
      await wish(it)
      const yes = it.ann.idOf('Destroy it')
      await it.benAlone.says('/forget-me')
      await it.benAlone.says('forget me')
      expect(it.benAlone.sees()).toContain('Your account is deleted')
      await it.ann.pressesId(yes)
      expect(it.ann.sees()).toContain('I no longer know what that question was about')
      expect(await gone(it)).toBe(false)
      expect(JSON.stringify(rowsOf(await it.world.database.db.execute(sql`select * from approvals`)))).not.toContain('ben')
    })
  })

  test('a job of somebody who is forgotten goes on, and is told to nobody', async () => {
    const it = await begin('Operate')
    await it.ben.says('/restart my-claw')
    await it.benAlone.says('/forget-me')
    await it.benAlone.says('forget me')
    await settle(it)
    expect(await it.world.row((await only(it)).id)).toMatchObject({ healthy: true, operationId: null })
    expect(await it.world.database.db.$count(sql`outbox`, sql`payload ->> 'operationId' is not null and template = 'progress'`)).toBe(1)
  })
})

describe('where an answer is for one person alone', async () => {
  const { open } = await postgresDatabases()
  const rooms = [
    { id: 'channel:1', kind: 'channel', title: '#ops', address: 'channel:1' },
    { id: 'server:2', kind: 'server', title: 'server', address: null },
  ] as const

  test('one’s own and what is shared come together, a wider place can be meant, and progress comes in private', async () => {
    const chat = createMemoryChat('discord', { capabilities: { privateReplies: true } })
    const scene = sceneOn(createWorld(await open(), machines), chat)
    const { router, world, ann, news } = scene
    const inChannel = (subject: string, places: typeof rooms | readonly [(typeof rooms)[1]] = rooms): Person => {
      const mine = places.map((room) => ({ ...room, address: subject }))
      return createPerson(chat, (inbound, face) => router.handle(inbound, face), { subject, place: 'group', rooms: mine })
    }
    await ann.says('/deploy my-claw ams')
    await ann.presses('Skip for now')
    await ann.presses('Launch')
    await world.settle()
    await news()
    const [annIn, ben] = [inChannel('ann'), inChannel('ben', [rooms[1]])]
    await annIn.says('/instances')
    expect(annIn.sees()).toContain('🟢 my-claw · live · Amsterdam\nYour plan: Starter')
    await annIn.says('/share')
    expect(annIn.sees()).toContain('What may the people of this channel do with my-claw?')
    expect(annIn.labels()).toEqual(['See', 'Operate', 'The whole server'])
    await annIn.presses('The whole server')
    expect(annIn.sees()).toContain('What may the people of this whole server do with my-claw?')
    await annIn.presses('Operate')
    await ann.says('/share')
    expect(ann.sees()).toContain('a server: its people may see and operate it')

    await ben.says('/deploy my-claw ams')
    await ben.presses('Skip for now')
    await ben.presses('Launch')
    await world.settle()
    await news()
    await ben.says('/restart my-claw')
    expect(ben.sees()).toBe('Several assistants here are called my-claw. Which one do you mean?')
    expect(ben.labels()).toEqual(['My own', 'The one of ann'])
    await ben.presses('The one of ann')
    await world.settle()
    await news()
    expect(ben.sees()).toContain('my-claw is back')
    // In private there is nothing that they could do with it.
    expect(ben.labels()).toEqual([])
    await ben.says('/rename my-claw red-claw')
    expect(ben.sees()).toContain('my-claw is called red-claw now')
    await ben.says('/instances')
    expect(ben.sees()).toContain('🟢 red-claw · live · Amsterdam\n🟢 my-claw · live · Amsterdam · shared here')
  })
})

async function only({ world }: Scene): Promise<{ id: string }> {
  const [row] = rowsOf<{ id: string }>(await world.database.db.execute(sql`select id from instances`))
  if (row === undefined) throw new Error('no instance')
  return row
}
