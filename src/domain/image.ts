// Image references of the gateways that we host.

export type GatewayImage = { kind: 'openclaw' | 'clawdbot'; version: string } | { kind: 'stub'; version: string | null } | { kind: 'other' }

/**
 * What runs under an image reference: `gateway:openclaw-2026.9.6`, the legacy `gateway:clawdbot-2026.1.24-3`, `gateway:stub` (also as
 * `gateway:stub-2.0`, to practise upgrades with), or something that an operator named.
 */
export function imageOf(reference: string): GatewayImage {
  if (reference === 'gateway:stub' || reference === 'gateway:inline') return { kind: 'stub', version: null }
  const [, flavour, version] = /:(?:gateway-)?(openclaw|clawdbot|stub)-([0-9][0-9a-z.-]*)$/.exec(reference) ?? []
  if (flavour === undefined || version === undefined) return { kind: 'other' }
  return { kind: flavour === 'clawdbot' ? 'clawdbot' : flavour === 'stub' ? 'stub' : 'openclaw', version }
}

/**
 * Whether what runs under `to` is a later version of the same gateway than what runs under `from`. Never across kinds: Clawdbot keeps what it knows in
 * another form. An image without a version is older than any with one.
 */
export function isNewer(to: string, from: string): boolean {
  const [a, b] = [imageOf(to), imageOf(from)]
  if (a.kind === 'other' || b.kind === 'other' || a.kind !== b.kind || a.version === null) return false
  return b.version === null || compareVersions(a.version, b.version) > 0
}

/**
 * Orders versions: negative when `a` comes before `b`. Numbers count as numbers. OpenClaw's own rule: `2026.1.24-3` is a later build of `2026.1.24`,
 * and `2026.9.6-beta.1` comes before `2026.9.6`.
 */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [partsOf(a), partsOf(b)]
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const difference = rankOf(left[at]) - rankOf(right[at])
    if (difference !== 0) return difference
  }
  return a < b ? -1 : a > b ? 1 : 0
}

function partsOf(version: string): string[] {
  return version.split(/[.-]/)
}

/** A word is before an end, and an end before a number. */
function rankOf(part: string | undefined): number {
  if (part === undefined) return -1
  return /^\d+$/.test(part) ? Number(part) : -2
}
