// Runs a program to its end, within bounded time, and keeps a bounded part of what it says.
import { spawn } from 'node:child_process'

/** `printed`: its output without its errors. */
export type Ran = { code: number | null; output: string; printed: string; timedOut: boolean }
export type Program = {
  program: string
  args: readonly string[]
  env: Readonly<Record<string, string>>
  patienceMs: number
  /** Sees all of its output, of which only the beginning is kept. */
  onOutput?: (part: Buffer) => void
}

const OUTPUT_CHARS_MAX = 100_000
const running = new Set<number>()

/** The processes that were started here and have not ended: whoever ends the gateway's leaves them alone. */
export function ownPrograms(): ReadonlySet<number> {
  return running
}

/** Never rejects: what could not be started has no code, and says why in its output. */
export async function run({ program, args, env, patienceMs, onOutput }: Program): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const { pid } = child
    if (pid !== undefined) running.add(pid)
    let [output, printed, timedOut] = ['', '', false]
    const take = (part: Buffer): void => void (output = (output + part.toString()).slice(0, OUTPUT_CHARS_MAX))
    child.stdout.on('data', (part: Buffer) => {
      onOutput?.(part)
      printed = (printed + part.toString()).slice(0, OUTPUT_CHARS_MAX)
      take(part)
    })
    child.stderr.on('data', take)
    const late = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, patienceMs)
    const end = (code: number | null): void => {
      clearTimeout(late)
      if (pid !== undefined) running.delete(pid)
      resolve({ code, output, printed, timedOut })
    }
    child.once('error', (error) => {
      output = error.message
      end(null)
    })
    child.once('close', end)
  })
}

/** The first JSON object in what a program printed, between its other words; null when there is none. */
export function objectIn(output: string): Record<string, unknown> | null {
  const start = output.indexOf('{')
  if (start === -1) return null
  try {
    const value: unknown = JSON.parse(output.slice(start, output.lastIndexOf('}') + 1))
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}
