// Image references of the gateways that we host.

export type GatewayImage = { kind: 'openclaw'; version: string } | { kind: 'stub' } | { kind: 'other' }

/** What runs under an image reference: `gateway:openclaw-2026.9.6`, `gateway:stub`, or something that an operator named. */
export function imageOf(reference: string): GatewayImage {
  if (reference === 'gateway:stub' || reference === 'gateway:inline') return { kind: 'stub' }
  const version = /:(?:gateway-)?openclaw-([0-9][0-9a-z.-]*)$/.exec(reference)?.[1]
  return version === undefined ? { kind: 'other' } : { kind: 'openclaw', version }
}
