// The one gate to every action, whichever face asked: input is parsed, the rate is limited, the action runs in one transaction with its audit
// row, and the engine is woken. Ownership is in findInstance, plan limits in deploy and in the database.
import type { z } from 'zod'
import { FORGOTTEN_ACTOR } from '../db/accounts.ts'
import { audit, recentActions } from '../db/audit.ts'
import type { Db } from '../db/connect.ts'
import { expireStagedApp } from '../db/secret-names.ts'
import type { Refusal, Result } from '../domain/refusal.ts'
import { ConchError } from '../lib/errors.ts'
import type { Log } from '../lib/log.ts'
import { randomId } from '../lib/random.ts'
import type { Sealed } from '../lib/sealed.ts'
import type { SecretStore } from '../secrets/secret-store.ts'
import type { Action, ActionSettings, Actor, LogSource } from './action.ts'
import { catalogue, type ActionName, type OutputOf } from './catalogue.ts'

export type ActionsDeps = { db: Db; log: Log; secrets: SecretStore; logs: LogSource; settings: ActionSettings; changed: () => void }

export type Actions = {
  /** Performs an action for a person. Refusals are values; only what is broken throws. */
  perform<N extends ActionName>(name: N, input: unknown, actor: Actor): Promise<Result<OutputOf<N>>>
  /** A fresh id for an instance that a wizard is about to describe. */
  draft(actor: Actor): string
  /** Hands a pasted secret to the provider's store, under the draft's id. Nothing of it is kept here but its name and last characters. */
  stageSecret(actor: Actor, input: { draftId: string; name: string; secret: Sealed }): Promise<Result<{ last4: string }>>
  /** Lets go of what was staged for a draft. */
  discardDraft(actor: Actor, draftId: string): Promise<void>
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
      const action = catalogue[name] as Action<z.ZodType<Record<string, unknown>>, unknown>
      return (await run(deps, action, input, actor)) as Result<OutputOf<N>>
    },
    draft: () => randomId(10),
    async stageSecret(actor, { draftId, name, secret }) {
      try {
        return { ok: true, value: await deps.secrets.stage({ instanceId: draftId, userId: actor.userId, name, secret }) }
      } catch (error) {
        deps.log.warn({ err: error, draft: draftId }, 'a secret could not be handed over')
        return { ok: false, reason: 'secret-store-unavailable' }
      }
    },
    async discardDraft(actor, draftId) {
      await expireStagedApp(deps.db, draftId, actor.userId)
    },
  }
}

type AnyAction = Action<z.ZodType<Record<string, unknown>>, unknown>

async function run(deps: ActionsDeps, action: AnyAction, input: unknown, actor: Actor): Promise<Result<unknown>> {
  const parsed = action.input.safeParse(input)
  if (!parsed.success)
    return { ok: false, reason: 'bad-input', problems: parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`) }
  if (action.scope === 'read') return action.run({ db: deps.db, actor, logs: deps.logs }, parsed.data)
  const entry = { userId: actor.userId, actor: `${actor.provider}:${actor.subject}`, action: action.name, instanceId: null, input: parsed.data }
  try {
    const result = await deps.db.transaction(async (tx) => {
      if ((await recentActions(tx, actor.userId, 60)) >= CHANGES_PER_MINUTE_MAX)
        throw new Refused({ reason: 'too-many-requests', retryAfterSeconds: 60 })
      const outcome = await action.run({ db: tx, actor, settings: deps.settings }, parsed.data)
      if (!outcome.ok) throw new Refused(outcome)
      const who = action.anonymous === true ? { actor: FORGOTTEN_ACTOR, input: {} } : {}
      await audit(tx, { ...entry, ...who, instanceId: instanceIdIn(outcome.value), outcome: 'done' })
      return outcome
    })
    deps.changed()
    return result
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    await deps.db.transaction((tx) => audit(tx, { ...entry, input: {}, outcome: error.refusal.reason }))
    return { ok: false, ...error.refusal }
  }
}

function instanceIdIn(value: unknown): string | null {
  const instance = typeof value === 'object' && value !== null && 'instance' in value ? value.instance : null
  return typeof instance === 'object' && instance !== null && 'id' in instance && typeof instance.id === 'string' ? instance.id : null
}
