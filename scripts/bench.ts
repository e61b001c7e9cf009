// Runs one bench: `npm run bench -- <name>` runs bench/<name>.ts, whose last line is `<name>: <figure>=<number> …`.
import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('../bench/', import.meta.url))
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -'.ts'.length))
const [name = '', ...rest] = process.argv.slice(2)

if (names.includes(name)) {
  process.exitCode = spawnSync(process.execPath, [`${folder}${name}.ts`, ...rest], { stdio: 'inherit' }).status ?? 1
} else {
  process.stderr.write(`${name === '' ? 'Which bench?' : `There is no bench "${name}".`} One of: ${names.join(', ')}\n`)
  process.exitCode = 64
}
