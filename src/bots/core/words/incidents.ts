// Trouble with a running instance: one message, edited as it develops, and again when it is over.
import { t } from '../language.ts'
import { bold, button, say, type Block, type Button, type Text, type View } from '../view.ts'
import { channelsAnd, channelsOr } from './channels.ts'
import { notSetUpView } from './progress.ts'
import { cityWords } from './regions.ts'
import { clockWords, durationWords, momentWords, timesWords } from './time.ts'

export type IncidentFacts = {
  key: string
  kind: string
  count: number
  /** How often it had this trouble in the last seven days, this time included. */
  timesThisWeek: number
  detail: Record<string, unknown>
  openedAt: Date
  updatedAt: Date
  closedAt: Date | null
  /** Nothing new about the instance is told before. */
  snoozedUntil: Date | null
  instance: { id: string; name: string; region: string; plan: string; gone: boolean }
  timeZone: string | null
}

/** The incident as it stands now. */
export function incidentView(facts: IncidentFacts): View {
  const { key, instance, closedAt, detail, kind } = facts
  const name = bold(instance.name)
  if (kind === 'deploy-failed') return notSetUpView({ key, instance, reason: String(detail['reason']), cleaned: closedAt !== null })
  if (instance.gone) return { tone: 'plain', key, blocks: [block(say`The trouble with ${name} is over: it is gone.`)], actions: [] }
  if (closedAt !== null && detail['ended'] === 'stopped') {
    const text = say`${name} is stopped, as you asked, and its trouble is over with that. Its storage is kept.`
    return { tone: 'plain', key, blocks: [block(text)], actions: actionsOf(facts, ['Start', 'Status']) }
  }
  if (closedAt !== null) return { tone: 'good', key, blocks: [block(overText(facts, closedAt))], actions: actionsOf(facts, overActions(facts)) }
  const tone = MILD.includes(kind) ? 'warning' : 'bad'
  return { tone, key, blocks: [block(openText(facts)), ...snoozeBlocks(facts)], actions: actionsOf(facts, openActions(facts)) }
}

const MILD: readonly string[] = ['config-refused', 'host-unreachable', 'region-full', 'destroy-stuck', 'channel-down', 'backup-failed']

function block(text: Text): Block {
  return { kind: 'text', text }
}

function snoozeBlocks({ snoozedUntil, timeZone }: IncidentFacts): Block[] {
  return snoozedUntil === null ? [] : [block(say`Snoozed until ${clockWords(snoozedUntil, timeZone)}: until then I send you nothing new about it.`)]
}

function sentences(...texts: readonly (Text | null)[]): Text {
  return texts.flatMap((text, index) => (text === null ? [] : index === 0 ? [...text] : [' ', ...text]))
}

function openText(facts: IncidentFacts): Text {
  const { detail, timeZone, kind } = facts
  const name = bold(facts.instance.name)
  const last = clockWords(facts.updatedAt, timeZone)
  const since = clockWords(facts.openedAt, timeZone)
  switch (kind) {
    case 'unhealthy':
      return sentences(
        say`${name} stopped answering at ${last} (${failedChecks(detail)}). I am restarting it. Nothing that it had saved is lost.`,
        oftenText(facts),
      )
    case 'crashed':
      return sentences(
        say`${name} stopped by itself at ${last}${exitWords(detail)}. I am starting it again. Nothing that it had saved is lost.`,
        oftenText(facts),
      )
    case 'out-of-memory':
      return sentences(
        say`${name} ran out of memory at ${last} and was stopped. I am starting it again. Nothing that it had saved is lost.`,
        oftenText(facts),
      )
    case 'bad-config':
      return say`${name} does not start: it calls its settings invalid. Starting it again would not help, so I wait for you. Its storage is untouched.`
    case 'config-refused':
      return say`${name} refused its new settings${whyWords(detail)}. I gave it back the former ones, and it starts with those.`
    case 'host-unreachable':
      return say`The computer that ${name} runs on cannot be reached since ${since}. That is on our provider's side, and its storage is kept there. I go on as soon as it is back.`
    case 'region-full':
      return say`There is no room for ${name} near ${cityWords(typeof detail['region'] === 'string' ? detail['region'] : facts.instance.region)} at our provider. I ask again every half minute and go on by myself. Nothing is lost.`
    case 'storage-lost':
      return storageText(facts, since)
    case 'destroy-stuck':
      return say`Our provider does not confirm that ${name} is gone. I keep asking, more slowly, and whoever runs me has been told. There is nothing for you to do.`
    case 'channel-down':
      return channelDownText(facts, since)
    case 'backup-failed':
      return detail['reason'] === 'no-space'
        ? say`${name} could not be saved at ${last}: its storage has too little room for the copy. It runs on. The copies that there are stay.`
        : say`${name} could not be saved at ${last}. It runs on, the copies that there are stay, and I try again next time.`
    default:
      return sentences(say`Something is wrong with ${name} since ${since}. I am looking after it.`, oftenText(facts))
  }
}

function storageText(facts: IncidentFacts, since: string): Text {
  const name = bold(facts.instance.name)
  const copied = copiedAt(facts)
  return copied === null
    ? say`The storage of ${name} is missing at our provider since ${since}. I have not put an empty one in its place, so that it can still be found. Whoever runs me has been told.`
    : say`The storage of ${name} is gone at our provider since ${since}. I am making it anew from the copy that the provider took on ${momentWords(copied, facts.timeZone)}. What came after that is lost.`
}

/** From when the copy is that takes the place of lost storage; null when there is none. */
function copiedAt({ detail }: IncidentFacts): Date | null {
  const at = typeof detail['copiedAt'] === 'string' ? new Date(detail['copiedAt']) : null
  return at === null || Number.isNaN(at.getTime()) ? null : at
}

/** What is known of the channels decides how sure the sentence is. */
function channelDownText({ instance, detail }: IncidentFacts, since: string): Text {
  const name = bold(instance.name)
  const { failing, candidates } = channelsIn(detail)
  if (failing.length > 0)
    return say`${name} runs, but its connection to ${channelsAnd(failing)} is down since ${since}: nobody reaches it there. Most likely the token was revoked or replaced. Put in the new one, and it connects by itself.`
  return candidates.length > 0
    ? say`${name} runs, but it says since ${since} that one of its chats is not connected: ${channelsOr(candidates)}. Most likely a token was revoked or replaced. Put in the new one, and it connects by itself.`
    : say`${name} runs, but it says since ${since} that one of its chats is not connected. Most likely a token was revoked or replaced. Put in the new one, and it connects by itself.`
}

function channelsIn(detail: Record<string, unknown>): { failing: string[]; candidates: string[] } {
  const list = (value: unknown): string[] => (Array.isArray(value) ? value.filter((one) => typeof one === 'string') : [])
  return { failing: list(detail['failing']), candidates: list(detail['channels']) }
}

/** A second time is told apart from the first: within one outage by what was tried, otherwise by the week. */
function oftenText(facts: IncidentFacts): Text | null {
  const { count, kind, timesThisWeek } = facts
  if (kind === 'unhealthy' && count > 1) return say`That is ${timesWords(count)} since ${clockWords(facts.openedAt, facts.timeZone)}.`
  return timesThisWeek > 1 ? say`It is ${timeThisWeek(timesThisWeek)}.` : null
}

/** "the third time this week" */
function timeThisWeek(times: number): string {
  const words: Readonly<Record<number, string>> = {
    2: t`the second time this week`,
    3: t`the third time this week`,
    4: t`the fourth time this week`,
    5: t`the fifth time this week`,
    6: t`the sixth time this week`,
  }
  return words[times] ?? t`the ${times}th time this week`
}

function failedChecks(detail: Record<string, unknown>): string {
  const failures = typeof detail['failures'] === 'number' ? detail['failures'] : 3
  const error = typeof detail['error'] === 'string' ? detail['error'].slice(0, 80) : ''
  return error === '' ? t`${failures} checks in a row` : t`${failures} checks in a row, the last one: ${error}`
}

function exitWords(detail: Record<string, unknown>): string {
  return typeof detail['exitCode'] === 'number' ? t` (exit code ${detail['exitCode']})` : ''
}

function whyWords(detail: Record<string, unknown>): string {
  return typeof detail['why'] === 'string' && detail['why'] !== '' ? t` (${detail['why']})` : ''
}

function overText(facts: IncidentFacts, closedAt: Date): Text {
  const { timeZone, count, detail, kind, instance } = facts
  const name = bold(instance.name)
  const at = clockWords(closedAt, timeZone)
  if (kind === 'backup-failed') return say`${name} is saved again since ${at}.`
  if (kind === 'config-refused') return say`${name} runs with its former settings: it refused the new ones${whyWords(detail)}.`
  if (kind === 'channel-down') {
    const { failing } = channelsIn(detail)
    return failing.length > 0
      ? say`${name} is connected to ${channelsAnd(failing)} again since ${at}.`
      : say`All chats of ${name} are connected again since ${at}.`
  }
  const copied = kind === 'storage-lost' ? copiedAt(facts) : null
  if (copied !== null)
    return say`${name} is back at ${at}. Its storage was gone at our provider: it knows what it knew on ${momentWords(copied, timeZone)}, and what came after that is lost. If I saved it later than that, you can restore that copy.`
  const took = durationWords(closedAt.getTime() - facts.openedAt.getTime())
  const back = count === 1 ? say`${name} is back at ${at}, after ${took}.` : say`${name} is back at ${at}.`
  return sentences(back, causeText(facts), kind === 'out-of-memory' && instance.plan === 'starter' ? say`Pro has twice as much.` : null)
}

function causeText(facts: IncidentFacts): Text | null {
  const week = facts.timesThisWeek > 1 ? timeThisWeek(facts.timesThisWeek) : null
  const exit = exitWords(facts.detail)
  switch (facts.kind) {
    case 'unhealthy':
      return week === null
        ? say`It had stopped answering. Nothing that it had saved is lost.`
        : say`It had stopped answering: ${week}. Nothing that it had saved is lost.`
    case 'crashed':
      return week === null
        ? say`It had stopped by itself${exit}. Nothing that it had saved is lost.`
        : say`It had stopped by itself${exit}: ${week}. Nothing that it had saved is lost.`
    case 'out-of-memory':
      return week === null ? say`It had run out of memory.` : say`It had run out of memory: ${week}.`
    case 'bad-config':
      return say`Its settings are valid again.`
    case 'host-unreachable':
      return say`The computer that it runs on can be reached again.`
    case 'region-full':
      return say`There was room for it again.`
    default:
      return null
  }
}

type ActionName = 'Status' | 'Logs' | 'Again' | 'Prices' | 'Destroy' | 'Restart' | 'Start' | 'Stop' | 'Snooze' | 'Keys' | 'BackUp' | 'Backups'

function openActions({ kind }: IncidentFacts): ActionName[] {
  switch (kind) {
    case 'bad-config':
      return ['Again', 'Logs', 'Snooze', 'Stop']
    case 'region-full':
      return ['Status', 'Destroy']
    case 'destroy-stuck':
    case 'config-refused':
      return ['Status']
    case 'host-unreachable':
    case 'storage-lost':
      return ['Status', 'Logs', 'Snooze']
    case 'backup-failed':
      return ['BackUp', 'Status', 'Snooze']
    case 'channel-down':
      return ['Keys', 'Logs', 'Snooze']
    default:
      return ['Restart', 'Logs', 'Snooze', 'Stop']
  }
}

function overActions({ kind, instance }: IncidentFacts): ActionName[] {
  if (kind === 'storage-lost') return ['Backups', 'Status']
  return kind === 'out-of-memory' && instance.plan === 'starter' ? ['Prices', 'Status', 'Logs'] : ['Status', 'Logs']
}

/** By the instance's id: whoever may press it in a room has other names for their own. */
function actionsOf({ instance, snoozedUntil }: IncidentFacts, names: readonly ActionName[]): Button[] {
  const { id } = instance
  const all: Readonly<Record<ActionName, () => Button>> = {
    Status: () => button(t`Status`, 'status', id),
    Logs: () => button(t`Logs`, 'logs', id),
    Again: () => button(t`Try again`, 'restart', id),
    Prices: () => button(t`See Pro`, 'prices'),
    Destroy: () => button(t`Destroy`, 'destroy', id),
    Restart: () => button(t`Restart`, 'restart', id),
    Start: () => button(t`Start`, 'start', id),
    Stop: () => button(t`Stop`, 'stop', id),
    Snooze: () => (snoozedUntil === null ? button(t`Snooze 1 h`, 'alerts', id, 'snooze') : button(t`End snooze`, 'alerts', id, 'wake')),
    Backups: () => button(t`Backups`, 'backups', id),
    BackUp: () => button(t`Back up now`, 'backup', id),
    Keys: () => button(t`Replace the key`, 'keys', id),
  }
  return names.map((one) => all[one]())
}
