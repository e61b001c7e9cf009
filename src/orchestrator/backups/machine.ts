// Backups and restores, as a machine makes them: its supervisor is asked, and goes on by itself. What it says is the word of a machine that its
// owner's assistant can change: it is parsed and bounded.
import type { Readable } from 'node:stream'
import { Agent, request, type Dispatcher } from 'undici'
import { z } from 'zod'
import { ConchError } from '../../lib/errors.ts'
import { loopbackNames } from '../../lib/loopback.ts'
import type { MachineControl } from '../door.ts'
import { addressOf } from '../machine-config.ts'

const id = z.string().max(40)
const why = z.string().transform((text) => text.slice(0, 300))
const backupSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  /** It has something else under way. */
  z.object({ kind: z.literal('busy') }),
  z.object({ kind: z.literal('running'), id }),
  z.object({
    kind: z.literal('ready'),
    id,
    bytes: z.int().min(1).max(20_000_000_000),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    version: z.string().max(100),
  }),
  z.object({ kind: z.literal('failed'), id, reason: z.enum(['no-space', 'failed']).catch('failed'), why }),
])
const restoreSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('none') }),
  z.object({ kind: z.literal('busy') }),
  z.object({ kind: z.literal('running'), id }),
  z.object({ kind: z.literal('done'), id }),
  z.object({
    kind: z.literal('failed'),
    id,
    reason: z.enum(['damaged', 'no-space', 'unusable', 'does-not-start', 'interrupted']).catch('unusable'),
    why,
  }),
])
export type MachineBackup = z.infer<typeof backupSchema>
export type MachineRestore = z.infer<typeof restoreSchema>

/** Every call throws `machine.unreachable` when the machine did not answer as one of ours does. */
export type MachineCopies = {
  backup(instanceId: string): Promise<MachineBackup>
  beginBackup(instanceId: string, id: string): Promise<MachineBackup>
  fetchBackup(instanceId: string, id: string, signal: AbortSignal): Promise<Readable>
  dropBackup(instanceId: string, id: string): Promise<void>
  restore(instanceId: string): Promise<MachineRestore>
  /** Hands an archive over; it goes on by itself. */
  sendRestore(
    instanceId: string,
    id: string,
    sent: { archive: Readable; bytes: number; sha256: string; signal: AbortSignal },
  ): Promise<MachineRestore>
  close(): Promise<void>
}

/** To begin a backup it looks through its files. */
const ANSWER_MS = 30_000
/** Nothing of a stream for this long: it is cut off. */
const SILENCE_MS = 60_000
const ANSWER_BYTES_MAX = 64 * 1024

export function createMachineCopies(deps: { control: Pick<MachineControl, 'authorization'>; addressTemplate: string }): MachineCopies {
  const agent = new Agent({ headersTimeout: ANSWER_MS, bodyTimeout: SILENCE_MS, connect: { timeout: 10_000, lookup: loopbackNames } })
  const ask = async (instanceId: string, path: string, options: Partial<Dispatcher.RequestOptions> = {}): Promise<Dispatcher.ResponseData> => {
    const headers = { ...(await deps.control.authorization(instanceId)), ...(options.headers as Record<string, string> | undefined) }
    const url = `${addressOf(instanceId, deps.addressTemplate)}/.conch/${path}`
    return request(url, { ...options, headers, dispatcher: agent }).catch((error: unknown) => {
      throw new ConchError('machine.unreachable', `${path} could not be asked`, { cause: error })
    })
  }
  const told = async <T>(schema: z.ZodType<T>, answer: Dispatcher.ResponseData): Promise<T> => {
    const said = schema.safeParse(await jsonOf(answer))
    if (!said.success) throw new ConchError('machine.unreachable', `the machine answered ${answer.statusCode}, in other words than ours`)
    return said.data
  }
  return {
    backup: async (instanceId) => told(backupSchema, await ask(instanceId, 'backup')),
    beginBackup: async (instanceId, wanted) => told(backupSchema, await ask(instanceId, `backup/${wanted}`, { method: 'POST' })),
    async fetchBackup(instanceId, wanted, signal) {
      const answer = await ask(instanceId, `backup/${wanted}`, { signal })
      if (answer.statusCode === 200) return answer.body
      await answer.body.dump()
      throw new ConchError('machine.unreachable', `the machine answered ${answer.statusCode} instead of a backup`)
    },
    dropBackup: async (instanceId, wanted) => void (await told(backupSchema, await ask(instanceId, `backup/${wanted}`, { method: 'DELETE' }))),
    restore: async (instanceId) => told(restoreSchema, await ask(instanceId, 'restore')),
    async sendRestore(instanceId, wanted, { archive, bytes, sha256, signal }) {
      const headers = { 'content-length': String(bytes), 'content-type': 'application/gzip', 'x-conch-sha256': sha256 }
      // It answers when all of it has arrived, which takes as long as it takes.
      const options = { method: 'PUT' as const, headers, body: archive, signal, headersTimeout: 0 }
      return told(restoreSchema, await ask(instanceId, `restore/${wanted}`, options))
    },
    close: () => agent.close(),
  }
}

async function jsonOf({ body }: Dispatcher.ResponseData): Promise<unknown> {
  const parts: Buffer[] = []
  let bytes = 0
  try {
    for await (const part of body as AsyncIterable<Buffer>) {
      bytes += part.length
      if (bytes > ANSWER_BYTES_MAX) return null
      parts.push(part)
    }
    return JSON.parse(Buffer.concat(parts).toString())
  } catch {
    return null
  }
}
