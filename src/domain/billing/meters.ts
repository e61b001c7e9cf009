// From what was read off a machine to what was used in each hour. Nothing here trusts a clock, an order or a delivery: readings may come twice,
// late, in any order, with gaps of days, and from clocks that were set back. Where the truth cannot be known, the smaller bill is right. Pure.
//
// - Uptime is what has been seen: a machine was seen to run at one moment and says since when. Seconds that two readings claim count once.
// - Counters (egress, messages) belong to a run: the life of one counter, which begins at zero. Within it a total only grows, so the totals
//   give the order, not the clocks. A lower total is an older reading, or a file that somebody meddled with: it adds nothing, and takes nothing
//   away. In a gap, usage is spread evenly from the reading before to the one after; what does not divide falls into the later seconds.
// - Levels (storage) hold from one reading to the next, at the lower one of the two. Before the first and after the last there is nothing.
import type { Measured } from './facts.ts'
import { hoursOf, type Span } from './periods.ts'

export type Counting = {
  /** Since the instance began, until now or its end. Clocks that show a time outside are taken to show the nearer end. */
  life: Span
  /** Where billing periods end: hours are cut there. */
  boundaries: readonly Date[]
}

export type CounterReading = {
  /** Names the life of the counter: whatever changes when it begins at zero again, such as the machine's start. */
  run: string
  /** The time the source gives, which may be wrong; */
  at: Date
  /** … but it cannot be later than this, by our own clock. */
  receivedAt: Date
  total: bigint
}

export type LevelReading = { at: Date; receivedAt: Date; bytes: bigint }

/**
 * Seconds in which a machine ran, by hour. Each span goes from the start that a machine gave to the moment at which it was seen to run. What lies
 * outside of the life does not count: to count only some hours anew, let it begin with them.
 */
export function uptimeOf(seen: readonly Span[], { life, boundaries }: Counting): Measured[] {
  const hours: Hours = new Map()
  let until = Math.ceil(secondAt(life.start))
  const last = Math.floor(secondAt(life.end))
  for (const span of seen.toSorted((a, b) => a.start.getTime() - b.start.getTime())) {
    const from = Math.max(Math.ceil(secondAt(span.start)), until)
    const to = Math.min(Math.floor(secondAt(span.end)), last)
    if (to <= from) continue
    for (const piece of piecesOf(from, to, boundaries)) add(hours, piece.start, BigInt(piece.to - piece.from))
    until = to
  }
  return measured(hours)
}

/**
 * By how much counters grew, by hour, whatever the order of the readings. The first reading of a run that was received only says where it stood,
 * and nothing below that counts: a run that began while it was counted has a reading of zero at its start. To count only some hours anew,
 * begin with the hour of the last reading that was counted before, and give the readings from the last one before that hour on.
 */
export function increaseOf(readings: readonly CounterReading[], { life, boundaries }: Counting): Measured[] {
  const hours: Hours = new Map()
  for (const run of Map.groupBy(readings, (reading) => reading.run).values()) {
    const first = run.reduce((a, b) => ((a.receivedAt.getTime() - b.receivedAt.getTime() || byTotal(a, b)) <= 0 ? a : b))
    const later = run.filter((reading) => reading.total >= first.total).map((reading) => ({ total: reading.total, at: timeOf(reading, life) }))
    let before = { total: first.total, at: timeOf(first, life) }
    for (const { total, at } of later.toSorted((a, b) => byTotal(a, b) || a.at - b.at)) {
      // A clock that was set back does not take the others with it.
      const latest = Math.max(at, before.at)
      if (total > before.total) spread(hours, { amount: total - before.total, from: before.at, to: latest, life, boundaries })
      before = { total, at: latest }
    }
  }
  return measured(hours)
}

/**
 * Runs for a source that does not name them, such as a bare Prometheus counter: the readings must be in the order in which they were taken, and
 * a total that falls began at zero again, some time after the reading before. Where falls are not believed, as for messages, whose totals
 * survive restarts, give all readings one run instead.
 */
export function runsByFalls(readings: readonly Omit<CounterReading, 'run'>[]): CounterReading[] {
  let run = 0
  return readings.flatMap((reading, index) => {
    const before = readings[index - 1]
    if (before === undefined || reading.total >= before.total) return [{ ...reading, run: String(run) }]
    run += 1
    return [
      { ...before, run: String(run), total: 0n },
      { ...reading, run: String(run) },
    ]
  })
}

/** Byte-seconds, by hour. */
export function storageOf(readings: readonly LevelReading[], { life, boundaries }: Counting): Measured[] {
  const hours: Hours = new Map()
  const levels = new Map<number, bigint>()
  for (const reading of readings) {
    const at = timeOf(reading, life)
    const other = levels.get(at)
    levels.set(at, other === undefined || reading.bytes < other ? reading.bytes : other)
  }
  const sorted = [...levels].toSorted(([a], [b]) => a - b)
  for (const [index, [to, bytes]] of sorted.entries()) {
    const before = sorted[index - 1]
    if (before === undefined) continue
    const level = bytes < before[1] ? bytes : before[1]
    for (const piece of piecesOf(before[0], to, boundaries)) add(hours, piece.start, level * BigInt(piece.to - piece.from))
  }
  return measured(hours)
}

type Share = Counting & { amount: bigint; from: number; to: number }

function spread(hours: Hours, { amount, from, to, life, boundaries }: Share): void {
  // What two readings of one second differ by was used in the second before, or in the first one that there is.
  const start = Math.max(Math.min(from, to - 1), Math.ceil(secondAt(life.start)))
  const end = Math.max(to, start + 1)
  const upTo = (second: number): bigint => (amount * BigInt(second - start)) / BigInt(end - start)
  for (const piece of piecesOf(start, end, boundaries)) add(hours, piece.start, upTo(piece.to) - upTo(piece.from))
}

function byTotal(a: { total: bigint }, b: { total: bigint }): number {
  return a.total < b.total ? -1 : a.total > b.total ? 1 : 0
}

/** The second that a reading is of. */
function timeOf({ at, receivedAt }: { at: Date; receivedAt: Date }, life: Span): number {
  const claimed = Math.min(secondAt(at), secondAt(receivedAt), secondAt(life.end))
  return Math.max(Math.floor(claimed), Math.ceil(secondAt(life.start)))
}

function secondAt(at: Date): number {
  return at.getTime() / 1_000
}

type Piece = { start: Date; from: number; to: number }

/** The hours between two seconds; `start` is what each is named by, which may be before `from`. */
function piecesOf(from: number, to: number, boundaries: readonly Date[]): Piece[] {
  const [hourFrom, hourTo] = [Math.floor(from / 3_600) * 3_600, Math.ceil(to / 3_600) * 3_600]
  return hoursOf({ start: new Date(hourFrom * 1_000), end: new Date(hourTo * 1_000) }, boundaries).flatMap(({ start, end }) => {
    const piece = { start, from: Math.max(from, secondAt(start)), to: Math.min(to, secondAt(end)) }
    return piece.to > piece.from ? [piece] : []
  })
}

/** Amounts by the start of the hour. */
type Hours = Map<number, bigint>

function add(hours: Hours, hour: Date, amount: bigint): void {
  hours.set(hour.getTime(), (hours.get(hour.getTime()) ?? 0n) + amount)
}

/** Earliest first, without the hours that come to nothing. */
function measured(hours: Hours): Measured[] {
  return [...hours]
    .filter(([, amount]) => amount > 0n)
    .toSorted(([a], [b]) => a - b)
    .map(([at, amount]) => ({ hour: new Date(at), amount }))
}
