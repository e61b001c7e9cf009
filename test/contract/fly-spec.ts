// Fly's published description of the Machines API as validators for requests and answers, with the places where Fly does otherwise.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv, type ValidateFunction } from 'ajv'
import { z } from 'zod'

const SPEC_FILE = join(import.meta.dirname, '..', '..', '..', 'shared', 'specs', 'fly-machines.openapi.json')

type Json = Record<string, unknown>
const jsonSchema = z.record(z.string(), z.unknown())
const contentSchema = z.record(z.string(), z.looseObject({ schema: jsonSchema.optional() })).optional()
const operationSchema = z.looseObject({
  parameters: z.array(z.looseObject({ name: z.string(), in: z.string() })).optional(),
  requestBody: z.looseObject({ content: contentSchema }).optional(),
  responses: z.record(z.string(), z.looseObject({ content: contentSchema })),
})
const specSchema = z.looseObject({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.looseObject({ schemas: z.record(z.string(), jsonSchema) }),
})
type Spec = z.infer<typeof specSchema>
type Operation = {
  method: string
  path: string
  pattern: RegExp
  query: Set<string>
  request: ValidateFunction | null
  responses: Map<string, ValidateFunction | null>
}

export type FlySpec = {
  /** Every operation, as `GET /apps/{app_name}`. */
  operations: readonly string[]
  /** The operation that answers this request, or null. */
  operationOf(method: string, path: string): string | null
  /** What is wrong with a request (path with its query, with or without /v1), in words; empty when nothing is. */
  validateRequest(method: string, path: string, body: unknown): string[]
  /** What is wrong with an answer; `body` is null when there was none. */
  validateResponse(method: string, path: string, status: number, body: unknown): string[]
}

function property(spec: Spec, schema: string, name: string, value: Json): void {
  const target = spec.components.schemas[schema]
  if (target === undefined) throw new Error(`no schema ${schema}`)
  target['properties'] = { ...jsonSchema.parse(target['properties'] ?? {}), [name]: value }
}

function addQuery(spec: Spec, method: string, path: string, name: string): void {
  const operation = operationSchema.parse(spec.paths[path]?.[method])
  spec.paths[path] = { ...spec.paths[path], [method]: { ...operation, parameters: [...(operation.parameters ?? []), { name, in: 'query' }] } }
}

const LEASE = '/apps/{app_name}/machines/{machine_id}/lease'
const nullableStrings = { type: 'object', additionalProperties: { type: 'string', nullable: true } }
const duration = { anyOf: [{ type: 'string' }, { type: 'number' }] }

/** Where the description and Fly differ, and what we hold to be true. */
export const exceptions: readonly { spec: string; fly: string; apply(spec: Spec): void }[] = [
  {
    spec: 'create app takes `name`',
    fly: 'the documentation sends `app_name`',
    apply: (spec) => property(spec, 'CreateAppRequest', 'app_name', { type: 'string' }),
  },
  {
    spec: 'a lease is flat',
    fly: 'an envelope {status, data}; the TTL also in the query',
    apply(spec) {
      const lease = spec.components.schemas['Lease']
      spec.components.schemas['Lease'] = { type: 'object', required: ['status', 'data'], properties: { status: { type: 'string' }, data: lease } }
      addQuery(spec, 'post', LEASE, 'ttl')
    },
  },
  {
    spec: 'the machine list has no metadata filter',
    fly: '?metadata.k=v works',
    apply: (spec) => addQuery(spec, 'get', '/apps/{app_name}/machines', 'metadata.*'),
  },
  {
    spec: 'few errors are declared, and their status is one of two codes',
    fly: 'any 4xx or 5xx carries {error, status?}, with more codes',
    apply: (spec) => void (spec.components.schemas['main.statusCode'] = { type: 'string' }),
  },
  {
    spec: 'a null metadata value is no string',
    fly: 'null removes the key',
    apply: (spec) => property(spec, 'updateMetadataRequest', 'metadata', nullableStrings),
  },
  {
    spec: 'a null secret is no string',
    fly: 'null removes the secret',
    apply: (spec) => property(spec, 'AppSecretsUpdateRequest', 'values', nullableStrings),
  },
  {
    spec: 'swap only under init',
    fly: '`swap_size_mb` under guest too',
    apply: (spec) => property(spec, 'fly.MachineGuest', 'swap_size_mb', { type: 'integer' }),
  },
  {
    spec: 'stop time-outs are strings',
    fly: 'a number of seconds as well',
    apply(spec) {
      property(spec, 'StopRequest', 'timeout', duration)
      property(spec, 'fly.StopConfig', 'timeout', duration)
    },
  },
]

/** Unknown keys are problems: an object with named properties has no others. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed)
  if (typeof value !== 'object' || value === null) return value
  const json: Json = Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, closed(inner)]))
  if (json['type'] === 'object' && typeof json['properties'] === 'object' && json['additionalProperties'] === undefined)
    json['additionalProperties'] = false
  return json
}

function schemaOf(content: z.infer<typeof contentSchema>): Json | null {
  return content?.['application/json']?.schema ?? null
}

function operationsOf(spec: Spec, ajv: Ajv): Operation[] {
  const compile = (schema: Json | null): ValidateFunction | null =>
    schema === null ? null : ajv.compile(jsonSchema.parse(JSON.parse(JSON.stringify(schema).replaceAll('"#/components/', '"spec#/components/'))))
  return Object.entries(spec.paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, raw]) => {
      const parsed = operationSchema.safeParse(raw)
      if (!parsed.success) return []
      const { parameters, requestBody, responses } = parsed.data
      return [
        {
          method: method.toUpperCase(),
          path,
          pattern: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
          query: new Set((parameters ?? []).flatMap((one) => (one.in === 'query' ? [one.name] : []))),
          request: compile(schemaOf(requestBody?.content)),
          responses: new Map(Object.entries(responses).map(([status, response]) => [status, compile(schemaOf(response.content))])),
        },
      ]
    }),
  )
}

function problems(validate: ValidateFunction, body: unknown): string[] {
  if (validate(body)) return []
  return (validate.errors ?? []).map((error) => `${error.instancePath || '/'} ${error.message ?? ''} ${JSON.stringify(error.params)}`)
}

function queryProblems(operation: Operation, query: URLSearchParams): string[] {
  return [...query.keys()].flatMap((key) =>
    operation.query.has(key) || (operation.query.has('metadata.*') && key.startsWith('metadata.')) ? [] : [`unknown query parameter ${key}`],
  )
}

/** The validators, or null where the description is not at hand. */
export function loadFlySpec(): FlySpec | null {
  if (!existsSync(SPEC_FILE)) return null
  const spec = specSchema.parse(JSON.parse(readFileSync(SPEC_FILE, 'utf8')))
  for (const exception of exceptions) exception.apply(spec)
  const strict = specSchema.parse(closed(spec))
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: false })
  ajv.addSchema({ $id: 'spec', components: strict.components })
  const errorBody = ajv.compile({ $ref: 'spec#/components/schemas/ErrorResponse' })
  const operations = operationsOf(strict, ajv)
  // A literal segment wins over a parameter: /certificates/acme is not a hostname.
  operations.sort((a, b) => a.path.split('{').length - b.path.split('{').length)
  const find = (method: string, path: string): { operation: Operation | undefined; query: URLSearchParams } => {
    const url = new URL(path, 'http://spec')
    const plain = url.pathname.replace(/^\/v1(?=\/)/, '')
    return { operation: operations.find((one) => one.method === method.toUpperCase() && one.pattern.test(plain)), query: url.searchParams }
  }
  return {
    operations: operations.map((one) => `${one.method} ${one.path}`),
    operationOf(method, path) {
      const { operation } = find(method, path)
      return operation === undefined ? null : `${operation.method} ${operation.path}`
    },
    validateRequest(method, path, body) {
      const { operation, query } = find(method, path)
      if (operation === undefined) return [`no operation ${method} ${path}`]
      const wrongQuery = queryProblems(operation, query)
      if (body === undefined || body === null) return wrongQuery
      if (operation.request === null) return [...wrongQuery, ...(JSON.stringify(body) === '{}' ? [] : [`${method} ${operation.path} takes no body`])]
      return [...wrongQuery, ...problems(operation.request, body)]
    },
    validateResponse(method, path, status, body) {
      const { operation } = find(method, path)
      if (operation === undefined) return [`no operation ${method} ${path}`]
      if (status >= 400) return problems(errorBody, body)
      const declared = operation.responses.get(String(status))
      if (declared === undefined) return [`status ${status} is not declared`]
      return declared === null ? [] : problems(declared, body)
    },
  }
}
