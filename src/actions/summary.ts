// How actions show an instance to a face.
import type { InstanceRow } from '../db/instances.ts'
import { operationKinds, statusOf } from '../domain/status.ts'
import type { InstanceSummary } from './action.ts'

/** What any face may show of an instance. */
export function summaryOf(row: InstanceRow): InstanceSummary {
  const { id, name, plan, image, modelProvider, blocked, failure, createdAt } = row
  const status = statusOf({
    ...row,
    power: row.power === 'off' ? 'off' : 'on',
    operationKind: operationKinds.find((kind) => kind === row.operationKind) ?? null,
  })
  return { id, name, status, plan, region: row.observedRegion ?? row.region, image, modelProvider, blocked, failure, createdAt }
}
