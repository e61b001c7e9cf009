import { describe, expect, it } from 'vitest'
import { fallbackRegion, nearestRegions, regions } from '../../src/domain/regions.ts'

describe('nearestRegions', () => {
  it.each([
    ['Europe/Amsterdam', 'ams'],
    ['Europe/Berlin', 'fra'],
    ['Europe/London', 'lhr'],
    ['Europe/Madrid', 'cdg'],
    ['America/New_York', 'ewr'],
    ['America/Chicago', 'dfw'],
    ['America/Los_Angeles', 'lax'],
    ['America/Sao_Paulo', 'gru'],
    ['Asia/Tokyo', 'nrt'],
    ['Asia/Kolkata', 'bom'],
    ['Australia/Sydney', 'syd'],
    ['Africa/Johannesburg', 'jnb'],
    [null, 'ams'],
  ])('puts the one next to %s first', (zone, first) => {
    expect(nearestRegions(zone)[0]?.code).toBe(first)
  })

  it('leaves none out', () => {
    expect(new Set(nearestRegions('Asia/Tokyo').map((region) => region.code))).toEqual(new Set(regions.map((region) => region.code)))
  })
})

describe('fallbackRegion', () => {
  it('is the wanted region while it has room', () => expect(fallbackRegion('fra', ['ams'])?.code).toBe('fra'))
  it('is the nearest one with room', () => expect(fallbackRegion('fra', ['fra', 'ams'])?.code).toBe('cdg'))
  it('never leaves the part of the world that the data was to stay in', () => expect(fallbackRegion('gru', ['gru'])).toBeNull())
})
