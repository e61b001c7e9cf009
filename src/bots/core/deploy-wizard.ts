// Setting up an assistant, as a pure reducer: (state, event) → (state, effects). It never sees more of a key than its shape, and what it
// leaves in the state is the key's last four characters.
import { assertNever } from '../../lib/errors.ts'
import { z } from 'zod'
import { nameProblem, type NameProblem } from '../../domain/instance-name.ts'
import { holdsKey, modelProviderOf, modelProviders, type ModelProvider } from '../../domain/model-providers.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { regionOf, regions } from '../../domain/regions.ts'
import { secretIn, shapeOf, shapeProblem, type SecretShape, type ShapeProblem } from '../../domain/secret-shapes.ts'
import { Sealed } from '../../lib/sealed.ts'
import { cityWords } from './words/regions.ts'

const steps = ['name', 'region', 'regions', 'provider', 'key', 'review', 'change', 'launching'] as const
export type DeployStep = (typeof steps)[number]

const brainSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('unasked') }),
  z.object({ kind: z.literal('none') }),
  z.object({
    kind: z.literal('chosen'),
    provider: z.string(),
    key: z.union([z.literal('unasked'), z.literal('skipped'), z.object({ last4: z.string().max(4), tried: z.boolean().default(true) })]),
  }),
])
export type Brain = z.infer<typeof brainSchema>

export const deployStateSchema = z.object({
  /** Tells this conversation's buttons from an older one's. */
  id: z.string(),
  /** The id under which a key is staged, and then the instance's own. */
  draftId: z.string(),
  step: z.enum(steps),
  name: z.string().nullable(),
  region: z.string().nullable(),
  brain: brainSchema,
  /** The way here, for Back. */
  path: z.array(z.enum(steps)),
  launchedAt: z.number().nullable(),
  /** What was saved of a former one, and is to be given back to this one. */
  fromBackup: z.string().nullable().default(null),
})
export type DeployState = z.infer<typeof deployStateSchema>

export type DeployEvent =
  | { kind: 'text'; text: string }
  | { kind: 'secret'; secret: Sealed }
  | { kind: 'choose'; step: string; value: string }
  /** `tried`: its provider was asked, and it works. */
  | { kind: 'staged'; last4: string; tried: boolean }
  | { kind: 'refused'; refusal: Refusal }

export type DeployProblem =
  | { kind: 'name'; problem: NameProblem }
  | { kind: 'region'; typed: string }
  | { kind: 'provider' }
  | { kind: 'key'; provider: ModelProvider; shape: SecretShape; problem: ShapeProblem }
  | { kind: 'pasted-early' }
  | { kind: 'tap' }
  | { kind: 'refused'; refusal: Refusal }

export type DeployEffect =
  | { kind: 'ask'; problem: DeployProblem | null }
  | { kind: 'delete-message' }
  | { kind: 'stage'; secretName: string; secret: Sealed }
  | { kind: 'discard'; draftId: string }
  | { kind: 'launch' }
  | { kind: 'cancel' }
  /** A button of a question that was answered already. */
  | { kind: 'stale' }

export type DeployMove = { state: DeployState; effects: DeployEffect[] }
/** `spareDraftId` replaces the draft when a key that was staged under it is no longer wanted. */
export type DeployWorld = { taken: readonly string[]; now: number; spareDraftId: string }

/** A launch that was begun and not finished by now was cut off: it may be begun again. */
const LAUNCH_PATIENCE_MS = 20_000

/** Where a conversation begins: at the first question that `prefill` leaves open. */
export function beginDeploy(
  ids: { id: string; draftId: string },
  prefill: { name?: string | undefined; region?: string | undefined },
  world: DeployWorld,
): DeployMove {
  const blank: DeployState = {
    ...ids,
    step: 'name',
    name: null,
    region: null,
    brain: { kind: 'unasked' },
    path: [],
    launchedAt: null,
    fromBackup: null,
  }
  const region = prefill.region === undefined ? undefined : regionNamed(prefill.region)
  const state = { ...blank, region: region?.code ?? null }
  if (prefill.name === undefined || prefill.name === '') return asking(state)
  return named(state, prefill.name, world)
}

/** The conversation after something was typed, tapped, or came back from an effect. */
export function deployMove(state: DeployState, event: DeployEvent, world: DeployWorld): DeployMove {
  switch (event.kind) {
    case 'staged':
      return forward({
        ...state,
        brain: state.brain.kind === 'chosen' ? { ...state.brain, key: { last4: event.last4, tried: event.tried } } : state.brain,
      })
    case 'refused':
      return refused(state, event.refusal)
    case 'choose':
      return chosen(state, event, world)
    case 'secret':
      return pasted(state, event.secret)
    case 'text':
      return typed(state, event.text, world)
    default:
      return assertNever(event)
  }
}

function asking(state: DeployState, problem: DeployProblem | null = null): DeployMove {
  return { state, effects: [{ kind: 'ask', problem }] }
}

/** To the first open question, or the review card when there is none. */
function forward(state: DeployState): DeployMove {
  const step = openStep(state)
  return asking({ ...state, step, path: step === 'review' ? [] : [...state.path, state.step] })
}

function openStep(state: DeployState): DeployStep {
  if (state.name === null) return 'name'
  if (state.region === null) return 'region'
  if (state.brain.kind === 'unasked') return 'provider'
  return state.brain.kind === 'chosen' && state.brain.key === 'unasked' ? 'key' : 'review'
}

function goTo(state: DeployState, step: DeployStep): DeployMove {
  return asking({ ...state, step, path: [...state.path, state.step] })
}

function typed(state: DeployState, text: string, world: DeployWorld): DeployMove {
  if (holdsKey(text)) return { state, effects: [{ kind: 'delete-message' }, { kind: 'ask', problem: { kind: 'pasted-early' } }] }
  switch (state.step) {
    case 'name':
      return named(state, text, world)
    case 'region':
    case 'regions': {
      const region = regionNamed(text)
      return region === undefined ? asking(state, { kind: 'region', typed: text.slice(0, 40) }) : forward({ ...state, region: region.code })
    }
    case 'provider': {
      const word = text.trim().toLowerCase()
      const provider = modelProviders.find((one) => one.id === word || one.brain.toLowerCase() === word)
      return provider === undefined ? asking(state, { kind: 'provider' }) : withProvider(state, provider, world)
    }
    case 'launching':
      return { state, effects: [{ kind: 'stale' }] }
    case 'key':
    case 'review':
    case 'change':
      return asking(state, { kind: 'tap' })
    default:
      return assertNever(state.step)
  }
}

function named(state: DeployState, text: string, world: DeployWorld): DeployMove {
  const name = text.trim()
  const problem = nameProblem(name, world.taken)
  return problem === null ? forward({ ...state, name }) : asking({ ...state, step: 'name' }, { kind: 'name', problem })
}

function regionNamed(text: string): (typeof regions)[number] | undefined {
  const word = text.trim().toLowerCase()
  if (word === '') return undefined
  const begins = (name: string): boolean => name === word || name.startsWith(`${word},`) || (word.length >= 3 && name.startsWith(word))
  return regionOf(word) ?? regions.find(({ code, city }) => begins(city.toLowerCase()) || begins(cityWords(code).toLowerCase()))
}

function pasted(state: DeployState, secret: Sealed): DeployMove {
  const gone: DeployEffect = { kind: 'delete-message' }
  const provider = state.brain.kind === 'chosen' ? modelProviderOf(state.brain.provider) : undefined
  const shape = provider === undefined ? undefined : shapeOf(provider.secretName)
  if (state.step !== 'key' || provider === undefined || shape === undefined)
    return { state, effects: [gone, { kind: 'ask', problem: { kind: 'tap' } }] }
  const value = secretIn(shape, secret.open())
  const problem = shapeProblem(shape, value)
  if (problem !== null) return { state, effects: [gone, { kind: 'ask', problem: { kind: 'key', provider, shape, problem } }] }
  return { state, effects: [gone, { kind: 'stage', secretName: provider.secretName, secret: new Sealed(value) }] }
}

function chosen(state: DeployState, event: { step: string; value: string }, world: DeployWorld): DeployMove {
  if (event.value === 'cancel') return { state, effects: [...discarded(state), { kind: 'cancel' }] }
  if (state.step === 'launching') return relaunched(state, world)
  if (event.step !== state.step) return { state, effects: [{ kind: 'stale' }] }
  if (event.value === 'back') {
    const step = state.path.at(-1)
    return step === undefined ? asking(state) : asking({ ...state, step, path: state.path.slice(0, -1) })
  }
  switch (state.step) {
    case 'region':
      return event.value === 'more' ? goTo(state, 'regions') : typed(state, event.value, world)
    case 'provider':
      return event.value === 'skip' ? forward({ ...fresh(state, world), brain: { kind: 'none' } }) : typed(state, event.value, world)
    case 'key':
      return keyChoice(state, event.value, world)
    case 'review':
      return reviewChoice(state, event.value, world)
    case 'change':
      return event.value === 'name' || event.value === 'region' || event.value === 'provider' || event.value === 'key'
        ? goTo(state, event.value)
        : asking(state)
    case 'name':
    case 'regions':
      return typed(state, event.value, world)
    default:
      return assertNever(state.step)
  }
}

function keyChoice(state: DeployState, value: string, world: DeployWorld): DeployMove {
  const other = value.startsWith('use-') ? modelProviderOf(value.slice('use-'.length)) : undefined
  if (other !== undefined) return withProvider(state, other, world)
  if (value !== 'skip' || state.brain.kind !== 'chosen') return asking(state)
  return {
    ...forward({ ...fresh(state, world), brain: { ...state.brain, key: 'skipped' } }),
    effects: [...discarded(state), { kind: 'ask', problem: null }],
  }
}

function reviewChoice(state: DeployState, value: string, world: DeployWorld): DeployMove {
  if (value === 'change') return goTo(state, 'change')
  if (value === 'key') return goTo(state, 'key')
  if (value !== 'launch') return asking(state)
  return { state: { ...state, step: 'launching', launchedAt: world.now }, effects: [{ kind: 'launch' }] }
}

function relaunched(state: DeployState, world: DeployWorld): DeployMove {
  const cutOff = state.launchedAt === null || world.now - state.launchedAt > LAUNCH_PATIENCE_MS
  return cutOff ? { state: { ...state, launchedAt: world.now }, effects: [{ kind: 'launch' }] } : { state, effects: [{ kind: 'stale' }] }
}

function withProvider(state: DeployState, provider: ModelProvider, world: DeployWorld): DeployMove {
  if (state.brain.kind === 'chosen' && state.brain.provider === provider.id)
    return state.brain.key === 'skipped' ? goTo(state, 'key') : forward(state)
  const moved = { ...fresh(state, world), brain: { kind: 'chosen' as const, provider: provider.id, key: 'unasked' as const } }
  const path = state.step === 'key' ? state.path : [...state.path, state.step]
  return { state: { ...moved, step: 'key', path }, effects: [...discarded(state), { kind: 'ask', problem: null }] }
}

const staged = (state: DeployState): boolean => state.brain.kind === 'chosen' && typeof state.brain.key === 'object'
/** A staged key that is no longer wanted goes with its draft; the conversation goes on under a new one. */
const fresh = (state: DeployState, world: DeployWorld): DeployState => (staged(state) ? { ...state, draftId: world.spareDraftId } : state)
const discarded = (state: DeployState): DeployEffect[] => (staged(state) ? [{ kind: 'discard', draftId: state.draftId }] : [])

function refused(state: DeployState, refusal: Refusal): DeployMove {
  const problem: DeployProblem = refusal.reason === 'name' ? { kind: 'name', problem: refusal.problem } : { kind: 'refused', refusal }
  if (refusal.reason === 'name') return asking({ ...state, step: 'name', launchedAt: null, path: [] }, problem)
  if ((refusal.reason === 'secret-store-unavailable' || refusal.reason === 'key-refused') && state.brain.kind === 'chosen') {
    return asking({ ...state, step: 'key', brain: { ...state.brain, key: 'unasked' }, launchedAt: null }, problem)
  }
  return asking({ ...state, step: state.step === 'launching' ? 'review' : state.step, launchedAt: null }, problem)
}
