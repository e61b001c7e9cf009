import { describe, expect, test } from 'vitest'
import { linesOf, plainStyle } from '../../src/bots/core/layout.ts'
import type { View } from '../../src/bots/core/view.ts'
import { refusalView } from '../../src/bots/core/words/refusals.ts'
import type { Refusal } from '../../src/domain/refusal.ts'

const words = (view: View): string =>
  linesOf(view, plainStyle)
    .map((line) => line.text)
    .join('\n')
const refusals: Record<Refusal['reason'], Refusal> = {
  'instance-limit': { reason: 'instance-limit', limit: 1, plan: 'Starter' },
  name: { reason: 'name', problem: { kind: 'taken', suggestion: 'my-claw-2' } },
  'no-instance': { reason: 'no-instance' },
  'unknown-instance': { reason: 'unknown-instance', wanted: 'x', names: ['my-claw'] },
  'which-instance': { reason: 'which-instance', names: ['a-claw', 'b-claw'] },
  'name-mismatch': { reason: 'name-mismatch', name: 'my-claw' },
  already: { reason: 'already', state: 'running' },
  busy: { reason: 'busy', state: 'deploying' },
  'being-destroyed': { reason: 'being-destroyed', name: 'my-claw' },
  'unknown-region': { reason: 'unknown-region', region: 'moon' },
  'bad-input': { reason: 'bad-input', problems: ['lines: too big'] },
  'too-many-requests': { reason: 'too-many-requests', retryAfterSeconds: 60 },
  'key-links-limit': { reason: 'key-links-limit', limit: 10, retryAfterSeconds: 600 },
  'secret-store-unavailable': { reason: 'secret-store-unavailable' },
  'logs-unavailable': { reason: 'logs-unavailable' },
  'nothing-to-retry': { reason: 'nothing-to-retry' },
  'not-running': { reason: 'not-running', name: 'my-claw' },
  'gateway-silent': { reason: 'gateway-silent', name: 'my-claw' },
  'guest-gone': { reason: 'guest-gone', name: 'my-claw' },
  'phone-number': { reason: 'phone-number' },
  'unknown-backup': { reason: 'unknown-backup' },
  'backups-limit': { reason: 'backups-limit', limit: 12 },
  'backup-orphan': { reason: 'backup-orphan', name: 'my-claw', backup: 'abcdefgh2345' },
  'no-upgrade': { reason: 'no-upgrade', name: 'my-claw', image: 'gateway:openclaw-2026.9.6' },
  'upgrade-settings': {
    reason: 'upgrade-settings',
    name: 'my-claw',
    image: 'gateway:openclaw-2027.1.1',
    problem: { kind: 'unknown', path: 'tools.profil', line: null },
  },
  'config-invalid': { reason: 'config-invalid', problems: [{ kind: 'unknown', path: 'tools.profil', line: 3 }], more: 0 },
  'config-same': { reason: 'config-same' },
  'config-changed': { reason: 'config-changed' },
  'config-no-version': { reason: 'config-no-version', version: 7 },
  'config-model': { reason: 'config-model', model: 'claude' },
  'config-no-chat': { reason: 'config-no-chat' },
  'config-unknown-gateway': { reason: 'config-unknown-gateway', image: 'gateway:openclaw-2027.1.1' },
  'key-in-config': { reason: 'key-in-config', name: 'WEATHER_KEY' },
  'key-shape': { reason: 'key-shape', name: 'TELEGRAM_BOT_TOKEN', problem: { kind: 'shape', length: 12 } },
  'key-variable-name': { reason: 'key-variable-name', name: 'PORT', problem: { kind: 'system' } },
  'key-variable-value': { reason: 'key-variable-value', name: 'WEATHER_KEY', problem: { kind: 'empty' } },
  'key-refused': { reason: 'key-refused', name: 'TELEGRAM_BOT_TOKEN', why: 'unknown' },
  'key-unreachable': { reason: 'key-unreachable', name: 'OPENAI_API_KEY', why: 'broken' },
  'key-intents': {
    reason: 'key-intents',
    name: 'DISCORD_BOT_TOKEN',
    who: { label: 'my-claw', id: '1', applicationId: '2', team: null, teamId: null },
  },
  'key-our-own': { reason: 'key-our-own', name: 'TELEGRAM_BOT_TOKEN' },
  'key-in-use': { reason: 'key-in-use', instance: 'other-claw', leaving: false },
  'key-not-set': { reason: 'key-not-set', name: 'WEATHER_KEY' },
  'keys-limit': { reason: 'keys-limit', limit: 40 },
  'link-code-wrong': { reason: 'link-code-wrong' },
  'link-code-expired': { reason: 'link-code-expired' },
  'link-code-used': { reason: 'link-code-used' },
  'link-own-code': { reason: 'link-own-code' },
  'link-already': { reason: 'link-already' },
  'link-codes-limit': { reason: 'link-codes-limit', limit: 5, retryAfterSeconds: 600 },
  'link-tries-limit': { reason: 'link-tries-limit', limit: 5, minutes: 10 },
  'link-both-have-instances': { reason: 'link-both-have-instances' },
  'link-over': { reason: 'link-over' },
  'link-not-yours': { reason: 'link-not-yours' },
  'last-account': { reason: 'last-account' },
  'unknown-account': { reason: 'unknown-account' },
  'account-changed': { reason: 'account-changed' },
  'forget-mismatch': { reason: 'forget-mismatch', words: 'forget me' },
  'instances-present': { reason: 'instances-present', names: ['my-claw'], leaving: [] },
  'not-allowed': { reason: 'not-allowed', name: 'my-claw', needs: 'operate' },
  'private-only': { reason: 'private-only' },
  'same-name': { reason: 'same-name', name: 'my-claw', choices: [{ id: 'abcdefgh23', owner: null }] },
  'not-in-room': { reason: 'not-in-room' },
  'unknown-share': { reason: 'unknown-share' },
  'approval-waits': { reason: 'approval-waits', name: 'my-claw' },
  'approvals-limit': { reason: 'approvals-limit', name: 'my-claw', limit: 5 },
  'approval-over': { reason: 'approval-over', how: 'expired' },
}

describe('refusals', () => {
  test.each(Object.values(refusals))('$reason has a sentence of at most five lines, and no jargon', (refusal) => {
    const text = words(refusalView(refusal, { action: 'restart', instance: 'my-claw' }))
    expect(text).toMatch(/^([A-Z]|(my|other)-claw ).*[.?]$/s)
    expect(text.split('\n').length).toBeLessThanOrEqual(5)
    expect(text.length).toBeLessThan(300)
    expect(text).not.toMatch(/undefined|null|error|hostname|volume|\bVM\b/i)
  })

  test('every refusal that leaves something to do offers it as a button', () => {
    const without = Object.values(refusals).filter((refusal) => refusalView(refusal, { action: 'restart' }).actions.length === 0)
    // These are questions of a conversation, which brings its own buttons.
    expect(without.map((one) => one.reason).toSorted()).toEqual(['forget-mismatch', 'name-mismatch', 'private-only', 'secret-store-unavailable'])
  })

  test('asking which instance repeats the whole command for each', () => {
    const view = refusalView(refusals['which-instance'], { action: 'rename', rest: ['new-name'] })
    expect(view.actions.map((one) => ('press' in one ? one.press : null))).toEqual([
      { verb: 'rename', args: ['a-claw', 'new-name'] },
      { verb: 'rename', args: ['b-claw', 'new-name'] },
    ])
  })
})
