import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Image, ImageContext } from './image.ts'
import type { Runtime } from './runtime.ts'
import { supervised } from './supervised.ts'

const packageSchema = z.object({ bin: z.union([z.string(), z.record(z.string(), z.string())]) })

/** The file of the program that a package of this name, in a folder of packages, is for. */
export function entryOf(packagesFolder: string, name: string): string {
  const folder = join(packagesFolder, name)
  const { bin } = packageSchema.parse(JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')))
  return join(folder, typeof bin === 'string' ? bin : (bin[name] ?? `${name}.mjs`))
}

/**
 * The real gateway, from the package registry, one installation per version for all machines. The control plane owns the configuration
 * file, so the gateway may not rewrite it: written without `meta` beside a `.bak` it was replaced at start otherwise.
 */
export function createOpenclawImage(version: string, runtime: Runtime): Image {
  const wanted = { name: 'openclaw', version, title: `OpenClaw ${version}` }
  return {
    kind: 'process',
    needsPreparation: () => !runtime.installed(wanted),
    prepare: (report) => runtime.install(wanted, report),
    command: (context: ImageContext) => {
      const folder = runtime.folder(wanted)
      const stateDir = context.env['OPENCLAW_STATE_DIR'] ?? context.dataDir
      const entry = entryOf(join(folder, 'node_modules'), 'openclaw')
      const path = [join(folder, 'node_modules', '.bin')]
      const env = {
        OPENCLAW_STATE_DIR: stateDir,
        OPENCLAW_CONFIG_READONLY: '1',
        OPENCLAW_DISABLE_BONJOUR: '1',
        OPENCLAW_NO_AUTO_UPDATE: '1',
        MALLOC_ARENA_MAX: '2',
      }
      const behind = supervised(context, { flavour: 'openclaw', version, entry, env, path })
      if (behind !== null) return behind
      const configured = existsSync(join(stateDir, 'openclaw.json'))
      return {
        args: [entry, 'gateway', '--port', String(context.port), '--bind', 'loopback', ...(configured ? [] : ['--allow-unconfigured'])],
        // Programs that are run beside it find it here, and not on the port that the configuration names.
        env: { ...env, PORT: String(context.port) },
        path,
      }
    },
  }
}
