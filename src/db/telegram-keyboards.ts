// Keyboards that stand below Telegram chats and wait to be taken away: one a chat.
import { and, eq, sql } from 'drizzle-orm'
import type { Db, Tx } from './connect.ts'
import { telegramKeyboards } from './schema.ts'

export type StandingKeyboard = { chat: string; viewRef: string; keyboardRef: string }

/** A keyboard stands below the chat now; it took the place of any other. */
export async function keepTelegramKeyboard(db: Db, { chat, viewRef, keyboardRef }: StandingKeyboard): Promise<void> {
  const set = { viewRef, keyboardRef, shownAt: sql`now()` }
  await db
    .insert(telegramKeyboards)
    .values({ chat, ...set })
    .onConflictDoUpdate({ target: telegramKeyboards.chat, set })
}

/** The keyboard that stands below the chat, which is the caller's to take away; with `viewRef`, only the one that belongs to that message. */
export async function takeTelegramKeyboard(db: Db | Tx, { chat, viewRef }: { chat: string; viewRef?: string }): Promise<StandingKeyboard | null> {
  const { chat: where, viewRef: ref, keyboardRef } = telegramKeyboards
  const [row] = await db
    .delete(telegramKeyboards)
    .where(and(eq(where, chat), viewRef === undefined ? undefined : eq(ref, viewRef)))
    .returning({ chat: where, viewRef: ref, keyboardRef })
  return row ?? null
}
