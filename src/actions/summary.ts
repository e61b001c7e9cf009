// How actions show an instance to a face.
import type { InstanceRow } from '../db/instances.ts'
import { operationKinds, statusOf, type Status } from '../domain/status.ts'
import type { InstanceSummary } from './action.ts'

type Seen = Pick<InstanceSummary, 'standing' | 'audience'>
const OWN: Seen = { standing: 'owner', audience: 'owner' }

/** What any face may show of an instance; `seen` says by whom, if not by its owner alone. */
export function summaryOf(row: InstanceRow, { standing, audience }: Seen = OWN): InstanceSummary {
  const { id, name, plan, image, modelProvider, blocked, failure, createdAt } = row
  const region = row.observedRegion ?? row.region
  return { id, name, status: statusOfRow(row), plan, region, image, modelProvider, blocked, failure, createdAt, standing, audience }
}

/** The one word for how it is doing. */
export function statusOfRow(row: InstanceRow): Status {
  return statusOf({
    ...row,
    power: row.power === 'off' ? 'off' : 'on',
    operationKind: operationKinds.find((kind) => kind === row.operationKind) ?? null,
  })
}
