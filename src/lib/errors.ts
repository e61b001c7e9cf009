// Broken things throw a ConchError: a stable code for logs and tests, a message for engineers, and the cause.
// Expected refusals are not errors: they are values (see domain/refusal.ts).

export class ConchError extends Error {
  override readonly name: string = 'ConchError'
  readonly code: string
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

/** For the default branch of a switch over a union: the compiler proves that it is never reached. */
export function assertNever(value: never): never {
  throw new ConchError('assert.never', `unexpected value: ${JSON.stringify(value)}`)
}

/** Throws `assert.failed` unless `condition` holds: for invariants inside, never for input. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new ConchError('assert.failed', message)
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
