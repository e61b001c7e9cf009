// Who is let in: whoever brings a link of the last minute gets a session of an hour. Both are in memory: after a restart a new link is asked for,
// and one from before it is refused, for nobody knows any more whether it was used.
import { randomBytes } from 'node:crypto'
import type { Claims, Scope } from './tokens.ts'

export type Session = { scopes: readonly Scope[]; until: number }
export type Sessions = {
  /** Opens a session; null when the link was used before. */
  open(claims: Claims): { id: string; session: Session } | null
  find(id: string): Session | null
  /** Everybody is out. */
  end(): void
}

/** Whole seconds in the token, and two clocks. */
const CLOCKS_DIFFER_MS = 2_000
export const SESSION_MS = 60 * 60_000
/** An owner has a few browsers; the oldest session makes room. */
const SESSIONS_MAX = 100

export function createSessions(now: () => Date): Sessions {
  const sessions = new Map<string, Session>()
  /** Links that were used, for as long as they would be good. */
  const used = new Map<string, number>()
  const begunAt = now().getTime()
  const forget = (): void => {
    const time = now().getTime()
    for (const [id, endsAt] of used) if (endsAt < time - SESSION_MS) used.delete(id)
    for (const [id, { until }] of sessions) if (until <= time) sessions.delete(id)
    for (const id of sessions.keys()) if (sessions.size >= SESSIONS_MAX) sessions.delete(id)
  }
  return {
    open({ id: link, madeAt, endsAt, scopes }) {
      forget()
      if (used.has(link) || !scopes.includes('connect') || madeAt + CLOCKS_DIFFER_MS < begunAt) return null
      used.set(link, endsAt)
      const id = randomBytes(32).toString('base64url')
      const session = { scopes, until: now().getTime() + SESSION_MS }
      sessions.set(id, session)
      return { id, session }
    },
    find(id) {
      const session = sessions.get(id)
      return session !== undefined && session.until > now().getTime() ? session : null
    },
    end: () => sessions.clear(),
  }
}
