import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import type { Clock } from '../lib/clock.ts'

const LINES_MAX = 500
const FILE_BYTES_MAX = 1024 * 1024
const PAGE_LINES_MAX = 100

const lineSchema = z.object({ id: z.number(), at: z.string(), level: z.string(), provider: z.string(), message: z.string() })
export type LogLine = z.infer<typeof lineSchema>
export type MachineLogs = {
  write(machineId: string, line: { level: 'info' | 'error'; provider: 'app' | 'runner'; message: string }): void
  /** The lines of these machines after `nextToken` (the newest page without one), oldest first, and the token of the next page. */
  read(machineIds: readonly string[], nextToken: string | null): { lines: (LogLine & { machineId: string })[]; nextToken: string }
  forget(machineId: string): void
}

function tailOf(file: string): LogLine[] {
  if (!existsSync(file)) return []
  return readFileSync(file, 'utf8')
    .split('\n')
    .slice(-LINES_MAX)
    .flatMap((text) => {
      try {
        return [lineSchema.parse(JSON.parse(text))]
      } catch {
        return [] // the last line of a killed server may be cut
      }
    })
}

function append(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  if (existsSync(file) && statSync(file).size > FILE_BYTES_MAX) renameSync(file, `${file}.1`)
  appendFileSync(file, text, { mode: 0o600 })
}

/** What machines print: the last lines in memory, and a bounded file beside each machine that outlives the server. */
export function createMachineLogs(options: { fileOf(machineId: string): string; clock: Clock; onWriteError(error: unknown): void }): MachineLogs {
  const rings = new Map<string, LogLine[]>()
  const unwritten = new Map<string, string>()
  let lastId = 0

  const ringOf = (machineId: string): LogLine[] => {
    const ring = rings.get(machineId) ?? tailOf(options.fileOf(machineId))
    rings.set(machineId, ring)
    return ring
  }
  const flush = (): void => {
    for (const [machineId, text] of unwritten) {
      try {
        append(options.fileOf(machineId), text)
      } catch (error) {
        options.onWriteError(error)
      }
    }
    unwritten.clear()
  }
  return {
    write(machineId, line) {
      const now = options.clock.now()
      // Ids grow with time, also over a restart: a token given before it stays good after it.
      lastId = Math.max(lastId + 1, now.getTime() * 1000)
      const entry = { id: lastId, at: now.toISOString(), ...line }
      const ring = ringOf(machineId)
      ring.push(entry)
      if (ring.length > LINES_MAX) ring.splice(0, ring.length - LINES_MAX)
      if (unwritten.size === 0) setImmediate(flush)
      unwritten.set(machineId, `${unwritten.get(machineId) ?? ''}${JSON.stringify(entry)}\n`)
    },
    read(machineIds, nextToken) {
      const after = nextToken === null || nextToken === '' ? null : Number(nextToken)
      const all = machineIds.flatMap((machineId) => ringOf(machineId).map((line) => ({ ...line, machineId }))).toSorted((a, b) => a.id - b.id)
      const lines = after === null ? all.slice(-PAGE_LINES_MAX) : all.filter((line) => line.id > after).slice(0, PAGE_LINES_MAX)
      return { lines, nextToken: String(lines.at(-1)?.id ?? after ?? options.clock.now().getTime() * 1000) }
    },
    forget(machineId) {
      rings.delete(machineId)
      unwritten.delete(machineId)
    },
  }
}

/** Where a machine's log lies inside its folder. */
export function logFileIn(machineFolder: string): string {
  return join(machineFolder, 'log.jsonl')
}
