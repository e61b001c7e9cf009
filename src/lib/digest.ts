// One text for one value, and its fingerprint: what is frozen can be compared byte by byte.
import { createHash } from 'node:crypto'

/**
 * JSON in which equal values are equal texts: keys in the order of their code units, no spaces, bigints as decimal strings, dates as ISO 8601
 * in UTC. Keys whose value is undefined are left out. Throws a RangeError for a date that is none.
 */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'bigint') return `"${value}"`
  if (value instanceof Date) return `"${value.toISOString()}"`
  if (Array.isArray(value)) return `[${value.map((one) => canonicalJson(one ?? null)).join(',')}]`
  if (typeof value !== 'object' || value === null) return JSON.stringify(value ?? null)
  const entries = Object.entries(value)
    .filter(([, one]) => one !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
  return `{${entries.map(([key, one]) => `${JSON.stringify(key)}:${canonicalJson(one)}`).join(',')}}`
}

/** SHA-256 of the text's UTF-8, in hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
