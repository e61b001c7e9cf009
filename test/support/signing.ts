// A control plane's signature in tests.
import { systemClock } from '../../src/lib/clock.ts'
import { createSigner, newSigningKeys } from '../../src/secrets/signing.ts'

export const testSigningKeys = await newSigningKeys()
export const testSigner = await createSigner({ keys: testSigningKeys, clock: systemClock })
