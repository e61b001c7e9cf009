// Why something is not to be done with an instance at the moment.
import type { Db, Tx } from '../db/connect.ts'
import type { InstanceRow } from '../db/instances.ts'
import { isBeingUpgraded } from '../db/upgrades.ts'
import type { Result } from '../domain/refusal.ts'

/** Why its machine cannot be asked now; null when it can. */
export function notNow(row: InstanceRow): Result<never> | null {
  if (row.deleteRequestedAt !== null) return { ok: false, reason: 'being-destroyed', name: row.name }
  if (row.power === 'off') return { ok: false, reason: 'not-running', name: row.name }
  return row.liveAt === null ? { ok: false, reason: 'busy', state: 'deploying' } : null
}

/** On its way to another version nothing else is done with it, so that what is judged is the version; null when it is not. */
export async function whileUpgraded(db: Db | Tx, { id }: Pick<InstanceRow, 'id'>): Promise<Result<never> | null> {
  return (await isBeingUpgraded(db, id)) ? { ok: false, reason: 'busy', state: 'upgrading' } : null
}
