// What the machine's environment says. A machine without the keys of its control plane lets nobody in, and says so at its start.
import { fileURLToPath } from 'node:url'
import type { PublicKey } from './tokens.ts'

export type Flavour = 'openclaw' | 'clawdbot' | 'stub'
export type Settings = {
  flavour: Flavour
  /** The program behind the gateway, and what its command begins with. */
  program: string
  entry: readonly string[]
  /** The one public port, and where it listens. */
  port: number
  host: string
  privatePort: number
  /** On the loopback interface. */
  gatewayPort: number
  /** The audience of every token. */
  instance: string
  /** Who the gateway takes the visitor for. */
  owner: string
  /** The control plane's public keys, by their ids. */
  keys: readonly PublicKey[]
  stateDir: string
  /** Ours, on the same volume. */
  ownDir: string
  /** Plugins that are ready for an empty volume; null when the image brings none. */
  seedDir: string | null
  /** Paths that need no session, as prefixes: what is behind them asks for a secret of its own. */
  publicPaths: readonly string[]
  /** The gateway's own password, for what is asked of it here. */
  password: string
  /** Where the kernel, or what stands in for it, counts the processes that it killed for want of memory. */
  memoryEvents: string | null
}

const flavours: readonly Flavour[] = ['openclaw', 'clawdbot', 'stub']

/** Reads the environment. Throws an Error that names what is missing or wrong. */
export function settingsOf(env: Readonly<Record<string, string | undefined>>): Settings {
  const needed = (name: string): string => {
    const value = env[name]
    if (value === undefined || value === '') throw new Error(`${name} is not set`)
    return value
  }
  const numberOf = (name: string, standard: number): number => {
    const text = env[name]
    if (text === undefined || text === '') return standard
    const value = Number(text)
    if (!Number.isInteger(value) || value < 0 || value > 65_535) throw new Error(`${name} must be a port, and is ${text}`)
    return value
  }
  const flavour = flavours.find((one) => one === (env['CONCH_FLAVOUR'] ?? 'openclaw'))
  if (flavour === undefined) throw new Error(`CONCH_FLAVOUR must be one of ${flavours.join(', ')}`)
  const dataDir = env['CONCH_DATA_DIR'] ?? '/data'
  return {
    flavour,
    program: process.execPath,
    entry: [needed('CONCH_GATEWAY')],
    port: numberOf('PORT', 8080),
    host: env['CONCH_HOST'] ?? '0.0.0.0',
    privatePort: numberOf('CONCH_PRIVATE_PORT', 9091),
    gatewayPort: numberOf('CONCH_GATEWAY_PORT', 18_789),
    instance: needed('CONCH_INSTANCE'),
    owner: needed('CONCH_OWNER'),
    keys: keysOf(env['CONCH_KEYS']),
    stateDir: env['OPENCLAW_STATE_DIR'] ?? `${dataDir}/openclaw`,
    ownDir: env['CONCH_DIR'] ?? `${dataDir}/conch`,
    seedDir: env['CONCH_SEED_DIR'] ?? null,
    publicPaths: (env['CONCH_PUBLIC_PATHS'] ?? '').split(',').filter((one) => one.startsWith('/')),
    password: env['OPENCLAW_GATEWAY_PASSWORD'] ?? '',
    memoryEvents: env['CONCH_MEMORY_EVENTS'] ?? null,
  }
}

function keysOf(text: string | undefined): readonly PublicKey[] {
  if (text === undefined || text === '') return []
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || !('keys' in value) || !Array.isArray(value.keys))
    throw new Error('CONCH_KEYS is no JSON Web Key Set')
  return value.keys
}

/** What runs as the gateway: its arguments and its environment. It is told nothing that is only for the supervisor. */
export function gatewayCommand(
  settings: Settings,
  env: Readonly<Record<string, string | undefined>>,
): { program: string; args: readonly string[]; env: Readonly<Record<string, string>> } {
  const { flavour, program, entry, gatewayPort, stateDir } = settings
  const passed = Object.entries(env).filter(([name, value]) => value !== undefined && (!name.startsWith('CONCH_') || name === 'CONCH_DIR'))
  const prefix = flavour === 'clawdbot' ? 'CLAWDBOT' : 'OPENCLAW'
  return {
    program,
    // In a container the default is every interface.
    args: flavour === 'stub' ? entry : [...entry, 'gateway', '--port', String(gatewayPort), '--bind', 'loopback'],
    env: {
      ...(Object.fromEntries(passed) as Record<string, string>),
      PORT: String(gatewayPort),
      [`${prefix}_STATE_DIR`]: stateDir,
      // It has no password for the machine alone, only the one token that everybody says.
      ...(flavour === 'clawdbot' && { CLAWDBOT_GATEWAY_TOKEN: settings.password, CLAWDBOT_DISABLE_BONJOUR: '1' }),
      CONCH_DIR: settings.ownDir,
      // Where the configuration finds the plugin that counts messages.
      CONCH_COUNTER: fileURLToPath(new URL('../counter', import.meta.url)),
    },
  }
}
