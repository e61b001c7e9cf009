// Keyboards: those inside a message, and those that take the place of the letters below the chat until a bot takes them away.
import { z } from 'zod'

const keySchema = z.object({ text: z.string(), callback_data: z.string().optional(), url: z.string().optional(), style: z.string().optional() })
const requestSchema = z.object({ request_id: z.number(), suggested_name: z.string().optional(), suggested_username: z.string().optional() })
const replyKeySchema = z.looseObject({
  text: z.string(),
  style: z.string().optional(),
  icon_custom_emoji_id: z.string().optional(),
  request_managed_bot: requestSchema.optional(),
})
const replyKeyboardSchema = z.strictObject({
  keyboard: z.array(z.array(replyKeySchema)),
  is_persistent: z.boolean().optional(),
  resize_keyboard: z.boolean().optional(),
  one_time_keyboard: z.boolean().default(false),
  input_field_placeholder: z.string().optional(),
  selective: z.boolean().optional(),
})
/** A message carries one of these, never two. */
export const markupSchema = z.union([
  z.strictObject({ inline_keyboard: z.array(z.array(keySchema)) }),
  replyKeyboardSchema,
  z.strictObject({ remove_keyboard: z.literal(true), selective: z.boolean().optional() }),
])
export type Key = z.infer<typeof keySchema>
export type ReplyKey = z.infer<typeof replyKeySchema>
export type ReplyKeyboard = z.infer<typeof replyKeyboardSchema>
export type Markup = z.infer<typeof markupSchema>

const STYLES = ['danger', 'success', 'primary']
const INT32_MAX = 2 ** 31 - 1
const NAME_CHARS_MAX = 64

/** Why Telegram refuses the markup, or null. */
export function markupProblem(markup: Markup | undefined, where: { private: boolean; manages: boolean }): string | null {
  if (markup === undefined || 'remove_keyboard' in markup) return null
  return 'keyboard' in markup ? replyProblem(markup, where) : inlineProblem(markup.inline_keyboard)
}

function inlineProblem(rows: readonly Key[][]): string | null {
  if (rows.flat().length > 100 || rows.some((row) => row.length > 8)) return 'reply markup is too long'
  for (const { text, callback_data: data, url, style } of rows.flat()) {
    if (text.trim() === '') return 'text buttons are unallowed in the inline keyboard'
    if ((data === undefined) === (url === undefined)) return 'a button has one purpose'
    if (data !== undefined && (data === '' || Buffer.byteLength(data) > 64)) return 'BUTTON_DATA_INVALID'
    if (style !== undefined && !STYLES.includes(style)) return 'BUTTON_STYLE_INVALID'
    const host = url === undefined ? null : (URL.parse(url)?.hostname ?? '')
    if (host !== null && (!host.includes('.') || host.endsWith('.localhost') || host.startsWith('127.'))) return 'BUTTON_URL_INVALID'
  }
  return null
}

function replyProblem(
  { keyboard, input_field_placeholder: placeholder }: ReplyKeyboard,
  where: { private: boolean; manages: boolean },
): string | null {
  const keys = keyboard.flat()
  if (keys.length === 0 || keys.length > 300 || keyboard.some((row) => row.length > 12)) return 'reply markup has a wrong size'
  if (placeholder !== undefined && (placeholder === '' || placeholder.length > 64)) return 'input field placeholder is too long'
  if (keys.some((key) => key.text.trim() === '')) return 'keyboard button text must be non-empty'
  const requests = keys.flatMap((key) => (key.request_managed_bot === undefined ? [] : [key.request_managed_bot]))
  if (requests.length === 0) return null
  if (!where.private) return 'bots can be requested in private chats only'
  if (!where.manages) return 'BOT_MANAGEMENT_DISABLED'
  if (keys.some((key) => purposesOf(key).length > 1)) return 'a button has one purpose'
  const ids = requests.map((one) => one.request_id)
  if (new Set(ids).size < ids.length) return 'request_id must be unique within the message'
  if (ids.some((id) => !Number.isInteger(id) || id > INT32_MAX || id < -INT32_MAX - 1)) return 'request_id must be a signed 32-bit integer'
  return requests.map(suggestionProblem).find((why) => why !== null) ?? null
}

function purposesOf(key: ReplyKey): string[] {
  return Object.keys(key).filter((name) => !['text', 'style', 'icon_custom_emoji_id'].includes(name))
}

/** The rules that @BotFather has for every bot. */
function suggestionProblem({ suggested_name: name, suggested_username: username }: z.infer<typeof requestSchema>): string | null {
  if (name !== undefined && (name === '' || name.length > NAME_CHARS_MAX)) return 'NAME_INVALID'
  if (username === undefined) return null
  if (!/^[a-z]\w{4,31}$/i.test(username) || username.includes('__') || username.endsWith('_')) return 'USERNAME_INVALID'
  return username.toLowerCase().endsWith('bot') ? null : 'USERNAME_SUFFIX_MISSING'
}
