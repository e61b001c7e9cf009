// Times and amounts in a person's words.

/** "under 1 s", "58 s", "1 min 10 s", "2 h 5 min", "3 days 4 h". */
export function durationWords(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000))
  if (seconds < 1) return 'under 1 s'
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return joined(`${minutes} min`, seconds % 60, 's')
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return joined(`${hours} h`, minutes % 60, 'min')
  const days = Math.floor(hours / 24)
  return joined(days === 1 ? '1 day' : `${days} days`, hours % 24, 'h')
}

function joined(head: string, rest: number, unit: string): string {
  return rest === 0 ? head : `${head} ${rest} ${unit}`
}

/** "just now", "3 minutes ago", "2 days ago". */
export function agoWords(at: Date, now: Date): string {
  const seconds = Math.round((now.getTime() - at.getTime()) / 1_000)
  if (seconds < 10) return 'just now'
  if (seconds < 60) return `${seconds} seconds ago`
  const [count, unit] = seconds < 3_600 ? [seconds / 60, 'minute'] : seconds < 86_400 ? [seconds / 3_600, 'hour'] : [seconds / 86_400, 'day']
  const whole = Math.floor(count)
  return `${whole} ${unit}${whole === 1 ? '' : 's'} ago`
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

/** "once", "twice", "3 times". */
export function timesWords(count: number): string {
  return count === 1 ? 'once' : count === 2 ? 'twice' : `${count} times`
}

/** "$9", "$1.10". */
export function moneyWords(cents: number): string {
  return cents % 100 === 0 ? `$${cents / 100}` : `$${(cents / 100).toFixed(2)}`
}

/** "1 check", "3 checks". */
export function countWords(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
