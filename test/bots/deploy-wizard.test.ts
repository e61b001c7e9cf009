import { describe, expect, test } from 'vitest'
import {
  beginDeploy,
  deployMove,
  deployStateSchema,
  type DeployEvent,
  type DeployMove,
  type DeployState,
  type DeployWorld,
} from '../../src/bots/core/deploy-wizard.ts'
import { Sealed } from '../../src/lib/sealed.ts'

const ids = { id: 'w1', draftId: 'draft1' }
const world: DeployWorld = { taken: ['old-claw'], now: 1_000_000, spareDraftId: 'draft2' }
const KEY = `sk-ant-api03-${'x'.repeat(50)}x4Qe`
const secret = (value: string): DeployEvent => ({ kind: 'secret', secret: new Sealed(value) })
const text = (value: string): DeployEvent => ({ kind: 'text', text: value })
const tap = (step: string, value: string): DeployEvent => ({ kind: 'choose', step, value })

function after(state: DeployState, ...events: DeployEvent[]): DeployMove {
  return events.reduce<DeployMove>((move, event) => deployMove(move.state, event, world), { state, effects: [] })
}
const begun = beginDeploy(ids, {}, world).state
const atKey = after(begun, text('my-claw'), tap('region', 'ams'), tap('provider', 'anthropic')).state
const atReview = after(atKey, { kind: 'staged', last4: 'x4Qe', tried: true }).state

describe('setting up', () => {
  test('asks for name, region, provider and key, and then shows the card', () => {
    const seen = [begun.step]
    let state = begun
    for (const event of [text('my-claw'), tap('region', 'ams'), tap('provider', 'anthropic')]) {
      state = deployMove(state, event, world).state
      seen.push(state.step)
    }
    const pasted = deployMove(state, secret(KEY), world)
    expect(pasted.effects.map((effect) => effect.kind)).toEqual(['delete-message', 'stage'])
    const done = deployMove(pasted.state, { kind: 'staged', last4: 'x4Qe', tried: true }, world)
    expect([...seen, done.state.step]).toEqual(['name', 'region', 'provider', 'key', 'review'])
    expect(done.state).toMatchObject({ name: 'my-claw', region: 'ams', brain: { kind: 'chosen', provider: 'anthropic', key: { last4: 'x4Qe' } } })
  })

  test('keeps nothing of a key but its last four characters', () => {
    const pasted = deployMove(atKey, secret(KEY), world)
    const stored = JSON.stringify([pasted.state, deployMove(pasted.state, { kind: 'staged', last4: 'x4Qe', tried: true }, world)])
    expect(stored).toContain('x4Qe')
    expect(stored).not.toContain(KEY.slice(0, 20))
    expect(JSON.stringify(pasted)).not.toContain(KEY.slice(0, 20))
  })

  test.each([
    ['a name typed with the command', { name: 'my-claw' }, 'region'],
    ['a name and a region', { name: 'my-claw', region: 'fra' }, 'provider'],
    ['a name that cannot be', { name: 'My Claw!' }, 'name'],
    ['a name that is taken', { name: 'old-claw' }, 'name'],
    ['a region that there is not', { name: 'my-claw', region: 'moon' }, 'region'],
  ])('begins at the first open question for %s', (_what, prefill, step) => {
    expect(beginDeploy(ids, prefill, world).state.step).toBe(step)
  })

  test.each([
    ['a taken name', begun, text('old-claw'), 'name'],
    ['an unknown place', after(begun, text('my-claw')).state, text('atlantis'), 'region'],
    ['an unknown provider', after(begun, text('my-claw'), tap('region', 'ams')).state, text('skynet'), 'provider'],
    ['a key that is none', atKey, secret('hello'), 'key'],
    ['a key of another provider', atKey, secret(`sk-proj-${'y'.repeat(60)}`), 'key'],
    ['words on the card', atReview, text('yes please'), 'review'],
  ])('stays at its question after %s and says why', (_what, state, event, step) => {
    const move = deployMove(state, event, world)
    expect(move.state.step).toBe(step)
    expect(move.effects.at(-1)).toMatchObject({ kind: 'ask', problem: { kind: expect.any(String) } })
  })

  test.each([
    ['its code', 'AMS', 'ams'],
    ['its city', 'amsterdam', 'ams'],
    ['the start of its city', 'Frank', 'fra'],
    ['a city with a state', 'san jose', 'sjc'],
  ])('a place can be typed by %s', (_what, typed, code) => {
    expect(after(begun, text('my-claw'), text(typed)).state.region).toBe(code)
  })

  test('a key pasted at the wrong question is not kept, and its message is deleted', () => {
    const move = deployMove(begun, text(KEY), world)
    expect(move.effects.map((effect) => effect.kind)).toEqual(['delete-message', 'ask'])
    expect(JSON.stringify(move)).not.toContain(KEY.slice(0, 20))
  })

  test('Back goes the way that was come, one step at a time', () => {
    const steps: string[] = []
    let state = atKey
    while (state.path.length > 0) {
      state = deployMove(state, tap(state.step, 'back'), world).state
      steps.push(state.step)
    }
    expect(steps).toEqual(['provider', 'region', 'name'])
  })

  test.each(['name', 'region', 'provider', 'key'])('changing the %s returns to the card', (what) => {
    const answers: Record<string, DeployEvent> = {
      name: text('new-claw'),
      region: text('fra'),
      provider: tap('provider', 'anthropic'),
      key: { kind: 'staged', last4: 'abcd', tried: true },
    }
    const answer = answers[what]
    expect.assert(answer !== undefined)
    const move = after(atReview, tap('review', 'change'), tap('change', what), answer)
    expect(move.state.step).toBe('review')
  })

  test('another provider lets go of the staged key and stages the next one elsewhere', () => {
    const move = after(atReview, tap('review', 'change'), tap('change', 'provider'), tap('provider', 'openai'))
    expect(move.effects).toContainEqual({ kind: 'discard', draftId: 'draft1' })
    expect(move.state).toMatchObject({ step: 'key', draftId: 'draft2', brain: { provider: 'openai', key: 'unasked' } })
  })

  test('a key of another provider can be turned into that choice', () => {
    const move = deployMove(atKey, tap('key', 'use-openai'), world)
    expect(move.state).toMatchObject({ step: 'key', brain: { provider: 'openai' } })
  })

  test.each(['name', 'region', 'provider', 'key', 'review', 'change'] as const)('can be cancelled at the question of the %s', (step) => {
    expect(deployMove({ ...atReview, step }, tap(step, 'cancel'), world).effects.map((effect) => effect.kind)).toEqual(['discard', 'cancel'])
  })

  test('launching twice launches once', () => {
    const first = deployMove(atReview, tap('review', 'launch'), world)
    expect(first.effects).toEqual([{ kind: 'launch' }])
    expect(deployMove(first.state, tap('review', 'launch'), world).effects).toEqual([{ kind: 'stale' }])
  })

  test('a launch that a crash cut off can be begun again', () => {
    const cut = deployMove(atReview, tap('review', 'launch'), world).state
    const later = { ...world, now: world.now + 60_000 }
    expect(deployMove(cut, tap('review', 'launch'), later).effects).toEqual([{ kind: 'launch' }])
  })

  test('a button of a question that was answered already does nothing', () => {
    const move = deployMove(atReview, tap('region', 'fra'), world)
    expect(move).toEqual({ state: atReview, effects: [{ kind: 'stale' }] })
  })

  test.each([
    ['a name that was taken meanwhile', { reason: 'name', problem: { kind: 'taken', suggestion: 'my-claw-2' } } as const, 'name'],
    ['a plan that is full', { reason: 'instance-limit', limit: 1, plan: 'Starter' } as const, 'review'],
    ['a key that expired', { reason: 'secret-store-unavailable' } as const, 'key'],
  ])('a launch refused for %s goes where it can be put right', (_what, refusal, step) => {
    const launching = deployMove(atReview, tap('review', 'launch'), world).state
    expect(deployMove(launching, { kind: 'refused', refusal }, world).state).toMatchObject({ step, launchedAt: null })
  })

  test('every state can be stored and read back', () => {
    for (const state of [begun, atKey, atReview]) expect(deployStateSchema.parse(JSON.parse(JSON.stringify(state)))).toEqual(state)
  })
})
