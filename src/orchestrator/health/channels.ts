// The slow look at the gateway's own opinion of its chats: GET /readyz. It never restarts anything: one revoked token makes a gateway unready
// that answers everybody else. Twice in a row it is told to the owner, and once more when all is well again.
import { z } from 'zod'
import { claimChannelChecks, recordChannelCheck, type ChannelTarget } from '../../db/channel-checks.ts'
import type { Db } from '../../db/connect.ts'
import { closeIncidents, openIncidents, raiseIncident } from '../../db/incidents.ts'
import { instanceById } from '../../db/instances.ts'
import { secretsOf } from '../../db/secret-names.ts'
import { channelsOf } from '../../domain/credentials.ts'
import { workAtOnce } from '../../lib/at-once.ts'
import type { Log } from '../../lib/log.ts'
import type { MachineControl } from '../door.ts'
import type { Prober } from './probe.ts'

export type ChannelCheckDeps = { db: Db; log: Log; prober: Prober; control: MachineControl; changed: () => void }
export type ChannelChecks = {
  /** Looks wherever a look is due, and returns how many those were. */
  tick(): Promise<number>
}

const INTERVAL_MS = 5 * 60_000
const JITTER_SHARE = 0.2
const BATCH = 200
const AT_ONCE = 20
/** A gateway that connects anew is unready for a moment. */
const FAILURES_BEFORE_ALERT = 2

export function createChannelChecks(deps: ChannelCheckDeps): ChannelChecks {
  const look = async (target: ChannelTarget): Promise<void> => {
    const readiness = readinessOf(await deps.prober.read(target.url, await deps.control.authorization(target.instanceId)))
    // Whether it answers at all is the health check's business.
    if (readiness.kind === 'unknown') return
    if (await record(deps.db, target.instanceId, readiness)) deps.changed()
  }
  return {
    async tick() {
      const lookOrSay = (target: ChannelTarget): Promise<void> =>
        look(target).catch((error: unknown) => deps.log.error({ err: error, instance: target.instanceId }, 'a look at the chats was lost'))
      for (let looked = 0; ;) {
        const due = await claimChannelChecks(deps.db, { limit: BATCH, intervalMs: INTERVAL_MS, jitterShare: JITTER_SHARE })
        if (due.length === 0) return looked
        looked += due.length
        await workAtOnce(due, AT_ONCE, lookOrSay)
      }
    },
  }
}

export type Readiness = { kind: 'ready' } | { kind: 'down'; failing: string[] } | { kind: 'unknown' }

/** What else OpenClaw 2026.9.6 calls failing is no chat: starting, draining, plugins, its own databases. */
const CHANNELS: ReadonlySet<string> = new Set(['telegram', 'discord', 'slack', 'whatsapp', 'signal', 'imessage', 'msteams', 'googlechat', 'matrix'])
/** `failing` is told to the control plane; everybody else learns `ready` alone. */
const bodySchema = z.object({ ready: z.boolean(), failing: z.array(z.string()).optional() })

/** What an answer of /readyz says about the chats. */
export function readinessOf(answer: { status: number; body: string } | null): Readiness {
  if (answer === null || (answer.status !== 200 && answer.status !== 503)) return { kind: 'unknown' }
  const parsed = bodySchema.safeParse(jsonOf(answer.body))
  if (!parsed.success) return { kind: 'unknown' }
  const { ready, failing } = parsed.data
  if (ready) return { kind: 'ready' }
  if (failing === undefined) return { kind: 'down', failing: [] }
  const channels = failing.filter((one) => CHANNELS.has(one))
  return channels.length === 0 ? { kind: 'unknown' } : { kind: 'down', failing: channels }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** Writes what was seen; true when somebody is owed a message. */
async function record(db: Db, instanceId: string, seen: Exclude<Readiness, { kind: 'unknown' }>): Promise<boolean> {
  return db.transaction(async (tx) => {
    const failures = await recordChannelCheck(tx, { instanceId, ok: seen.kind === 'ready' })
    const row = failures === null ? null : await instanceById(tx, instanceId)
    if (failures === null || row === null) return false
    if (seen.kind === 'ready') return (await closeIncidents(tx, instanceId, row.userId, { only: 'channel-down' })) > 0
    if (failures < FAILURES_BEFORE_ALERT || row.power === 'off' || row.deleteRequestedAt !== null) return false
    if ((await openIncidents(tx, instanceId)).some((one) => one.kind === 'channel-down')) return false
    const channels = channelsOf((await secretsOf(tx, instanceId)).map((one) => one.name))
    await raiseIncident(tx, { instanceId, userId: row.userId, kind: 'channel-down', detail: { failing: seen.failing, channels } })
    return true
  })
}
