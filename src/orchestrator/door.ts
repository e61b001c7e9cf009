// The door of an instance: what its machine's supervisor lets in.
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
