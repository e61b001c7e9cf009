import { PassThrough } from 'node:stream'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Inbound } from '../../src/bots/core/face.ts'
import { registrations } from '../../src/bots/discord/commands.ts'
import { createDiscordFace } from '../../src/bots/discord/discord.ts'
import { systemClock } from '../../src/lib/clock.ts'
import { createLog } from '../../src/lib/log.ts'
import { systemRandom } from '../../src/lib/random.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { startDiscord } from '../simulators/discord.ts'
import { begin, press, says, text } from '../simulators/discord/scene.ts'
import { eventually } from './support/memory-chat.ts'

const KEY = `sk-ant-api03-${'a'.repeat(60)}x4Qe`

describe('an interaction', () => {
  test('is acknowledged at once and privately in a server, however long its answer takes', async () => {
    const answer = Promise.withResolvers<void>()
    const { sim } = await begin(async (inbound, face) => {
      await answer.promise
      await says('It is fine.')(inbound, face)
    })
    const [ann, bob] = [sim.person({ place: 'server' }), sim.person({ name: 'Bob', place: 'server' })]
    await ann.says('/status')
    await ann.sees('is thinking')
    expect(bob.transcript()).toBe('')
    answer.resolve()
    await ann.sees('It is fine.')
    expect(ann.messages()).toHaveLength(1)
    expect(bob.transcript()).toBe('')
    expect(sim.violations()).toEqual([])
  })

  test('of one person does not wait for another person’s', async () => {
    const slow = Promise.withResolvers<void>()
    const { sim } = await begin(async (inbound, face) => {
      if (inbound.displayName === 'Ann') await slow.promise
      await says(`hello ${inbound.displayName}`)(inbound, face)
    })
    const [ann, bob] = [sim.person(), sim.person({ name: 'Bob' })]
    await ann.says('/help')
    await bob.says('/help')
    await bob.sees('hello Bob')
    expect(ann.transcript()).toContain('thinking')
    slow.resolve()
    await ann.sees('hello Ann')
  })

  test('is answered while announcements use up the calls of the second', async () => {
    const { sim, face } = await begin(says('here you are'))
    const others = Array.from({ length: 60 }, () => sim.person())
    const announced = others.map(({ id }, index) => face.send(id, text('news'), { idempotencyKey: `news-${index}`, unasked: true }))
    const ann = sim.person()
    await ann.says('/help')
    await ann.sees('here you are')
    await Promise.all(announced)
    const calls = sim.calls().map((call) => `${call.method} ${call.path}`)
    expect(calls.findIndex((call) => call.startsWith('PATCH /webhooks/'))).toBeLessThan(
      calls.findLastIndex((call) => call.startsWith('POST /channels/')),
    )
    expect(sim.violations()).toEqual([])
  })

  test('whose acknowledgement fails once at Discord is acknowledged all the same', async () => {
    const { sim } = await begin(says('done'))
    sim.fault({ call: /callback$/, answer: { status: 502 } })
    const ann = sim.person()
    await ann.says('/help')
    await ann.sees('done')
    expect(sim.violations()).toEqual([])
  })

  test('that was acknowledged too late is not carried out: the person was told that it failed', async () => {
    const heard: string[] = []
    const { sim } = await begin(async (inbound) => void (inbound.kind === 'text' && heard.push(inbound.text)))
    sim.fault({ call: /callback$/, answer: { status: 404, code: 10_062 } })
    const ann = sim.person()
    await ann.says('/restart')
    await ann.says('/help')
    expect(await eventually(() => heard.length === 1)).toBe(true)
    expect(heard).toEqual(['/help'])
  })

  test('whose empty reply the person has put away is answered below', async () => {
    const { sim } = await begin(says('here it is'))
    sim.fault({ call: /^PATCH .*@original$/, answer: { status: 404, code: 10_008 } })
    const ann = sim.person({ place: 'server' })
    await ann.says('/status')
    await ann.sees('here it is')
    expect(sim.violations()).toEqual([])
  })

  test('that arrives twice is handled once, and shows no failure', async () => {
    const heard: string[] = []
    const { sim } = await begin(async (inbound, face) => {
      heard.push(inbound.id)
      await says('done')(inbound, face)
    })
    sim.repeatEvents(2)
    const ann = sim.person()
    await ann.says('/help')
    await ann.sees('done')
    expect(heard).toHaveLength(1)
    expect(ann.transcript()).toBe('done')
    expect(sim.violations()).toEqual([])
  })

  test('whose answer comes by itself does not stay thinking', async () => {
    const { sim } = await begin(async (inbound, face) => face.expect?.(inbound.chat, ['op:1']))
    const [dm, server] = [sim.person(), sim.person({ name: 'Bob', place: 'server' })]
    await dm.says('/restart')
    await server.says('/restart')
    await server.sees('in our private chat')
    expect(await eventually(() => dm.transcript() === '')).toBe(true)
    expect(sim.calls().filter((call) => call.method === 'DELETE')).toHaveLength(1)
  })

  test('whose token has ended is answered by direct message', async () => {
    const late = Promise.withResolvers<void>()
    const { sim } = await begin(
      async (inbound, face) => {
        await late.promise
        await says('late, but here')(inbound, face)
      },
      { tokenLifeMs: 60 },
    )
    const ann = sim.person({ place: 'server' })
    await ann.says('/status')
    await ann.sees('thinking')
    const seen = performance.now()
    expect(await eventually(() => performance.now() - seen > 80)).toBe(true)
    late.resolve()
    await ann.sees('late, but here').catch(() => undefined)
    const direct = sim.messages().find((one) => JSON.stringify(one.components).includes('late, but here'))
    expect(direct?.onlyFor).toBeNull()
  })

  test('a button changes its message, and an option of a select counts as a button', async () => {
    const options = [{ label: 'Amsterdam', id: 'region:ams' }]
    const { sim } = await begin(async (inbound, face) => {
      if (inbound.kind !== 'press') return says('Where?', { actions: [press('Back', 'back:1')], select: { label: 'Place', options } })(inbound, face)
      await face.edit(inbound.chat, inbound.messageRef ?? '', text(`chose ${inbound.button}`, { actions: [press('Back', 'back:1')] }))
    })
    const ann = sim.person({ place: 'server' })
    await ann.says('/deploy')
    await ann.sees('Where?')
    await ann.clicks('Amsterdam')
    await ann.sees('chose region:ams')
    await ann.clicks('Back')
    await ann.sees('chose back:1')
    expect(ann.messages()).toHaveLength(1)
    expect(sim.violations()).toEqual([])
  })

  test('a question is answered in a form, which opens before anything else is done', async () => {
    const heard: Inbound[] = []
    const { sim } = await begin(async (inbound, face) => {
      heard.push(inbound)
      await says(heard.length === 1 ? 'Your key?' : 'Thank you.', { input: heard.length === 1 ? 'secret' : undefined })(inbound, face)
    })
    const ann = sim.person()
    await ann.says('/deploy')
    await ann.sees('Your key?')
    await ann.clicks('Paste it')
    await ann.submits({ 'Key or token': KEY })
    await ann.sees('Thank you.')
    expect(heard[1]).toMatchObject({ kind: 'text', text: KEY, place: 'dm' })
    expect(ann.messages()).toHaveLength(1)
    expect(ann.transcript()).not.toContain('Your key?')
    expect(sim.violations()).toEqual([])
  })

  test('a command carries its options as words, and completes names and places', async () => {
    const heard: string[] = []
    const { sim } = await begin(
      async (inbound, face) => {
        if (inbound.kind === 'text') heard.push(inbound.text)
        await says('ok')(inbound, face)
      },
      { names: ['my-claw', 'work'] },
    )
    const ann = sim.person()
    for (const words of ['/deploy my-claw ams', '/logs my-claw 50', '/help']) {
      await ann.says(words)
      expect(await eventually(() => heard.at(-1) === words)).toBe(true)
    }
    expect(await ann.completes('status', 'instance', 'W')).toEqual(['my-claw', 'work'])
    expect(await ann.completes('deploy', 'region', 'amst')).toEqual(['Amsterdam, the Netherlands'])
    expect(await ann.completes('deploy', 'region', '')).toHaveLength(18)
    const options = registrations().flatMap((command) => command.options ?? [])
    expect(JSON.stringify(options)).not.toMatch(/key|token|secret/i)
    expect(sim.violations()).toEqual([])
  })
})

describe('the connection', () => {
  test.each(['ask', 'cut', 4_000] as const)('comes back after it broke (%s), and misses nothing', async (how) => {
    const heard: string[] = []
    const { sim } = await begin(async (inbound) => void (inbound.kind === 'text' && heard.push(inbound.text)))
    const ann = sim.person()
    await ann.says('before')
    expect(await eventually(() => heard.length === 1)).toBe(true)
    sim.gateway.breakAll(how)
    await ann.says('meanwhile')
    expect(await eventually(() => heard.includes('meanwhile'), 8_000)).toBe(true)
    expect(await eventually(() => sim.gateway.entries.resumed === 1, 8_000)).toBe(true)
    expect(sim.gateway.entries.identified).toBe(1)
    expect(heard).toEqual(['before', 'meanwhile'])
  })

  test('is shared by processes: each direct message comes to one of them, and one registers the commands', async () => {
    const sim = await startDiscord()
    onTestFinished(() => sim.close())
    const heard: string[] = []
    const over = new AbortController()
    const running = [0, 1].map((id) => {
      const log = createLog({ level: 'silent', destination: new PassThrough() })
      const parts = { apiUrl: sim.apiUrl, token: new Sealed(sim.token), log, clock: systemClock, random: systemRandom, names: async () => [] }
      const face = createDiscordFace({ ...parts, shards: { ids: [id], count: 2 } })
      return face.run(async (inbound) => void heard.push(`${id} ${inbound.kind}`), over.signal)
    })
    expect(await eventually(() => sim.gateway.connections() === 2 && sim.calls().some((call) => call.method === 'PUT'))).toBe(true)
    await sim.person().says('hello')
    expect(await eventually(() => heard.length > 0)).toBe(true)
    over.abort()
    await Promise.all(running)
    expect(heard).toEqual(['0 text'])
    expect(sim.calls().filter((call) => call.method === 'PUT')).toHaveLength(1)
  })

  test('is tried again when Discord cannot be reached at first', async () => {
    const sim = await startDiscord()
    onTestFinished(() => sim.close())
    sim.fault({ call: /gateway/, answer: { status: 503 }, times: 4 })
    const parts = { apiUrl: sim.apiUrl, token: new Sealed(sim.token), clock: systemClock, random: systemRandom, names: async () => [] }
    const face = createDiscordFace({ ...parts, log: createLog({ level: 'silent', destination: new PassThrough() }) })
    const over = new AbortController()
    const running = face.run(says(''), over.signal)
    expect(await eventually(() => sim.gateway.connections() === 1, 8_000)).toBe(true)
    // Now it is half connected, and must end all the same.
    over.abort()
    await running
    expect(await eventually(() => sim.gateway.connections() === 0)).toBe(true)
  })

  test('with a token that Discord does not know ends in one clear line', async () => {
    const sim = await startDiscord()
    onTestFinished(() => sim.close())
    const options = {
      apiUrl: sim.apiUrl,
      log: createLog({ level: 'silent', destination: new PassThrough() }),
      clock: systemClock,
      random: systemRandom,
      names: async () => [],
    }
    const face = createDiscordFace({ ...options, token: new Sealed('wrong') })
    const failure = await face.run(says(''), new AbortController().signal).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'discord.token', message: expect.stringContaining('DISCORD_BOT_TOKEN') })
  })

  test('whose token is taken back later ends in the same line', async () => {
    const sim = await startDiscord()
    onTestFinished(() => sim.close())
    const options = {
      apiUrl: sim.apiUrl,
      log: createLog({ level: 'silent', destination: new PassThrough() }),
      clock: systemClock,
      random: systemRandom,
      names: async () => [],
    }
    const face = createDiscordFace({ ...options, token: new Sealed(sim.token) })
    const running = face.run(says(''), new AbortController().signal).catch((error: unknown) => error)
    expect(await eventually(() => sim.gateway.connections() === 1)).toBe(true)
    sim.gateway.breakAll(4_004)
    expect(await running).toMatchObject({ code: 'discord.token' })
  })
})
