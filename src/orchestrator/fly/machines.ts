// Machines: their life, and waiting for it.
import { onApp } from './apps.ts'
import { ProviderError } from './errors.ts'
import { ExecAnswer, MachineAnswer, MachinesAnswer, WaitAnswer } from './schemas.ts'
import type { Call, Transport } from './transport.ts'
import type { FlyClient, WaitMachineInput } from './types.ts'

type MachineCalls = Pick<
  FlyClient,
  | 'listMachines'
  | 'getMachine'
  | 'createMachine'
  | 'updateMachine'
  | 'startMachine'
  | 'stopMachine'
  | 'restartMachine'
  | 'deleteMachine'
  | 'waitMachine'
  | 'exec'
>

// What Fly's wait accepts; our own time-out stands behind it, for an answer that never comes.
const WAIT_SECONDS_MAX = 60
const WAIT_MARGIN_MS = 5_000
const EXEC_MARGIN_MS = 5_000

/** The calls about machines. */
export function createMachineCalls(transport: Transport): MachineCalls {
  return {
    async listMachines(app) {
      const machines = await transport.read(onApp('listMachines', 'GET', app, 'machines'), MachinesAnswer)
      return machines.filter((machine) => machine.state !== 'destroyed')
    },
    async getMachine(app, id) {
      const limit = { class: 'get-machine', action: 'getMachine', id } as const
      const machine = await transport.find({ ...onMachine('getMachine', 'GET', app, id), limit }, MachineAnswer)
      return machine?.state === 'destroyed' ? null : machine
    },
    createMachine(app, { name, region, config, minSecretsVersion }) {
      const body = { name, region, config, min_secrets_version: minSecretsVersion }
      return transport.read({ ...onApp('createMachine', 'POST', app, 'machines'), body }, MachineAnswer)
    },
    updateMachine(app, id, { config, minSecretsVersion, currentVersion }) {
      const body = { config, min_secrets_version: minSecretsVersion, current_version: currentVersion }
      return transport.read({ ...onMachine('updateMachine', 'POST', app, id), body }, MachineAnswer)
    },
    startMachine: (app, id) => transport.send(onMachine('startMachine', 'POST', app, id, 'start')),
    // Always with a body: Fly refuses a stop without one.
    stopMachine: (app, id, { timeoutSeconds }) =>
      transport.send({ ...onMachine('stopMachine', 'POST', app, id, 'stop'), body: { timeout: `${timeoutSeconds}s` } }),
    restartMachine: (app, id, { timeoutSeconds }) =>
      transport.send({ ...onMachine('restartMachine', 'POST', app, id, 'restart'), query: { timeout: `${timeoutSeconds}s` } }),
    deleteMachine: (app, id) => transport.remove({ ...onMachine('deleteMachine', 'DELETE', app, id), query: { force: true } }),
    waitMachine: (app, id, input) => waitMachine(transport, app, id, input),
    exec(app, id, { command, stdin, timeoutSeconds, signal }) {
      const body = { command, stdin, timeout: timeoutSeconds }
      const timeoutMs = timeoutSeconds * 1000 + EXEC_MARGIN_MS
      return transport.read({ ...onMachine('exec', 'POST', app, id, 'exec'), body, timeoutMs, ...(signal !== undefined && { signal }) }, ExecAnswer)
    },
  }
}

async function waitMachine(transport: Transport, app: string, id: string, input: WaitMachineInput): Promise<boolean> {
  const seconds = Math.min(Math.max(Math.ceil(input.timeoutSeconds), 1), WAIT_SECONDS_MAX)
  try {
    const answer = await transport.read(
      {
        ...onMachine('waitMachine', 'GET', app, id, 'wait'),
        query: { state: input.state, timeout: seconds, version: input.instanceId },
        timeoutMs: seconds * 1000 + WAIT_MARGIN_MS,
        // A second wait would double the time that the caller gave.
        retryUnanswered: false,
      },
      WaitAnswer,
    )
    return answer.ok !== false
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error
    if (error.kind === 'wait-timeout') return false
    if (error.kind === 'not-found' && input.state === 'destroyed') return true
    throw error
  }
}

function onMachine(operation: Call['operation'], method: Call['method'], app: string, id: string, ...rest: string[]): Call {
  return { ...onApp(operation, method, app, 'machines', id, ...rest), limit: { class: 'action', action: operation, id } }
}
