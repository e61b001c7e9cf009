// The totals on the disk, in one small file that is replaced in one step: whoever reads it sees the one before or the one after.
import { open, readFile, rename, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { unlessAbsent } from './segments.ts'

export type Snapshot = {
  totals: ReadonlyMap<string, number>
  /** How many bytes of each file of the journal are in the totals, by the file's number. */
  counted: ReadonlyMap<number, number>
  tampered: boolean
}
export type SnapshotFile = {
  /** Null when there is none; `broken` when it is not what was written. */
  load(): Promise<Snapshot | null | 'broken'>
  save(snapshot: Snapshot): Promise<void>
  /** Whether somebody else has written to it or taken it away since. */
  replaced(): Promise<boolean>
}

/** The file is written by one process alone. */
export function createSnapshotFile(path: string): SnapshotFile {
  let ours: string | null = null
  const mark = async (): Promise<string | null> => {
    const found = await stat(path, { bigint: true }).catch(unlessAbsent(() => null))
    return found === null ? null : `${found.ino} ${found.size} ${found.mtimeNs}`
  }
  return {
    async load() {
      const text = await readFile(path, 'utf8').catch(unlessAbsent(() => null))
      ours = await mark()
      return text === null ? null : (parsed(text) ?? 'broken')
    },
    async save({ totals, counted, tampered }) {
      const text = JSON.stringify({ v: 1, totals: Object.fromEntries(totals), counted: Object.fromEntries(counted), tampered })
      const file = await open(`${path}.new`, 'w', 0o600)
      try {
        await file.writeFile(text)
        await file.sync()
      } finally {
        await file.close()
      }
      await rename(`${path}.new`, path)
      ours = await mark()
      const folder = await open(dirname(path))
      try {
        await folder.sync()
      } finally {
        await folder.close()
      }
    },
    replaced: async () => (await mark()) !== ours,
  }
}

function parsed(text: string): Snapshot | null {
  try {
    const { totals, counted, tampered } = JSON.parse(text) as Partial<Record<string, unknown>>
    const numbers = (value: unknown): [string, number][] =>
      Object.entries(value as object).map(([key, number]) => {
        if (!Number.isSafeInteger(number) || (number as number) < 0) throw new Error('not a count')
        return [key, number as number]
      })
    return {
      totals: new Map(numbers(totals)),
      counted: new Map(numbers(counted).map(([seq, bytes]) => [Number(seq), bytes])),
      tampered: tampered === true,
    }
  } catch {
    return null
  }
}
