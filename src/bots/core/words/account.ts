// A person's account over several chats: bringing them together, taking one out, and being forgotten.
import type { Other } from '../../../actions/link.ts'
import type { Elsewhere } from '../info.ts'
import { t } from '../language.ts'
import { bold, button, code, paragraph, say, type Block, type Button, type Text, type View } from '../view.ts'

const platforms: Readonly<Record<string, string>> = { telegram: 'Telegram', discord: 'Discord', slack: 'Slack' }
const linkAnother = (): Button => button(t`Link another chat`, 'link')
const linked = (): Button => button(t`Linked chats`, 'unlink')
const list = (): Button => button(t`My assistants`, 'instances')
const newCode = (): Button => button(t`New code`, 'link')

function platformTitle(provider: string): string {
  if (provider === 'terminal') return t`the terminal`
  return provider === 'browser' ? t`the browser` : (platforms[provider] ?? provider)
}

/** "**Ann** on Telegram". */
function whoWords({ provider, displayName }: Other): Text {
  const known = displayName !== ''
  if (provider === 'terminal') return known ? say`${bold(displayName)} in the terminal` : say`Somebody in the terminal`
  if (provider === 'browser') return known ? say`${bold(displayName)} in the browser` : say`Somebody in the browser`
  return known ? say`${bold(displayName)} on ${platformTitle(provider)}` : say`Somebody on ${platformTitle(provider)}`
}

/** A fresh code, and what to do with it; `elsewhere` are addresses that enter it by themselves. */
export function linkCodeView(shown: string, minutes: number, elsewhere: readonly Elsewhere[]): View {
  return {
    tone: 'plain',
    blocks: [
      paragraph`Your code is ${code(shown)}. It works once, for ${minutes} minutes. Keep it to yourself.`,
      paragraph`Open your chat with me on the other platform and send ${code(`/link ${shown}`)} there (in Slack: ${code(`/conch link ${shown}`)}).`,
      paragraph`I then ask in both chats whether it is you. Nothing is linked before you have said yes in both.`,
    ],
    actions: [...elsewhere.map(({ provider, url }) => ({ label: t`Enter it in ${platformTitle(provider)}`, url })), linked()],
  }
}

/** The question that each of the two sides gets. `maker` is asked about who entered the code, `taker` about who made it. */
export function linkQuestion(side: 'maker' | 'taker', asked: { requestId: string; other: Other }): View {
  const { requestId, other } = asked
  const opening = side === 'maker' ? say`${whoWords(other)} entered your code. Is that you?` : say`${whoWords(other)} made this code. Is that you?`
  return {
    tone: 'plain',
    blocks: [
      { kind: 'text', text: opening },
      paragraph`With a yes in both chats they become one account: the same assistants, and my news reach you in either.`,
      paragraph`If it is not you, say no. Whoever it is could otherwise use and destroy your assistants.`,
    ],
    actions: [
      { label: t`Yes, that is me`, press: { verb: 'link', args: ['yes', requestId] }, style: 'primary' },
      button(t`No`, 'link', 'no', requestId),
    ],
  }
}

/** One yes is there, the other one is not. */
export function linkWaitingView(other: Other): View {
  return {
    tone: 'working',
    blocks: [paragraph`⏳ Noted. Now answer the same question as ${whoWords(other)}: nothing is linked before. I wait 10 minutes for it.`],
    actions: [],
  }
}

/** The two are one account. */
export function linkedView(other: Other): View {
  return {
    tone: 'good',
    blocks: [paragraph`Linked: this chat and ${whoWords(other)} are one account now. Your assistants are the same in both.`],
    actions: [list(), linked()],
  }
}

/** One of the two said no: seen by the one who said it, and by the other one. */
export function linkDeclinedView(said: 'by-you' | 'by-them', other: Other): View {
  const text = said === 'by-you' ? say`Nothing was linked, and the code no longer works.` : say`${whoWords(other)} said no. Nothing was linked.`
  return { tone: 'plain', blocks: [{ kind: 'text', text }], actions: [newCode()] }
}

/** The answers did not come in time. */
export function linkExpiredView(): View {
  return {
    tone: 'plain',
    blocks: [paragraph`The time to link two chats is over: one of the two answers is missing. Nothing was linked.`],
    actions: [newCode()],
  }
}

export type Account = Other & { ref: string; here: boolean }

function accountLine({ provider, displayName, here }: Account): Text {
  const platform = platformTitle(provider)
  return here ? say`${platform} · ${bold(displayName)} (this chat)` : say`${platform} · ${bold(displayName)}`
}

function unlinkButton({ ref, provider, displayName, here }: Account): Button {
  const platform = platformTitle(provider)
  return button(here ? t`Unlink ${platform} · ${displayName} (this chat)` : t`Unlink ${platform} · ${displayName}`, 'unlink', ref)
}

/** Every chat of the account, with a button to take it out. */
export function accountsView(accounts: readonly Account[]): View {
  const lines = accounts.map((one): Block => ({ kind: 'text', text: accountLine(one) }))
  if (accounts.length <= 1)
    return {
      tone: 'plain',
      blocks: [...lines, paragraph`That is the only chat of your account, so there is nothing to unlink.`],
      actions: [linkAnother(), button(t`Delete my account`, 'forget-me')],
    }
  return {
    tone: 'plain',
    blocks: [paragraph`These chats are one account:`, ...lines],
    actions: [...accounts.map(unlinkButton), linkAnother()],
  }
}

/** Says what it means to take a chat out, and asks for one more tap. */
export function unlinkQuestion(account: Account): View {
  const means = account.here
    ? paragraph`Your assistants stay with your other chats. Here you would be somebody new to me: no assistants, and questions that are open here end.`
    : paragraph`Your assistants stay with you. In that chat you would be somebody new to me: no assistants, and questions that are open there end.`
  return {
    tone: 'warning',
    blocks: [account.here ? paragraph`Take this chat out of your account?` : paragraph`Take ${whoWords(account)} out of your account?`, means],
    actions: [
      { label: t`Unlink`, press: { verb: 'unlink', args: [account.ref, 'yes'] }, style: 'danger' },
      { label: t`Keep it`, press: { verb: 'unlink', args: ['keep'] }, style: 'primary' },
    ],
  }
}

/** A chat was taken out. */
export function unlinkedView(gone: Other & { here: boolean }): View {
  const text = gone.here
    ? say`This chat is no longer part of your account. Whatever you write here next starts afresh.`
    : say`${whoWords(gone)} is no longer part of your account. To link it again, make a new code.`
  return { tone: 'plain', blocks: [{ kind: 'text', text }], actions: gone.here ? [] : [linked()] }
}

/** Nothing about the account was changed. */
export function accountKeptView(): View {
  return { tone: 'plain', blocks: [paragraph`Kept. Nothing about your account changed.`], actions: [list()] }
}

/** What is deleted and what is kept, and the words that confirm it. */
export function forgetQuestion(ask: { words: string; accounts: readonly Other[]; billing: boolean; keep: Button }): View {
  const { words, accounts, billing, keep } = ask
  const where = accounts.map((one) => platformTitle(one.provider)).join(', ')
  const list = say`I keep one list for a year, so that misuse can be traced: what was done and when, without your name or chats.`
  return {
    tone: 'warning',
    blocks: [
      paragraph`This deletes your account: your chats and names (${where}), everything asked and answered so far, and what your assistants were called.`,
      { kind: 'text', text: billing ? say`${list} Bills and payments are kept as long as the law asks for.` : list },
      paragraph`It cannot be undone. What stands in our chats stays there until you delete it. Type ${code(words)} to confirm.`,
    ],
    actions: [keep],
    input: 'text',
  }
}

/** What was typed is not what confirms. */
export function forgetMismatchView(words: string, keep: Button): View {
  return {
    tone: 'warning',
    blocks: [paragraph`Nothing was deleted: I delete your account only when you type ${code(words)}.`],
    actions: [keep],
    input: 'text',
  }
}

/** The last word. No button: there is nobody left whom it could be for. */
export function forgottenView(): View {
  return {
    tone: 'plain',
    blocks: [paragraph`Your account is deleted, and I no longer know who you are. If you write again, we start afresh.`],
    actions: [],
  }
}
