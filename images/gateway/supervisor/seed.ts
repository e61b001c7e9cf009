// A new volume gets what the image brought for it: the gateway's record of which plugins are installed, as a copy, and links to the plugins
// themselves, which stay in the image: with another image they are other plugins. What the gateway or its owner put there is never touched.
import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { cp, mkdir, open, readdir, rename, rm, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'

/** `kept`: the gateway was here before the seed, and has records of its own. */
export type Seeding = { kind: 'seeded' | 'continued' | 'present' | 'kept'; linked: number }

type Manifest = { flavour: string; version: string; links: readonly string[] }

const MARKER = '.conch-seed.json'
const TEMPORARY = '.conch-seeding'
/** What the machine's own start puts there, and the file system. */
const NOT_THE_GATEWAYS = new Set(['openclaw.json', 'clawdbot.json', 'lost+found', MARKER, TEMPORARY])

/**
 * Puts the seed into a state directory in which no gateway has been. Killed anywhere, the next call goes on: the marker says first that it is
 * begun, each part gets its name only when it is whole, and the marker says last that it is done.
 */
export async function seedWhenEmpty(options: { seedDir: string; stateDir: string }): Promise<Seeding> {
  const { seedDir, stateDir } = options
  const manifest = manifestOf(seedDir)
  await mkdir(stateDir, { recursive: true })
  await rm(join(stateDir, TEMPORARY), { recursive: true, force: true })
  const progress = progressOf(stateDir)
  if (progress === null && (await readdir(stateDir)).some((name) => !NOT_THE_GATEWAYS.has(name))) return { kind: 'kept', linked: 0 }
  if (progress !== 'done') {
    await mark(stateDir, manifest, 'begun')
    await copyMissing(join(seedDir, 'files'), stateDir)
  }
  let linked = 0
  for (const path of manifest.links) linked += (await link(join(seedDir, 'linked', path), { stateDir, path })) ? 1 : 0
  if (progress !== 'done') await mark(stateDir, manifest, 'done')
  return { kind: progress === null ? 'seeded' : progress === 'begun' ? 'continued' : 'present', linked }
}

function manifestOf(seedDir: string): Manifest {
  const value = JSON.parse(readFileSync(join(seedDir, 'seed.json'), 'utf8')) as Manifest & { format: number }
  if (value.format !== 1) throw new Error(`the seed is of format ${value.format}, which this supervisor does not know`)
  return value
}

function progressOf(stateDir: string): 'begun' | 'done' | null {
  const file = join(stateDir, MARKER)
  if (!existsSync(file)) return null
  return (JSON.parse(readFileSync(file, 'utf8')) as { progress: 'begun' | 'done' }).progress
}

async function mark(stateDir: string, { flavour, version }: Manifest, progress: 'begun' | 'done'): Promise<void> {
  await mkdir(join(stateDir, TEMPORARY), { recursive: true })
  const temporary = join(stateDir, TEMPORARY, MARKER)
  const file = await open(temporary, 'w')
  await file.writeFile(`${JSON.stringify({ progress, flavour, version })}\n`)
  await file.sync()
  await file.close()
  await rename(temporary, join(stateDir, MARKER))
  await rm(join(stateDir, TEMPORARY), { recursive: true })
}

/** Copies each entry beside its place, and renames it. An entry that is there is left as it is. */
async function copyMissing(from: string, stateDir: string): Promise<void> {
  for (const name of await readdir(from)) {
    if (existsSync(join(stateDir, name))) continue
    const temporary = join(stateDir, TEMPORARY, name)
    await cp(join(from, name), temporary, { recursive: true, verbatimSymlinks: true })
    await toDisk(temporary)
    await rename(temporary, join(stateDir, name))
  }
  await rm(join(stateDir, TEMPORARY), { recursive: true, force: true })
}

async function toDisk(path: string): Promise<void> {
  const below = lstatSync(path).isDirectory() ? await readdir(path, { recursive: true, withFileTypes: true }) : []
  const files = below.length > 0 ? below.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name)) : [path]
  for (const name of files) {
    const file = await open(name, 'r')
    await file.sync()
    await file.close()
  }
}

/** Links `path` of the state directory to `target`. False for what was right already, or belongs to somebody else. */
async function link(target: string, { stateDir, path }: { stateDir: string; path: string }): Promise<boolean> {
  const place = join(stateDir, path)
  const there = lstatSync(place, { throwIfNoEntry: false })
  if (there !== undefined) {
    if (!there.isSymbolicLink()) return false
    const current = readlinkSync(place)
    // One of ours ends like this in every image, wherever the image has its seed.
    if (current === target || !current.endsWith(join('/seed/linked', path))) return false
  }
  await mkdir(dirname(place), { recursive: true })
  const temporary = join(stateDir, TEMPORARY)
  await symlink(target, temporary)
  await rename(temporary, place)
  return true
}
