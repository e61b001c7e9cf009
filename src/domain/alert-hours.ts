// When a person's clock shows a time of day: quiet hours and the hour of the digest, through changes to and from summer time. Pure.

/** Minutes of the day; from 22:00 to 07:00 they go over midnight. */
export type QuietHours = { from: number; to: number }

const MINUTE_MS = 60_000
const DAY_MS = 24 * 60 * MINUTE_MS

/** When the quiet hours end that `now` lies in; null outside them. */
export function quietUntil(quiet: QuietHours, timeZone: string | null, now: Date): Date | null {
  const minute = Math.floor(wallClock(now.getTime(), timeZone) / MINUTE_MS) % (24 * 60)
  const { from, to } = quiet
  const isQuiet = from < to ? minute >= from && minute < to : minute >= from || minute < to
  return isQuiet ? nextAt(to, timeZone, now, 'any') : null
}

/**
 * The next moment at which the clock shows this minute of the day. A time that the clock leaps over counts as the hour later; one that it
 * shows twice counts the first time only, so that once a day is once a day, or `any` of the two times.
 */
export function nextAt(minute: number, timeZone: string | null, now: Date, which: 'first' | 'any' = 'first'): Date {
  const today = Math.floor(wallClock(now.getTime(), timeZone) / DAY_MS) * DAY_MS
  for (let day = 0; ; day += 1) {
    const moments = momentsOf(today + day * DAY_MS + minute * MINUTE_MS, timeZone)
    const next = (which === 'first' ? moments.slice(0, 1) : moments).find((one) => one > now.getTime())
    if (next !== undefined) return new Date(next)
  }
}

/** The moments at which the clock shows `wall`, earliest first; never none. */
function momentsOf(wall: number, timeZone: string | null): number[] {
  const offsets = [wall - DAY_MS, wall + DAY_MS].map((at) => wallClock(at, timeZone) - at)
  const before = wall - (offsets[0] ?? 0)
  const shown = [...new Set(offsets.map((offset) => wall - offset))].filter((at) => wallClock(at, timeZone) === wall)
  return shown.length === 0 ? [before] : shown.toSorted((a, b) => a - b)
}

const formats = new Map<string, Intl.DateTimeFormat>()

function formatFor(timeZone: string): Intl.DateTimeFormat {
  const known = formats.get(timeZone)
  if (known !== undefined) return known
  const numeric = 'numeric'
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: numeric,
    month: numeric,
    day: numeric,
    hour: numeric,
    minute: numeric,
    second: numeric,
  })
  formats.set(timeZone, made)
  return made
}

/** What the clock shows, as if it were UTC. A zone that is not known counts as UTC. */
function wallClock(at: number, timeZone: string | null): number {
  if (timeZone === null || !isTimeZone(timeZone)) return at
  const parts = Object.fromEntries(
    formatFor(timeZone)
      .formatToParts(at)
      .map(({ type, value }) => [type, Number(value)]),
  )
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts
  return Date.UTC(year, month - 1, day, hour, minute, second) + (((at % 1_000) + 1_000) % 1_000)
}

/** True for a name that clocks can be reckoned by. */
export function isTimeZone(name: string): boolean {
  try {
    return formatFor(name) !== undefined
  } catch {
    return false
  }
}

const WORDS: Readonly<Record<string, number>> = { midnight: 0, mitternacht: 0, noon: 12 * 60, midday: 12 * 60, mittag: 12 * 60, mittags: 12 * 60 }
const TIME = /^(\d{1,2})(?:[:.h]?(\d{2}))?\s*(am|pm|a\.m\.|p\.m\.|uhr|h|o'?clock)?$/

/** The minute of the day that somebody typed: "22:00", "22", "10 pm", "7.30", "22 Uhr", "midnight"; null when it is none. */
export function minuteOfDay(typed: string): number | null {
  const text = typed.trim().toLowerCase().replaceAll('’', "'")
  const word = WORDS[text]
  if (word !== undefined) return word
  const match = TIME.exec(text)
  if (match === null) return null
  const [, hours = '', minutes = '0', half] = match
  const minute = Number(minutes)
  const hour = hourOf(Number(hours), half?.replaceAll('.', ''))
  if (hour === null || minute > 59 || (hour === 24 && minute > 0)) return null
  return (hour % 24) * 60 + minute
}

function hourOf(typed: number, half: string | undefined): number | null {
  if (half !== 'am' && half !== 'pm') return typed <= 24 ? typed : null
  if (typed < 1 || typed > 12) return null
  return (typed % 12) + (half === 'pm' ? 12 : 0)
}

/** "22:00" */
export function timeOfDay(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`
}
