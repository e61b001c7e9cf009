// The part of Fly's machine configuration that this server acts on. Unknown keys are kept and given back, as Fly does.
import { z } from 'zod'
import { refusals } from './api-error.ts'

const stringMap = z.record(z.string(), z.string())
const signalSchema = z.enum(['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGKILL', 'SIGUSR1', 'SIGUSR2', 'SIGTERM'])

/** A Go duration (`30s`, `1m30s`, `500ms`) or a number of seconds. */
export const durationSchema = z.union([z.string().regex(/^(\d+(\.\d+)?(ms|s|m|h))+$|^\d+$/, 'not a duration'), z.number().nonnegative()])
export const stopSchema = z.looseObject({ signal: signalSchema.optional(), timeout: durationSchema.optional() })

const guestSchema = z.looseObject({
  cpu_kind: z.enum(['shared', 'performance']).default('shared'),
  cpus: z.int().min(1).default(1),
  memory_mb: z.int().min(256).default(256),
  swap_size_mb: z.int().min(0).optional(),
})
export type Guest = z.infer<typeof guestSchema>
const mountSchema = z.looseObject({ volume: z.string(), path: z.string().startsWith('/'), name: z.string().optional(), size_gb: z.int().optional() })
const fileSchema = z.looseObject({
  guest_path: z.string().startsWith('/'),
  raw_value: z.string().optional(),
  secret_name: z.string().optional(),
  mode: z.int().optional(),
})
const restartSchema = z.looseObject({
  policy: z.enum(['no', 'always', 'on-failure', 'spot-price']).default('on-failure'),
  max_retries: z.int().min(0).optional(),
})

export const machineConfigSchema = z.looseObject({
  image: z.string().min(1),
  env: stringMap.optional(),
  guest: guestSchema.prefault({}),
  init: z.looseObject({ swap_size_mb: z.int().min(0).optional() }).prefault({}),
  restart: restartSchema.prefault({}),
  metadata: stringMap.optional(),
  mounts: z.array(mountSchema).max(1, 'a machine can have one mount').optional(),
  files: z.array(fileSchema).optional(),
  services: z.array(z.looseObject({ autostart: z.boolean().optional() })).optional(),
  stop_config: stopSchema.optional(),
  auto_destroy: z.boolean().optional(),
})
export type MachineConfig = z.infer<typeof machineConfigSchema>

/** Milliseconds of a Go duration or of a number of seconds. */
export function durationMs(duration: string | number): number {
  if (typeof duration === 'number') return duration * 1000
  if (/^\d+$/.test(duration)) return Number(duration) * 1000
  const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
  let total = 0
  for (const [, amount, unit] of duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)) total += Number(amount) * (unitMs[unit ?? ''] ?? 0)
  return total
}

/** Refuses (400) a guest that Fly does not sell: shared CPUs carry 256 to 2048 MB each, performance CPUs 2048 to 8192 MB. */
export function checkGuest(guest: Guest): void {
  const [least, most] = guest.cpu_kind === 'shared' ? [256, 2048] : [2048, 8192]
  if (guest.cpus > 16) throw refusals.badRequest('invalid config.guest.cpus: at most 16')
  if (guest.memory_mb % 256 !== 0) throw refusals.badRequest('invalid config.guest.memory_mb: must be a multiple of 256')
  if (guest.memory_mb < guest.cpus * least || guest.memory_mb > guest.cpus * most) {
    throw refusals.badRequest(
      `invalid config.guest.memory_mb: ${guest.cpu_kind}-cpu-${guest.cpus}x takes ${guest.cpus * least} to ${guest.cpus * most} MB`,
    )
  }
}

/** The bytes at which a machine is out of memory: RAM and swap together. */
export function memoryLimitBytes(config: MachineConfig): number {
  return (config.guest.memory_mb + (config.init.swap_size_mb ?? config.guest.swap_size_mb ?? 0)) * 1024 * 1024
}

/** Refuses (400) a file whose guest path would leave its folder. */
export function checkFiles(config: MachineConfig): void {
  for (const file of config.files ?? []) {
    if (file.guest_path.split('/').includes('..') || file.guest_path.includes('\0'))
      throw refusals.badRequest(`invalid config.files: ${file.guest_path} leaves the machine`)
    if (file.raw_value === undefined && file.secret_name === undefined)
      throw refusals.badRequest(`invalid config.files: ${file.guest_path} needs raw_value or secret_name`)
  }
}
