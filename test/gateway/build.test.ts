// build.sh for real, with npm, from a registry on the loopback interface that has a small stand-in for the gateway.
import { spawnSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, readdirSync, realpathSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { execFile } from 'node:child_process'
import { beforeEach, describe, expect, it } from 'vitest'
import { seedWhenEmpty } from '../../images/gateway/supervisor/seed.ts'
import { temporaryFolder } from '../local/harness.ts'
import { startRegistry, useRegistry } from '../local/npm-registry.ts'

const IMAGE = fileURLToPath(new URL('../../images/gateway/', import.meta.url))

/** Leaves what OpenClaw leaves when a plugin is installed: the plugin, the record, a key of its own and a configuration file. */
const PROGRAM = `#!/usr/bin/env node
import { mkdirSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
const state = process.env.OPENCLAW_STATE_DIR
const id = /@openclaw\\/([a-z]+)@1[.]0[.]0$/.exec(process.argv.at(-1))[1]
if (id === 'broken') process.exit(1)
mkdirSync(state + '/npm/projects/openclaw-' + id, { recursive: true })
mkdirSync(state + '/state', { recursive: true })
writeFileSync(state + '/npm/projects/openclaw-' + id + '/index.js', id)
writeFileSync(state + '/config-journal-fingerprint.key', 'secret')
writeFileSync(state + '/openclaw.json', '{}')
const database = new DatabaseSync(state + '/state/openclaw.sqlite')
database.exec("create table if not exists config_machine_state (state_key text, value_json text)")
database.exec("create table if not exists config_health_entries (path text)")
database.prepare('insert into config_machine_state values (?, ?)').run('plugins.installedIndex', state + ' ' + id)
database.prepare('insert into config_machine_state values (?, ?)').run('config.lastTouchedAt', 'x')
database.prepare('insert into config_health_entries values (?)').run(state)
database.close()
`

type Built = { code: number | null; output: string }
let image = ''
let root = ''
let folder = ''
let state = ''

async function build(...args: string[]): Promise<Built> {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}` }
  try {
    const { stdout, stderr } = await promisify(execFile)(join(image, 'build.sh'), args, { env })
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string }
    return { code, output: stdout + stderr }
  }
}
const gateway = (plugins: string): Promise<Built> =>
  build(folder, '--part', 'gateway', '--version', '1.0.0', '--plugins', plugins, '--state-dir', state)

beforeEach(() => {
  root = realpathSync(temporaryFolder())
  image = join(root, 'image')
  folder = join(root, 'built')
  state = join(root, 'data', 'openclaw')
  cpSync(IMAGE, image, { recursive: true })
})

describe('build.sh', () => {
  it('puts the package, its plugins as a seed and the supervisor into a folder, and does nothing when all is there', async () => {
    const registry = await startRegistry(PROGRAM)
    useRegistry(registry.url)
    expect(await gateway('discord,slack')).toMatchObject({ code: 0 })
    expect(await build(folder, '--part', 'supervisor')).toMatchObject({ code: 0 })
    expect(readdirSync(folder).toSorted()).toEqual(['.made-by-build.sh', 'counter', 'gateway', 'package.json', 'seed', 'start.sh', 'supervisor'])
    expect(existsSync(join(folder, 'supervisor', 'main.js'))).toBe(true)
    expect(readFileSync(join(folder, 'gateway', 'environment'), 'utf8')).toBe(
      `CONCH_FLAVOUR=openclaw\nCONCH_GATEWAY=${folder}/gateway/node_modules/openclaw/openclaw.mjs\nCONCH_GATEWAY_VERSION=1.0.0\nCONCH_SEED_DIR=${folder}/seed\n`,
    )
    expect(existsSync(state)).toBe(false)
    const again = await gateway('discord,slack')
    expect(again.output).toContain('already built')
    expect(registry.downloads()).toBe(1)
  })

  it('makes a seed of the records and the plugins alone, which says what is in it', async () => {
    useRegistry((await startRegistry(PROGRAM)).url)
    await gateway('discord,slack')
    const seed = join(folder, 'seed')
    const files = readdirSync(seed, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => join(one.parentPath, one.name).slice(seed.length + 1))
    expect(files.toSorted()).toEqual([
      'files/state/openclaw.sqlite',
      'linked/npm/projects/openclaw-discord/index.js',
      'linked/npm/projects/openclaw-slack/index.js',
      'seed.json',
    ])
    const manifest = JSON.parse(readFileSync(join(seed, 'seed.json'), 'utf8')) as Record<string, unknown>
    expect(manifest).toMatchObject({ flavour: 'openclaw', version: '1.0.0', stateDir: state, copied: { files: 1 }, linked: { files: 2, bytes: 12 } })
    const stateDir = join(root, 'volume')
    expect(await seedWhenEmpty({ seedDir: seed, stateDir })).toEqual({ kind: 'seeded', linked: 2 })
    const database = new DatabaseSync(join(stateDir, 'state', 'openclaw.sqlite'))
    expect(
      database
        .prepare('select value_json from config_machine_state')
        .all()
        .map((row) => row['value_json']),
    ).toEqual([`${state} discord`, `${state} slack`])
    expect(database.prepare('select * from config_health_entries').all()).toEqual([])
    database.close()
  })

  it('leaves nothing of a build that failed, and builds anew where one was killed', async () => {
    useRegistry((await startRegistry(PROGRAM)).url)
    expect((await gateway('discord,broken')).code).not.toBe(0)
    expect(readdirSync(folder)).toEqual(['.made-by-build.sh'])
    expect(existsSync(state)).toBe(false)
    mkdirSync(join(folder, 'gateway', 'node_modules'), { recursive: true })
    mkdirSync(state, { recursive: true })
    writeFileSync(join(state, '.made-by-build.sh'), '')
    writeFileSync(join(state, 'half'), '')
    expect(await gateway('discord')).toMatchObject({ code: 0 })
    expect(existsSync(state)).toBe(false)
  })

  it('touches no folder that it did not make', async () => {
    mkdirSync(state, { recursive: true })
    writeFileSync(join(state, 'notes'), 'mine')
    expect(await gateway('discord')).toMatchObject({ code: 1, output: expect.stringContaining('was not made by this script') as string })
    expect(await build(root)).toMatchObject({ code: 1 })
    expect(readFileSync(join(state, 'notes'), 'utf8')).toBe('mine')
  })

  it.each([
    ['an unknown flavour', ['--flavour', 'moltbot']],
    ['an unknown option', ['--fast']],
    ['an unknown part', ['--part', 'everything']],
    ['plugins for the flavour that has all in it', ['--flavour', 'clawdbot', '--plugins', 'discord']],
    ['a version that is none', ['--version', '1; reboot']],
    ['a relative state directory', ['--state-dir', 'data']],
  ])('refuses %s', async (_, args) => {
    const { code, output } = await build(folder, ...args)
    expect(code).toBe(64)
    expect(output).toContain('usage: build.sh')
  })
})

describe('start.sh', () => {
  // Only root can give root up; elsewhere the program is started as it is.
  const isRoot = process.getuid?.() === 0

  it('hands the volume to the user that the supervisor runs as, and tells it what the image holds', () => {
    const data = join(root, 'data')
    mkdirSync(join(data, 'openclaw'), { recursive: true })
    symlinkSync('/etc/hostname', join(data, 'openclaw', 'link'))
    mkdirSync(join(folder, 'supervisor'), { recursive: true })
    mkdirSync(join(folder, 'gateway'))
    cpSync(join(image, 'start.sh'), join(folder, 'start.sh'))
    writeFileSync(join(folder, 'gateway', 'environment'), 'CONCH_FLAVOUR=openclaw\n')
    writeFileSync(
      join(folder, 'supervisor', 'main.js'),
      `console.log(JSON.stringify({ told: process.env['CONCH_FLAVOUR'], uid: process.getuid(), groups: process.getgroups() }))`,
    )
    for (const one of [root, dirname(root)]) if (statSync(one).uid === process.getuid?.()) chmodSync(one, 0o755)
    const { stdout, stderr } = spawnSync(join(folder, 'start.sh'), {
      env: { PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`, CONCH_DATA_DIR: data },
      encoding: 'utf8',
    })
    expect(stderr.replaceAll(/.*ExperimentalWarning.*\n.*\n/g, '')).toBe('')
    const uid = isRoot ? 65_534 : process.getuid?.()
    expect(JSON.parse(stdout)).toEqual({ told: 'openclaw', uid, groups: isRoot ? [65_534] : process.getgroups?.() })
    expect(statSync(join(data, 'openclaw')).uid).toBe(uid)
    expect(statSync('/etc/hostname').uid).toBe(0)
  })
})
