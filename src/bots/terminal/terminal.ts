// The terminal as a chat. It owns the screen, the keyboard and a short history of what it has shown; it must never decide what is said, and
// it keeps nothing that was typed.
// Piped input is for scripts: `printf '/deploy my-claw\n…\n/status\n' | npm start`. Its lines are echoed and answered in order, and the next
// one is read only when every job that the former ones began has ended (or is held up), which the terminal sees by the messages that the
// router told it to expect. At the end of the input it waits for the same, and then ends.
import { createInterface } from 'node:readline'
import { Writable } from 'node:stream'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import { randomId } from '../../lib/random.ts'
import type { Capabilities, Delivery, Face, Inbound } from '../core/face.ts'
import type { ReadyView } from '../core/view.ts'
import { createExpectations, type Expectations } from './expectations.ts'
import { openHistory, type History, type Shown } from './history.ts'
import { createKeypad, type Keypad } from './keypad.ts'
import { paintedLines, printedLines, type Paper } from './paint.ts'
import { createDrawnScreen, createPrintedScreen, newLines, promptOf, remembered, type Screen } from './screen.ts'
import { typedFile } from './typed-file.ts'

export type TerminalDeps = {
  input: NodeJS.ReadableStream
  output: NodeJS.WritableStream
  historyFile: string
  clock: Clock
  log: Log
  timeZone: string | null
  /** The language of the terminal, as the system names it: "de-DE". */
  language: string | null
  userName: string
}
export type Ended = 'eof' | 'stopped' | 'quit'
export type Terminal = Face & {
  /** Greets, then hands on what is typed until the input ends, the person quits, or `signal` is aborted. */
  run(handle: (inbound: Inbound) => Promise<void>, signal: AbortSignal): Promise<Ended>
}

const PROVIDER = 'terminal'
const CHAT = 'terminal'
const SUBJECT = 'local'
const PROMPT = '› '
const HIDDEN = '••••'
/** Longer than the longest job, a first deployment: 20 minutes. A script is not held up for ever by a job that hangs. */
const JOB_PATIENCE_MS = 30 * 60_000

type State = {
  deps: TerminalDeps
  interactive: boolean
  screen: Screen
  history: History
  keypad: Keypad
  expectations: Expectations
  /** What is typed now is a secret. */
  secret: boolean
}

export function createTerminalFace(deps: TerminalDeps): Terminal {
  const interactive = isTty(deps.input) && isTty(deps.output)
  const state: State = {
    deps,
    interactive,
    screen: createPrintedScreen(deps.output),
    history: openHistory(deps.historyFile, deps.log),
    keypad: createKeypad(),
    expectations: createExpectations(),
    secret: false,
  }
  return {
    provider: PROVIDER,
    capabilities: capabilitiesOf(interactive),
    paceMs: 0,
    send: async (_chat, view, options) => {
      const known = state.history.byKey(options.idempotencyKey)
      return known === null ? added(state, view, options) : changed(state, known, view)
    },
    edit: async (_chat, ref, view) => {
      const known = state.history.byRef(ref)
      return known === null ? { kind: 'message-gone' } : changed(state, known, view)
    },
    delete: async () => false,
    expect: (_chat, keys) => state.expectations.expect(keys),
    run: (handle, signal) => (interactive ? runInteractive(state, handle, signal) : runPiped(state, handle, signal)),
  }
}

function isTty(stream: NodeJS.ReadableStream | NodeJS.WritableStream): boolean {
  return 'isTTY' in stream && stream.isTTY === true
}

function capabilitiesOf(interactive: boolean): Capabilities {
  return {
    editsMessages: true,
    answersInPlace: false,
    deletesTheirMessages: false,
    masksSecrets: interactive,
    privateReplies: true,
    forms: 'questions',
    createsBots: false,
    selectOptionsMax: 0,
    buttonsMax: 40,
    buttonsPerRowMax: 40,
    buttonLabelCharsMax: 60,
    textCharsMax: 20_000,
    refreshMs: interactive ? 1_000 : null,
  }
}

function paperOf({ output }: TerminalDeps): Paper {
  const columns = 'columns' in output && typeof output.columns === 'number' ? output.columns : 100
  // Node's own answer heeds NO_COLOR and a dumb terminal.
  const colour = isTty(output) && 'hasColors' in output && typeof output.hasColors === 'function' && output.hasColors() === true
  return { columns, colour }
}

function linesFor(state: State, ref: string, view: ReadyView, options: { unasked: boolean }): string[] {
  const keys = state.keypad.assign(ref, view.actions, options)
  const paper = paperOf(state.deps)
  return state.interactive ? paintedLines(view, keys, paper) : printedLines(view, keys, paper)
}

function added(state: State, view: ReadyView, options: { idempotencyKey: string; unasked: boolean }): Delivery {
  const ref = randomId(8)
  const lines = linesFor(state, ref, view, options)
  if (!options.unasked) state.secret = view.input === 'secret'
  state.screen.add(ref, lines)
  state.history.remember({ ref, key: options.idempotencyKey, lines: lines.map(remembered) })
  if (view.key !== undefined) state.expectations.seen(view.key, view.job)
  return { kind: 'sent', ref }
}

function changed(state: State, known: Shown, view: ReadyView): Delivery {
  const lines = linesFor(state, known.ref, view, { unasked: true })
  const news = newLines(lines, known.lines)
  const kept = lines.map(remembered)
  const same = state.interactive ? kept.join('\n') === known.lines.join('\n') : news.length === 0
  if (!same) {
    state.screen.change(known.ref, lines, known.lines)
    // Printed lines stay printed: what was shown once is never shown again.
    state.history.remember({ ...known, lines: state.interactive ? kept : [...known.lines, ...news.map(remembered)] })
  }
  if (view.key !== undefined) state.expectations.seen(view.key, view.job)
  return { kind: 'sent', ref: known.ref }
}

type Handle = (inbound: Inbound) => Promise<void>

function origin({
  timeZone,
  language,
  userName,
}: TerminalDeps): Pick<Inbound, 'id' | 'provider' | 'subject' | 'displayName' | 'chat' | 'place' | 'timeZone' | 'language'> {
  return { id: randomId(16), provider: PROVIDER, subject: SUBJECT, displayName: userName, chat: CHAT, place: 'terminal', timeZone, language }
}

/** Hands a line on, as a press when it is a button's number or label. */
async function handLine({ deps, keypad, secret }: State, line: string, handle: Handle): Promise<void> {
  const key = secret && !/^\d{1,2}$/.test(line) ? null : keypad.find(line)
  if (key === null) {
    const file = secret ? null : await typedFile(line)
    return handle({ ...origin(deps), text: line, ...(file === null ? { kind: 'text' } : { kind: 'file', file }) })
  }
  await handle({ ...origin(deps), kind: 'press', button: key.id, messageRef: key.ref })
}

function isQuit(line: string): boolean {
  return /^\/?(quit|exit)$/i.test(line)
}

async function runPiped(state: State, handle: Handle, signal: AbortSignal): Promise<Ended> {
  const { deps, screen, expectations } = state
  const lines = createInterface({ input: deps.input, terminal: false, crlfDelay: Infinity })
  // The listener is there before anything is awaited, for lines that come meanwhile would be lost.
  const queue = queuedLines(lines, signal)
  try {
    await handle({ ...origin(deps), kind: 'start' })
    for (;;) {
      await expectations.settled(signal, JOB_PATIENCE_MS, deps.clock)
      if (signal.aborted) return 'stopped'
      const next = await queue.next()
      if (next === null) return signal.aborted ? 'stopped' : 'eof'
      const line = next.trim()
      if (line === '') continue
      screen.typed(`${PROMPT}${state.secret && !/^(\d{1,2}|\/.*)$/.test(line) ? HIDDEN : line}`)
      if (isQuit(line)) return 'quit'
      await handLine(state, line, handle)
    }
  } finally {
    lines.close()
    deps.input.pause()
  }
}

type LineQueue = { next(): Promise<string | null> }

function queuedLines(lines: ReturnType<typeof createInterface>, signal: AbortSignal): LineQueue {
  const waiting: string[] = []
  let ended = false
  let ring: () => void = () => undefined
  const end = (): void => {
    ended = true
    ring()
  }
  lines.on('line', (line) => {
    waiting.push(line)
    ring()
  })
  lines.on('close', end)
  signal.addEventListener('abort', end, { once: true })
  return {
    async next() {
      while (waiting.length === 0 && !ended) await new Promise<void>((resolve) => (ring = resolve))
      return signal.aborted ? null : (waiting.shift() ?? null)
    },
  }
}

async function runInteractive(state: State, handle: Handle, signal: AbortSignal): Promise<Ended> {
  const { deps } = state
  const hidden = (): string | null => (state.secret ? PROMPT : null)
  const line = createInterface({
    input: deps.input,
    output: echoing(deps.output, () => !state.secret),
    terminal: true,
    prompt: PROMPT,
    historySize: 200,
  })
  state.screen = createDrawnScreen(deps.output, promptOf(line, deps.output, hidden))
  let work = handle({ ...origin(deps), kind: 'start' })
  try {
    return await new Promise<Ended>((resolve, reject) => {
      work.catch(reject)
      line.on('history', (history: string[]) => void (state.secret && history.shift()))
      line.on('line', (typed) => {
        const text = typed.trim()
        if (state.secret) deps.output.write('\n')
        state.screen.typed(`${PROMPT}${state.secret ? '' : typed}`)
        if (isQuit(text)) return resolve('quit')
        if (text !== '') work = work.then(() => handLine(state, text, handle))
        work.catch(reject)
        deps.output.write(state.secret ? PROMPT : '')
        if (!state.secret) line.prompt()
      })
      line.on('SIGINT', () => resolve('quit'))
      line.on('close', () => resolve('eof'))
      signal.addEventListener('abort', () => resolve('stopped'), { once: true })
      if (signal.aborted) resolve('stopped')
    })
  } finally {
    state.secret = false
    line.close()
    deps.output.write('\n')
  }
}

/** readline's output, which swallows what is typed while a secret is asked. */
function echoing(output: NodeJS.WritableStream, audible: () => boolean): Writable {
  const echo = new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (audible()) output.write(chunk)
      done()
    },
  })
  // readline measures the screen by its output.
  Object.defineProperty(echo, 'columns', { get: () => ('columns' in output ? output.columns : 80) })
  if (isTty(output)) output.on('resize', () => echo.emit('resize'))
  return echo
}
