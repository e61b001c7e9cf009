// The conversation about alerts: /alerts and its buttons, and the questions for quiet hours and the time zone. What is said in a shared place
// sets that place; the place is always the one that the press or the words came from, never one that a button names.
import { z } from 'zod'
import type { AlertChange, Alerts } from '../../actions/alerts.ts'
import { beginWizard, endWizard, saveWizard, type WizardSession } from '../../db/wizards.ts'
import { minuteOfDay } from '../../domain/alert-hours.ts'
import { holdsKey } from '../../domain/model-providers.ts'
import { timeZoneOf } from '../../domain/time-zones.ts'
import type { Result } from '../../domain/refusal.ts'
import { randomId } from '../../lib/random.ts'
import { t } from './language.ts'
import type { Room } from './face.ts'
import { deleteTheirs, isSomebodyElses, placeOf, show, tell, type Turn } from './turn.ts'
import type { Button } from './view.ts'
import {
  alertsKeptView,
  alertsQuestion,
  alertsView,
  changedText,
  hereIsPrivateView,
  snoozedView,
  type AlertsProblem,
  type AlertsQuestion,
} from './words/alerts.ts'
import { deadButtonView, strayKeyView } from './words/trouble.ts'
import { refusalView } from './words/refusals.ts'

const TTL_MINUTES = 30
const SNOOZE_MINUTES = 60
const DIGEST_AT = 8 * 60
const goals = ['quiet', 'digest', 'zone'] as const
const stateSchema = z.object({
  id: z.string(),
  instanceId: z.string(),
  name: z.string(),
  ask: z.enum(['zone', 'from', 'to']),
  /** What the answers are for. */
  goal: z.enum(goals),
  from: z.number().nullable(),
  /** The hour of the digest that waits for the time zone. */
  digestAt: z.number(),
})
type State = z.infer<typeof stateSchema>
/** A question that is to be begun. */
export type AlertsStart = Omit<State, 'id'>

/** Answers `/alerts [instance] [change]` and its buttons. The question that must be asked first, if there is one. */
export async function answerAlerts(turn: Turn, args: readonly string[]): Promise<AlertsStart | null> {
  const { instance, words } = await meant(turn, args)
  const found = await turn.deps.actions.perform('alerts', instance === undefined ? {} : { instance }, turn.actor)
  if (!found.ok) return refuse(turn, found, instance, words)
  const [word = '', detail = ''] = words
  const alerts = found.value
  switch (word) {
    case 'here':
      return here(turn, alerts)
    case 'private':
      return changeAndShow(turn, alerts, { kind: 'private' })
    case 'snooze':
      return snooze(turn, alerts, { kind: 'snooze', minutes: SNOOZE_MINUTES }, detail)
    case 'wake':
      return snooze(turn, alerts, { kind: 'wake' }, detail)
    case 'quiet':
      return quiet(turn, alerts, words.slice(1).join(' '))
    case 'digest':
      return digest(turn, alerts, words.slice(1).join(' '))
    case 'zone':
      return zone(turn, alerts, words.slice(1).join(' '))
    default:
      await show(turn, viewOf(turn, alerts), { inPlace: true })
      return null
  }
}

/** The instance comes first if one is named; a person with one may leave it out. */
async function meant(turn: Turn, args: readonly string[]): Promise<{ instance: string | undefined; words: readonly string[] }> {
  const [first, ...rest] = args
  if (first === undefined) return { instance: undefined, words: [] }
  const listed = await turn.deps.actions.perform('instances', {}, turn.actor)
  const own = listed.ok && listed.value.instances.some((one) => one.name === first.toLowerCase() || one.id === first)
  return own || !WORDS.has(first.toLowerCase())
    ? { instance: first, words: rest.map((word) => word.toLowerCase()) }
    : { instance: undefined, words: args.map((word) => word.toLowerCase()) }
}
const WORDS: ReadonlySet<string> = new Set(['here', 'private', 'snooze', 'wake', 'quiet', 'digest', 'zone'])

type Refused = Extract<Result<never>, { ok: false }>

async function refuse(turn: Turn, refusal: Refused, instance: string | undefined, rest: readonly string[]): Promise<null> {
  const view = (await isSomebodyElses(turn, refusal, instance))
    ? deadButtonView('not-yours')
    : refusalView(refusal, { action: 'alerts', rest, ...(instance !== undefined && { instance }) })
  await tell(turn, view)
  return null
}

function roomOf({ inbound }: Turn): (Room & { address: string }) | null {
  for (const room of inbound.rooms ?? []) if (room.address !== null) return { ...room, address: room.address }
  return null
}

function viewOf(turn: Turn, alerts: Alerts, news: ReturnType<typeof changedText> = null): ReturnType<typeof alertsView> {
  const room = roomOf(turn)
  const isPlace = room !== null && alerts.place?.provider === turn.inbound.provider && alerts.place.address === room.address
  return alertsView(alerts, room === null ? null : { title: room.title, isPlace }, news)
}

function perform(turn: Turn, instanceId: string, change: AlertChange): Promise<Result<Alerts>> {
  return turn.deps.actions.perform('set-alerts', { instance: instanceId, change }, turn.actor)
}

async function changeAndShow(turn: Turn, { instance }: Pick<Alerts, 'instance'>, change: AlertChange): Promise<null> {
  const done = await perform(turn, instance.id, change)
  if (!done.ok) return refuse(turn, done, instance.name, [])
  await show(turn, viewOf(turn, done.value, changedText(change.kind, done.value)), { inPlace: true })
  return null
}

async function here(turn: Turn, alerts: Alerts): Promise<null> {
  const room = roomOf(turn)
  if (room === null) {
    await show(turn, hereIsPrivateView(alerts.instance))
    return null
  }
  return changeAndShow(turn, alerts, { kind: 'place', room: room.id, address: room.address, title: room.title })
}

/** Pressed on an incident's message, it is that message that shows it; the notifier is on its way to it. */
async function snooze(turn: Turn, alerts: Alerts, change: AlertChange, from: string): Promise<null> {
  if (from === 'view') return changeAndShow(turn, alerts, change)
  const done = await perform(turn, alerts.instance.id, change)
  if (!done.ok) return refuse(turn, done, alerts.instance.name, [])
  turn.deps.notifierWake()
  if (turn.inbound.kind !== 'press' || done.value.openIncidents === 0) await show(turn, snoozedView(done.value))
  return null
}

function start(alerts: Alerts, goal: State['goal'], more: Partial<AlertsStart> = {}): AlertsStart {
  const { instance, timeZone } = alerts
  const ask = goal === 'zone' || timeZone === null ? 'zone' : 'from'
  return { instanceId: instance.id, name: instance.name, goal, ask, from: null, digestAt: DIGEST_AT, ...more }
}

async function quiet(turn: Turn, alerts: Alerts, typed: string): Promise<AlertsStart | null> {
  if (typed === 'off') return changeAndShow(turn, alerts, { kind: 'no-quiet' })
  const hours = hoursIn(typed)
  if (hours === null || alerts.timeZone === null) return start(alerts, 'quiet')
  return changeAndShow(turn, alerts, { kind: 'quiet', ...hours })
}

async function digest(turn: Turn, alerts: Alerts, typed: string): Promise<AlertsStart | null> {
  if (typed === 'off') return changeAndShow(turn, alerts, { kind: 'no-digest' })
  const at = minuteOfDay(typed) ?? alerts.digestAt ?? DIGEST_AT
  return alerts.timeZone === null ? start(alerts, 'digest', { digestAt: at }) : changeAndShow(turn, alerts, { kind: 'digest', at })
}

async function zone(turn: Turn, alerts: Alerts, typed: string): Promise<AlertsStart | null> {
  const found = timeZoneOf(typed)
  return found === null ? start(alerts, 'zone') : changeAndShow(turn, alerts, { kind: 'time-zone', zone: found })
}

/** "22-7", "from 22:00 to 7:00", "22 Uhr bis 7 Uhr": two times that are told apart; null when it is not that. */
function hoursIn(typed: string): { from: number; to: number } | null {
  const [from, to, ...more] = typed
    .replace(/^(from|von)\s+/i, '')
    .split(/\s*(?:–|—|-|\bto\b|\bbis\b|\buntil\b)\s*/i)
    .map(minuteOfDay)
  return typeof from === 'number' && typeof to === 'number' && more.length === 0 && from !== to ? { from, to } : null
}

/** Begins a question. Call it once whatever else was asked is let go. */
export async function startAlertsQuestion(turn: Turn, wanted: AlertsStart): Promise<void> {
  const state: State = { id: randomId(8), ...wanted }
  await beginWizard(turn.deps.db, placeOf(turn), { kind: 'alerts', state, ttlMinutes: TTL_MINUTES })
  await ask(turn, state)
}

async function ask(turn: Turn, state: State, problem: AlertsProblem = null): Promise<void> {
  const cancel: Button = { label: t`Cancel`, press: { verb: 'w', args: [state.id, 'alerts', 'cancel'] } }
  await show(turn, alertsQuestion(state.ask, { name: state.name, problem, form: formOfState(state), cancel }), { inPlace: true })
}

/** What a form asks in one go: what a conversation still has to ask. */
function formOfState({ goal, ask: next }: State): string {
  if (goal !== 'quiet') return 'time-zone'
  return next === 'zone' ? 'quiet:zone' : 'quiet'
}

/** What was typed in answer; null asks again. */
export async function answerAlertsQuestion(turn: Turn, session: WizardSession, text: string | null): Promise<void> {
  const state = stateSchema.parse(session.state)
  if (text === null) return ask(turn, state)
  if (holdsKey(text)) return void (await show(turn, strayKeyView(await deleteTheirs(turn))))
  if (state.ask === 'zone') return answerZone(turn, { session, state }, text)
  const both = state.ask === 'from' ? hoursIn(text) : null
  if (both !== null) return finish(turn, { session, state }, { kind: 'quiet', ...both })
  const minute = minuteOfDay(text)
  if (minute === null) return ask(turn, state, 'not-a-time')
  if (state.ask === 'from' || state.from === null) return goOn(turn, { session, state }, { ...state, from: minute, ask: 'to' })
  if (minute === state.from) return ask(turn, state, 'same-time')
  await finish(turn, { session, state }, { kind: 'quiet', from: state.from, to: minute })
}

type Open = { session: WizardSession; state: State }

async function answerZone(turn: Turn, open: Open, text: string): Promise<void> {
  const { state } = open
  const found = timeZoneOf(text)
  if (found === null) return ask(turn, state, 'no-such-zone')
  if (state.goal === 'zone') return finish(turn, open, { kind: 'time-zone', zone: found })
  const done = await perform(turn, state.instanceId, { kind: 'time-zone', zone: found })
  if (!done.ok) return finish(turn, open, { kind: 'time-zone', zone: found })
  if (state.goal === 'digest') return finish(turn, open, { kind: 'digest', at: state.digestAt })
  await goOn(turn, open, { ...state, ask: 'from' })
}

async function goOn(turn: Turn, { session }: Open, next: State): Promise<void> {
  const saved = await saveWizard(turn.deps.db, placeOf(turn), { revision: session.revision, state: next, ttlMinutes: TTL_MINUTES })
  // Of two answers at once one counts, and asked the next question.
  if (saved !== null) await ask(turn, next satisfies { ask: AlertsQuestion })
}

async function finish(turn: Turn, { session, state }: Open, change: AlertChange): Promise<void> {
  await endWizard(turn.deps.db, placeOf(turn), session.revision)
  await changeAndShow(turn, { instance: { id: state.instanceId, name: state.name } }, change)
}

/** A form that asked for everything at once; false when it is not the one that the question opens. */
export async function answerAlertsForm(turn: Turn, session: WizardSession, values: Readonly<Record<string, string>>): Promise<boolean> {
  const state = stateSchema.parse(session.state)
  const from = minuteOfDay(values['from'] ?? '')
  const to = minuteOfDay(values['to'] ?? '')
  const zoned = values['zone'] === undefined ? null : timeZoneOf(values['zone'])
  if (state.goal !== 'quiet') return false
  if (values['zone'] !== undefined && zoned === null) await ask(turn, state, 'no-such-zone')
  else if (from === null || to === null) await ask(turn, state, 'not-a-time')
  else if (from === to) await ask(turn, state, 'same-time')
  else {
    if (zoned !== null) await perform(turn, state.instanceId, { kind: 'time-zone', zone: zoned })
    await finish(turn, { session, state }, { kind: 'quiet', from, to })
  }
  return true
}

/** The way out of the question. */
export async function keepAlerts(turn: Turn, session: WizardSession): Promise<void> {
  const { instanceId, name } = stateSchema.parse(session.state)
  await endWizard(turn.deps.db, placeOf(turn), session.revision)
  await show(turn, alertsKeptView({ id: instanceId, name }), { inPlace: true })
}
