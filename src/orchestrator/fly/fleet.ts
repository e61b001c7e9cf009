// What is asked about many machines at once, or about Fly itself: logs, metrics, the organisation's machines, regions.
import { LogsAnswer, OrgMachinesAnswer, QueryAnswer, RegionsAnswer } from './schemas.ts'
import type { Transport } from './transport.ts'
import type { FlyClient } from './types.ts'

type FleetCalls = Pick<FlyClient, 'logs' | 'orgMachines' | 'regions' | 'query'>

/** The calls that only look. */
export function createFleetCalls(transport: Transport, org: string): FleetCalls {
  return {
    logs: (app, { machineId, nextToken }) =>
      transport.read(
        {
          operation: 'logs',
          method: 'GET',
          host: 'platform',
          path: ['api', 'v1', 'apps', app, 'logs'],
          query: { instance: machineId, next_token: nextToken },
        },
        LogsAnswer,
      ),
    orgMachines: ({ updatedAfter, cursor, limit }) =>
      transport.read(
        {
          operation: 'orgMachines',
          method: 'GET',
          path: ['orgs', org, 'machines'],
          query: { updated_after: updatedAfter, cursor, limit },
          limit: { class: 'action', action: 'orgMachines', id: org },
        },
        OrgMachinesAnswer,
      ),
    regions: () => transport.read({ operation: 'regions', method: 'GET', path: ['platform', 'regions'] }, RegionsAnswer),
    query: (promql) =>
      transport.read(
        {
          operation: 'query',
          method: 'GET',
          host: 'platform',
          path: ['prometheus', org, 'api', 'v1', 'query'],
          query: { query: promql },
        },
        QueryAnswer,
      ),
  }
}
