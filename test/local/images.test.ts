import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { explainNpmFailure } from '../../src/local/images/install.ts'
import { startTimeOf } from '../../src/local/process-table.ts'
import { eventually, harness, visit, type Harness } from './harness.ts'
import { startRegistry, useRegistry } from './npm-registry.ts'

const GATEWAY = `
import { createServer } from 'node:http'
import { readFileSync, existsSync } from 'node:fs'
const port = Number(process.argv[process.argv.indexOf('--port') + 1])
const file = process.env.OPENCLAW_STATE_DIR + '/openclaw.json'
createServer((request, response) => response.end(JSON.stringify({ args: process.argv.slice(2), env: process.env, config: existsSync(file) ? readFileSync(file, 'utf8') : null }))).listen(port, '127.0.0.1')
process.on('SIGTERM', () => process.exit(0))
`
const INSTALL_MS = 20_000
const reportSchema = z.object({ args: z.array(z.string()), env: z.record(z.string(), z.string()), config: z.string().nullable() })
const progressSchema = z.object({ progress_percent: z.number(), message: z.string() })

async function newest(it: Harness, app: string, id: string) {
  return (await it.machine(app, id)).events[0]
}

test('the first launch installs the gateway once for all machines, shows how far it is, and runs it with what it needs', async () => {
  const registry = await startRegistry(GATEWAY)
  useRegistry(registry.url)
  const it = await harness()
  const [one, two] = [await it.app('one'), await it.app('two')]
  const volume = await it.volume(one)
  await it.call('POST', `/apps/${one}/secrets/OPENCLAW_GATEWAY_PASSWORD`, { value: 'pass' })
  const config = Buffer.from('{"gateway":{"mode":"local"}}').toString('base64')
  const image = 'gateway:openclaw-1.0.0'
  const first = await it.create(one, {
    image,
    env: { OPENCLAW_STATE_DIR: '/data/state' },
    mounts: [{ volume: volume.id, path: '/data' }],
    files: [{ guest_path: '/data/state/openclaw.json', raw_value: config }],
  })
  const second = await it.create(two, { image })
  const preparing = await eventually(async () => {
    const event = await newest(it, one, first.id)
    return event?.status === 'preparing' && event.request?.['message'] !== undefined ? event : undefined
  })
  expect(preparing).toMatchObject({ type: 'launch', source: 'runner' })
  expect(progressSchema.parse(preparing.request).message).toBe('Installing OpenClaw 1.0.0')
  expect((await it.machine(one, first.id)).state).toBe('starting')
  await it.reaches(one, first.id, 'started', INSTALL_MS)
  await it.reaches(two, second.id, 'started', INSTALL_MS)
  const done = (await it.machine(one, first.id)).events.find((event) => event.status === 'preparing')
  expect(progressSchema.parse(done?.request).progress_percent).toBe(100)
  expect(registry.downloads()).toBe(1)
  expect(readdirSync(join(it.dir, 'runtime'))).toEqual(['openclaw-1.0.0'])
  expect(existsSync(join(it.dir, 'runtime', 'openclaw-1.0.0', 'node_modules', 'openclaw', 'script-was-run'))).toBe(false)

  await it.answers(one, '/', 200)
  const report = reportSchema.parse(JSON.parse((await visit(it.server, one, '/')).text))
  expect(report.args).toEqual(['gateway', '--port', expect.stringMatching(/^\d+$/), '--bind', 'loopback'])
  expect(report.config).toBe('{"gateway":{"mode":"local"}}')
  expect(report.env).toMatchObject({
    OPENCLAW_STATE_DIR: join(it.dir, 'volumes', volume.id, 'state'),
    OPENCLAW_CONFIG_READONLY: '1',
    OPENCLAW_DISABLE_BONJOUR: '1',
    OPENCLAW_NO_AUTO_UPDATE: '1',
    MALLOC_ARENA_MAX: '2',
    OPENCLAW_GATEWAY_PASSWORD: 'pass',
    FLY_APP_NAME: 'one',
    FLY_MACHINE_ID: first.id,
    FLY_REGION: 'ams',
    PRIMARY_REGION: 'ams',
  })
  expect(report.env['npm_config_registry']).toBeUndefined()
  await it.answers(two, '/', 200)
  expect(reportSchema.parse(JSON.parse((await visit(it.server, two, '/')).text)).args).toContain('--allow-unconfigured')
}, 40_000)

test('an installation that fails leaves the machine stopped with the reason, nothing on disk, and is tried afresh at the next start', async () => {
  const registry = await startRegistry(GATEWAY)
  useRegistry('http://127.0.0.1:9/')
  const it = await harness()
  const app = await it.app()
  const made = await it.create(app, { image: 'gateway:openclaw-1.0.0' })
  await it.reaches(app, made.id, 'stopped', INSTALL_MS)
  const reason = 'could not download OpenClaw 1.0.0: the package registry cannot be reached (ECONNREFUSED)'
  expect(await newest(it, app, made.id)).toMatchObject({
    type: 'exit',
    status: 'stopped',
    request: { message: expect.stringContaining(reason), exit_event: { exit_code: 1, oom_killed: false } },
  })
  expect((await it.call('GET', `/api/v1/apps/${app}/logs`)).text).toContain(reason)
  expect(readdirSync(join(it.dir, 'runtime'))).toEqual([])
  useRegistry(registry.url)
  await it.call('POST', `/apps/${app}/machines/${made.id}/start`)
  await it.reaches(app, made.id, 'started', INSTALL_MS)
}, 60_000)

test('a machine can be stopped or destroyed while its gateway is being installed, and closing the server ends the installation', async () => {
  useRegistry('http://127.0.0.1:9/')
  const it = await harness()
  const app = await it.app()
  const image = 'gateway:openclaw-1.0.0'
  const [stopped, destroyed, waiting] = [await it.create(app, { image }), await it.create(app, { image }), await it.create(app, { image })]
  for (const machine of [stopped, destroyed, waiting]) await it.reaches(app, machine.id, 'starting')
  await it.call('POST', `/apps/${app}/machines/${stopped.id}/stop`, {})
  await it.reaches(app, stopped.id, 'stopped')
  await it.call('DELETE', `/apps/${app}/machines/${destroyed.id}?force=true`)
  await it.reaches(app, destroyed.id, 'destroyed')
  await it.close()
  expect(readdirSync(join(it.dir, 'runtime'))).toEqual([])
  const document = readFileSync(join(it.dir, 'apps', readdirSync(join(it.dir, 'apps'))[0] ?? ''), 'utf8')
  expect(document).toMatch(new RegExp(`"id":"${waiting.id}"[^{]*"state":"starting"`))
}, 30_000)

test('what a killed installer left is removed, a running one of another server is not', async () => {
  const first = await harness()
  await first.close()
  const runtime = join(first.dir, 'runtime')
  mkdirSync(join(runtime, '.installing-openclaw-1.0.0-dead'))
  writeFileSync(
    join(runtime, '.installing-openclaw-1.0.0-dead', 'owner.json'),
    JSON.stringify({ server: { pid: process.pid, startTime: '1' }, npm: null }),
  )
  mkdirSync(join(runtime, '.installing-openclaw-1.0.0-alive'))
  writeFileSync(
    join(runtime, '.installing-openclaw-1.0.0-alive', 'owner.json'),
    JSON.stringify({ server: { pid: process.pid, startTime: startTimeOf(process.pid) }, npm: null }),
  )
  await harness({ dir: first.dir })
  expect(readdirSync(runtime)).toEqual(['.installing-openclaw-1.0.0-alive'])
})

test.each([
  [
    'npm error code ENOTFOUND',
    'could not download OpenClaw 2: the package registry cannot be reached (ENOTFOUND). Check the internet connection and start the machine again',
  ],
  ['npm error code ENOSPC\nnpm error nospc', 'could not install OpenClaw 2: the disk is full. Free about 1 GB and start the machine again'],
  [
    'npm warn tar TAR_ENTRY_ERROR ENOSPC: no space left on device',
    'could not install OpenClaw 2: the disk is full. Free about 1 GB and start the machine again',
  ],
  ['npm error code ETARGET', 'could not install OpenClaw 2: the package registry has no such version'],
  ['npm error code EINTEGRITY', 'could not install OpenClaw 2: npm failed with EINTEGRITY'],
  ['', 'could not install OpenClaw 2: npm failed'],
])('npm saying %j is explained to people', (output, sentence) => {
  expect(explainNpmFailure(output, 'OpenClaw 2')).toBe(sentence)
})
