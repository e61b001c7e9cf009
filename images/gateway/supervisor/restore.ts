// Puts a backup in the place of the gateway's state, and puts the old state back when the gateway does not run with it. A marker on the volume says
// how far that is: killed anywhere, the next start finds either the old state whole or the new one proven. The two change places by renaming, so
// the old state is never copied and never changed.
import { createHash } from 'node:crypto'
import { createWriteStream, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { mkdir, rename } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { dirname, join } from 'node:path'
import { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { remove, unpackedBytes, type Archiver } from './archive.ts'
import { freeBytes, SPARE_BYTES } from './backup.ts'
import { writeWhole } from './config-store.ts'
import type { Gateway } from './gateway.ts'

/**
 * `unpacking`: nothing has changed yet. `swapping`, `trying`: the old state is aside, or about to be. `proven`: the gateway has run with the new
 * one, and the old one goes.
 */
type Phase = 'unpacking' | 'swapping' | 'trying' | 'proven'
export type RestoreState =
  | { kind: 'none' }
  | { kind: 'running'; id: string; phase: 'receiving' | Phase }
  | { kind: 'done'; id: string }
  /** Everything is as it was. */
  | { kind: 'failed'; id: string; reason: RestoreFailure; why: string }
export type RestoreFailure = 'damaged' | 'no-space' | 'unusable' | 'does-not-start' | 'interrupted'
export type Restores = {
  state(): RestoreState
  /** Whether the state of the gateway is being replaced. */
  busy(): boolean
  /** Takes an archive, unless it is known already, and goes on by itself once it is whole. The state as it is then. */
  receive(id: string, sha256: string, request: IncomingMessage): Promise<RestoreState>
  /** Before the gateway is started: what was cut off is undone. */
  recover(): Promise<void>
}

export type RestoreDeps = {
  dir: string
  stateDir: string
  /** The gateway's configuration, in the state: it is ours, and stays the one that is wanted now. */
  configFile: string
  archiver: Archiver
  gateway: Pick<Gateway, 'hold' | 'release' | 'state'>
  /** Once the state is in place, before the gateway runs with it. */
  prepare: () => Promise<void>
  say: (text: string) => void
}

/** OpenClaw was seen to take 66 s on a busy machine. */
const START_PATIENCE_MS = 4 * 60_000
const POLL_MS = 100
/** With a state that it cannot use, the gateway ends at once, each time. */
const CRASHES_MAX = 3

class Failure extends Error {
  readonly reason: RestoreFailure
  constructor(reason: RestoreFailure, why: string) {
    super(why)
    this.reason = reason
  }
}

type It = { deps: RestoreDeps; state: RestoreState }

export function createRestores(deps: RestoreDeps): Restores {
  mkdirSync(deps.dir, { recursive: true, mode: 0o700 })
  const it: It = { deps, state: outcomeIn(deps.dir) }
  return {
    state: () => it.state,
    busy: () => it.state.kind === 'running',
    async receive(id, sha256, request) {
      if (it.state.kind === 'running' || (it.state.kind !== 'none' && it.state.id === id)) return it.state
      it.state = { kind: 'running', id, phase: 'receiving' }
      try {
        await take(deps, request, sha256)
      } catch (error) {
        await end(it, id, error)
        return it.state
      }
      void restore(it, id).catch((error: unknown) => deps.say(`a restore could not be ended: ${String(error)}`))
      return it.state
    },
    recover: () => recover(it),
  }
}

const archiveOf = (dir: string): string => join(dir, 'archive.tar.gz')
const markerOf = (dir: string): string => join(dir, 'marker.json')
const outcomeOf = (dir: string): string => join(dir, 'outcome.json')
// Beside the state, and so on the same file system.
const asideOf = ({ stateDir }: RestoreDeps): string => `${stateDir}.before-restore`
const unpackedOf = ({ stateDir }: RestoreDeps): string => `${stateDir}.restoring`

async function take({ dir }: RestoreDeps, request: IncomingMessage, sha256: string): Promise<void> {
  const announcedBytes = Number(request.headers['content-length'] ?? 0)
  if (announcedBytes + SPARE_BYTES > freeBytes(dir)) throw new Failure('no-space', `the archive has ${announcedBytes} bytes`)
  const sum = createHash('sha256')
  const look = new Transform({
    transform(part: Buffer, _encoding, next) {
      sum.update(part)
      next(null, part)
    },
  })
  await remove(archiveOf(dir))
  await pipeline(request, look, createWriteStream(archiveOf(dir), { mode: 0o600 })).catch((error: unknown) => {
    throw new Failure('interrupted', `the archive did not arrive: ${String(error)}`)
  })
  if (sum.digest('hex') !== sha256) throw new Failure('damaged', 'the archive is not what it was')
}

async function restore(it: It, id: string): Promise<void> {
  const { deps } = it
  try {
    await enter(it, id, 'unpacking')
    const unpacked = await unpack(deps)
    await enter(it, id, 'swapping')
    await deps.gateway.hold()
    await rename(deps.stateDir, asideOf(deps))
    await rename(unpacked, deps.stateDir)
    await enter(it, id, 'trying')
    await deps.prepare()
    deps.gateway.release()
    await startsWithin(deps, START_PATIENCE_MS)
    await enter(it, id, 'proven')
    await end(it, id, null)
  } catch (error) {
    deps.say(`a backup could not be restored: ${error instanceof Error ? error.message : String(error)}`)
    // One that was only unpacked has touched nothing: the gateway runs on.
    if (it.state.kind === 'running' && it.state.phase === 'unpacking') return end(it, id, error)
    await deps.gateway.hold()
    await undo(deps)
    deps.gateway.release()
    await end(it, id, error)
  }
}

async function enter(it: It, id: string, phase: Phase): Promise<void> {
  writeWhole(markerOf(it.deps.dir), JSON.stringify({ id, phase }))
  it.state = { kind: 'running', id, phase }
}

/** Unpacks it while the gateway still runs, with the configuration that is in place now. */
async function unpack(deps: RestoreDeps): Promise<string> {
  const { archiver, dir, configFile, stateDir } = deps
  const free = freeBytes(dir) - SPARE_BYTES
  const bytes = await unpackedBytes(archiveOf(dir), free).catch((error: unknown) => {
    throw new Failure('damaged', String(error))
  })
  if (bytes > free) throw new Failure('no-space', `it holds more than the ${free} bytes that are free`)
  await remove(unpackedOf(deps))
  const state = await archiver.unpack(archiveOf(dir), unpackedOf(deps)).catch((error: unknown) => {
    throw new Failure('unusable', error instanceof Error ? error.message : String(error))
  })
  const own = join(state, configFile.slice(stateDir.length))
  await remove(`${own}.bak`)
  await remove(own)
  if (existsSync(configFile)) writeWhole(own, readFileSync(configFile, 'utf8'))
  return state
}

async function startsWithin({ gateway }: RestoreDeps, patienceMs: number): Promise<void> {
  const until = performance.now() + patienceMs
  const crashes = new Set<number>()
  while (performance.now() < until) {
    const state = gateway.state()
    if (state.kind === 'live') return
    if (state.kind === 'degraded') throw new Failure('does-not-start', state.detail)
    if (state.kind === 'stopped') throw new Failure('interrupted', 'the machine was told to stop')
    if (state.kind === 'waiting') crashes.add(state.restartAt.getTime())
    if (crashes.size >= CRASHES_MAX) throw new Failure('does-not-start', `it ended ${CRASHES_MAX} times in a row`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  throw new Failure('does-not-start', 'it did not answer in time')
}

/** The old state is in its place again. Harmless when it is there, and when it was cut off itself. */
async function undo(deps: RestoreDeps): Promise<void> {
  if (existsSync(asideOf(deps))) {
    await remove(deps.stateDir)
    await rename(asideOf(deps), deps.stateDir)
  }
  await remove(unpackedOf(deps))
}

/** What came of it is written down before the marker goes. */
async function end(it: It, id: string, error: unknown): Promise<void> {
  const { dir } = it.deps
  const why = error instanceof Error ? error.message : String(error)
  const outcome: RestoreState =
    error === null
      ? { kind: 'done', id }
      : { kind: 'failed', id, reason: error instanceof Failure ? error.reason : 'unusable', why: why.slice(0, 300) }
  if (error === null) await remove(asideOf(it.deps))
  writeWhole(outcomeOf(dir), JSON.stringify(outcome))
  await remove(markerOf(dir))
  await remove(archiveOf(dir))
  await remove(unpackedOf(it.deps))
  it.state = outcome
}

async function recover(it: It): Promise<void> {
  const { deps } = it
  const marker = read<{ id: string; phase: Phase }>(markerOf(deps.dir))
  if (marker === null) {
    await remove(archiveOf(deps.dir))
    return
  }
  if (marker.phase === 'proven') return end(it, marker.id, null)
  await undo(deps)
  await mkdir(dirname(deps.stateDir), { recursive: true })
  deps.say(`a restore was cut off while ${marker.phase}: everything is as it was`)
  await end(it, marker.id, new Failure('interrupted', 'the machine ended meanwhile'))
}

function outcomeIn(dir: string): RestoreState {
  return read<RestoreState>(outcomeOf(dir)) ?? { kind: 'none' }
}

/** What we wrote ourselves; null when there is none. */
function read<T>(path: string): T | null {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as T
  } catch {
    return null
  }
}
