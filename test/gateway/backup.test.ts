// Backups and restores of a machine: real processes, real files, and a supervisor that is killed at the worst moments.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises'
import { request, type IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, it, onTestFinished } from 'vitest'
import { startMachine, type Machine, type MachineOptions } from './support/machine.ts'

async function begin(options: MachineOptions = {}): Promise<Machine> {
  const machine = await startMachine(options)
  onTestFinished(() => machine.close())
  return machine
}

async function folder(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'conch-machine-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

type State = { kind: string; id: string; phase?: string; reason?: string; bytes: number; sha256: string; version: string }
const asked = async (machine: Machine, method: string, what: string): Promise<State> => (await (await machine.control(method, what)).json()) as State
const note = (machine: Machine): string => join(machine.dir, 'openclaw', 'note.txt')
const write = (machine: Machine, text: string): Promise<void> => writeFile(note(machine), text)
const read = (machine: Machine): Promise<string> => readFile(note(machine), 'utf8')

/** Makes a backup and fetches it. */
async function backup(machine: Machine, id: string): Promise<{ archive: Buffer; state: State }> {
  await asked(machine, 'POST', `backup/${id}`)
  await machine.until('a backup', async () => (await asked(machine, 'GET', 'backup')).kind !== 'running')
  const state = await asked(machine, 'GET', 'backup')
  expect(state).toMatchObject({ kind: 'ready', id })
  const archive = Buffer.from(await (await machine.control('GET', `backup/${id}`)).arrayBuffer())
  return { archive, state }
}

const sumOf = (archive: Buffer): string => createHash('sha256').update(archive).digest('hex')

async function put(machine: Machine, id: string, archive: Buffer, sum = sumOf(archive)): Promise<State> {
  const headers = { authorization: `Bearer ${await machine.token({ purpose: 'control' })}`, 'x-conch-sha256': sum }
  const answer = await fetch(`${machine.url}/.conch/restore/${id}`, { method: 'PUT', headers, body: new Uint8Array(archive) })
  return (await answer.json()) as State
}

async function restored(machine: Machine): Promise<State> {
  await machine.until('an end', async () => (await asked(machine, 'GET', 'restore')).kind !== 'running')
  return asked(machine, 'GET', 'restore')
}

/** An archive of these files, as tar makes it. */
async function archiveOf(files: Readonly<Record<string, string>>, change: (dir: string) => Promise<string[]> = async () => ['.']): Promise<Buffer> {
  const dir = await folder()
  for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text)
  const made = spawnSync('tar', ['-czPf', '-', '-C', dir, ...(await change(dir))], { maxBuffer: 10_000_000 })
  expect(made.status).toBe(0)
  return made.stdout
}

/** Nothing of a restore is left but its outcome. */
async function expectTidy(machine: Machine): Promise<void> {
  expect((await readdir(machine.dir)).toSorted()).toEqual(['conch', 'openclaw'])
  expect(await readdir(join(machine.dir, 'conch', 'restore'))).toEqual(['outcome.json'])
}

async function killed(machine: Machine): Promise<void> {
  const gone = once(machine.process, 'exit')
  process.kill(-(machine.process.pid ?? 0), 'SIGKILL')
  await gone
}

it('makes a backup, hands it out, and lets go of it when told to', async () => {
  const machine = await begin()
  await machine.live()
  await write(machine, 'one')
  const { archive, state } = await backup(machine, 'backup01')
  expect(state).toEqual({ kind: 'ready', id: 'backup01', bytes: archive.length, sha256: sumOf(archive), version: 'stub' })
  await machine.live()
  // Asked again, it is the same one.
  expect(await asked(machine, 'POST', 'backup/backup01')).toEqual(state)
  expect((await machine.control('GET', 'backup/backup02')).status).toBe(404)
  expect(await asked(machine, 'DELETE', 'backup/backup01')).toEqual({ kind: 'none' })
  expect(await readdir(join(machine.dir, 'conch', 'backup'))).toEqual([])
})

it('keeps the newest backup over a restart of the machine', async () => {
  const dir = await folder()
  const machine = await begin({ dir })
  await machine.live()
  await backup(machine, 'backup01')
  await write(machine, 'later')
  const { state } = await backup(machine, 'backup02')
  await killed(machine)
  const again = await begin({ dir, signer: machine.signer })
  await again.live()
  expect(await asked(again, 'GET', 'backup')).toEqual(state)
})

it('is asked for by the control plane alone', async () => {
  const machine = await begin()
  await machine.live()
  for (const [method, what] of [
    ['POST', 'backup/backup01'],
    ['GET', 'backup'],
    ['GET', 'backup/backup01'],
    ['PUT', 'restore/restore01'],
    ['GET', 'restore'],
  ] as const)
    expect((await fetch(`${machine.url}/.conch/${what}`, { method })).status).toBe(401)
  for (const what of ['backup', 'restore', 'backup/backup01']) expect((await fetch(`${machine.privateUrl}/${what}`)).status).toBe(404)
  expect((await machine.control('POST', 'backup/..%2f..%2fx')).status).toBe(404)
})

it('restores a backup: the state is what it was, the settings are those of now', async () => {
  const dir = await folder()
  await mkdir(join(dir, 'conch'), { recursive: true })
  await writeFile(join(dir, 'conch', 'sent.json'), JSON.stringify({ version: 1, document: '{"greeting":"one"}' }))
  const machine = await begin({ dir })
  await machine.live()
  await write(machine, 'before')
  const { archive } = await backup(machine, 'backup01')
  await machine.live()
  await machine.control('PUT', 'config', { version: 2, document: '{"greeting":"two"}' })
  await machine.live()
  await write(machine, 'after')
  expect(await put(machine, 'restore01', archive)).toMatchObject({ kind: 'running', id: 'restore01' })
  expect(await restored(machine)).toEqual({ kind: 'done', id: 'restore01' })
  expect(await read(machine)).toBe('before')
  const answer = await fetch(machine.url, { headers: { cookie: await machine.enter() } })
  expect(await answer.json()).toMatchObject({ greeting: 'two' })
  // Asked again, it has been done.
  expect(await put(machine, 'restore01', archive)).toEqual({ kind: 'done', id: 'restore01' })
  await expectTidy(machine)
})

it('puts the old state back when the gateway does not start with the new one', async () => {
  const machine = await begin()
  await machine.live()
  await write(machine, 'mine')
  await put(machine, 'restore01', await archiveOf({ broken: '', 'note.txt': 'theirs' }))
  expect(await restored(machine)).toMatchObject({ kind: 'failed', id: 'restore01', reason: 'does-not-start' })
  await machine.live()
  expect(await read(machine)).toBe('mine')
  expect(await (await machine.control('GET', 'health')).json()).toMatchObject({ state: 'live', exits: 0 })
  await expectTidy(machine)
})

it('takes nothing that is damaged, no archive, or reaches out of its folder', async () => {
  const machine = await begin()
  await machine.live()
  await write(machine, 'mine')
  const { pid } = (await (await fetch(machine.url, { headers: { cookie: await machine.enter() } })).json()) as { pid: number }
  const good = await archiveOf({ 'note.txt': 'theirs' })
  const outside = await archiveOf({ 'evil.txt': 'x' }, async (dir) => {
    await mkdir(join(dir, 'deeper'))
    await rename(join(dir, 'evil.txt'), join(dir, 'deeper', 'evil.txt'))
    return ['-C', 'deeper', '--transform=s,^,../,', 'evil.txt']
  })
  const absolute = await archiveOf({ 'evil.txt': 'x' }, async () => [`--transform=s,^,${machine.dir}/,`, 'evil.txt'])
  const cases: [Buffer, string | undefined, string][] = [
    [good, sumOf(Buffer.from('another')), 'damaged'],
    [good.subarray(0, good.length - 40), undefined, 'damaged'],
    [Buffer.from('not an archive'), undefined, 'damaged'],
    [outside, undefined, 'unusable'],
    [absolute, undefined, 'unusable'],
  ]
  for (const [index, [archive, sum, reason]] of cases.entries()) {
    await put(machine, `restore0${index}`, archive, sum)
    expect(await restored(machine)).toMatchObject({ kind: 'failed', id: `restore0${index}`, reason })
  }
  expect(await read(machine)).toBe('mine')
  expect(existsSync(join(machine.dir, 'evil.txt'))).toBe(false)
  // The gateway was never touched.
  expect(await (await fetch(machine.url, { headers: { cookie: await machine.enter() } })).json()).toMatchObject({ pid })
  await expectTidy(machine)
})

it('writes through no link that an archive brings', async () => {
  const machine = await begin()
  await machine.live()
  const elsewhere = await folder()
  const tricky = await archiveOf({}, async (dir) => {
    await symlink(elsewhere, join(dir, 'a-link'))
    await mkdir(join(dir, 'b'))
    await writeFile(join(dir, 'b', 'evil.txt'), 'x')
    return ['--transform=s,^b,a-link,', 'a-link', 'b/evil.txt']
  })
  await put(machine, 'restore01', tricky)
  await restored(machine)
  expect(await readdir(elsewhere)).toEqual([])
})

// What the volume holds when it ended in each phase, as restore.ts orders its steps.
it.each([
  ['unpacking', { openclaw: 'old', restoring: 'new' }, 'old'],
  ['swapping', { openclaw: 'old', restoring: 'new' }, 'old'],
  ['swapping', { aside: 'old', restoring: 'new' }, 'old'],
  ['swapping', { aside: 'old', openclaw: 'new' }, 'old'],
  ['trying', { aside: 'old', openclaw: 'new' }, 'old'],
  ['trying', { openclaw: 'old' }, 'old'],
  ['proven', { aside: 'old', openclaw: 'new' }, 'new'],
  ['proven', { openclaw: 'new' }, 'new'],
] as const)('ended while %s, with %o on the volume, it starts with what is %s', async (phase, volume: Readonly<Record<string, string>>, expected) => {
  const dir = await folder()
  const names: Readonly<Record<string, string>> = { openclaw: 'openclaw', aside: 'openclaw.before-restore', restoring: 'openclaw.restoring' }
  for (const [place, text] of Object.entries(volume)) {
    await mkdir(join(dir, names[place] ?? ''), { recursive: true })
    await writeFile(join(dir, names[place] ?? '', 'note.txt'), text)
  }
  await mkdir(join(dir, 'conch', 'restore'), { recursive: true })
  await writeFile(join(dir, 'conch', 'restore', 'marker.json'), JSON.stringify({ id: 'restore01', phase }))
  await writeFile(join(dir, 'conch', 'restore', 'archive.tar.gz'), 'x')
  const machine = await begin({ dir })
  await machine.live()
  expect(await read(machine)).toBe(expected)
  expect(await asked(machine, 'GET', 'restore')).toMatchObject(
    expected === 'new' ? { kind: 'done', id: 'restore01' } : { kind: 'failed', id: 'restore01', reason: 'interrupted' },
  )
  await expectTidy(machine)
})

it('killed at any moment of a restore, it has the old state or the new one, whole', async () => {
  const dir = await folder()
  let machine = await begin({ dir })
  await machine.live()
  const files = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`part-${index}`, 'new']))
  const archive = await archiveOf({ ...files, 'note.txt': 'new' })
  const seen = new Set<string>()
  for (const [index, ms] of [0, 15, 40, 80, 120, 160, 220, 300, 500].entries()) {
    await rm(join(dir, 'openclaw'), { recursive: true, force: true })
    await mkdir(join(dir, 'openclaw'))
    for (let n = 0; n < 50; n += 1) await writeFile(join(dir, 'openclaw', `part-${n}`), 'old')
    await write(machine, 'old')
    void put(machine, `restore${index}0`, archive).catch(() => undefined)
    await new Promise((resolve) => setTimeout(resolve, ms))
    await killed(machine)
    machine = await begin({ dir, signer: machine.signer })
    await machine.live()
    const state = await read(machine)
    seen.add(state)
    expect(['old', 'new']).toContain(state)
    for (let n = 0; n < 50; n += 1) expect(await readFile(join(dir, 'openclaw', `part-${n}`), 'utf8')).toBe(state)
    expect((await readdir(dir)).toSorted()).toEqual(['conch', 'openclaw'])
  }
  expect(seen.has('old')).toBe(true)
})

it('too little room is said before anything is written, and the gateway answers on', async () => {
  const machine = await begin()
  await machine.live()
  await write(machine, 'kept')
  // It takes no room, and would in an archive.
  const vast = join(machine.dir, 'openclaw', 'vast.bin')
  await writeFile(vast, '')
  await truncate(vast, 2 ** 43)
  expect(await asked(machine, 'POST', 'backup/first00001')).toMatchObject({ kind: 'failed', reason: 'no-space' })
  const headers = {
    authorization: `Bearer ${await machine.token({ purpose: 'control' })}`,
    'x-conch-sha256': '0'.repeat(64),
    'content-length': 2 ** 43,
  }
  const sending = request(`${machine.url}/.conch/restore/second00001`, { method: 'PUT', headers })
  sending.on('error', () => undefined)
  sending.flushHeaders()
  const [answer] = (await once(sending, 'response')) as [IncomingMessage]
  expect(JSON.parse(await text(answer))).toMatchObject({ kind: 'failed', reason: 'no-space' })
  sending.destroy()
  expect(await read(machine)).toBe('kept')
  expect((await fetch(`${machine.url}/healthz`)).status).toBe(200)
})
