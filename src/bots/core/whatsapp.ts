// Linking with WhatsApp, in conversation: whose number, and what the buttons of the code's message ask for. In private only: whoever scans the code
// first has linked their phone.
import { z } from 'zod'
import { beginWizard, endWizard, placeWizardMessage, type WizardSession } from '../../db/wizards.ts'
import { phoneNumberIn } from '../../domain/whatsapp.ts'
import { randomId } from '../../lib/random.ts'
import { t } from './language.ts'
import { expectJob, placeOf, show, type Turn } from './turn.ts'
import type { View } from './view.ts'
import { privateOnlyView } from './words/greeting.ts'
import { keyCancelledView } from './words/key-questions.ts'
import { refusalView } from './words/refusals.ts'
import {
  businessView,
  pairingBegunView,
  pairingCancelledView,
  unlinkedView,
  whatsappView,
  whoseNumberView,
  yourNumberQuestion,
} from './words/whatsapp.ts'

export const WHATSAPP_WIZARD = 'whatsapp'
const TTL_MINUTES = 30
const stateSchema = z.object({ id: z.string(), instanceId: z.string(), name: z.string() })
type State = z.infer<typeof stateSchema>
export type Numbered = { id: string; name: string }

/** Answers /whatsapp and the buttons that lead on. `askNumber` begins the question for the owner's own number. */
export async function answerWhatsapp(turn: Turn, args: readonly string[], askNumber: (instance: Numbered) => Promise<void>): Promise<void> {
  if (turn.inbound.place === 'group') return void (await show(turn, privateOnlyView()))
  const [first, second] = args
  const what = second ?? ''
  const found = await turn.deps.actions.perform('keys', first === undefined ? {} : { instance: first }, turn.actor)
  if (!found.ok) return void (await show(turn, refusalView(found, { action: 'whatsapp', ...(first !== undefined && { instance: first }) })))
  const { id, name } = found.value.instance
  switch (what) {
    case 'pair':
      return void (await show(turn, whoseNumberView(name), { inPlace: true }))
    case 'number':
      return askNumber({ id, name })
    case 'business':
      return void (await show(turn, businessView(name), { inPlace: true }))
    case 'own':
      return begin(turn, { id, name }, {})
    case 'again':
    case 'relink':
    case 'cancel':
    case 'unlink':
      return change(turn, { id, name }, what)
    default:
      return void (await show(turn, whatsappView(name, found.value.whatsapp), { inPlace: true }))
  }
}

async function begin(turn: Turn, { id, name }: Numbered, from: { from?: string }): Promise<void> {
  const done = await turn.deps.actions.perform('whatsapp', { instance: id, what: 'pair', ...from }, turn.actor)
  const view = done.ok ? pairingBegunView(name) : refusalView(done, { action: 'whatsapp', instance: name })
  await show(turn, view, { inPlace: true })
}

async function change(turn: Turn, { id, name }: Numbered, what: 'again' | 'relink' | 'cancel' | 'unlink'): Promise<void> {
  const done = await turn.deps.actions.perform('whatsapp', { instance: id, what }, turn.actor)
  if (!done.ok) return void (await show(turn, refusalView(done, { action: 'whatsapp', instance: name })))
  const { operationId } = done.value
  if (operationId !== null) expectJob(turn, operationId, { outcome: false })
  if (what === 'unlink') return void (await show(turn, unlinkedView(name), { inPlace: true }))
  // The message of the code changes by itself, and says it all to whoever pressed it.
  if (turn.inbound.kind !== 'press') await show(turn, what === 'cancel' ? pairingCancelledView(name) : pairingBegunView(name))
}

/** Asks from which number the owner writes. */
export async function beginNumber(turn: Turn, instance: Numbered): Promise<void> {
  const state: State = { id: randomId(8), instanceId: instance.id, name: instance.name }
  const revision = await beginWizard(turn.deps.db, placeOf(turn), { kind: WHATSAPP_WIZARD, state, ttlMinutes: TTL_MINUTES })
  const messageRef = await show(turn, questionOf(state, false), { inPlace: true })
  if (messageRef !== null) await placeWizardMessage(turn.deps.db, placeOf(turn), { revision, messageRef })
}

function questionOf(state: State, wrong: boolean): View {
  return yourNumberQuestion(state.name, { label: t`Cancel`, press: { verb: 'w', args: [state.id, 'number', 'cancel'] } }, wrong)
}

/** What was typed in answer; null asks again. */
export async function answerNumber(turn: Turn, session: WizardSession, text: string | null): Promise<void> {
  const state = stateSchema.parse(session.state)
  const number = text === null ? null : phoneNumberIn(text)
  if (number === null) return void (await show(turn, questionOf(state, text !== null)))
  await endWizard(turn.deps.db, placeOf(turn), session.revision)
  await begin(turn, { id: state.instanceId, name: state.name }, { from: number })
}

/** The question's way out. */
export async function leaveNumber(turn: Turn, session: WizardSession): Promise<void> {
  await endWizard(turn.deps.db, placeOf(turn), session.revision)
  await show(turn, keyCancelledView(stateSchema.parse(session.state).name), { inPlace: true })
}
