// What a document says that another one does not, setting by setting. Pure.
import { isObject, type Json, type JsonObject } from './gateway-document.ts'

export type DocumentChange = { path: string } & (
  | { kind: 'added'; value: string }
  | { kind: 'changed'; from: string; value: string }
  | { kind: 'removed'; from: string }
)

const VALUE_CHARS_MAX = 60

/** The changes from one document to another, in the order in which the newer one names them. Values are short words of JSON. */
export function documentChanges(before: JsonObject, after: JsonObject): DocumentChange[] {
  return changesIn(before, after, '')
}

function changesIn(before: JsonObject, after: JsonObject, inside: string): DocumentChange[] {
  const names = [...new Set([...Object.keys(after), ...Object.keys(before)])]
  return names.flatMap((name): DocumentChange[] => {
    const path = pathWord(inside, name)
    const from = Object.hasOwn(before, name) ? before[name] : undefined
    const value = Object.hasOwn(after, name) ? after[name] : undefined
    if (from === undefined && value === undefined) return []
    if (from === undefined) return leaves(value ?? null, path).map((leaf) => ({ kind: 'added', path: leaf.path, value: shortly(leaf.value) }))
    if (value === undefined) return leaves(from, path).map((leaf) => ({ kind: 'removed', path: leaf.path, from: shortly(leaf.value) }))
    if (isObject(from) && isObject(value)) return changesIn(from, value, path)
    return same(from, value) ? [] : [{ kind: 'changed', path, from: shortly(from), value: shortly(value) }]
  })
}

/** A path as people write it: `agents.defaults.model`; a name with a dot in it stands in brackets. */
export function pathWord(inside: string, name: string | number): string {
  if (typeof name === 'number') return `${inside}[${name}]`
  if (!/^[\w$*-]+$/.test(name)) return `${inside}[${JSON.stringify(name)}]`
  return inside === '' ? name : `${inside}.${name}`
}

function leaves(value: Json, path: string): { path: string; value: Json }[] {
  if (!isObject(value) || Object.keys(value).length === 0) return [{ path, value }]
  return Object.entries(value).flatMap(([name, inner]) => leaves(inner, pathWord(path, name)))
}

function same(one: Json, other: Json): boolean {
  if (Array.isArray(one) && Array.isArray(other))
    return one.length === other.length && one.every((item, index) => same(item as Json, other[index] as Json))
  if (!isObject(one) || !isObject(other)) return one === other
  const names = Object.keys(one)
  return names.length === Object.keys(other).length && names.every((name) => other[name] !== undefined && same(one[name] ?? null, other[name]))
}

/** A value in a few characters. */
export function shortly(value: Json): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > VALUE_CHARS_MAX ? `${line.slice(0, VALUE_CHARS_MAX - 1)}…` : line
}
