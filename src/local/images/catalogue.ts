import { fileURLToPath } from 'node:url'
import { createClawdbotImage } from './clawdbot.ts'
import type { Image } from './image.ts'
import { createOpenclawImage } from './openclaw.ts'
import type { Runtime } from './runtime.ts'
import { supervised } from './supervised.ts'

const STUB = fileURLToPath(new URL('stub.ts', import.meta.url))

const stub: Image = {
  kind: 'process',
  needsPreparation: () => false,
  prepare: () => Promise.resolve(),
  command(context) {
    // Its switches are for whoever tries it out: no machine of anybody's runs it.
    const own = { STUB_DIR: context.dataDir, CONCH_PUBLIC_PATHS: '/stub' }
    const behind = supervised(context, { flavour: 'stub', version: 'stub', entry: STUB, env: own, path: [] })
    return behind ?? { args: [STUB], env: { ...own, PORT: String(context.port) }, path: [] }
  },
}

/** The image behind a reference, or null when this server cannot run it. */
export function imageFor(reference: string, runtime: Runtime): Image | null {
  if (reference === 'gateway:inline') return { kind: 'inline' }
  if (reference === 'gateway:stub') return stub
  const [, flavour, version] = /^gateway:(openclaw|clawdbot)-(\d[0-9A-Za-z.-]*)$/.exec(reference) ?? []
  if (version === undefined) return null
  return flavour === 'clawdbot' ? createClawdbotImage(version, runtime) : createOpenclawImage(version, runtime)
}
