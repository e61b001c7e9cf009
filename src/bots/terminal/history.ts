// What the terminal has shown, kept over restarts: by its key a message that is sent again is recognised, and by its reference it can be
// changed. Rendered text only, in which no secret stands but a link that works once, for minutes. Bounded: the oldest are
// forgotten.
import { appendFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { messageOf } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'

const entrySchema = z.object({ ref: z.string(), key: z.string(), lines: z.array(z.string()) })
export type Shown = z.infer<typeof entrySchema>

const ENTRIES_KEPT = 200
const WRITES_BEFORE_COMPACTION = 1_000

export type History = {
  byKey(key: string): Shown | null
  byRef(ref: string): Shown | null
  /** Remembers a message, or what it has become. */
  remember(shown: Shown): void
}

/** The history in `file`. A line that cannot be read, such as the last one after a power cut, is skipped. */
export function openHistory(file: string, log: Log): History {
  const entries = new Map(readEntries(file, log).map((entry) => [entry.ref, entry]))
  let writes = entries.size
  return {
    byKey: (key) => [...entries.values()].findLast((entry) => entry.key === key) ?? null,
    byRef: (ref) => entries.get(ref) ?? null,
    remember(shown) {
      entries.delete(shown.ref)
      entries.set(shown.ref, shown)
      for (const ref of entries.keys()) if (entries.size > ENTRIES_KEPT) entries.delete(ref)
      writes += 1
      try {
        // At once and in order: the message is on the screen already, and a kill must not come between.
        if (writes <= WRITES_BEFORE_COMPACTION) return appendFileSync(file, `${JSON.stringify(shown)}\n`, { mode: 0o600 })
        writeFileSync(`${file}.new`, [...entries.values()].map((entry) => `${JSON.stringify(entry)}\n`).join(''), { mode: 0o600 })
        renameSync(`${file}.new`, file)
        writes = entries.size
      } catch (error) {
        log.warn({ file, reason: messageOf(error) }, 'the terminal history could not be written')
      }
    },
  }
}

function readEntries(file: string, log: Log): Shown[] {
  let text = ''
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      log.warn({ file, reason: messageOf(error) }, 'the terminal history could not be read')
  }
  const entries = text.split('\n').flatMap((line) => {
    const entry = entrySchema.safeParse(parsedJson(line))
    return entry.success ? [entry.data] : []
  })
  return entries.slice(-WRITES_BEFORE_COMPACTION)
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
