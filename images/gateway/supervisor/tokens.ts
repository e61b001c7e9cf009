// What the control plane sends is signed with its private key, and checked here with the public one: the machine belongs to somebody whose
// assistant may run anything on it, so that no secret which would open another machine is on this one.
// JSON Web Tokens (RFC 7519) with Ed25519 (RFC 8037) and nothing else: the library that the control plane signs with would take 10 MB here, beside
// a gateway that hardly fits its machine.
import { createPublicKey, verify, type JsonWebKey, type KeyObject } from 'node:crypto'

export type Purpose = 'open' | 'control'
export type Scope = 'connect' | 'configure'
export type Claims = { purpose: Purpose; scopes: readonly Scope[]; id: string; madeAt: number; endsAt: number }
export type PublicKey = JsonWebKey & { kid?: string }
export type Tokens = {
  /** What a token allows; null when it is not from our control plane, not for this instance, of another purpose, or out of date. */
  check(token: string, purpose: Purpose): Claims | null
}

/** The control plane's clock and ours may differ by so much. */
const CLOCK_TOLERANCE_MS = 5_000
/** Nothing that lives longer is ours. */
const LIFE_S_MAX = 60
const TOKEN_CHARS_MAX = 2_000
const SCOPES: readonly Scope[] = ['connect', 'configure']
/** RFC 8032: the length of every Ed25519 signature. */
const SIGNATURE_BYTES = 64

/** Throws when a key is none. */
export function createTokens({ keys, instance, now }: { keys: readonly PublicKey[]; instance: string; now: () => Date }): Tokens {
  // By the id of the key: while keys are changed, both are in it.
  const known = new Map(keys.map((key) => [key.kid ?? '', publicKeyOf(key)]))
  return {
    check(token, purpose) {
      const payload = token.length > TOKEN_CHARS_MAX ? null : signedPayload(token, known)
      if (payload === null || payload['iss'] !== 'conch' || payload['aud'] !== instance || payload['purpose'] !== purpose) return null
      const { iat, exp, jti, scope } = payload
      if (typeof iat !== 'number' || typeof exp !== 'number' || typeof jti !== 'string' || jti === '') return null
      const [madeAt, endsAt, time] = [iat * 1_000, exp * 1_000, now().getTime()]
      if (exp - iat > LIFE_S_MAX || endsAt + CLOCK_TOLERANCE_MS < time || madeAt - CLOCK_TOLERANCE_MS > time) return null
      const named = typeof scope === 'string' ? scope.split(' ') : []
      return { purpose, scopes: SCOPES.filter((one) => named.includes(one)), id: jti, madeAt, endsAt }
    },
  }
}

function publicKeyOf(key: PublicKey): KeyObject {
  if (key.kty !== 'OKP' || key.crv !== 'Ed25519') throw new Error('CONCH_KEYS holds a key that is not of Ed25519')
  const { kty, crv, x } = key
  return createPublicKey({ key: { kty, crv, ...(x !== undefined && { x }) }, format: 'jwk' })
}

/** The claims of a token whose signature is good; null for every other. */
function signedPayload(token: string, keys: ReadonlyMap<string, KeyObject>): Record<string, unknown> | null {
  const [head = '', body = '', signature = '', ...more] = token.split('.')
  if (more.length > 0) return null
  const header = objectIn(head)
  // The one algorithm: what a token says of its own is compared, never followed.
  if (header === null || header['alg'] !== 'EdDSA' || typeof header['kid'] !== 'string') return null
  const key = keys.get(header['kid'])
  const bytes = Buffer.from(signature, 'base64url')
  if (key === undefined || bytes.length !== SIGNATURE_BYTES) return null
  return verify(null, Buffer.from(`${head}.${body}`), key, bytes) ? objectIn(body) : null
}

function objectIn(part: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(Buffer.from(part, 'base64url').toString())
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
