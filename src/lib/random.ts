// The only source of randomness. Tests hand in a seeded one.
import { randomBytes, randomInt } from 'node:crypto'

/** A number in [0, 1). */
export type Random = () => number

export const systemRandom: Random = () => randomInt(2 ** 32) / 2 ** 32

const ALPHABET = 'abcdefghjkmnpqrstuvwxyz023456789'

/**
 * A random lower-case id of `length` characters of a 32-letter alphabet without look-alikes (i, l, o, 1 are left out): 5 bits a character.
 * Safe in host names, app names and button ids.
 */
export function randomId(length: number): string {
  return [...randomBytes(length)].map((byte) => ALPHABET[byte % 32]).join('')
}

/** A token that nobody guesses: 32 random bytes as 43 characters of base64url, safe in an address. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url')
}

/** `ms` plus or minus up to `share` of it (0.1 = ±10 %), so that many timers do not fire together. */
export function jitter(ms: number, share: number, random: Random): number {
  return Math.round(ms * (1 + share * (2 * random() - 1)))
}
