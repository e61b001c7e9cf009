// The supervisor as the image has it: JavaScript, made of the TypeScript that all other tests run.
import { spawnSync } from 'node:child_process'
import { readFileSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished } from 'vitest'
import { stripped } from '../../images/gateway/strip.ts'
import { temporaryFolder } from '../local/harness.ts'
import { startMachine } from './support/machine.ts'

const IMAGE = fileURLToPath(new URL('../../images/gateway/', import.meta.url))

it.each([
  ["import { a } from './a.ts'", "import { a } from './a.js'"],
  ["import type { A } from './a.ts'", ''],
  ["import { a, type A } from '../b/a.ts'", "import { a,        } from '../b/a.js'"],
  ["export { a } from './a.ts'", "export { a } from './a.js'"],
  ["const { a } = await import('./a.ts')", "const { a } = await import('./a.js')"],
  ["import { journal } from '../counter/journal.js'", "import { journal } from '../counter/journal.js'"],
  ["import ts from 'some.ts'", "import ts from 'some.ts'"],
  ['const url: string = "./a.ts"', 'const url         = "./a.ts"'],
])('%s', (source, expected) => {
  expect(stripped(source).trim()).toBe(expected)
})

it('lets people in, without types and without a package', async () => {
  const folder = join(temporaryFolder(), 'built')
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` }
  const { status, stderr } = spawnSync(join(IMAGE, 'build.sh'), [folder, '--part', 'supervisor'], { env, encoding: 'utf8' })
  expect([status, stderr]).toEqual([0, ''])
  const names = readdirSync(join(folder, 'supervisor'))
  expect(names.toSorted()).toEqual(
    readdirSync(join(IMAGE, 'supervisor'))
      .map((name) => name.replace(/\.ts$/, '.js'))
      .toSorted(),
  )
  for (const name of names) expect(readFileSync(join(folder, 'supervisor', name), 'utf8')).not.toMatch(/from '[^']*\.ts'/)
  const machine = await startMachine({ main: join(folder, 'supervisor', 'main.js') })
  onTestFinished(() => machine.close())
  await machine.live()
  expect((await fetch(machine.url, { headers: { cookie: await machine.enter() } })).status).toBe(200)
  expect((await fetch(machine.url)).status).toBe(401)
})
