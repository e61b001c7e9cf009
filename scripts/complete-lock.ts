// Fills the lock file with the optional platform packages that the registry in use did not offer when the lock was written.
// Without those entries `npm ci` refuses the lock ("Missing: … from lock file"), although it would never install them here.
import { readFileSync, writeFileSync } from 'node:fs'

type Entry = { version?: string; dev?: boolean; optional?: boolean; os?: string[]; cpu?: string[]; optionalDependencies?: Record<string, string> }

const OS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'] as const
const CPU: Readonly<Record<string, string>> = {
  arm64: 'arm64',
  x64: 'x64',
  ia32: 'ia32',
  arm: 'arm',
  ppc64: 'ppc64',
  riscv64: 'riscv64',
  s390x: 's390x',
  loong64: 'loong64',
  mips64el: 'mips64el',
  wasm32: 'wasm32',
}

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Entry> }
let added = 0
for (const parent of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(parent.optionalDependencies ?? {})) {
    const key = `node_modules/${name}`
    if (lock.packages[key] !== undefined) continue
    const words = name.slice(name.indexOf('/') + 1).split('-')
    const os = OS.find((one) => words.includes(one))
    const cpu = words.map((word) => CPU[word]).find((one) => one !== undefined)
    if (os === undefined && cpu === undefined) continue
    lock.packages[key] = {
      version,
      ...(parent.dev === true && { dev: true }),
      optional: true,
      ...(os !== undefined && { os: [os] }),
      ...(cpu !== undefined && { cpu: [cpu] }),
    }
    added += 1
  }
}
const sorted = Object.fromEntries(Object.entries(lock.packages).toSorted(([a], [b]) => (a < b ? -1 : 1)))
writeFileSync('package-lock.json', `${JSON.stringify({ ...lock, packages: sorted }, null, 2)}\n`)
process.stdout.write(`${added} platform packages added to the lock\n`)
