// The schemas that gateways publish of their configuration, by version: what the file of each is called, read once it is needed.
import { readFile } from 'node:fs/promises'
import type { GatewaySchema } from '../domain/gateway-schema.ts'
import { imageOf } from '../domain/image.ts'

const files: Readonly<Record<string, string>> = {
  '2026.9.6': 'openclaw-2026.9.6.schema.json',
}
const NEWEST = '2026.9.6'
const loaded = new Map<string, Promise<GatewaySchema>>()

/** The schema of what runs under an image reference; null when its version publishes one that we do not have. */
export function schemaFor(image: string): Promise<GatewaySchema> | null {
  const known = imageOf(image)
  if (known.kind === 'clawdbot') return null
  const version = known.kind === 'openclaw' ? known.version : NEWEST
  const file = Object.hasOwn(files, version) ? files[version] : undefined
  if (file === undefined) return null
  const reading = loaded.get(version) ?? load(file)
  loaded.set(version, reading)
  // What could not be read is read again next time.
  reading.catch(() => loaded.delete(version))
  return reading
}

/** Its validator comes with it: most programs that start are never asked for either. */
async function load(file: string): Promise<GatewaySchema> {
  const [published, { gatewaySchema }] = await Promise.all([
    readFile(new URL(`../domain/gateway-schemas/${file}`, import.meta.url), 'utf8'),
    import('../domain/gateway-schema.ts'),
  ])
  return gatewaySchema(published)
}
