// Conversations of one question about one instance: its name typed before it is destroyed, or its new name.
import { z } from 'zod'
import type { InstanceDetail } from '../../actions/action.ts'
import { beginWizard, endWizard, type WizardSession } from '../../db/wizards.ts'
import { holdsKey } from '../../domain/model-providers.ts'
import { randomId } from '../../lib/random.ts'
import { answerForget, keepAccount } from './account.ts'
import { answerAlertsQuestion, keepAlerts } from './alerts.ts'
import { t } from './language.ts'
import { expectJob, deleteTheirs, placeOf, show, type Turn } from './turn.ts'
import type { Button, View } from './view.ts'
import { destroyMismatchView, destroyQuestion } from './words/destroy.ts'
import { cancelledView } from './words/greeting.ts'
import { askedOwnerView, guestDestroyQuestion } from './words/sharing.ts'
import { renamedView, renameQuestion } from './words/instance.ts'
import { nameProblemText, refusalView } from './words/refusals.ts'
import { strayKeyView } from './words/trouble.ts'

const TTL_MINUTES = 30
const stateSchema = z.object({
  id: z.string(),
  instanceId: z.string(),
  name: z.string(),
  volumeGb: z.number(),
  /** When it was saved last, in milliseconds. */
  savedAt: z.number().nullable().default(null),
  /** Somebody else's: destroying it needs its owner's yes. */
  guest: z.boolean().default(false),
})
type State = z.infer<typeof stateSchema>
type Kind = 'destroy' | 'rename'

/** Asks the question. */
export async function startQuestion(turn: Turn, kind: Kind, instance: InstanceDetail): Promise<void> {
  const { id: instanceId, name, volumeGb, standing, lastBackupAt } = instance
  const state: State = { id: randomId(8), instanceId, name, volumeGb, savedAt: lastBackupAt?.getTime() ?? null, guest: standing !== 'owner' }
  await beginWizard(turn.deps.db, placeOf(turn), { kind, state, ttlMinutes: TTL_MINUTES })
  await show(turn, questionView(turn, kind, state))
}

function questionView({ actor, deps }: Turn, kind: Kind, state: State): View {
  if (kind === 'destroy' && state.guest) return guestDestroyQuestion(state, { keep: out(kind, state) }, { reply: actor.overheard === true })
  return kind === 'destroy'
    ? destroyQuestion(state, { keep: out(kind, state), now: deps.clock.now() })
    : renameQuestion(state.name, { cancel: out(kind, state) })
}

function out(kind: Kind, state: State): Button {
  return { label: kind === 'destroy' ? t`Keep it` : t`Cancel`, press: { verb: 'w', args: [state.id, kind, 'cancel'] }, style: 'primary' }
}

/** What was typed in answer; null asks again. */
export async function answerQuestion(turn: Turn, session: WizardSession, text: string | null): Promise<void> {
  if (session.kind === 'forget-me') return answerForget(turn, session, text)
  if (session.kind === 'alerts') return answerAlertsQuestion(turn, session, text)
  const state = stateSchema.parse(session.state)
  const kind: Kind = session.kind === 'destroy' ? 'destroy' : 'rename'
  if (text === null) return void (await show(turn, questionView(turn, kind, state)))
  if (holdsKey(text)) return void (await show(turn, strayKeyView(await deleteTheirs(turn))))
  return kind === 'destroy' ? destroy(turn, { session, state }, text) : rename(turn, { session, state }, text)
}

/** A button of the question: its way out, or a suggestion. */
export async function pressQuestion(turn: Turn, session: WizardSession, value: string): Promise<void> {
  if (session.kind === 'forget-me') return keepAccount(turn, session)
  if (session.kind === 'alerts') return keepAlerts(turn, session)
  const state = stateSchema.parse(session.state)
  const kind: Kind = session.kind === 'destroy' ? 'destroy' : 'rename'
  if (kind === 'rename' && value !== 'cancel') return rename(turn, { session, state }, value)
  await endWizard(turn.deps.db, placeOf(turn), session.revision)
  await show(turn, cancelledView(kind, state.name), { inPlace: true })
}

type Open = { session: WizardSession; state: State }

async function destroy(turn: Turn, { session, state }: Open, text: string): Promise<void> {
  const { deps, actor } = turn
  const gone = await deps.actions.perform('destroy', { instance: state.instanceId, confirm: text }, actor)
  if (!gone.ok && gone.reason === 'name-mismatch') {
    // It may have been renamed since the question was asked.
    return void (await show(turn, destroyMismatchView(gone.name, { keep: out('destroy', state) })))
  }
  await endWizard(deps.db, placeOf(turn), session.revision)
  if (!gone.ok) return void (await show(turn, refusalView(gone, { action: 'destroy', instance: state.name })))
  if (gone.value.approval !== null) {
    await show(turn, askedOwnerView(gone.value.instance.name))
    return deps.notifierWake()
  }
  if (gone.value.operationId !== null) expectJob(turn, gone.value.operationId, { outcome: true })
}

async function rename(turn: Turn, { session, state }: Open, text: string): Promise<void> {
  const { deps, actor } = turn
  const renamed = await deps.actions.perform('rename', { instance: state.instanceId, name: text }, actor)
  if (!renamed.ok && renamed.reason === 'name') {
    const { problem } = renamed
    const suggestion: Button = { label: problem.suggestion, press: { verb: 'w', args: [state.id, 'rename', problem.suggestion] }, style: 'primary' }
    const blocks = [{ kind: 'text', text: nameProblemText(problem) }] as const
    return void (await show(turn, { tone: 'plain', blocks, actions: [suggestion, { ...out('rename', state), style: 'plain' }], input: 'text' }))
  }
  await endWizard(deps.db, placeOf(turn), session.revision)
  if (!renamed.ok) return void (await show(turn, refusalView(renamed, { action: 'rename', instance: state.name })))
  await show(turn, renamedView(state.name, renamed.value.instance.name))
}
