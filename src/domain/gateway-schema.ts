// Holds a document against the schema that a gateway's version publishes, and says in one short fact for each place what is wrong. The schema is
// walked as it stands: compiled to code as other validators do, this one took twelve seconds of a processor, in which nobody would be answered.
// Pure.
import { Validator, type OutputUnit, type Schema } from '@cfworker/json-schema'
import { isObject, valueAt, type Json, type JsonObject, type Path } from './gateway-document.ts'

export type SchemaProblem = { path: Path } & (
  | { kind: 'unknown' }
  | { kind: 'missing'; name: string }
  | { kind: 'type'; wanted: readonly string[] }
  | { kind: 'choice'; choices: readonly string[] }
  | { kind: 'bound'; bound: 'at-least' | 'at-most' | 'more-than' | 'less-than'; of: 'number' | 'characters' | 'entries'; limit: number }
  /** Not written the way it must be, which the schema has no simple words for. */
  | { kind: 'form' }
)
export type GatewaySchema = { problemsIn(document: JsonObject): SchemaProblem[] }

/** A schema as it was published, ready to be asked. */
export function gatewaySchema(published: string): GatewaySchema {
  const schema = adapted(published)
  const validator = new Validator(schema as Schema, '7', false)
  return {
    problemsIn(document) {
      const { errors } = validator.validate(document)
      const found = explained(
        errors.map((error) => located(error, document)),
        schema,
      ).filter((one) => !isReplacedLater(document, one))
      const clearest = found.toSorted((a, b) => Number(b.kind === 'choice') - Number(a.kind === 'choice'))
      return clearest.filter((one, index) => clearest.findIndex((other) => key(other) === key(one)) === index)
    },
  }
}

/** One problem is enough for a place; what is missing in it are as many as there are names. */
const key = (one: SchemaProblem): string => JSON.stringify([one.path, one.kind === 'missing' && one.name])

/** It describes a document whose defaults are filled in: as it is written, what has a default may be missing. */
function adapted(published: string): JsonObject {
  let parts = 0
  return JSON.parse(published, (_name, part: Json): Json => {
    if (!isObject(part)) return part
    const { properties, required } = part
    // What plugins brought along refers to its own definitions.
    const own: JsonObject = isObject(part['$defs']) && part['$id'] === undefined ? { $id: `https://schema.invalid/${(parts += 1)}`, ...part } : part
    if (!isObject(properties) || !Array.isArray(required)) return own
    const hasDefault = (name: Json): boolean => typeof name === 'string' && valueAt(properties, [name, 'default']) !== undefined
    return { ...own, required: required.filter((name: Json) => !hasDefault(name)) }
  }) as JsonObject
}

type Found = { keyword: string; at: Path; place: string; error: string }

function located({ keyword, instanceLocation, keywordLocation, error }: OutputUnit, document: JsonObject): Found {
  return { keyword, at: pathIn(document, instanceLocation), place: keywordLocation, error }
}

/** What a pointer means in a value: a number is a place where there is a list, and a name elsewhere. */
function pathIn(value: Json, pointer: string): (string | number)[] {
  const parts = pointer.split('/').slice(1)
  const path: (string | number)[] = []
  for (const part of parts) {
    const name = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
    path.push(Array.isArray(valueAt(value, path)) ? Number(name) : name)
  }
  return path
}

/** Keywords that only say that something inside is wrong, which is told by itself. */
const OUTER: ReadonlySet<string> = new Set(['properties', 'patternProperties', 'additionalProperties', 'items', 'allOf', '$ref', 'propertyNames'])

function explained(errors: readonly Found[], schema: JsonObject): SchemaProblem[] {
  const problems: SchemaProblem[] = []
  for (let index = 0; index < errors.length; index += 1) {
    const error = errors[index]
    if (error === undefined || OUTER.has(error.keyword)) continue
    if (error.keyword !== 'anyOf' && error.keyword !== 'oneOf') {
      problems.push(simple(error, schema))
      continue
    }
    const inside = errors.slice(index + 1).filter((one) => one.place.startsWith(`${error.place}/`) || isBelow(one, error))
    problems.push(...ofBranches(error, inside, schema))
    index += inside.length
  }
  return problems
}

/** A setting that is not known has no place in the schema: it stands below what was being tried. */
function isBelow(one: Found, tried: Found): boolean {
  return one.keyword === 'false' && one.at.length > tried.at.length && tried.at.every((part, index) => one.at[index] === part)
}

/** Of several ways to write something, the one that was meant: the one that fits furthest. Where none fits better, all that may stand there. */
function ofBranches({ at, place }: Found, inside: readonly Found[], schema: JsonObject): SchemaProblem[] {
  const branches = new Map<string, Found[]>()
  let branch = ''
  for (const one of inside) {
    if (one.keyword !== 'false') branch = one.place.slice(place.length + 1).split('/')[0] ?? ''
    branches.set(branch, [...(branches.get(branch) ?? []), one])
  }
  const told = [...branches.values()].map((errors) => explained(errors, schema)).filter((one) => one.length > 0)
  const deeper = told.filter((one) => one.every((problem) => problem.path.length > at.length || problem.kind === 'missing'))
  const [best] = deeper.toSorted((a, b) => a.length - b.length)
  if (best !== undefined) return [...best]
  const here = told.flat().filter((problem) => problem.path.length === at.length)
  const choices = here.flatMap((problem) => (problem.kind === 'choice' ? problem.choices : []))
  const wanted = here.flatMap((problem) => (problem.kind === 'type' ? problem.wanted : []))
  if (choices.length > 0) return [{ path: at, kind: 'choice', choices: [...new Set(choices)] }]
  if (wanted.length > 0 && wanted.length >= here.length) return [{ path: at, kind: 'type', wanted: [...new Set(wanted)] }]
  const bound = here.find((problem) => problem.kind === 'bound')
  return [bound ?? { path: at, kind: 'form' }]
}

const bounds: Readonly<Record<string, Omit<Extract<SchemaProblem, { kind: 'bound' }>, 'path' | 'kind' | 'limit'>>> = {
  minimum: { bound: 'at-least', of: 'number' },
  maximum: { bound: 'at-most', of: 'number' },
  exclusiveMinimum: { bound: 'more-than', of: 'number' },
  exclusiveMaximum: { bound: 'less-than', of: 'number' },
  minLength: { bound: 'at-least', of: 'characters' },
  maxLength: { bound: 'at-most', of: 'characters' },
  minItems: { bound: 'at-least', of: 'entries' },
  maxItems: { bound: 'at-most', of: 'entries' },
  minProperties: { bound: 'at-least', of: 'entries' },
  maxProperties: { bound: 'at-most', of: 'entries' },
}

function simple({ keyword, at: path, place, error }: Found, schema: JsonObject): SchemaProblem {
  const wanted = valueAt(schema, pathIn(schema, place))
  switch (keyword) {
    case 'false':
      return { path, kind: 'unknown' }
    case 'required':
      return { path, kind: 'missing', name: /"(.+)"/.exec(error)?.[1] ?? '' }
    case 'type':
      return wanted === undefined ? { path, kind: 'form' } : { path, kind: 'type', wanted: textsIn(wanted) }
    case 'enum':
    case 'const':
      return {
        path,
        kind: 'choice',
        choices: (Array.isArray(wanted) ? wanted : wanted === undefined ? [] : [wanted]).map((one: Json) => wordOf(one)),
      }
    default: {
      const bound = bounds[keyword]
      return bound === undefined || typeof wanted !== 'number' ? { path, kind: 'form' } : { path, kind: 'bound', ...bound, limit: wanted }
    }
  }
}

const wordOf = (value: Json): string => (typeof value === 'string' ? value : JSON.stringify(value))

function textsIn(value: Json | undefined): string[] {
  return typeof value === 'string' ? [value] : Array.isArray(value) ? value.map(String) : []
}

/** The gateway looks at a text only once its variables are in it: how it must be written says nothing about how it is written now. */
function isReplacedLater(document: JsonObject, { path, kind }: SchemaProblem): boolean {
  if (kind === 'unknown' || kind === 'missing' || kind === 'type') return false
  const value = valueAt(document, path)
  return typeof value === 'string' && /\$\{[A-Z_][A-Z0-9_]*\}/.test(value)
}
