import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { discordInvite, slackManifestFor } from '../../src/domain/channel-guides.ts'
import {
  brainOf,
  channelsOf,
  credentialNamed,
  credentials,
  isExclusive,
  shapesOf,
  variableNameProblem,
  variableValueProblem,
} from '../../src/domain/credentials.ts'
import { holdsKey } from '../../src/domain/model-providers.ts'
import { secretIn, secretShapes, secretsIn, shapeOf, shapeProblem, type KnownSecret } from '../../src/domain/secret-shapes.ts'
import { secretLike } from '../support/secrets.ts'

const good: readonly [KnownSecret, string][] = [
  ['TELEGRAM_BOT_TOKEN', secretLike.telegram()],
  ['DISCORD_BOT_TOKEN', secretLike.discord()],
  ['SLACK_BOT_TOKEN', secretLike.slackBot()],
  ['SLACK_APP_TOKEN', secretLike.slackApp()],
  ['ANTHROPIC_API_KEY', secretLike.anthropic()],
  ['OPENAI_API_KEY', secretLike.openai()],
  ['GEMINI_API_KEY', secretLike.google()],
  ['GEMINI_API_KEY', secretLike.googleNew()],
  ['OPENROUTER_API_KEY', secretLike.openrouter()],
]
const of = (name: string) => {
  const shape = shapeOf(name)
  if (shape === undefined) throw new Error(name)
  return shape
}

describe('the shape of a secret', () => {
  it.each(good)('%s is taken when it looks like one, and recognised as nothing else', (name, value) => {
    expect(shapeProblem(of(name), value)).toBeNull()
    const taken = secretShapes.map((one) => {
      const problem = shapeProblem(one, value)
      return problem?.kind === 'other' ? problem.is.name : problem
    })
    expect(taken).toEqual(secretShapes.map((one) => (one.name === name ? null : name)))
  })

  it.each([
    ['TELEGRAM_BOT_TOKEN', 'hello there', { kind: 'shape', length: 11 }],
    ['TELEGRAM_BOT_TOKEN', '123456789:AAE', { kind: 'too-short', length: 13 }],
    ['TELEGRAM_BOT_TOKEN', '', { kind: 'empty' }],
    ['TELEGRAM_BOT_TOKEN', '@my_claw_bot', { kind: 'lookalike', is: 'telegram-username' }],
    ['TELEGRAM_BOT_TOKEN', 'https://t.me/BotFather', { kind: 'lookalike', is: 'address' }],
    ['TELEGRAM_BOT_TOKEN', `123456789:${'A'.repeat(90)}`, { kind: 'too-long', length: 100 }],
    ['DISCORD_BOT_TOKEN', '112233445566778899', { kind: 'lookalike', is: 'discord-application-id' }],
    ['DISCORD_BOT_TOKEN', 'a1'.repeat(32), { kind: 'lookalike', is: 'discord-public-key' }],
    ['DISCORD_BOT_TOKEN', 'aB3-'.repeat(8), { kind: 'lookalike', is: 'discord-client-secret' }],
    ['DISCORD_BOT_TOKEN', 'MTEyMjMzNDQ1NTY2Nzc4ODk5.GxYz12.abc', { kind: 'too-short', length: 35 }],
    ['SLACK_BOT_TOKEN', 'xoxp-1234-5678-abcdefgh', { kind: 'lookalike', is: 'slack-user-token' }],
    ['SLACK_BOT_TOKEN', 'xoxe.xoxp-1-abcdefgh', { kind: 'lookalike', is: 'slack-config-token' }],
    ['SLACK_APP_TOKEN', '0123456789abcdef0123456789abcdef', { kind: 'lookalike', is: 'slack-signing-secret' }],
    ['ANTHROPIC_API_KEY', 'sk-ant-api03-abc', { kind: 'too-short', length: 16 }],
  ] as const)('%s: “%s” is told apart', (name, value, problem) => {
    expect(shapeProblem(of(name), value)).toEqual(problem)
  })

  it('never gives back a character of what was pasted', () => {
    fc.assert(
      fc.property(fc.constantFrom(...secretShapes), fc.stringMatching(/^[A-Z0-9]{12,80}$/), (shape, value) => {
        const { is, ...plain } = { is: null, ...shapeProblem(shape, value) }
        expect(JSON.stringify([plain, is === null || typeof is === 'string' ? is : is.name])).not.toContain(value)
      }),
    )
  })
})

describe('a secret in what was pasted', () => {
  it.each(good)('%s is found in the line around it', (name, value) => {
    const shape = of(name)
    for (const text of [
      `  ${value}\n`,
      `\`${value}\``,
      `${name}=${value}`,
      `export ${name}="${value}"`,
      `My token: <${value}>.`,
      `(${value}), thanks!`,
    ])
      expect(secretIn(shape, text), text.replace(value, '…')).toBe(value)
  })
  it('is left alone when there are two, for then nobody knows which is meant', () => {
    const [one, two] = [secretLike.telegram(), secretLike.telegram('abcd')]
    expect(secretIn(of('TELEGRAM_BOT_TOKEN'), `${one} ${two}`)).toBe(`${one} ${two}`)
  })
  it('two of different kinds are both found', () => {
    const [bot, app] = [secretLike.slackBot(), secretLike.slackApp()]
    expect(secretsIn(`bot ${bot}\napp: ${app}.`)).toEqual({ SLACK_BOT_TOKEN: bot, SLACK_APP_TOKEN: app })
  })
})

describe('a text that holds a secret', () => {
  const around = ['%', 'my key is %', '`%`', '"%",', 'it is %.', '(%)', 'token=%', 'look:%!', '<%>', '**%**', 'https://example.com/?key=%']
  it.each(good)('%s is noticed, whatever stands around it', (_name, value) => {
    for (const text of around) expect(holdsKey(text.replace('%', value)), text).toBe(true)
  })
  it('a Telegram token is noticed in the address that it is used in', () =>
    expect(holdsKey(`https://api.telegram.org/bot${secretLike.telegram()}/getMe`)).toBe(true))
  it.each([
    '/deploy my-claw',
    'what is sk-ant?',
    'call me at 12:30',
    'conch-abcdefghij.fly.dev is my address',
    'see https://docs.openclaw.ai/channels/slack/manifest-and-scopes for more',
    'Nachrichtendienstleistungsgesellschaft.de/impressum',
    '2026-11-23T15:41:59.534+00:00 [gateway] active-work drain settled',
  ])('%s passes', (text) => expect(holdsKey(text)).toBe(false))
})

describe('the name of a variable of one’s own', () => {
  it.each([
    ['WEATHER_KEY', null],
    ['A', null],
    ['weather key', { kind: 'characters', suggestion: 'WEATHER_KEY' }],
    ['7UP', { kind: 'characters', suggestion: 'UP' }],
    ['!!!', { kind: 'characters', suggestion: null }],
    ['A'.repeat(65), { kind: 'too-long', length: 65 }],
    ['OPENCLAW_GATEWAY_PASSWORD', { kind: 'ours' }],
    ['FLY_APP_NAME', { kind: 'ours' }],
    ['PORT', { kind: 'system' }],
    ['PATH', { kind: 'system' }],
    ['NODE_OPTIONS', { kind: 'system' }],
    ['LD_PRELOAD', { kind: 'system' }],
    ['node-options', { kind: 'characters', suggestion: null }],
  ])('%s', (name, problem) => expect(variableNameProblem(name)).toEqual(problem))

  it('a value is anything but nothing, too much, or a NUL', () => {
    expect(variableValueProblem('two words\nand a line')).toBeNull()
    expect(variableValueProblem('')).toEqual({ kind: 'empty' })
    expect(variableValueProblem('a'.repeat(4_001))).toEqual({ kind: 'too-long', length: 4_001 })
    expect(variableValueProblem('a\0b')).toEqual({ kind: 'control' })
  })
})

describe('the catalogue', () => {
  it('has a shape for every secret in it, and every shape belongs to one credential', () => {
    expect(credentials.flatMap((one) => shapesOf(one).map((shape) => shape.name)).toSorted()).toEqual(secretShapes.map((one) => one.name).toSorted())
  })
  it.each([
    ['Slack', 'slack'],
    ['anthropic', 'anthropic'],
    ['claude', 'anthropic'],
    ['TELEGRAM_BOT_TOKEN', 'telegram'],
    ['fax', undefined],
  ])('“%s” names %s', (word, id) => expect(credentialNamed(word)?.id).toBe(id))
  it('lets only one assistant have a channel’s token', () => {
    expect(secretShapes.filter((one) => isExclusive(one.name)).map((one) => one.name)).toEqual([
      'TELEGRAM_BOT_TOKEN',
      'DISCORD_BOT_TOKEN',
      'SLACK_BOT_TOKEN',
      'SLACK_APP_TOKEN',
    ])
  })
  it.each([
    [[], []],
    [['TELEGRAM_BOT_TOKEN', 'WEATHER_KEY'], ['telegram']],
    [['SLACK_BOT_TOKEN'], []],
    [
      ['SLACK_APP_TOKEN', 'SLACK_BOT_TOKEN', 'DISCORD_BOT_TOKEN'],
      ['discord', 'slack'],
    ],
  ])('with %j it listens on %j', (names, channels) => expect(channelsOf(names)).toEqual(channels))
  it.each([
    [null, [], null],
    [null, ['OPENAI_API_KEY'], 'openai'],
    ['anthropic', [], 'anthropic'],
    ['anthropic', ['OPENAI_API_KEY'], 'openai'],
    ['anthropic', ['OPENAI_API_KEY', 'ANTHROPIC_API_KEY'], 'anthropic'],
  ])('chosen %s with %j thinks with %s', (chosen, names, brain) => expect(brainOf(chosen, names)).toBe(brain))
})

describe('what is computed for a person', () => {
  it('an invitation of their own bot', () => {
    const url = new URL(discordInvite('112233445566778899'))
    expect(url.origin + url.pathname).toBe('https://discord.com/oauth2/authorize')
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: '112233445566778899',
      scope: 'bot applications.commands',
      permissions: '309238025280',
    })
  })
  it('a Slack app with the name of their assistant, in Socket Mode', () => {
    const manifest = slackManifestFor('my-claw')
    expect(JSON.parse(manifest)).toMatchObject({
      display_information: { name: 'my-claw' },
      features: { bot_user: { display_name: 'my-claw' } },
      settings: { socket_mode_enabled: true },
    })
    // One message on every platform: the narrowest takes 2,000 characters.
    expect(manifest.length).toBeLessThan(1_400)
  })
})
