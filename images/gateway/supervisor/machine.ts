// What the machine itself can tell: memory, CPU, the volume, and how often the kernel killed something. Read from /proc; nothing where there is none.
import { readdirSync, readFileSync, statfsSync } from 'node:fs'

export type Usage = { memoryBytes: number; cpuSeconds: number }

const PAGE_BYTES = 4_096
const TICKS_PER_SECOND = 100

/** How many processes were killed for want of memory since the machine began. `file`: where that is counted, as cgroup v2's memory.events does. */
export function memoryKills(file: string | null): number {
  for (const [path, pattern] of [
    ...(file === null ? [] : [[file, /^oom_kill (\d+)/m] as const]),
    ['/sys/fs/cgroup/memory.events', /^oom_kill (\d+)/m] as const,
    ['/proc/vmstat', /^oom_kill (\d+)/m] as const,
  ]) {
    const count = pattern.exec(textOf(path))?.[1]
    if (count !== undefined) return Number(count)
    if (path === file) return 0
  }
  return 0
}

type Process = { pid: number; parent: number; group: number; rss: number; ticks: number }

function processes(): Process[] {
  try {
    return readdirSync('/proc').flatMap((name) => {
      if (!/^\d+$/.test(name)) return []
      const text = textOf(`/proc/${name}/stat`)
      // proc(5): the command in brackets may hold anything.
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      if (fields.length < 22 || fields[0] === 'Z') return []
      return [
        {
          pid: Number(name),
          parent: Number(fields[1]),
          group: Number(fields[2]),
          ticks: Number(fields[11]) + Number(fields[12]),
          rss: Number(fields[21]) * PAGE_BYTES,
        },
      ]
    })
  } catch {
    return []
  }
}

/** The other processes of our own group: the gateway and all that it started and did not let go. Those that are `spared`, and what they started, are not. */
export function othersOfGroup(self: number, spared: ReadonlySet<number>): number[] {
  const all = processes()
  const kept = new Set(spared)
  // What a spared process started comes to be known by its parent, whatever the order.
  for (let before = -1; before !== kept.size;) {
    before = kept.size
    for (const { pid, parent } of all) if (kept.has(parent)) kept.add(pid)
  }
  return all.flatMap((one) => (one.group === self && one.pid !== self && !kept.has(one.pid) ? [one.pid] : []))
}

/** What the gateway and all that it started use. */
export function usageOfGroup(self: number): Usage {
  const others = processes().filter((one) => one.group === self && one.pid !== self)
  return {
    memoryBytes: others.reduce((sum, one) => sum + one.rss, 0),
    cpuSeconds: others.reduce((sum, one) => sum + one.ticks, 0) / TICKS_PER_SECOND,
  }
}

/** The size of the volume that holds `dir`, and what is used of it, in bytes. */
export function volumeOf(dir: string): { bytes: number; usedBytes: number } {
  const { blocks, bfree, bsize } = statfsSync(dir)
  return { bytes: blocks * bsize, usedBytes: (blocks - bfree) * bsize }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
