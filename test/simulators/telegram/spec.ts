// Telegram's published description of the Bot API, as a check of single calls.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

const fieldSchema = z.object({ name: z.string(), types: z.array(z.string()), required: z.boolean() })
const thingSchema = z.object({ fields: z.array(fieldSchema).default([]), subtypes: z.array(z.string()).optional() })
const specSchema = z.object({ methods: z.record(z.string(), thingSchema), types: z.record(z.string(), thingSchema) })
type Spec = z.infer<typeof specSchema>
type Field = z.infer<typeof fieldSchema>

/** What is wrong with a call's parameters; every entry names its place. */
export type CallCheck = (method: string, params: Readonly<Record<string, unknown>>) => string[]

/** Null, said once, when the description is not on this computer. */
export function openSpec(): CallCheck | null {
  const file = join(import.meta.dirname, '../../../../shared/specs/telegram-bot-api.json')
  if (!existsSync(file)) {
    process.stderr.write(`The Bot API's description is not at ${file}: calls are not checked against it.\n`)
    return null
  }
  const spec = specSchema.parse(JSON.parse(readFileSync(file, 'utf8')))
  return (method, params) => {
    const known = spec.methods[method]
    return known === undefined ? [`there is no method ${method}`] : fieldProblems(spec, { at: method, fields: known.fields }, params)
  }
}

function fieldProblems(spec: Spec, { at, fields }: { at: string; fields: readonly Field[] }, given: Readonly<Record<string, unknown>>): string[] {
  const strangers = Object.keys(given).filter((name) => given[name] !== undefined && !fields.some((field) => field.name === name))
  const missing = fields.filter((field) => field.required && given[field.name] === undefined)
  const wrong = fields.flatMap((field) => {
    const value = given[field.name]
    return value === undefined ? [] : valueProblems(spec, { at: `${at}.${field.name}`, types: field.types }, value)
  })
  return [...strangers.map((name) => `${at} has no field ${name}`), ...missing.map((field) => `${at} needs ${field.name}`), ...wrong]
}

/** No problems when the value fits one of the types; otherwise those of the type that fits best. */
function valueProblems(spec: Spec, { at, types }: { at: string; types: readonly string[] }, value: unknown): string[] {
  const tries = types.map((type) => typeProblems(spec, { at, type }, value))
  return tries.toSorted((a, b) => a.length - b.length)[0] ?? []
}

function typeProblems(spec: Spec, { at, type }: { at: string; type: string }, value: unknown): string[] {
  if (type.startsWith('Array of ')) {
    if (!Array.isArray(value)) return [`${at} must be an array`]
    return value.flatMap((item, index) => typeProblems(spec, { at: `${at}[${index}]`, type: type.slice('Array of '.length) }, item))
  }
  const must = (fits: boolean): string[] => (fits ? [] : [`${at} must be ${type}`])
  if (type === 'Integer') return must(Number.isSafeInteger(value))
  if (type === 'Float') return must(typeof value === 'number')
  if (type === 'Boolean' || type === 'True') return must(typeof value === 'boolean')
  // Where a file is named, it stands in place of its name: what is attached is not a field of its own.
  if (type === 'String') return must(typeof value === 'string' || (value instanceof Blob && at.endsWith('.media')))
  if (type === 'InputFile') return must(value instanceof Blob)
  const known = spec.types[type]
  const object = z.record(z.string(), z.unknown()).safeParse(value)
  if (known === undefined || !object.success) return must(false)
  if (known.subtypes !== undefined) return valueProblems(spec, { at, types: known.subtypes }, value)
  return fieldProblems(spec, { at, fields: known.fields }, object.data)
}
