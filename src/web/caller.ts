// Who calls, as far as counting goes: an address, which for IPv6 is the network that one subscriber gets.
import { isIP } from 'node:net'

/**
 * The caller's address. Behind a proxy it is what the nearest one appended to X-Forwarded-For: everything before it is the caller's own word.
 * Where there is no proxy the header is anybody's, and only the connection counts.
 */
export function callerOf(call: { remoteAddress: string | undefined; forwardedFor: string | null; behindProxy: boolean }): string {
  const nearest = call.behindProxy ? (call.forwardedFor?.split(',').at(-1)?.trim() ?? '') : ''
  return networkOf(isIP(nearest) === 0 ? (call.remoteAddress ?? '') : nearest)
}

function networkOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (isIP(address) !== 6) return isIP(address) === 4 ? address : 'unknown'
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? []
  const groups = head === '' ? [] : head.split(':')
  const rest = tail === undefined || tail === '' ? 0 : tail.split(':').length
  const full = tail === undefined ? groups : [...groups, ...Array<string>(Math.max(0, 8 - groups.length - rest)).fill('0'), ...tail.split(':')]
  return `${full
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`
}
