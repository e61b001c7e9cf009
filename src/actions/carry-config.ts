// The settings of a former assistant for a new one that gets back what it knew.
import type { Backup } from '../db/backups.ts'
import { addConfig, configAt } from '../db/configs.ts'
import type { Tx } from '../db/connect.ts'
import type { InstanceRow } from '../db/instances.ts'
import { carriedOver, nothingCarried, type LeftOut } from '../domain/gateway-carry.ts'
import type { GatewaySchema } from '../domain/gateway-schema.ts'
import { heldAgainst } from './config.ts'

/** More than this is not told. */
const LEFT_OUT_MAX = 20

/**
 * Gives a new instance, as its version 1, what was wanted of the former one when the backup was made, as far as the new one can have it: by the
 * schema of its gateway, its plan, and the variables that it holds. `version` is null when nothing goes over. `schema` is null for a gateway of
 * which it is not known what can be set. Call it in the transaction that makes the instance.
 */
export async function carryConfig(
  tx: Tx,
  { backup, row, schema }: { backup: Backup; row: InstanceRow; schema: GatewaySchema | null },
): Promise<{ version: number | null; leftOut: LeftOut[] }> {
  const former = backup.configVersion === null ? null : await configAt(tx, backup.instanceId, backup.configVersion)
  if (former === null) return { version: null, leftOut: [] }
  const carried = schema === null ? nothingCarried(former.document) : carriedOver(former.document, await heldAgainst(tx, row, schema))
  const leftOut = carried.leftOut.slice(0, LEFT_OUT_MAX)
  if (Object.keys(carried.document).length === 0) return { version: null, leftOut }
  return { version: await addConfig(tx, row.id, { document: carried.document, origin: 'restore', note: null }), leftOut }
}
