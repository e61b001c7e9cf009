// One thing that came in, and the answers to it.
import type { Actor } from '../../actions/action.ts'
import type { Actions } from '../../actions/perform.ts'
import type { Db } from '../../db/connect.ts'
import { instanceById } from '../../db/instances.ts'
import type { WizardPlace } from '../../db/wizards.ts'
import type { Language } from '../../domain/language.ts'
import type { Refusal } from '../../domain/refusal.ts'
import type { Clock } from '../../lib/clock.ts'
import { assertNever } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { Random } from '../../lib/random.ts'
import { readyView } from './buttons.ts'
import type { Delivery, Face, Inbound } from './face.ts'
import type { Info } from './info.ts'
import { fitted } from './layout.ts'
import { noteOf, roomView } from './rooms.ts'
import type { View } from './view.ts'

export type RouterDeps = {
  db: Db
  actions: Actions
  clock: Clock
  random: Random
  log: Log
  /** Called after something was announced, so that it is delivered at once. */
  notifierWake: () => void
  info: Info
}

export type Turn = {
  deps: RouterDeps
  face: Face
  inbound: Inbound
  actor: Actor
  timeZone: string | null
  language: Language
  isNew: boolean
  /** How many answers were given: they are told apart by it when one is sent again. */
  answers: { count: number }
}

/** Where the person's conversation is kept. */
export function placeOf({ actor }: Turn): WizardPlace {
  // Where others read along a conversation is one of that place: what is typed in private is no answer to it.
  return { provider: actor.provider, chat: actor.chat, subject: actor.subject }
}

/** Whether this person's browser can open our pages: on the web, or on the computer at whose terminal they sit. */
export function hasKeyPage({ deps, inbound }: Turn): boolean {
  const { webAddress } = deps.info
  return webAddress !== null && (webAddress.startsWith('https:') || inbound.place === 'terminal')
}

const TRIES_MAX = 3
const PATIENCE_MS = 10_000

/** Answers with a view: in place of the message that was pressed when that is asked for and the platform can. The message's reference. */
export async function show(turn: Turn, view: View, options: { inPlace?: boolean } = {}): Promise<string | null> {
  const { face, inbound, deps, answers } = turn
  const shown = turn.actor.overheard === true ? roomView(view) : view
  const ready = fitted(await readyView(deps.db, shown, inbound), face.capabilities)
  answers.count += 1
  const idempotencyKey = `re:${inbound.id}:${answers.count}`
  let pressed = options.inPlace === true && inbound.kind === 'press' && face.capabilities.answersInPlace ? inbound.messageRef : undefined
  for (let attempt = 1; attempt <= TRIES_MAX; attempt += 1) {
    const sending =
      pressed === undefined ? face.send(inbound.chat, ready, { idempotencyKey, unasked: false }) : face.edit(inbound.chat, pressed, ready)
    const outcome = await settled(turn, await sending)
    if (outcome.kind === 'shown') return outcome.ref
    if (outcome.kind === 'lost') return null
    if (outcome.anew) pressed = undefined
  }
  deps.log.warn({ chat: inbound.chat }, 'an answer could not be shown in time')
  return null
}

/** Says why a press comes to nothing: to the one who pressed alone, where the platform can, for the others did nothing that wants an answer. */
export async function tell(turn: Turn, view: View): Promise<void> {
  const { face, inbound } = turn
  if (inbound.kind === 'press' && face.note !== undefined && (await face.note(noteOf(view)))) return
  await show(turn, view)
}

type Outcome = { kind: 'shown'; ref: string } | { kind: 'lost' } | { kind: 'again'; anew: boolean }

async function settled({ deps, inbound }: Turn, delivery: Delivery): Promise<Outcome> {
  switch (delivery.kind) {
    case 'sent':
      return { kind: 'shown', ref: delivery.ref }
    case 'retry-after':
      await deps.clock.sleep(Math.min(delivery.ms, PATIENCE_MS))
      return { kind: 'again', anew: false }
    case 'message-gone':
      return { kind: 'again', anew: true }
    case 'undeliverable':
      deps.log.warn({ chat: inbound.chat, why: delivery.why }, 'an answer could not be shown')
      return { kind: 'lost' }
    default:
      return assertNever(delivery)
  }
}

/** Deletes the message that carried a secret, where the platform lets us. */
export async function deleteTheirs({ face, inbound, deps }: Turn): Promise<boolean> {
  if (!face.capabilities.deletesTheirMessages || inbound.messageRef === undefined) return false
  try {
    return await face.delete(inbound.chat, inbound.messageRef)
  } catch (error) {
    deps.log.warn({ err: error, chat: inbound.chat }, 'a message with a secret could not be deleted')
    return false
  }
}

/** What somebody is told of an assistant that is not theirs to know. */
const UNSEEN: ReadonlySet<string> = new Set<Refusal['reason']>(['unknown-instance', 'no-instance', 'private-only'])

/** Whether it was refused because the button that was pressed is about an assistant of somebody else's. */
export async function isSomebodyElses({ deps, inbound, actor }: Turn, refusal: Refusal, instance: string | undefined): Promise<boolean> {
  if (inbound.kind !== 'press' || instance === undefined || !UNSEEN.has(refusal.reason)) return false
  const row = await instanceById(deps.db, instance)
  return row !== null && row.userId !== actor.userId
}

/** A job was opened: its messages come by themselves. */
export function expectJob(turn: Turn, operationId: string, options: { outcome: boolean }): void {
  expectMessages(turn, options.outcome ? [`op:${operationId}`, `done:${operationId}`] : [`op:${operationId}`])
}

/** Something was announced under these keys: it is the answer. */
export function expectMessages({ face, inbound, deps }: Turn, keys: string[]): void {
  face.expect?.(inbound.chat, keys)
  deps.notifierWake()
}
