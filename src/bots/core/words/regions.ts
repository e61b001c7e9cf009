// Where an assistant can live, in the reader's language.
import { regionOf, type Region } from '../../../domain/regions.ts'
import { translated } from '../language.ts'

/** "Tokyo", or the code itself when there is no such region. */
export function cityWords(code: string): string {
  const region = regionOf(code)
  return region === undefined ? code : translated(region.city)
}

/** "Tokyo, Japan" */
export function placeWords({ city, country }: Pick<Region, 'city' | 'country'>): string {
  return `${translated(city)}, ${translated(country)}`
}
