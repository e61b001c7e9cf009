// The few words that only Telegram needs.
import { t } from '../core/language.ts'

/** Said by the message that brings the keyboard; `label` stands on its only key. */
export function keyboardWords(label: string): string {
  return t`Or tap “${label}” below: Telegram makes the bot with you and hands me its token, so there is nothing to paste.`
}
