// Who may do what with which instance is decided here and nowhere else: an action only ever sees an instance of the person who asks, or one that
// is shared with a place from where they ask, and only if what the action needs is theirs to do.
import { instancesToldAt } from '../db/alerts.ts'
import { presentInstances, type InstanceRow } from '../db/instances.ts'
import { sharedWith, type Share, type SharedInstance } from '../db/shares.ts'
import type { Result } from '../domain/refusal.ts'
import { allows, type Standing } from '../domain/sharing.ts'
import type { Actor, Gate, Trail } from './action.ts'
import type { Db, Tx } from '../db/connect.ts'

/** By what right somebody reaches an instance. */
export type Access = {
  standing: Standing
  /** What everybody may do who reads the answer. */
  audience: Standing
  /** The share through which it is reached, of several the one that allows the most. */
  share: Share | null
  /** Whose it is; empty for the person's own, and where that is not known. */
  owner: string
  /** Its alerts come to where it is asked. */
  told: boolean
}
export type FoundInstance = InstanceRow & { access: Access }
type Asking = { db: Db | Tx; actor: Actor; gate?: Gate; trail?: Trail }

/** Without a gate, nobody but the owner. */
const OWNER_ONLY: Gate = { scope: 'destroy' }

/**
 * The instance of this name or id that the person may reach; without one, the only one. Of two with the same name none is guessed. An instance
 * that is being destroyed is found last, since its name may have been given to a new one.
 */
export async function findInstance(asking: Asking, wanted: string | undefined): Promise<Result<FoundInstance>> {
  const { gate = OWNER_ONLY } = asking
  const everything = await everyOne(asking)
  const shown = everything.filter(shownTo(asking))
  const all = meant(shown, gate)
  const active = all.filter((row) => row.deleteRequestedAt === null)
  const names = active.map((row) => row.name)
  const where = all.every((row) => row.access.share === null) ? {} : { here: true as const }
  if (wanted === undefined || wanted === '') {
    const [only, ...others] = active
    if (only === undefined) return nothing(asking)
    return others.length === 0 ? permitted(asking, only) : { ok: false, reason: 'which-instance', names, ...where }
  }
  const word = wanted.trim().toLowerCase()
  // A change names nothing that the button did not: its owner may press it where it is not shared any more.
  const byId = (gate.scope === 'read' ? shown : everything).find((row) => row.id === word)
  if (byId !== undefined) return permitted(asking, byId)
  const [first, ...more] = active.filter((row) => row.name === word)
  if (first !== undefined && more.length > 0) return sameName(word, [first, ...more])
  const found = first ?? all.find((row) => row.name === word)
  if (found !== undefined) return permitted(asking, found)
  return names.length === 0 ? nothing(asking) : { ok: false, reason: 'unknown-instance', wanted: wanted.slice(0, 60), names, ...where }
}

/**
 * Every instance that the person may reach from where they ask: their own first. Where others read along, their own only if it is shared there,
 * or if they have its alerts told there: then it is no secret.
 */
export async function reachable(asking: Asking): Promise<FoundInstance[]> {
  return (await everyOne(asking)).filter(shownTo(asking))
}

function shownTo({ actor, gate }: Asking): (row: FoundInstance) => boolean {
  return ({ access }) => actor.overheard !== true || access.share !== null || access.told || gate?.reveals === true
}

async function everyOne({ db, actor }: Asking): Promise<FoundInstance[]> {
  const shared = bestOfEach(await sharedWith(db, { provider: actor.provider, rooms: actor.rooms ?? [] }))
  const told = actor.overheard === true ? await instancesToldAt(db, { provider: actor.provider, address: actor.chat }) : new Set<string>()
  const own = (await presentInstances(db, actor.userId)).map((row): FoundInstance => {
    const share = shared.get(row.id)?.share ?? null
    const audience = actor.overheard !== true ? 'owner' : (share?.role ?? 'see')
    return { ...row, access: { standing: 'owner', audience, share, owner: '', told: told.has(row.id) } }
  })
  const others = [...shared.values()].filter(({ instance }) => instance.userId !== actor.userId)
  return [
    ...own,
    ...others.map(({ instance, share, owner }): FoundInstance => {
      return { ...instance, access: { standing: share.role, audience: share.role, share, owner, told: false } }
    }),
  ]
}

function bestOfEach(list: readonly SharedInstance[]): Map<string, SharedInstance> {
  const best = new Map<string, SharedInstance>()
  for (const one of list) {
    const known = best.get(one.instance.id)
    if (known === undefined || !allows(known.share.role, one.share.role)) best.set(one.instance.id, one)
  }
  return best
}

/** For what only an owner may do, the person's own are meant, if they have any. */
function meant(all: readonly FoundInstance[], gate: Gate): readonly FoundInstance[] {
  const own = all.filter((row) => row.access.standing === 'owner')
  return gate.shared === undefined && own.length > 0 ? own : all
}

function permitted({ gate = OWNER_ONLY, trail }: Asking, row: FoundInstance): Result<FoundInstance> {
  const { standing, audience, share } = row.access
  if (trail !== undefined) Object.assign(trail, { instanceId: row.id, room: share?.room ?? null })
  const needed = gate.shared ?? 'owner'
  if (!allows(standing, needed)) return { ok: false, reason: 'not-allowed', name: row.name, needs: needed }
  const shows = gate.scope === 'read' && gate.reveals !== true
  return shows && !allows(audience, needed) ? { ok: false, reason: 'private-only' } : { ok: true, value: row }
}

function nothing({ actor }: Asking): Result<never> {
  return actor.overheard === true ? { ok: false, reason: 'private-only' } : { ok: false, reason: 'no-instance' }
}

function sameName(name: string, rows: readonly FoundInstance[]): Result<never> {
  const choices = rows.map(({ id, access }) => ({ id, owner: access.standing === 'owner' ? null : access.owner }))
  return { ok: false, reason: 'same-name', name, choices }
}
