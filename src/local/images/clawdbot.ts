import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'
import type { Image, ImageContext } from './image.ts'
import { entryOf } from './openclaw.ts'
import type { Runtime } from './runtime.ts'
import { supervised } from './supervised.ts'

/** What the image is built from: it says which packages are replaced. */
const MANIFEST = new URL('../../../images/gateway/flavours/clawdbot/package.json', import.meta.url)
const manifestSchema = z.object({ overrides: z.record(z.string(), z.string()) })

/** OpenClaw as it was when it was called Clawdbot. It asks for a package from git, which is taken from the package registry instead. */
export function createClawdbotImage(version: string, runtime: Runtime): Image {
  const { overrides } = manifestSchema.parse(JSON.parse(readFileSync(MANIFEST, 'utf8')))
  const wanted = { name: 'clawdbot', version, title: `Clawdbot ${version}`, overrides }
  return {
    kind: 'process',
    needsPreparation: () => !runtime.installed(wanted),
    prepare: (report) => runtime.install(wanted, report),
    command: (context: ImageContext) => {
      const packages = join(runtime.folder(wanted), 'node_modules')
      const stateDir = context.env['OPENCLAW_STATE_DIR'] ?? context.dataDir
      const entry = entryOf(packages, 'clawdbot')
      const path = [join(packages, '.bin')]
      const env = { CLAWDBOT_STATE_DIR: stateDir, CLAWDBOT_DISABLE_BONJOUR: '1', MALLOC_ARENA_MAX: '2' }
      const behind = supervised(context, { flavour: 'clawdbot', version, entry, env, path })
      if (behind !== null) return behind
      const configured = existsSync(join(stateDir, 'clawdbot.json'))
      return {
        args: [entry, 'gateway', '--port', String(context.port), '--bind', 'loopback', ...(configured ? [] : ['--allow-unconfigured'])],
        env: { ...env, PORT: String(context.port) },
        path,
      }
    },
  }
}
