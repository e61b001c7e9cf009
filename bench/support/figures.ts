// How a bench counts and prints. Figures are compared with a peer of the same run, never with a number written down elsewhere.
import { readFileSync, readdirSync } from 'node:fs'

/** The middle value; the mean of the two middle ones when their number is even; NaN of none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  const upper = sorted[middle] ?? Number.NaN
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2
}

/** The value below which `share` of them lie, one of them; NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}

/** Rows as aligned text, the first one being the head. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)))
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}

/** Up to three significant digits, without an exponent; n/a for what was not measured. */
export function figure(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return 'n/a'
  const digits = value === 0 ? 0 : Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))))
  return value.toFixed(digits)
}

/** The last line of a bench. */
export function closingLine(name: string, figures: Record<string, number | null>): string {
  return `${name}: ${Object.entries(figures)
    .map(([key, value]) => `${key}=${figure(value)}`)
    .join(' ')}`
}

/** Prints a line of the report. */
export function say(text: string): void {
  process.stdout.write(`${text}\n`)
}

// Linux counts processor time in hundredths of a second for every architecture that Node runs on.
const TICKS_PER_SECOND = 100

function statOf(pid: number): { parent: number; cpuSeconds: number; endedChildrenSeconds: number } | null {
  try {
    // The name of the program, in parentheses, may hold spaces.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .map(Number)
    const seconds = (user: number): number => ((fields[user] ?? 0) + (fields[user + 1] ?? 0)) / TICKS_PER_SECOND
    return { parent: fields[1] ?? 0, cpuSeconds: seconds(11), endedChildrenSeconds: seconds(13) }
  } catch {
    return null
  }
}

/** Processor time of a process so far, all threads; 0 when it is gone. */
export function cpuSecondsOf(pid: number): number {
  return statOf(pid)?.cpuSeconds ?? 0
}

/** Processor time of a process and of its children, those that ended included. */
export function cpuSecondsOfFamily(pid: number): number {
  const own = statOf(pid)
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => statOf(Number(name)))
  return children.reduce((sum, one) => (one?.parent === pid ? sum + one.cpuSeconds : sum), (own?.cpuSeconds ?? 0) + (own?.endedChildrenSeconds ?? 0))
}

/** The process that started this one. */
export function parentOf(pid: number): number {
  return statOf(pid)?.parent ?? 0
}

/** How many files and sockets this process may hold open. */
export function openFilesMax(): number {
  const limit = /^Max open files\s+(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8'))?.[1] ?? '0'
  return limit === 'unlimited' ? Number.POSITIVE_INFINITY : Number(limit)
}
