// Everything that can be said about the code without running it. All checks run even when one fails; the exit code is 1 if any did.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

type Check = {
  name: string
  command: string[]
  /** Why a run that exited with 0 is still a failure. */
  distrust?: (output: string) => string | null
  /** A word about a run that went well. */
  remark?: (output: string) => string
}

const ROOT = fileURLToPath(new URL('../', import.meta.url))
const node = process.execPath
const bin = (name: string): string => join(ROOT, 'node_modules', '.bin', name)
const FOLDERS = ['src', 'images', 'test', 'scripts', 'bench'].filter((folder) => existsSync(join(ROOT, folder)))

const modulesIn = (output: string): number => Number(/(\d+) modules/.exec(output)?.[1] ?? 0)

const CHECKS: Check[] = [
  { name: 'types', command: [bin('tsc'), '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'lint', command: [bin('oxlint'), '-c', '.oxlintrc.json', '--deny-warnings', ...FOLDERS] },
  { name: 'format', command: [bin('oxfmt'), '--check', '.'] },
  {
    name: 'layers',
    command: [bin('depcruise'), '--config', '.dependency-cruiser.cjs', 'src', 'images'],
    // Without a parser that knows our TypeScript it sees nothing, finds nothing wrong, and exits with 0.
    distrust: (output) => (modulesIn(output) === 0 ? 'dependency-cruiser saw 0 modules' : null),
    remark: (output) => `${modulesIn(output)} modules`,
  },
  { name: 'unused', command: [bin('knip')] },
  { name: 'readme', command: [node, join('scripts', 'readme.ts'), '--check'] },
]

function run(check: Check): boolean {
  const started = performance.now()
  const [program = node, ...args] = check.command
  const result = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`.trim()
  const distrust = result.status === 0 ? (check.distrust?.(output) ?? null) : null
  const ok = result.status === 0 && distrust === null
  if (!ok) process.stdout.write(`${output}\n${distrust === null ? '' : `${distrust}\n`}`)
  const remark = ok && check.remark !== undefined ? `  ${check.remark(output)}` : ''
  process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${check.name.padEnd(8)} ${seconds.padStart(5)} s${remark}\n`)
  return ok
}

// Not `every`: the rest must run after a failure too.
const failed = CHECKS.filter((check) => !run(check)).map((check) => check.name)
process.stdout.write(failed.length === 0 ? 'all checks passed\n' : `failed: ${failed.join(', ')}\n`)
process.exitCode = failed.length === 0 ? 0 : 1
