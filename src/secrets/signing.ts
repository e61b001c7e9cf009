// The control plane's signature: what a machine believes. The private keys stay here; a machine gets the public ones, so that nobody who can read
// a machine can speak to another. Ed25519 (RFC 8037), in JSON Web Keys.
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, SignJWT, type JWK } from 'jose'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import type { Clock } from '../lib/clock.ts'
import { ConchError } from '../lib/errors.ts'
import { randomToken } from '../lib/random.ts'
import { Sealed } from '../lib/sealed.ts'
import { signingKeysIn } from './signing-keys.ts'

/** `open` lets its bearer in, once; `control` is the control plane itself. */
export type Permit =
  | { instanceId: string; purpose: 'open'; scopes: readonly ('connect' | 'configure')[] }
  | { instanceId: string; purpose: 'control' }
export type Signer = {
  /** A JSON Web Key Set of the public keys. */
  publicKeys: string
  /** A token of a minute for one instance. */
  sign(permit: Permit): Promise<Sealed>
}

const TOKEN_SECONDS = 60
/** A new key, as the text that CONCH_SIGNING_KEYS takes. */
export async function newSigningKeys(): Promise<Sealed> {
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519', extractable: true })
  const jwk = await exportJWK(privateKey)
  return new Sealed(JSON.stringify({ keys: [{ ...jwk, kid: await calculateJwkThumbprint(jwk) }] }))
}

/** The keys in this file, which is made when there is none: for a Conch that is one process with a folder of its own. */
export async function signingKeysOf(file: string): Promise<Sealed> {
  if (!existsSync(file)) {
    const made = await newSigningKeys()
    writeFileSync(file, made.open(), { mode: 0o600, flag: 'wx' })
    return made
  }
  return new Sealed(readFileSync(file, 'utf8'))
}

/**
 * Signs with the first key; all are published, so that a new one can be known to every machine before it signs and an old one after it.
 * Throws `signing.no-key` when the text holds none.
 */
export async function createSigner({ keys, clock }: { keys: Sealed; clock: Clock }): Promise<Signer> {
  const known = signingKeysIn(keys.open())
  const [first] = known ?? []
  if (known === null || first === undefined)
    throw new ConchError('signing.no-key', 'The signing keys are no JSON Web Key Set of Ed25519 private keys.')
  const named = await Promise.all(known.map(async (one) => ({ ...one, kid: one.kid ?? (await calculateJwkThumbprint(one as JWK)) })))
  const key = await importJWK(first as JWK, 'EdDSA')
  const kid = named[0]?.kid ?? ''
  return {
    publicKeys: JSON.stringify({ keys: named.map(({ d: _private, ...jwk }) => ({ ...jwk, alg: 'EdDSA', use: 'sig' })) }),
    async sign(permit) {
      const now = Math.floor(clock.now().getTime() / 1_000)
      const scope = permit.purpose === 'open' ? { scope: permit.scopes.join(' ') } : {}
      const token = await new SignJWT({ purpose: permit.purpose, ...scope })
        .setProtectedHeader({ alg: 'EdDSA', kid })
        .setIssuer('conch')
        .setAudience(permit.instanceId)
        .setJti(randomToken())
        .setIssuedAt(now)
        .setExpirationTime(now + TOKEN_SECONDS)
        .sign(key)
      return new Sealed(token)
    },
  }
}
