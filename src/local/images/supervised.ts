// A gateway as it runs on an owner's machine: behind the image's own supervisor, from the same files. What a machine is told decides: one that
// names its instance has a supervisor, and a bare one is for trying out this server.
import { fileURLToPath } from 'node:url'
import type { ImageCommand, ImageContext } from './image.ts'

const SUPERVISOR = fileURLToPath(new URL('../../../images/gateway/supervisor/main.ts', import.meta.url))

/** The command of the supervisor for `gateway`, which is a program's file and its environment; null for a machine that names no instance. */
export function supervised(
  context: ImageContext,
  gateway: {
    flavour: 'openclaw' | 'clawdbot' | 'stub'
    version: string
    entry: string
    env: Readonly<Record<string, string>>
    path: readonly string[]
  },
): ImageCommand | null {
  if (context.env['CONCH_INSTANCE'] === undefined) return null
  return {
    args: [SUPERVISOR],
    env: {
      ...gateway.env,
      PORT: String(context.port),
      CONCH_HOST: '127.0.0.1',
      CONCH_FLAVOUR: gateway.flavour,
      CONCH_GATEWAY: gateway.entry,
      CONCH_GATEWAY_VERSION: gateway.version,
      CONCH_GATEWAY_PORT: String(context.gatewayPort),
      CONCH_PRIVATE_PORT: '0',
      CONCH_MEMORY_EVENTS: context.memoryEvents,
    },
    path: gateway.path,
  }
}
