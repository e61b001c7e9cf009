// Conversations in progress: one per person and chat. The revision is the lock: whoever saves against an old one has lost and reads again,
// so two taps at once, or two processes, act once. Never holds a secret: the state is what the reducer left, names and last characters only.
import { and, eq, gt, lte, sql } from 'drizzle-orm'
import type { Db, Tx } from './connect.ts'
import { wizardSessions } from './schema.ts'

export type WizardPlace = { provider: string; chat: string; subject: string }
export type WizardSession = { kind: string; state: unknown; revision: number; messageRef: string | null }

const at = (place: WizardPlace) =>
  and(eq(wizardSessions.provider, place.provider), eq(wizardSessions.chat, place.chat), eq(wizardSessions.subject, place.subject))
const inMinutes = (minutes: number) => sql`now() + ${minutes} * interval '1 minute'`

/** The person's conversation in this chat; null when there is none or its time is over. */
export async function wizardAt(db: Db | Tx, place: WizardPlace): Promise<WizardSession | null> {
  const [row] = await db
    .select({ kind: wizardSessions.kind, state: wizardSessions.state, revision: wizardSessions.revision, messageRef: wizardSessions.messageRef })
    .from(wizardSessions)
    .where(and(at(place), gt(wizardSessions.expiresAt, sql`now()`)))
  return row ?? null
}

/** Whether somebody has a conversation of this id in a chat. */
export async function isWizardIn(db: Db | Tx, chat: Pick<WizardPlace, 'provider' | 'chat'>, id: string): Promise<boolean> {
  const there = and(eq(wizardSessions.provider, chat.provider), eq(wizardSessions.chat, chat.chat), gt(wizardSessions.expiresAt, sql`now()`))
  return (await db.$count(wizardSessions, and(there, sql`${wizardSessions.state} ->> 'id' = ${id}`))) > 0
}

/** Begins a conversation in place of whatever was there. Its first revision, counted on from the one that it replaces. */
export async function beginWizard(db: Db | Tx, place: WizardPlace, wizard: { kind: string; state: unknown; ttlMinutes: number }): Promise<number> {
  const fresh = { kind: wizard.kind, state: wizard.state, messageRef: null, expiresAt: inMinutes(wizard.ttlMinutes) }
  const rows = await db
    .insert(wizardSessions)
    .values({ ...place, ...fresh })
    .onConflictDoUpdate({
      target: [wizardSessions.provider, wizardSessions.chat, wizardSessions.subject],
      set: { ...fresh, revision: sql`${wizardSessions.revision} + 1` },
    })
    .returning({ revision: wizardSessions.revision })
  return rows[0]?.revision ?? 1
}

/** Saves the next state if nobody has since `revision`; the new revision, or null when somebody has. */
export async function saveWizard(
  db: Db | Tx,
  place: WizardPlace,
  next: { revision: number; state: unknown; ttlMinutes: number },
): Promise<number | null> {
  const rows = await db
    .update(wizardSessions)
    .set({ state: next.state, revision: next.revision + 1, expiresAt: inMinutes(next.ttlMinutes) })
    .where(and(at(place), eq(wizardSessions.revision, next.revision)))
    .returning({ revision: wizardSessions.revision })
  return rows[0]?.revision ?? null
}

/** Remembers which message shows the conversation, so that the next step can change it. */
export async function placeWizardMessage(db: Db | Tx, place: WizardPlace, shown: { revision: number; messageRef: string }): Promise<void> {
  await db
    .update(wizardSessions)
    .set({ messageRef: shown.messageRef })
    .where(and(at(place), eq(wizardSessions.revision, shown.revision)))
}

/** Ends the conversation if nobody moved it since `revision`; true for the one caller that ended it. */
export async function endWizard(db: Db | Tx, place: WizardPlace, revision: number): Promise<boolean> {
  const rows = await db
    .delete(wizardSessions)
    .where(and(at(place), eq(wizardSessions.revision, revision)))
    .returning({ revision: wizardSessions.revision })
  return rows.length === 1
}

/** Deletes conversations whose time is over; their places, for whoever must clean up after them. */
export async function endExpiredWizards(db: Db): Promise<(WizardPlace & { kind: string; state: unknown })[]> {
  return db
    .delete(wizardSessions)
    .where(lte(wizardSessions.expiresAt, sql`now()`))
    .returning({
      provider: wizardSessions.provider,
      chat: wizardSessions.chat,
      subject: wizardSessions.subject,
      kind: wizardSessions.kind,
      state: wizardSessions.state,
    })
}
