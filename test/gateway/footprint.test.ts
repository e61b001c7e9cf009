// What the supervisor keeps in memory beside a gateway that hardly fits its machine. How much that is, bench/supervisor.ts measures.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)
const folder = new URL('../../images/gateway/supervisor/', import.meta.url).href

/** The built-in modules that Node has loaded once this module is there. */
async function loadedBy(module: string): Promise<string[]> {
  const text = `await import(${JSON.stringify(module)}); process.stdout.write(JSON.stringify(process.moduleLoadList))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', text])
  return JSON.parse(stdout) as string[]
}

test('it speaks HTTP without loading the client that node:http has for WebSocket', async () => {
  const undici = 'NativeModule internal/deps/undici/undici'
  expect(await loadedBy('node:http')).toContain(undici)
  for (const name of ['door.ts', 'proxy.ts', 'usage.ts', 'control.ts', 'copies.ts']) expect(await loadedBy(`${folder}${name}`)).not.toContain(undici)
})
