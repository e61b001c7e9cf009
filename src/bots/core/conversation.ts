// Conversations that take more than one answer: setting up, destroying, renaming. Their state is stored with a revision, so that they go on
// after a restart, and of two taps at once only one counts.
import { z } from 'zod'
import type { InstanceDetail } from '../../actions/action.ts'
import { beginWizard, endWizard, isWizardIn, placeWizardMessage, saveWizard, wizardAt, type WizardSession } from '../../db/wizards.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { regionOf } from '../../domain/regions.ts'
import { ConchError } from '../../lib/errors.ts'
import { randomId } from '../../lib/random.ts'
import { Sealed } from '../../lib/sealed.ts'
import { askForget, mayForget } from './account.ts'
import { answerAlertsForm, startAlertsQuestion, type AlertsStart } from './alerts.ts'
import { answerConfig, answerConfigFile, beginConfig, CONFIG_WIZARD, freshConfig, pressConfig } from './config-wizard.ts'
import {
  beginDeploy,
  deployMove,
  deployStateSchema,
  type DeployEffect,
  type DeployEvent,
  type DeployMove,
  type DeployState,
  type DeployWorld,
} from './deploy-wizard.ts'
import type { SentFile } from './face.ts'
import { answerKey, answerKeyBot, answerKeyForm, beginKey, isKeyForm, KEY_WIZARD, pressKey, type BotMade } from './key-wizard.ts'
import { answerQuestion, pressQuestion, startQuestion } from './question.ts'
import { deleteTheirs, expectJob, placeOf, show, tell, type Turn } from './turn.ts'
import { bold, paragraph, type View } from './view.ts'
import { answerNumber, beginNumber, leaveNumber, WHATSAPP_WIZARD, type Numbered } from './whatsapp.ts'
import { whoseFileView, type ConfigAsk } from './words/config.ts'
import { deployQuestion, type DeployFacts } from './words/deploy.ts'
import { cancelledView } from './words/greeting.ts'
import { deadButtonView, endedView, keyStandsView } from './words/trouble.ts'

const TTL_MINUTES = 30
/** Saving against a revision that somebody else has moved is tried again this often. */
const TRIES_MAX = 4
const idSchema = z.object({ id: z.string() })

/** Words that belong to the conversation under way, if there is one; false when there is none. */
export async function answerConversation(turn: Turn, text: string): Promise<boolean> {
  const session = await wizardAt(turn.deps.db, placeOf(turn))
  if (session === null) return false
  const word = text.trim().toLowerCase()
  if (word === 'cancel' || word === 'abbrechen') return done(cancelConversation(turn))
  if (session.kind === KEY_WIZARD) return done(answerKey(turn, session, text))
  if (session.kind === WHATSAPP_WIZARD) return done(answerNumber(turn, session, text))
  if (session.kind === CONFIG_WIZARD) return done(answerConfig(turn, session, text))
  if (session.kind !== 'deploy') return done(answerQuestion(turn, session, text))
  const state = deployStateSchema.parse(session.state)
  if (word === 'back' || word === 'zurück') return done(advance(turn, { kind: 'choose', step: state.step, value: 'back' }))
  const event: DeployEvent = state.step === 'key' ? { kind: 'secret', secret: new Sealed(text.trim()) } : { kind: 'text', text }
  return done(advance(turn, event))
}

async function done(work: Promise<void>): Promise<true> {
  await work
  return true
}

/** A button of a conversation. */
export async function pressConversation(turn: Turn, args: readonly string[]): Promise<void> {
  const [id = '', step = '', value = ''] = args
  const session = await wizardAt(turn.deps.db, placeOf(turn))
  if (session === null || idSchema.parse(session.state).id !== id) {
    const somebodys = await isWizardIn(turn.deps.db, placeOf(turn), id)
    return somebodys ? tell(turn, deadButtonView('not-yours')) : endConversation(turn)
  }
  if (session.kind === KEY_WIZARD) return pressKey(turn, session, value)
  if (session.kind === WHATSAPP_WIZARD) return leaveNumber(turn, session)
  if (session.kind === CONFIG_WIZARD) return pressConfig(turn, session, value)
  if (session.kind !== 'deploy') return pressQuestion(turn, session, value)
  await advance(turn, { kind: 'choose', step, value })
}

export type FilledForm = { form: string; values: Readonly<Record<string, string>> }

/** A form of several fields that the conversation under way asked for; false when there is none, or it asks for another one. */
export async function answerWithForm(turn: Turn, filled: FilledForm): Promise<boolean> {
  const session = await wizardAt(turn.deps.db, placeOf(turn))
  switch (session?.kind) {
    case 'alerts':
      return answerAlertsForm(turn, session, filled.values)
    case KEY_WIZARD:
      return isKeyForm(session, filled.form) && done(answerKeyForm(turn, session, filled.values))
    default:
      return false
  }
}

/** A bot that the person made with a tap, for the conversation under way that asked for one; false when none did. */
export async function answerWithBot(turn: Turn, made: BotMade): Promise<boolean> {
  const session = await wizardAt(turn.deps.db, placeOf(turn))
  return session?.kind === KEY_WIZARD && answerKeyBot(turn, session, made)
}

/** A file, for the conversation under way that asks for settings, or for the only assistant that it can be for; false when it is for neither. */
export async function answerWithFile(turn: Turn, file: SentFile): Promise<boolean> {
  const session = await wizardAt(turn.deps.db, placeOf(turn))
  if (session?.kind === CONFIG_WIZARD) return done(answerConfigFile(turn, session, file))
  if (session !== null || !/\.(json5?|jsonc)$/i.test(file.name)) return false
  const listed = await turn.deps.actions.perform('instances', {}, turn.actor)
  const own = listed.ok ? listed.value.instances.filter((one) => one.status !== 'destroying') : []
  const [only, ...others] = own
  if (only === undefined) return false
  if (others.length > 0) return done(show(turn, whoseFileView(own)).then(() => undefined))
  const state = freshConfig(only, 'document')
  const revision = await beginWizard(turn.deps.db, placeOf(turn), { kind: CONFIG_WIZARD, state, ttlMinutes: TTL_MINUTES })
  return done(answerConfigFile(turn, { kind: CONFIG_WIZARD, state, revision, messageRef: null }, file))
}

/** Asks the question under way once more, after a restart of either side; false when there is none. */
export async function askAgain(turn: Turn): Promise<boolean> {
  const session = await wizardAt(turn.deps.db, placeOf(turn))
  if (session === null) return false
  if (session.kind === KEY_WIZARD) return done(answerKey(turn, session, null))
  if (session.kind === WHATSAPP_WIZARD) return done(answerNumber(turn, session, null))
  if (session.kind === CONFIG_WIZARD) return done(answerConfig(turn, session, null))
  if (session.kind !== 'deploy') return done(answerQuestion(turn, session, null))
  const state = deployStateSchema.parse(session.state)
  return done(ask(turn, { state, problem: null, revision: session.revision, world: await worldOf(turn) }))
}

/** Ends the conversation under way. */
export async function cancelConversation(turn: Turn): Promise<void> {
  const session = await wizardAt(turn.deps.db, placeOf(turn))
  if (session === null) return void (await show(turn, cancelledView('nothing', null)))
  if (session.kind === 'deploy') {
    const { step } = deployStateSchema.parse(session.state)
    return advance(turn, { kind: 'choose', step, value: 'cancel' })
  }
  if (session.kind === WHATSAPP_WIZARD) return leaveNumber(turn, session)
  if (session.kind === CONFIG_WIZARD) return pressConfig(turn, session, 'cancel')
  await (session.kind === KEY_WIZARD ? pressKey(turn, session, 'cancel') : pressQuestion(turn, session, 'cancel'))
}

/** Asks the first question of setting up that the command's own words leave open. */
export async function startDeploy(turn: Turn, words: readonly string[]): Promise<void> {
  const last = words.at(-1)
  const region = words.length > 1 && last !== undefined && regionOf(last.toLowerCase()) !== undefined ? last : undefined
  const typed = (region === undefined ? words : words.slice(0, -1)).join(' ')
  // A dash leaves the name open: where a command is a form, its place can be given alone.
  const name = typed === '-' ? '' : typed
  const world = await worldOf(turn)
  await begin(turn, beginDeploy(freshIds(turn), { name, region }, world), world)
}

/** Setting up again what failed, or one that is gone and was saved: straight to the review card. Its key went with it. */
export async function restoreDeploy(
  turn: Turn,
  former: { name: string; region: string; modelProvider: string | null; fromBackup: string | null },
): Promise<void> {
  const { name, region, modelProvider, fromBackup } = former
  const brain: DeployState['brain'] = modelProvider === null ? { kind: 'none' } : { kind: 'chosen', provider: modelProvider, key: 'unasked' }
  const state: DeployState = { ...freshIds(turn), step: 'review', name, region, brain, path: [], launchedAt: null, fromBackup }
  await begin(turn, { state, effects: [{ kind: 'ask', problem: null }] }, await worldOf(turn))
}

function freshIds(turn: Turn): { id: string; draftId: string } {
  return { id: randomId(8), draftId: turn.deps.actions.draft(turn.actor) }
}

/** Asks for the name before an instance is destroyed. */
export async function startDestroy(turn: Turn, instance: InstanceDetail): Promise<void> {
  await letGo(turn)
  await startQuestion(turn, 'destroy', instance)
}

/** Asks for the new name of an instance. */
export async function startRename(turn: Turn, instance: InstanceDetail): Promise<void> {
  await letGo(turn)
  await startQuestion(turn, 'rename', instance)
}

/** Asks what is missing for a change of alerts. */
export async function startAlerts(turn: Turn, question: AlertsStart): Promise<void> {
  await letGo(turn)
  await startAlertsQuestion(turn, question)
}

/** Asks for the secrets of a credential, or for a variable. */
export async function startKey(turn: Turn, instance: { id: string; name: string }, wanted: Parameters<typeof beginKey>[2]): Promise<void> {
  await letGo(turn)
  await beginKey(turn, instance, wanted)
}

/** Asks from which number the owner writes on WhatsApp. */
export async function startNumber(turn: Turn, instance: Numbered): Promise<void> {
  await letGo(turn)
  await beginNumber(turn, instance)
}

/** Asks for a setting, or for all of them. */
export async function startConfig(turn: Turn, ...asked: [instance: { id: string; name: string }, ask: ConfigAsk]): Promise<void> {
  await letGo(turn)
  await beginConfig(turn, ...asked)
}

/** Asks for the words before somebody is forgotten. */
export async function startForget(turn: Turn): Promise<void> {
  if (!(await mayForget(turn))) return
  await letGo(turn)
  const state = { id: randomId(8) }
  await beginWizard(turn.deps.db, placeOf(turn), { kind: 'forget-me', state, ttlMinutes: TTL_MINUTES })
  await askForget(turn, state.id)
}

async function begin(turn: Turn, move: DeployMove, world: DeployWorld): Promise<void> {
  await letGo(turn)
  const revision = await beginWizard(turn.deps.db, placeOf(turn), { kind: 'deploy', state: move.state, ttlMinutes: TTL_MINUTES })
  await carryOut(turn, move, { revision, world, relaunch: false })
}

/** A conversation that another one replaces leaves no staged key behind. */
async function letGo(turn: Turn): Promise<void> {
  const session = await wizardAt(turn.deps.db, placeOf(turn))
  if (session?.kind !== 'deploy') return
  const { brain, draftId } = deployStateSchema.parse(session.state)
  if (brain.kind === 'chosen' && typeof brain.key === 'object') await turn.deps.actions.discardDraft(turn.actor, draftId)
}

async function worldOf({ deps, actor }: Turn): Promise<DeployWorld> {
  const listed = await deps.actions.perform('instances', {}, actor)
  const taken = listed.ok ? listed.value.instances.filter((one) => one.status !== 'destroying' && one.status !== 'failed').map((one) => one.name) : []
  return { taken, now: deps.clock.now().getTime(), spareDraftId: deps.actions.draft(actor) }
}

async function advance(turn: Turn, event: DeployEvent): Promise<void> {
  const { db } = turn.deps
  for (let attempt = 1; attempt <= TRIES_MAX; attempt += 1) {
    const session = await wizardAt(db, placeOf(turn))
    if (session === null || session.kind !== 'deploy') return endConversation(turn)
    const state = deployStateSchema.parse(session.state)
    const world = await worldOf(turn)
    const move = deployMove(state, event, world)
    const revision = await keep(turn, session, move)
    if (revision !== null) return carryOut(turn, move, { revision, world, relaunch: state.step === 'launching' })
  }
  throw new ConchError('bots.wizard-contended', 'a conversation was moved by somebody else each time it was to be saved')
}

/** Saves the move against the session's revision; null when somebody was faster. */
async function keep(turn: Turn, session: WizardSession, move: DeployMove): Promise<number | null> {
  const { db } = turn.deps
  const { revision } = session
  if (move.effects.some((effect) => effect.kind === 'cancel')) return (await endWizard(db, placeOf(turn), revision)) ? revision : null
  return saveWizard(db, placeOf(turn), { revision, state: move.state, ttlMinutes: TTL_MINUTES })
}

type After = { revision: number; world: DeployWorld; relaunch: boolean }

async function carryOut(turn: Turn, move: DeployMove, after: After): Promise<void> {
  for (const effect of move.effects) await carryOutOne(turn, move.state, effect, after)
}

async function carryOutOne(turn: Turn, state: DeployState, effect: DeployEffect, after: After): Promise<void> {
  const { deps, actor } = turn
  switch (effect.kind) {
    case 'ask':
      return ask(turn, { state, problem: effect.problem, revision: after.revision, world: after.world })
    case 'delete-message':
      return takeAway(turn)
    case 'discard':
      return deps.actions.discardDraft(actor, effect.draftId)
    case 'cancel':
      return void (await show(turn, cancelledView('deploy', state.name), { inPlace: true }))
    case 'stage': {
      const staged = await deps.actions.stageSecret(actor, { draftId: state.draftId, name: effect.secretName, secret: effect.secret })
      return advance(turn, staged.ok ? { kind: 'staged', ...staged.value } : { kind: 'refused', refusal: staged })
    }
    case 'launch':
      return launch(turn, state, after)
    case 'stale':
      return state.step === 'launching'
        ? void (await show(turn, endedView(state.name)))
        : ask(turn, { state, problem: null, revision: after.revision, world: after.world })
  }
}

/** Deletes the message with the key, or asks the person to where only they can. */
async function takeAway(turn: Turn): Promise<void> {
  const deleted = await deleteTheirs(turn)
  if (!deleted && turn.inbound.messageRef !== undefined) await show(turn, keyStandsView())
}

type Question = { state: DeployState; problem: Parameters<typeof deployQuestion>[1]; revision: number; world: DeployWorld }

async function ask(turn: Turn, { state, problem, revision, world }: Question): Promise<void> {
  const messageRef = await show(turn, deployQuestion(state, problem, factsOf(turn, world)), { inPlace: true })
  if (messageRef !== null) await placeWizardMessage(turn.deps.db, placeOf(turn), { revision, messageRef })
}

function factsOf({ face, timeZone, deps }: Turn, world: DeployWorld): DeployFacts {
  const { forms, masksSecrets, deletesTheirMessages } = face.capabilities
  const secrecy = forms === 'modal' ? 'form' : masksSecrets ? 'masked' : deletesTheirMessages ? 'deleted' : 'shown'
  return { taken: world.taken, timeZone, info: deps.info, secrecy }
}

async function launch(turn: Turn, state: DeployState, after: After): Promise<void> {
  const { deps, actor } = turn
  const keyed = state.brain.kind === 'chosen' && typeof state.brain.key === 'object'
  const modelProvider = state.brain.kind === 'chosen' ? state.brain.provider : null
  const wanted = {
    name: state.name ?? '',
    region: state.region ?? '',
    modelProvider,
    fromBackup: state.fromBackup,
    ...(keyed && { draftId: state.draftId }),
  }
  const launched = await deps.actions.perform('deploy', wanted, actor)
  if (!launched.ok && !(after.relaunch && (await alreadyMade(turn, state, launched)))) return advance(turn, { kind: 'refused', refusal: launched })
  await endWizard(deps.db, placeOf(turn), after.revision)
  if (turn.face.capabilities.answersInPlace) await show(turn, onItsWay(state.name ?? ''), { inPlace: true })
  if (launched.ok && launched.value.operationId !== null) expectJob(turn, launched.value.operationId, { outcome: true })
}

/** A launch that was cut off after it had worked is refused the second time, because the first one holds the name and the place. */
async function alreadyMade({ deps, actor }: Turn, state: DeployState, refusal: Refusal): Promise<boolean> {
  if (refusal.reason !== 'name' && refusal.reason !== 'instance-limit') return false
  const listed = await deps.actions.perform('instances', {}, actor)
  return listed.ok && listed.value.instances.some((one) => one.name === state.name)
}

function onItsWay(name: string): View {
  return { tone: 'plain', blocks: [paragraph`${bold(name)} is on its way: its progress follows.`], actions: [] }
}

/** The button's conversation is over: says so, and that one launch is enough when that is what it did. */
export async function endConversation(turn: Turn): Promise<void> {
  const listed = await turn.deps.actions.perform('instances', {}, turn.actor)
  const launching = listed.ok ? listed.value.instances.find((one) => one.status === 'deploying') : undefined
  await tell(turn, endedView(launching?.name ?? null))
}
