import { defineConfig } from 'vitest/config'

// The workers, and the programs they start, compile the same libraries.
process.env['NODE_COMPILE_CACHE'] ??= '.cache/compile'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/plain-totals-reporter.ts'],
    // A worker runs file after file: loading the libraries for each took a quarter of the run. No module of ours keeps more than a cache at its top level.
    isolate: false,
    // The chats wait for their platforms' limits, so three keep two cores busy. A PGlite takes about 400 MB.
    maxWorkers: 3,
    // Long enough for a slow machine: making a PGlite database takes one 8 s.
    testTimeout: 60_000,
    hookTimeout: 60_000,
    allowOnly: false,
  },
})
