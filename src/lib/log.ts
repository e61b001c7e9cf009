// Structured logs (pino). Secrets are removed by key here and never passed by callers; the Sealed class is the second wall.
import { pino, type DestinationStream, type Logger } from 'pino'

export type Log = Logger

const SECRET_KEYS = ['token', 'secret', 'password', 'apiKey', 'authorization', 'key', 'value', 'values', 'env']

/**
 * A logger writing JSON lines to `destination`. `level` is one of pino's levels or "silent".
 * Keys that may hold a secret are replaced by "[redacted]" at the top and up to two levels down.
 */
export function createLog(options: { level: string; destination: DestinationStream }): Log {
  const paths = SECRET_KEYS.flatMap((key) => [key, `*.${key}`, `*.*.${key}`])
  return pino({ level: options.level, base: null, redact: { paths, censor: '[redacted]' } }, options.destination)
}

/** A logger that writes nothing: for tests and programs whose output is their result. */
export const silentLog: Log = pino({ level: 'silent' })
