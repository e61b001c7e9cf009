// What a plan buys, and what more of it costs. Prices and limits are data in versions: a version that has landed is never edited, because periods
// that ran under it are rated by it for ever (test/domain/plans.test.ts holds their digests). To change the offer, add versions and name them in
// `plans`; who has a running period keeps the version that it began with.
import { z } from 'zod'
import type { Meter } from './billing/facts.ts'
import type { MicroDollars } from './billing/money.ts'

export const planIdSchema = z.enum(['starter', 'pro'])
export type PlanId = z.infer<typeof planIdSchema>

export type Guest = { cpuKind: 'shared' | 'performance'; cpus: number; memoryMb: number; swapMb: number }
export type Plan = {
  id: PlanId
  /** Names these numbers for ever: "starter@1". */
  version: string
  title: string
  priceCents: number
  /** So many run around the clock without overage. */
  instancesMax: number
  guest: Guest
  /** Of each instance. */
  volumeGb: number
  /** What a whole period includes, of all instances together. */
  included: { egressBytes: bigint; messages: bigint }
  /** What a unit beyond costs: a minute, a megabyte (10^6 bytes), a GB (2^30 bytes, as volumes are sized) held for a whole period, a message. */
  overage: Readonly<Record<Meter, MicroDollars>>
  /** How long a backup is kept. */
  backupDays: number
  /** Its assistants may use a browser. */
  browser: boolean
  /** How long the provider keeps each of its daily copies of the whole storage: 1 to 60 days. */
  snapshotDays: number
  /** Its assistants may speak. */
  voice: boolean
}

const GIGABYTE = 1_000_000_000n

/**
 * Starter has 1 GB of swap beside its 1 GB of memory: the gateway alone was measured at 715 to 830 MB, and at more than 1 GB with three
 * channels.
 */
const starter1: Plan = {
  id: 'starter',
  version: 'starter@1',
  title: 'Starter',
  priceCents: 900,
  instancesMax: 1,
  guest: { cpuKind: 'shared', cpus: 1, memoryMb: 1024, swapMb: 1024 },
  volumeGb: 1,
  included: { egressBytes: 5n * GIGABYTE, messages: 10_000n },
  overage: { uptime: 1_000n, egress: 100n, storage: 100_000n, messages: 500n },
  backupDays: 7,
  browser: false,
  snapshotDays: 5,
  voice: false,
}

const pro1: Plan = {
  id: 'pro',
  version: 'pro@1',
  title: 'Pro',
  priceCents: 1900,
  instancesMax: 3,
  guest: { cpuKind: 'shared', cpus: 2, memoryMb: 2048, swapMb: 1024 },
  volumeGb: 5,
  included: { egressBytes: 20n * GIGABYTE, messages: 50_000n },
  overage: { uptime: 1_000n, egress: 100n, storage: 100_000n, messages: 500n },
  backupDays: 30,
  browser: true,
  snapshotDays: 14,
  voice: true,
}

/** Every version there ever was. */
export const planVersions: readonly Readonly<Plan>[] = [starter1, pro1]

/** The offer: the newest version of each plan. */
export const plans: Readonly<Record<PlanId, Readonly<Plan>>> = { starter: starter1, pro: pro1 }
