// Links an assistant with WhatsApp: waits until its gateway is ready for it, asks it for a code, and for the next one whenever that changes, until
// somebody has scanned it or it has taken too long. Its state is in the database, so that any process goes on with it after a restart: the
// gateway hands out the code that is still good. The code itself is kept in memory alone. It must never import a face: news leave by the outbox.
import type { Db, Tx } from '../../db/connect.ts'
import { instanceById, requestChange, storedOf, type InstanceRow } from '../../db/instances.ts'
import { announceAgain } from '../../db/outbox.ts'
import { claimPairings, pairingOf, writePairing, type ClaimedPairing, type PairingPatch } from '../../db/pairings.ts'
import type { PairingEnd } from '../../domain/whatsapp.ts'
import type { Clock } from '../../lib/clock.ts'
import { ConchError, messageOf } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import { ProviderError } from '../fly/errors.ts'
import { appNameOf } from '../machine-config.ts'
import { createTurns, type Claiming, type Turns } from '../turns.ts'
import type { Gateway } from './gateway.ts'
import { isLinked, loginOf, type Login, type PairingCode } from './login.ts'

export type PairingDeps = {
  db: Db
  gateway: Gateway
  clock: Clock
  log: Log
  /** Called after every write that owes somebody a message. */
  announced: () => void
  /** Called when the wanted state of an instance was changed. */
  changed: () => void
}
export type Pairings = Turns & {
  /** The code that an instance shows now; null when there is none to be had. */
  codeOf(instanceId: string): Promise<Buffer | null>
}

/** Each holds one call to the provider open. */
const AT_ONCE_MAX = 16
/** How long the gateway looks for a code, and for the next one. */
const START_SECONDS = 20
const WAIT_SECONDS = 15
const STATUS_SECONDS = 5
const LEASE_MS = 60_000
/** A gateway keeps one login open for three minutes. */
const SHOWN_MS = 175_000
const AGAIN_MS = 2_000
const AFTER_WAIT_MS = 500
/** A gateway that says no is asked this often before it is believed. */
const FAILS_MAX = 3

/** `spent`: a wait for the next one ended without it, so that the gateway must be asked which one is good now. */
type KnownCode = PairingCode & { spent: boolean }
type Work = PairingDeps & { codes: Map<string, KnownCode> }
type Move = PairingPatch & { news: boolean }

export function createPairings(deps: PairingDeps): Pairings {
  const work: Work = { ...deps, codes: new Map() }
  // A lease outlasts a turn: nothing renews it.
  const due: Claiming = async (free, signal) => {
    const claims = await claimPairings(deps.db, { leaseMs: LEASE_MS, limit: free })
    return claims.map((claim) => ({ id: claim.instanceId, work: moveOn(work, claim, signal) }))
  }
  return {
    ...createTurns({ ...deps, atOnce: AT_ONCE_MAX }, [due]),
    codeOf: (instanceId) => codeOf(work, instanceId),
  }
}

async function moveOn(work: Work, claim: ClaimedPairing, signal: AbortSignal): Promise<void> {
  const { db, log, codes } = work
  const instance = await instanceById(db, claim.instanceId)
  const move = await nextMove(work, { claim, instance, signal }).catch((error: unknown) => failedMove(work, claim, error))
  // What was cut off by our own end says nothing: the lease is given back, and somebody goes on.
  const { news, ...patch } = signal.aborted ? { news: false, againMs: 0 } : move
  if (patch.state !== undefined && patch.state !== 'showing') codes.delete(claim.instanceId)
  const kept = await db.transaction(async (tx) => {
    if (!(await writePairing(tx, claim, patch))) return false
    if (patch.reason === 'unsupported' && instance !== null) await withoutWhatsapp(tx, instance)
    if (news) await announceAgain(tx, claim.key)
    return true
  })
  if (!kept) return void codes.delete(claim.instanceId)
  if (patch.reason === 'unsupported') work.changed()
  if (news) {
    log.info({ instance: claim.instanceId, state: patch.state ?? claim.state, reason: patch.reason }, 'a pairing went on')
    work.announced()
  }
}

type Turn = { claim: ClaimedPairing; instance: InstanceRow | null; signal: AbortSignal }

async function nextMove(work: Work, { claim, instance, signal }: Turn): Promise<Move> {
  if (instance === null || instance.deleteRequestedAt !== null) return over('gone')
  if (instance.power === 'off') return over('stopped')
  if (claim.expired) return over(claim.state === 'showing' ? 'ran-out' : 'not-ready')
  const { machineId } = instance
  if (machineId === null || instance.operationId !== null || !instance.healthy) return { againMs: AGAIN_MS, news: false }
  const at = { app: appNameOf(instance.id), machineId }
  const code = work.codes.get(claim.instanceId)
  const login = code === undefined || code.spent ? await start(work, at, claim, signal) : await wait(work, at, code, signal)
  return afterLogin(work, at, { claim, login, signal })
}

type At = { app: string; machineId: string }

async function start({ gateway }: Work, at: At, claim: Pick<ClaimedPairing, 'force' | 'codes'>, signal: AbortSignal): Promise<Login> {
  // Once a code was shown, letting go of the phone again would let go of the one that has just scanned it.
  const params = { channel: 'whatsapp', force: claim.force && claim.codes === 0, timeoutMs: START_SECONDS * 1_000 }
  return loginOf(await gateway.call(at, { method: 'web.login.start', params, timeoutSeconds: START_SECONDS, signal }))
}

async function wait({ gateway }: Work, at: At, code: PairingCode, signal: AbortSignal): Promise<Login> {
  const session = code.sessionKey === null ? {} : { sessionKey: code.sessionKey }
  const params = { channel: 'whatsapp', timeoutMs: WAIT_SECONDS * 1_000, currentQrDataUrl: code.dataUrl, ...session }
  return loginOf(await gateway.call(at, { method: 'web.login.wait', params, timeoutSeconds: WAIT_SECONDS, signal }))
}

async function afterLogin(work: Work, at: At, { claim, login, signal }: { claim: ClaimedPairing; login: Login; signal: AbortSignal }): Promise<Move> {
  const { codes, gateway } = work
  const { instanceId } = claim
  const known = codes.get(instanceId)
  switch (login.kind) {
    case 'linked':
      return { state: 'paired', fails: 0, againMs: 0, news: true }
    case 'unsupported':
      return over('unsupported')
    case 'busy':
      return failing(claim, login.said)
    case 'code': {
      codes.set(instanceId, { ...login.code, spent: false })
      if (known?.dataUrl === login.code.dataUrl) return { fails: 0, againMs: 0, news: false }
      const patience = claim.codes === 0 ? { patienceMs: SHOWN_MS } : {}
      return { state: 'showing', codes: claim.codes + 1, fails: 0, againMs: 0, news: true, ...patience }
    }
    case 'nothing': {
      if (known?.spent === false) {
        codes.set(instanceId, { ...known, spent: true })
        return { againMs: AFTER_WAIT_MS, news: false }
      }
      const status = await gateway.call(at, { method: 'channels.status', params: {}, timeoutSeconds: STATUS_SECONDS, signal })
      if (isLinked(status)) return { state: claim.codes > 0 ? 'paired' : 'linked', againMs: 0, news: true }
      return failing(claim, login.said)
    }
  }
}

function over(reason: PairingEnd, said?: string): Move {
  return { state: 'over', reason, againMs: 0, news: true, ...(said !== undefined && { said }) }
}

function failing(claim: ClaimedPairing, said: string): Move {
  const fails = claim.fails + 1
  return fails >= FAILS_MAX ? over('failed', said) : { fails, againMs: AGAIN_MS, news: false }
}

/** The machine or its gateway could not be asked: as long as there is time, that passes. */
function failedMove({ log }: Work, claim: ClaimedPairing, error: unknown): Move {
  const expected = error instanceof ProviderError || (error instanceof ConchError && error.code === 'gateway.unreachable')
  log[expected ? 'info' : 'error']({ instance: claim.instanceId, reason: messageOf(error) }, 'a gateway could not be asked for a pairing code')
  return { againMs: AGAIN_MS, news: false }
}

/** What it cannot do is not asked of it any more: a gateway that looks for a missing plugin starts slowly each time. */
async function withoutWhatsapp(tx: Tx, row: InstanceRow): Promise<void> {
  const channels = storedOf(row).channels.filter((one) => one.id !== 'whatsapp')
  await requestChange(tx, row.id, { kind: 'update', set: { channels }, chat: null, cause: 'pairing' })
}

async function codeOf(work: Work, instanceId: string): Promise<Buffer | null> {
  const known = work.codes.get(instanceId)
  if (known !== undefined) return known.png
  // Another process works on it, or did before it ended: the gateway has the code.
  const [pairing, instance] = [await pairingOf(work.db, instanceId), await instanceById(work.db, instanceId)]
  if (pairing?.state !== 'showing' || instance === null || instance.machineId === null) return null
  try {
    const at = { app: appNameOf(instance.id), machineId: instance.machineId }
    const login = await start(work, at, { force: false, codes: pairing.codes }, AbortSignal.timeout(START_SECONDS * 1_000))
    return login.kind === 'code' ? login.code.png : null
  } catch (error) {
    work.log.info({ instance: instanceId, reason: messageOf(error) }, 'a pairing code could not be fetched')
    return null
  }
}
