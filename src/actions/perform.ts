// The one gate to every action, whichever face asked: input is parsed, the rate is limited, the action runs in one transaction with its audit
// row, and the engine is woken. Ownership is in findInstance, plan limits in deploy and in the database.
import type { z } from 'zod'
import { FORGOTTEN_ACTOR } from '../db/accounts.ts'
import { audit, recentActions, type AuditEntry } from '../db/audit.ts'
import type { Db, Tx } from '../db/connect.ts'
import { expireStagedApp } from '../db/secret-names.ts'
import type { Refusal, Result } from '../domain/refusal.ts'
import { ConchError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { randomId } from '../lib/random.ts'
import type { Sealed } from '../lib/sealed.ts'
import type { Secrets, SecretStore } from '../secrets/secret-store.ts'
import type { Action, ActionSettings, Actor, CopySource, GuestBook, LogSource, Trail } from './action.ts'
import { catalogue, type ActionName, type OutputOf } from './catalogue.ts'

export type ActionsDeps = {
  db: Db
  log: Log
  secrets: SecretStore
  logs: LogSource
  guests: GuestBook
  copiedAt: CopySource
  settings: ActionSettings
  changed: () => void
}

export type Actions = {
  /** Performs an action for a person. Refusals are values; only what is broken throws. */
  perform<N extends ActionName>(name: N, input: unknown, actor: Actor): Promise<Result<OutputOf<N>>>
  /** A fresh id for an instance that a wizard is about to describe. */
  draft(actor: Actor): string
  /**
   * Tries a pasted secret at its platform and hands it to the provider's store, under the draft's id. Nothing of it is kept here but its name and
   * last characters. `tried` is false when its platform could not be asked.
   */
  stageSecret(actor: Actor, input: { draftId: string; name: string; secret: Sealed }): Promise<Result<{ last4: string; tried: boolean }>>
  /** Lets go of what was staged for a draft. */
  discardDraft(actor: Actor, draftId: string): Promise<void>
  /** Keeps pasted secrets in memory until their person has answered; the reference to them. */
  holdSecrets(actor: Actor, values: Secrets): string
  /** What was kept under a reference; null when it is gone, and must be pasted again. */
  heldSecrets(actor: Actor, reference: string): Secrets | null
}

/** Changes that one person may ask for in a minute: more is a script gone wild, and every one of them costs calls at the provider. */
const CHANGES_PER_MINUTE_MAX = 30
/** Carries a refusal out of the transaction, so that nothing of a refused action stays. */
class Refused extends ConchError {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super('action.refused', refusal.reason)
    this.refusal = refusal
  }
}

export function createActions(deps: ActionsDeps): Actions {
  return {
    async perform<N extends ActionName>(name: N, input: unknown, actor: Actor): Promise<Result<OutputOf<N>>> {
      // The entries of the catalogue differ in their types; parsing the input with the entry's own schema makes this call safe.
      const action = catalogue[name] as AnyAction
      return (await run(deps, action, input, actor)) as Result<OutputOf<N>>
    },
    draft: () => randomId(10),
    async stageSecret(actor, { draftId, name, secret }) {
      const tried = await deps.secrets.check(name, secret)
      if (tried.kind === 'refused') return { ok: false, reason: 'key-refused', name, why: tried.why }
      const who = tried.kind === 'unreachable' ? null : tried.who
      try {
        const { last4 } = await deps.secrets.stage({ instanceId: draftId, userId: actor.userId, name, secret, who })
        return { ok: true, value: { last4, tried: tried.kind !== 'unreachable' } }
      } catch (error) {
        deps.log.warn({ err: error, draft: draftId }, 'a secret could not be handed over')
        return { ok: false, reason: 'secret-store-unavailable' }
      }
    },
    async discardDraft(actor, draftId) {
      await expireStagedApp(deps.db, draftId, actor.userId)
    },
    holdSecrets: (actor, values) => deps.secrets.held.hold(actor.userId, values),
    heldSecrets: (actor, reference) => deps.secrets.held.held(actor.userId, reference),
  }
}

type AnyAction = Action<z.ZodType<Record<string, unknown>>, unknown, unknown>

async function run(deps: ActionsDeps, action: AnyAction, input: unknown, actor: Actor): Promise<Result<unknown>> {
  const parsed = action.input.safeParse(input)
  if (!parsed.success)
    return { ok: false, reason: 'bad-input', problems: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) }
  const asked: Asked = { input: parsed.data, actor, trail: { instanceId: null, room: null, outcome: 'done', detail: {} } }
  return action.scope === 'read' ? look(deps, action, asked) : change(deps, action, asked)
}

type Asked = { input: Record<string, unknown>; actor: Actor; trail: Trail }
type Reads = Extract<AnyAction, { scope: 'read' }>
type Changes = Exclude<AnyAction, Reads>

/** What others than its owner read of an instance that not everybody may read is written down. */
async function look(deps: ActionsDeps, action: Reads, { input, actor, trail }: Asked): Promise<Result<unknown>> {
  const { db, logs, guests, copiedAt } = deps
  const found = await action.run({ db, actor, logs, guests, copiedAt, gate: action, trail }, input)
  if (action.shared === 'operate' && trail.room !== null)
    await deps.db.transaction((tx) => audit(tx, { ...entryOf(action, { input, actor, trail }), outcome: found.ok ? trail.outcome : found.reason }))
  return found
}

async function change(deps: ActionsDeps, action: Changes, { input, actor, trail }: Asked): Promise<Result<unknown>> {
  try {
    const prepared = await prepare(deps, action, { input, actor, trail })
    const result = await deps.db.transaction(async (tx) => {
      await limitRate(tx, actor)
      const outcome = await action.run({ db: tx, actor, settings: deps.settings, gate: action, trail }, input, prepared)
      if (!outcome.ok) throw new Refused(outcome)
      const who = action.anonymous === true ? { actor: FORGOTTEN_ACTOR, input: {} } : {}
      const entry = entryOf(action, { input, actor, trail })
      await audit(tx, { ...entry, ...who, instanceId: instanceIdIn(outcome.value) ?? entry.instanceId, outcome: trail.outcome })
      return outcome
    })
    deps.changed()
    return result
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const entry = entryOf(action, { input: {}, actor, trail: { ...trail, detail: {} } })
    await deps.db.transaction((tx) => audit(tx, { ...entry, outcome: error.refusal.reason }))
    return { ok: false, ...error.refusal }
  }
}

async function limitRate(db: Db | Tx, actor: Actor): Promise<void> {
  if ((await recentActions(db, actor.userId, 60)) >= CHANGES_PER_MINUTE_MAX) throw new Refused({ reason: 'too-many-requests', retryAfterSeconds: 60 })
}

async function prepare(deps: ActionsDeps, action: Changes, { input, actor, trail }: Asked): Promise<unknown> {
  if (action.prepare === undefined) return undefined
  await limitRate(deps.db, actor)
  const { db, secrets, guests, settings, log } = deps
  const prepared = await action.prepare({ db, actor, secrets, guests, settings, log, gate: action, trail }, input)
  if (!prepared.ok) throw new Refused(prepared)
  return prepared.value
}

function entryOf(action: AnyAction, { input, actor, trail }: Asked): Omit<AuditEntry, 'outcome'> {
  const { instanceId, room, detail } = trail
  return { userId: actor.userId, actor: `${actor.provider}:${actor.subject}`, action: action.name, instanceId, room, input: { ...input, ...detail } }
}

function instanceIdIn(value: unknown): string | null {
  const instance = typeof value === 'object' && value !== null && 'instance' in value ? value.instance : null
  return typeof instance === 'object' && instance !== null && 'id' in instance && typeof instance.id === 'string' ? instance.id : null
}
