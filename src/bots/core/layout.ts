// A view as lines of text, the same on every face: only the styling of spans differs. And its fitting into a platform's limits.
import { assertNever } from '../../lib/errors.ts'
import type { Capabilities } from './face.ts'
import type { Block, FileBlock, Picture, ReadyButton, ReadyView, Span, Step, Text, Tone } from './view.ts'

export type SpanStyle = (span: Span) => string
export type Line = { kind: 'title' | 'text' | 'step' | 'code' | 'divider'; text: string }

const marks: Readonly<Record<Tone, string>> = { plain: '', good: '🟢 ', working: '', warning: '🟡 ', bad: '🔴 ' }
const stepMarks: Readonly<Record<Step['state'], string>> = { done: '✓', active: '⏳', waiting: '·', failed: '✗' }

/** Text without styles, and without the control characters with which a foreign text could steer a terminal. */
export const plainStyle: SpanStyle = (span) => inert(typeof span === 'string' ? span : 'bold' in span ? span.bold : span.code)

/** `text` without control characters; line breaks and tabs become spaces. */
export function inert(text: string): string {
  return text.replaceAll(/[\n\r\t]+/g, ' ').replaceAll(/\p{Cc}|[\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu, '')
}

/** A text's spans, styled and joined. */
export function styled(text: Text, style: SpanStyle): string {
  return text.map(style).join('')
}

/** The view's lines, top to bottom, without its buttons. */
export function linesOf(view: Pick<ReadyView, 'tone' | 'title' | 'elapsed' | 'blocks'>, style: SpanStyle): Line[] {
  const elapsed = view.elapsed === undefined ? '' : ` (${view.elapsed})`
  const title: Line[] = view.title === undefined ? [] : [{ kind: 'title', text: styled(view.title, style) + elapsed }]
  const lines = [...title, ...view.blocks.flatMap((block) => blockLines(block, style))]
  const [first, ...rest] = lines
  return first === undefined ? [] : [{ ...first, text: marks[view.tone] + first.text }, ...rest]
}

function blockLines(block: Block, style: SpanStyle): Line[] {
  switch (block.kind) {
    case 'text':
      return [{ kind: 'text', text: styled(block.text, style) }]
    case 'fields':
      return block.fields.map((field) => ({ kind: 'text', text: `${style(field.label)}: ${styled(field.value, style)}` }))
    case 'progress':
      return stepLines(block.steps, style)
    case 'divider':
      return [{ kind: 'divider', text: '' }]
    case 'code':
      return block.lines.map((line) => ({ kind: 'code', text: style(line) }))
    case 'image':
      return [{ kind: 'text', text: styled(block.alt, style) }]
    case 'file':
      return block.content
        .trimEnd()
        .split('\n')
        .map((line) => ({ kind: 'code', text: style(line) }))
    default:
      return assertNever(block)
  }
}

/** What is done shares a line, what is under way has its own, and what waits shares one again: a phone shows it all. */
function stepLines(steps: readonly Step[], style: SpanStyle): Line[] {
  const together = (state: Step['state']): Line[] => {
    const text = steps
      .filter((step) => step.state === state)
      .map((step) => stepLine(step, style))
      .join(' ')
    return text === '' ? [] : [{ kind: 'step', text }]
  }
  const current = steps.filter((step) => step.state === 'active' || step.state === 'failed')
  return [...together('done'), ...current.map((step): Line => ({ kind: 'step', text: stepLine(step, style) })), ...together('waiting')]
}

/** One step with its mark: "⏳ Starting OpenClaw: usually 20 to 60 s". */
export function stepLine(step: Step, style: SpanStyle): string {
  const detail = step.detail === undefined || step.state !== 'active' ? '' : `: ${step.detail}`
  return `${stepMarks[step.state]} ${style(step.label + detail)}`
}

/** The view's picture; null when it has none. */
export function pictureOf(view: Pick<ReadyView, 'blocks'>): Picture | null {
  return view.blocks.find((block) => block.kind === 'image') ?? null
}

/** The view as it is said beside its picture. */
export function withoutPicture(view: ReadyView): ReadyView {
  return { ...view, blocks: view.blocks.filter((block) => block.kind !== 'image') }
}

/** The view's file; null when it has none. */
export function fileOf(view: Pick<ReadyView, 'blocks'>): FileBlock | null {
  return view.blocks.find((block) => block.kind === 'file') ?? null
}

/** The view as it is said beside its file. */
export function withoutFile(view: ReadyView): ReadyView {
  return { ...view, blocks: view.blocks.filter((block) => block.kind !== 'file') }
}

/** Buttons in rows of at most `perRowMax`. */
export function rowsOf<T>(buttons: readonly T[], perRowMax: number): T[][] {
  return Array.from({ length: Math.ceil(buttons.length / perRowMax) }, (_, row) => buttons.slice(row * perRowMax, (row + 1) * perRowMax))
}

/** The view within a platform's limits: a select it lacks becomes buttons, labels are cut, and old output goes before our own sentences do. */
export function fitted(view: ReadyView, capabilities: Capabilities): ReadyView {
  const { select, createBot, ...rest } = view
  const asButtons = select !== undefined && select.options.length > capabilities.selectOptionsMax
  const options: ReadyButton[] = asButtons ? select.options.map((option) => ({ kind: 'press', style: 'plain', ...option })) : []
  const actions = [...options, ...view.actions]
    .slice(0, capabilities.buttonsMax)
    .map((one) => ({ ...one, label: cut(one.label, capabilities.buttonLabelCharsMax) }))
  const blocks = fittedBlocks(view, capabilities.textCharsMax)
  const offered = capabilities.createsBots && createBot !== undefined ? { createBot } : {}
  return { ...rest, ...offered, blocks, actions, ...(select !== undefined && !asButtons && { select }) }
}

/** Markup makes a text longer than its plain form: this share of a platform's limit is kept free for it. */
const MARKUP_SHARE = 0.15

function fittedBlocks(view: ReadyView, charsMax: number): readonly Block[] {
  const room = Math.floor(charsMax * (1 - MARKUP_SHARE))
  // A file is no part of the text, and whole or nothing.
  const said = (blocks: readonly Block[]): Block[] => blocks.filter((block) => block.kind !== 'file')
  const size = (blocks: readonly Block[]): number =>
    linesOf({ ...view, blocks: said(blocks) }, plainStyle).reduce((sum, line) => sum + line.text.length + 1, 0)
  let blocks = view.blocks
  while (size(blocks) > room) {
    const codeAt = blocks.findIndex((block) => block.kind === 'code' && block.lines.length > 1)
    const before = size(blocks)
    blocks = codeAt === -1 ? cutBlocks(blocks, room - before) : blocks.map((block, index) => (index === codeAt ? withoutOldest(block) : block))
    if (size(blocks) >= before) return blocks
  }
  return blocks
}

function withoutOldest(block: Block): Block {
  return block.kind === 'code' ? { kind: 'code', lines: block.lines.slice(1) } : block
}

/** No output left to drop: the longest paragraph is cut, by the characters that are too many. */
function cutBlocks(blocks: readonly Block[], missing: number): Block[] {
  const lengths = blocks.map((block) => (block.kind === 'text' || block.kind === 'code' ? blockText(block).length : 0))
  const longest = lengths.indexOf(Math.max(...lengths))
  return blocks.map((block, index) => {
    if (index !== longest) return block
    const text = cut(blockText(block), Math.max(1, (lengths[longest] ?? 0) + missing))
    return block.kind === 'code' ? { kind: 'code', lines: [text] } : { kind: 'text', text: [text] }
  })
}

function blockText(block: Block): string {
  return blockLines(block, plainStyle)
    .map((line) => line.text)
    .join(' ')
}

/** At most `charsMax` characters, the last one an ellipsis when something was cut. */
export function cut(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1).trimEnd()}…`
}
