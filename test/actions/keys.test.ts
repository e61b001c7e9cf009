// Keys of an instance: from the paste to the provider's store and the gateway's configuration, against the local Machines server.
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Actor } from '../../src/actions/action.ts'
import type { KeyChange } from '../../src/actions/keys.ts'
import { operationEvents } from '../../src/db/events.ts'
import { claimSecret } from '../../src/db/secret-names.ts'
import type { Result } from '../../src/domain/refusal.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'
import { createLiveCheck, type LiveCheck } from '../../src/secrets/live-check.ts'
import { startPlatforms, type Platforms } from '../simulators/platforms.ts'
import { wholeDatabase } from '../support/accounts.ts'
import { postgresDatabases } from '../support/database.ts'
import { openclawSchema } from '../support/openclaw-schema.ts'
import { secretLike } from '../support/secrets.ts'
import { createWorld, startMachines, type Machines, type World } from '../support/world.ts'

let machines: Machines
let platforms: Platforms
let checker: LiveCheck
beforeAll(async () => {
  machines = await startMachines()
  platforms = await startPlatforms()
  checker = createLiveCheck({ urls: platforms.urls, timeoutMs: 500 })
})
afterEach(async () => {
  platforms.mends()
  await machines.clearFaults()
})
afterAll(async () => {
  await checker.close()
  await platforms.close()
  await machines.close()
})

const own = secretLike.telegram('mine', 999_999_999)
const machineSchema = z.looseObject({ config: z.looseObject({ files: z.array(z.looseObject({ guest_path: z.string(), raw_value: z.string() })) }) })
const documentSchema = z.looseObject({
  channels: z.record(z.string(), z.record(z.string(), z.unknown())).optional(),
  plugins: z.unknown().optional(),
  agents: z.looseObject({ defaults: z.looseObject({ model: z.looseObject({ primary: z.string() }) }) }).optional(),
})

/** OpenClaw's configuration as the instance's machine has it. */
async function documentOf(world: World, id: string): Promise<z.infer<typeof documentSchema>> {
  const row = await world.row(id)
  const url = `${machines.server.apiUrl}/apps/${appNameOf(id)}/machines/${row.machineId ?? ''}`
  const answer = await fetch(url, { headers: { authorization: `Bearer ${machines.server.token}` } })
  const { config } = machineSchema.parse(await answer.json())
  const file = config.files.find((one) => one.guest_path.endsWith('sent.json'))
  const { document } = z.object({ document: z.string() }).parse(JSON.parse(Buffer.from(file?.raw_value ?? '', 'base64').toString()))
  return documentSchema.parse(JSON.parse(document))
}
const secretsAt = async (id: string): Promise<string[]> => (await machines.fly.listSecrets(appNameOf(id))).map((one) => one.name).toSorted()

describe.each([await postgresDatabases()])('keys on $name', ({ open }) => {
  type Scene = { world: World; ann: Actor; bob: Actor; deploy(actor: Actor, name?: string): Promise<string>; set: Setter }
  type Setter = (actor: Actor, values: Record<string, string>, more?: object) => Promise<Result<KeyChange>>

  async function scene(checking = checker): Promise<Scene> {
    const world = createWorld(await open(), machines, { checker: checking, ownTokens: [{ name: 'TELEGRAM_BOT_TOKEN', token: new Sealed(own) }] })
    const [ann, bob] = [await world.actorOf('ann', 'pro'), await world.actorOf('bob', 'pro')]
    return {
      world,
      ann,
      bob,
      async deploy(actor, name = 'my-claw') {
        const result = await world.actions.perform('deploy', { name, region: 'ams', modelProvider: null }, actor)
        if (!result.ok) throw new Error(result.reason)
        await world.settle()
        return result.value.instance.id
      },
      set: (actor, values, more = {}) =>
        world.actions.perform(
          'set-key',
          { values: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, new Sealed(value)])), ...more },
          actor,
        ),
    }
  }

  const telegram = (last4?: string): string => {
    const token = secretLike.telegram(last4)
    platforms.telegram(token, { id: 123_456_789, username: 'my_claw_bot' })
    return token
  }
  const value = <T>(result: Result<T>): T => {
    if (!result.ok) throw new Error(result.reason)
    return result.value
  }

  it('a channel’s token reaches the store and the gateway by a job that ends live, and is nowhere else', async () => {
    const { world, ann, deploy, set } = await scene()
    const id = await deploy(ann)
    const before = (await world.row(id)).startId
    const token = telegram('x4Qe')
    const done = value(await set(ann, { TELEGRAM_BOT_TOKEN: `TELEGRAM_BOT_TOKEN="${token}"` }))
    expect(done).toMatchObject({ credential: 'telegram', reaches: 'now', keys: [{ last4: 'x4Qe', who: { label: '@my_claw_bot' } }] })
    expect(await secretsAt(id)).toContain('TELEGRAM_BOT_TOKEN')
    await world.settle()
    const row = await world.row(id)
    expect(row).toMatchObject({ healthy: true, operationId: null })
    expect(row.startId).not.toBe(before)
    expect((await documentOf(world, id)).channels).toEqual({
      telegram: { enabled: true, botToken: '${TELEGRAM_BOT_TOKEN}', dmPolicy: 'pairing' },
    })
    expect((await operationEvents(world.database.db, done.operationId ?? '')).map((event) => event.kind)).toEqual([
      'requested',
      'milestone',
      'milestone',
      'done',
    ])
    const stored = await wholeDatabase(world.database.db)
    expect(stored).toContain('x4Qe')
    expect(stored).not.toContain(token.slice(12, 30))
    const listed = value(await world.actions.perform('keys', {}, ann))
    expect(listed.keys).toMatchObject([{ name: 'TELEGRAM_BOT_TOKEN', last4: 'x4Qe', who: { label: '@my_claw_bot', id: '123456789' } }])
  })

  it('the owner is let in under the id by which they are known, and on Slack only in the bot’s own workspace', async () => {
    const { world, ann, deploy, set } = await scene()
    const id = await deploy(ann)
    const other = { provider: 'slack', display_name: 'Ann' }
    for (const [provider, subject] of [
      ['telegram', '4242'],
      ['slack', 'T0123456789:U77'],
      ['slack', 'TELSEWHERE:U88'],
    ])
      await world.database.db.execute(
        sql`insert into identities (provider, subject, user_id, display_name, chat) values (${provider}, ${subject}, ${ann.userId}, ${other.display_name}, ${subject})`,
      )
    const [bot, app] = [secretLike.slackBot(), secretLike.slackApp()]
    platforms.slackBot(bot, { user: 'claw', userId: 'U1', team: 'Acme', teamId: 'T0123456789' })
    platforms.slackApp(app)
    value(await set(ann, { SLACK_BOT_TOKEN: bot, SLACK_APP_TOKEN: app }))
    value(await set(ann, { TELEGRAM_BOT_TOKEN: telegram() }))
    await world.settle()
    expect(await documentOf(world, id)).toMatchObject({
      channels: {
        telegram: { allowFrom: ['4242'] },
        slack: { enabled: true, mode: 'socket', botToken: '${SLACK_BOT_TOKEN}', appToken: '${SLACK_APP_TOKEN}', allowFrom: ['U77'] },
      },
      plugins: { entries: { slack: { enabled: true } } },
    })
  })

  it('half of Slack is no channel; the other half makes it one', async () => {
    const { world, ann, deploy, set } = await scene()
    const id = await deploy(ann)
    const [bot, app] = [secretLike.slackBot(), secretLike.slackApp()]
    platforms.slackBot(bot, { user: 'claw', userId: 'U1', team: 'Acme', teamId: 'T1' })
    platforms.slackApp(app)
    value(await set(ann, { SLACK_BOT_TOKEN: bot }))
    await world.settle()
    expect((await documentOf(world, id)).channels).toBeUndefined()
    value(await set(ann, { SLACK_APP_TOKEN: app }))
    await world.settle()
    expect(Object.keys((await documentOf(world, id)).channels ?? {})).toEqual(['slack'])
  })

  it('a model’s key becomes the brain of an assistant without one, and not of one that has one', async () => {
    const { world, ann, deploy, set } = await scene()
    const id = await deploy(ann)
    const [openai, anthropic] = [secretLike.openai(), secretLike.anthropic()]
    platforms.modelKey('openai', openai)
    platforms.modelKey('anthropic', anthropic)
    value(await set(ann, { OPENAI_API_KEY: openai }))
    value(await set(ann, { ANTHROPIC_API_KEY: anthropic }))
    await world.settle()
    expect((await documentOf(world, id)).agents?.defaults.model.primary).toMatch(/^openai\//)
    value(await world.actions.perform('remove-key', { names: ['OPENAI_API_KEY'] }, ann))
    await world.settle()
    expect((await documentOf(world, id)).agents?.defaults.model.primary).toMatch(/^anthropic\//)
    expect(await secretsAt(id)).toEqual(['ANTHROPIC_API_KEY', 'OPENCLAW_GATEWAY_PASSWORD'])
  })

  it('what is removed is gone from the store, the configuration and the list; twice is said so', async () => {
    const { world, ann, deploy, set } = await scene()
    const id = await deploy(ann)
    value(await set(ann, { TELEGRAM_BOT_TOKEN: telegram(), WEATHER_KEY: 'sunny' }))
    await world.settle()
    const gone = value(await world.actions.perform('remove-key', { names: ['TELEGRAM_BOT_TOKEN'] }, ann))
    expect(gone).toMatchObject({ reaches: 'now', credential: 'telegram' })
    await world.settle()
    expect(await secretsAt(id)).toEqual(['OPENCLAW_GATEWAY_PASSWORD', 'WEATHER_KEY'])
    expect((await documentOf(world, id)).channels).toBeUndefined()
    expect(await world.actions.perform('remove-key', { names: ['TELEGRAM_BOT_TOKEN'] }, ann)).toMatchObject({ reason: 'key-not-set' })
  })

  it('a stopped instance takes it at its next start, without being started for it', async () => {
    const { world, ann, deploy, set } = await scene()
    const id = await deploy(ann)
    value(await world.actions.perform('stop', {}, ann))
    await world.settle()
    expect(value(await set(ann, { TELEGRAM_BOT_TOKEN: telegram() }))).toMatchObject({ reaches: 'at-start', operationId: null })
    await world.turn()
    await world.turn()
    expect(await world.row(id)).toMatchObject({ machineState: 'stopped', operationId: null })
    value(await world.actions.perform('start', {}, ann))
    await world.settle()
    expect(Object.keys((await documentOf(world, id)).channels ?? {})).toEqual(['telegram'])
  })

  it('one that is being made takes it on the way, and its deployment is told to its end', async () => {
    const { world, ann, set } = await scene()
    const made = value(await world.actions.perform('deploy', { name: 'my-claw', region: 'ams', modelProvider: null }, ann))
    for (let n = 0; n < 4; n += 1) await world.turn()
    expect(value(await set(ann, { TELEGRAM_BOT_TOKEN: telegram() }))).toMatchObject({ reaches: 'on-the-way', operationId: null })
    await world.settle()
    expect(Object.keys((await documentOf(world, made.instance.id)).channels ?? {})).toEqual(['telegram'])
    const ends = (await operationEvents(world.database.db, made.operationId ?? '')).filter((event) => event.kind === 'done')
    expect(ends).toHaveLength(1)
  })

  it('the process dies after the wish is written: another one brings it about, once', async () => {
    const { world, ann, deploy, set } = await scene()
    const id = await deploy(ann)
    const done = value(await set(ann, { TELEGRAM_BOT_TOKEN: telegram() }))
    await machines.fault({ match: { path: '/machines/[a-z0-9]+$' }, kind: { lostAnswer: true }, times: 1 })
    await world.settle()
    expect(Object.keys((await documentOf(world, id)).channels ?? {})).toEqual(['telegram'])
    const ends = (await operationEvents(world.database.db, done.operationId ?? '')).filter((event) => event.kind === 'done')
    expect(ends).toHaveLength(1)
  })

  it('two assistants never have one channel’s token, however closely they ask; a destroyed one frees it; model keys may be shared', async () => {
    const { world, ann, bob, deploy, set } = await scene()
    await deploy(ann)
    const bobs = await deploy(bob)
    const token = telegram()
    const both = await Promise.all([set(ann, { TELEGRAM_BOT_TOKEN: token }), set(bob, { TELEGRAM_BOT_TOKEN: token })])
    expect(both.filter((one) => one.ok)).toHaveLength(1)
    const loser = both.find((one) => !one.ok)
    expect(loser).toMatchObject({ reason: 'key-in-use', instance: null, leaving: false })
    const winner = both[0]?.ok === true ? ann : bob
    await world.settle()
    value(await world.actions.perform('destroy', { confirm: 'my-claw' }, winner))
    await world.settle()
    if (winner === bob) return void value(await set(ann, { TELEGRAM_BOT_TOKEN: token }))
    value(await set(bob, { TELEGRAM_BOT_TOKEN: token }))
    expect(await secretsAt(bobs)).toContain('TELEGRAM_BOT_TOKEN')
  })

  it('says which of the person’s own assistants has the token', async () => {
    const { ann, deploy, set } = await scene()
    await deploy(ann)
    await deploy(ann, 'other-claw')
    const token = telegram()
    value(await set(ann, { TELEGRAM_BOT_TOKEN: token }, { instance: 'my-claw' }))
    expect(await set(ann, { TELEGRAM_BOT_TOKEN: token }, { instance: 'other-claw' })).toMatchObject({ reason: 'key-in-use', instance: 'my-claw' })
    const key = secretLike.anthropic()
    platforms.modelKey('anthropic', key)
    for (const instance of ['my-claw', 'other-claw']) value(await set(ann, { ANTHROPIC_API_KEY: key }, { instance }))
  })

  it('a claim is another’s until it is given back or its time is over', async () => {
    const { world } = await scene()
    const { db } = world.database
    const claim = (instanceId: string) => db.transaction((tx) => claimSecret(tx, { fingerprint: 'f', instanceId, minutes: 5 }))
    expect([await claim('one'), await claim('two'), await claim('one')]).toEqual([null, 'one', null])
    await db.execute(sql`update secret_claims set expires_at = now() - interval '1 second'`)
    expect(await claim('two')).toBeNull()
  })

  it.each([
    ['our own bot’s token', { TELEGRAM_BOT_TOKEN: own }, { reason: 'key-our-own' }],
    ['another token of our own bot', { TELEGRAM_BOT_TOKEN: secretLike.telegram('else', 999_999_999) }, { reason: 'key-our-own' }],
    ['one that its platform does not know', { TELEGRAM_BOT_TOKEN: secretLike.telegram() }, { reason: 'key-refused', why: 'unknown' }],
    ['one of another kind', { SLACK_BOT_TOKEN: secretLike.slackApp() }, { reason: 'key-shape', problem: { kind: 'other' } }],
    ['a name that is ours', { OPENCLAW_GATEWAY_PASSWORD: 'mine' }, { reason: 'key-variable-name', problem: { kind: 'ours' } }],
    ['a name of the machine’s', { NODE_OPTIONS: '--require /data/x' }, { reason: 'key-variable-name', problem: { kind: 'system' } }],
    ['an empty value', { WEATHER_KEY: ' ' }, { reason: 'key-variable-value', problem: { kind: 'empty' } }],
  ])('refuses %s: nothing is set, and the audit row holds nothing of it', async (_what, values, refusal) => {
    const { world, ann, deploy, set } = await scene()
    const id = await deploy(ann)
    expect(await set(ann, values)).toMatchObject({ ok: false, ...refusal })
    expect(await secretsAt(id)).toEqual(['OPENCLAW_GATEWAY_PASSWORD'])
    const stored = await wholeDatabase(world.database.db)
    const long = Object.values(values).filter((secret) => secret.length > 12)
    expect(long.filter((secret) => stored.includes(secret.slice(-12)))).toEqual([])
  })

  it('a platform that cannot be asked, or a bot that may not read: nothing is set until the person wants it anyway', async () => {
    const { ann, deploy, set } = await scene()
    const id = await deploy(ann)
    const token = telegram()
    platforms.breaks('telegram', { status: 503 })
    expect(await set(ann, { TELEGRAM_BOT_TOKEN: token })).toMatchObject({ reason: 'key-unreachable', why: 'broken' })
    const deaf = secretLike.discord()
    platforms.discord(deaf, { id: '5', username: 'deaf', applicationId: '6', messageContent: false })
    expect(await set(ann, { DISCORD_BOT_TOKEN: deaf })).toMatchObject({ reason: 'key-intents', who: { applicationId: '6' } })
    expect(await secretsAt(id)).toEqual(['OPENCLAW_GATEWAY_PASSWORD'])
    expect(value(await set(ann, { TELEGRAM_BOT_TOKEN: token }, { anyway: true })).keys).toMatchObject([{ who: null }])
    expect(value(await set(ann, { DISCORD_BOT_TOKEN: deaf }, { anyway: true })).keys).toMatchObject([{ who: { label: 'deaf' } }])
  })

  it('the store does not answer: nothing is recorded, and the token is free for a second try', async () => {
    const { world, ann, bob, deploy, set } = await scene()
    await deploy(ann)
    await deploy(bob)
    const token = telegram()
    await machines.fault({ match: { path: '/secrets/' }, kind: { status: 500, body: { error: 'internal' } }, times: 9 })
    expect(await set(ann, { TELEGRAM_BOT_TOKEN: token })).toMatchObject({ reason: 'secret-store-unavailable' })
    await machines.clearFaults()
    expect(value(await world.actions.perform('keys', {}, ann)).keys).toEqual([])
    value(await set(bob, { TELEGRAM_BOT_TOKEN: token }))
  })

  it('nobody sees, sets or removes keys of somebody else’s assistant', async () => {
    const { world, ann, bob, deploy, set } = await scene()
    const id = await deploy(ann)
    value(await set(ann, { WEATHER_KEY: 'sunny' }))
    expect(await world.actions.perform('keys', { instance: id }, bob)).toMatchObject({ ok: false })
    expect(await set(bob, { WEATHER_KEY: 'rain' }, { instance: id })).toMatchObject({ ok: false })
    expect(await world.actions.perform('remove-key', { instance: id, names: ['WEATHER_KEY'] }, bob)).toMatchObject({ ok: false })
    expect(await secretsAt(id)).toContain('WEATHER_KEY')
  })

  it('one that is being destroyed takes nothing more, also when that was asked while the token was tried', async () => {
    const asked = Promise.withResolvers<void>()
    const answered = Promise.withResolvers<void>()
    const slow: LiveCheck = {
      async check() {
        asked.resolve()
        await answered.promise
        return { kind: 'ok', who: null }
      },
      close: async () => undefined,
    }
    const { world, ann, deploy, set } = await scene(slow)
    const id = await deploy(ann)
    const setting = set(ann, { TELEGRAM_BOT_TOKEN: secretLike.telegram() })
    await asked.promise
    value(await world.actions.perform('destroy', { confirm: 'my-claw' }, ann))
    await world.settle()
    answered.resolve()
    expect(await setting).toMatchObject({ ok: false })
    expect(await machines.apps()).not.toContain(appNameOf(id))
    expect(await set(ann, { TELEGRAM_BOT_TOKEN: secretLike.telegram() }, { instance: id })).toMatchObject({ ok: false, reason: 'no-instance' })
  })

  it('holds a paste in memory for its own person, for ten minutes', async () => {
    const { world, ann, bob } = await scene()
    const reference = world.actions.holdSecrets(ann, { WEATHER_KEY: new Sealed('sunny') })
    expect(world.actions.heldSecrets(bob, reference)).toBeNull()
    expect(world.actions.heldSecrets(ann, reference)?.['WEATHER_KEY']?.open()).toBe('sunny')
    world.clock.advance(10 * 60_000)
    expect(world.actions.heldSecrets(ann, reference)).toBeNull()
  })

  it('the configuration is one that OpenClaw takes', { timeout: 60_000 }, async () => {
    const { world, ann, deploy, set } = await scene()
    const id = await deploy(ann)
    const [bot, app, discord, key] = [secretLike.slackBot(), secretLike.slackApp(), secretLike.discord(), secretLike.anthropic()]
    platforms.slackBot(bot, { user: 'claw', userId: 'U1', team: 'Acme', teamId: 'T1' })
    platforms.slackApp(app)
    platforms.discord(discord, { id: '5', username: 'claw', applicationId: '6', messageContent: true })
    platforms.modelKey('anthropic', key)
    value(
      await set(ann, {
        SLACK_BOT_TOKEN: bot,
        SLACK_APP_TOKEN: app,
        DISCORD_BOT_TOKEN: discord,
        TELEGRAM_BOT_TOKEN: telegram(),
        ANTHROPIC_API_KEY: key,
      }),
    )
    await world.settle()
    const validate = openclawSchema()
    expect(validate(await documentOf(world, id)), JSON.stringify(validate.errors)).toBe(true)
  })
})
