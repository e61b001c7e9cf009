// The whole program, as an operator starts it, with one chat: the journey is the same script on every face.
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { describe, expect, it, onTestFinished } from 'vitest'
import { playJourney, signalGateways } from '../../scripts/demo/journey.ts'
import { faceNames, openStage } from '../../scripts/demo/stage.ts'
import { startApp } from '../../src/app.ts'
import { readConfig } from '../../src/config.ts'
import { createHome } from '../support/program.ts'

describe.each(faceNames)('the journey on %s', (face) => {
  it('begins, deploys, gets a chat of its own, is told of trouble, restarts from the alert and ends', { timeout: 120_000 }, async () => {
    const stage = await openStage(face)
    const { home, remove } = createHome()
    const read = readConfig({ CONCH_HOME: home, PORT: '0', LOG_LEVEL: 'error', GATEWAY_IMAGE: 'gateway:stub', ...stage.env })
    expect.assert(read.ok)
    const ended = new AbortController()
    const running = startApp({
      config: read.config,
      ...(stage.tty ?? { input: new PassThrough(), output: new PassThrough() }),
      errors: new PassThrough(),
      nodePath: process.execPath,
      runtimeDir: join(home, 'runtime'),
      sweep: { intervalMs: 1_000 },
      signal: ended.signal,
      elapsed: () => performance.now(),
    })
    onTestFinished(async () => {
      ended.abort()
      await running
      await stage.close()
      remove()
    })
    await Promise.race([playJourney(stage, () => signalGateways(home, 'SIGUSR2')), running])
    expect(stage.simulator.violations()).toEqual([])
  })
})
