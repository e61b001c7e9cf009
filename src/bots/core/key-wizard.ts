// Asking for the secrets of one credential, or for a variable: a guide, the paste, what its platform says, and what became of it. The state holds
// names and a reference to what is held in memory for the person's answer; never a value.
import { z } from 'zod'
import { catalogue } from '../../actions/catalogue.ts'
import type { KeyChange } from '../../actions/keys.ts'
import { beginWizard, endWizard, placeWizardMessage, saveWizard, wizardAt, type WizardSession } from '../../db/wizards.ts'
import { telegramUsernameFor } from '../../domain/channel-guides.ts'
import { credentialOf, credentialOfSecret, shapesOf, variableNameProblem, type Credential } from '../../domain/credentials.ts'
import type { KeyRefusal, Refusal, Result } from '../../domain/refusal.ts'
import { secretIn, secretsIn, shapeProblem } from '../../domain/secret-shapes.ts'
import { randomId } from '../../lib/random.ts'
import { Sealed } from '../../lib/sealed.ts'
import { deleteTheirs, expectJob, placeOf, show, type Turn } from './turn.ts'
import type { Button, View } from './view.ts'
import { VARIABLE, VARIABLE_FIELDS } from './words/key-forms.ts'
import { isKeyRefusal } from './words/key-problems.ts'
import { keyCancelledView, keyProblemView, secrecyText, undecidedView, wayLabels } from './words/key-questions.ts'
import { keySetView, otherTokenQuestion, slackManifestView, tokenQuestion, variableQuestion, type Ways } from './words/keys.ts'
import { refusalView } from './words/refusals.ts'
import { endedView, keyStandsView } from './words/trouble.ts'

export const KEY_WIZARD = 'key'
const TTL_MINUTES = 30

const stateSchema = z.object({
  id: z.string(),
  instanceId: z.string(),
  name: z.string(),
  /** A credential's id, or "variable". */
  credential: z.string(),
  /** The name of the variable, once it is known. */
  variable: z.string().nullable(),
  /** What was pasted so far waits in memory under this reference. */
  held: z.string().nullable(),
  /** Everything is there, and the person decides whether it is set although something is not as it should be. */
  undecided: z.boolean(),
})
type State = z.infer<typeof stateSchema>
type Open = { session: WizardSession; state: State }
type Values = Readonly<Record<string, Sealed>>

/** Begins with the guide. */
export async function beginKey(
  turn: Turn,
  instance: { id: string; name: string },
  wanted: { credential: string; variable?: string | null },
): Promise<void> {
  const { credential, variable = null } = wanted
  const state: State = { id: randomId(8), instanceId: instance.id, name: instance.name, credential, variable, held: null, undecided: false }
  const revision = await beginWizard(turn.deps.db, placeOf(turn), { kind: KEY_WIZARD, state, ttlMinutes: TTL_MINUTES })
  await ask(turn, state, revision)
}

async function ask(turn: Turn, state: State, revision: number): Promise<void> {
  if (state.credential === 'slack' && state.held === null) await show(turn, slackManifestView(state.name), { inPlace: true })
  const messageRef = await show(turn, questionOf(turn, state), { inPlace: state.credential !== 'slack' })
  if (messageRef !== null) await placeWizardMessage(turn.deps.db, placeOf(turn), { revision, messageRef })
}

function questionOf(turn: Turn, state: State): View {
  const credential = credentialOf(state.credential)
  const ways = waysOf(turn, state)
  if (credential === undefined) return variableQuestion(state.name, state.variable, ways)
  const missing = missingOf(turn, state, credential)
  const [first] = missing
  if (first !== undefined && missing.length < credential.secrets.length) return otherTokenQuestion(first, ways)
  const view = tokenQuestion(state.name, credential, ways)
  if (state.credential !== 'telegram') return view
  return { ...view, createBot: { label: wayLabels().createBot, name: state.name, username: telegramUsernameFor(state.name, state.id.slice(0, 4)) } }
}

function missingOf(turn: Turn, state: State, credential: Credential): Credential['secrets'] {
  const held = heldOf(turn, state)
  return credential.secrets.filter((name) => held[name] === undefined)
}

function heldOf({ deps, actor }: Turn, { held }: State): Values {
  return held === null ? {} : (deps.actions.heldSecrets(actor, held) ?? {})
}

function waysOf(turn: Turn, state: State): Ways {
  return { web: webButton(turn, state), cancel: press(state, wayLabels().cancel, 'cancel'), secrecy: secrecyText(secrecyOf(turn)) }
}

function secrecyOf({ face }: Turn): 'form' | 'masked' | 'deleted' | 'shown' {
  const { forms, masksSecrets, deletesTheirMessages } = face.capabilities
  return forms === 'modal' ? 'form' : masksSecrets ? 'masked' : deletesTheirMessages ? 'deleted' : 'shown'
}

/** The way around the chat, where there is a page that the person's browser can open. */
function webButton({ deps, inbound }: Turn, { name, credential, variable }: State): Button | null {
  const { webAddress } = deps.info
  const reachable = webAddress !== null && (webAddress.startsWith('https:') || inbound.place === 'terminal')
  if (!reachable || !Object.hasOwn(catalogue, 'set-key-link')) return null
  return { label: wayLabels().web, press: { verb: 'set-key-link', args: [name, variable ?? credential] } }
}

function press({ id }: State, label: string, value: string, style: 'plain' | 'primary' = 'plain'): Button {
  return { label, press: { verb: 'w', args: [id, KEY_WIZARD, value] }, style }
}

/** What was typed or pasted in answer; null asks again. */
export async function answerKey(turn: Turn, session: WizardSession, text: string | null): Promise<void> {
  const state = stateSchema.parse(session.state)
  if (text === null) return ask(turn, state, session.revision)
  const credential = credentialOf(state.credential)
  if (credential !== undefined) {
    await takeAway(turn)
    return pasted(turn, { session, state }, valuesIn(credential, missingOf(turn, state, credential), text))
  }
  if (state.variable === null) return named(turn, { session, state }, text.trim())
  await takeAway(turn)
  return pasted(turn, { session, state }, { [state.variable]: new Sealed(text.trim()) })
}

/** A form with all of it at once. */
export async function answerKeyForm(turn: Turn, session: WizardSession, filled: Readonly<Record<string, string>>): Promise<void> {
  const state = stateSchema.parse(session.state)
  const credential = credentialOf(state.credential)
  if (credential === undefined) {
    const name = filled[VARIABLE_FIELDS.name]?.trim() ?? ''
    return pasted(turn, { session, state }, { [name]: new Sealed(filled[VARIABLE_FIELDS.value]?.trim() ?? '') })
  }
  const values = credential.secrets.flatMap((name): [string, Sealed][] => {
    const value = filled[name]
    return value === undefined ? [] : [[name, new Sealed(value)]]
  })
  await pasted(turn, { session, state }, Object.fromEntries(values))
}

/** True when the form is the one that this question opens. */
export function isKeyForm(session: WizardSession, form: string): boolean {
  return form === `token:${stateSchema.parse(session.state).credential}`
}

/** What a message holds of what is still missing: both tokens of Slack may come in one, and each is known by how it begins. */
function valuesIn(credential: Credential, missing: Credential['secrets'], text: string): Values {
  const found = secretsIn(text)
  const known = credential.secrets.flatMap((name): [string, Sealed][] => {
    const value = found[name]
    return value === undefined ? [] : [[name, new Sealed(value)]]
  })
  if (known.length > 0) return Object.fromEntries(known)
  const name = missing[0] ?? credential.secrets[0]
  return name === undefined ? {} : { [name]: new Sealed(text.trim()) }
}

async function named(turn: Turn, open: Open, name: string): Promise<void> {
  const { state } = open
  const problem = variableNameProblem(name)
  if (problem !== null) return problemShown(turn, state, { reason: 'key-variable-name', name: name.slice(0, 64), problem })
  // A name that we know is asked for, and tried, as what it is.
  const known = credentialOfSecret(name)
  const next: State = known === undefined ? { ...state, variable: name } : { ...state, credential: known.id }
  const revision = await save(turn, open, next)
  if (revision !== null) await ask(turn, next, revision)
}

async function pasted(turn: Turn, open: Open, fresh: Values): Promise<void> {
  const { state } = open
  for (const [name, secret] of Object.entries(fresh)) {
    const problem = shapeRefusal(state.credential, name, secret)
    if (problem !== null) return problemShown(turn, state, problem)
  }
  const values = { ...heldOf(turn, state), ...fresh }
  const credential = credentialOf(state.credential)
  if (credential === undefined || credential.secrets.every((name) => values[name] !== undefined)) return set(turn, open, values, false)
  const next: State = { ...state, held: turn.deps.actions.holdSecrets(turn.actor, values) }
  const revision = await save(turn, open, next)
  if (revision !== null) await ask(turn, next, revision)
}

function shapeRefusal(credentialId: string, name: string, secret: Sealed): KeyRefusal | null {
  const credential = credentialOf(credentialId)
  const shape = credential === undefined ? undefined : shapesOf(credential).find((one) => one.name === name)
  if (shape === undefined) return null
  const problem = shapeProblem(shape, secretIn(shape, secret.open()))
  return problem === null ? null : { reason: 'key-shape', name, problem }
}

async function set(turn: Turn, open: Open, values: Values, anyway: boolean): Promise<void> {
  const { deps, actor } = turn
  const { state } = open
  const done = await deps.actions.perform('set-key', { instance: state.instanceId, values, anyway }, actor)
  if (done.ok) return finished(turn, open, done.value)
  if (done.reason === 'key-unreachable' || done.reason === 'key-intents' || done.reason === 'secret-store-unavailable')
    return undecided(turn, open, { values, refusal: done })
  if (isKeyRefusal(done) && done.reason !== 'keys-limit') {
    const next: State = { ...state, held: null, undecided: false, variable: done.reason === 'key-variable-name' ? null : state.variable }
    if ((await save(turn, open, next)) !== null) await problemShown(turn, next, done)
    return
  }
  await endWizard(deps.db, placeOf(turn), open.session.revision)
  await show(turn, refusalView(done, { action: 'keys', instance: state.name }), { inPlace: true })
}

async function finished(turn: Turn, { session }: Open, change: KeyChange): Promise<void> {
  await endWizard(turn.deps.db, placeOf(turn), session.revision)
  await show(turn, keySetView(change), { inPlace: true })
  if (change.operationId !== null) expectJob(turn, change.operationId, { outcome: credentialOf(change.credential ?? '')?.kind === 'channel' })
}

/** What was pasted is kept in memory until the person has said whether it is set all the same, or tried again. */
async function undecided(
  turn: Turn,
  open: Open,
  { values, refusal }: { values: Values; refusal: Extract<Result<never>, { ok: false }> },
): Promise<void> {
  const next: State = { ...open.state, held: turn.deps.actions.holdSecrets(turn.actor, values), undecided: true }
  if ((await save(turn, open, next)) === null) return
  const may = refusal.reason !== 'secret-store-unavailable'
  const labels = wayLabels()
  const anyway = may ? [press(next, labels.anyway, 'anyway')] : []
  const actions = [press(next, labels.again, 'again', 'primary'), ...anyway, press(next, labels.cancel, 'cancel')]
  await show(turn, undecidedView(refusal, next, actions), { inPlace: true })
}

async function problemShown(turn: Turn, at: State, problem: Refusal): Promise<void> {
  const ways = waysOf(turn, at)
  const deleted = secrecyOf(turn) === 'deleted' && turn.inbound.messageRef !== undefined
  const actions = [press(at, wayLabels().how, 'how'), ...(ways.web === null ? [] : [ways.web]), ways.cancel]
  const name = at.credential === VARIABLE && at.variable === null
  await show(turn, {
    ...keyProblemView(problem, { name: at.name, deleted }, actions),
    ...(name ? { input: 'text', form: `token:${VARIABLE}` } : { input: 'secret', ...formOf(at) }),
  })
}

function formOf({ credential, variable }: State): { form?: string } {
  return credential === VARIABLE && variable !== null ? {} : { form: `token:${credential}` }
}

/** A button of the question. */
export async function pressKey(turn: Turn, session: WizardSession, value: string): Promise<void> {
  const open: Open = { session, state: stateSchema.parse(session.state) }
  if (value === 'cancel') {
    await endWizard(turn.deps.db, placeOf(turn), session.revision)
    return void (await show(turn, keyCancelledView(open.state.name), { inPlace: true }))
  }
  if (value === 'how') return ask(turn, { ...open.state, held: null }, session.revision)
  if (!open.state.undecided || (value !== 'anyway' && value !== 'again')) return ask(turn, open.state, session.revision)
  const values = open.state.held === null ? null : turn.deps.actions.heldSecrets(turn.actor, open.state.held)
  if (values !== null) return set(turn, open, values, value === 'anyway')
  // What was held went with the process, or its time was over.
  const next: State = { ...open.state, held: null, undecided: false }
  const revision = await save(turn, open, next)
  if (revision !== null) await ask(turn, next, revision)
}

/** Saves the next state; null, and the person is told, when somebody else moved the conversation meanwhile. */
async function save(turn: Turn, { session }: Open, next: State): Promise<number | null> {
  const revision = await saveWizard(turn.deps.db, placeOf(turn), { revision: session.revision, state: next, ttlMinutes: TTL_MINUTES })
  if (revision === null && (await wizardAt(turn.deps.db, placeOf(turn))) === null) await show(turn, endedView(null))
  return revision
}

/** Deletes the message with the secret, or asks the person to where only they can. */
async function takeAway(turn: Turn): Promise<void> {
  if (await deleteTheirs(turn)) return
  if (turn.inbound.messageRef !== undefined) await show(turn, keyStandsView())
}
