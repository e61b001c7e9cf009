// A time zone from what a person types: its own name, a city in it, an abbreviation, or how many hours it is from Greenwich. Pure.
import { isTimeZone } from './alert-hours.ts'

/** Cities that no zone is named after, and the names of others in German. */
const CITIES: readonly [string, string][] = [
  [
    'Europe/Berlin',
    'germany deutschland munich münchen hamburg cologne köln frankfurt stuttgart düsseldorf leipzig dresden hannover hanover nuremberg nürnberg bremen',
  ],
  ['Europe/Zurich', 'switzerland schweiz zürich geneva genf basel bern'],
  ['Europe/Vienna', 'austria österreich wien graz salzburg'],
  ['Europe/Paris', 'france frankreich lyon marseille nice nizza toulouse'],
  ['Europe/Madrid', 'spain spanien barcelona valencia seville sevilla'],
  ['Europe/Rome', 'italy italien rom milan mailand naples neapel turin florence florenz'],
  ['Europe/Amsterdam', 'netherlands niederlande rotterdam the-hague den-haag utrecht'],
  ['Europe/Brussels', 'belgium belgien brüssel antwerp antwerpen'],
  ['Europe/London', 'england uk manchester edinburgh glasgow birmingham'],
  ['Europe/Copenhagen', 'denmark dänemark kopenhagen'],
  ['Europe/Warsaw', 'poland polen warschau krakow krakau'],
  ['Europe/Prague', 'prag'],
  ['Europe/Lisbon', 'portugal lissabon porto'],
  ['Europe/Athens', 'greece griechenland athen'],
  ['Europe/Kyiv', 'ukraine kyiv kiew'],
  ['Europe/Moscow', 'moskau'],
  ['America/New_York', 'nyc boston washington miami atlanta philadelphia orlando est edt et'],
  ['America/Chicago', 'dallas houston austin minneapolis cst cdt'],
  ['America/Denver', 'salt-lake-city mst mdt'],
  ['America/Los_Angeles', 'la san-francisco seattle portland san-diego las-vegas california kalifornien pst pdt pt'],
  ['America/Toronto', 'montreal ottawa'],
  ['America/Sao_Paulo', 'são-paulo rio rio-de-janeiro brasilia'],
  ['America/Mexico_City', 'mexico'],
  ['Asia/Kolkata', 'india indien kolkata mumbai delhi new-delhi bangalore bengaluru chennai hyderabad ist'],
  ['Asia/Shanghai', 'china beijing peking shenzhen'],
  ['Asia/Tokyo', 'japan osaka tokio jst'],
  ['Asia/Seoul', 'korea'],
  ['Asia/Singapore', 'singapur'],
  ['Asia/Dubai', 'abu-dhabi uae'],
  ['Asia/Jerusalem', 'israel tel-aviv'],
  ['Asia/Ho_Chi_Minh', 'vietnam hanoi ho-chi-minh-city'],
  ['Australia/Sydney', 'canberra'],
  ['Pacific/Auckland', 'new-zealand neuseeland wellington'],
  ['Africa/Johannesburg', 'cape-town kapstadt pretoria'],
  ['Europe/Berlin', 'cet cest mez mesz'],
  ['UTC', 'utc gmt z'],
]

/** "UTC+2", "GMT-3", "+5:30": the zones of whole hours have names, the others do not. */
const FROM_GREENWICH = /^(?:utc|gmt)?([+-])(\d{1,2})(?::?(\d{2}))?$/

let names: Map<string, string> | null = null

function known(): Map<string, string> {
  if (names !== null) return names
  names = new Map()
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    names.set(wordOf(zone), zone)
    const city = wordOf(zone.split('/').at(-1) ?? zone)
    if (!names.has(city)) names.set(city, zone)
  }
  for (const [zone, cities] of CITIES) for (const city of cities.split(' ')) names.set(wordOf(city), zone)
  return names
}

/** One spelling for all: "New York", "new_york" and "NEW-YORK" are the same. */
function wordOf(typed: string): string {
  return typed
    .trim()
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[\s_]+/g, '-')
}

/** The zone that somebody named; null when there is none of that name. */
export function timeZoneOf(typed: string): string | null {
  const text = typed.trim().slice(0, 60)
  if (text === '') return null
  const greenwich = FROM_GREENWICH.exec(text.toLowerCase().replaceAll(' ', ''))
  if (greenwich !== null) return fromGreenwich(greenwich)
  // "Munich, Germany": what comes first is the narrowest.
  for (const part of [text, ...text.split(',')]) {
    const found = known().get(wordOf(part))
    if (found !== undefined) return found
  }
  // Old names that clocks still go by, like Asia/Calcutta.
  return text.includes('/') && isTimeZone(text) ? text : null
}

function fromGreenwich([, sign = '+', hours = '0', minutes = '00']: RegExpExecArray): string | null {
  const name = `${sign}${hours.padStart(2, '0')}:${minutes}`
  return Number(hours) <= 14 && Number(minutes) <= 59 && isTimeZone(name) ? name : null
}

/** "Berlin" for Europe/Berlin: what people call it. */
export function zoneTitle(zone: string): string {
  return /^[+-]/.test(zone) ? `UTC${zone}` : (zone.split('/').at(-1) ?? zone).replaceAll('_', ' ')
}
