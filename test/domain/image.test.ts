import { describe, expect, test } from 'vitest'
import { compareVersions, imageOf, isNewer } from '../../src/domain/image.ts'

describe('versions', () => {
  test('are in the order in which OpenClaw makes them', () => {
    const inOrder = [
      '2026.1.24',
      '2026.1.24-3',
      '2026.1.24-12',
      '2026.9.6-beta.1',
      '2026.9.6-beta.2',
      '2026.9.6',
      '2026.9.10',
      '2026.10.1',
      '2027.1.1',
    ]
    expect(inOrder.toReversed().toSorted(compareVersions)).toEqual(inOrder)
    for (const one of inOrder) expect(compareVersions(one, one)).toBe(0)
  })

  test.for([
    ['gateway:openclaw-2026.10.1', 'gateway:openclaw-2026.9.6', true],
    ['gateway:openclaw-2026.9.6', 'gateway:openclaw-2026.9.6', false],
    ['gateway:openclaw-2026.9.6', 'gateway:openclaw-2026.10.1', false],
    ['registry.example.com/conch:gateway-openclaw-2026.10.1', 'gateway:openclaw-2026.9.6', true],
    // They keep what they know in different forms.
    ['gateway:openclaw-2026.9.6', 'gateway:clawdbot-2026.1.24-3', false],
    ['gateway:stub-1.0', 'gateway:stub', true],
    ['gateway:stub', 'gateway:stub-1.0', false],
    ['ubuntu:24.04', 'gateway:stub', false],
  ] as const)('%s in the place of %s: %s', ([to, from, expected]) => {
    expect(isNewer(to, from)).toBe(expected)
  })

  test('are read from an image reference', () => {
    expect(imageOf('gateway:stub-2.0-sick')).toEqual({ kind: 'stub', version: '2.0-sick' })
    expect(imageOf('gateway:inline')).toEqual({ kind: 'stub', version: null })
    expect(imageOf('ubuntu:24.04')).toEqual({ kind: 'other' })
  })
})
