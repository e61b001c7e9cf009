// The one path to Fly: its Machines API, logs and metrics, over HTTP. It owns how a call is made (token, time-out, limits, safe
// retries, the error's name) and how an answer is read. It must never decide what should happen next, remember anything about an app
// or a machine, or repeat a call whose effect may already have happened: an ambiguous failure is thrown, and the reconciler looks.
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Random } from '../../lib/random.ts'
import type { Sealed } from '../../lib/sealed.ts'
import { createAppCalls } from './apps.ts'
import { createFleetCalls } from './fleet.ts'
import { createLimiter } from './limiter.ts'
import { createMachineCalls } from './machines.ts'
import { createTransport } from './transport.ts'
import type { FlyClient } from './types.ts'
import { createVolumeCalls } from './volumes.ts'

export type FlyClientOptions = {
  /** The Machines API with its version, such as `https://api.machines.dev/v1`. */
  apiUrl: string
  /** The host of logs and metrics, such as `https://api.fly.io`. */
  platformUrl: string
  token: Sealed
  org: string
  clock: Clock
  random: Random
  log: Log
  timeoutMs?: number
  /** False against a server that limits nothing. */
  limiter?: boolean
  retryBaseMs?: number
}

/** A client for one organisation. Close it: it keeps connections open. */
export function createFlyClient(options: FlyClientOptions): FlyClient {
  const { org, limiter = true, timeoutMs = 10_000, retryBaseMs = 250, ...rest } = options
  const transport = createTransport({
    ...rest,
    timeoutMs,
    retryBaseMs,
    limiter: limiter ? createLimiter({ clock: options.clock }) : null,
  })
  return {
    ...createAppCalls(transport, org),
    ...createVolumeCalls(transport),
    ...createMachineCalls(transport),
    ...createFleetCalls(transport, org),
    close: () => transport.close(),
  }
}
