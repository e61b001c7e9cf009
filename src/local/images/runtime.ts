// Gateways installed from the package registry: one folder per version, made once for all machines.
// Never runs a package's install scripts, and never touches an installation that is whole.
import { existsSync, mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import type { Log } from '../../lib/log.ts'
import type { Random } from '../../lib/random.ts'
import { hexId } from '../ids.ts'
import { signalGroup } from '../process-table.ts'
import type { Progress } from './image.ts'
import { installPackage, removeAbandoned, type InstallDeps, type Package } from './install.ts'
import { runNpm, type NpmRun } from './npm.ts'

export type Runtime = {
  installed(wanted: Package): boolean
  folder(wanted: Package): string
  /** Installs once, however many wait for it; throws `local.install_failed` with a sentence for people. A later call tries afresh. */
  install(wanted: Package, report: (progress: Progress) => void): Promise<void>
  close(): Promise<void>
}
type Installation = { listeners: Set<(progress: Progress) => void>; last: Progress; done: Promise<void> }

/** The installed gateways under `runtimeDir`. */
export function createRuntime(options: { runtimeDir: string; nodePath: string; log: Log; random: Random }): Runtime {
  mkdirSync(options.runtimeDir, { recursive: true })
  const runtimeDir = realpathSync(options.runtimeDir)
  removeAbandoned(runtimeDir)
  const installations = new Map<string, Installation>()
  const runs = new Set<NpmRun>()
  let closed = false

  const deps: InstallDeps = {
    runtimeDir,
    interrupted: () => closed,
    onFailure: (output) => options.log.warn({ output }, 'npm failed'),
    npm(cwd, args, onOutput) {
      const run = runNpm({ nodePath: options.nodePath, cwd, args, onOutput })
      runs.add(run)
      void run.finished.then(() => runs.delete(run))
      return run
    },
  }
  const folder = (wanted: Package): string => join(runtimeDir, `${wanted.name}-${wanted.version}`)
  const begin = (wanted: Package): Installation => {
    const installation: Installation = { listeners: new Set(), last: { percent: 0, message: `Installing ${wanted.title}` }, done: Promise.resolve() }
    const report = (progress: Progress): void => {
      if (progress.percent <= installation.last.percent) return
      installation.last = progress
      for (const listener of installation.listeners) listener(progress)
    }
    installation.done = installPackage(deps, { wanted, target: folder(wanted), mark: hexId(8, options.random), report }).finally(() =>
      installations.delete(folder(wanted)),
    )
    installations.set(folder(wanted), installation)
    return installation
  }
  return {
    folder,
    installed: (wanted) => existsSync(folder(wanted)),
    async install(wanted, report) {
      if (existsSync(folder(wanted))) return
      const installation = installations.get(folder(wanted)) ?? begin(wanted)
      installation.listeners.add(report)
      report(installation.last)
      await installation.done
    },
    async close() {
      closed = true
      for (const run of runs) if (run.pid !== null) signalGroup(run.pid, 'SIGKILL')
      await Promise.allSettled([...installations.values()].map((installation) => installation.done))
    },
  }
}
