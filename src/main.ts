// The program: reads the environment, starts the app, turns what goes wrong at the start into one line and an exit code.
import './loading.ts'

const { startApp } = await import('./app.ts')
const { readConfig } = await import('./config.ts')
const { ConchError, messageOf } = await import('./lib/errors.ts')

/** sysexits.h: a configuration error, and an operating-system error. */
const EXIT_CONFIG = 78
const EXIT_FAILED = 71

async function main(): Promise<number> {
  const read = readConfig(process.env)
  if (!read.ok) {
    const lines = read.problems.map((one) => `  ${one.name}: ${one.problem}\n    for example: ${one.name}=${one.example}`)
    process.stderr.write(`Conch can't start like this:\n${lines.join('\n')}\n`)
    return EXIT_CONFIG
  }
  const stop = new AbortController()
  let asked = 0
  const onSignal = (): void => {
    asked += 1
    if (asked > 1) process.exit(130)
    stop.abort()
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
  await startApp({
    config: read.config,
    input: process.stdin,
    output: process.stdout,
    errors: process.stderr,
    signal: stop.signal,
    nodePath: process.execPath,
    elapsed: () => performance.now(),
  })
  return 0
}

main()
  .then((code) => {
    process.exitCode = code
  })
  .catch((error: unknown) => {
    const known = error instanceof ConchError
    process.stderr.write(`${known ? error.message : `Conch stopped: ${messageOf(error)}`}\n`)
    process.exitCode = EXIT_FAILED
    // What hangs after a failure must not keep a dead program in the terminal.
    setTimeout(() => process.exit(), 2_000).unref()
  })
