// A secret in transit. It prints, serialises and inspects as "[sealed]"; only open() gives the value, at the last moment.
import { createHash } from 'node:crypto'
import { inspect } from 'node:util'

export class Sealed {
  readonly #value: string
  constructor(value: string) {
    this.#value = value
  }
  /** The secret itself. Call it in the expression that sends it, and keep no copy. */
  open(): string {
    return this.#value
  }
  /** The last four characters: what a person may see of a secret. Shorter than 12 characters: none. */
  get last4(): string {
    return this.#value.length < 12 ? '' : this.#value.slice(-4)
  }
  /** SHA-256 in hex: tells "same secret" without keeping it. */
  get fingerprint(): string {
    return createHash('sha256').update(this.#value).digest('hex')
  }
  toString(): string {
    return '[sealed]'
  }
  toJSON(): string {
    return '[sealed]'
  }
  [inspect.custom](): string {
    return '[sealed]'
  }
}
