// The questions of setting up an assistant, and the card that is reviewed before anything is made.
import { assertNever } from '../../../lib/errors.ts'
import { imageOf } from '../../../domain/image.ts'
import { modelProviderOf, modelProviderOfSecret, modelProviders, type ModelProvider } from '../../../domain/model-providers.ts'
import { plans } from '../../../domain/plans.ts'
import { shapeOf } from '../../../domain/secret-shapes.ts'
import { nearestRegions, type Region } from '../../../domain/regions.ts'
import { suggestName } from '../../../domain/instance-name.ts'
import type { Brain, DeployProblem, DeployState, DeployStep } from '../deploy-wizard.ts'
import type { Info } from '../info.ts'
import { t } from '../language.ts'
import { bold, code, paragraph, say, type Block, type Button, type Text, type View } from '../view.ts'
import { practiceBlocks } from './greeting.ts'
import { imageWords } from './instance.ts'
import { shapeProblemText } from './key-problems.ts'
import { nameProblemText, refusalView } from './refusals.ts'
import { cityWords } from './regions.ts'
import { moneyWords } from './time.ts'

export type DeployFacts = { taken: readonly string[]; timeZone: string | null; info: Info; secrecy: 'masked' | 'form' | 'deleted' | 'shown' }
const REGIONS_SHOWN = 5

/** The question that the conversation stands at, with what was wrong with the last answer. */
export function deployQuestion(state: DeployState, problem: DeployProblem | null, facts: DeployFacts): View {
  const view = questions[state.step](state, facts)
  const wrong: Block[] = problem === null ? [] : [{ kind: 'text', text: problemText(problem, facts) }]
  const extra = problem === null ? [] : problemButtons(state, problem)
  // A refused answer is explained instead of the question, which the person has just read.
  const blocks = wrong.length === 0 || state.step === 'review' ? [...wrong, ...view.blocks] : wrong
  const labels = new Set(extra.map((one) => one.label))
  return { ...view, blocks, actions: [...extra, ...view.actions.filter((one) => !labels.has(one.label))] }
}

function choose(state: DeployState, label: string, value: string, style: 'plain' | 'primary' | 'danger' = 'plain'): Button {
  return { label, press: { verb: 'w', args: [state.id, state.step, value] }, style }
}

function ways(state: DeployState): Button[] {
  return [...(state.path.length > 0 ? [choose(state, t`Back`, 'back')] : []), choose(state, t`Cancel`, 'cancel')]
}

const subject = (state: DeployState): Text => (state.name === null ? say`it` : say`${bold(state.name)}`)

const questions: Readonly<Record<DeployStep, (state: DeployState, facts: DeployFacts) => View>> = {
  name: (state, facts) => {
    const suggestion = suggestName(state.name ?? 'my-claw', facts.taken)
    return {
      tone: 'plain',
      blocks: [paragraph`What shall it be called? A short word for you to use here: lower-case letters, digits and dashes.`],
      actions: [choose(state, suggestion, suggestion, 'primary'), ...ways(state)],
      input: 'text',
    }
  },
  region: (state, facts) => regionQuestion(state, nearestRegions(facts.timeZone).slice(0, REGIONS_SHOWN), [choose(state, t`More…`, 'more')]),
  regions: (state, facts) => regionQuestion(state, nearestRegions(facts.timeZone), []),
  provider: (state) => ({
    tone: 'plain',
    blocks: [paragraph`Whose model shall ${subject(state)} think with? You use your own key, and they charge you for what it thinks.`],
    actions: [
      ...modelProviders.map((one) => choose(state, one.title === one.brain ? one.title : `${one.title} (${one.brain})`, one.id)),
      choose(state, t`Skip for now`, 'skip'),
      ...ways(state),
    ],
  }),
  key: keyQuestion,
  review: reviewCard,
  change: (state) => ({
    tone: 'plain',
    blocks: [paragraph`What shall be different about ${subject(state)}?`],
    actions: [
      choose(state, t`Name`, 'name'),
      choose(state, t`Place`, 'region'),
      choose(state, t`Model`, 'provider'),
      ...(state.brain.kind === 'chosen' ? [choose(state, t`Key`, 'key')] : []),
      ...ways(state),
    ],
  }),
  launching: (state) => ({ tone: 'working', blocks: [paragraph`${subject(state)} is on its way: its progress appears here.`], actions: [] }),
}

function regionQuestion(state: DeployState, list: readonly Region[], more: Button[]): View {
  return {
    tone: 'plain',
    blocks: [paragraph`Where shall ${subject(state)} live? The nearest to you come first, and its data stays there.`],
    actions: [...list.map((one) => choose(state, cityWords(one.code), one.code)), ...more, ...ways(state)],
  }
}

function keyQuestion(state: DeployState, facts: DeployFacts): View {
  const provider = chosenProvider(state.brain)
  const asking =
    provider === undefined
      ? say`Paste your model key: it looks like ${code('sk-…')}.`
      : say`Paste your ${provider.title} key: it looks like ${code(shapeOf(provider.secretName)?.looksLike ?? 'sk-…')}.`
  const secrecy: Readonly<Record<DeployFacts['secrecy'], string>> = {
    masked: t`What you type stays hidden.`,
    form: t`The button opens a form for it: what you put in there appears in no chat.`,
    deleted: t`I delete your message at once.`,
    shown: t`It stays visible where you type it.`,
  }
  return {
    tone: 'plain',
    blocks: [paragraph`${asking} It goes straight to where ${subject(state)} runs, and I keep its last four characters. ${secrecy[facts.secrecy]}`],
    actions: [...keysPage(provider), choose(state, t`Skip for now`, 'skip'), ...ways(state)],
    input: 'secret',
  }
}

function keysPage(provider: ModelProvider | undefined): Button[] {
  return provider === undefined ? [] : [{ label: t`Get a key from ${provider.title}`, url: provider.keysPage }]
}

function chosenProvider(brain: Brain): ModelProvider | undefined {
  return brain.kind === 'chosen' ? modelProviderOf(brain.provider) : undefined
}

function reviewCard(state: DeployState, facts: DeployFacts): View {
  const plan = plans.starter
  const price = facts.info.billing ? t`${moneyWords(plan.priceCents)} a month` : t`free here: billing is off`
  const promise: Block[] = facts.info.billing ? [paragraph`Nothing is charged before it runs.`] : []
  const brain = brainLine(state.brain)
  const image = facts.info.gatewayImage
  const keyMissing = state.brain.kind === 'chosen' && state.brain.key === 'unasked'
  return {
    tone: 'plain',
    blocks: [
      paragraph`${subject(state)} · ${cityWords(state.region ?? '')} · ${plan.title}, ${price}`,
      imageOf(image).kind === 'stub' ? paragraph`Brain: ${brain}` : paragraph`Brain: ${brain} · Runs: ${imageWords(image)}`,
      ...(state.fromBackup === null ? [] : [paragraph`It gets back what was saved, as soon as it is live. Keys are not in the copy.`]),
      ...practiceBlocks(image),
      ...promise,
    ],
    actions: [
      ...(keyMissing ? [choose(state, t`Paste the key`, 'key', 'primary')] : []),
      choose(state, t`Launch`, 'launch', keyMissing ? 'plain' : 'primary'),
      choose(state, t`Change something`, 'change'),
      choose(state, t`Cancel`, 'cancel'),
    ],
  }
}

function brainLine(brain: Brain): string {
  const provider = chosenProvider(brain)
  if (provider === undefined || brain.kind !== 'chosen') return t`none yet, so it runs but cannot answer`
  if (typeof brain.key === 'object')
    return brain.key.tried
      ? t`${provider.brain} (key …${brain.key.last4})`
      : t`${provider.brain} (key …${brain.key.last4}, not tried: ${provider.title} did not answer)`
  return brain.key === 'unasked'
    ? t`${provider.brain} (the key must be pasted again)`
    : t`${provider.brain}, without a key: it runs but cannot answer`
}

function problemText(problem: DeployProblem, facts: DeployFacts): Text {
  switch (problem.kind) {
    case 'name':
      return nameProblemText(problem.problem)
    case 'region':
      return say`I know no place called ${bold(problem.typed)}. Tap one of these, or type a city from the list.`
    case 'provider':
      return say`I do not know that one. Tap one of these, or skip it for now.`
    case 'key':
      return keyProblemText(problem, facts.secrecy)
    case 'pasted-early':
      return say`That looks like a secret key. I kept nothing of it; I ask for it in a moment, when I know where it goes.`
    case 'tap':
      return say`Tap one of the buttons, or type /cancel to stop here.`
    case 'refused':
      return refusalText(problem)
    default:
      return assertNever(problem)
  }
}

function refusalText(problem: Extract<DeployProblem, { kind: 'refused' }>): Text {
  const block = refusalView(problem.refusal, { action: 'deploy' }).blocks[0]
  return block?.kind === 'text' ? block.text : say`That did not work.`
}

/** What is wrong with a pasted key, without a character of it. */
export function keyProblemText({ shape, problem }: Pick<KeyDeployProblem, 'shape' | 'problem'>, secrecy: DeployFacts['secrecy']): Text {
  const wrong = shapeProblemText(shape, problem)
  if (secrecy === 'deleted') return say`${wrong} I have deleted your message.`
  return secrecy === 'shown' ? say`${wrong} I kept nothing of it.` : wrong
}

type KeyDeployProblem = Extract<DeployProblem, { kind: 'key' }>

function problemButtons(state: DeployState, problem: DeployProblem): Button[] {
  if (problem.kind === 'name') return [choose(state, problem.problem.suggestion, problem.problem.suggestion, 'primary')]
  if (problem.kind !== 'key' || problem.problem.kind !== 'other') return []
  const other = modelProviderOfSecret(problem.problem.is.name)
  return other === undefined ? [] : [choose(state, t`Use ${other.title}`, `use-${other.id}`)]
}
