// What runs on an owner's machine, as the provider is told it. The fingerprint of it travels as metadata, so that "running" is never
// mistaken for "running what was asked for". Pure.
import { createHash } from 'node:crypto'
import { storedOf, type InstanceRow } from '../db/instances.ts'
import { effectiveDocument, GATEWAY_OWNER, publicPaths, type JsonObject } from '../domain/gateway-document.ts'
import { imageOf } from '../domain/image.ts'
import { planIdSchema, plans } from '../domain/plans.ts'
import type { FlyMachineConfig } from './fly/types.ts'

/** The port that the supervisor listens on inside the machine, and the one that only the provider reads. */
const PUBLIC_PORT = 8080
const METRICS_PORT = 9091
const DATA_PATH = '/data'

/** The provider's name for the instance's app: one app, with a network of its own, per instance. Under 63 characters of [a-z0-9-]. */
export function appNameOf(instanceId: string): string {
  return `conch-${instanceId}`
}

/** The name of its volume: at most 30 characters of [a-z0-9_]. */
export function volumeNameOf(instanceId: string): string {
  return `conch_${instanceId}`
}

/** The public address of an instance, from a template that holds `{app}`. */
export function addressOf(instanceId: string, addressTemplate: string): string {
  return addressTemplate.replace('{app}', appNameOf(instanceId))
}

/** What the gateway reads at its start: the owner's document, and what is ours in it. */
function gatewayDocument(row: InstanceRow, owner: JsonObject | null, address: string): JsonObject {
  const isLegacy = imageOf(row.image).kind === 'clawdbot'
  return effectiveDocument(owner, { address, modelProvider: row.modelProvider, channels: storedOf(row).channels, isLegacy })
}

export type MachinePlan = { config: FlyMachineConfig; spec: string }
/** What is the same for all machines of this control plane. */
export type FleetOptions = {
  addressTemplate: string
  /** The public keys that the machine checks the control plane's tokens with: a JSON Web Key Set. */
  keys: string
  /** What an image's name ends with for plans whose assistants browse: the variant with Chromium. Without it, all run the same. */
  browserSuffix?: string
}
/** Those of whoever works on the fleet, without the rest of what they have. */
export function fleetOf({ addressTemplate, keys, browserSuffix }: FleetOptions): FleetOptions {
  return { addressTemplate, keys, ...(browserSuffix !== undefined && { browserSuffix }) }
}

export type PlanOptions = FleetOptions & {
  volumeId: string | null
  /** The owner's configuration, of the version that the row names; null as long as they have none. */
  document: JsonObject | null
}

/** The machine configuration for an instance and its fingerprint (16 hex characters of SHA-256). */
export function machinePlan(row: InstanceRow, options: PlanOptions): MachinePlan {
  const { guest, browser } = plans[planIdSchema.parse(row.plan)]
  const wanted = gatewayDocument(row, options.document, addressOf(row.id, options.addressTemplate))
  const [document, open] = [JSON.stringify(wanted), publicPaths(wanted)]
  const config: FlyMachineConfig = {
    image: browser ? `${row.image}${options.browserSuffix ?? ''}` : row.image,
    guest: { cpu_kind: guest.cpuKind, cpus: guest.cpus, memory_mb: guest.memoryMb },
    init: { swap_size_mb: guest.swapMb },
    env: {
      PORT: String(PUBLIC_PORT),
      CONCH_INSTANCE: row.id,
      CONCH_OWNER: GATEWAY_OWNER,
      CONCH_DIR: `${DATA_PATH}/conch`,
      OPENCLAW_STATE_DIR: `${DATA_PATH}/openclaw`,
      OPENCLAW_CONFIG_READONLY: '1',
      OPENCLAW_DISABLE_BONJOUR: '1',
      OPENCLAW_NO_AUTO_UPDATE: '1',
      MALLOC_ARENA_MAX: '2',
      ...(open.length > 0 && { CONCH_PUBLIC_PATHS: open.join(',') }),
    },
    // The proxy must never wake a machine that the owner or billing stopped.
    services: [
      {
        protocol: 'tcp',
        internal_port: PUBLIC_PORT,
        autostart: false,
        autostop: 'off',
        ports: [
          { port: 443, handlers: ['tls', 'http'] },
          { port: 80, handlers: ['http'], force_https: true },
        ],
      },
    ],
    metrics: { port: METRICS_PORT, path: '/metrics' },
    restart: { policy: 'on-failure', max_retries: 10 },
    // The gateway gets 30 s, and its supervisor a little longer.
    stop_config: { timeout: '35s', signal: 'SIGTERM' },
  }
  const generation = row.secretGeneration > 0 && { generation: row.secretGeneration }
  const spec = createHash('sha256')
    .update(JSON.stringify({ config, document, secrets: row.secretsVersion, ...generation }))
    .digest('hex')
    .slice(0, 16)
  // What a machine takes with its next update, and is not updated for.
  const env = { ...config.env, CONCH_KEYS: options.keys }
  const sent = JSON.stringify({ version: row.desiredVersion, document })
  const files = [{ guest_path: `${DATA_PATH}/conch/sent.json`, raw_value: Buffer.from(sent).toString('base64') }]
  const metadata = { conch_instance: row.id, conch_owner: row.userId, conch_spec: spec }
  const mounts = options.volumeId === null ? [] : [{ volume: options.volumeId, path: DATA_PATH }]
  return { config: { ...config, env, files, metadata, mounts }, spec }
}
