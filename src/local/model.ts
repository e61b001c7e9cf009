// The persisted state: one document per app. Parsed once when it is loaded; trusted inside.
import { z } from 'zod'
import { machineConfigSchema } from './machine-config.ts'

const eventSchema = z.object({
  id: z.string(),
  type: z.string(),
  status: z.string(),
  source: z.string(),
  timestamp: z.number(),
  request: z.record(z.string(), z.unknown()).optional(),
})
export type MachineEvent = z.infer<typeof eventSchema>

const machineStateSchema = z.enum(['created', 'starting', 'started', 'stopping', 'stopped', 'restarting', 'replacing', 'destroying', 'destroyed'])
export type MachineState = z.infer<typeof machineStateSchema>

const leaseSchema = z.object({ nonce: z.string(), owner: z.string(), description: z.string(), expiresAt: z.string(), version: z.string() })
export type Lease = z.infer<typeof leaseSchema>

const machineSchema = z.object({
  id: z.string(),
  name: z.string(),
  region: z.string(),
  state: machineStateSchema,
  /** Fly's instance_id: changes with every create and update. */
  version: z.string(),
  config: machineConfigSchema,
  privateIp: z.string(),
  createdAt: z.string(),
  updatedAt: z.string(),
  cordoned: z.boolean(),
  volumeId: z.string().nullable(),
  lease: leaseSchema.nullable(),
  /** False for a machine made with skip_launch: it stays `created` until somebody starts it. */
  launched: z.boolean(),
  restartCount: z.int(),
  oomKilled: z.boolean(),
  /** Newest first. */
  events: z.array(eventSchema),
  /** Newest first. */
  versions: z.array(z.object({ version: z.string(), config: machineConfigSchema })),
  destroyedAt: z.string().nullable(),
})
export type Machine = z.infer<typeof machineSchema>

const snapshotSchema = z.object({ id: z.string(), createdAt: z.string(), sizeBytes: z.number(), retentionDays: z.int(), volumeSizeGb: z.int() })
export type Snapshot = z.infer<typeof snapshotSchema>

const volumeSchema = z.object({
  id: z.string(),
  name: z.string(),
  region: z.string(),
  sizeGb: z.int(),
  state: z.enum(['created', 'pending_destroy']),
  encrypted: z.boolean(),
  fstype: z.string(),
  autoBackup: z.boolean(),
  snapshotRetention: z.int(),
  zone: z.string(),
  machineId: z.string().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
  destroyedAt: z.string().nullable(),
  snapshots: z.array(snapshotSchema),
})
export type Volume = z.infer<typeof volumeSchema>

const certificateSchema = z.object({
  hostname: z.string(),
  status: z.enum(['pending_ownership', 'pending_validation', 'active']),
  createdAt: z.string(),
  updatedAt: z.string(),
  token: z.string(),
})
export type Certificate = z.infer<typeof certificateSchema>

const ipSchema = z.object({
  ip: z.string(),
  type: z.string(),
  region: z.string(),
  shared: z.boolean(),
  serviceName: z.string(),
  createdAt: z.string(),
})
export type IpAssignment = z.infer<typeof ipSchema>

export const appSchema = z.object({
  id: z.string(),
  number: z.int(),
  name: z.string(),
  orgSlug: z.string(),
  network: z.string(),
  createdAt: z.string(),
  /** Set first when an app is deleted, so that a crash in the middle is finished at the next start. */
  deleting: z.boolean(),
  secretsVersion: z.int(),
  machines: z.array(machineSchema),
  volumes: z.array(volumeSchema),
  certificates: z.array(certificateSchema),
  ips: z.array(ipSchema),
})
export type App = z.infer<typeof appSchema>

export const secretsSchema = z.record(z.string(), z.object({ value: z.string(), digest: z.string(), createdAt: z.string(), updatedAt: z.string() }))
export type Secrets = z.infer<typeof secretsSchema>
