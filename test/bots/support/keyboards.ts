// What stands below Telegram's chats, kept for as long as a test.
import type { Keyboards, Standing } from '../../../src/bots/telegram/keyboard.ts'

export function keyboardsInMemory(): Keyboards & { standing: ReadonlyMap<string, Standing> } {
  const standing = new Map<string, Standing>()
  return {
    standing,
    keep: async (one) => void standing.set(one.chat, one),
    async take({ chat, viewRef }) {
      const one = standing.get(chat)
      if (one === undefined || (viewRef !== undefined && one.viewRef !== viewRef)) return null
      standing.delete(chat)
      return one
    },
  }
}
