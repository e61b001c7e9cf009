import { join } from 'node:path'
import { defineConfig } from 'vitest/config'
import { BaseSequencer } from 'vitest/node'

// The workers, and the programs they start, compile the same libraries.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '.cache', 'compile')

/** The whole programs first: a minute each, they would be waited for at the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: Parameters<BaseSequencer['sort']>[0]): ReturnType<BaseSequencer['sort']> {
    const isLong = (file: (typeof files)[number]): boolean => file.moduleId.includes('/test/journey/')
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/plain-totals-reporter.ts'],
    // A worker runs file after file: loading the libraries for each took a quarter of the run. No module of ours keeps more than a cache at its top level.
    isolate: false,
    execArgv: ['--import', './src/loading.ts'],
    // The chats wait for their platforms' limits, so three keep two cores busy. A PGlite takes about 400 MB.
    maxWorkers: 3,
    // Long enough for a slow machine: making a PGlite database takes one 8 s.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    sequence: { sequencer: LongFirst },
    allowOnly: false,
  },
})
