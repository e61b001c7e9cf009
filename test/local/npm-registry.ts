import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { temporaryFolder } from './harness.ts'

/** A package registry on the loopback interface with one package, openclaw@1.0.0; it counts its downloads. */
export async function startRegistry(program: string): Promise<{ url: string; downloads(): number; close(): Promise<void> }> {
  const folder = temporaryFolder()
  const source = join(folder, 'package')
  mkdirSync(source)
  const manifest = {
    name: 'openclaw',
    version: '1.0.0',
    type: 'module',
    bin: { openclaw: 'openclaw.mjs' },
    scripts: { postinstall: 'touch script-was-run' },
  }
  writeFileSync(join(source, 'package.json'), JSON.stringify(manifest))
  writeFileSync(join(source, 'openclaw.mjs'), program)
  execFileSync('tar', ['-czf', join(folder, 'openclaw.tgz'), '-C', folder, 'package'])
  const tarball = readFileSync(join(folder, 'openclaw.tgz'))
  let downloads = 0
  const server = createServer((request, response) => {
    const base = `http://${request.headers.host ?? ''}`
    if (request.url === '/openclaw') {
      const dist = { tarball: `${base}/openclaw/-/openclaw-1.0.0.tgz`, integrity: `sha512-${createHash('sha512').update(tarball).digest('base64')}` }
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify({ name: 'openclaw', 'dist-tags': { latest: '1.0.0' }, versions: { '1.0.0': { ...manifest, dist } } }))
    } else if (request.url === '/openclaw/-/openclaw-1.0.0.tgz') {
      downloads += 1
      response.end(tarball)
    } else response.writeHead(404).end('{}')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const close = async (): Promise<void> => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  onTestFinished(close)
  return { url: `http://127.0.0.1:${typeof address === 'object' ? (address?.port ?? 0) : 0}/`, downloads: () => downloads, close }
}

/** Lets npm, as this process would start it, use that registry and an empty cache until the test ends. */
export function useRegistry(url: string): void {
  const before = { registry: process.env['npm_config_registry'], cache: process.env['npm_config_cache'] }
  process.env['npm_config_registry'] = url
  process.env['npm_config_cache'] = temporaryFolder()
  onTestFinished(() => {
    for (const [name, value] of Object.entries({ npm_config_registry: before.registry, npm_config_cache: before.cache })) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
  })
}
