// One instance and the list of them: how each is doing, and what can be done next.
import { assertNever } from '../../../lib/errors.ts'
import type { InstanceDetail, InstanceSummary } from '../../../actions/action.ts'
import { imageTitle } from '../../../domain/image.ts'
import { modelProviderOf } from '../../../domain/model-providers.ts'
import { planIdSchema, plans } from '../../../domain/plans.ts'
import { cityOf, regionOf } from '../../../domain/regions.ts'
import type { Status } from '../../../domain/status.ts'
import { t } from '../language.ts'
import { bold, button, code, paragraph, say, type Block, type Button, type Text, type Tone, type View } from '../view.ts'
import { placeTitle } from './sharing.ts'
import { agoWords, clockWords, durationWords, timesWords } from './time.ts'

type StatusWords = { mark: string; tone: Tone; short: string }

const statusWords: Readonly<Record<Status, StatusWords>> = {
  deploying: { mark: '⏳', tone: 'working', short: 'being set up' },
  live: { mark: '🟢', tone: 'good', short: 'live' },
  starting: { mark: '⏳', tone: 'working', short: 'starting' },
  stopping: { mark: '⏳', tone: 'working', short: 'stopping' },
  stopped: { mark: '·', tone: 'plain', short: 'stopped' },
  restarting: { mark: '⏳', tone: 'working', short: 'restarting' },
  updating: { mark: '⏳', tone: 'working', short: 'being updated' },
  trouble: { mark: '🔴', tone: 'bad', short: 'not answering' },
  blocked: { mark: '🟡', tone: 'warning', short: 'held up' },
  destroying: { mark: '⏳', tone: 'working', short: 'being destroyed' },
  failed: { mark: '✗', tone: 'bad', short: 'not set up: it failed' },
  destroyed: { mark: '·', tone: 'plain', short: 'gone' },
}

/** What a status is called in a sentence: "live", "being set up". */
export function statusTitle(status: Status): string {
  return statusWords[status].short
}

/** "🟢 my-claw · live" */
export function statusLine(name: string, status: Status): Text {
  const words = statusWords[status]
  return say`${words.mark} ${bold(name)} · ${words.short}`
}

/** The line that a list shows for an instance: "🟢 my-claw · live · Amsterdam". */
export function instanceLine(one: InstanceSummary): Text {
  const words = statusWords[one.status]
  const line = say`${words.mark} ${bold(one.name)} · ${words.short} · ${cityOf(one.region)}`
  return one.standing === 'owner' ? line : say`${line} · shared here`
}

/** What a button calls an instance: its name, where nobody else has one of that name, and its id where others press it or it is somebody else's. */
export function handleOf(one: Pick<InstanceSummary, 'id' | 'name' | 'audience'>): string {
  return one.audience === 'owner' ? one.name : one.id
}

/** What a plan is called: "Starter". */
export function planTitle(plan: string): string {
  const known = planIdSchema.safeParse(plan)
  return known.success ? plans[known.data].title : plan
}

/** What thinks inside: "Claude (key …x4Qe)". */
export function brainWords(modelProvider: string | null, secrets: readonly { name: string; last4: string }[]): string {
  const provider = modelProviderOf(modelProvider)
  if (provider === undefined) return modelProvider ?? 'none yet'
  const secret = secrets.find((one) => one.name === provider.secretName)
  if (secret === undefined) return `${provider.brain}, without a key: it cannot answer yet`
  return secret.last4 === '' ? provider.brain : `${provider.brain} (key …${secret.last4})`
}

/** All instances of a person, whose plan allows `limit` of them, and those of others that are shared with where they are. */
export function instancesView(own: readonly InstanceSummary[], limit: number, shared: readonly InstanceSummary[] = []): View {
  const list = [...own, ...shared]
  if (list.length === 0) {
    return {
      tone: 'plain',
      blocks: [paragraph`You have no assistant yet. Setting one up takes about two minutes.`],
      actions: [button('Set one up', 'deploy')],
    }
  }
  const lines: Block[] = list.map((one) => ({ kind: 'text', text: instanceLine(one) }))
  return {
    tone: 'plain',
    blocks: lines,
    actions: [
      ...list.slice(0, 8).map((one) => button(one.name, 'status', handleOf(one))),
      ...(own.length < limit ? [button('Set up another', 'deploy')] : []),
    ],
  }
}

/** How one instance is doing. */
export function statusView(one: InstanceDetail, now: Date): View {
  const region = regionOf(one.region)
  const lately = latelyWords(one.events, now).slice(0, 3)
  return {
    tone: statusWords[one.status].tone,
    title: statusTitleOf(one, now),
    blocks: [
      ...troubleBlocks(one, now),
      {
        kind: 'fields',
        fields: [
          { label: 'Health', value: [healthWords(one, now)] },
          {
            label: 'Lives in',
            value: [`${region === undefined ? one.region : `${region.city}, ${region.country}`}, with ${one.volumeGb} GB of storage`],
          },
          { label: 'Runs', value: [`${imageTitle(one.image)}, on the ${planTitle(one.plan)} plan`] },
          { label: 'Brain', value: [brainWords(one.modelProvider, one.secrets)] },
          ...(one.sharedWith.length === 0 ? [] : [{ label: t`Shared with`, value: [one.sharedWith.map(placeTitle).join(', ')] }]),
          ...(lately.length === 0 ? [] : [{ label: 'Lately', value: [lately.join(' · ')] }]),
        ],
      },
    ],
    actions: statusActions(one),
  }
}

function statusTitleOf(one: InstanceDetail, now: Date): Text {
  const since = one.liveSince === null ? '' : `, for ${durationWords(now.getTime() - one.liveSince.getTime())} now`
  return say`${bold(one.name)} is ${statusWords[one.status].short}${one.status === 'live' ? since : ''}.`
}

function healthWords(one: InstanceDetail, now: Date): string {
  if (one.status === 'stopped') return 'not checked while it is stopped'
  if (one.health === null) return one.status === 'live' ? 'first check within a minute' : 'checked as soon as it runs'
  const when = agoWords(one.health.checkedAt, now)
  if (!one.health.ok) return `did not answer ${when}${one.health.error === null ? '' : ` (${one.health.error})`}`
  return `answered ${when}${one.health.latencyMs === null ? '' : `, in ${one.health.latencyMs} ms`}`
}

function troubleBlocks(one: InstanceDetail, now: Date): Block[] {
  const [incident] = one.incidents
  if (incident === undefined) return []
  const words: Readonly<Record<string, string>> = {
    unhealthy: 'It stopped answering',
    crashed: 'It stopped by itself',
    'out-of-memory': 'It ran out of memory',
    'bad-config': 'Its settings are not valid, so it does not start',
    'host-unreachable': 'The computer it runs on cannot be reached',
    'region-full': 'There is no room for it near the place you chose',
    'storage-lost': 'Its storage is missing at our provider',
    'destroy-stuck': 'Our provider does not confirm that it is gone',
    'channel-down': 'One of its chats is not connected',
  }
  const often = incident.count > 1 ? `, ${timesWords(incident.count)} so far` : ''
  return [paragraph`${words[incident.kind] ?? 'Something is wrong with it'}: it began ${agoWords(incident.openedAt, now)}${often}.`]
}

/** What can be done with an instance in its state by everybody who gets to press it, the likeliest first. */
export function statusActions(one: Pick<InstanceSummary, 'id' | 'status' | 'name' | 'audience'>): Button[] {
  const handle = handleOf(one)
  if (one.audience === 'see') return [button(t`Look again`, 'status', handle)]
  const restart = button('Restart', 'restart', handle)
  const stop = button('Stop', 'stop', handle)
  const logs = button('Logs', 'logs', handle)
  switch (one.status) {
    case 'live':
      return [restart, stop, logs]
    case 'stopped':
      return [button('Start', 'start', handle), logs, button('Destroy', 'destroy', handle)]
    case 'trouble':
    case 'blocked':
      return [restart, logs, stop]
    case 'failed':
    case 'destroyed':
      return [button('Set one up', 'deploy')]
    case 'deploying':
    case 'starting':
    case 'stopping':
    case 'restarting':
    case 'updating':
    case 'destroying':
      return [button('Look again', 'status', handle), logs]
    default:
      return assertNever(one.status)
  }
}

const asked: Readonly<Record<string, string>> = {
  deploy: 'setting up began',
  start: 'start asked',
  stop: 'stop asked',
  restart: 'restart asked',
  update: 'update began',
  recover: 'I restarted it',
  destroy: 'destruction asked',
}
const finished: Readonly<Record<string, string>> = {
  deploy: 'went live',
  start: 'started',
  stop: 'stopped',
  restart: 'restarted',
  update: 'updated',
  recover: 'came back',
}

/** What happened last, newest first: endings rather than beginnings where there is one. */
function latelyWords(events: InstanceDetail['events'], now: Date): string[] {
  return events.flatMap((event, index) => {
    const ended = event.kind === 'requested' && events.slice(0, index).some((newer) => newer.kind === 'done' || newer.kind === 'failed')
    const words = ended ? undefined : eventWords(event, events.slice(index + 1))
    return words === undefined ? [] : [`${words} ${agoWords(event.at, now)}`]
  })
}

function eventWords(event: InstanceDetail['events'][number], older: InstanceDetail['events']): string | undefined {
  const job = (one: InstanceDetail['events'][number] | undefined): string => {
    const kind = one?.detail['kind']
    return typeof kind === 'string' ? kind : ''
  }
  switch (event.kind) {
    case 'requested':
      return asked[job(event)]
    case 'done':
      return finished[job(older.find((one) => one.kind === 'requested'))]
    case 'failed':
      return 'a try failed'
    case 'renamed':
      return 'renamed'
    case 'health':
      return event.detail['exit'] === 'out-of-memory' ? 'ran out of memory' : 'stopped by itself'
    default:
      return undefined
  }
}

export const LOG_LINES_SHOWN = 15
const LOG_LINES_MORE = 60

/** The newest output of an instance. */
export function logsView(
  logs: { name: string; handle?: string; lines: readonly { at: string; message: string }[] },
  options: { lines: number; timeZone: string | null },
): View {
  const shown = logs.lines.slice(-options.lines)
  const { handle = logs.name } = logs
  if (shown.length === 0) {
    return {
      tone: 'plain',
      blocks: [paragraph`${bold(logs.name)} has not said anything yet.`],
      actions: [button('Look again', 'logs', handle), button('Status', 'status', handle)],
    }
  }
  const lines = shown.map((line) => `${clockWords(new Date(line.at), options.timeZone).replace(' UTC', '')}  ${line.message}`)
  const more = options.lines < LOG_LINES_MORE && logs.lines.length >= options.lines
  return {
    tone: 'plain',
    title: say`The last ${shown.length} ${shown.length === 1 ? 'line' : 'lines'} of ${bold(logs.name)}`,
    blocks: [{ kind: 'code', lines }],
    actions: [
      ...(more ? [button('More', 'logs', handle, String(LOG_LINES_MORE))] : []),
      button('Newest', 'logs', handle),
      button('Status', 'status', handle),
    ],
  }
}

/** After a rename. */
export function renamedView(from: string, to: string): View {
  return {
    tone: 'plain',
    blocks: [paragraph`${bold(from)} is called ${bold(to)} now. Nothing else changed.`],
    actions: [button('Status', 'status', to)],
  }
}

/** Asks for the new name of an instance. */
export function renameQuestion(name: string, press: { cancel: Button }): View {
  return {
    tone: 'plain',
    blocks: [paragraph`What shall ${bold(name)} be called? Lower-case letters, digits and dashes, like ${code('my-claw')}.`],
    actions: [press.cancel],
    input: 'text',
  }
}
