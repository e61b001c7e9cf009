// What is told afterwards: the digest of a day, what happened in the night, and that a place for alerts is lost.
import type { Status } from '../../../domain/status.ts'
import { t } from '../language.ts'
import { bold, button, paragraph, say, type Block, type Button, type Text, type View } from '../view.ts'
import { channelTitle } from './channels.ts'
import { statusLine } from './instance.ts'
import { clockWords, durationWords, timesWords } from './time.ts'

type Past = { kind: string; count: number; openedAt: Date; closedAt: Date | null }
export type DigestLine = { id: string; name: string; status: Status; restarts: number; incidents: readonly DigestTrouble[] }
/** `night`: it was kept for the digest, because nobody was to be told then. */
type DigestTrouble = Past & { told: boolean; night: boolean }

/** A phone shows five lines at a glance. */
const LINES_MAX = 5
const block = (text: Text): Block => ({ kind: 'text', text })

/** Since the last one: how each assistant is, how often it was restarted, and its troubles. */
export function digestView(entries: readonly DigestLine[], span: { since: Date; until: Date; timeZone: string | null }): View {
  const { since, until, timeZone } = span
  const eventful = entries.filter((one) => one.restarts > 0 || one.incidents.length > 0)
  const [only] = entries
  const actions = [
    ...(entries.length === 1 && only !== undefined ? [button(t`Status`, 'status', only.id)] : [button(t`My assistants`, 'instances')]),
    button(t`Alerts`, 'alerts', ...(only === undefined ? [] : [only.id])),
  ]
  if (eventful.length === 0) return { tone: 'plain', title: say`A quiet day`, blocks: shortened(entries.map(lineOf)), actions }
  const troubles = eventful.flatMap((one) => one.incidents.map((incident) => ({ name: one.name, incident })))
  // What nobody has heard of yet comes first.
  const sorted = troubles.toSorted((a, b) => Number(a.incident.told) - Number(b.incident.told))
  const lines = [...entries.map(lineOf), ...sorted.map(({ name, incident }) => troubleLine(name, incident, timeZone))]
  const hours = Math.max(1, Math.round((until.getTime() - since.getTime()) / 3_600_000))
  return { tone: 'plain', title: hours === 1 ? say`The last hour` : say`The last ${hours} hours`, blocks: shortened(lines), actions }
}

function shortened(lines: readonly Text[]): Block[] {
  if (lines.length <= LINES_MAX) return lines.map(block)
  const shown = lines.slice(0, LINES_MAX - 1)
  return [...shown.map(block), paragraph`And ${lines.length - shown.length} more.`]
}

function lineOf({ name, status, restarts }: DigestLine): Text {
  const line = statusLine(name, status)
  if (restarts === 0) return line
  return restarts === 1 ? say`${line} · restarted once` : say`${line} · restarted ${timesWords(restarts)}`
}

function troubleLine(name: string, incident: DigestTrouble, timeZone: string | null): Text {
  const line = pastLine(name, incident, timeZone)
  return incident.night ? say`In the night: ${line}` : line
}

/** "my-claw stopped answering at 02:10 and was back after 58 s" */
function pastLine(name: string, { kind, count, openedAt, closedAt }: Past, timeZone: string | null): Text {
  const who = bold(name)
  const at = clockWords(openedAt, timeZone)
  if (kind === 'deploy-failed') return say`${who} was not set up, at ${at}`
  const what = whatHappened(kind)
  if (closedAt === null) return say`${who} ${what} at ${at}, and is not back yet`
  const took = durationWords(closedAt.getTime() - openedAt.getTime())
  return count > 1 ? say`${who} ${what} ${timesWords(count)} from ${at} on, and is back` : say`${who} ${what} at ${at} and was back after ${took}`
}

function whatHappened(kind: string): string {
  switch (kind) {
    case 'unhealthy':
      return t`stopped answering`
    case 'crashed':
      return t`stopped by itself`
    case 'out-of-memory':
      return t`ran out of memory`
    case 'bad-config':
      return t`called its settings invalid`
    case 'config-refused':
      return t`refused its new settings`
    case 'host-unreachable':
      return t`could not be reached`
    case 'region-full':
      return t`had no room`
    case 'channel-down':
      return t`lost the connection to a chat`
    case 'backup-failed':
      return t`could not be saved`
    default:
      return t`had trouble`
  }
}

/** What began and ended while nobody was to be told. */
export function nightView(past: readonly (Past & { instanceId: string; name: string })[], timeZone: string | null): View {
  const ids = [...new Set(past.map((one) => one.instanceId))]
  const [id] = ids
  const actions: Button[] = ids.length === 1 && id !== undefined ? [button(t`Logs`, 'logs', id)] : [button(t`My assistants`, 'instances')]
  return {
    tone: 'plain',
    title: say`In the night, and over by now`,
    blocks: shortened(past.map((one) => pastLine(one.name, one, timeZone))),
    actions: [...actions, button(t`Alerts`, 'alerts', ...(id === undefined ? [] : [id]))],
  }
}

export type LostPlace = { instances: readonly { id: string; name: string }[]; title: string; provider: string; why: string }

/** The place that somebody chose for alerts cannot be reached: they come in private until it can. */
export function placeLostView({ instances, title, provider, why }: LostPlace): View {
  const names = instances.map((one) => one.name).join(', ')
  const [first] = instances
  const id = first === undefined ? [] : [first.id]
  return {
    tone: 'warning',
    blocks: [
      paragraph`I cannot reach ${bold(title)} on ${channelTitle(provider)} any more, where alerts about ${bold(names)} go: ${why}`,
      paragraph`Until it works again I tell you here, and I try it there first each time. Perhaps I was removed from it, or may no longer write.`,
    ],
    actions: [button(t`Alerts`, 'alerts', ...id), button(t`My private chat`, 'alerts', ...id, 'private')],
  }
}
