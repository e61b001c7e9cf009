// Faults on request: only tests switch them on. The catalogue holds what Fly was seen to answer, one entry for every row of our error table.
import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'
import type { Random } from '../lib/random.ts'
import { refusals, type ApiError, type ErrorBody } from './api-error.ts'

export type CannedAnswer = { status: number; body: ErrorBody }
const canned = (error: ApiError): CannedAnswer => ({ status: error.status, body: error.body })

/** A ready answer for every error that Fly was seen to give. */
export const faultCatalogue = {
  nameTaken: canned(refusals.nameTaken()),
  nameTakenConflict: { status: 409, body: { error: 'Validation failed: Name has already been taken', status: 'name_taken' } },
  regionFull: canned(refusals.regionFull()),
  machineLimit: canned(refusals.machineLimit()),
  quota: canned(refusals.quota()),
  volumeHostFull: canned(refusals.volumeHostFull()),
  hostFullMemory: canned(refusals.hostFullMemory()),
  hostFullCpus: canned(refusals.hostFullCpus()),
  noCapacity: canned(refusals.regionFullAborted()),
  machineNameTaken: canned(refusals.machineNameTaken('148e21ea7d4e48', 'gateway')),
  leaseHeld: canned(refusals.leaseHeld('somebody@example.com', '2026-01-01T00:00:00Z')),
  versionMismatch: canned(refusals.versionMismatch('01J0000000000000000000000A', '01J0000000000000000000000B')),
  concurrentUpdate: canned(refusals.concurrentUpdate()),
  beingReplaced: canned(refusals.beingReplaced()),
  cannotStartCreated: canned(refusals.cannotStart('created')),
  waitTimedOut: canned(refusals.waitTimedOut('started', 'starting')),
  volumeNotFound: canned(refusals.volumeNotFound()),
  otherOrganisation: canned(refusals.otherOrganisation()),
  rateLimited: canned(refusals.rateLimited()),
  createTimedOut: { status: 408, body: { error: 'deadline_exceeded: request timed out' } },
  internal: { status: 500, body: { error: 'internal server error' } },
  badGateway: { status: 502, body: { error: 'bad gateway' } },
  unavailable: { status: 503, body: { error: 'service unavailable' } },
  gatewayTimeout: { status: 504, body: { error: 'gateway timeout' } },
} as const satisfies Record<string, CannedAnswer>

const kindSchema = z.union([
  z.strictObject({ status: z.int().min(400).max(599), body: z.unknown() }),
  z.strictObject({ latencyMs: z.number().min(0) }),
  z.strictObject({ lostAnswer: z.literal(true) }),
  z.strictObject({ drop: z.literal(true) }),
  z.strictObject({ staleListMs: z.number().min(0) }),
  z.strictObject({ hostDown: z.literal(true) }),
])
/** A fault to inject. `times` bounds how often it strikes, `probability` how likely; without either it strikes always. */
export const faultSchema = z.strictObject({
  match: z.strictObject({ method: z.string().optional(), path: z.string().optional() }).default({}),
  times: z.int().min(1).optional(),
  probability: z.number().min(0).max(1).optional(),
  kind: kindSchema.default(faultCatalogue.regionFull),
  /** Strikes only requests that would place something in this region. */
  regionFull: z.string().optional(),
})
export type Fault = z.input<typeof faultSchema>
type Parsed = z.infer<typeof faultSchema>
export type FaultRequest = { method: string; path: string; body: unknown }

export type Effect =
  | { kind: 'answer'; status: number; body: unknown }
  | { kind: 'latency'; ms: number }
  | { kind: 'lost-answer' }
  | { kind: 'drop' }
  | { kind: 'stale-list'; ms: number }
  | { kind: 'host-down' }

export type Faults = {
  add(fault: Parsed): void
  clear(): void
  /** The effects that strike this request now; each counts against its fault's `times`. */
  strike(request: FaultRequest): Effect[]
  /** Whether the host of the machine with this API path is down, without counting. */
  hostDown(path: string): boolean
}

function effectOf(kind: Parsed['kind']): Effect {
  if ('status' in kind) return { kind: 'answer', status: kind.status, body: kind.body }
  if ('latencyMs' in kind) return { kind: 'latency', ms: kind.latencyMs }
  if ('lostAnswer' in kind) return { kind: 'lost-answer' }
  if ('drop' in kind) return { kind: 'drop' }
  if ('staleListMs' in kind) return { kind: 'stale-list', ms: kind.staleListMs }
  return { kind: 'host-down' }
}

const placingSchema = z.looseObject({ region: z.string() })
const LIST_PATH = /\/(machines|volumes|apps)$/

function matches(fault: Parsed & { pattern: RegExp | null }, request: FaultRequest): boolean {
  const { match } = fault
  if (match.method !== undefined && match.method.toUpperCase() !== request.method) return false
  if (fault.pattern !== null && !fault.pattern.test(request.path)) return false
  if ('staleListMs' in fault.kind && (request.method !== 'GET' || !LIST_PATH.test(request.path))) return false
  if (fault.regionFull === undefined) return true
  const body = placingSchema.safeParse(request.body)
  return request.method === 'POST' && /\/(machines|volumes)$/.test(request.path) && body.success && body.data.region === fault.regionFull
}

/** The faults that are switched on. */
export function createFaults(options: { random: Random }): Faults {
  let active: (Parsed & { pattern: RegExp | null; left: number })[] = []
  return {
    add(fault) {
      active.push({ ...fault, pattern: fault.match.path === undefined ? null : new RegExp(fault.match.path), left: fault.times ?? Infinity })
    },
    clear() {
      active = []
    },
    strike(request) {
      const effects: Effect[] = []
      for (const fault of active) {
        if (fault.left === 0 || !matches(fault, request)) continue
        if (fault.probability !== undefined && options.random() >= fault.probability) continue
        fault.left -= 1
        effects.push(effectOf(fault.kind))
      }
      active = active.filter((fault) => fault.left > 0)
      return effects
    },
    hostDown: (path) => active.some((fault) => 'hostDown' in fault.kind && fault.left > 0 && (fault.pattern === null || fault.pattern.test(path))),
  }
}

/** Sleeps through the latencies among `effects`. */
export async function delay(effects: readonly Effect[], clock: Clock): Promise<void> {
  for (const effect of effects) if (effect.kind === 'latency') await clock.sleep(effect.ms)
}
