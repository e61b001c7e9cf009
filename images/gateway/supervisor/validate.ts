// Asks the gateway's own program what it thinks of a configuration. It takes seconds and some 225 MB: once for each new one, never as a check of health.
import { spawn } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

type Issue = { path: string; message: string }
export type Validator = (document: string) => Promise<string | null>

const PATIENCE_MS = 60_000
const OUTPUT_CHARS_MAX = 100_000
const ISSUES_MAX = 5

/** `entry`: the gateway's program, and what comes before it; `dir`: a folder for the candidate. */
export function createValidator(options: {
  program: string
  entry: readonly string[]
  env: Readonly<Record<string, string>>
  dir: string
}): Validator {
  return async (document) => {
    rmSync(options.dir, { recursive: true, force: true })
    mkdirSync(options.dir, { recursive: true })
    writeFileSync(join(options.dir, 'openclaw.json'), document, { mode: 0o600 })
    try {
      return explained(await run(options))
    } finally {
      rmSync(options.dir, { recursive: true, force: true })
    }
  }
}

type Ran = { code: number | null; output: string; timedOut: boolean }

async function run({ program, entry, env, dir }: Parameters<typeof createValidator>[0]): Promise<Ran> {
  return new Promise((resolve) => {
    const child = spawn(program, [...entry, 'config', 'validate', '--json'], {
      env: { ...env, OPENCLAW_STATE_DIR: dir, OPENCLAW_OFFLINE: '1' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let [output, timedOut] = ['', false]
    const take = (part: Buffer): void => void (output = (output + part.toString()).slice(0, OUTPUT_CHARS_MAX))
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    const late = setTimeout(() => {
      timedOut = true
      child.kill('SIGKILL')
    }, PATIENCE_MS)
    const end = (code: number | null): void => {
      clearTimeout(late)
      resolve({ code, output, timedOut })
    }
    child.once('error', (error) => {
      output = error.message
      end(null)
    })
    child.once('close', end)
  })
}

function explained({ code, output, timedOut }: Ran): string | null {
  const answer = answerIn(output)
  if (answer?.valid === true) return null
  if (answer === null) {
    // It could not be asked: whoever sent it has checked it as well, and a start that fails goes back to the one before.
    if (code === 0 || timedOut) return null
    return `the check ended with ${code ?? 'no answer'}: ${output.slice(-300)}`
  }
  const issues = answer.issues.slice(0, ISSUES_MAX).map(({ path, message }) => `${path}: ${message}`)
  return issues.length === 0 ? 'the gateway calls it invalid' : issues.join('; ')
}

function answerIn(output: string): { valid: boolean; issues: Issue[] } | null {
  const start = output.indexOf('{')
  if (start === -1) return null
  try {
    const value: unknown = JSON.parse(output.slice(start, output.lastIndexOf('}') + 1))
    if (typeof value !== 'object' || value === null || !('valid' in value)) return null
    const issues = 'issues' in value && Array.isArray(value.issues) ? value.issues : []
    return { valid: value.valid === true, issues: issues.filter(isIssue) }
  } catch {
    return null
  }
}

function isIssue(value: unknown): value is Issue {
  return (
    typeof value === 'object' &&
    value !== null &&
    'path' in value &&
    'message' in value &&
    typeof value.path === 'string' &&
    typeof value.message === 'string'
  )
}
