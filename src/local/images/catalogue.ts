import { getCompileCacheDir } from 'node:module'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createClawdbotImage } from './clawdbot.ts'
import type { Image } from './image.ts'
import { createOpenclawImage } from './openclaw.ts'
import type { Runtime } from './runtime.ts'
import { supervised } from './supervised.ts'

const STUB = fileURLToPath(new URL('stub.ts', import.meta.url))

function createStubImage(version: string | null): Image {
  return {
    kind: 'process',
    needsPreparation: () => false,
    prepare: () => Promise.resolve(),
    command(context) {
      // Its switches are for whoever tries it out: no machine of anybody's runs it.
      const own = { STUB_DIR: context.dataDir, CONCH_PUBLIC_PATHS: '/stub', ...(version !== null && { STUB_VERSION: version }), ...ourCache() }
      const behind = supervised(context, { flavour: 'stub', version: version ?? 'stub', entry: STUB, env: own, path: [] })
      return behind ?? { args: [STUB], env: { ...own, PORT: String(context.port) }, path: [] }
    },
  }
}

/** Its files and the supervisor's are TypeScript, which takes a third of a start to read. A real gateway, in which an assistant has a shell, gets no cache of ours. */
function ourCache(): { NODE_COMPILE_CACHE?: string } {
  const dir = getCompileCacheDir()
  return dir === undefined ? {} : { NODE_COMPILE_CACHE: dirname(dir) }
}

/** The image behind a reference, or null when this server cannot run it. */
export function imageFor(reference: string, runtime: Runtime): Image | null {
  if (reference === 'gateway:inline') return { kind: 'inline' }
  if (reference === 'gateway:stub') return createStubImage(null)
  const [, flavour, version] = /^gateway:(openclaw|clawdbot|stub)-(\d[0-9A-Za-z.-]*)$/.exec(reference) ?? []
  if (version === undefined) return null
  if (flavour === 'stub') return createStubImage(version)
  return flavour === 'clawdbot' ? createClawdbotImage(version, runtime) : createOpenclawImage(version, runtime)
}
