// npm run demo -- [--gateway stub|openclaw] [--face terminal|telegram|discord|slack]
// Plays the whole journey through the chat by itself and prints the transcript. Exits 0 only if the assistant came alive, was restarted and
// destroyed, and nothing was left behind at the provider.
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { parseArgs } from 'node:util'
import { startApp } from '../src/app.ts'
import { readConfig } from '../src/config.ts'
import { openDatabase } from '../src/db/connect.ts'
import { systemClock } from '../src/lib/clock.ts'
import { messageOf } from '../src/lib/errors.ts'
import { silentLog } from '../src/lib/log.ts'
import { startMachinesServer } from '../src/local/server.ts'
import { playJourney, signalGateways } from './demo/journey.ts'
import { visitFor } from './demo/visit.ts'
import { faceNames, openStage, type FaceName } from './demo/stage.ts'

/** Often enough for nobody to wait for three minutes until trouble is noticed; the real gateway needs its time to start, and its death is noticed anyway. */
const PRACTICE_CHECKS = { intervalMs: 2_000 }

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { gateway: { type: 'string', default: 'openclaw' }, face: { type: 'string', default: 'terminal' } } })
  const face = faceNames.find((one) => one === values.face)
  if (face === undefined) return refuse(`--face ${values.face} is not known. There are: ${faceNames.join(', ')}.`)
  if (values.gateway !== 'stub' && values.gateway !== 'openclaw')
    return refuse(`--gateway ${values.gateway} is not known. There are: stub, openclaw.`)
  const base = process.env['CONCH_HOME'] ?? '.conch'
  await mkdir(base, { recursive: true })
  const home = await mkdtemp(join(base, 'demo-'))
  const gateway = values.gateway === 'stub' ? { GATEWAY_IMAGE: 'gateway:stub' } : {}
  const wrong = await play(face, { CONCH_HOME: home, PORT: '0', LOG_LEVEL: 'error', ...gateway }, join(base, 'runtime'))
  const problems = [...wrong, ...(await jobsMissing(home)), ...(await leftBehind(home, base))]
  await rm(home, { recursive: true, force: true })
  process.stdout.write(
    problems.length === 0 ? '\ndemo: it came alive, was restarted and destroyed, and nothing was left behind\n' : `\ndemo: ${problems.join('; ')}\n`,
  )
  return problems.length === 0 ? 0 : 1
}

/** Plays the journey in one face and prints what the person saw; returns what was wrong with it. */
async function play(face: FaceName, env: Record<string, string>, runtimeDir: string): Promise<string[]> {
  const stage = await openStage(face)
  const read = readConfig({ ...env, ...stage.env })
  if (!read.ok) return read.problems.map((one) => `${one.name} ${one.problem}`)
  const ended = new AbortController()
  const practice = env['GATEWAY_IMAGE'] === 'gateway:stub'
  const running = startApp({
    config: read.config,
    ...(stage.tty ?? { input: new PassThrough(), output: process.stdout }),
    errors: process.stderr,
    nodePath: process.execPath,
    runtimeDir,
    ...(practice && { sweep: PRACTICE_CHECKS }),
    signal: ended.signal,
    elapsed: () => performance.now(),
  })
  // The practice gateway falls sick; the real one, which knows no such thing, dies.
  const trouble = (): Promise<void> => signalGateways(read.config.home, practice ? 'SIGUSR2' : 'SIGKILL')
  try {
    const seen = await Promise.race([playJourney(stage, trouble, visitFor(practice ? 'stub' : 'openclaw')), running])
    process.stdout.write(`${stage.person.transcript()}\n\nthe control page, ${seen ?? 'not seen'}\n`)
    return [...stage.simulator.violations()]
  } finally {
    ended.abort()
    await running
    await stage.close()
  }
}

function refuse(message: string): number {
  process.stderr.write(`${message}\n`)
  return 2
}

/** The jobs that did not end well, from the database. */
async function jobsMissing(home: string): Promise<string[]> {
  const database = await openDatabase({ kind: 'pglite', dir: join(home, 'db'), log: silentLog })
  try {
    const jobs = await database.db.query.instanceEvents.findMany({ columns: { operationId: true, kind: true, detail: true } })
    const done = new Set(jobs.filter((event) => event.kind === 'done').map((event) => event.operationId))
    const kinds = new Set(
      jobs.filter((event) => event.kind === 'requested' && done.has(event.operationId)).map((event) => JSON.stringify(event.detail)),
    )
    return ['deploy', 'update', 'restart', 'destroy']
      .filter((kind) => ![...kinds].some((detail) => detail.includes(`"kind":"${kind}"`)))
      .map((kind) => `${kind} did not end well`)
  } finally {
    await database.close()
  }
}

/** The apps that the provider still holds. */
async function leftBehind(home: string, base: string): Promise<string[]> {
  const server = await startMachinesServer({
    dir: join(home, 'machines'),
    runtimeDir: join(base, 'runtime'),
    log: silentLog,
    clock: systemClock,
    nodePath: process.execPath,
  })
  try {
    const answer = await fetch(`${server.apiUrl}/apps?org_slug=personal`, { headers: { authorization: `Bearer ${server.token}` } })
    const body = JSON.stringify(await answer.json())
    return [...body.matchAll(/"name":"([^"]+)"/g)].map((match) => `${match[1]} was left behind`)
  } finally {
    await server.close()
  }
}

main()
  .then((code) => {
    process.exitCode = code
  })
  .catch((error: unknown) => {
    process.stderr.write(`demo: ${messageOf(error)}\n`)
    process.exitCode = 1
  })
