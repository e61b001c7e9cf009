import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Puts a program in the place of an installed gateway, as image `gateway:openclaw-1.0.0`, so that nothing is fetched. */
export function installGateway(runtimeDir: string, program: string): string {
  const folder = join(runtimeDir, 'openclaw-1.0.0', 'node_modules', 'openclaw')
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'openclaw', version: '1.0.0', bin: { openclaw: 'openclaw.mjs' } }))
  writeFileSync(join(folder, 'openclaw.mjs'), program)
  return 'gateway:openclaw-1.0.0'
}
