// What an empty volume gets before its first gateway starts, taken out of a state directory into which plugins were just installed.
// `linked/` stays in the image, and a volume only points to it; `files/` is copied: the gateway's record of which plugins are installed.
// Nothing else comes along: keys that the gateway made there would be the same on everybody's machine.
import { createHash } from 'node:crypto'
import { createReadStream, existsSync, lstatSync, mkdirSync, readdirSync, readlinkSync, renameSync, rmSync, cpSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { parseArgs } from 'node:util'

const PROJECTS = join('npm', 'projects')
const DATABASE = join('state', 'openclaw.sqlite')
/** What the build's own configuration file left behind; with it the gateway takes the owner's for a damaged one. */
const TRACES = [
  { table: 'config_health_entries', where: '1' },
  { table: 'diagnostic_events', where: '1' },
  { table: 'config_machine_state', where: `state_key = 'config.lastTouchedAt'` },
]

function copyRecords(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  const database = new DatabaseSync(from)
  const tables = new Set(
    database
      .prepare(`select name from sqlite_master where type = 'table'`)
      .all()
      .map((row) => row['name']),
  )
  for (const { table, where } of TRACES) if (tables.has(table)) database.exec(`delete from ${table} where ${where}`)
  // One file, without a journal beside it.
  database.prepare('vacuum into ?').run(to)
  database.close()
}

function move(from: string, to: string): void {
  mkdirSync(dirname(to), { recursive: true })
  try {
    renameSync(from, to)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EXDEV')) throw error
    cpSync(from, to, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
    rmSync(from, { recursive: true })
  }
}

type Contents = { files: number; bytes: number; sha256: string }

/** Everything below a folder that is no folder. Not readdir's own recursion: that one follows links, and each plugin has one to the gateway. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { withFileTypes: true }).flatMap((one) =>
    one.isDirectory() ? filesBelow(join(folder, one.name)) : [join(folder, one.name)],
  )
}

/** One sum over the names and contents of everything below a folder, in the order of the names. */
async function contentsOf(folder: string): Promise<Contents> {
  const sum = createHash('sha256')
  let bytes = 0
  const paths = filesBelow(folder).toSorted()
  for (const path of paths) {
    sum.update(`${relative(folder, path)}\0`)
    const stat = lstatSync(path)
    if (stat.isSymbolicLink()) sum.update(readlinkSync(path))
    else {
      bytes += stat.size
      for await (const part of createReadStream(path)) sum.update(part as Buffer)
    }
    sum.update('\0')
  }
  return { files: paths.length, bytes, sha256: sum.digest('hex') }
}

const { values } = parseArgs({
  options: { flavour: { type: 'string' }, version: { type: 'string' }, state: { type: 'string' }, seed: { type: 'string' } },
})
const { flavour = '', version = '', state = '', seed = '' } = values
if (flavour === '' || version === '' || state === '' || seed === '') throw new Error('--flavour, --version, --state and --seed are needed')
mkdirSync(join(seed, 'files'), { recursive: true })
const projects = existsSync(join(state, PROJECTS)) ? readdirSync(join(state, PROJECTS)).filter((name) => !name.startsWith('.')) : []
for (const project of projects) move(join(state, PROJECTS, project), join(seed, 'linked', PROJECTS, project))
if (projects.length > 0) copyRecords(join(state, DATABASE), join(seed, 'files', DATABASE))
const manifest = {
  format: 1,
  flavour,
  version,
  stateDir: state,
  links: projects.map((project) => join(PROJECTS, project)).toSorted(),
  copied: await contentsOf(join(seed, 'files')),
  linked: await contentsOf(join(seed, 'linked')),
}
writeFileSync(join(seed, 'seed.json'), `${JSON.stringify(manifest, null, 2)}\n`)
process.stdout.write(`${seed}: ${JSON.stringify({ ...manifest.copied, links: manifest.links.length, linkedBytes: manifest.linked.bytes })}\n`)
