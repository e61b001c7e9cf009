import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startPlatforms } from '../simulators/platforms.ts'
import { createPostgresDatabase } from '../support/database.ts'
import { TEMPLATE } from '../support/postgres-admin.ts'
import { createHome, startProgram, type Program } from '../support/program.ts'

const JOURNEY = [
  '/deploy',
  'my-claw',
  'Amsterdam',
  'Skip for now',
  'Launch',
  '/status',
  '/restart',
  '/logs',
  '/stop',
  '/start my-claw',
  '/rename red-claw',
  '/instances',
  '/destroy',
  'red-claw',
  '/instances',
]

function home(options: { empty?: true } = {}): string {
  const made = createHome(options)
  onTestFinished(() => made.remove())
  return made.home
}
async function run(folder: string, lines: readonly string[], env: Record<string, string> = {}): Promise<{ printed: string; code: number | null }> {
  const program = startProgram(folder, { lines, end: true, env })
  return { code: await program.exited, printed: program.printed() }
}
async function stop(program: Program): Promise<void> {
  program.child.kill('SIGINT')
  expect(await program.exited).toBe(0)
}

describe.each(['pglite', 'postgres'])('the journey through the terminal on %s', (engine) => {
  it('sets up, looks after and destroys an assistant', { timeout: 60_000 }, async () => {
    const env: Record<string, string> = {}
    if (engine === 'postgres') {
      const { url, drop } = await createPostgresDatabase(TEMPLATE)
      onTestFinished(drop)
      env['DATABASE_URL'] = url
    }
    const { printed, code } = await run(home({ empty: true }), JOURNEY, env)
    expect(code).toBe(0)
    const expected = [
      'Hi! I set up',
      'Launching my-claw',
      '✓ Private network',
      '✓ Storage 1 GB',
      '✓ Machine in Amsterdam',
      '✓ First health check',
      '🟢 my-claw is live',
      '🟢 my-claw is back',
      '[stub] listening',
      'my-claw is stopped',
      'red-claw',
      'Destroyed red-claw',
      'red-claw is gone',
    ]
    let from = 0
    for (const text of expected) {
      const at = printed.indexOf(text, from)
      expect(at, `${text} after ${printed.slice(from, from + 80)}`).toBeGreaterThan(-1)
      from = at
    }
    expect(printed.split('is live in').length - 1).toBe(1)
    expect(printed).not.toMatch(/\bat .*\.ts:\d+/)
  })
})

describe('the program', () => {
  it('finds everything as it was after Ctrl-C', { timeout: 60_000 }, async () => {
    const folder = home()
    const first = startProgram(folder, { lines: ['/deploy my-claw', 'Amsterdam', 'Skip for now', 'Launch'] })
    await first.sees('is live in')
    await stop(first)
    const { printed, code } = await run(folder, ['/status'])
    expect(code).toBe(0)
    expect(printed).toContain('Welcome back')
    expect(printed).toMatch(/🟢 my-claw is live|my-claw/)
    expect(printed).not.toContain('is live in')
  })

  it('goes on in the middle of a wizard after a restart', { timeout: 60_000 }, async () => {
    const folder = home()
    await run(folder, ['/deploy my-claw', 'Amsterdam'])
    const { printed } = await run(folder, ['Skip for now', 'Launch'])
    expect(printed).toContain('🟢 my-claw is live')
  })

  it('refuses a second one on the same folder with a clear line', { timeout: 60_000 }, async () => {
    const folder = home()
    const first = startProgram(folder)
    await first.sees('Set one up')
    const second = await run(folder, [])
    expect(second.code).toBe(71)
    expect(second.printed).toMatch(/Another Conch \(process \d+\) is using/)
    await stop(first)
  })

  it('says in one line that the port is taken, and how to take another', { timeout: 60_000 }, async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const address = server.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const { printed, code } = await run(home(), [], { PORT: String(port) })
    expect(code).toBe(71)
    expect(printed).toContain(`Port ${port} is in use`)
  })

  it('says in one line that its database is damaged, and touches nothing', { timeout: 60_000 }, async () => {
    const folder = home()
    await run(folder, [])
    writeFileSync(join(folder, 'db', 'global', 'pg_control'), 'rubbish')
    const files = readdirSync(join(folder, 'db')).length
    const { printed, code } = await run(folder, [])
    expect(code).toBe(71)
    expect(printed.trim().split('\n')).toHaveLength(1)
    expect(readdirSync(join(folder, 'db')).length).toBeGreaterThanOrEqual(files - 1)
    expect(readFileSync(join(folder, 'db', 'global', 'pg_control'), 'utf8')).toBe('rubbish')
  })

  it('names every wrong setting at once, with an example', async () => {
    const { printed, code } = await run(home(), [], { PORT: 'eighty', FLY_API_TOKEN: 'a-token-that-must-not-be-echoed' })
    expect(code).toBe(78)
    expect(printed).toMatch(/PORT: must be a whole number[\s\S]*FLY_ORG: is missing/)
    expect(printed).not.toContain('must-not-be-echoed')
  })

  it('keeps a pasted key out of everything but the secret store', { timeout: 60_000 }, async () => {
    const folder = home()
    const key = 'sk-ant-api03-planted-through-the-terminal-abcdefghij-x4Qe'
    const platforms = await startPlatforms()
    onTestFinished(() => platforms.close())
    platforms.modelKey('anthropic', key)
    const env = { LOG_LEVEL: 'trace', CHECK_ANTHROPIC_URL: platforms.urls.anthropic }
    const { printed } = await run(folder, ['/deploy my-claw', 'Amsterdam', 'Anthropic (Claude)', key, 'Launch', key], env)
    expect(printed).toContain('🟢 my-claw is live')
    expect(printed).toContain('x4Qe')
    expect(printed.replaceAll(/^› .*$/gm, '')).not.toContain('planted-through')
    const holders = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((file) => readFileSync(file).includes('planted-through'))
    expect(holders.every((file) => file.startsWith(join(folder, 'machines', 'secrets')))).toBe(true)
    expect(holders).toHaveLength(1)
  })
})
