// Why chats were not linked or unlinked, and why an account was not deleted.
import type { AccountRefusal, Refusal } from '../../../domain/refusal.ts'
import { assertNever } from '../../../lib/errors.ts'
import { t } from '../language.ts'
import { bold, button, code, say, type Button, type Text } from '../view.ts'
import { durationWords, timesWords } from './time.ts'

const reasons: Readonly<Record<AccountRefusal['reason'], true>> = {
  'link-code-wrong': true,
  'link-code-expired': true,
  'link-code-used': true,
  'link-own-code': true,
  'link-already': true,
  'link-codes-limit': true,
  'link-tries-limit': true,
  'link-both-have-instances': true,
  'link-over': true,
  'link-not-yours': true,
  'last-account': true,
  'unknown-account': true,
  'account-changed': true,
  'forget-mismatch': true,
  'instances-present': true,
}
const newCode = (): Button => button(t`New code`, 'link')
const codeHere = (): Button => button(t`Make a code here`, 'link')
const linked = (): Button => button(t`Linked chats`, 'unlink')
const list = (): Button => button(t`My assistants`, 'instances')

/** Whether a refusal is about the person's account. */
export function isAccountRefusal(refusal: Refusal): refusal is AccountRefusal {
  return Object.hasOwn(reasons, refusal.reason)
}

/** The sentence and the buttons for a refusal about the person's account. */
export function accountAnswer(refusal: AccountRefusal): { text: Text; actions: Button[] } {
  switch (refusal.reason) {
    case 'link-code-wrong':
      return {
        text: say`I know no such code. Look again at the message that showed it: it has 8 characters, like ${code('K7QF-2MXA')}.`,
        actions: [codeHere()],
      }
    case 'link-code-expired':
      return {
        text: say`That code is over: it works for 10 minutes. Ask for a new one in the other chat with ${code('/link')}.`,
        actions: [codeHere()],
      }
    case 'link-code-used':
      return {
        text: say`That code was used already, and works only once. Ask for a new one in the other chat with ${code('/link')}.`,
        actions: [codeHere()],
      }
    case 'link-own-code':
      return {
        text: say`That is the code I gave you in this chat. Send it in your chat with me on the other platform; it still works there.`,
        actions: [linked()],
      }
    case 'link-already':
      return { text: say`This chat and the one that the code is from are one account already.`, actions: [linked()] }
    case 'link-codes-limit':
      return {
        text: say`You have had ${refusal.limit} codes within an hour, which is as many as I give. The next one is free in ${durationWords(refusal.retryAfterSeconds * 1_000)}.`,
        actions: [linked()],
      }
    case 'link-tries-limit':
      return {
        text: say`That was ${timesWords(refusal.limit)} a code that leads nowhere, so I look at no more of them for ${refusal.minutes} minutes. Nothing was linked.`,
        actions: [linked()],
      }
    case 'link-both-have-instances':
      return {
        text: say`Both accounts have assistants of their own, and I cannot put two such accounts into one. Nothing was linked. Destroy the assistants of one of them and link again, or go on with both apart.`,
        actions: [list()],
      }
    default:
      return otherAnswer(refusal)
  }
}

type Rest = Extract<
  AccountRefusal,
  {
    reason: 'link-over' | 'link-not-yours' | 'last-account' | 'unknown-account' | 'account-changed' | 'forget-mismatch' | 'instances-present'
  }
>

function otherAnswer(refusal: Rest): { text: Text; actions: Button[] } {
  switch (refusal.reason) {
    case 'link-over':
      return { text: say`That question is over: it was answered, or left for 10 minutes. Nothing was changed by this tap.`, actions: [newCode()] }
    case 'link-not-yours':
      return { text: say`That question is for the two people whose chats are to be linked. Nothing happened.`, actions: [linked()] }
    case 'last-account':
      return {
        text: say`This is the only chat of your account: without it nobody could reach your assistants. Link another one first, or delete the account.`,
        actions: [button(t`Link another chat`, 'link'), button(t`Delete my account`, 'forget-me')],
      }
    case 'unknown-account':
      return { text: say`That chat is not part of your account any more. Nothing was changed by this tap.`, actions: [linked()] }
    case 'account-changed':
      return { text: say`Your account changed at this very moment, from another chat. Nothing was done here; ask once more.`, actions: [list()] }
    case 'forget-mismatch':
      return { text: say`Nothing was deleted: I delete your account only when you type ${code(refusal.words)}.`, actions: [] }
    case 'instances-present':
      return presentAnswer(refusal)
    default:
      return assertNever(refusal)
  }
}

function presentAnswer({ names, leaving }: Extract<AccountRefusal, { reason: 'instances-present' }>): { text: Text; actions: Button[] } {
  if (names.length === 0)
    return {
      text:
        leaving.length === 1
          ? say`${joined(leaving)} is still being removed. I say when that is done; then ask again.`
          : say`${joined(leaving)} are still being removed. I say when that is done; then ask again.`,
      actions: [list()],
    }
  return {
    text:
      names.length === 1
        ? say`You still have ${joined(names)}. Without an account nobody could reach or stop it, so that comes first. Your account is as it was.`
        : say`You still have ${joined(names)}. Without an account nobody could reach or stop them, so that comes first. Your account is as it was.`,
    actions: names.map((name): Button => ({ label: t`Destroy ${name}`, press: { verb: 'destroy', args: [name] }, style: 'danger' })),
  }
}

function joined(names: readonly string[]): Text {
  const [last, ...others] = names.toReversed()
  const before = others.toReversed().flatMap((name, index) => (index === 0 ? [bold(name)] : [', ', bold(name)]))
  if (last === undefined) return []
  return before.length === 0 ? [bold(last)] : say`${before} and ${bold(last)}`
}
