// Metering: every running instance is read once an hour, its machine for uptime, storage and messages, the provider for what left it. Whole hours become
// facts; what could not be read is made up for by the next reading that comes, spread over the gap. It bills nobody: that is rated from the facts.
import { addFacts, addReadings, claimVisits, factsIn, lockVisit, readingsSince, type Reading, type TimedReading } from '../db/usage.ts'
import { instanceById, type InstanceRow } from '../db/instances.ts'
import type { Db, Tx } from '../db/connect.ts'
import { meters, rowsToAdd, type Fact, type Measured, type Meter } from '../domain/billing/facts.ts'
import { increaseOf, runsByFalls, storageOf, uptimeOf, type Counting } from '../domain/billing/meters.ts'
import { calendarMonth, isIn } from '../domain/billing/periods.ts'
import { workAtOnce } from '../lib/at-once.ts'
import type { Log } from '../lib/log.ts'

export type MeteringDeps = {
  db: Db
  log: Log
  /** What an instance's machine says of itself, in Prometheus' text format; null when it does not answer. */
  machineMetrics: (instanceId: string) => Promise<string | null>
  /** Answers an instant PromQL query over all machines. */
  query: (promql: string) => Promise<{ labels: Record<string, string>; value: number }[]>
  /** What the provider calls the app of an instance. */
  appNameOf: (instanceId: string) => string
}
export type Metering = {
  /** Reads what is due; how many were read. */
  tick(): Promise<number>
}

const INTERVAL_MS = 60 * 60_000
const BATCH = 500
const AT_ONCE = 20
const HOUR_MS = 3_600_000

/** What each machine has sent since its counter began (facts of Fly: traffic of the public network is that of eth0). */
const SENT = 'sum by (app) (fly_instance_net_sent_bytes{device="eth0"})'

export function createMetering(deps: MeteringDeps): Metering {
  const sentByApp = async (): Promise<ReadonlyMap<string, bigint>> => {
    const samples = await deps.query(SENT).catch((error: unknown) => {
      deps.log.warn({ err: error }, 'the provider did not say what was sent; the next reading makes up for it')
      return []
    })
    return new Map(samples.flatMap(({ labels, value }) => (labels['app'] === undefined ? [] : [[labels['app'], BigInt(Math.trunc(value))]])))
  }
  const visit = async (instanceId: string, sent: ReadonlyMap<string, bigint>): Promise<void> => {
    const text = await deps.machineMetrics(instanceId)
    await deps.db.transaction((tx) => read(tx, instanceId, { text, sent: sent.get(deps.appNameOf(instanceId)) ?? null }))
  }
  return {
    async tick() {
      for (let count = 0; ;) {
        const due = await claimVisits(deps.db, { limit: BATCH, intervalMs: INTERVAL_MS })
        if (due.length === 0) return count
        count += due.length
        const sent = await sentByApp()
        await workAtOnce(due, AT_ONCE, ({ instanceId }) =>
          visit(instanceId, sent).catch((error: unknown) => deps.log.error({ err: error, instance: instanceId }, 'a reading was lost')),
        )
      }
    },
  }
}

async function read(tx: Tx, instanceId: string, found: { text: string | null; sent: bigint | null }): Promise<void> {
  const row = await instanceById(tx, instanceId)
  const visit = await lockVisit(tx, instanceId)
  if (row === null || visit === null) return
  await addReadings(tx, instanceId, readingsIn(row, found))
  const hours = { start: hourOf(visit.countedUntil), end: hourOf(visit.now) }
  if (hours.end <= hours.start) return
  const facts: Fact[] = []
  let isKnown = false
  for (const meter of meters) {
    const readings = await readingsSince(tx, instanceId, meter, hours.start)
    isKnown ||= readings.some((one) => one.readAt >= hours.end)
    const known = await factsIn(tx, instanceId, meter, hours)
    const measured = measure(meter, readings, visit.now).filter(({ hour }) => isIn(hours, hour))
    facts.push(...rowsToAdd({ instance: instanceId, meter, known, within: hours, measured }))
  }
  // Hours whose end nothing was read behind are counted with the next reading that comes.
  if (isKnown) await addFacts(tx, { instanceId, userId: row.userId }, facts, hours.end)
}

function hourOf(at: Date): Date {
  return new Date(Math.floor(at.getTime() / HOUR_MS) * HOUR_MS)
}

/** What was used in each hour by these readings, which are in the order in which they were taken, by our own clock. */
function measure(meter: Meter, readings: readonly TimedReading[], now: Date): Measured[] {
  const [first] = readings
  if (first === undefined) return []
  // From before the first reading on: what is spread over hours that were counted before must fall into those again, to the second.
  const counting: Counting = { life: { start: hourOf(first.readAt), end: now }, boundaries: [calendarMonth(now).start] }
  const timed = readings.map(({ run, readAt, total }) => ({ run, at: readAt, receivedAt: readAt, total }))
  switch (meter) {
    case 'uptime': {
      const seen = readings.map(({ readAt, total }) => ({ start: new Date(Number(total) * 1_000), end: readAt }))
      return uptimeOf(seen, counting)
    }
    case 'egress':
      return increaseOf(runsByFalls(timed), counting)
    case 'storage':
      return storageOf(
        readings.map(({ readAt, total }) => ({ at: readAt, receivedAt: readAt, bytes: total })),
        counting,
      )
    case 'messages':
      return increaseOf(timed, counting)
  }
}

/** What a machine and the provider said, as far as it can be believed to be a count. */
function readingsIn(row: InstanceRow, { text, sent }: { text: string | null; sent: bigint | null }): Reading[] {
  const readings: Reading[] = sent === null ? [] : [{ meter: 'egress', run: row.machineId ?? '', total: sent }]
  if (text === null) return readings
  const samples = samplesOf(text)
  const volume = row.volumeId ?? ''
  const [start] = samples.get('process_start_time_seconds') ?? []
  const [used] = samples.get('conch_volume_used_bytes') ?? []
  const messages = samples.get('conch_messages_total')
  if (start !== undefined) readings.push({ meter: 'uptime', run: row.machineId ?? '', total: start })
  if (used !== undefined) readings.push({ meter: 'storage', run: volume, total: used })
  // Its totals are kept on the volume: a fall there is no new life, but a file that somebody meddled with.
  if (messages !== undefined) readings.push({ meter: 'messages', run: volume, total: messages.reduce((sum, one) => sum + one, 0n) })
  return readings
}

const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{[^}]*\})? (\d{1,15})(?:\.\d+)?$/

/** The whole numbers in an exposition, by the names of their families. Lines that are none are left out: what a machine says is only its word. */
function samplesOf(text: string): ReadonlyMap<string, bigint[]> {
  const samples = new Map<string, bigint[]>()
  for (const line of text.split('\n')) {
    const [, name, value] = SAMPLE.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    samples.set(name, [...(samples.get(name) ?? []), BigInt(value)])
  }
  return samples
}
