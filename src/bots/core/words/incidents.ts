// Trouble with a running instance: one message, edited as it develops, and again when it is over.
import { cityOf } from '../../../domain/regions.ts'
import { bold, button, say, type Button, type Text, type View } from '../view.ts'
import { clockWords, durationWords, timesWords } from './time.ts'

export type IncidentFacts = {
  key: string
  kind: string
  count: number
  detail: Record<string, unknown>
  openedAt: Date
  updatedAt: Date
  closedAt: Date | null
  instance: { name: string; region: string; plan: string; gone: boolean }
  timeZone: string | null
}

/** The incident as it stands now. */
export function incidentView(facts: IncidentFacts): View {
  const { key, instance } = facts
  if (instance.gone)
    return { tone: 'plain', key, blocks: [{ kind: 'text', text: say`The trouble with ${bold(instance.name)} is over: it is gone.` }], actions: [] }
  if (facts.closedAt !== null)
    return { tone: 'good', key, blocks: [{ kind: 'text', text: overText(facts, facts.closedAt) }], actions: actionsOf(facts, ['Status', 'Logs']) }
  const tone = facts.kind === 'host-unreachable' || facts.kind === 'region-full' || facts.kind === 'destroy-stuck' ? 'warning' : 'bad'
  return { tone, key, blocks: [{ kind: 'text', text: openText(facts) }], actions: actionsOf(facts, openActions(facts.kind)) }
}

function openText(facts: IncidentFacts): Text {
  const { detail, timeZone } = facts
  const name = bold(facts.instance.name)
  const at = clockWords(facts.openedAt, timeZone)
  const often = facts.count > 1 ? ` That is ${timesWords(facts.count)} since ${at}.` : ''
  switch (facts.kind) {
    case 'unhealthy':
      return say`${name} stopped answering at ${clockWords(facts.updatedAt, timeZone)} (${failedChecks(detail)}). I am restarting it. Nothing that it had saved is lost.${often}`
    case 'crashed':
      return say`${name} stopped by itself at ${clockWords(facts.updatedAt, timeZone)}${exitWords(detail)}. I am starting it again. Nothing that it had saved is lost.${often}`
    case 'out-of-memory':
      return say`${name} ran out of memory at ${clockWords(facts.updatedAt, timeZone)} and was stopped. I am starting it again. Nothing that it had saved is lost.${often}`
    case 'bad-config':
      return say`${name} does not start: it calls its settings invalid. Starting it again would not help, so I wait for you. Its storage is untouched.`
    case 'host-unreachable':
      return say`The computer that ${name} runs on cannot be reached since ${at}. That is on our provider's side, and its storage is kept there. I go on as soon as it is back.`
    case 'region-full':
      return say`There is no room for ${name} near ${cityOf(typeof detail['region'] === 'string' ? detail['region'] : facts.instance.region)} at our provider. I ask again every half minute and go on by myself. Nothing is lost.`
    case 'storage-lost':
      return say`The storage of ${name} is missing at our provider since ${at}. I have not put an empty one in its place, so that it can still be found. Whoever runs me has been told.`
    case 'destroy-stuck':
      return say`Our provider does not confirm that ${name} is gone. I keep asking, more slowly, and whoever runs me has been told. There is nothing for you to do.`
    default:
      return say`Something is wrong with ${name} since ${at}. I am looking after it.${often}`
  }
}

function failedChecks(detail: Record<string, unknown>): string {
  const failures = typeof detail['failures'] === 'number' ? detail['failures'] : 3
  const error = typeof detail['error'] === 'string' && detail['error'] !== '' ? `, the last one: ${detail['error'].slice(0, 80)}` : ''
  return `${failures} checks in a row${error}`
}

function exitWords(detail: Record<string, unknown>): string {
  return typeof detail['exitCode'] === 'number' ? ` (exit code ${detail['exitCode']})` : ''
}

function overText(facts: IncidentFacts, closedAt: Date): Text {
  const { timeZone, count } = facts
  const name = bold(facts.instance.name)
  const took = count === 1 ? `, after ${durationWords(closedAt.getTime() - facts.openedAt.getTime())}` : ''
  const back = say`${name} is back at ${clockWords(closedAt, timeZone)}${took}.`
  const often = count > 1 ? `, ${timesWords(count)} since ${clockWords(facts.openedAt, timeZone)}` : ''
  switch (facts.kind) {
    case 'unhealthy':
      return say`${back} It had stopped answering${often}. Nothing that it had saved is lost.`
    case 'crashed':
      return say`${back} It had stopped by itself${exitWords(facts.detail)}${often}. Nothing that it had saved is lost.`
    case 'out-of-memory':
      return say`${back} It had run out of memory${often}.${facts.instance.plan === 'starter' ? ' Pro has twice as much.' : ''}`
    case 'bad-config':
      return say`${back} Its settings are valid again.`
    case 'host-unreachable':
      return say`${back} The computer that it runs on can be reached again.`
    case 'region-full':
      return say`${back} There was room for it again.`
    default:
      return back
  }
}

type ActionName = 'Status' | 'Logs' | 'Try again' | 'Prices' | 'Destroy'

function openActions(kind: string): ActionName[] {
  if (kind === 'bad-config') return ['Logs', 'Try again']
  if (kind === 'region-full') return ['Status', 'Destroy']
  return kind === 'destroy-stuck' ? ['Status'] : ['Status', 'Logs']
}

function actionsOf(facts: IncidentFacts, names: readonly ActionName[]): Button[] {
  const { name, plan } = facts.instance
  const all: Readonly<Record<ActionName, Button>> = {
    Status: button('Status', 'status', name),
    Logs: button('Logs', 'logs', name),
    'Try again': button('Try again', 'restart', name),
    Prices: button('See Pro', 'prices'),
    Destroy: button('Destroy', 'destroy', name),
  }
  const more: ActionName[] = facts.kind === 'out-of-memory' && facts.closedAt !== null && plan === 'starter' ? ['Prices'] : []
  return [...more, ...names].map((one) => all[one])
}
