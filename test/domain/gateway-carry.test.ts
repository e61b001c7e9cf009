// What goes over of an owner's document to another assistant, against the real schema.
import { beforeAll, describe, expect, it } from 'vitest'
import { schemaFor } from '../../src/actions/gateway-schemas.ts'
import { carriedOver, nothingCarried } from '../../src/domain/gateway-carry.ts'
import { documentProblems, type CheckedAgainst } from '../../src/domain/gateway-check.ts'
import type { JsonObject } from '../../src/domain/gateway-document.ts'

let against: CheckedAgainst
beforeAll(async () => {
  const schema = await schemaFor('conch/openclaw:2026.9.6')
  expect.assert(schema !== null)
  against = { schema, address: 'https://assistant.invalid', modelProvider: 'anthropic', channels: [], plan: 'starter', variables: [] }
})

const tools = { profile: 'coding' }
const mine = { baseUrl: 'https://models.example.com/v1', apiKey: '${MY_KEY}', api: 'openai-completions', models: [{ id: 'a', name: 'A' }] }
type Row = [guarantee: string, document: JsonObject, over: Partial<CheckedAgainst>, kept: JsonObject, leftOut: unknown[]]
const rows: Row[] = [
  ['all of what fits', { tools, memory: { search: { enabled: false } } }, {}, { tools, memory: { search: { enabled: false } } }, []],
  [
    'a group without a variable stays out whole, and says which',
    { tools, hooks: { enabled: true, token: '${HOOK}', path: '/hooks' } },
    {},
    { tools },
    [{ path: 'hooks', needs: ['HOOK'] }],
  ],
  [
    'the variable is there: it comes',
    { hooks: { enabled: true, token: '${HOOK}' } },
    { variables: ['HOOK'] },
    { hooks: { enabled: true, token: '${HOOK}' } },
    [],
  ],
  [
    'a group within a group goes alone',
    { models: { mode: 'merge', providers: { mine } }, agents: { entries: { main: { identity: { name: 'Pinch' } } } } },
    {},
    { models: { mode: 'merge' }, agents: { entries: { main: { identity: { name: 'Pinch' } } } } },
    [{ path: 'models.providers', needs: ['MY_KEY'] }],
  ],
  ['what is Pro’s stays out on Starter', { browser: { enabled: true }, tools }, { variables: ['X'] }, { tools }, [{ path: 'browser', needs: [] }]],
  ['what its version does not know stays out', { tools, colour: { of: 'shell' } }, {}, { tools }, [{ path: 'colour', needs: [] }]],
  [
    'a door that nobody would come through is left as it comes',
    { channels: { telegram: { dmPolicy: 'allowlist', allowFrom: ['${FRIEND}'] } } },
    { channels: [{ id: 'telegram', owners: ['7'] }] },
    {},
    [{ path: 'channels.telegram', needs: ['FRIEND'] }],
  ],
  [
    'the model of a company whose key is not there gives way to the one that was chosen',
    { agents: { defaults: { model: { primary: 'openai/gpt-5.2' } } }, tools },
    { variables: ['ANTHROPIC_API_KEY'] },
    { tools },
    [{ path: 'agents.defaults.model', needs: ['OPENAI_API_KEY'] }],
  ],
  [
    'the model of the company that was chosen comes, though its key comes later',
    { agents: { defaults: { model: { primary: 'anthropic/claude-opus-4-1' } } } },
    {},
    { agents: { defaults: { model: { primary: 'anthropic/claude-opus-4-1' } } } },
    [],
  ],
]

describe('what goes over', () => {
  it.each(rows)('%s', (_guarantee, document, over, kept, leftOut) => {
    const held = { ...against, ...over }
    expect(carriedOver(document, held)).toEqual({ document: kept, leftOut })
    expect(documentProblems(kept, held)).toEqual([])
  })

  it('nothing, to a gateway of which it is not known what can be set', () => {
    expect(nothingCarried({ tools, hooks: {} })).toEqual({
      document: {},
      leftOut: [
        { path: 'tools', needs: [] },
        { path: 'hooks', needs: [] },
      ],
    })
  })
})
