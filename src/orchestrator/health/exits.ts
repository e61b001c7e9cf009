// A gateway that ended unasked, and that its own supervisor started again: the machine ran on, so that the provider knows nothing of it. The count
// in every health answer tells that something happened; the machine says what. What it says is the word of a machine that its owner's assistant
// can change: it is bounded, and never more than shown to that owner.
import { z } from 'zod'
import type { Db, Tx } from '../../db/connect.ts'
import { addEvent } from '../../db/events.ts'
import { raiseIncident, type IncidentKind } from '../../db/incidents.ts'
import { lockInstance, noteExits, type InstanceRow } from '../../db/instances.ts'
import { isBeingUpgraded } from '../../db/upgrades.ts'
import type { MachineControl } from '../door.ts'

export type ExitNews = { instanceId: string; exits: number }

const exitSchema = z.object({ number: z.int(), reason: z.enum(['crashed', 'out-of-memory', 'bad-config']), detail: z.string().max(2_000) })
const healthSchema = z.object({
  lastExits: z.array(exitSchema).max(100),
  config: z.object({ running: z.int(), refused: z.object({ version: z.int(), why: z.string().max(2_000) }).nullable() }),
})
const WHY_CHARS_MAX = 300
type PastExit = z.infer<typeof exitSchema>

/** Acts on what a count that changed means: an incident for its owner, by its cause, and a closer look at the instance. */
export async function noticeEnds(deps: { db: Db; control: MachineControl }, news: ExitNews): Promise<void> {
  const said = healthSchema.safeParse(await deps.control.health(news.instanceId))
  const health = said.success ? said.data : null
  await deps.db.transaction(async (tx) => {
    const row = await lockInstance(tx, news.instanceId)
    if (row === null || row.deleteRequestedAt !== null || row.exitsSeen === news.exits) return
    const happened = (health?.lastExits ?? []).filter((one) => one.number > row.exitsSeen && one.number <= news.exits)
    // Fewer than before: another volume, which has told of nothing yet.
    const isNews = news.exits > row.exitsSeen && row.power !== 'off' && row.operationKind === null
    await noteExits(tx, row.id, { exits: news.exits, look: isNews })
    // What a new version does on trial is told with how that ends.
    if (!isNews || (await isBeingUpgraded(tx, row.id))) return
    for (const one of happened.length === 0 ? [unknownEnd(news.exits)] : happened) await tell(tx, row, one)
    const refused = health?.config.refused ?? null
    if (refused !== null && happened.some((one) => one.reason === 'bad-config') && health !== null && health.config.running > 0)
      await raiseIncident(tx, {
        instanceId: row.id,
        userId: row.userId,
        kind: 'config-refused',
        detail: { why: refused.why.slice(0, WHY_CHARS_MAX) },
      })
  })
}

function unknownEnd(number: number): PastExit {
  return { number, reason: 'crashed', detail: '' }
}

async function tell(tx: Tx, row: InstanceRow, { number, reason }: PastExit): Promise<void> {
  const detail = { exit: reason }
  await addEvent(tx, { instanceId: row.id, operationId: null, kind: 'health', detail, once: `exit:${row.id}:${number}` })
  // One that does not start any more is told by the reconciler, which finds it so, and one that went back to its former settings below.
  if (reason === 'bad-config') return
  await raiseIncident(tx, { instanceId: row.id, userId: row.userId, kind: reason satisfies IncidentKind, detail: {} })
}
