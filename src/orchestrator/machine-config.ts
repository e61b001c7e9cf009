// What runs on an owner's machine, as the provider is told it. The fingerprint of it travels as metadata, so that "running" is never
// mistaken for "running what was asked for". Pure.
import { createHash } from 'node:crypto'
import { storedOf, type Channel, type InstanceRow } from '../db/instances.ts'
import { modelProviderOf } from '../domain/model-providers.ts'
import { assertNever } from '../lib/errors.ts'
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

/**
 * OpenClaw's configuration document. Secrets appear as `${NAME}`, which the gateway replaces from its environment when it loads the file,
 * so that none is on the disk.
 */
function gatewayDocument(row: InstanceRow, address: string): Record<string, unknown> {
  const provider = modelProviderOf(row.modelProvider)
  return {
    gateway: gatewaySettings(address),
    ...(provider !== undefined && { agents: { defaults: { model: { primary: provider.model } } } }),
    ...channelSettings(storedOf(row).channels),
  }
}

/** Whom the gateway takes whoever the supervisor lets in for. The same on every machine: accounts come together and go apart. */
const OWNER = 'owner'

/**
 * The gateway is reached through the supervisor alone, which says who comes. Its own password is for what is asked of it on the machine itself:
 * forwarded headers disqualify whoever comes from outside from using it.
 */
function gatewaySettings(address: string): Record<string, unknown> {
  return {
    mode: 'local',
    trustedProxies: ['127.0.0.1'],
    auth: {
      mode: 'trusted-proxy',
      password: '${OPENCLAW_GATEWAY_PASSWORD}',
      identityScopes: { [OWNER]: ['operator.admin'] },
      trustedProxy: {
        userHeader: 'x-claw-user',
        requiredHeaders: ['x-claw-proxy'],
        allowUsers: [OWNER],
        allowLoopback: true,
        deviceAutoApprove: { enabled: true },
      },
    },
    controlUi: { allowedOrigins: [address] },
  }
}

/** OpenClaw has this one channel in its own package; the others are plugins, which it fetches by itself at the first start that needs them. */
const BUNDLED = 'telegram'

/** Serves the gateway's controls on the machine itself, behind the password: pairing and what the model costs are asked through it. */
const CONTROLS = 'admin-http-rpc'

function channelSettings(channels: readonly Channel[]): Record<string, unknown> {
  const plugins = channels.filter((one) => one.id !== BUNDLED).map((one) => one.id)
  return {
    ...(channels.length > 0 && { channels: Object.fromEntries(channels.map((one) => [one.id, channelSetting(one)])) }),
    // A plugin that is only installed is not trusted: it runs when it is named here.
    plugins: { entries: Object.fromEntries([CONTROLS, ...plugins].map((one) => [one, { enabled: true }])) },
  }
}

function channelSetting({ id, owners }: Channel): Record<string, unknown> {
  // Whoever is not let in by name gets a code that the owner must approve.
  const people = owners.length === 0 ? { dmPolicy: 'pairing' } : { dmPolicy: 'pairing', allowFrom: owners }
  switch (id) {
    case 'telegram':
      return { enabled: true, botToken: '${TELEGRAM_BOT_TOKEN}', ...people }
    case 'discord':
      return { enabled: true, token: '${DISCORD_BOT_TOKEN}', ...people }
    case 'slack':
      return { enabled: true, mode: 'socket', botToken: '${SLACK_BOT_TOKEN}', appToken: '${SLACK_APP_TOKEN}', ...people }
    case 'whatsapp':
      // On the owner's own number everybody who writes to them would be asked for a code: there it answers what they write to themselves alone.
      return owners.length === 0
        ? { enabled: true, dmPolicy: 'allowlist', selfChatMode: true, groupPolicy: 'disabled' }
        : { enabled: true, ...people }
    default:
      return assertNever(id)
  }
}

export type MachinePlan = { config: FlyMachineConfig; spec: string }
export type PlanOptions = {
  addressTemplate: string
  volumeId: string | null
  /** The public keys that the machine checks the control plane's tokens with: a JSON Web Key Set. */
  keys: string
}

/** The machine configuration for an instance and its fingerprint (16 hex characters of SHA-256). */
export function machinePlan(row: InstanceRow, options: PlanOptions): MachinePlan {
  const { guest } = plans[planIdSchema.parse(row.plan)]
  const document = JSON.stringify(gatewayDocument(row, addressOf(row.id, options.addressTemplate)))
  const config: FlyMachineConfig = {
    image: row.image,
    guest: { cpu_kind: guest.cpuKind, cpus: guest.cpus, memory_mb: guest.memoryMb },
    init: { swap_size_mb: guest.swapMb },
    env: {
      PORT: String(PUBLIC_PORT),
      CONCH_INSTANCE: row.id,
      CONCH_OWNER: OWNER,
      CONCH_DIR: `${DATA_PATH}/conch`,
      OPENCLAW_STATE_DIR: `${DATA_PATH}/openclaw`,
      OPENCLAW_CONFIG_READONLY: '1',
      OPENCLAW_DISABLE_BONJOUR: '1',
      OPENCLAW_NO_AUTO_UPDATE: '1',
      MALLOC_ARENA_MAX: '2',
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
