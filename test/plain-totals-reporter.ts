import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** Prints the plain closing line "N passed, N failed" that our CI reads. A file that breaks before its tests, or an error outside any, counts as failed. */
export default class PlainTotals implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[], reason: string): void {
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 }
    for (const module of modules) for (const test of module.children.allTests()) counts[test.result().state] += 1
    const brokenModules = modules.filter((module) => module.state() === 'failed' && module.errors().length > 0).length
    const failed = counts.failed + counts.pending + brokenModules + unhandledErrors.length
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : ''
    process.stdout.write(`${counts.passed} passed, ${failed === 0 && reason !== 'passed' ? 1 : failed} failed${skipped}\n`)
  }
}
