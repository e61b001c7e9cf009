// What an instance holds: list, set, remove. A value comes in sealed, goes from `prepare` to the provider's store, and is in nothing that stays:
// the audit row's input shows "[sealed]".
import { z } from 'zod'
import { currentConfig } from '../db/configs.ts'
import { instanceById, type DesiredChange, type InstanceRow } from '../db/instances.ts'
import { dropClaims, forgetSecret, recordSecret, secretsOf } from '../db/secret-names.ts'
import {
  brainOf,
  credentialOfSecret,
  isExclusive,
  isKnownSecret,
  SECRETS_MAX,
  variableNameProblem,
  variableValueProblem,
  type Credential,
} from '../domain/credentials.ts'
import { variablesIn } from '../domain/gateway-rules.ts'
import { ok, type KeyRefusal, type Result } from '../domain/refusal.ts'
import { secretIn, shapeOf, shapeProblem } from '../domain/secret-shapes.ts'
import type { Who } from '../domain/who.ts'
import { Sealed } from '../lib/sealed.ts'
import type { Secrets } from '../secrets/secret-store.ts'
import type { Accepted, ChangeAction, ChangeContext, InstanceSummary, KeySummary, PrepareContext, ReadAction } from './action.ts'
import { bringAbout, type Reaches } from './bring-about.ts'
import { channelsFor, pairedChannels } from './channels.ts'
import { findInstance } from './find-instance.ts'
import { whileUpgraded } from './not-now.ts'
import { summaryOf } from './summary.ts'

const one = z.object({ instance: z.string().max(200).optional() })

/** `whatsapp`: it is to be linked there, which takes no key. */
export const keys: ReadAction<typeof one, { instance: InstanceSummary; keys: KeySummary[]; whatsapp: boolean }> = {
  name: 'keys',
  summary: "An assistant's channels, keys and variables",
  words: ['instance'],
  input: one,
  scope: 'read',
  confirm: 'none',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const held = await secretsOf(context.db, found.value.id)
    return ok({
      instance: summaryOf(found.value),
      keys: held.map(({ name, last4, setAt, who }) => ({ name, last4, setAt, who })),
      whatsapp: pairedChannels(found.value).length > 0,
    })
  },
}

const sealed = z.union([
  z.instanceof(Sealed),
  z
    .string()
    .max(20_000)
    .transform((value) => new Sealed(value)),
])
const setInput = z.object({
  instance: z.string().max(200).optional(),
  /** By the variable's name: the two tokens of Slack come together. */
  values: z.record(z.string().max(200), sealed).refine((values) => Object.keys(values).length > 0, 'at least one value'),
  /** The person knows that its platform could not be asked, or what it said, and wants it anyway. */
  anyway: z.boolean().default(false),
})

export type KeyChange = Accepted & { keys: KeySummary[]; credential: string | null; reaches: Reaches }
type Handed = { instanceId: string; values: Secrets; who: Readonly<Record<string, Who | null>>; version: number }

/** Sets secrets: tried at their platform, handed to the provider's store, and wanted in the assistant from then on. */
export const setKey: ChangeAction<typeof setInput, KeyChange, Handed> = {
  name: 'set-key',
  summary: 'Give an assistant a key or a token',
  words: ['instance'],
  input: setInput,
  scope: 'operate',
  confirm: 'none',
  async prepare(context, wanted) {
    const found = await changeable(context, wanted.instance)
    if (!found.ok) return found
    const tidy = tidied(wanted.values)
    if (!tidy.ok) return tidy
    const room = await roomFor(context, found.value.id, tidy.value)
    if (room !== null) return room
    const tried = await tryAll(context, tidy.value, wanted.anyway)
    if (!tried.ok) return tried
    return handOver(context, found.value, { values: tidy.value, who: tried.value })
  },
  async run(context, _wanted, handed) {
    const { db: tx } = context
    const found = await changeable(context, handed.instanceId)
    if (!found.ok) return found
    const before = await secretsOf(tx, handed.instanceId)
    const { instanceId, version } = handed
    for (const [name, secret] of Object.entries(handed.values)) {
      const { fingerprint, last4 } = secret
      await recordSecret(tx, { instanceId, name, fingerprint, last4, version, who: handed.who[name] ?? null })
    }
    await dropClaims(tx, instanceId, fingerprintsOf(handed.values))
    const names = Object.keys(handed.values)
    const replaced = before.some((secret) => names.includes(secret.name))
    return applied(context, found.value, { names, change: replaced ? 'replaced' : 'added', version })
  },
}

const removeInput = z.object({ instance: z.string().max(200).optional(), names: z.array(z.string().max(64)).min(1).max(2) })

/** Removes secrets from the provider's store, and from the assistant. */
export const removeKey: ChangeAction<typeof removeInput, KeyChange, undefined> = {
  name: 'remove-key',
  summary: 'Take a key or a token away from an assistant',
  words: ['instance'],
  input: removeInput,
  scope: 'operate',
  confirm: 'tap',
  async prepare(context, wanted) {
    const found = await changeable(context, wanted.instance)
    if (!found.ok) return found
    const held = await secretsOf(context.db, found.value.id)
    for (const name of wanted.names) if (!held.some((secret) => secret.name === name)) return { ok: false, reason: 'key-not-set', name }
    const needed = variablesIn((await currentConfig(context.db, found.value))?.document ?? {})
    for (const name of wanted.names) if (needed.includes(name)) return { ok: false, reason: 'key-in-config', name }
    try {
      for (const name of wanted.names) await context.secrets.remove(found.value.id, name)
    } catch (error) {
      context.log.warn({ err: error, instance: found.value.id }, 'a secret could not be removed')
      return { ok: false, reason: 'secret-store-unavailable' }
    }
    return ok(undefined)
  },
  async run(context, wanted) {
    const found = await changeable(context, wanted.instance)
    if (!found.ok) return found
    for (const name of wanted.names) await forgetSecret(context.db, found.value.id, name)
    return applied(context, found.value, { names: wanted.names, change: 'removed', version: null })
  },
}

async function changeable(
  context: Pick<PrepareContext, 'actor' | 'gate' | 'trail'> & { db: ChangeContext['db'] | PrepareContext['db'] },
  wanted: string | undefined,
) {
  const found = await findInstance(context, wanted)
  if (!found.ok) return found
  if (found.value.deleteRequestedAt !== null) return { ok: false, reason: 'being-destroyed', name: found.value.name } as const
  return (await whileUpgraded(context.db, found.value)) ?? found
}

/** Each value as it is meant, without what was copied along with it; or the first thing that is wrong. */
function tidied(values: Secrets): Result<Secrets> {
  const tidy: Record<string, Sealed> = {}
  for (const [name, secret] of Object.entries(values)) {
    const shape = shapeOf(name)
    if (shape === undefined) {
      const value = secret.open().trim()
      const wrongName = variableNameProblem(name)
      if (wrongName !== null) return { ok: false, reason: 'key-variable-name', name: name.slice(0, 64), problem: wrongName }
      const wrongValue = variableValueProblem(value)
      if (wrongValue !== null) return { ok: false, reason: 'key-variable-value', name, problem: wrongValue }
      tidy[name] = new Sealed(value)
      continue
    }
    const value = secretIn(shape, secret.open())
    const problem = shapeProblem(shape, value)
    if (problem !== null) return { ok: false, reason: 'key-shape', name, problem }
    tidy[name] = new Sealed(value)
  }
  return ok(tidy)
}

async function roomFor({ db }: PrepareContext, instanceId: string, values: Secrets): Promise<({ ok: false } & KeyRefusal) | null> {
  const names = new Set([...(await secretsOf(db, instanceId)).map((secret) => secret.name), ...Object.keys(values)])
  return names.size > SECRETS_MAX ? { ok: false, reason: 'keys-limit', limit: SECRETS_MAX } : null
}

/** Whose each secret is; or why one is not taken. */
async function tryAll({ secrets }: PrepareContext, values: Secrets, anyway: boolean): Promise<Result<Record<string, Who | null>>> {
  const whose: Record<string, Who | null> = {}
  for (const [name, secret] of Object.entries(values)) {
    if (secrets.isOwn(name, secret)) return { ok: false, reason: 'key-our-own', name }
    if (!isKnownSecret(name)) continue
    const tried = await secrets.check(name, secret)
    if (tried.kind === 'refused') return { ok: false, reason: 'key-refused', name, why: tried.why }
    if (tried.kind === 'unreachable' && !anyway) return { ok: false, reason: 'key-unreachable', name, why: tried.why }
    if (tried.kind === 'missing-intents' && !anyway) return { ok: false, reason: 'key-intents', name, who: tried.who }
    whose[name] = tried.kind === 'unreachable' ? null : tried.who
  }
  return ok(whose)
}

type Tried = { values: Secrets; who: Readonly<Record<string, Who | null>> }

async function handOver(context: PrepareContext, row: InstanceRow, { values, who }: Tried): Promise<Result<Handed>> {
  const { secrets, log } = context
  const holder = await secrets.claim(row.id, values)
  if (holder !== null) return inUse(context, holder)
  try {
    const { version } = await secrets.hand(row.id, values)
    return ok({ instanceId: row.id, values, who, version })
  } catch (error) {
    log.warn({ err: error, instance: row.id }, 'a secret could not be handed over')
    await secrets.unclaim(row.id, values)
    return { ok: false, reason: 'secret-store-unavailable' }
  }
}

async function inUse({ db, actor }: PrepareContext, holder: string): Promise<Result<never>> {
  const row = await instanceById(db, holder)
  const mine = row !== null && row.userId === actor.userId
  return { ok: false, reason: 'key-in-use', instance: mine ? row.name : null, leaving: mine && row.deleteRequestedAt !== null }
}

function fingerprintsOf(values: Secrets): string[] {
  return Object.entries(values).flatMap(([name, secret]) => (isExclusive(name) ? [secret.fingerprint] : []))
}

type Change = { names: readonly string[]; change: 'added' | 'replaced' | 'removed'; version: number | null }

/** Wants the assistant as its secrets now have it, and opens the job that brings this about where one is needed. */
async function applied(context: ChangeContext, row: InstanceRow, { names, change, version }: Change): Promise<Result<KeyChange>> {
  const { db: tx } = context
  const held = await secretsOf(tx, row.id)
  const set: DesiredChange = {
    secrets: { version },
    channels: [...(await channelsFor(tx, row.userId, held)), ...pairedChannels(row)],
    modelProvider: brainOf(
      row.modelProvider,
      held.map((secret) => secret.name),
    ),
  }
  const credential = sharedCredential(names)
  const about = { names, change, credential: credential?.id ?? null }
  const summary = held.filter((secret) => names.includes(secret.name)).map(({ name, last4, setAt, who }) => ({ name, last4, setAt, who }))
  const done = await bringAbout(context, row, { set, about, event: 'keys' })
  if (!done.ok) return done
  const { row: after, reaches, operationId } = done.value
  return ok({ instance: summaryOf(after), operationId, keys: summary, credential: about.credential, reaches })
}

function sharedCredential(names: readonly string[]): Credential | undefined {
  return credentialOfSecret(names[0] ?? '')
}
