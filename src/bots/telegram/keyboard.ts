// The keyboard below the chat with which a person makes a bot of their own. A message carries either buttons or such a keyboard: so the view
// keeps its buttons, and a short message after it brings the keyboard. Telegram leaves that below the chat until a message takes it away. It
// must not be there any more when something else is asked, whichever process answers: what stands where is therefore kept outside.
import { GrammyError, type Bot } from 'grammy'
import type { Log } from '../../lib/log.ts'
import type { ReadyView } from '../core/view.ts'
import { withoutPayload } from './failures.ts'
import { keyboardWords } from './words.ts'

/** `viewRef` is the message that asks, `keyboardRef` the one that brought the keyboard. */
export type Standing = { chat: string; viewRef: string; keyboardRef: string }
export type Keyboards = {
  keep(standing: Standing): Promise<void>
  /** The keyboard below the chat, from then on the caller's to take away; with `viewRef`, only that message's. */
  take(which: { chat: string; viewRef?: string }): Promise<Standing | null>
}
type Deps = { bot: Bot; keyboards: Keyboards; log: Log }
type Offer = NonNullable<ReadyView['createBot']>

/** Any number that is unique in the message; there is one request in it. */
const REQUEST_ID = 1
const NAME_CHARS_MAX = 64

/** Whether people can make bots through ours, as Telegram told when we connected. */
export function createsBots(bot: Bot): boolean {
  return bot.isInited() && bot.botInfo.can_manage_bots
}

/** Brings the keyboard. Without it the view is still a question that can be answered. */
export async function bringKeyboard({ bot, keyboards, log }: Deps, offer: Offer, { chat, viewRef }: Omit<Standing, 'keyboardRef'>): Promise<void> {
  const request = { request_id: REQUEST_ID, suggested_name: offer.name.slice(0, NAME_CHARS_MAX), suggested_username: offer.username }
  try {
    const sent = await bot.api.sendMessage(Number(chat), keyboardWords(offer.label), {
      reply_markup: { keyboard: [[{ text: offer.label, request_managed_bot: request }]], one_time_keyboard: true, resize_keyboard: true },
    })
    await keyboards.keep({ chat, viewRef, keyboardRef: String(sent.message_id) })
  } catch (error) {
    log.warn({ err: withoutPayload(error) }, 'the keyboard to make a bot with could not be shown')
    // The bot's owner has switched it off since we connected: it is not offered again.
    if (error instanceof GrammyError && error.error_code === 400) bot.botInfo = { ...bot.botInfo, can_manage_bots: false }
  }
}

/** Takes the keyboard below the chat away, if there is one, with the message that brought it. */
export async function takeKeyboardAway({ bot, keyboards, log }: Deps, which: { chat: string; viewRef?: string }): Promise<void> {
  const chatId = Number(which.chat)
  let standing: Standing | null = null
  try {
    standing = await keyboards.take(which)
    if (standing === null) return
    // Only a message can do it, and that has nothing to say.
    const broom = await bot.api.sendMessage(chatId, '…', { reply_markup: { remove_keyboard: true }, disable_notification: true })
    await Promise.allSettled([broom.message_id, Number(standing.keyboardRef)].map((id) => bot.api.deleteMessage(chatId, id)))
  } catch (error) {
    log.warn({ err: withoutPayload(error) }, 'the keyboard below a chat could not be taken away; the next answer tries again')
    if (standing !== null) await keyboards.keep(standing).catch(() => undefined)
  }
}
