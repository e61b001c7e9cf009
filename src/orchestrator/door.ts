// The door of an instance: what its machine's supervisor lets in, and what it tells the control plane.
import { Sealed } from '../lib/sealed.ts'
import type { Signer } from '../secrets/signing.ts'
import { addressOf } from './machine-config.ts'

/**
 * Makes links that let their bearer in as the owner, once, within a minute. What makes one good stands behind a #, which no browser sends along:
 * it is in nobody's log, and a chat that looks at a link for its preview uses nothing up.
 */
export function createLinkTo({ signer, addressTemplate }: { signer: Signer; addressTemplate: string }): (instanceId: string) => Promise<Sealed> {
  return async (instanceId) => {
    const token = await signer.sign({ instanceId, purpose: 'open', scopes: ['connect', 'configure'] })
    return new Sealed(`${addressOf(instanceId, addressTemplate)}/.conch/open#${token.open()}`)
  }
}

export type MachineControl = {
  /** What the machine says of its gateway, as it says it; null when it does not answer. */
  health(instanceId: string): Promise<unknown>
  /** What it measures, in Prometheus' text format; null when it does not answer. */
  metrics(instanceId: string): Promise<string | null>
  /** Lets the machine know who asks. */
  authorization(instanceId: string): Promise<Record<string, string>>
}

/** Asks machines as their control plane. `read`: GET with these headers. */
export function createMachineControl(deps: {
  signer: Signer
  addressTemplate: string
  read: (url: string, headers: Record<string, string>) => Promise<{ status: number; body: string } | null>
}): MachineControl {
  const { signer, addressTemplate, read } = deps
  const authorization = async (instanceId: string): Promise<Record<string, string>> => {
    const token = await signer.sign({ instanceId, purpose: 'control' })
    return { authorization: `Bearer ${token.open()}` }
  }
  const ask = async (instanceId: string, what: 'health' | 'metrics'): Promise<string | null> => {
    const answer = await read(`${addressOf(instanceId, addressTemplate)}/.conch/${what}`, await authorization(instanceId))
    return answer?.status === 200 ? answer.body : null
  }
  return {
    authorization,
    async health(instanceId) {
      const body = await ask(instanceId, 'health')
      return body === null ? null : jsonOf(body)
    },
    metrics: (instanceId) => ask(instanceId, 'metrics'),
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
