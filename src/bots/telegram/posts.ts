// Messages on their way out: a sheet becomes a text or a photo with its caption, in a chat or a topic.
import { InputFile, InputMediaBuilder, type Bot } from 'grammy'
import type { Log } from '../../lib/log.ts'
import type { Delivery } from '../core/face.ts'
import { deliveryOf, isPictureInstead, withoutPayload } from './failures.ts'
import type { Sheet } from './sheet.ts'

export type Target = { chatId: number; threadId?: number; replyTo?: number }
type PostDeps = { bot: Bot; log: Log }

/** Sends a message. */
export async function post({ bot, log }: PostDeps, { target, sheet }: { target: Target; sheet: Sheet }): Promise<Delivery> {
  const place = {
    ...(target.threadId !== undefined && { message_thread_id: target.threadId }),
    ...(target.replyTo !== undefined && { reply_parameters: { message_id: target.replyTo, allow_sending_without_reply: true } }),
  }
  try {
    const sent =
      sheet.picture === null
        ? await bot.api.sendMessage(target.chatId, sheet.html, { ...place, ...markupOf(sheet), ...NO_PREVIEW })
        : await bot.api.sendPhoto(target.chatId, pictureFile(sheet.picture), { ...place, caption: sheet.html, ...markupOf(sheet) })
    if (sheet.attachment !== null) await attach({ bot, log }, { target, file: sheet.attachment, replyTo: sent.message_id })
    return { kind: 'sent', ref: String(sent.message_id) }
  } catch (error) {
    return deliveryOf(error, null)
  }
}

const NO_PREVIEW = { link_preview_options: { is_disabled: true } } as const

function markupOf(sheet: Sheet) {
  return { parse_mode: 'HTML', reply_markup: { inline_keyboard: sheet.keyboard } } as const
}

function pictureFile(png: Buffer): InputFile {
  return new InputFile(png, 'code.png')
}

/** The message has said the most important part: without its file it is still an answer. */
async function attach(
  { bot, log }: PostDeps,
  { target, file, replyTo }: { target: Target; file: NonNullable<Sheet['attachment']>; replyTo: number },
): Promise<void> {
  const thread = target.threadId !== undefined ? { message_thread_id: target.threadId } : {}
  try {
    await bot.api.sendDocument(target.chatId, new InputFile(Buffer.from(file.content), file.name), {
      ...thread,
      reply_parameters: { message_id: replyTo },
    })
  } catch (error) {
    log.warn({ err: withoutPayload(error) }, 'the file of a message could not be sent')
  }
}

type Change = { target: Target; ref: string; sheet: Sheet }

/** Changes a message. Its reference is another one when it had to be sent anew. */
export async function change({ bot, log }: PostDeps, { target, ref, sheet }: Change): Promise<Delivery> {
  const { chatId } = target
  try {
    if (sheet.picture === null) await bot.api.editMessageText(chatId, Number(ref), sheet.html, { ...markupOf(sheet), ...NO_PREVIEW })
    else {
      const { reply_markup, parse_mode } = markupOf(sheet)
      const photo = InputMediaBuilder.photo(pictureFile(sheet.picture), { caption: sheet.html, parse_mode })
      await bot.api.editMessageMedia(chatId, Number(ref), photo, { reply_markup })
    }
    return { kind: 'sent', ref }
  } catch (error) {
    return isPictureInstead(error) ? replacePicture({ bot, log }, { target, ref, sheet }) : deliveryOf(error, ref)
  }
}

/** A text can become a picture and never the other way round: the message with the picture goes, and the text comes anew. */
async function replacePicture({ bot, log }: PostDeps, { target, ref, sheet }: Change): Promise<Delivery> {
  const sent = await post({ bot, log }, { target, sheet })
  if (sent.kind === 'sent')
    await remove(bot, target.chatId, ref).catch((error: unknown) => log.warn({ err: withoutPayload(error) }, 'a picture stayed'))
  return sent
}

/** Deletes a message; false when Telegram does not let us. */
export async function remove(bot: Bot, chatId: number, ref: string): Promise<boolean> {
  try {
    return await bot.api.deleteMessage(chatId, Number(ref))
  } catch (error) {
    const failure = withoutPayload(error)
    if (failure.code === 'telegram.400' || failure.code === 'telegram.403') return false
    throw failure
  }
}
