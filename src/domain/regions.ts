// Where an assistant can live. Codes are Fly's; areas keep automatic fallback inside one part of the world.

export type Area = 'europe' | 'north-america' | 'south-america' | 'asia-pacific' | 'africa'
export type Region = { code: string; city: string; country: string; area: Area; latitude: number; longitude: number }

/** Fly's regions (docs, August 2026) with the city's coordinates in degrees. */
export const regions: readonly Region[] = [
  { code: 'ams', city: 'Amsterdam', country: 'the Netherlands', area: 'europe', latitude: 52.4, longitude: 4.9 },
  { code: 'fra', city: 'Frankfurt', country: 'Germany', area: 'europe', latitude: 50.1, longitude: 8.7 },
  { code: 'cdg', city: 'Paris', country: 'France', area: 'europe', latitude: 48.9, longitude: 2.4 },
  { code: 'lhr', city: 'London', country: 'the United Kingdom', area: 'europe', latitude: 51.5, longitude: -0.1 },
  { code: 'arn', city: 'Stockholm', country: 'Sweden', area: 'europe', latitude: 59.3, longitude: 18.1 },
  { code: 'iad', city: 'Ashburn, Virginia', country: 'the United States', area: 'north-america', latitude: 39, longitude: -77.5 },
  { code: 'ewr', city: 'Secaucus, New Jersey', country: 'the United States', area: 'north-america', latitude: 40.8, longitude: -74.1 },
  { code: 'ord', city: 'Chicago', country: 'the United States', area: 'north-america', latitude: 41.9, longitude: -87.6 },
  { code: 'dfw', city: 'Dallas', country: 'the United States', area: 'north-america', latitude: 32.8, longitude: -96.8 },
  { code: 'lax', city: 'Los Angeles', country: 'the United States', area: 'north-america', latitude: 34.1, longitude: -118.2 },
  { code: 'sjc', city: 'San Jose, California', country: 'the United States', area: 'north-america', latitude: 37.3, longitude: -121.9 },
  { code: 'yyz', city: 'Toronto', country: 'Canada', area: 'north-america', latitude: 43.7, longitude: -79.4 },
  { code: 'gru', city: 'São Paulo', country: 'Brazil', area: 'south-america', latitude: -23.5, longitude: -46.6 },
  { code: 'sin', city: 'Singapore', country: 'Singapore', area: 'asia-pacific', latitude: 1.4, longitude: 103.8 },
  { code: 'nrt', city: 'Tokyo', country: 'Japan', area: 'asia-pacific', latitude: 35.7, longitude: 139.7 },
  { code: 'syd', city: 'Sydney', country: 'Australia', area: 'asia-pacific', latitude: -33.9, longitude: 151.2 },
  { code: 'bom', city: 'Mumbai', country: 'India', area: 'asia-pacific', latitude: 19.1, longitude: 72.9 },
  { code: 'jnb', city: 'Johannesburg', country: 'South Africa', area: 'africa', latitude: -26.2, longitude: 28 },
]

/** The region with this code, or undefined. */
export function regionOf(code: string): Region | undefined {
  return regions.find((region) => region.code === code)
}

type Point = { latitude: number; longitude: number }

/** Great-circle distance in kilometres (haversine, mean radius 6,371 km). */
function distanceKm(a: Point, b: Point): number {
  const rad = (degrees: number): number => (degrees * Math.PI) / 180
  const h =
    Math.sin(rad(b.latitude - a.latitude) / 2) ** 2 +
    Math.cos(rad(a.latitude)) * Math.cos(rad(b.latitude)) * Math.sin(rad(b.longitude - a.longitude) / 2) ** 2
  return 2 * 6371 * Math.asin(Math.sqrt(h))
}

const ZONE_PLACES: readonly [RegExp, Point][] = [
  [/^Europe\/(London|Dublin|Lisbon)|^Atlantic\//, { latitude: 52, longitude: -2 }],
  [/^Europe\/(Berlin|Zurich|Vienna|Prague|Rome|Budapest|Warsaw)/, { latitude: 50, longitude: 10 }],
  [/^Europe\/(Amsterdam|Brussels|Luxembourg)/, { latitude: 52, longitude: 5 }],
  [/^Europe\/(Paris|Madrid)/, { latitude: 47, longitude: 2 }],
  [/^Europe\/(Stockholm|Oslo|Helsinki|Copenhagen|Tallinn|Riga|Vilnius)/, { latitude: 59, longitude: 18 }],
  [/^Europe\//, { latitude: 50, longitude: 8 }],
  [/^America\/(Los_Angeles|Vancouver|Phoenix|Tijuana)|^US\/Pacific/, { latitude: 36, longitude: -119 }],
  [/^America\/(Denver|Edmonton|Boise)/, { latitude: 39, longitude: -105 }],
  [/^America\/(Chicago|Winnipeg|Mexico_City)/, { latitude: 37, longitude: -92 }],
  [/^America\/(Toronto|Montreal)/, { latitude: 43.7, longitude: -79.4 }],
  [/^America\/(Sao_Paulo|Argentina|Buenos|Santiago|Montevideo|Bogota|Lima)/, { latitude: -23, longitude: -50 }],
  [/^America\/|^US\//, { latitude: 40, longitude: -75 }],
  [/^Asia\/(Tokyo|Seoul)/, { latitude: 36, longitude: 138 }],
  [/^Asia\/(Kolkata|Calcutta|Karachi|Dhaka|Colombo|Dubai)/, { latitude: 20, longitude: 73 }],
  [/^Asia\//, { latitude: 5, longitude: 105 }],
  [/^(Australia|Pacific)\//, { latitude: -33, longitude: 151 }],
  [/^Africa\//, { latitude: -10, longitude: 27 }],
]

/** All regions, the nearest first, as seen from an IANA time zone; without a known one as seen from Western Europe. */
export function nearestRegions(timeZone: string | null): Region[] {
  const here = ZONE_PLACES.find(([zone]) => timeZone !== null && zone.test(timeZone))?.[1] ?? { latitude: 52, longitude: 5 }
  return regions.toSorted((a, b) => distanceKm(here, a) - distanceKm(here, b))
}

/**
 * The region to try next when `wanted` has no room: the nearest one to it in the same area that is not in `full`,
 * or null when the whole area is full (then the owner must choose, for their data would leave the area).
 */
export function fallbackRegion(wanted: string, full: readonly string[]): Region | null {
  const home = regionOf(wanted)
  if (home === undefined) return null
  if (!full.includes(wanted)) return home
  const near = regions
    .filter((region) => region.area === home.area && !full.includes(region.code))
    .toSorted((a, b) => distanceKm(home, a) - distanceKm(home, b))
  return near[0] ?? null
}
