// The conversation about a person's account: linking chats with a code and a yes on both sides, unlinking, and being forgotten. In private
// places only: whoever reads along could use the code, or learns which chats belong together.
import { z } from 'zod'
import { FORGET_WORDS } from '../../actions/forget-me.ts'
import type { LinkStep } from '../../actions/link.ts'
import { identitiesOf } from '../../db/accounts.ts'
import { linkRequestById, type LinkRequest } from '../../db/links.ts'
import { endWizard, type WizardSession } from '../../db/wizards.ts'
import { holdsKey } from '../../domain/model-providers.ts'
import type { Db } from '../../db/connect.ts'
import { assertNever } from '../../lib/errors.ts'
import { t } from './language.ts'
import { deleteTheirs, placeOf, show, type Turn } from './turn.ts'
import type { Button, View } from './view.ts'
import {
  accountKeptView,
  accountsView,
  forgetMismatchView,
  forgetQuestion,
  forgottenView,
  linkCodeView,
  linkDeclinedView,
  linkedView,
  linkExpiredView,
  linkQuestion,
  linkWaitingView,
  unlinkedView,
  unlinkQuestion,
  type Account,
} from './words/account.ts'
import { privateOnlyView } from './words/greeting.ts'
import { refusalView } from './words/refusals.ts'
import { strayKeyView } from './words/trouble.ts'

const stateSchema = z.object({ id: z.string() })

/** Answers /link, and the yes or no of its question. */
export async function answerLink(turn: Turn, args: readonly string[]): Promise<void> {
  if (!(await inPrivate(turn))) return
  const [answer, request] = args
  const wanted =
    (answer === 'yes' || answer === 'no') && request !== undefined
      ? { request, answer }
      : args.length === 0
        ? {}
        : { code: args.join('').slice(0, 60) }
  const step = await turn.deps.actions.perform('link', wanted, turn.actor)
  if (!step.ok) return void (await show(turn, refusalView(step, { action: 'link' })))
  await show(turn, stepView(step.value, turn), { inPlace: true })
  turn.deps.notifierWake()
}

async function inPrivate(turn: Turn): Promise<boolean> {
  if (turn.inbound.place !== 'group') return true
  await show(turn, privateOnlyView())
  return false
}

function stepView(step: LinkStep, { deps, inbound }: Turn): View {
  switch (step.kind) {
    case 'code':
      return linkCodeView(step.code, step.minutes, deps.info.elsewhere?.(inbound.provider, { name: 'link', args: [step.code] }) ?? [])
    case 'asked':
      return linkQuestion('taker', step)
    case 'waiting':
      return linkWaitingView(step.other)
    case 'linked':
      return linkedView(step.other)
    case 'declined':
      return linkDeclinedView('by-you', step.other)
    default:
      return assertNever(step)
  }
}

/** What one side of a link request is told as it stands; null when the request is gone. */
export async function linkNews(db: Db, key: string, about: { requestId: string; side: 'maker' | 'taker' }): Promise<View | null> {
  const request = await linkRequestById(db, about.requestId)
  if (request === null || request.taker === null) return null
  return { ...newsView(request, about.side), key }
}

function newsView(request: Extract<LinkRequest, { taker: object }>, side: 'maker' | 'taker'): View {
  const [own, other] = side === 'maker' ? [request.maker, request.taker] : [request.taker, request.maker]
  const { state } = request
  switch (state) {
    case 'asked':
      return own.agreed ? linkWaitingView(other) : linkQuestion(side, { requestId: request.id, other })
    case 'linked':
      return linkedView(other)
    case 'declined':
      return linkDeclinedView('by-them', other)
    case 'expired':
      return linkExpiredView()
    default:
      return assertNever(state)
  }
}

async function accountsOf({ deps, actor }: Turn): Promise<Account[]> {
  const own = await identitiesOf(deps.db, actor.userId)
  return own.map(({ ref, provider, subject, displayName }) => ({
    ref,
    provider,
    displayName,
    here: provider === actor.provider && subject === actor.subject,
  }))
}

/** Answers /unlink: the list, the question, and the tap that confirms it. */
export async function answerUnlink(turn: Turn, args: readonly string[]): Promise<void> {
  if (!(await inPrivate(turn))) return
  const [wanted, answer] = args
  if (wanted === 'keep') return void (await show(turn, accountKeptView(), { inPlace: true }))
  const accounts = await accountsOf(turn)
  const chosen = accounts.find((one) => one.ref === wanted) ?? onlyOn(accounts, wanted)
  if (chosen === undefined) {
    // A chat that was unlinked meanwhile is told apart from a word that was never one.
    const stale = wanted !== undefined && z.uuid().safeParse(wanted).success
    return void (await show(turn, stale ? refusalView({ reason: 'unknown-account' }, { action: 'unlink' }) : accountsView(accounts)))
  }
  if (accounts.length === 1) return void (await show(turn, refusalView({ reason: 'last-account' }, { action: 'unlink' })))
  if (answer !== 'yes') return void (await show(turn, unlinkQuestion(chosen), { inPlace: true }))
  const done = await turn.deps.actions.perform('unlink', { account: chosen.ref }, turn.actor)
  await show(turn, done.ok ? unlinkedView(done.value) : refusalView(done, { action: 'unlink' }), { inPlace: true })
}

/** `/unlink telegram`, when there is one chat there. */
function onlyOn(accounts: readonly Account[], word: string | undefined): Account | undefined {
  const there = accounts.filter((one) => one.provider === word?.toLowerCase())
  return there.length === 1 ? there[0] : undefined
}

/** Whether it makes sense to ask; if it does not, says why. */
export async function mayForget(turn: Turn): Promise<boolean> {
  if (!(await inPrivate(turn))) return false
  const listed = await turn.deps.actions.perform('instances', {}, turn.actor)
  const present = listed.ok ? listed.value.instances : []
  if (present.length === 0) return true
  const goes = ({ status }: (typeof present)[number]): boolean => status === 'destroying' || status === 'failed'
  const names = present.filter((one) => !goes(one)).map((one) => one.name)
  const leaving = present.filter(goes).map((one) => one.name)
  await show(turn, refusalView({ reason: 'instances-present', names, leaving }, { action: 'forget-me' }))
  return false
}

/** What is deleted, what is kept, and the words that confirm it. */
export async function askForget(turn: Turn, id: string): Promise<void> {
  const accounts = await accountsOf(turn)
  await show(turn, forgetQuestion({ words: FORGET_WORDS, accounts, billing: turn.deps.info.billing, keep: keepButton(id) }))
}

function keepButton(id: string): Button {
  return { label: t`Keep my account`, press: { verb: 'w', args: [id, 'forget-me', 'cancel'] }, style: 'primary' }
}

/** What was typed in answer to the question whether to forget; null asks again. */
export async function answerForget(turn: Turn, session: WizardSession, text: string | null): Promise<void> {
  const { id } = stateSchema.parse(session.state)
  if (text === null) return askForget(turn, id)
  if (holdsKey(text)) return void (await show(turn, strayKeyView(await deleteTheirs(turn))))
  const done = await turn.deps.actions.perform('forget-me', { confirm: text.slice(0, 200) }, turn.actor)
  if (done.ok) return void (await show(turn, forgottenView()))
  if (done.reason === 'forget-mismatch') return void (await show(turn, forgetMismatchView(FORGET_WORDS, keepButton(id))))
  await endWizard(turn.deps.db, placeOf(turn), session.revision)
  await show(turn, refusalView(done, { action: 'forget-me' }))
}

/** The way out of the question. */
export async function keepAccount(turn: Turn, session: WizardSession): Promise<void> {
  await endWizard(turn.deps.db, placeOf(turn), session.revision)
  await show(turn, accountKeptView(), { inPlace: true })
}
