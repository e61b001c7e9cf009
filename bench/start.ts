// A start of the whole program on a prepared folder, from spawning it to its answer to a first command, against a process that only opens the same database.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { closingLine, figure, median, say, table } from './support/figures.ts'

const ROUNDS = 7
const START_MS_MAX = 60_000
const COMMAND = '/help'

const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url))
const OPEN = fileURLToPath(new URL('support/open-database.ts', import.meta.url))

type Start = { firstMs: number; wantedMs: number }

/** Runs a program until `wanted` finds what it is waiting for in the output; then ends its input and waits for its end. */
async function start(
  script: string,
  args: string[],
  { home, input, wanted }: { home: string; input: string; wanted: (text: string) => boolean },
): Promise<Start> {
  const started = performance.now()
  // Nothing of the shell's own settings: they would configure Conch.
  const child = spawn(process.execPath, [script, ...args], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { CONCH_HOME: home, PORT: '0', GATEWAY_IMAGE: 'gateway:stub' },
  })
  const gone = once(child, 'exit')
  const hard = setTimeout(() => child.kill('SIGKILL'), START_MS_MAX)
  child.stdin.on('error', () => undefined).write(input)
  let text = ''
  let firstMs = Number.NaN
  let wantedMs = Number.NaN
  for await (const chunk of child.stdout.setEncoding('utf8')) {
    text += String(chunk)
    const now = performance.now() - started
    if (Number.isNaN(firstMs) && text.trim() !== '') firstMs = now
    if (Number.isNaN(wantedMs) && wanted(text)) {
      wantedMs = now
      child.stdin.end()
    }
  }
  await gone
  clearTimeout(hard)
  if (Number.isNaN(wantedMs)) throw new Error(`${script} did not answer; it said: ${text}`)
  return { firstMs, wantedMs }
}

/** The command is echoed, as a chat shows it: what comes after it is the answer. */
const answered = (text: string): boolean => {
  const echo = text.indexOf(`${COMMAND}\n`)
  return echo >= 0 && text.slice(echo + COMMAND.length).trim() !== ''
}

async function main(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'conch-bench-start-'))
  try {
    const conch = (): Promise<Start> => start(MAIN, [], { home, input: `${COMMAND}\n`, wanted: answered })
    const open = (): Promise<Start> => start(OPEN, [join(home, 'db')], { home, input: '', wanted: (text) => text.includes('open') })
    const first = await conch()
    const starts: Start[] = []
    const opens: Start[] = []
    for (let n = 0; n < ROUNDS; n += 1) {
      starts.push(await conch())
      opens.push(await open())
    }
    const ms = (runs: readonly Start[], of: keyof Start): number => median(runs.map((one) => one[of]))
    const shown = (value: number): string => `${figure(value)} ms`
    say(`Medians of ${ROUNDS} starts in turn on a prepared folder; Node ${process.version}, ${availableParallelism()} cores`)
    say(
      table([
        ['', 'greeting', `answer to ${COMMAND}`],
        ['Conch, the very first start', shown(first.firstMs), shown(first.wantedMs)],
        ['Conch, later starts', shown(ms(starts, 'firstMs')), shown(ms(starts, 'wantedMs'))],
        ['a process that opens the database alone', '', shown(ms(opens, 'wantedMs'))],
      ]),
    )
    say(closingLine('start', { vs_open: ms(starts, 'wantedMs') / ms(opens, 'wantedMs'), first_reply_ms: ms(starts, 'wantedMs') }))
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

await main()
