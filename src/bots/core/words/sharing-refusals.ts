// Why something is not done with an assistant from a shared place, and who can.
import type { Refusal, SharingRefusal } from '../../../domain/refusal.ts'
import { assertNever } from '../../../lib/errors.ts'
import { t } from '../language.ts'
import { bold, button, code, say, type Button, type Text } from '../view.ts'

/** What is not for others to read has a view of its own. */
type Said = Exclude<SharingRefusal, { reason: 'private-only' }>
const reasons: Readonly<Record<Said['reason'], true>> = {
  'not-allowed': true,
  'same-name': true,
  'not-in-room': true,
  'unknown-share': true,
  'approval-waits': true,
  'approvals-limit': true,
  'approval-over': true,
}

/** Whether a refusal is about what is shared. */
export function isSharingRefusal(refusal: Refusal): refusal is Said {
  return Object.hasOwn(reasons, refusal.reason)
}

type Asked = { action: string; rest?: readonly string[] }

/** The sentence and the buttons for a refusal about what is shared. */
export function sharingAnswer(refusal: Said, asked: Asked): { text: Text; actions: Button[] } {
  const list = button(t`My assistants`, 'instances')
  switch (refusal.reason) {
    case 'not-allowed':
      return { text: notAllowed(refusal), actions: [list] }
    case 'same-name':
      return {
        text: say`Several assistants here are called ${bold(refusal.name)}. Which one do you mean?`,
        actions: refusal.choices.map((one) => button(choiceLabel(one.owner), asked.action, one.id, ...(asked.rest ?? []))),
      }
    case 'not-in-room':
      return { text: say`You can share only with the place that you write from. Say ${code('/share')} there.`, actions: [list] }
    case 'unknown-share':
      return { text: say`It is not shared there any more. Nothing was changed by this tap.`, actions: [button(t`Where it is shared`, 'share')] }
    case 'approval-waits':
      return { text: say`The owner of ${bold(refusal.name)} has been asked already and has not answered yet. Until then it stays.`, actions: [list] }
    case 'approvals-limit':
      return {
        text: say`The owner of ${bold(refusal.name)} was asked ${refusal.limit} times within a day, which is as often as I ask. It stays.`,
        actions: [list],
      }
    case 'approval-over':
      return { text: overText(refusal.how), actions: [list] }
    default:
      return assertNever(refusal)
  }
}

function notAllowed({ name, needs }: Extract<SharingRefusal, { reason: 'not-allowed' }>): Text {
  return needs === 'owner'
    ? say`Only the owner of ${bold(name)} can do that. Nothing was changed.`
    : say`You may look at ${bold(name)} from here, no more: only its owner can let you do that. Nothing was changed.`
}

function choiceLabel(owner: string | null): string {
  if (owner === null) return t`My own`
  return owner === '' ? t`The one shared here` : t`The one of ${owner}`
}

function overText(how: Extract<SharingRefusal, { reason: 'approval-over' }>['how']): Text {
  switch (how) {
    case 'approved':
      return say`You agreed to that already. This tap changed nothing.`
    case 'declined':
      return say`You kept it already. This tap changed nothing.`
    case 'expired':
      return say`That was asked more than a day ago, so it no longer counts. Nothing was deleted.`
    case 'withdrawn':
      return say`That is off: who asked may no longer operate it. Nothing was deleted.`
    case 'unknown':
      return say`I no longer know what that question was about. Nothing was deleted.`
    default:
      return assertNever(how)
  }
}
