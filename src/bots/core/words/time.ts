// Times and amounts in a person's words.
import { language, t } from '../language.ts'

/** "under 1 s", "58 s", "1 min 10 s", "2 h 5 min", "3 days 4 h": as it stands behind "after", "for" and "in". */
export function durationWords(ms: number): string {
  return durationOf(ms, (days) => (days === 1 ? t`1 day` : t`${days} days`))
}

/** The same, by itself: German bends the days behind a preposition. */
export function elapsedWords(ms: number): string {
  const long = new Intl.NumberFormat(language(), { style: 'unit', unit: 'day', unitDisplay: 'long' })
  return durationOf(ms, (days) => long.format(days))
}

function durationOf(ms: number, daysWords: (days: number) => string): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 1) return t`under 1 s`
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return joined(`${minutes} min`, seconds % 60, 's')
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return joined(`${hours} h`, minutes % 60, 'min')
  return joined(daysWords(Math.floor(hours / 24)), hours % 24, 'h')
}

function joined(head: string, rest: number, unit: string): string {
  return rest === 0 ? head : `${head} ${rest} ${unit}`
}

/** "just now", "3 minutes ago", "2 days ago". */
export function agoWords(at: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1_000)
  if (seconds < 10) return t`just now`
  const ago = new Intl.RelativeTimeFormat(language(), { numeric: 'always' })
  if (seconds < 60) return ago.format(-seconds, 'second')
  if (seconds < 3_600) return ago.format(-Math.floor(seconds / 60), 'minute')
  return seconds < 86_400 ? ago.format(-Math.floor(seconds / 3_600), 'hour') : ago.format(-Math.floor(seconds / 86_400), 'day')
}

/** "14:02" on the person's clock; UTC, and said so, when their time zone is not known. */
export function clockWords(at: Date, timeZone: string | null): string {
  const format = (zone: string): string => new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: zone }).format(at)
  if (timeZone === null) return `${format('UTC')} UTC`
  try {
    return format(timeZone)
  } catch {
    return `${format('UTC')} UTC`
  }
}

/** "24 Nov, 14:02" on the person's clock; UTC, and said so, when their time zone is not known. */
export function momentWords(at: Date, timeZone: string | null): string {
  return `${dayWords(at, timeZone)}, ${clockWords(at, timeZone)}`
}

/** "24 Nov" */
export function dayWords(at: Date, timeZone: string | null): string {
  const tag = language() === 'en' ? 'en-GB' : language()
  const format = (zone: string): string => new Intl.DateTimeFormat(tag, { day: 'numeric', month: 'short', timeZone: zone }).format(at)
  try {
    return format(timeZone ?? 'UTC')
  } catch {
    return format('UTC')
  }
}

/** "870 bytes", "45 kB", "1.2 GB". */
export function sizeWords(bytes: number): string {
  const units = ['byte', 'kilobyte', 'megabyte', 'gigabyte'] as const
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3))
  const value = bytes / 1_000 ** power
  const digits = value < 10 && power > 0 ? 1 : 0
  return new Intl.NumberFormat(language(), {
    style: 'unit',
    unit: units[power] ?? 'byte',
    unitDisplay: power === 0 ? 'long' : 'short',
    maximumFractionDigits: digits,
  }).format(value)
}

/** "once", "twice", "3 times". */
export function timesWords(count: number): string {
  return count === 1 ? t`once` : count === 2 ? t`twice` : t`${count} times`
}

/** "$9", "$1.10". */
export function moneyWords(cents: number): string {
  const dollars = new Intl.NumberFormat(language(), { style: 'currency', currency: 'USD', trailingZeroDisplay: 'stripIfInteger' })
  return dollars.format(cents / 100)
}
