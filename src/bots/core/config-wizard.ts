// Settings that are typed or sent: one word or sentence for a guided one, or the document as a whole, which is shown as what it would change before
// anything does. What waits for the person's yes has passed every check, so that no secret is ever in the state.
import { z } from 'zod'
import type { ConfigChange } from '../../actions/config.ts'
import { beginWizard, endWizard, placeWizardMessage, saveWizard, wizardAt, type WizardSession } from '../../db/wizards.ts'
import { DOCUMENT_BYTES_MAX } from '../../domain/gateway-text.ts'
import { holdsKey } from '../../domain/model-providers.ts'
import type { Refusal, Result } from '../../domain/refusal.ts'
import { randomId } from '../../lib/random.ts'
import type { SentFile } from './face.ts'
import { t } from './language.ts'
import { deleteTheirs, expectJob, placeOf, show, type Turn } from './turn.ts'
import type { Button, Text } from './view.ts'
import { configKeptView, configQuestion, configSetView, draftView, secretInDocument } from './words/config.ts'
import { invalidText, isConfigRefusal, problemButtons, problemTexts } from './words/config-problems.ts'
import { refusalText, refusalView } from './words/refusals.ts'
import { endedView, fileGoneText } from './words/trouble.ts'

export const CONFIG_WIZARD = 'config'
const TTL_MINUTES = 30

const stateSchema = z.object({
  id: z.string(),
  instanceId: z.string(),
  name: z.string(),
  ask: z.enum(['model', 'name', 'character', 'document']),
  /** A document that was checked, and waits for its owner's yes. */
  draft: z.object({ document: z.record(z.string(), z.json()), origin: z.enum(['text', 'file']), base: z.number() }).nullable(),
})
type State = z.infer<typeof stateSchema>
type Open = { session: WizardSession; state: State }
type Origin = 'text' | 'file'

/** Asks for what is typed. */
export async function beginConfig(turn: Turn, instance: { id: string; name: string }, ask: State['ask']): Promise<void> {
  const state = freshConfig(instance, ask)
  const revision = await beginWizard(turn.deps.db, placeOf(turn), { kind: CONFIG_WIZARD, state, ttlMinutes: TTL_MINUTES })
  await question(turn, state, { revision, problem: [] })
}

/** The state of a conversation that has just begun. */
export function freshConfig(instance: { id: string; name: string }, ask: State['ask']): State {
  return { id: randomId(8), instanceId: instance.id, name: instance.name, ask, draft: null }
}

type Asking = { revision: number; problem: readonly Text[]; help?: readonly Button[] }

async function question(turn: Turn, state: State, { revision, problem, help = [] }: Asking): Promise<void> {
  const view = configQuestion(state.ask, state.name, { actions: [...help, press(state, t`Cancel`, 'cancel')], problem })
  const messageRef = await show(turn, view, { inPlace: true })
  if (messageRef !== null) await placeWizardMessage(turn.deps.db, placeOf(turn), { revision, messageRef })
}

function press({ id }: State, label: string, value: string, style: 'plain' | 'primary' = 'plain'): Button {
  return { label, press: { verb: 'w', args: [id, CONFIG_WIZARD, value] }, style }
}

/** What was typed or pasted in answer; null asks again. */
export async function answerConfig(turn: Turn, session: WizardSession, text: string | null): Promise<void> {
  const open: Open = { session, state: stateSchema.parse(session.state) }
  const { state } = open
  if (text === null) return question(turn, state, { revision: session.revision, problem: [] })
  const leaked = holdsKey(text) ? [secretInDocument(await deleteTheirs(turn))] : []
  if (state.ask === 'document') return drafted(turn, open, { text, origin: 'text', leaked })
  if (leaked.length > 0) return question(turn, state, { revision: session.revision, problem: leaked })
  const done = await turn.deps.actions.perform('set-config', { instance: state.instanceId, setting: settingOf(state.ask, text.trim()) }, turn.actor)
  if (done.ok) return finished(turn, open, done.value)
  if (done.reason !== 'config-model' && done.reason !== 'bad-input') return refused(turn, open, done)
  await question(turn, state, { revision: session.revision, problem: [problemOf(done)] })
}

function settingOf(ask: Exclude<State['ask'], 'document'>, text: string): object {
  switch (ask) {
    case 'model':
      return { kind: 'model', model: text }
    case 'name':
      return { kind: 'persona-name', name: text }
    case 'character':
      return { kind: 'persona', character: text }
  }
}

function problemOf(refusal: Extract<Result<never>, { ok: false }>): Text {
  return refusal.reason === 'private-only' ? [] : refusalText(refusal, { action: 'config' })
}

/** A file in answer to the question for the document; or while none is asked, for this assistant. */
export async function answerConfigFile(turn: Turn, session: WizardSession, file: SentFile): Promise<void> {
  const open: Open = { session, state: stateSchema.parse(session.state) }
  const read = file.bytes !== null && file.bytes > DOCUMENT_BYTES_MAX ? 'too-large' : await file.read(DOCUMENT_BYTES_MAX)
  if (read === 'gone') return question(turn, open.state, { revision: session.revision, problem: [fileGoneText()] })
  // Longer than any that is read: it is refused for its length.
  const text = read === 'too-large' ? ' '.repeat(DOCUMENT_BYTES_MAX + 1) : read.toString('utf8')
  const leaked = holdsKey(text) ? [secretInDocument(await deleteTheirs(turn))] : []
  await drafted(turn, open, { text, origin: 'file', leaked })
}

/** Shows what a document would change, or what is wrong with it. */
async function drafted(turn: Turn, open: Open, sent: { text: string; origin: Origin; leaked: readonly Text[] }): Promise<void> {
  const { state, session } = open
  const checked = await turn.deps.actions.perform('check-config', { instance: state.instanceId, text: sent.text }, turn.actor)
  if (!checked.ok) {
    if (!isConfigRefusal(checked) && checked.reason !== 'bad-input') return refused(turn, open, checked)
    const asking: State = { ...state, ask: 'document', draft: null }
    const revision = await save(turn, session, asking)
    const problem = checked.reason === 'config-invalid' ? [invalidText(state.name), ...problemTexts(checked)] : [problemOf(checked)]
    const help = checked.reason === 'config-invalid' ? problemButtons(checked.problems, [state.instanceId]) : []
    if (revision !== null) await question(turn, asking, { revision, problem: [...sent.leaked, ...problem], help })
    return
  }
  const { document, base, changes } = checked.value
  const next: State = { ...state, ask: 'document', draft: { document: z.record(z.string(), z.json()).parse(document), origin: sent.origin, base } }
  if ((await save(turn, session, next)) === null) return
  const ways = { apply: press(next, t`Apply`, 'apply', 'primary'), keep: press(next, t`Keep the old one`, 'cancel'), to: null }
  await show(turn, draftView(state.name, changes, ways))
}

/** A button of the question or of the draft. */
export async function pressConfig(turn: Turn, session: WizardSession, value: string): Promise<void> {
  const open: Open = { session, state: stateSchema.parse(session.state) }
  const { state } = open
  if (value === 'cancel') {
    await endWizard(turn.deps.db, placeOf(turn), session.revision)
    return void (await show(turn, configKeptView({ id: state.instanceId, name: state.name }), { inPlace: true }))
  }
  if (value !== 'apply' || state.draft === null) return question(turn, state, { revision: session.revision, problem: [] })
  const done = await turn.deps.actions.perform('set-config', { instance: state.instanceId, ...state.draft }, turn.actor)
  await (done.ok ? finished(turn, open, done.value) : refused(turn, open, done))
}

async function finished(turn: Turn, { session }: Open, change: ConfigChange): Promise<void> {
  await endWizard(turn.deps.db, placeOf(turn), session.revision)
  await configChanged(turn, change)
}

/** Says what was set, and waits for what becomes of it. */
export async function configChanged(turn: Turn, change: ConfigChange): Promise<void> {
  await show(turn, configSetView(change), { inPlace: true })
  if (change.operationId !== null) expectJob(turn, change.operationId, { outcome: false })
}

async function refused(turn: Turn, { session, state }: Open, refusal: Refusal): Promise<void> {
  await endWizard(turn.deps.db, placeOf(turn), session.revision)
  await show(turn, refusalView(refusal, { action: 'config', instance: state.name }), { inPlace: true })
}

/** Saves the next state; null, and the person is told, when somebody else moved the conversation meanwhile. */
async function save(turn: Turn, session: WizardSession, next: State): Promise<number | null> {
  const revision = await saveWizard(turn.deps.db, placeOf(turn), { revision: session.revision, state: next, ttlMinutes: TTL_MINUTES })
  if (revision === null && (await wizardAt(turn.deps.db, placeOf(turn))) === null) await show(turn, endedView(null))
  return revision
}
