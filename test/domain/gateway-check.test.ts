// What may reach a machine: texts, the published schema, and our own rules.
import { readFileSync } from 'node:fs'
import { describe, expect, it, test } from 'vitest'
import { documentProblems, textProblem, type DocumentProblem } from '../../src/domain/gateway-check.ts'
import { gatewaySchema } from '../../src/domain/gateway-schema.ts'
import { variablesIn } from '../../src/domain/gateway-rules.ts'
import { DOCUMENT_BYTES_MAX, readDocument } from '../../src/domain/gateway-text.ts'
import { openclawSchema } from '../support/openclaw-schema.ts'
import { secretLike } from '../support/secrets.ts'

const file = new URL('../../src/domain/gateway-schemas/openclaw-2026.9.6.schema.json', import.meta.url)
const schema = gatewaySchema(readFileSync(file, 'utf8'))
const against = {
  schema,
  address: 'https://my-claw.example.com',
  modelProvider: null,
  channels: [{ id: 'telegram', owners: ['4242'] }],
  plan: 'starter',
  variables: ['WEATHER_KEY'],
} as const

/** Every problem as "line path kind". */
function problems(text: string, more: object = {}): string[] {
  return found(text, more).map(({ line, path, kind }) => `${line ?? '-'} ${path} ${kind}`)
}

function found(text: string, more: object = {}): DocumentProblem[] {
  const read = readDocument(text)
  return read.ok ? documentProblems(read.document, { ...against, ...more }, read.lineOf) : [textProblem(read)]
}

describe('a text', () => {
  it('may be JSON, or what OpenClaw reads besides: comments, bare names, single quotes, a comma at the end, a block of code around it', () => {
    const text = `\uFEFF// mine\n{ tools: { profile: 'coding', /* so */ }, "session": {"dmScope": "main"}, }`
    for (const one of [text, `\`\`\`json5\n${text}\n\`\`\``]) {
      const read = readDocument(one)
      expect(read).toMatchObject({ ok: true, document: { tools: { profile: 'coding' }, session: { dmScope: 'main' } } })
    }
  })

  test.each([
    ['nothing', ' \n', 'empty', null],
    ['one that a chat cut off', '{\n "tools": {\n  "profile": "coding"', 'cut-off', 3],
    ['one that was cut off behind a bracket', '{ tools: {', 'cut-off', 1],
    ['one that was cut off behind a name', '{ a: 1,\n b', 'cut-off', 2],
    ['a comma that is missing', '{\n "a": 1\n "b": 2 }', 'unexpected', 3],
    ['something after its end', '{}\n\nand so on', 'unexpected', 3],
    ['the same name twice', '{ a: {\n b: 1,\n c: 2,\n b: 3 } }', 'twice', 4],
    ['a list', '\n[1]', 'no-object', 2],
    ['what is no number', '{ a:\n NaN }', 'not-a-number', 2],
    ['a name that programs trip over', '{ a: {\n __proto__: { b: 1 } } }', 'unexpected', 2],
    ['brackets without end', '['.repeat(200_000), 'too-deep', null],
    ['deep brackets', `${'{a:'.repeat(150)}1${'}'.repeat(150)}`, 'too-deep', 1],
    ['more than anybody writes', `{ a: '${'x'.repeat(DOCUMENT_BYTES_MAX)}' }`, 'too-large', null],
  ])('is refused with its line: %s', (_what, text, what, line) => {
    expect(found(text)).toMatchObject([{ kind: 'text', what, line }])
  })

  it('in a block of code keeps its own lines', () => {
    expect(found('```json\n{\n "a" 1 }\n```')).toMatchObject([{ what: 'unexpected', line: 3 }])
    expect(problems('```json\n{\n "tools": {\n  "profil": 1 } }\n```')).toEqual(['4 tools.profil unknown'])
  })
})

describe('the schema of the gateway’s version', () => {
  it('names each wrong setting with its line', () => {
    const text = `{
      agents: { defaults: { model: {
        primary: 5 } },
        entries: { main: { identity: { nam: 'x' } } } },
      channels: { telegram: { dmPolicy: 'friends',
        allowFrom: 'x' } },
      tools: { exec: { grantExpiryDays: -4 } },
      bindings: [{ agentId: 'main' },
        { agentId: 5, match: { channel: 'telegram' } }],
      session: { dmScope: 4 },
      nope: 1,
    }`
    expect(problems(text)).toEqual([
      '3 agents.defaults.model.primary type',
      '4 agents.entries.main.identity.nam unknown',
      '5 channels.telegram.dmPolicy choice',
      '6 channels.telegram.allowFrom type',
      '7 tools.exec.grantExpiryDays bound',
      '8 bindings[0] missing',
      '9 bindings[1].agentId type',
      '10 session.dmScope choice',
      '11 nope unknown',
    ])
    expect(found(text)).toEqual(
      expect.arrayContaining([
        { kind: 'type', wanted: ['string'], path: 'agents.defaults.model.primary', line: 3 },
        { kind: 'choice', choices: ['pairing', 'allowlist', 'open', 'disabled'], path: 'channels.telegram.dmPolicy', line: 5 },
        { kind: 'bound', bound: 'at-least', of: 'number', limit: 1, path: 'tools.exec.grantExpiryDays', line: 7 },
        { kind: 'missing', name: 'match', path: 'bindings[0]', line: 8 },
      ]),
    )
  })

  it('takes what it takes with its defaults filled in, one way of several, and a variable where a pattern stands', () => {
    for (const text of [
      '{}',
      '{ agents: { defaults: { model: "anthropic/claude-sonnet-4-5" } } }',
      '{ channels: { telegram: { groupPolicy: "open" } }, tools: { profile: "full" } }',
      '{ ui: { seamColor: "${WEATHER_KEY}" } }',
      '{ memory: { search: { enabled: false } }, messages: { responsePrefix: "claw:" } }',
    ])
      expect(problems(text), text).toEqual([])
    expect(problems('{ ui: { seamColor: "blue" } }')).toEqual(['1 ui.seamColor form'])
  })

  it('knows the parts that plugins define for themselves', () => {
    expect(problems('{ plugins: { entries: { imap: { config: { accounts: { a: { hots: 5 } } } } } } }')).toContain(
      '1 plugins.entries.imap.config.accounts.a.hots unknown',
    )
  })

  it('agrees with a validator that compiles it, on the parts that are quick to compile', () => {
    const documents = [
      { agents: { defaults: { model: { primary: 'a/b' } } } },
      { agents: { defaults: { model: { primary: 5 } } } },
      { agents: { defaults: { thinkingDefault: 'much' } } },
      { channels: { discord: { dmPolicy: 'open', allowFrom: ['*'] } } },
      { channels: { discord: { dmPolicy: 'friends' } } },
      { channels: { telegram: { groups: { '*': { requireMention: true } } } } },
      { channels: { telegram: { groups: { '*': { requireMention: 'yes' } } } } },
      { plugins: { entries: { discord: { enabled: true } } } },
      { plugins: { entries: { discord: { enabled: 'yes' } } } },
      { gateway: { auth: { mode: 'password' } } },
      { gateway: { auth: { mode: 'magic' } } },
    ]
    const compiled = openclawSchema()
    expect(documents.map((one) => schema.problemsIn(one).length === 0)).toEqual(documents.map((one) => compiled(one)))
  }, 60_000)
})

describe('our own rules', () => {
  test.each([
    ['{ gateway: { port: 1 } }', '1 gateway ours'],
    ['{ gateway: {} }', '1 gateway ours'],
    ['{ meta: {} }', '1 meta ours'],
    ['{ update: { channel: "dev" } }', '1 update ours'],
    ['{ channels: { telegram: { enabled: false } } }', '1 channels.telegram.enabled ours'],
    ['{ channels: { telegram: { accounts: {} } } }', '1 channels.telegram.accounts ours'],
    ['{ channels: { discord: { token: "${WEATHER_KEY}" } } }', '1 channels.discord.token ours'],
    ['{ plugins: { allow: [] } }', '1 plugins.allow ours'],
    ['{ plugins: { entries: { discord: { enabled: false } } } }', '1 plugins.entries.discord.enabled ours'],
    ['{ env: { vars: { OPENCLAW_GATEWAY_PASSWORD: "x" } } }', '1 env.vars.OPENCLAW_GATEWAY_PASSWORD ours'],
    ['{ env: { vars: { node_options: "x" } } }', '1 env.vars.node_options ours'],
  ])('what is ours is refused by its path: %s', (text, problem) => {
    expect(problems(text)).toContain(problem)
  })

  test.each([
    ['an Anthropic key', { skills: { entries: { x: { env: { A: secretLike.anthropic() } } } } }],
    ['a bot token in a text around it', { messages: { responsePrefix: `use ${secretLike.telegram()} for it` } }],
    ['a password by the name of its setting', { hooks: { token: 'hunter2' } }],
    ['one beside a variable', { hooks: { token: '${WEATHER_KEY}hunter2' } }],
    ['a header', { mcp: { servers: { a: { url: 'https://x.example', headers: { Authorization: 'Bearer abc' } } } } }],
    ['an address with a password', { models: { providers: { x: { baseUrl: 'https://me:secret@x.example' } } } }],
    ['a variable that is set in the open', { env: { vars: { GITHUB_TOKEN: 'abc' } } }],
  ])('a secret is refused, and is in nothing that is said of it: %s', (_what, document) => {
    const said = found(JSON.stringify(document))
    expect(said.map((one) => one.kind)).toContain('secret')
    expect(JSON.stringify(said)).not.toMatch(/sk-ant|AAE|hunter2|abc|me:secret/)
  })

  it('a secret that is the name of a setting is not repeated either', () => {
    const key = secretLike.openai()
    const said = found(`{ env: { vars: { "${key}": "x" } } }`)
    expect(said.some((one) => one.kind === 'secret')).toBe(true)
    expect(JSON.stringify(said)).not.toContain(key)
  })

  it('a variable must be there, and then stands where a secret would', () => {
    expect(problems('{ hooks: { token: "${WEATHER_KEY}" } }')).toEqual([])
    expect(problems('{ hooks: { token: "${OTHER_KEY}" } }')).toEqual(['1 hooks.token no-variable'])
    expect(problems('{ messages: { responsePrefix: "$${NOT_ONE} " } }')).toEqual([])
    expect(variablesIn({ a: ['${ONE} and ${TWO}', { b: '$${THREE}' }], c: '${ONE}' })).toEqual(['ONE', 'TWO'])
  })

  test.each([
    ['{ browser: { enabled: true } }', '1 browser pro'],
    ['{ tts: { auto: "always" } }', '1 tts pro'],
    ['{ talk: { provider: "x" } }', '1 talk pro'],
    ['{ agents: { entries: { main: { tts: { enabled: true } } } } }', '1 agents.entries.main.tts pro'],
  ])('what Starter does not have is Pro’s: %s', (text, problem) => {
    expect(problems(text)).toContain(problem)
    expect(problems(text, { plan: 'pro' })).toEqual([])
  })

  it('what is turned off may stand there on any plan', () => {
    expect(problems('{ browser: { enabled: false }, tts: { auto: "off" } }')).toEqual([])
  })

  it('a door is open to somebody: to everybody only where both places say so, and to a list only if it names anybody', () => {
    expect(problems('{ channels: { telegram: { dmPolicy: "open" } } }')).toEqual(['1 channels.telegram.dmPolicy open-to-nobody'])
    expect(problems('{ channels: { telegram: { dmPolicy: "open", allowFrom: ["*"] } } }')).toEqual([])
    // The owner is known there.
    expect(problems('{ channels: { telegram: { dmPolicy: "allowlist" } } }')).toEqual([])
    expect(problems('{ channels: { telegram: { dmPolicy: "allowlist" } } }', { channels: [{ id: 'telegram', owners: [] }] })).toEqual([
      '1 channels.telegram.dmPolicy nobody',
    ])
    expect(problems('{}', { channels: [{ id: 'whatsapp', owners: [] }] })).toEqual([])
  })
})
