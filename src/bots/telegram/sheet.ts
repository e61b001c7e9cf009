// A view as Telegram takes it: HTML in which everything foreign is escaped, an inline keyboard, and a file when the text is too long.
import type { InlineKeyboardButton } from 'grammy/types'
import type { Capabilities } from '../core/face.ts'
import {
  cut,
  fileOf,
  fitted,
  inert,
  linesOf,
  pictureOf,
  plainStyle,
  rowsOf,
  withoutFile,
  withoutPicture,
  type Line,
  type SpanStyle,
} from '../core/layout.ts'
import type { ReadyButton, ReadyView } from '../core/view.ts'

/** Bot API, sendMessage: 4096 characters after the markup is taken out. */
const TEXT_CHARS_MAX = 4_096
/** Bot API, sendPhoto: a caption. */
const CAPTION_CHARS_MAX = 1_024
/** From this many characters in its labels, a row is too wide for a phone. */
const ROW_CHARS_MAX = 30
const WHOLE_FILE = 'all-of-it.txt'
const RULE = '──────────'

export type Sheet = {
  html: string
  keyboard: InlineKeyboardButton[][]
  /** With it, the text is its caption. */
  picture: Buffer | null
  /** The view's file; or everything there is to read, when the message shows only a part of it. */
  attachment: { name: string; content: string } | null
}

export const capabilities: Capabilities = {
  editsMessages: true,
  answersInPlace: true,
  deletesTheirMessages: true,
  masksSecrets: false,
  privateReplies: false,
  forms: 'questions',
  createsBots: false,
  selectOptionsMax: 0,
  buttonsMax: 40,
  buttonsPerRowMax: 3,
  buttonLabelCharsMax: 60,
  // A longer text than one message holds goes along as a file.
  textCharsMax: 100_000,
  refreshMs: 3_000,
}

/** The view's text, keyboard, picture and file. */
export function sheetOf(shown: ReadyView): Sheet {
  const picture = pictureOf(shown)?.png ?? null
  const charsMax = picture === null ? TEXT_CHARS_MAX : CAPTION_CHARS_MAX
  const file = fileOf(shown)
  const view = withoutFile(withoutPicture(shown))
  const whole = plainText(view)
  const short = fitted(view, { ...capabilities, textCharsMax: charsMax })
  const text = plainText(short)
  const pressable = short.actions.filter((one) => one.kind === 'press' || opensAnywhere(one.url))
  return {
    html: (text.length > charsMax ? escaped(cut(text, charsMax)) : htmlOf(short)).toWellFormed(),
    picture,
    keyboard: rowsThatFit(pressable).map((row) => row.map(keyOf)),
    attachment: file ?? (whole.length > charsMax ? { name: WHOLE_FILE, content: whole.toWellFormed() } : null),
  }
}

/** `text` with the three characters that HTML parse mode gives a meaning. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

const htmlStyle: SpanStyle = (span) => {
  const text = escaped(plainStyle(span))
  if (typeof span === 'string' || text === '') return text
  return 'bold' in span ? `<b>${text}</b>` : `<code>${text}</code>`
}

function htmlOf(view: ReadyView): string {
  const paragraphs: string[] = []
  let output: string[] = []
  const flush = (): void => {
    if (output.length > 0) paragraphs.push(`<pre>${output.join('\n')}</pre>`)
    output = []
  }
  for (const line of linesOf(view, htmlStyle)) {
    if (line.kind === 'code') {
      output.push(line.text)
      continue
    }
    flush()
    paragraphs.push(lineHtml(line))
  }
  flush()
  return [...paragraphs, ...addresses(view).map(escaped)].join('\n') || '…'
}

function lineHtml(line: Line): string {
  if (line.kind === 'divider') return RULE
  // A title that stresses a name already is not stressed as a whole: it would drown the name.
  return line.kind === 'title' && !line.text.includes('<b>') ? `<b>${line.text}</b>` : line.text
}

function plainText(view: ReadyView): string {
  const lines = linesOf(view, plainStyle).map((line) => (line.kind === 'divider' ? RULE : line.text))
  return [...lines, ...addresses(view)].join('\n')
}

/** Telegram refuses the whole message when a button's address is not public; such an address is written out. */
function addresses(view: ReadyView): string[] {
  return view.actions.flatMap((one) => (one.kind === 'link' && !opensAnywhere(one.url) ? [inert(`${one.label}: ${one.url}`)] : []))
}

function opensAnywhere(address: string): boolean {
  const url = URL.parse(address)
  if (url === null || !/^(https?|tg):$/.test(url.protocol)) return false
  return url.protocol === 'tg:' || (url.hostname.includes('.') && !/(^|\.)localhost$|^127\.|^\[/.test(url.hostname))
}

function rowsThatFit(buttons: readonly ReadyButton[]): ReadyButton[][] {
  const rows: ReadyButton[][] = []
  for (const one of buttons) {
    const last = rows.at(-1)
    const chars = (last ?? []).reduce((sum, other) => sum + other.label.length, one.label.length)
    if (last !== undefined && chars <= ROW_CHARS_MAX) last.push(one)
    else rows.push([one])
  }
  return rows.flatMap((row) => rowsOf(row, capabilities.buttonsPerRowMax))
}

function keyOf(one: ReadyButton): InlineKeyboardButton {
  const text = inert(one.label).toWellFormed() || '…'
  if (one.kind === 'link') return { text, url: one.url }
  return { text, callback_data: one.id, ...(one.style !== 'plain' && { style: one.style }) }
}
