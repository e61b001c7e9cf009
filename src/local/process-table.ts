// What runs on this computer: from /proc where it exists, from `ps` elsewhere. Reading is synchronous: some hundred small files a
// second cost less than as many promises.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, readdirSync } from 'node:fs'

export type ProcessRow = {
  pid: number
  parent: number
  group: number
  startTime: string
  rssBytes: number
  cpuMs: number
  zombie: boolean
  command: string
}

const HAS_PROC = existsSync('/proc/self/stat')
const TICK_MS = 10

let pageBytesKnown: number | null = null
function pageBytes(): number {
  if (pageBytesKnown === null) {
    try {
      pageBytesKnown = Number(execFileSync('getconf', ['PAGESIZE'], { encoding: 'utf8' }).trim())
    } catch {
      pageBytesKnown = 4096
    }
  }
  return pageBytesKnown
}

function parseStat(stat: string): ProcessRow | null {
  const open = stat.indexOf('(')
  const close = stat.lastIndexOf(')')
  const fields = stat.slice(close + 2).split(' ')
  const number = (index: number): number => Number(fields[index] ?? 0)
  const pid = Number(stat.slice(0, open))
  if (!Number.isInteger(pid) || fields.length < 22) return null
  return {
    pid,
    command: stat.slice(open + 1, close),
    zombie: fields[0] === 'Z',
    parent: number(1),
    group: number(2),
    cpuMs: (number(11) + number(12)) * TICK_MS,
    startTime: fields[19] ?? '',
    rssBytes: number(21) * pageBytes(),
  }
}

function readProc(pid: string): ProcessRow | null {
  try {
    return parseStat(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  } catch {
    return null
  }
}

/** `ps` prints cumulative CPU time as [[dd-]hh:]mm:ss[.cc]. */
function cpuTimeMs(text: string): number {
  const [days, clock] = text.includes('-') ? text.split('-') : ['0', text]
  const seconds = (clock ?? '').split(':').reduce((sum, part) => sum * 60 + Number(part), 0)
  return (Number(days) * 86_400 + seconds) * 1000
}

function readPs(selection: readonly string[]): ProcessRow[] {
  let text: string
  try {
    text = execFileSync('ps', [...selection, '-o', 'pid=,ppid=,pgid=,rss=,time=,stat=,lstart=,comm='], {
      encoding: 'utf8',
      env: { LC_ALL: 'C', PATH: '/bin:/usr/bin' },
    })
  } catch {
    return []
  }
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(\S+)\s+(\S+\s+\S+\s+\d+\s+[\d:]+\s+\d+)\s+(.*)$/.exec(line)
    if (match === null) return []
    const [, pid, parent, group, rss, time, stat, started, command] = match
    return [
      {
        pid: Number(pid),
        parent: Number(parent),
        group: Number(group),
        rssBytes: Number(rss) * 1024,
        cpuMs: cpuTimeMs(time ?? ''),
        zombie: (stat ?? '').startsWith('Z'),
        startTime: (started ?? '').replaceAll(/\s+/g, ' '),
        command: command ?? '',
      },
    ]
  })
}

/** Every process that can be seen. */
export function readProcessTable(): ProcessRow[] {
  if (!HAS_PROC) return readPs(['-ax'])
  return readdirSync('/proc').flatMap((name) => {
    const row = /^\d+$/.test(name) ? readProc(name) : null
    return row === null ? [] : [row]
  })
}

/** When `pid` was started, in the system's own notation; null when it does not run (a zombie does not). With the pid it names a process for good. */
export function startTimeOf(pid: number): string | null {
  const row = HAS_PROC ? readProc(String(pid)) : readPs(['-p', String(pid)])[0]
  return row === undefined || row === null || row.zombie ? null : row.startTime
}

/** The group of `leader` and everything that descends from it, wherever it moved. */
export function treeOf(table: readonly ProcessRow[], leader: number): ProcessRow[] {
  const inside = new Set([leader])
  for (let grew = true; grew;) {
    grew = false
    for (const row of table) {
      if (inside.has(row.pid) || (row.group !== leader && !inside.has(row.parent))) continue
      inside.add(row.pid)
      grew = true
    }
  }
  return table.filter((row) => inside.has(row.pid) && !row.zombie)
}

/** Signals a whole process group; false when nobody is left in it. */
export function signalGroup(leader: number, signal: NodeJS.Signals): boolean {
  return signalled(-leader, signal)
}

/** Signals one process; false when it is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals): boolean {
  return signalled(pid, signal)
}

function signalled(target: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(target, signal)
    return true
  } catch {
    return false
  }
}

/**
 * Kills what is left of a group whose leader was recorded as (pid, startTime) by a server that is gone.
 * A recycled pid has another start time and is left alone. A dead leader's pid cannot be reused while its group has members.
 */
export function reapGroup(leader: { pid: number; startTime: string }): boolean {
  const now = startTimeOf(leader.pid)
  if (now !== null && now !== leader.startTime) return false
  return signalGroup(leader.pid, 'SIGKILL')
}
