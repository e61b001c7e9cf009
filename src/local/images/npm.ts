import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

const OUTPUT_LENGTH_MAX = 64 * 1024

export type NpmRun = { pid: number | null; finished: Promise<{ code: number; output: string }> }

/** npm's own program, where it lies beside the Node binary; null leaves the search to PATH. */
function npmBeside(nodePath: string): string | null {
  const bin = dirname(nodePath)
  const places = [join(bin, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'), join(bin, 'node_modules', 'npm', 'bin', 'npm-cli.js')]
  return places.find((place) => existsSync(place)) ?? null
}

/**
 * Runs npm as the leader of its own process group, with the environment of this process (proxies, registry settings), and hands on what
 * it prints, line by line. Never rejects: a program that cannot be started finishes with code 127.
 */
export function runNpm(options: { nodePath: string; cwd: string; args: readonly string[]; onOutput: (line: string) => void }): NpmRun {
  const cli = npmBeside(options.nodePath)
  const [command, args] = cli === null ? ['npm', options.args] : [options.nodePath, [cli, ...options.args]]
  const child = spawn(command, args, { cwd: options.cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  let rest = ''
  const take = (chunk: string): void => {
    output = (output + chunk).slice(-OUTPUT_LENGTH_MAX)
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) options.onOutput(line)
  }
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', take)
  const finished = new Promise<{ code: number; output: string }>((resolve) => {
    child.once('error', (error) =>
      resolve({ code: 127, output: `npm error code ${'code' in error ? String(error.code) : 'unknown'}\n${error.message}` }),
    )
    child.once('close', (code) => resolve({ code: code ?? 1, output }))
  })
  return { pid: child.pid ?? null, finished }
}
