// How many messages an assistant has taken up, per channel: what the bill is made of. The counter in the gateway adds a line per message to a
// journal (../counter/index.js says which messages); this reads what was added, counts every message once and keeps the totals. They survive
// the end of any process at any moment: a snapshot of the totals, and of how much of each file of the journal is in them, is replaced in one
// step. Nothing here depends on a clock.
//
// Platforms deliver again, and the counter may write twice: a message is known by its digest for as long as its line is kept, which is for the
// last 20,000 messages at least, and so for days where platforms give up after one. The journal is moved on every 256 KB, some 3,000 messages,
// and its oldest file is deleted once the others hold that many: 2 MB of the volume and a few of memory.
//
// The owner's assistant has a shell on this machine and can write into these files what it likes. So a total only ever grows: what would make
// it fall is not believed, and is reported. More is not to be had from inside; whoever keeps the totals for the bill sees a fall as well.
import { join } from 'node:path'
import { movedSegments, moveAway, readLines, removeSegment, sizeOf, type Segment } from './segments.ts'
import { createSnapshotFile, type Snapshot, type SnapshotFile } from './snapshot.ts'

export type ChannelTotal = { channel: string; total: number }
export type Counts = {
  /** Counts what was added, and returns the totals in the order of the channels' names. Cheap when there is nothing new. */
  read(): Promise<ChannelTotal[]>
  /** Whether the files were ever found as only somebody else can have left them: shorter, replaced, or saying less than was counted. */
  tampered(): boolean
  /** Resolves when nothing is being read any more. */
  close(): Promise<void>
}

const SEGMENT_BYTES_MAX = 256 * 1024
const KNOWN_MESSAGES = 20_000
/** Names of channels come out of a file that can be forged. */
const CHANNELS_MAX = 50
const SNAPSHOT = 'counts.json'

type Books = {
  totals: Map<string, number>
  /** From the oldest to the one that is written to. */
  segments: Segment[]
  tampered: boolean
  /** Whether the snapshot on the disk says something else. */
  dirty: boolean
}

/** `dir` is the folder of the journal. It has one reader at a time: the supervisor. */
export function createCounts({ dir }: { dir: string }): Counts {
  const file = createSnapshotFile(join(dir, SNAPSHOT))
  let books: Books | null = null
  let last: Promise<unknown> = Promise.resolve()

  const read = async (): Promise<ChannelTotal[]> => {
    books ??= await openBooks(dir, file)
    if (await file.replaced()) Object.assign(books, { tampered: true, dirty: true })
    // The one before the last as well: a line may still come into a file that was just moved away.
    for (const segment of books.segments.slice(-2)) await countNew(dir, segment, books)
    // What cannot be saved, on a full volume for example, is counted anew from the journal after a restart: to the same totals.
    if (await saved(file, books)) await tidy(dir, books)
    return [...books.totals].map(([channel, total]) => ({ channel, total })).toSorted((a, b) => (a.channel < b.channel ? -1 : 1))
  }
  return {
    read() {
      const next = last.then(read)
      last = next.catch(() => undefined)
      return next
    },
    tampered: () => books?.tampered === true,
    close: async () => void (await last),
  }
}

async function openBooks(dir: string, file: SnapshotFile): Promise<Books> {
  const found = await file.load()
  const moved = await movedSegments(dir)
  const before: Snapshot = found === null || found === 'broken' ? { totals: new Map(), counted: new Map(), tampered: false } : found
  const newest = Math.max(0, ...before.counted.keys())
  const current = Math.max((moved.at(-1) ?? 0) + 1, newest)
  const books: Books = { totals: new Map(before.totals), segments: [], tampered: before.tampered, dirty: false }
  // Nothing is moved away before a snapshot was written.
  if (found === 'broken' || (found === null && moved.length > 0)) Object.assign(books, { tampered: true, dirty: true })
  const least = new Map<string, number>()
  for (const seq of [...moved, current]) {
    const segment: Segment = { seq, current: seq === current, counted: 0, ids: new Set() }
    books.segments.push(segment)
    const size = await sizeOf(dir, segment)
    // One that the snapshot has forgotten was about to be deleted: all of it is in the totals.
    const counted = before.counted.get(seq) ?? (seq < newest ? size : 0)
    if (size < counted) Object.assign(books, { tampered: true, dirty: true })
    await take(dir, segment, { until: Math.min(size, counted), known: books.segments, totals: least })
    segment.counted = Math.min(size, counted)
  }
  for (const [channel, total] of least) {
    if ((books.totals.get(channel) ?? 0) >= total) continue
    books.totals.set(channel, total)
    Object.assign(books, { tampered: true, dirty: true })
  }
  return books
}

async function countNew(dir: string, segment: Segment, books: Books): Promise<void> {
  const size = await sizeOf(dir, segment)
  // Somebody shortened it. What is in it now is counted unless it is known.
  if (size < segment.counted) {
    segment.counted = 0
    Object.assign(books, { tampered: true, dirty: true })
  }
  if (await take(dir, segment, { until: size, known: books.segments, totals: books.totals })) books.dirty = true
}

/** Counts the messages in a file up to a byte, unless they are known. False when there was nothing to read. */
async function take(
  dir: string,
  segment: Segment,
  { until, known, totals }: { until: number; known: readonly Segment[]; totals: Map<string, number> },
): Promise<boolean> {
  const began = segment.counted
  for (;;) {
    const { lines, end } = await readLines(dir, segment, { from: segment.counted, before: until })
    for (const { channel, id } of lines) {
      if (known.some((one) => one.ids.has(id))) continue
      segment.ids.add(id)
      // Only a forged file is as long as that. The memory is the supervisor's.
      const [oldest] = segment.ids
      if (segment.ids.size > KNOWN_MESSAGES && oldest !== undefined) segment.ids.delete(oldest)
      const name = totals.has(channel) || totals.size < CHANNELS_MAX ? channel : 'other'
      totals.set(name, (totals.get(name) ?? 0) + 1)
    }
    if (end === segment.counted) return end > began
    segment.counted = end
  }
}

async function saved(file: SnapshotFile, books: Books): Promise<boolean> {
  if (!books.dirty) return true
  try {
    await file.save({ ...books, counted: new Map(books.segments.map((one) => [one.seq, one.counted])) })
    books.dirty = false
    return true
  } catch {
    return false
  }
}

/** Begins another file when this one is long, and deletes the oldest ones. A process may end between any two of these steps. */
async function tidy(dir: string, books: Books): Promise<void> {
  const [before, current] = [books.segments.at(-2), books.segments.at(-1)]
  const isRead = before === undefined || (await sizeOf(dir, before)) <= before.counted
  if (current !== undefined && current.counted >= SEGMENT_BYTES_MAX && isRead) {
    books.segments.splice(-1, 1, await moveAway(dir, current), { seq: current.seq + 1, current: true, counted: 0, ids: new Set() })
  }
  const messagesAfter = (index: number): number => books.segments.slice(index).reduce((sum, one) => sum + one.ids.size, 0)
  while (books.segments.length > 2 && messagesAfter(1) >= KNOWN_MESSAGES) {
    const [oldest] = books.segments.splice(0, 1)
    if (oldest !== undefined) await removeSegment(dir, oldest)
    books.dirty = true
  }
}
