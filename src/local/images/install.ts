import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { ConchError } from '../../lib/errors.ts'
import { reapGroup, startTimeOf } from '../process-table.ts'
import type { Progress } from './image.ts'
import type { NpmRun } from './npm.ts'

const TEMPORARY = '.installing-'
const POLL_MS = 500
// With npm's own retries (10 s, then a minute) somebody without internet would wait for minutes to hear it.
const NPM_FLAGS = [
  '--ignore-scripts',
  '--no-audit',
  '--no-fund',
  '--loglevel=http',
  '--fetch-retries=2',
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=4000',
]

export type Package = {
  name: string
  version: string
  title: string
  /** Packages that it asks for and that are installed in another version, as npm's `overrides`. */
  overrides?: Readonly<Record<string, string>>
}
export type InstallDeps = {
  runtimeDir: string
  /** Starts npm in a folder. */
  npm(folder: string, args: readonly string[], onOutput: (line: string) => void): NpmRun
  interrupted(): boolean
  onFailure(output: string): void
}

const processSchema = z.object({ pid: z.int(), startTime: z.string() })
const ownerSchema = z.object({ server: processSchema, npm: processSchema.nullable() })

function recordOwner(temporary: string, npmPid: number | null): void {
  const named = (pid: number): z.infer<typeof processSchema> => ({ pid, startTime: startTimeOf(pid) ?? '' })
  writeFileSync(join(temporary, 'owner.json'), JSON.stringify({ server: named(process.pid), npm: npmPid === null ? null : named(npmPid) }))
}

/** Removes what an installer left that was killed; one that still runs, of another server, is left alone. */
export function removeAbandoned(runtimeDir: string): void {
  for (const name of readdirSync(runtimeDir)) {
    if (!name.startsWith(TEMPORARY)) continue
    const folder = join(runtimeDir, name)
    try {
      const owner = ownerSchema.parse(JSON.parse(readFileSync(join(folder, 'owner.json'), 'utf8')))
      if (startTimeOf(owner.server.pid) === owner.server.startTime) continue
      if (owner.npm !== null) reapGroup(owner.npm)
    } catch {
      // no readable owner: nobody can be working here
    }
    rmSync(folder, { recursive: true, force: true })
  }
}

const lockSchema = z.object({
  packages: z.record(
    z.string(),
    z.looseObject({ os: z.array(z.string()).optional(), cpu: z.array(z.string()).optional(), libc: z.array(z.string()).optional() }),
  ),
})

/** The folders that an installation will have on this platform, from the lock file that npm resolved. */
function packageFolders(temporary: string): string[] {
  const { packages } = lockSchema.parse(JSON.parse(readFileSync(join(temporary, 'package-lock.json'), 'utf8')))
  const fits = (list: readonly string[] | undefined, here: string): boolean =>
    list === undefined || list.includes(here) || (list.every((one) => one.startsWith('!')) && !list.includes(`!${here}`))
  const libc = process.platform === 'linux' ? (existsSync('/etc/alpine-release') ? 'musl' : 'glibc') : 'none'
  return Object.entries(packages).flatMap(([path, one]) =>
    path !== '' && fits(one.os, process.platform) && fits(one.cpu, process.arch) && fits(one.libc, libc) ? [path] : [],
  )
}

const OFFLINE = new Set([
  'ENOTFOUND',
  'EAI_AGAIN',
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'ENETUNREACH',
  'EHOSTUNREACH',
  'ERR_SOCKET_TIMEOUT',
  'FETCH_ERROR',
])

/** The sentence for a failed npm run, drawn from npm's own code (`npm error code ENOTFOUND`). */
export function explainNpmFailure(output: string, title: string): string {
  const code = /npm (?:error|ERR!) code (\S+)/.exec(output)?.[1] ?? ''
  if (OFFLINE.has(code))
    return `could not download ${title}: the package registry cannot be reached (${code}). Check the internet connection and start the machine again`
  if (output.includes('ENOSPC')) return `could not install ${title}: the disk is full. Free about 1 GB and start the machine again`
  if (code === 'ETARGET' || code === 'E404') return `could not install ${title}: the package registry has no such version`
  return `could not install ${title}: npm failed${code === '' ? '' : ` with ${code}`}`
}

async function npm(
  deps: InstallDeps,
  options: { wanted: Package; folder: string; args: readonly string[]; onOutput: (line: string) => void },
): Promise<void> {
  const { title } = options.wanted
  if (deps.interrupted()) throw new ConchError('local.install_failed', `the installation of ${title} was interrupted`)
  const run = deps.npm(options.folder, [...options.args, '--prefix', options.folder, ...NPM_FLAGS], options.onOutput)
  recordOwner(options.folder, run.pid)
  const result = await run.finished
  if (result.code === 0) return
  deps.onFailure(result.output.slice(-4000))
  throw new ConchError(
    'local.install_failed',
    deps.interrupted() ? `the installation of ${title} was interrupted` : explainNpmFailure(result.output, title),
  )
}

/**
 * Fetches and unpacks what the lock file names. Each package is described, downloaded and unpacked; what lies in npm's cache already is
 * only unpacked.
 */
async function installLocked(deps: InstallDeps, wanted: Package, folder: string, report: (percent: number) => void): Promise<void> {
  const folders = packageFolders(folder)
  let fetched = 0
  const tell = (): void => {
    const unpacked = folders.filter((path) => existsSync(join(folder, path, 'package.json'))).length
    const steps = Math.min(fetched, 2 * folders.length) + unpacked
    report(15 + Math.floor(84 * Math.min(1, Math.max(unpacked, steps / 3) / Math.max(1, folders.length))))
  }
  const ticking = setInterval(tell, POLL_MS)
  try {
    await npm(deps, { wanted, folder, args: ['ci'], onOutput: (line) => void (fetched += line.includes('fetch GET 200') ? 1 : 0) })
  } finally {
    clearInterval(ticking)
  }
}

/**
 * Installs a package and its dependencies into a temporary folder and renames it to `target` when it is whole, so that a killed
 * installation leaves nothing half done. Throws `local.install_failed` with a sentence for people.
 */
export async function installPackage(
  deps: InstallDeps,
  options: { wanted: Package; target: string; mark: string; report(progress: Progress): void },
): Promise<void> {
  const { wanted, target } = options
  const folder = join(deps.runtimeDir, `${TEMPORARY}${wanted.name}-${wanted.version}-${options.mark}`)
  const report = (percent: number): void => options.report({ percent, message: `Installing ${wanted.title}` })
  try {
    mkdirSync(folder, { recursive: true })
    recordOwner(folder, null)
    const { overrides } = wanted
    const manifest = { name: 'gateway', private: true, dependencies: { [wanted.name]: wanted.version }, ...(overrides && { overrides }) }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    report(1)
    // How many packages there are is known only when npm has resolved them: until then each answer counts a little, up to 15 %.
    let resolved = 0
    const onOutput = (line: string): void => {
      resolved += line.includes('fetch GET 200') ? 1 : 0
      report(Math.min(14, 1 + Math.floor(resolved / 30)))
    }
    await npm(deps, { wanted, folder, args: ['install', '--package-lock-only'], onOutput })
    await installLocked(deps, wanted, folder, report)
    await rename(folder, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error // another server on this folder was first, and its installation is as good
    })
    report(100)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC')
      throw new ConchError('local.install_failed', explainNpmFailure('ENOSPC', wanted.title), { cause: error })
    throw error
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
