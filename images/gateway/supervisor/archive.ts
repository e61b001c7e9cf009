// What of a gateway goes into an archive, and how it comes out again. OpenClaw does both itself: its databases must not be copied while they are
// written to, and it knows what of its files is worth keeping. Others are put at rest first and packed as they lie.
import { mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { createReadStream } from 'node:fs'
import { join, normalize, relative } from 'node:path'
import { createGunzip } from 'node:zlib'
import { pipeline } from 'node:stream/promises'
import { Writable } from 'node:stream'
import { objectIn, run, type Ran } from './program.ts'

export type Archiver = {
  /** Whether the gateway must not run meanwhile. */
  needsRest: boolean
  /** Writes the archive to `file`. `scratch` is a folder for its use. Throws an Error that says what is wrong. */
  pack(file: string, scratch: string): Promise<void>
  /** Unpacks into `dir`, which it makes, and returns where the state is in it. Throws for what is no archive of such a gateway. */
  unpack(file: string, dir: string): Promise<string>
  /** The bytes that a pack may need at most, its archive included. */
  packBytesMax(): Promise<number>
}

const PATIENCE_MS = 10 * 60_000
const SAID_CHARS_MAX = 300
/** A name that would come out elsewhere than in the folder that it is unpacked into. */
const OUTSIDE = /^\/|(^|\/)\.\.(\/|$)/

export type ArchiverDeps = {
  program: string
  entry: readonly string[]
  env: Readonly<Record<string, string>>
  stateDir: string
}

/** With the gateway's own program. Its links are kept as links: the plugins that they lead to are in the image. */
export function createOwnArchiver({ program, entry, env, stateDir }: ArchiverDeps): Archiver {
  const ask = (args: readonly string[]): Promise<Ran> =>
    run({ program, args: [...entry, 'backup', ...args, '--json'], env: { ...env, OPENCLAW_OFFLINE: '1' }, patienceMs: PATIENCE_MS })
  return {
    needsRest: false,
    async pack(file, scratch) {
      const ran = await ask(['create', '--output', scratch, '--verify'])
      const made = objectIn(ran.printed)?.['archivePath']
      if (ran.code !== 0 || typeof made !== 'string') throw failure(ran)
      await rename(made, file)
    },
    async unpack(file, dir) {
      const ran = await ask(['restore', file, '--target', dir])
      const root = objectIn(ran.printed)?.['archiveRoot']
      if (ran.code !== 0 || typeof root !== 'string') throw failure(ran)
      return stateIn(dir, root)
    },
    // Plugins' own modules are left out, and everything else is compressed.
    packBytesMax: () => bytesBelow(stateDir, (name) => name !== 'node_modules'),
  }
}

/** Where the manifest of an archive says that the state is. */
async function stateIn(dir: string, root: string): Promise<string> {
  const manifest = JSON.parse(await readFile(inside(dir, join(root, 'manifest.json')), 'utf8')) as {
    assets?: { kind?: string; archivePath?: string }[]
  }
  const state = manifest.assets?.find((one) => one.kind === 'state')?.archivePath
  if (state === undefined) throw new Error('the archive holds no state')
  return inside(dir, state)
}

function inside(dir: string, path: string): string {
  const whole = normalize(join(dir, path))
  if (OUTSIDE.test(relative(dir, whole))) throw new Error('the archive names a place outside of itself')
  return whole
}

/** With tar, for gateways that have no such program. */
export function createTarArchiver({ env, stateDir }: Pick<ArchiverDeps, 'env' | 'stateDir'>): Archiver {
  const tar = (args: readonly string[], onOutput?: (part: Buffer) => void): Promise<Ran> =>
    run({ program: 'tar', args, env, patienceMs: PATIENCE_MS, ...(onOutput !== undefined && { onOutput }) })
  return {
    needsRest: true,
    async pack(file) {
      const ran = await tar(['-czf', file, '-C', stateDir, '.'])
      if (ran.code !== 0) throw failure(ran)
    },
    async unpack(file, dir) {
      let [rest, outside] = ['', false]
      const listed = await tar(['-tzf', file], (part) => {
        const lines = (rest + part.toString()).split('\n')
        rest = lines.pop() ?? ''
        outside ||= lines.some((name) => OUTSIDE.test(name))
      })
      if (listed.code !== 0) throw failure(listed)
      if (outside || OUTSIDE.test(rest)) throw new Error('the archive names a place outside of itself')
      await mkdir(dir, { recursive: true })
      const ran = await tar(['-xzf', file, '-C', dir, '--no-same-owner'])
      if (ran.code !== 0) throw failure(ran)
      return dir
    },
    packBytesMax: () => bytesBelow(stateDir, () => true),
  }
}

function failure({ code, output, printed, timedOut }: Ran): Error {
  if (timedOut) return new Error('it took too long')
  const reason = objectIn(printed)?.['error']
  const said = typeof reason === 'object' && reason !== null && 'message' in reason ? String(reason.message) : output
  return new Error(`its program ended with ${code ?? 'no code'}: ${said.trim().slice(-SAID_CHARS_MAX)}`)
}

/** The size of the files below a folder. Links are not followed. */
async function bytesBelow(dir: string, counts: (name: string) => boolean): Promise<number> {
  let bytes = 0
  for (const one of await readdir(dir, { withFileTypes: true }).catch(() => [])) {
    const path = join(dir, one.name)
    if (one.isDirectory()) bytes += counts(one.name) ? await bytesBelow(path, counts) : 0
    // It may be gone since it was listed.
    else if (one.isFile()) bytes += (await stat(path).catch(() => null))?.size ?? 0
  }
  return bytes
}

/** What is in a compressed archive, in bytes. Throws for a broken one, and stops counting at `max`. */
export async function unpackedBytes(file: string, max: number): Promise<number> {
  let bytes = 0
  const enough = new AbortController()
  const count = new Writable({
    write(part: Buffer, _encoding, next) {
      bytes += part.length
      if (bytes > max) enough.abort()
      next()
    },
  })
  await pipeline(createReadStream(file), createGunzip(), count, { signal: enough.signal }).catch((error: unknown) => {
    if (!enough.signal.aborted) throw error
  })
  return bytes
}

/** Deletes a folder or a file, if it is there. */
export async function remove(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}
