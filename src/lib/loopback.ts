// Names under .localhost are this machine (RFC 6761), but not every resolver says so.
import { lookup as systemLookup, type LookupAddress, type LookupOptions } from 'node:dns'

type Callback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void

/** A `lookup` for sockets that answers 127.0.0.1 for localhost and every name under it, and asks the system for all others. */
export function loopbackNames(hostname: string, options: LookupOptions, callback: Callback): void {
  if (hostname !== 'localhost' && !hostname.endsWith('.localhost')) {
    systemLookup(hostname, options, callback)
    return
  }
  if (options.all === true) callback(null, [{ address: '127.0.0.1', family: 4 }])
  else callback(null, '127.0.0.1', 4)
}
