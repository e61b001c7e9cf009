// Real files, and a real child process that is killed while it copies.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { seedWhenEmpty } from '../../images/gateway/supervisor/seed.ts'

const MODULE = fileURLToPath(new URL('../../images/gateway/supervisor/seed.ts', import.meta.url))
const MARKER = '.conch-seed.json'

function folder(): string {
  const made = realpathSync(mkdtempSync(join(tmpdir(), 'conch-seed-')))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** An image's seed with these plugins, and this many files to copy. */
function makeSeed(root: string, { version = '1.0.0', plugins = ['discord'], files = 1 } = {}): string {
  const seedDir = join(root, 'seed')
  for (let i = 0; i < files; i += 1)
    write(join(seedDir, 'files', 'state', `record-${i}`), `record ${i} of ${version}`.padEnd(files > 1 ? 100_000 : 0))
  const links = plugins.map((one) => join('npm', 'projects', one))
  for (const link of links) write(join(seedDir, 'linked', link, 'index.js'), `${link} ${version}`)
  write(join(seedDir, 'seed.json'), JSON.stringify({ format: 1, flavour: 'openclaw', version, links }))
  return seedDir
}

describe('the seed of a volume', () => {
  it('puts records and plugins into an empty directory, and does nothing the next time', async () => {
    const [seedDir, stateDir] = [makeSeed(folder(), { plugins: ['discord', 'slack'] }), join(folder(), 'openclaw')]
    expect(await seedWhenEmpty({ seedDir, stateDir })).toEqual({ kind: 'seeded', linked: 2 })
    expect(readFileSync(join(stateDir, 'state', 'record-0'), 'utf8')).toBe('record 0 of 1.0.0')
    expect(readFileSync(join(stateDir, 'npm', 'projects', 'slack', 'index.js'), 'utf8')).toBe('npm/projects/slack 1.0.0')
    expect(readdirSync(stateDir).toSorted()).toEqual([MARKER, 'npm', 'state'])
    expect(await seedWhenEmpty({ seedDir, stateDir })).toEqual({ kind: 'present', linked: 0 })
  })

  it('takes a directory that holds only its configuration for empty, and leaves the configuration as it is', async () => {
    const [seedDir, stateDir] = [makeSeed(folder()), folder()]
    write(join(stateDir, 'openclaw.json'), '{}')
    expect(await seedWhenEmpty({ seedDir, stateDir })).toMatchObject({ kind: 'seeded' })
    expect(readFileSync(join(stateDir, 'openclaw.json'), 'utf8')).toBe('{}')
  })

  it('touches nothing where a gateway was before', async () => {
    const [seedDir, stateDir] = [makeSeed(folder()), folder()]
    write(join(stateDir, 'workspace', 'notes.md'), 'mine')
    expect(await seedWhenEmpty({ seedDir, stateDir })).toEqual({ kind: 'kept', linked: 0 })
    expect(readdirSync(stateDir)).toEqual(['workspace'])
  })

  it('never overwrites a record that the gateway has written since', async () => {
    const [seedDir, stateDir] = [makeSeed(folder()), folder()]
    await seedWhenEmpty({ seedDir, stateDir })
    write(join(stateDir, 'state', 'record-0'), 'changed by the gateway')
    rmSync(join(stateDir, 'npm', 'projects', 'discord'))
    expect(await seedWhenEmpty({ seedDir, stateDir })).toEqual({ kind: 'present', linked: 1 })
    expect(readFileSync(join(stateDir, 'state', 'record-0'), 'utf8')).toBe('changed by the gateway')
  })

  it('with a newer image points to its plugins and adds those it has more, and leaves what the owner installed', async () => {
    const stateDir = folder()
    await seedWhenEmpty({ seedDir: makeSeed(folder(), { plugins: ['discord', 'slack'] }), stateDir })
    const projects = join(stateDir, 'npm', 'projects')
    const elsewhere = folder()
    rmSync(join(projects, 'slack'))
    symlinkSync(elsewhere, join(projects, 'slack'))
    write(join(projects, 'matrix', 'index.js'), 'installed by the owner')
    const newer = makeSeed(folder(), { version: '2.0.0', plugins: ['discord', 'slack', 'whatsapp', 'matrix'] })
    expect(await seedWhenEmpty({ seedDir: newer, stateDir })).toEqual({ kind: 'present', linked: 2 })
    expect(readFileSync(join(projects, 'discord', 'index.js'), 'utf8')).toBe('npm/projects/discord 2.0.0')
    expect(readFileSync(join(projects, 'whatsapp', 'index.js'), 'utf8')).toBe('npm/projects/whatsapp 2.0.0')
    expect(readlinkSync(join(projects, 'slack'))).toBe(elsewhere)
    expect(readFileSync(join(projects, 'matrix', 'index.js'), 'utf8')).toBe('installed by the owner')
    expect(readFileSync(join(stateDir, 'state', 'record-0'), 'utf8')).toBe('record 0 of 1.0.0')
  })

  it('refuses a seed of a format that it does not know', async () => {
    const seedDir = makeSeed(folder())
    write(join(seedDir, 'seed.json'), JSON.stringify({ format: 2, links: [] }))
    await expect(seedWhenEmpty({ seedDir, stateDir: folder() })).rejects.toThrow('format 2')
  })

  it('killed while it copies leaves nothing half done behind, and the next start goes on to the same end', async () => {
    const files = 200
    const [seedDir, stateDir] = [makeSeed(folder(), { files }), folder()]
    const program = `import(${JSON.stringify(MODULE)}).then((it) => it.seedWhenEmpty(${JSON.stringify({ seedDir, stateDir })}))`
    const child = spawn(process.execPath, ['-e', program], { stdio: 'inherit' })
    const ended = once(child, 'exit')
    const half = join(stateDir, '.conch-seeding', 'state')
    while (!existsSync(half) || readdirSync(half).length < 5) {
      if (child.exitCode !== null) throw new Error('it was done before it could be killed')
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    child.kill('SIGKILL')
    expect(await ended).toEqual([null, 'SIGKILL'])
    expect(existsSync(join(stateDir, 'state'))).toBe(false)
    expect(readdirSync(half).length).toBeLessThan(files)
    expect(await seedWhenEmpty({ seedDir, stateDir })).toEqual({ kind: 'continued', linked: 1 })
    expect(readdirSync(join(stateDir, 'state'))).toHaveLength(files)
    expect(readdirSync(stateDir).toSorted()).toEqual([MARKER, 'npm', 'state'])
  })
})
