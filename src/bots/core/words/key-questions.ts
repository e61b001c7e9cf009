// Around the question for a secret: how private it is, what was wrong with the answer, and what to do when its platform could not be asked.
import type { Refusal } from '../../../domain/refusal.ts'
import { t } from '../language.ts'
import { bold, button, paragraph, say, type Block, type Button, type Text, type View } from '../view.ts'
import { refusalView } from './refusals.ts'

/** How what is pasted is kept from others. */
export function secrecyText(secrecy: 'form' | 'masked' | 'deleted' | 'shown'): Text {
  switch (secrecy) {
    case 'form':
      return say`The button opens a form for it: what you put in there appears in no chat. I keep its last four characters.`
    case 'masked':
      return say`What you type stays hidden. I keep its last four characters.`
    case 'deleted':
      return say`I delete your message at once, and keep its last four characters.`
    case 'shown':
      return say`It stays visible where you type it. I keep its last four characters.`
  }
}

/** The labels of the ways out of, and around, the question. */
export function wayLabels() {
  return {
    cancel: t`Cancel`,
    how: t`Show me how`,
    web: t`Set it on a web page instead`,
    again: t`Try again`,
    anyway: t`Set it anyway`,
    createBot: t`Make the bot for me`,
  }
}

/** Left without a token. */
export function keyCancelledView(name: string): View {
  return { tone: 'plain', blocks: [paragraph`Cancelled. Nothing about ${bold(name)} changed.`], actions: [button(t`Keys`, 'keys', name)] }
}

/** What was wrong; the question stays open. */
export function keyProblemView(problem: Refusal, about: { name: string; deleted: boolean }, actions: readonly Button[]): View {
  const gone: Block[] = about.deleted
    ? [{ kind: 'text', text: say`I have deleted your message. Nothing was set; send it again when you have it.` }]
    : []
  return { tone: 'plain', blocks: [...sentences(problem, about), ...gone], actions }
}

/** It could not be tried, or is not as it should be: the person decides. What was pasted waits for ten minutes. */
export function undecidedView(problem: Refusal, about: { name: string }, actions: readonly Button[]): View {
  const waits: Block =
    problem.reason === 'secret-store-unavailable'
      ? { kind: 'text', text: say`I could not hand it over: the place that keeps it did not answer. Nothing was set, and nothing is lost.` }
      : { kind: 'text', text: say`Nothing is set yet. I hold it for ten minutes, and then forget it.` }
  const why = problem.reason === 'secret-store-unavailable' ? [] : sentences(problem, about)
  return { tone: 'warning', blocks: [...why, waits], actions }
}

function sentences(problem: Refusal, { name }: { name: string }): readonly Block[] {
  return refusalView(problem, { action: 'keys', instance: name }).blocks
}
