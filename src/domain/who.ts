// What a platform says about a secret that was tried there.
import { z } from 'zod'

/** Whose a token is, in names that the platform shows to anybody: nothing of the token. */
export const whoSchema = z.object({
  /** "@my_claw_bot": how people find it. */
  label: z.string(),
  id: z.string().nullable(),
  /** Discord: what its invitation is made with. */
  applicationId: z.string().nullable(),
  /** Slack: the workspace. */
  team: z.string().nullable(),
  teamId: z.string().nullable(),
})
export type Who = z.infer<typeof whoSchema>

/** Too slow, not to be reached at all, too many questions just now, or an answer that makes no sense. */
export type Unreachable = 'slow' | 'network' | 'busy' | 'broken'

export type CheckOutcome =
  | { kind: 'ok'; who: Who | null }
  /** Revoked, or never a token; or a token without the rights that it needs. */
  | { kind: 'refused'; why: 'unknown' | 'not-allowed' }
  /** Nothing is known about it. */
  | { kind: 'unreachable'; why: Unreachable }
  /** It works, and its bot may not read what people write. */
  | { kind: 'missing-intents'; who: Who }
