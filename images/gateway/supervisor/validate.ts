// Asks the gateway's own program what it thinks of a configuration. It takes seconds and some 225 MB: once for each new one, never as a check of health.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { objectIn, run, type Ran } from './program.ts'

type Issue = { path: string; message: string }
export type Validator = (document: string) => Promise<string | null>

const PATIENCE_MS = 60_000
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
      const { program, entry, env, dir } = options
      const quiet = { ...env, OPENCLAW_STATE_DIR: dir, OPENCLAW_OFFLINE: '1' }
      return explained(await run({ program, args: [...entry, 'config', 'validate', '--json'], env: quiet, patienceMs: PATIENCE_MS }))
    } finally {
      rmSync(options.dir, { recursive: true, force: true })
    }
  }
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
  const value = objectIn(output)
  if (value === null || !('valid' in value)) return null
  const issues = Array.isArray(value['issues']) ? value['issues'] : []
  return { valid: value['valid'] === true, issues: issues.filter(isIssue) }
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
