// What we say, before any platform's markup: a small document with buttons. Texts are lists of spans, so that a name or a provider's words
// can never become markup: only the `bold` and `code` of our own sentences are ever styled, and every face escapes what is inside them.
import { partsOf } from './language.ts'

export type Span = string | { bold: string } | { code: string }
export type Text = readonly Span[]

/** Colours and the mark before the first line follow from it. */
export type Tone = 'plain' | 'good' | 'working' | 'warning' | 'bad'

export type Step = {
  label: string
  state: 'done' | 'active' | 'waiting' | 'failed'
  /** What moves while the step is active: "usually 20 to 60 s", "40 %". */
  detail?: string
  percent?: number
}

/** A code to be scanned, at most one in a view. Where it cannot be shown, `alt` is said instead. */
export type Picture = { kind: 'image'; png: Buffer; alt: Text }

/** Something to be kept, at most one in a view. Where no file can be sent, its content is shown. */
export type FileBlock = { kind: 'file'; name: string; content: string }

export type Block =
  | { kind: 'text'; text: Text }
  | { kind: 'fields'; fields: readonly { label: string; value: Text }[] }
  | { kind: 'progress'; steps: readonly Step[] }
  | { kind: 'divider' }
  | { kind: 'code'; lines: readonly string[] }
  | Picture
  | FileBlock

/** What a button does: a verb that the router knows, with its words. */
export type Press = { verb: string; args: readonly string[] }
type Style = 'plain' | 'primary' | 'danger'
export type Button = { label: string; press: Press; style?: Style } | { label: string; url: string }
export type Select = { label: string; options: readonly { label: string; press: Press }[] }

type Document = {
  tone: Tone
  title?: Text
  /** Shown behind the title; it changes every second without being news. */
  elapsed?: string
  blocks: readonly Block[]
  /** The message that this one is a state of: shown again under the same key, it is edited in place. */
  key?: string
  /** The job that a keyed message tells about goes on, or will not end by itself. Without it, it has ended. */
  job?: 'ongoing' | 'interrupted'
  /** What is expected in answer: a secret is masked where the platform can. */
  input?: 'text' | 'secret'
  /** The form in which a platform that has forms takes the answer (see form.ts); by default the one of a single text or secret. */
  form?: string
  /** There is more to it than others may read along: a face of a shared place shows the way into private. */
  elsewhere?: true
  /** Where the platform lets a person make a bot with a tap, this is offered; elsewhere it is left out. */
  createBot?: { label: string; name: string; username: string }
}

export type View = Document & { actions: readonly Button[]; select?: Select }

/** A button as a face sends it: `id` is at most 64 bytes and comes back in the press. */
export type ReadyButton = { kind: 'press'; label: string; id: string; style: Style } | { kind: 'link'; label: string; url: string }
export type ReadyView = Document & {
  actions: readonly ReadyButton[]
  select?: { label: string; options: readonly { label: string; id: string }[] }
}

/** Our own emphasis around a piece of text that may be anybody's. */
export function bold(text: string): Span {
  return { bold: text }
}

/** Something to be typed or copied exactly as it stands. */
export function code(text: string): Span {
  return { code: text }
}

/** Builds a text in the language of whom we talk to: the sentence is ours, and everything put into it stays inert. */
export function say(strings: TemplateStringsArray, ...values: readonly (Span | Text | number)[]): Text {
  return partsOf(strings).flatMap((part): readonly Span[] => {
    if (typeof part === 'string') return [part]
    const value = values[part] ?? []
    return typeof value === 'number' ? [String(value)] : isText(value) ? value : [value]
  })
}

function isText(value: Span | Text): value is Text {
  return Array.isArray(value)
}

/** A paragraph. */
export function paragraph(strings: TemplateStringsArray, ...values: readonly (Span | Text | number)[]): Block {
  return { kind: 'text', text: say(strings, ...values) }
}

/** A button that presses `verb` with `args`. */
export function button(label: string, verb: string, ...args: readonly string[]): Button {
  return { label, press: { verb, args } }
}
