import { testSigningKeys } from '../support/signing.ts'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createPostgresDatabase } from '../support/database.ts'
import { TEMPLATE } from '../support/postgres-admin.ts'
import { createHome, startProgram } from '../support/program.ts'

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

// On PGlite it is played by faces.test.ts.
describe('the journey through the terminal on postgres', () => {
  it('sets up, looks after and destroys an assistant', { timeout: 60_000 }, async () => {
    const { url, drop } = await createPostgresDatabase(TEMPLATE)
    onTestFinished(drop)
    const { printed, code } = await run(home({ empty: true }), JOURNEY, { DATABASE_URL: url, CONCH_SIGNING_KEYS: testSigningKeys.open() })
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
  it('goes on in the middle of a wizard after a restart, and finds everything as it was after Ctrl-C', { timeout: 90_000 }, async () => {
    const folder = home()
    await run(folder, ['/deploy my-claw', 'Amsterdam'])
    const second = startProgram(folder, { lines: ['Skip for now', 'Launch'] })
    await second.sees('🟢 my-claw is live')
    // Another one on the same folder is refused with a clear line.
    const other = await run(folder, [])
    expect(other.code).toBe(71)
    expect(other.printed).toMatch(/Another Conch \(process \d+\) is using/)
    second.child.kill('SIGINT')
    expect(await second.exited).toBe(0)
    const { printed, code } = await run(folder, ['/status'])
    expect(code).toBe(0)
    expect(printed).toContain('Welcome back')
    expect(printed).toContain('🟢 my-claw is live, for')
    expect(printed).not.toContain('is live in')
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
})
