// What a gateway reads: the owner's document and ours in one.
import { describe, expect, it, test } from 'vitest'
import { documentChanges } from '../../src/domain/gateway-diff.ts'
import { effectiveDocument, type JsonObject, type ListenedChannel, publicPaths } from '../../src/domain/gateway-document.ts'
import { settingsIn, withSetting, type Setting } from '../../src/domain/gateway-settings.ts'

const address = 'https://my-claw.example.com'
const telegram: ListenedChannel = { id: 'telegram', owners: ['4242'] }
const discord: ListenedChannel = { id: 'discord', owners: [] }
const slack: ListenedChannel = { id: 'slack', owners: ['U77'] }
const own: ListenedChannel = { id: 'whatsapp', owners: [] }
const gateway = `"gateway":{"mode":"local","trustedProxies":["127.0.0.1"],"auth":{"mode":"trusted-proxy","password":"\${OPENCLAW_GATEWAY_PASSWORD}","identityScopes":{"owner":["operator.admin"]},"trustedProxy":{"userHeader":"x-claw-user","requiredHeaders":["x-claw-proxy"],"allowUsers":["owner"],"allowLoopback":true,"deviceAutoApprove":{"enabled":true}}},"controlUi":{"allowedOrigins":["${address}"]}}`
const controls = '"plugins":{"load":{"paths":["${CONCH_COUNTER}"]},"entries":{"admin-http-rpc":{"enabled":true},"conch-counter":{"enabled":true}}}'

describe('without a document of its owner', () => {
  // Fingerprints of running machines are made of these bytes: another one restarts every assistant there is.
  test.each<[string, string | null, ListenedChannel[], string]>([
    ['nothing but the gateway', null, [], `{${gateway},${controls}}`],
    ['a model', 'anthropic', [], `{${gateway},"agents":{"defaults":{"model":{"primary":"anthropic/claude-sonnet-4-5"}}},${controls}}`],
    [
      'Telegram, which is in the package',
      null,
      [telegram],
      `{${gateway},"commands":{"ownerAllowFrom":["telegram:4242"]},"channels":{"telegram":{"enabled":true,"botToken":"\${TELEGRAM_BOT_TOKEN}","dmPolicy":"pairing","allowFrom":["4242"]}},${controls}}`,
    ],
    [
      'chats that are plugins, and WhatsApp on its owner’s own number',
      'openai',
      [discord, slack, own],
      `{${gateway},"agents":{"defaults":{"model":{"primary":"openai/gpt-5.2"}}},"commands":{"ownerAllowFrom":["slack:U77"]},"channels":{"discord":{"enabled":true,"token":"\${DISCORD_BOT_TOKEN}","dmPolicy":"pairing"},"slack":{"enabled":true,"mode":"socket","botToken":"\${SLACK_BOT_TOKEN}","appToken":"\${SLACK_APP_TOKEN}","dmPolicy":"pairing","allowFrom":["U77"]},"whatsapp":{"enabled":true,"pluginHooks":{"messageReceived":true},"dmPolicy":"allowlist","selfChatMode":true,"groupPolicy":"disabled"}},"plugins":{"load":{"paths":["\${CONCH_COUNTER}"]},"entries":{"admin-http-rpc":{"enabled":true},"conch-counter":{"enabled":true},"discord":{"enabled":true},"slack":{"enabled":true},"whatsapp":{"enabled":true}}}}`,
    ],
  ])('it is the one of before, byte for byte: %s', (_what, modelProvider, channels, bytes) => {
    const circumstances = { address, modelProvider, channels }
    expect(JSON.stringify(effectiveDocument(null, circumstances))).toBe(bytes)
    expect(JSON.stringify(effectiveDocument({}, circumstances))).toBe(bytes)
  })
})

it('of the legacy gateway names no proxy and no controls: it takes its token from the environment', () => {
  const circumstances = { address, modelProvider: 'anthropic', channels: [telegram, discord, slack, own], isLegacy: true }
  expect(effectiveDocument(null, circumstances)).toEqual({
    gateway: { mode: 'local', trustedProxies: ['127.0.0.1'], auth: { mode: 'token' }, controlUi: { allowInsecureAuth: true } },
    agents: { defaults: { model: { primary: 'anthropic/claude-sonnet-4-5' } } },
    channels: {
      telegram: { enabled: true, botToken: '${TELEGRAM_BOT_TOKEN}', dmPolicy: 'pairing', allowFrom: ['4242'] },
      discord: { enabled: true, token: '${DISCORD_BOT_TOKEN}', dm: { policy: 'pairing' } },
      slack: {
        enabled: true,
        mode: 'socket',
        botToken: '${SLACK_BOT_TOKEN}',
        appToken: '${SLACK_APP_TOKEN}',
        dm: { policy: 'pairing', allowFrom: ['U77'] },
      },
      whatsapp: { dmPolicy: 'allowlist', selfChatMode: true, groupPolicy: 'disabled' },
    },
    plugins: { entries: Object.fromEntries(['telegram', 'discord', 'slack', 'whatsapp'].map((id) => [id, { enabled: true }])) },
  })
})

describe('an owner’s document', () => {
  const merged = (owner: JsonObject, channels: ListenedChannel[] = [telegram]): JsonObject =>
    effectiveDocument(owner, { address, modelProvider: 'anthropic', channels })

  it('wins in everything that is not ours', () => {
    expect(
      merged({
        agents: { defaults: { model: { primary: 'openai/gpt-5.2', fallbacks: ['x/y'] }, thinkingDefault: 'low' } },
        channels: { telegram: { dmPolicy: 'open', allowFrom: ['*'] }, irc: { nick: 'claw' } },
        plugins: { entries: { weather: { enabled: true } } },
        tools: { profile: 'minimal' },
      }),
    ).toMatchObject({
      agents: { defaults: { model: { primary: 'openai/gpt-5.2', fallbacks: ['x/y'] }, thinkingDefault: 'low' } },
      channels: { telegram: { enabled: true, botToken: '${TELEGRAM_BOT_TOKEN}', dmPolicy: 'open', allowFrom: ['*'] }, irc: { nick: 'claw' } },
      plugins: { entries: { weather: { enabled: true } } },
      tools: { profile: 'minimal' },
    })
    expect(merged({ agents: { defaults: { model: 'openai/gpt-5.2' } } })).toMatchObject({ agents: { defaults: { model: 'openai/gpt-5.2' } } })
  })

  it('loses in what is ours, even if it got there', () => {
    const document = merged(
      {
        gateway: { mode: 'local', auth: { mode: 'none' }, bind: 'lan' },
        channels: { telegram: { enabled: false, botToken: 'mine' }, discord: { enabled: false }, slack: { groupPolicy: 'open' } },
        plugins: {
          load: { paths: ['/data/own', '${CONCH_COUNTER}'] },
          entries: { 'conch-counter': { enabled: false }, discord: { enabled: false, config: { a: 1 } } },
        },
      },
      [telegram, discord],
    )
    expect(document['gateway']).toEqual(JSON.parse(`{${gateway}}`).gateway)
    expect(document['channels']).toMatchObject({ telegram: { enabled: true, botToken: '${TELEGRAM_BOT_TOKEN}' }, discord: { enabled: true } })
    // A chat without its tokens stays out, whatever is wished of it.
    expect(document['channels']).not.toHaveProperty('slack')
    expect(document['plugins']).toEqual({
      load: { paths: ['${CONCH_COUNTER}', '/data/own'] },
      entries: { 'admin-http-rpc': { enabled: true }, 'conch-counter': { enabled: true }, discord: { enabled: true, config: { a: 1 } } },
    })
  })
})

describe('a guided setting', () => {
  const channels = [telegram, discord, own]
  const seen = (owner: JsonObject) => settingsIn(effectiveDocument(owner, { address, modelProvider: 'anthropic', channels }), channels)

  test.each<[Setting, object]>([
    [{ kind: 'model', model: 'openai/gpt-5.2' }, { model: 'openai/gpt-5.2' }],
    [{ kind: 'persona-name', name: 'Pinch' }, { personaName: 'Pinch' }],
    [{ kind: 'persona', character: 'dry' }, { persona: 'dry' }],
    [{ kind: 'memory', search: false }, { memory: false }],
    [{ kind: 'recall', across: true }, { recall: true }],
    [{ kind: 'tools', profile: 'coding' }, { tools: 'coding' }],
    [
      { kind: 'people', policy: 'open' },
      {
        people: [
          { channel: 'telegram', policy: 'open' },
          { channel: 'discord', policy: 'open' },
        ],
      },
    ],
  ])('%j is read as it was written, and changes nothing else', (setting, expected) => {
    const before = { session: { dmScope: 'main' } }
    const after = withSetting(before, setting, channels)
    expect(seen(after)).toEqual({ ...seen(before), ...expected })
    expect(after['session']).toEqual(before.session)
  })

  it('taken back leaves nothing behind', () => {
    const wishes: Setting[] = [
      { kind: 'model', model: 'a/b' },
      { kind: 'persona-name', name: 'x' },
      { kind: 'persona', character: 'y' },
      { kind: 'memory', search: false },
      { kind: 'tools', profile: 'full' },
      { kind: 'people', policy: 'open' },
    ]
    const back: Setting[] = [
      { kind: 'model', model: null },
      { kind: 'persona-name', name: null },
      { kind: 'persona', character: null },
      { kind: 'memory', search: true },
      { kind: 'tools', profile: null },
      { kind: 'people', policy: 'pairing' },
    ]
    const all = [...wishes, ...back].reduce<JsonObject>((document, setting) => withSetting(document, setting, channels), {})
    expect(all).toEqual({})
  })

  it('everybody is let in and shut out again beside those who are named', () => {
    const named = { channels: { telegram: { allowFrom: ['77'] } } }
    const open = withSetting(named, { kind: 'people', policy: 'open' }, [telegram])
    expect(open).toEqual({ channels: { telegram: { allowFrom: ['77', '*'], dmPolicy: 'open' } } })
    expect(withSetting(open, { kind: 'people', policy: 'pairing' }, [telegram])).toEqual(named)
  })

  it('keeps a model that is written as one word, and the ones beside it', () => {
    const model = (owner: JsonObject): JsonObject => withSetting(owner, { kind: 'model', model: 'c/d' }, [])
    expect(model({ agents: { defaults: { model: 'a/b' } } })).toEqual({ agents: { defaults: { model: 'c/d' } } })
    expect(model({ agents: { defaults: { model: { primary: 'a/b', fallbacks: ['x/y'] } } } })).toEqual({
      agents: { defaults: { model: { primary: 'c/d', fallbacks: ['x/y'] } } },
    })
  })

  it('is about the agent that answers first', () => {
    const name = (entries: JsonObject): JsonObject => withSetting({ agents: { entries } }, { kind: 'persona-name', name: 'Pinch' }, [])
    const identity = { identity: { name: 'Pinch' } }
    expect(name({ work: { default: true }, main: {} })).toEqual({ agents: { entries: { work: { default: true, ...identity }, main: {} } } })
    expect(name({ work: {}, main: {} })).toEqual({ agents: { entries: { work: {}, main: identity } } })
    expect(name({ work: {} })).toEqual({ agents: { entries: { work: identity } } })
  })
})

describe('changes', () => {
  it('are told setting by setting, with short values', () => {
    const before = { a: { b: 1, c: 'x' }, gone: { deep: true }, list: [1, 2], same: [{ z: null }] }
    const after = { a: { b: 2, c: 'x' }, list: [1, 3], new: { deep: { er: 'y'.repeat(100) } }, same: [{ z: null }], 'a.b': 1 }
    expect(documentChanges(before, after)).toEqual([
      { kind: 'changed', path: 'a.b', from: '1', value: '2' },
      { kind: 'changed', path: 'list', from: '[1,2]', value: '[1,3]' },
      { kind: 'added', path: 'new.deep.er', value: `${'y'.repeat(59)}…` },
      { kind: 'added', path: '["a.b"]', value: '1' },
      { kind: 'removed', path: 'gone.deep', from: 'true' },
    ])
    expect(documentChanges(after, after)).toEqual([])
  })

  it('see a list that is shorter, an object that becomes a word, and what became empty', () => {
    expect(documentChanges({ a: [1, 2], b: { c: 1 }, d: { e: 1 } }, { a: [1], b: 'c', d: {} }).map((one) => `${one.kind} ${one.path}`)).toEqual([
      'changed a',
      'changed b',
      'removed d.e',
    ])
  })
})

test.each<[string, JsonObject, string[]]>([
  ['nothing is public by itself', {}, []],
  ['webhooks with a token', { hooks: { enabled: true, token: '${HOOKS_TOKEN}' } }, ['/hooks']],
  ['webhooks elsewhere', { hooks: { enabled: true, token: '${HOOKS_TOKEN}', path: '/in/mail/' } }, ['/in/mail']],
  ['webhooks that are off', { hooks: { enabled: false, token: '${HOOKS_TOKEN}' } }, []],
  ['webhooks that would let in everybody', { hooks: { enabled: true } }, []],
  ...['/', '', '/api/v1', '/API', '/healthz', '/a/../b', '/.conch', '/a,/b', '/a b', 'hooks'].map((path): [string, JsonObject, string[]] => [
    `a path like "${path}"`,
    { hooks: { enabled: true, token: '${HOOKS_TOKEN}', path } },
    [],
  ]),
])('what anybody may reach: %s', (_what, document, paths) => {
  expect(publicPaths(document)).toEqual(paths)
})
