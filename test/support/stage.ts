// The whole program on a stage, as an operator starts it, with one chat and the practice gateway, in a folder of its own.
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { openStage, type FaceName, type Stage } from '../../scripts/demo/stage.ts'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createHome } from './program.ts'

export type Performance = { stage: Stage; home: string; running: Promise<void>; logged(): string; stop(): Promise<void> }

/** Starts the program. It is stopped, and its folder removed, when the test ends, which the test's own context tells: several run at once. */
export async function perform(face: FaceName, onTestFinished: (work: () => Promise<void>) => void): Promise<Performance> {
  const stage = await openStage(face)
  const { home, remove } = createHome()
  const read = readConfig({ CONCH_HOME: home, PORT: '0', LOG_LEVEL: 'debug', GATEWAY_IMAGE: 'gateway:stub', ...stage.env })
  if (!read.ok) throw new Error(JSON.stringify(read.problems))
  const ended = new AbortController()
  const output = new PassThrough()
  let logged = ''
  output.on('data', (chunk: Buffer) => (logged += chunk.toString()))
  const running = startApp({
    config: read.config,
    ...(stage.tty ?? { input: new PassThrough(), output }),
    errors: output,
    nodePath: process.execPath,
    runtimeDir: join(home, 'runtime'),
    sweep: { intervalMs: 1_000 },
    signal: ended.signal,
    elapsed: () => performance.now(),
  })
  const stop = async (): Promise<void> => {
    ended.abort()
    await running
  }
  onTestFinished(async () => {
    await stop()
    await stage.close()
    await remove()
  })
  return { stage, home, running, logged: () => logged, stop }
}
