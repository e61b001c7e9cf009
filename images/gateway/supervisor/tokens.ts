// What the control plane sends is signed with its private key, and checked here with the public one: the machine belongs to somebody whose
// assistant may run anything on it, so that no secret which would open another machine is on this one.
import { createLocalJWKSet, errors, jwtVerify, type JSONWebKeySet } from 'jose'

export type Purpose = 'open' | 'control'
export type Scope = 'connect' | 'configure'
export type Claims = { purpose: Purpose; scopes: readonly Scope[]; id: string; madeAt: number; endsAt: number }
export type Tokens = {
  /** What a token allows; null when it is not from our control plane, not for this instance, of another purpose, or out of date. */
  check(token: string, purpose: Purpose): Promise<Claims | null>
}

/** The control plane's clock and ours may differ by so much. */
const CLOCK_TOLERANCE_S = 5
/** Nothing that lives longer is ours. */
const LIFE_S_MAX = 60
const TOKEN_CHARS_MAX = 2_000
const SCOPES: readonly Scope[] = ['connect', 'configure']

export function createTokens({ keys, instance, now }: { keys: JSONWebKeySet; instance: string; now: () => Date }): Tokens {
  // By the id of the key: while keys are changed, both are in it.
  const keyOf = createLocalJWKSet(keys)
  return {
    async check(token, purpose) {
      if (token.length > TOKEN_CHARS_MAX) return null
      try {
        const { payload } = await jwtVerify(token, keyOf, {
          algorithms: ['EdDSA'],
          issuer: 'conch',
          audience: instance,
          clockTolerance: CLOCK_TOLERANCE_S,
          currentDate: now(),
          requiredClaims: ['iat', 'exp', 'jti', 'purpose'],
        })
        const { iat, exp, jti } = payload
        if (payload['purpose'] !== purpose || iat === undefined || exp === undefined || jti === undefined) return null
        if (exp - iat > LIFE_S_MAX) return null
        const named = typeof payload['scope'] === 'string' ? payload['scope'].split(' ') : []
        return { purpose, scopes: SCOPES.filter((one) => named.includes(one)), id: jti, madeAt: iat * 1_000, endsAt: exp * 1_000 }
      } catch (error) {
        if (error instanceof errors.JOSEError) return null
        throw error
      }
    },
  }
}
