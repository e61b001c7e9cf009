// What an owner's document may not say, whatever the gateway's schema allows: what is ours, secrets in the open, variables that are not there, and
// what their plan does not have. Pure.
import { variableNameProblem } from './credentials.ts'
import {
  CONTROLS_PLUGIN,
  COUNTER_PLUGIN,
  isObject,
  objectAt,
  ourChannels,
  valueAt,
  type Json,
  type JsonObject,
  type Path,
} from './gateway-document.ts'
import { plans, type Plan, type PlanId } from './plans.ts'
import { holdsSecret } from './secret-shapes.ts'

export type Ours =
  /** How it is reached and who may: the door that every assistant has the same way. */
  | 'gateway'
  /** Which version runs, and what it notes about itself. */
  | 'version'
  /** On as soon as its tokens are there. */
  | 'channel-switch'
  /** Handed over around the document. */
  | 'channel-token'
  /** What the chats are made of. */
  | 'plugin'
  /** A variable that we or the machine set. */
  | 'variable'
export type ProFeature = 'browser' | 'voice'
export type RuleProblem = { path: Path } & (
  | { kind: 'ours'; why: Ours }
  | { kind: 'secret' }
  | { kind: 'no-variable'; name: string }
  | { kind: 'pro'; feature: ProFeature }
  /** Everybody is let in only where that is said in both of its places. */
  | { kind: 'open-to-nobody' }
  /** Nobody could write there. */
  | { kind: 'nobody' }
)

const owned: readonly { path: readonly string[]; why: Ours }[] = [
  { path: ['gateway'], why: 'gateway' },
  { path: ['meta'], why: 'version' },
  { path: ['update'], why: 'version' },
  { path: ['plugins', 'enabled'], why: 'plugin' },
  { path: ['plugins', 'allow'], why: 'plugin' },
  { path: ['plugins', 'deny'], why: 'plugin' },
  ...[...ourChannels, CONTROLS_PLUGIN, COUNTER_PLUGIN].map((id) => ({ path: ['plugins', 'entries', id, 'enabled'], why: 'plugin' as const })),
  ...ourChannels.map((id) => ({ path: ['channels', id, 'enabled'], why: 'channel-switch' as const })),
  { path: ['channels', 'slack', 'mode'], why: 'channel-switch' },
  ...ourChannels.map((id) => ({ path: ['channels', id, 'accounts'], why: 'channel-token' as const })),
  ...[
    ['telegram', 'botToken'],
    ['telegram', 'tokenFile'],
    ['discord', 'token'],
    ['slack', 'botToken'],
    ['slack', 'appToken'],
    ['slack', 'userToken'],
    ['slack', 'signingSecret'],
  ].map(([id = '', name = '']) => ({ path: ['channels', id, name], why: 'channel-token' as const })),
]

/** What is wrong with an owner's document by our own rules. `variables`: the names that its assistant holds. */
export function ruleProblems(document: JsonObject, { plan, variables }: { plan: PlanId; variables: readonly string[] }): RuleProblem[] {
  return [
    ...owned.flatMap(({ path, why }): RuleProblem[] => (valueAt(document, path) === undefined ? [] : [{ path, kind: 'ours', why }])),
    ...variablesOf(document),
    ...[...leavesOf(document)].flatMap(([path, value]) => textProblems(path, value, variables)),
    ...proProblems(document, plans[plan]),
  ]
}

/** Variables may be set in a document too, which must not be a way to those that are not the owner's. */
function variablesOf(document: JsonObject): RuleProblem[] {
  const env = objectAt(document, ['env'])
  const named = [
    ...Object.keys(objectAt(env, ['vars'])).map((name): Path => ['env', 'vars', name]),
    ...Object.keys(env)
      .filter((name) => name !== 'vars' && name !== 'shellEnv')
      .map((name): Path => ['env', name]),
  ]
  return named.flatMap((path): RuleProblem[] => {
    const problem = variableNameProblem(String(path.at(-1)).toUpperCase())
    return problem?.kind === 'ours' || problem?.kind === 'system' ? [{ path, kind: 'ours', why: 'variable' }] : []
  })
}

/** Names of settings that hold secrets. */
const SECRET_NAME = /(api_?key|token|secret|password|passphrase|passwd|credentials?|authorization|(private|secret|access)_?key)$/i
const REFERENCE = /\$\{([A-Z_][A-Z0-9_]*)\}/g
/** A name and a password in an address. */
const IN_ADDRESS = /:\/\/[^/\s:@]+:[^/\s@$]+@/

function textProblems(path: Path, value: string, variables: readonly string[]): RuleProblem[] {
  const name = path.findLast((part) => typeof part === 'string') ?? ''
  const bare = value.replaceAll(REFERENCE, '').trim()
  const named = SECRET_NAME.test(name) && /[^\s]/.test(bare.replace(/^(bearer|basic|bot)$/i, ''))
  const isSecret = holdsSecret(value) || path.some((part) => holdsSecret(String(part))) || IN_ADDRESS.test(value) || named
  const missing = referencesIn(value).filter((one) => !variables.includes(one))
  return [
    ...(isSecret ? [{ path, kind: 'secret' } as const] : []),
    ...[...new Set(missing)].map((one): RuleProblem => ({ path, kind: 'no-variable', name: one })),
  ]
}

function referencesIn(value: string): string[] {
  // Doubled, it stands for itself.
  return [...value.replaceAll('$${', '').matchAll(REFERENCE)].flatMap(([, name]) => (name === undefined ? [] : [name]))
}

/** The variables that a document refers to: without one of them its gateway does not start. */
export function variablesIn(document: JsonObject): string[] {
  return [...new Set([...leavesOf(document)].flatMap(([, value]) => referencesIn(value)))].toSorted()
}

function* leavesOf(value: Json, path: Path = []): Generator<[Path, string]> {
  if (typeof value === 'string') yield [path, value]
  else if (Array.isArray(value)) for (const [index, inner] of value.entries()) yield* leavesOf(inner as Json, [...path, index])
  else if (isObject(value)) for (const [name, inner] of Object.entries(value)) yield* leavesOf(inner, [...path, name])
}

const proPaths: readonly { path: readonly string[]; feature: ProFeature }[] = [
  { path: ['browser'], feature: 'browser' },
  { path: ['talk'], feature: 'voice' },
  { path: ['tts'], feature: 'voice' },
  { path: ['agents', 'defaults', 'voiceModel'], feature: 'voice' },
]

function proProblems(document: JsonObject, plan: Plan): RuleProblem[] {
  const entries = Object.keys(objectAt(document, ['agents', 'entries']))
  const paths = [...proPaths, ...entries.map((id) => ({ path: ['agents', 'entries', id, 'tts'], feature: 'voice' as const }))]
  return paths.flatMap(({ path, feature }): RuleProblem[] => {
    const value = valueAt(document, path)
    return value === undefined || plan[feature] || isOff(value) ? [] : [{ path, kind: 'pro', feature }]
  })
}

/** Turned off it may stand there on any plan: nothing is used. */
function isOff(value: Json): boolean {
  return isObject(value) && (Object.keys(value).length === 0 || value['enabled'] === false || (value['auto'] === 'off' && value['enabled'] !== true))
}

/** Doors that nobody comes through. Who the owner is on a chat counts as well: it is asked of the document that the gateway gets. */
export function doorProblems(effective: JsonObject): RuleProblem[] {
  return ourChannels.flatMap((id): RuleProblem[] => {
    const { dmPolicy, allowFrom, selfChatMode } = objectAt(effective, ['channels', id])
    const listed: readonly Json[] = Array.isArray(allowFrom) ? allowFrom : []
    const path = ['channels', id, 'dmPolicy']
    if (dmPolicy === 'open' && !listed.includes('*')) return [{ path, kind: 'open-to-nobody' }]
    return dmPolicy === 'allowlist' && listed.length === 0 && selfChatMode !== true ? [{ path, kind: 'nobody' }] : []
  })
}
