// A view as Slack's blocks. What is shown goes into rich_text, header and button texts, all of which Slack takes as they stand: unlike mrkdwn,
// in which `*` and `_` cannot be escaped at all, they leave nothing to be turned into markup, a mention or a link.
import type { types } from '@slack/bolt'
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
  styled,
  withoutFile,
  withoutPicture,
  type Line,
  type SpanStyle,
} from '../core/layout.ts'
import { formFor, type Field, type Form } from '../core/form.ts'
import { language } from '../core/language.ts'
import type { ReadyButton, ReadyView } from '../core/view.ts'
import { formWords } from './words.ts'

/** Slack's limits: docs.slack.dev/reference/block-kit/blocks and …/block-elements. */
const HEADER_CHARS_MAX = 150
const FALLBACK_CHARS_MAX = 1_000
const QUESTION_CHARS_MAX = 1_500
const ANSWER_CHARS_MAX = 3_000
const PLACEHOLDER_CHARS_MAX = 150
const ALT_CHARS_MAX = 2_000

export const slackCapabilities: Capabilities = {
  editsMessages: true,
  answersInPlace: true,
  deletesTheirMessages: false,
  // The form's text never stands in a channel.
  masksSecrets: true,
  privateReplies: true,
  forms: 'modal',
  createsBots: false,
  selectOptionsMax: 100,
  buttonsMax: 50,
  buttonsPerRowMax: 5,
  buttonLabelCharsMax: 75,
  textCharsMax: 3_000,
  // chat.update allows about 50 calls a minute for a whole workspace (tier 3).
  refreshMs: 5_000,
}

export const ACTION = { press: 'press', link: 'link', select: 'select', ask: 'ask' } as const
export const ANSWER_FORM = 'answer'
/** The input of each field is alone in its block, which has the field's name. */
const FIELD_ACTION = 'value'

type Element = types.RichTextText
type Part = types.RichTextSection | types.RichTextPreformatted

/** The blocks of a message, with a plain text for notifications. `file` is the view's picture, once Slack has it. */
export function messageOf(shown: ReadyView, file?: string): { text: string; blocks: types.KnownBlock[] } {
  const picture = file === undefined ? null : pictureOf(shown)
  const view = readable(picture === null ? shown : withoutPicture(shown))
  const text = escaped(cut(plainLines(view), FALLBACK_CHARS_MAX))
  if (picture === null || file === undefined) return { text, blocks: blocksOf(view) }
  const image: types.ImageBlock = { type: 'image', slack_file: { id: file }, alt_text: cut(styled(picture.alt, plainStyle), ALT_CHARS_MAX) }
  return { text, blocks: [...textBlocks(view), image, ...actionBlocks(view)] }
}

/** A file that could not be shared is shown as far as there is room. */
function readable(view: ReadyView): ReadyView {
  const file = fileOf(view)
  if (file === null) return view
  const lines = file.content.trimEnd().split('\n')
  return fitted({ ...view, blocks: [...withoutFile(view).blocks, { kind: 'code', lines }] }, slackCapabilities)
}

/** The blocks alone: for the Home tab. */
export function blocksOf(view: ReadyView): types.KnownBlock[] {
  return [...textBlocks(view), ...actionBlocks(view)]
}

/** The form behind an answer's button. `metadata` comes back with what was filled in. */
export function answerForm(form: Form, question: string, metadata: string): types.ModalView {
  const { submit, cancel } = formWords()
  const asking: types.KnownBlock[] = question === '' ? [] : [richText([section([{ type: 'text', text: question }])])]
  return {
    type: 'modal',
    callback_id: ANSWER_FORM,
    private_metadata: metadata,
    title: plain(form.title),
    submit: plain(submit),
    close: plain(cancel),
    blocks: [...asking, ...form.fields.map(inputBlock)],
  }
}

function inputBlock({ name, kind, label, placeholder, optional }: Field, index: number): types.InputBlock {
  const hint = placeholder === undefined ? {} : { placeholder: plain(placeholder) }
  const element: types.PlainTextInput = {
    type: 'plain_text_input',
    action_id: FIELD_ACTION,
    ...(kind === 'long' && { multiline: true }),
    focus_on_load: index === 0,
    max_length: ANSWER_CHARS_MAX,
    ...hint,
  }
  return { type: 'input', block_id: name, label: plain(label), optional: optional === true, element }
}

/** Slack's three control characters, for the places that parse text. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}

/** What a person typed, as they typed it: Slack escapes three characters and wraps addresses, channels and people in angle brackets. */
export function typedText(text: string): string {
  return text
    .replaceAll(/<((?:https?|mailto|tel):[^|>]*)(?:\|([^>]*))?>/g, (_all, url: string, label: string | undefined) => label ?? url)
    .replaceAll(/<[#@!][^|>]*\|([^>]*)>/g, '$1')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
}

function plainLines(view: ReadyView): string {
  return linesOf(view, plainStyle)
    .map((line) => line.text)
    .filter((text) => text !== '')
    .join('\n')
}

function plain(text: string): types.PlainTextElement {
  return { type: 'plain_text', text, emoji: false }
}

// Private-use characters mark our own emphasis on its way through the lines; they are taken out of everything else.
const BOLD = '\uE000'
const CODE = '\uE001'
const END = '\uE002'
const MARKS = /[\uE000-\uE002]/g
const MARKED = /([\uE000\uE001])([^\uE002]*)\uE002/g

const marked: SpanStyle = (span) => {
  const text = plainStyle(span).replaceAll(MARKS, '')
  if (typeof span === 'string') return text
  return `${'bold' in span ? BOLD : CODE}${text}${END}`
}

function elementsOf(line: string): Element[] {
  const elements: Element[] = []
  let at = 0
  for (const match of line.matchAll(MARKED)) {
    elements.push({ type: 'text', text: line.slice(at, match.index) })
    elements.push({ type: 'text', text: match[2] ?? '', style: match[1] === BOLD ? { bold: true } : { code: true } })
    at = match.index + match[0].length
  }
  elements.push({ type: 'text', text: line.slice(at) })
  return elements.filter((element) => element.text !== '')
}

function section(elements: Element[]): types.RichTextSection {
  return { type: 'rich_text_section', elements }
}

function richText(elements: Part[]): types.RichTextBlock {
  return { type: 'rich_text', elements }
}

function textBlocks(view: ReadyView): types.KnownBlock[] {
  const blocks: types.KnownBlock[] = []
  let run: Line[] = []
  const flush = (): void => {
    if (run.length > 0) blocks.push(...runBlocks(run))
    run = []
  }
  for (const line of linesOf(view, marked)) {
    const first = run[0]
    if (first !== undefined && (first.kind === 'code') !== (line.kind === 'code')) flush()
    if (line.kind === 'divider') {
      flush()
      blocks.push({ type: 'divider' })
    } else if (line.kind === 'title' && line.text.length <= HEADER_CHARS_MAX) {
      flush()
      blocks.push({ type: 'header', text: plain(line.text.replaceAll(MARKS, '')) })
    } else run.push(line)
  }
  flush()
  return blocks
}

/** Lines of one kind, one below the other. */
function runBlocks(lines: readonly Line[]): types.KnownBlock[] {
  if (lines[0]?.kind === 'code') {
    const text = lines.map((line) => line.text.replaceAll(MARKS, '')).join('\n')
    return [richText([{ type: 'rich_text_preformatted', elements: [{ type: 'text', text: text === '' ? ' ' : text }] }])]
  }
  const elements = lines.flatMap((line, index): Element[] => [
    ...(index === 0 ? [] : [{ type: 'text' as const, text: '\n' }]),
    ...elementsOf(line.text),
  ])
  return elements.length === 0 ? [] : [richText([section(elements)])]
}

function actionBlocks(view: ReadyView): types.KnownBlock[] {
  const { select } = view
  const picker: types.ActionsBlockElement[] =
    select === undefined || select.options.length === 0
      ? []
      : [
          {
            type: 'static_select',
            action_id: ACTION.select,
            placeholder: plain(cut(inert(select.label), PLACEHOLDER_CHARS_MAX)),
            options: select.options.map((one) => ({ text: plain(labelOf(one.label)), value: one.id })),
          },
        ]
  const form = formFor(view)
  const asking: types.ActionsBlockElement[] =
    form === null
      ? []
      : [
          {
            type: 'button',
            action_id: `${ACTION.ask}:${language()}:${form.id}`,
            text: plain(form.button),
            value: cut(plainLines(view), QUESTION_CHARS_MAX),
          },
        ]
  const buttons = [...asking, ...view.actions.map(buttonOf)]
  return [picker, ...rowsOf(buttons, slackCapabilities.buttonsPerRowMax)]
    .filter((elements) => elements.length > 0)
    .map((elements) => ({ type: 'actions', elements }))
}

function buttonOf(button: ReadyButton, index: number): types.ActionsBlockElement {
  const text = plain(labelOf(button.label))
  if (button.kind === 'link') return { type: 'button', action_id: `${ACTION.link}:${index}`, text, url: button.url }
  const style = button.style === 'plain' ? {} : { style: button.style }
  return { type: 'button', action_id: `${ACTION.press}:${index}`, text, value: button.id, ...style }
}

function labelOf(label: string): string {
  return cut(inert(label), slackCapabilities.buttonLabelCharsMax) || '·'
}
