// Trying secrets at servers that behave like the platforms, and misbehave like them too.
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { secretShapes, type KnownSecret } from '../../src/domain/secret-shapes.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { createLiveCheck, type LiveCheck } from '../../src/secrets/live-check.ts'
import { startPlatforms, type PlatformFault, type PlatformName, type Platforms } from '../simulators/platforms.ts'
import { secretLike } from '../support/secrets.ts'

let platforms: Platforms
let live: LiveCheck
beforeAll(async () => {
  platforms = await startPlatforms()
  live = createLiveCheck({ urls: platforms.urls, timeoutMs: 300 })
})
afterEach(() => platforms.mends())
afterAll(async () => {
  await live.close()
  await platforms.close()
})

const secrets: Readonly<Record<KnownSecret, string>> = {
  TELEGRAM_BOT_TOKEN: secretLike.telegram(),
  DISCORD_BOT_TOKEN: secretLike.discord(),
  SLACK_BOT_TOKEN: secretLike.slackBot(),
  SLACK_APP_TOKEN: secretLike.slackApp(),
  ANTHROPIC_API_KEY: secretLike.anthropic(),
  OPENAI_API_KEY: secretLike.openai(),
  GEMINI_API_KEY: secretLike.google(),
  OPENROUTER_API_KEY: secretLike.openrouter(),
}
const platformOf: Readonly<Record<KnownSecret, PlatformName>> = {
  TELEGRAM_BOT_TOKEN: 'telegram',
  DISCORD_BOT_TOKEN: 'discord',
  SLACK_BOT_TOKEN: 'slack',
  SLACK_APP_TOKEN: 'slack',
  ANTHROPIC_API_KEY: 'anthropic',
  OPENAI_API_KEY: 'openai',
  GEMINI_API_KEY: 'google',
  OPENROUTER_API_KEY: 'openrouter',
}
const check = (name: KnownSecret, value = secrets[name]) => live.check(name, new Sealed(value))
const names = secretShapes.map((one) => one.name)

function known(): void {
  platforms.telegram(secrets.TELEGRAM_BOT_TOKEN, { id: 123_456_789, username: 'my_claw_bot' })
  platforms.discord(secrets.DISCORD_BOT_TOKEN, { id: '1122', username: 'my-claw', applicationId: '3344', messageContent: true })
  platforms.slackBot(secrets.SLACK_BOT_TOKEN, { user: 'myclaw', userId: 'U0123456789', team: 'Acme', teamId: 'T0123456789' })
  platforms.slackApp(secrets.SLACK_APP_TOKEN)
  platforms.modelKey('anthropic', secrets.ANTHROPIC_API_KEY)
  platforms.modelKey('openai', secrets.OPENAI_API_KEY)
  platforms.modelKey('google', secrets.GEMINI_API_KEY)
  platforms.modelKey('openrouter', secrets.OPENROUTER_API_KEY)
}

describe('a secret that works', () => {
  beforeAll(known)
  it.each([
    ['TELEGRAM_BOT_TOKEN', { label: '@my_claw_bot', id: '123456789', applicationId: null, team: null, teamId: null }],
    ['DISCORD_BOT_TOKEN', { label: 'my-claw', id: '1122', applicationId: '3344', team: null, teamId: null }],
    ['SLACK_BOT_TOKEN', { label: '@myclaw', id: 'U0123456789', applicationId: null, team: 'Acme', teamId: 'T0123456789' }],
    ['SLACK_APP_TOKEN', null],
    ['ANTHROPIC_API_KEY', null],
    ['OPENAI_API_KEY', null],
    ['GEMINI_API_KEY', null],
    ['OPENROUTER_API_KEY', null],
  ] as const)('%s: whose it is', async (name, who) => expect(await check(name)).toEqual({ kind: 'ok', who }))

  it('on Discord says when the bot may not read messages, and whose it is all the same', async () => {
    const token = secretLike.discord()
    platforms.discord(token, { id: '5', username: 'deaf', applicationId: '6', messageContent: false })
    expect(await check('DISCORD_BOT_TOKEN', token)).toMatchObject({ kind: 'missing-intents', who: { label: 'deaf', applicationId: '6' } })
  })
  it('of OpenAI that may not list models is a key all the same', async () => {
    platforms.breaks('openai', { status: 403, body: { error: { message: 'Missing scopes: api.model.read' } } })
    expect(await check('OPENAI_API_KEY')).toEqual({ kind: 'ok', who: null })
  })
})

describe('a secret that does not', () => {
  beforeAll(known)
  it.each(names)('%s: is refused when its platform does not know it, or has revoked it', async (name) => {
    const stranger = secrets[name].replace(/wxyz$/, 'abcd')
    expect(await check(name, stranger)).toEqual({ kind: 'refused', why: 'unknown' })
  })
  it('a Slack token of the other kind is refused for its rights', async () => {
    expect(await check('SLACK_APP_TOKEN', secrets.SLACK_BOT_TOKEN)).toEqual({ kind: 'refused', why: 'not-allowed' })
    expect(await check('SLACK_BOT_TOKEN', secrets.SLACK_APP_TOKEN)).toEqual({ kind: 'refused', why: 'not-allowed' })
  })
  it.each(['anthropic', 'openai', 'google', 'openrouter'] as const)('a key of %s without rights is refused for them', async (platform) => {
    platforms.breaks(platform, { status: 403, body: { error: 'forbidden' } })
    const name = names.find((one) => platformOf[one] === platform)
    expect(name !== undefined && (await check(name))).toEqual({ kind: 'refused', why: 'not-allowed' })
  })
  it.each([
    ['account_inactive', { kind: 'refused', why: 'unknown' }],
    ['token_revoked', { kind: 'refused', why: 'unknown' }],
    ['missing_scope', { kind: 'refused', why: 'not-allowed' }],
    ['ratelimited', { kind: 'unreachable', why: 'busy' }],
    ['internal_error', { kind: 'unreachable', why: 'broken' }],
  ])('Slack’s %s is understood', async (error, outcome) => {
    platforms.breaks('slack', { status: 200, body: { ok: false, error } })
    expect(await check('SLACK_BOT_TOKEN')).toEqual(outcome)
  })
})

describe('a platform that cannot be asked', () => {
  beforeAll(known)
  const faults: [PlatformFault, string][] = [
    [{ status: 429 }, 'busy'],
    [{ status: 500 }, 'broken'],
    [{ status: 503 }, 'broken'],
    [{ status: 418 }, 'broken'],
    ['slow', 'slow'],
    ['garbage', 'broken'],
    ['moved', 'broken'],
    ['drop', 'network'],
    ['endless', 'network'],
  ]
  it.each(faults.flatMap(([fault, why]) => names.map((name) => ({ fault, why, name }))))(
    '$name: $fault means that nothing is known ($why)',
    async ({ fault, why, name }) => {
      platforms.breaks(platformOf[name], fault)
      expect(await check(name)).toEqual({ kind: 'unreachable', why })
    },
  )
  it('that is not there at all is unreachable, and the outcome holds nothing of the secret', async () => {
    const gone = createServer()
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve))
    const address = gone.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    await new Promise((resolve) => gone.close(resolve))
    const nowhere = createLiveCheck({ urls: { ...platforms.urls, telegram: `http://127.0.0.1:${port}` } })
    const outcome = await nowhere.check('TELEGRAM_BOT_TOKEN', new Sealed(secrets.TELEGRAM_BOT_TOKEN))
    await nowhere.close()
    expect(outcome).toEqual({ kind: 'unreachable', why: 'network' })
  })
})

describe('the simulated platforms', () => {
  const file = (name: string): string => join(import.meta.dirname, '../../../shared/specs', name)
  // Only what is looked up is described; a document that has something else there fails below.
  const read = (name: string): unknown => JSON.parse(readFileSync(file(name), 'utf8'))
  const discordSchema = z.looseObject({ components: z.record(z.string(), z.unknown()) })
  const slackSchema = z.looseObject({
    definitions: z.record(z.string(), z.unknown()),
    paths: z.looseObject({
      '/auth.test': z.object({
        get: z.looseObject({ responses: z.looseObject({ '200': z.looseObject({ schema: z.record(z.string(), z.unknown()) }) }) }),
      }),
    }),
  })
  const telegramSchema = z.looseObject({
    types: z.looseObject({ User: z.looseObject({ fields: z.array(z.looseObject({ name: z.string(), required: z.boolean() })) }) }),
  })
  const here = ['discord.openapi.json', 'slack-web-api.openapi.json', 'telegram-bot-api.json'].every((name) => existsSync(file(name)))
  const bodyAt = async (name: KnownSecret, path: string): Promise<unknown> => {
    known()
    await check(name)
    return platforms.answers.findLast((one) => one.path.endsWith(path))?.body
  }

  it.skipIf(!here)('answer as the published descriptions say (skipped where shared/specs is missing)', async () => {
    const discord = discordSchema.parse(read('discord.openapi.json'))
    const twenty = new Ajv2020({ strict: false, validateFormats: false })
    twenty.addSchema({ $id: 'spec', components: discord.components })
    for (const [path, type] of [
      ['/users/@me', 'UserPIIResponse'],
      ['/applications/@me', 'PrivateApplicationResponse'],
    ] as const) {
      const schema = JSON.stringify({ $ref: `#/components/schemas/${type}` }).replaceAll('"#/', '"spec#/')
      const validate = twenty.compile(JSON.parse(schema) as object)
      expect(validate(await bodyAt('DISCORD_BOT_TOKEN', path)), JSON.stringify(validate.errors)).toBe(true)
    }
    const slack = slackSchema.parse(read('slack-web-api.openapi.json'))
    const swagger = new Ajv({ strict: false, validateFormats: false })
    swagger.addSchema({ $id: 'slack', definitions: slack.definitions })
    const answer = slack.paths['/auth.test'].get.responses['200'].schema
    const validate = swagger.compile(JSON.parse(JSON.stringify(answer).replaceAll('"#/', '"slack#/')) as object)
    expect(validate(await bodyAt('SLACK_BOT_TOKEN', '/auth.test')), JSON.stringify(validate.errors)).toBe(true)
    const user = telegramSchema.parse(read('telegram-bot-api.json')).types.User.fields
    const { result } = (await bodyAt('TELEGRAM_BOT_TOKEN', '/getMe')) as { result: Record<string, unknown> }
    expect(user.filter((field) => field.required && !(field.name in result))).toEqual([])
    expect(Object.keys(result).filter((name) => !user.some((field) => field.name === name))).toEqual([])
  })
})
