// Discord's published description of its API as validators of what we send.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { z } from 'zod'

const SPEC_FILE = join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'specs', 'discord.openapi.json')
const jsonSchema = z.record(z.string(), z.unknown())
const operationSchema = z.looseObject({
  requestBody: z.looseObject({ content: z.record(z.string(), z.looseObject({ schema: jsonSchema.optional() })) }).optional(),
})
const specSchema = z.looseObject({ paths: z.record(z.string(), z.record(z.string(), z.unknown())), components: jsonSchema })

export type DiscordSpec = {
  /** What is wrong with a request, in words; empty when nothing is. */
  problems(method: string, path: string, body: unknown): string[]
}

/** What a bot like ours calls. Compiling takes a second or two, which would count against the deadlines of the first interaction. */
const USED: readonly [method: string, path: string][] = [
  ['put', '/applications/{application_id}/commands'],
  ['post', '/users/@me/channels'],
  ['post', '/channels/{channel_id}/messages'],
  ['patch', '/channels/{channel_id}/messages/{message_id}'],
  ['post', '/interactions/{interaction_id}/{interaction_token}/callback'],
  ['post', '/webhooks/{webhook_id}/{webhook_token}'],
  ['patch', '/webhooks/{webhook_id}/{webhook_token}/messages/@original'],
]

let loaded: DiscordSpec | null | undefined

/** The validators, or null where the description is not at hand. */
export function discordSpec(): DiscordSpec | null {
  if (loaded !== undefined) return loaded
  loaded = existsSync(SPEC_FILE) ? load() : null
  if (loaded === null) process.stderr.write('Discord’s description of its API is not at hand: our calls are not checked against it.\n')
  return loaded
}

function load(): DiscordSpec {
  const spec = specSchema.parse(closed(JSON.parse(readFileSync(SPEC_FILE, 'utf8'))))
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: false })
  ajv.addSchema({ $id: 'spec', components: spec.components })
  const paths = Object.keys(spec.paths)
    // A literal segment wins over a parameter.
    .toSorted((a, b) => a.split('{').length - b.split('{').length)
    .map((path) => ({ path, pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`) }))
  const compiled = new Map<string, ValidateFunction | null>()
  const validatorOf = (method: string, path: string): ValidateFunction | null => {
    const key = `${method} ${path}`
    const known = compiled.get(key)
    if (known !== undefined) return known
    const schema = operationSchema.parse(spec.paths[path]?.[method]).requestBody?.content['application/json']?.schema
    const text = schema === undefined ? null : JSON.stringify(schema).replaceAll('"#/components/', '"spec#/components/')
    const validate = text === null ? null : ajv.compile(jsonSchema.parse(JSON.parse(text)))
    compiled.set(key, validate)
    return validate
  }
  for (const [method, path] of USED) validatorOf(method, path)
  return {
    problems(method, path, body) {
      const found = paths.find((one) => one.pattern.test(path) && spec.paths[one.path]?.[method.toLowerCase()] !== undefined)
      if (found === undefined) return [`${method} ${path} is not part of the API`]
      const validate = body === undefined ? null : validatorOf(method.toLowerCase(), found.path)
      if (validate === null || validate(body)) return []
      return (validate.errors ?? []).map(
        (error) => `${method} ${found.path}: ${error.instancePath || '/'} ${error.message ?? ''} ${JSON.stringify(error.params)}`,
      )
    },
  }
}

/** Unknown keys are problems: an object with named properties has no others. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const json: Record<string, unknown> = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, closed(inner)]))
  if (json['type'] === 'object' && typeof json['properties'] === 'object' && json['additionalProperties'] === undefined)
    json['additionalProperties'] = false
  return json
}
