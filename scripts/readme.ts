// Writes the configuration table, drawn from the schema in src/config.ts, between the two <!-- config --> markers of README.md.
// With --check it writes nothing and fails when the table there is not the schema's.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { configTable } from '../src/config.ts'

const MARKER = '<!-- config -->'
const file = fileURLToPath(new URL('../README.md', import.meta.url))

function fail(message: string): never {
  process.stderr.write(`${message}\n`)
  process.exit(1)
}

if (!existsSync(file)) fail('README.md is missing')
const text = readFileSync(file, 'utf8')
const [before, , after, ...more] = text.split(MARKER)
if (before === undefined || after === undefined || more.length > 0)
  fail(`README.md must hold ${MARKER} exactly twice, around the configuration table`)
const wanted = `${before}${MARKER}\n${configTable()}\n${MARKER}${after}`

if (process.argv.includes('--check')) {
  if (text !== wanted) fail('the configuration table in README.md is not that of src/config.ts: run `npx node scripts/readme.ts`')
} else {
  writeFileSync(file, wanted)
}
