// A gateway's configuration document: what its owner wants, and what is ours in it whatever they want. Pure.
import { assertNever } from '../lib/errors.ts'
import type { ChannelId } from './credentials.ts'
import { modelProviderOf } from './model-providers.ts'

export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export type JsonObject = { readonly [name: string]: Json }

/** Where something stands in a document: the names of settings, and places in lists as numbers. */
export type Path = readonly (string | number)[]

/** A chat that the gateway listens in, with the ids under which its owner is known there. */
export type ListenedChannel = { id: ChannelId | 'whatsapp'; owners: readonly string[] }

/** OpenClaw has this one channel in its own package; the others are plugins, which it fetches by itself at the first start that needs them. */
const BUNDLED = 'telegram'
/** Channels whose switch and tokens follow from the keys that an assistant holds. */
export const ourChannels = ['telegram', 'discord', 'slack', 'whatsapp'] as const satisfies ListenedChannel['id'][]
/** Serves the gateway's controls on the machine itself, behind the password: pairing and what the model costs are asked through it. */
export const CONTROLS_PLUGIN = 'admin-http-rpc'
/** Writes down on the machine how many messages the assistant takes up: what the bill is made of. It is part of the image. */
export const COUNTER_PLUGIN = 'conch-counter'
const COUNTER_PATH = '${CONCH_COUNTER}'

export type Circumstances = {
  address: string
  modelProvider: string | null
  channels: readonly ListenedChannel[]
  /** It is OpenClaw as it was when it was called Clawdbot. */
  isLegacy?: boolean
}

/**
 * The document as the machine gets it: the owner's settings win in everything that is not ours, and ours win in the rest. Secrets appear as
 * `${NAME}`, which the gateway replaces from its environment when it loads the file, so that none is on the disk. Without an owner's document
 * its bytes never change: the fingerprint of every running machine hangs on them.
 */
export function effectiveDocument(owner: JsonObject | null, circumstances: Circumstances): JsonObject {
  const base = baseDocument(circumstances)
  if (owner === null) return base
  return withOurs(merged(base, withoutSilentChannels(owner, circumstances.channels)), base)
}

function baseDocument({ address, modelProvider, channels, isLegacy = false }: Circumstances): JsonObject {
  const provider = modelProviderOf(modelProvider)
  return {
    gateway: isLegacy ? legacyGatewaySettings : gatewaySettings(address),
    ...(provider !== undefined && { agents: { defaults: { model: { primary: provider.model } } } }),
    ...(isLegacy ? legacyChannelSettings(channels) : channelSettings(channels)),
  }
}

/**
 * Clawdbot knows nobody that a proxy names: the supervisor puts its token into what a browser says first, and takes the browser's device out, whose
 * signature would cover that token. It takes the token from its environment by itself.
 */
const legacyGatewaySettings: JsonObject = {
  mode: 'local',
  trustedProxies: ['127.0.0.1'],
  auth: { mode: 'token' },
  controlUi: { allowInsecureAuth: true },
}

/** Whom the gateway takes whoever the supervisor lets in for. The same on every machine: accounts come together and go apart. */
export const GATEWAY_OWNER = 'owner'

/**
 * The gateway is reached through the supervisor alone, which says who comes. Its own password is for what is asked of it on the machine itself:
 * forwarded headers disqualify whoever comes from outside from using it.
 */
function gatewaySettings(address: string): JsonObject {
  return {
    mode: 'local',
    trustedProxies: ['127.0.0.1'],
    auth: {
      mode: 'trusted-proxy',
      password: '${OPENCLAW_GATEWAY_PASSWORD}',
      identityScopes: { [GATEWAY_OWNER]: ['operator.admin'] },
      trustedProxy: {
        userHeader: 'x-claw-user',
        requiredHeaders: ['x-claw-proxy'],
        allowUsers: [GATEWAY_OWNER],
        allowLoopback: true,
        deviceAutoApprove: { enabled: true },
      },
    },
    controlUi: { allowedOrigins: [address] },
  }
}

function channelSettings(channels: readonly ListenedChannel[]): JsonObject {
  const owners = channels.flatMap((one) => one.owners.map((owner) => `${one.id}:${owner}`))
  const plugins: string[] = channels.filter((one) => one.id !== BUNDLED).map((one) => one.id)
  return {
    // Whoever the assistant is for may use its own commands in every chat.
    ...(owners.length > 0 && { commands: { ownerAllowFrom: owners } }),
    ...(channels.length > 0 && { channels: Object.fromEntries(channels.map((one) => [one.id, { ...switchOf(one), ...people(one) }])) }),
    // A plugin that is only installed is not trusted: it runs when it is named here.
    plugins: {
      load: { paths: [COUNTER_PATH] },
      entries: Object.fromEntries([CONTROLS_PLUGIN, COUNTER_PLUGIN, ...plugins].map((one) => [one, { enabled: true }])),
    },
  }
}

/** The same as Clawdbot writes it, which has all chats in its own package, and none of our plugins. */
function legacyChannelSettings(channels: readonly ListenedChannel[]): JsonObject {
  return {
    ...(channels.length > 0 && { channels: Object.fromEntries(channels.map((one) => [one.id, legacyChannel(one)])) }),
    plugins: { entries: Object.fromEntries(channels.map((one) => [one.id, { enabled: true }])) },
  }
}

function legacyChannel(channel: ListenedChannel): JsonObject {
  const { dmPolicy = 'pairing', allowFrom, ...rest } = people(channel)
  const allowed = allowFrom !== undefined && { allowFrom }
  if (channel.id === 'whatsapp') return { ...rest, dmPolicy, ...allowed }
  if (channel.id === 'telegram') return { ...switchOf(channel), dmPolicy, ...allowed }
  return { ...switchOf(channel), dm: { policy: dmPolicy, ...allowed } }
}

/** What is ours of a channel: that it is on, and where its tokens are. */
function switchOf({ id }: ListenedChannel): JsonObject {
  switch (id) {
    case 'telegram':
      return { enabled: true, botToken: '${TELEGRAM_BOT_TOKEN}' }
    case 'discord':
      return { enabled: true, token: '${DISCORD_BOT_TOKEN}' }
    case 'slack':
      return { enabled: true, mode: 'socket', botToken: '${SLACK_BOT_TOKEN}', appToken: '${SLACK_APP_TOKEN}' }
    case 'whatsapp':
      // Without it nothing of what comes in is shown to any plugin, and nothing is counted.
      return { enabled: true, pluginHooks: { messageReceived: true } }
    default:
      return assertNever(id)
  }
}

/** Who may write, until the owner says otherwise. */
function people({ id, owners }: ListenedChannel): JsonObject {
  // On the owner's own number everybody who writes to them would be asked for a code: there it answers what they write to themselves alone.
  if (id === 'whatsapp' && owners.length === 0) return { dmPolicy: 'allowlist', selfChatMode: true, groupPolicy: 'disabled' }
  // Whoever is not let in by name gets a code that the owner must approve.
  return owners.length === 0 ? { dmPolicy: 'pairing' } : { dmPolicy: 'pairing', allowFrom: owners }
}

/** What is wished of a channel without its tokens waits for them: a channel that is only half there keeps the gateway from being ready. */
function withoutSilentChannels(owner: JsonObject, listened: readonly ListenedChannel[]): JsonObject {
  const wished = owner['channels']
  if (!isObject(wished)) return owner
  const silent = ourChannels.filter((id) => !listened.some((one) => one.id === id))
  const channels = Object.fromEntries(Object.entries(wished).filter(([id]) => !silent.some((one) => one === id)))
  return { ...owner, channels }
}

/** Ours once more over everything: what was refused when it was written must not get through by another way. */
function withOurs(document: JsonObject, base: JsonObject): JsonObject {
  const ours = { ...document, gateway: base['gateway'] ?? {} }
  const channels = objectAt(base, ['channels'])
  const forced = Object.fromEntries(
    ourChannels.flatMap((id): [string, JsonObject][] => {
      const settings = channels[id]
      return isObject(settings) ? [[id, switchOf({ id, owners: [] })]] : []
    }),
  )
  const withChannels = Object.keys(forced).length === 0 ? ours : merged(ours, { channels: forced })
  const wished = objectAt(document, ['plugins', 'load'])['paths']
  const paths = [COUNTER_PATH, ...(Array.isArray(wished) ? wished.filter((one) => one !== COUNTER_PATH) : [])]
  return merged(withChannels, { plugins: { ...objectAt(base, ['plugins']), load: { paths } } })
}

/** `over` wins; objects are merged, everything else is replaced. The order of `under` stays. */
function merged(under: JsonObject, over: JsonObject): JsonObject {
  const result: Record<string, Json> = { ...under }
  for (const [name, value] of Object.entries(over)) {
    const below = result[name]
    result[name] = isObject(below) && isObject(value) ? merged(below, value) : value
  }
  return result
}

const HOOKS_PATH = '/hooks'

/**
 * The paths of a machine that anybody may reach, by its document: what is behind them asks for a secret of its own, as OpenClaw's webhooks do
 * (`hooks.token`). A path that could be meant for anything else stays closed.
 */
export function publicPaths(document: JsonObject): string[] {
  const { enabled, path = HOOKS_PATH, token } = objectAt(document, ['hooks'])
  if (enabled !== true || typeof path !== 'string' || typeof token !== 'string' || token === '') return []
  const plain = path.replace(/\/+$/, '')
  return /^(\/[a-z0-9_-]+)+$/i.test(plain) && !/^\/(api|healthz|readyz|startupz)(\/|$)/i.test(plain) ? [plain] : []
}

/** True for an object, and for neither a list nor null. */
export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** What stands at a path; undefined when nothing does. */
export function valueAt(document: Json | undefined, path: Path): Json | undefined {
  return path.reduce<Json | undefined>((part, name) => {
    if (Array.isArray(part)) return typeof name === 'number' ? part[name] : undefined
    return isObject(part) && Object.hasOwn(part, name) ? part[String(name)] : undefined
  }, document)
}

/** The object at a path; an empty one when there is none. */
export function objectAt(document: JsonObject, path: Path): JsonObject {
  const found = valueAt(document, path)
  return isObject(found) ? found : {}
}

/** The document with `value` at a path; without what stood there, and without what is empty then, for undefined. */
export function withValueAt(document: JsonObject, path: readonly string[], value: Json | undefined): JsonObject {
  const [name, ...rest] = path
  if (name === undefined) return document
  const inner = rest.length === 0 ? value : withValueAt(objectAt(document, [name]), rest, value)
  const gone = inner === undefined || (value === undefined && isObject(inner) && Object.keys(inner).length === 0)
  if (!gone) return { ...document, [name]: inner }
  return Object.fromEntries(Object.entries(document).filter(([key]) => key !== name))
}
