// Both drivers speak Postgres's text format but disagree on its values: int8 is a string on pg, and drizzle asks both for timestamps as text.
// One table of parsers, laid over whatever a query asks for, makes every query answer alike.

type Parser = (text: string) => unknown

const arrayOf =
  (parse: Parser): Parser =>
  (text) => {
    const inner = text.slice(1, -1)
    return inner === '' ? [] : inner.split(',').map((item) => (item === 'NULL' ? null : parse(item.replaceAll('"', ''))))
  }

const same: Parser = (text) => text
const integer: Parser = Number
const moment: Parser = (text) => new Date(text)
const utcMoment: Parser = (text) => new Date(`${text}Z`)
const bytes: Parser = (text) => Uint8Array.from(Buffer.from(text.slice(2), 'hex'))

// By the object ids of Postgres's pg_type, which never change: bytea, int8, date, timestamp, timestamptz, interval, numeric and their arrays. One-dimensional
// arrays only: no value of these types holds a comma. Dates and intervals stay text: JavaScript has no type for either.
const PARSERS: Readonly<Record<number, Parser>> = {
  17: bytes,
  20: integer,
  1016: arrayOf(integer),
  1082: same,
  1114: utcMoment,
  1115: arrayOf(utcMoment),
  1182: arrayOf(same),
  1184: moment,
  1185: arrayOf(moment),
  1186: same,
  1187: arrayOf(same),
  1231: arrayOf(same),
}

type Query = (...args: unknown[]) => unknown

/** Makes every query of a pg client use our parsers, and `defaults` for all other types, whatever the caller (drizzle) asks for. */
export function parseAlikeOnPg(client: { query: unknown }, defaults: (oid: number) => Parser): void {
  const types = { getTypeParser: (oid: number): Parser => PARSERS[oid] ?? defaults(oid) }
  replaceQuery(client, (first, ...rest) => [typeof first === 'object' && first !== null && 'text' in first ? { ...first, types } : first, ...rest])
}

/** Makes every query of a PGlite client, and of its transactions, use our parsers, whatever the caller (drizzle) asks for. */
export function parseAlikeOnPglite(client: { query: unknown; transaction?: unknown }): void {
  replaceQuery(client, (text, params, options) => [
    text,
    params,
    { ...object(options), parsers: { ...object(object(options)['parsers']), ...PARSERS } },
  ])
  const transaction = client.transaction
  if (typeof transaction !== 'function') return
  const value = (run: (tx: { query: unknown }) => unknown): unknown =>
    Reflect.apply(transaction, client, [
      (tx: { query: unknown }) => {
        parseAlikeOnPglite(tx)
        return run(tx)
      },
    ])
  Object.defineProperty(client, 'transaction', { value })
}

// Defined on the object, so that the driver's own overloads stay what callers see.
function replaceQuery(client: { query: unknown }, change: (...args: unknown[]) => unknown[]): void {
  const query = client.query
  if (typeof query !== 'function') return
  const value: Query = (...args) => Reflect.apply(query, client, change(...args))
  Object.defineProperty(client, 'query', { value })
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {}
}
