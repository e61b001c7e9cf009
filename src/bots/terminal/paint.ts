// A view as lines for a terminal. On a TTY it is laid out like everywhere; printed line by line (a pipe, a log) every step has its own line,
// so that a change is one new line and nothing is repeated.
import { t } from '../core/language.ts'
import { inert, linesOf, pictureOf, plainStyle, stepLine, styled, withoutPicture, type SpanStyle } from '../core/layout.ts'
import type { ReadyView, Step } from '../core/view.ts'
import { figureOf } from './figure.ts'
import type { Key } from './keypad.ts'
import { displayWidth, wrapped } from './width.ts'

const ESC = '\u001B['
const colours = { bold: `${ESC}1m`, cyan: `${ESC}36m`, dim: `${ESC}2m`, off: `${ESC}0m` }
const COLUMNS_MAX = 100

export type Paper = { columns: number; colour: boolean }

const colourStyle: SpanStyle = (span) => {
  const text = plainStyle(span)
  if (typeof span === 'string') return text
  return `${'bold' in span ? colours.bold : colours.cyan}${text}${colours.off}`
}

/** All lines of a view with its numbered buttons, wrapped at words. */
export function paintedLines(view: ReadyView, keys: readonly Key[], paper: Paper): string[] {
  const style = paper.colour ? colourStyle : plainStyle
  const columns = Math.min(COLUMNS_MAX, paper.columns)
  const lines = linesOf(withoutPicture(view), style).flatMap((line) => {
    if (line.kind === 'divider') return ['─'.repeat(Math.min(20, columns))]
    return line.kind === 'code' ? [`  ${dimmed(line.text, paper)}`] : wrapped(line.text, columns)
  })
  return [...lines, ...figureLines(view, paper), ...buttonLines(view, keys, { ...paper, columns })]
}

/** The lines of a message that is printed once and then only added to: no clock, and each step on its own. */
export function printedLines(view: ReadyView, keys: readonly Key[], paper: Paper): string[] {
  const style = paper.colour ? colourStyle : plainStyle
  const { elapsed, ...still } = withoutPicture(view)
  const shown = view.job === 'ongoing' || elapsed === undefined ? still : { ...still, elapsed }
  const steps = view.blocks.flatMap((block) => (block.kind === 'progress' ? block.steps : []))
  const lines = linesOf({ ...shown, blocks: still.blocks.filter((block) => block.kind !== 'progress') }, style).map((line) =>
    line.kind === 'code' ? `  ${line.text}` : line.text,
  )
  const title = view.title === undefined ? [] : lines.slice(0, 1)
  return [
    ...title,
    ...steps.filter((step) => step.state !== 'waiting').map((step) => stepLine(coarse(step), style)),
    ...lines.slice(title.length),
    ...figureLines(view, paper),
    ...buttonLines(view, keys, paper),
  ]
}

/** The picture as one line of several rows, which stays whole; what is said instead where it cannot be drawn. */
function figureLines(view: ReadyView, paper: Paper): string[] {
  const picture = pictureOf(view)
  if (picture === null) return []
  const figure = figureOf(picture.png, paper)
  if (figure.kind === 'drawn') return [figure.rows.join('\n')]
  return figure.kind === 'too-wide' ? [t`Make this window ${figure.columns} columns wide to see the code.`] : [styled(picture.alt, plainStyle)]
}

/** Quarters are news; every percent is not. */
function coarse(step: Step): Step {
  return step.percent === undefined ? step : { ...step, detail: `${Math.floor(step.percent / 25) * 25} %` }
}

function dimmed(text: string, paper: Paper): string {
  return paper.colour ? `${colours.dim}${text}${colours.off}` : text
}

function buttonLines(view: ReadyView, keys: readonly Key[], paper: Paper): string[] {
  const links = view.actions.flatMap((one) => (one.kind === 'link' ? [`${inert(one.label)}: ${inert(one.url)}`] : []))
  const lines: string[] = []
  for (const key of keys) {
    const number = paper.colour ? `${colours.cyan}[${key.number}]${colours.off}` : `[${key.number}]`
    const text = `${number} ${inert(key.label)}`
    const last = lines.at(-1)
    if (last !== undefined && displayWidth(`${last}  ${text}`) <= Math.min(COLUMNS_MAX, paper.columns)) lines[lines.length - 1] = `${last}  ${text}`
    else lines.push(text)
  }
  return [...links, ...lines]
}
