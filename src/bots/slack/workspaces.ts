// The Web API of each workspace that we are installed in. Waiting and trying again is the core's business, so the library does neither.
import { LogLevel, webApi, type Logger } from '@slack/bolt'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'

export type Client = webApi.WebClient
export type Workspaces = {
  /** The client for a workspace or organisation; null where we are not installed. */
  clientOf(tenant: string): Promise<Client | null>
  /** The token was refused, or its workspace threw us out: look it up anew. */
  forget(tenant: string): void
}

const TIMEOUT_MS = 10_000
/** A token is looked up again after this long: rotated ones live for hours, and removed ones are found out by Slack's refusal. */
const KEPT_MS = 5 * 60_000
const KEPT_MAX = 5_000

/** How every call goes out. */
export function clientOptions({ apiUrl, log }: { apiUrl: string | undefined; log: Log }): webApi.WebClientOptions {
  return {
    logger: loggerTo(log),
    rejectRateLimitedCalls: true,
    retryConfig: { retries: 0 },
    timeout: TIMEOUT_MS,
    ...(apiUrl !== undefined && { slackApiUrl: apiUrl }),
  }
}

/** The library's warnings in our log. Its finer levels print whole payloads, and are never let out. */
export function loggerTo(log: Log): Logger {
  const warn = (...words: unknown[]): void =>
    log.warn({ from: 'slack' }, words.map((word) => (word instanceof Error ? word.message : String(word))).join(' '))
  const nothing = (): void => undefined
  return { debug: nothing, info: nothing, warn, error: warn, setLevel: nothing, getLevel: () => LogLevel.WARN, setName: nothing }
}

/** One workspace, whose token is configured. */
export function oneWorkspace(client: Client): Workspaces {
  return { clientOf: async () => client, forget: () => undefined }
}

/** Many workspaces; `tokenOf` finds, and where need be renews, the token of one. */
export function manyWorkspaces(deps: {
  tokenOf(tenant: string): Promise<string | null>
  clientWith(token: string): Client
  clock: Clock
}): Workspaces {
  const kept = new Map<string, { client: Client; until: number }>()
  return {
    async clientOf(tenant) {
      const now = deps.clock.now().getTime()
      const known = kept.get(tenant)
      if (known !== undefined && known.until > now) return known.client
      const token = await deps.tokenOf(tenant)
      kept.delete(tenant)
      if (token === null) return null
      const [oldest] = kept.keys()
      if (kept.size >= KEPT_MAX && oldest !== undefined) kept.delete(oldest)
      const client = deps.clientWith(token)
      kept.set(tenant, { client, until: now + KEPT_MS })
      return client
    },
    forget: (tenant) => void kept.delete(tenant),
  }
}
