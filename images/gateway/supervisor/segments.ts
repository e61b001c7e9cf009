// The files of the message journal: the one that the counter writes to, and those that were moved away from it, numbered in their order.
import { open, readdir, rename, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { JOURNAL } from '../counter/journal.js'

export type Segment = {
  seq: number
  /** Whether the counter writes to it. It is the last one then. */
  current: boolean
  /** How many of its bytes are counted: whole lines. */
  counted: number
  /** The messages in what is counted. */
  ids: Set<string>
}
export type Line = { channel: string; id: string }

const MOVED = /^messages-(\d{1,12})\.jsonl$/
const CHANNEL = /^[a-z0-9][a-z0-9._-]{0,39}$/
const ID = /^[\w-]{16}$/
/** More of a file are not read at once. */
const CHUNK_BYTES_MAX = 256 * 1024
/** No line is longer: what has no end by then is none. */
const LINE_BYTES_MAX = 64 * 1024

/** The numbers of the files that were moved away, in their order. */
export async function movedSegments(dir: string): Promise<number[]> {
  const names = await readdir(dir).catch(unlessAbsent(() => []))
  return names
    .flatMap((name) => MOVED.exec(name)?.[1] ?? [])
    .map(Number)
    .toSorted((a, b) => a - b)
}

/** The size of its file, and 0 when there is none. */
export async function sizeOf(dir: string, segment: Segment): Promise<number> {
  return (await stat(pathOf(dir, segment)).catch(unlessAbsent(() => null)))?.size ?? 0
}

/**
 * The next lines from one byte on and before another, and where they end. A line without an end is left for later, and one that says nothing
 * that we know is left out.
 */
export async function readLines(
  dir: string,
  segment: Segment,
  { from, before }: { from: number; before: number },
): Promise<{ lines: Line[]; end: number }> {
  const wanted = Math.min(before - from, CHUNK_BYTES_MAX)
  const file = wanted <= 0 ? null : await open(pathOf(dir, segment)).catch(unlessAbsent(() => null))
  if (file === null) return { lines: [], end: from }
  try {
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(wanted), 0, wanted, from)
    const part = buffer.subarray(0, bytesRead)
    const whole = part.lastIndexOf('\n') + 1
    if (whole === 0) return { lines: [], end: bytesRead < LINE_BYTES_MAX ? from : from + bytesRead }
    return { lines: part.toString('latin1', 0, whole).split('\n').flatMap(lineIn), end: from + whole }
  } finally {
    await file.close()
  }
}

/** Moves the file away that the counter writes to: it makes another one with its next line. */
export async function moveAway(dir: string, segment: Segment): Promise<Segment> {
  const moved = { ...segment, current: false }
  await rename(pathOf(dir, segment), pathOf(dir, moved))
  return moved
}

/** Deletes its file, also when it is gone already. */
export async function removeSegment(dir: string, segment: Segment): Promise<void> {
  await unlink(pathOf(dir, segment)).catch(unlessAbsent(() => undefined))
}

function pathOf(dir: string, { seq, current }: Segment): string {
  return join(dir, current ? JOURNAL : `messages-${seq}.jsonl`)
}

/** Lines of any version, as long as they say which message of which channel. */
function lineIn(text: string): Line[] {
  if (text === '' || text.length > 1_000) return []
  try {
    const line: unknown = JSON.parse(text)
    if (typeof line !== 'object' || line === null || !('channel' in line) || !('id' in line)) return []
    const { channel, id } = line
    return typeof id === 'string' && ID.test(id) ? [{ channel: typeof channel === 'string' && CHANNEL.test(channel) ? channel : 'other', id }] : []
  } catch {
    return []
  }
}

/** For what may be missing: any other failure is thrown on. */
export function unlessAbsent<T>(instead: () => T): (error: unknown) => T {
  return (error) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return instead()
    throw error
  }
}
