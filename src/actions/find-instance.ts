// Ownership is checked here and nowhere else: an action only ever sees an instance of the person who asks.
import { presentInstances, type InstanceRow } from '../db/instances.ts'
import type { Result } from '../domain/refusal.ts'
import type { Actor } from './action.ts'
import type { Db, Tx } from '../db/connect.ts'

/**
 * The person's instance of this name or id; without one, the only one they have. An instance that is being destroyed is found last,
 * since its name may have been given to a new one.
 */
export async function findInstance(context: { db: Db | Tx; actor: Actor }, wanted: string | undefined): Promise<Result<InstanceRow>> {
  const all = await presentInstances(context.db, context.actor.userId)
  const active = all.filter((row) => row.deleteRequestedAt === null)
  const names = active.map((row) => row.name)
  if (wanted === undefined || wanted === '') {
    const [only, ...others] = active
    if (only === undefined) return { ok: false, reason: 'no-instance' }
    return others.length === 0 ? { ok: true, value: only } : { ok: false, reason: 'which-instance', names }
  }
  const word = wanted.trim().toLowerCase()
  const found = active.find((row) => row.name === word || row.id === word) ?? all.find((row) => row.name === word || row.id === word)
  if (found !== undefined) return { ok: true, value: found }
  return names.length === 0 ? { ok: false, reason: 'no-instance' } : { ok: false, reason: 'unknown-instance', wanted: wanted.slice(0, 60), names }
}
