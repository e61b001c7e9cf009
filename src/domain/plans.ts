// What a plan buys. Prices and limits are data; billing adds versions of it.
import { z } from 'zod'

export const planIdSchema = z.enum(['starter', 'pro'])
export type PlanId = z.infer<typeof planIdSchema>

export type Guest = { cpuKind: 'shared' | 'performance'; cpus: number; memoryMb: number; swapMb: number }
export type Plan = {
  id: PlanId
  title: string
  priceCents: number
  instancesMax: number
  guest: Guest
  volumeGb: number
  /** How long a backup is kept. */
  backupDays: number
  /** Its assistants may use a browser. */
  browser: boolean
  /** How long the provider keeps each of its daily copies of the whole storage: 1 to 60 days. */
  snapshotDays: number
}

/**
 * The offer. Starter has 1 GB of swap beside its 1 GB of memory: the gateway alone was measured at 715 to 830 MB,
 * and at more than 1 GB with three channels.
 */
export const plans: Readonly<Record<PlanId, Plan>> = {
  starter: {
    id: 'starter',
    title: 'Starter',
    priceCents: 900,
    instancesMax: 1,
    guest: { cpuKind: 'shared', cpus: 1, memoryMb: 1024, swapMb: 1024 },
    volumeGb: 1,
    backupDays: 7,
    browser: false,
    snapshotDays: 5,
  },
  pro: {
    id: 'pro',
    title: 'Pro',
    priceCents: 1900,
    instancesMax: 3,
    guest: { cpuKind: 'shared', cpus: 2, memoryMb: 2048, swapMb: 1024 },
    volumeGb: 5,
    backupDays: 30,
    browser: true,
    snapshotDays: 14,
  },
}
