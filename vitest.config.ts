import { defineConfig } from 'vitest/config'

// Each file has a process of its own, and most of its start is compiling the same libraries.
process.env['NODE_COMPILE_CACHE'] ??= '.cache/compile'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default', './test/plain-totals-reporter.ts'],
    // PGlite takes about 400 MB a worker, and the timing of the loops suffers when the cores are oversubscribed.
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    allowOnly: false,
  },
})
