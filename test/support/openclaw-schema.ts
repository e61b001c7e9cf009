// OpenClaw's published configuration schema, as a check of the documents that we write.
import { readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import { z } from 'zod'

const SCHEMA_FILE = new URL('../../src/domain/gateway-schemas/openclaw-2026.9.6.schema.json', import.meta.url)
const objectSchema = z.looseObject({ properties: z.record(z.string(), z.unknown()) })
const requiringSchema = z.looseObject({ properties: z.record(z.string(), z.unknown()), required: z.array(z.string()) })
let compiled: ValidateFunction | undefined

/** The published schema, as far as we write such documents: all of it takes long to compile. */
export function openclawSchema(): ValidateFunction {
  if (compiled !== undefined) return compiled
  const whole = objectSchema.parse(JSON.parse(readFileSync(SCHEMA_FILE, 'utf8'), asWritten))
  const channels = objectSchema.parse(whole.properties['channels'])
  const { gateway, agents, plugins } = whole.properties
  const { telegram, discord, slack } = channels.properties
  const properties = { gateway, agents, plugins, channels: { ...channels, properties: { telegram, discord, slack }, additionalProperties: false } }
  compiled = new Ajv({ strict: false, validateFormats: false }).compile({ ...whole, properties })
  return compiled
}

/** It describes a document whose defaults are filled in: as it is written, what has a default may be missing. */
function asWritten(key: string, part: unknown): unknown {
  // Two plugins that we never configure have references inside that only they can resolve.
  if (key === 'imap' || key === 'webhooks') return undefined
  const object = requiringSchema.safeParse(part)
  if (!object.success) return part
  const { properties, required } = object.data
  const hasDefault = (name: string): boolean => z.looseObject({ default: z.unknown() }).safeParse(properties[name]).data?.default !== undefined
  return { ...object.data, required: required.filter((name) => !hasDefault(name)) }
}
