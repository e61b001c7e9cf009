// Image references of the gateways that we host.

export type GatewayImage = { kind: 'openclaw' | 'clawdbot'; version: string } | { kind: 'stub' } | { kind: 'other' }

/** What runs under an image reference: `gateway:openclaw-2026.9.6`, the legacy `gateway:clawdbot-2026.1.24-3`, `gateway:stub`, or something that an operator named. */
export function imageOf(reference: string): GatewayImage {
  if (reference === 'gateway:stub' || reference === 'gateway:inline') return { kind: 'stub' }
  const [, flavour, version] = /:(?:gateway-)?(openclaw|clawdbot)-([0-9][0-9a-z.-]*)$/.exec(reference) ?? []
  if (flavour === undefined || version === undefined) return { kind: 'other' }
  return { kind: flavour === 'clawdbot' ? 'clawdbot' : 'openclaw', version }
}
