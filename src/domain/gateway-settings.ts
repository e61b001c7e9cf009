// The settings that are asked for in plain words, and where OpenClaw keeps them. Each of them reads from a document and writes into one. Pure.
import { isObject, objectAt, ourChannels, valueAt, withValueAt, type Json, type JsonObject, type ListenedChannel } from './gateway-document.ts'

export const dmPolicies = ['pairing', 'allowlist', 'open', 'disabled'] as const
export type DmPolicy = (typeof dmPolicies)[number]
export const toolProfiles = ['minimal', 'messaging', 'coding', 'full'] as const
export type ToolProfile = (typeof toolProfiles)[number]

export const PERSONA_CHARS_MAX = 300
export const PERSONA_NAME_CHARS_MAX = 40

/** A wish in plain words; null takes back what was wished before, so that OpenClaw decides. */
export type Setting =
  | { kind: 'model'; model: string | null }
  | { kind: 'people'; policy: DmPolicy }
  | { kind: 'persona-name'; name: string | null }
  | { kind: 'persona'; character: string | null }
  | { kind: 'memory'; search: boolean }
  | { kind: 'recall'; across: boolean }
  | { kind: 'tools'; profile: ToolProfile | null }

export type Settings = {
  model: string | null
  /** Per chat that it listens in. WhatsApp on the owner's own number is no door that anybody else could come through. */
  people: readonly { channel: ListenedChannel['id']; policy: DmPolicy }[]
  personaName: string | null
  persona: string | null
  memory: boolean
  /** Null: OpenClaw decides. */
  recall: boolean | null
  tools: ToolProfile | null
}

/** What a document that a gateway gets says about them. */
export function settingsIn(effective: JsonObject, listened: readonly ListenedChannel[]): Settings {
  const identity = objectAt(effective, identityPath(effective))
  const model = valueAt(effective, ['agents', 'defaults', 'model'])
  return {
    model: textOf(isObject(model) ? model['primary'] : model),
    people: doors(listened).map(({ id }) => {
      const wished = valueAt(effective, ['channels', id, 'dmPolicy'])
      return { channel: id, policy: dmPolicies.find((policy) => policy === wished) ?? 'pairing' }
    }),
    personaName: textOf(identity['name']),
    persona: textOf(identity['theme']),
    memory: valueAt(effective, ['memory', 'search', 'enabled']) !== false,
    recall: boolOf(valueAt(effective, ['memory', 'search', 'rememberAcrossConversations'])),
    tools: toolProfiles.find((profile) => profile === valueAt(effective, ['tools', 'profile'])) ?? null,
  }
}

/** The owner's document with a wish in it. */
export function withSetting(owner: JsonObject, setting: Setting, listened: readonly ListenedChannel[]): JsonObject {
  switch (setting.kind) {
    case 'model':
      return withModel(owner, setting.model)
    case 'people':
      return doors(listened).reduce((document, { id }) => withPeople(document, id, setting.policy), owner)
    case 'persona-name':
      return withValueAt(owner, [...identityPath(owner), 'name'], setting.name ?? undefined)
    case 'persona':
      return withValueAt(owner, [...identityPath(owner), 'theme'], setting.character ?? undefined)
    case 'memory':
      // It is on unless somebody turns it off.
      return withValueAt(owner, ['memory', 'search', 'enabled'], setting.search ? undefined : false)
    case 'recall':
      return withValueAt(owner, ['memory', 'search', 'rememberAcrossConversations'], setting.across)
    case 'tools':
      return withValueAt(owner, ['tools', 'profile'], setting.profile ?? undefined)
  }
}

function withModel(owner: JsonObject, model: string | null): JsonObject {
  const path = ['agents', 'defaults', 'model']
  // As one word it is the model alone; as an object it has others beside it for when it fails.
  const asWord = typeof valueAt(owner, path) === 'string'
  return withValueAt(owner, asWord ? path : [...path, 'primary'], model ?? undefined)
}

function withPeople(owner: JsonObject, id: ListenedChannel['id'], policy: DmPolicy): JsonObject {
  const path = ['channels', id]
  const allowed = valueAt(owner, [...path, 'allowFrom'])
  const named = Array.isArray(allowed) ? allowed.filter((one: Json) => one !== '*') : []
  const list: Json[] = policy === 'open' ? [...named, '*'] : named
  // Without a list of their own it is the one of the ids by which we know the owner.
  const listed = withValueAt(owner, [...path, 'allowFrom'], list.length === 0 ? undefined : list)
  return withValueAt(listed, [...path, 'dmPolicy'], policy === 'pairing' ? undefined : policy)
}

function doors(listened: readonly ListenedChannel[]): readonly ListenedChannel[] {
  const known = listened.filter((one) => ourChannels.includes(one.id))
  return known.filter((one) => one.id !== 'whatsapp' || one.owners.length > 0)
}

/** Of the agent that answers first: the one that says so, or the one that OpenClaw has by itself. */
function identityPath(document: JsonObject): string[] {
  const entries = Object.entries(objectAt(document, ['agents', 'entries']))
  const first = entries.find(([, entry]) => isObject(entry) && entry['default'] === true)
  const main = entries.length === 0 || entries.some(([id]) => id === 'main') ? 'main' : (entries[0]?.[0] ?? 'main')
  return ['agents', 'entries', first?.[0] ?? main, 'identity']
}

const textOf = (value: Json | undefined): string | null => (typeof value === 'string' && value !== '' ? value : null)
const boolOf = (value: Json | undefined): boolean | null => (typeof value === 'boolean' ? value : null)
