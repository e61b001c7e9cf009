// Asks the provider, cheaply and for the whole fleet at once, which machines changed, and wakes the loop for those: so a crash that the
// provider healed by itself is noticed within seconds. The database decides everything; a missed poll only delays.
import type { Db } from '../db/connect.ts'
import { wakeInstances } from '../db/instances.ts'
import type { FlyClient } from './fly/types.ts'

const PAGE = 500

export type FleetPoll = { tick(): Promise<void> }

export function createFleetPoll(deps: { db: Db; fly: FlyClient; wake: () => void }): FleetPoll {
  let since: string | null = null
  return {
    async tick() {
      const changed: string[] = []
      let newest = since
      let cursor: string | null = null
      do {
        const page = await deps.fly.orgMachines({ limit: PAGE, ...(since !== null && { updatedAfter: since }), ...(cursor !== null && { cursor }) })
        for (const machine of page.machines) {
          if (since !== null) changed.push(machine.id)
          if (newest === null || machine.updatedAt > newest) newest = machine.updatedAt
        }
        cursor = page.nextCursor
      } while (cursor !== null)
      since = newest
      if (changed.length > 0 && (await wakeInstances(deps.db, { machineIds: changed })) > 0) deps.wake()
    },
  }
}
