// One instance and the list of them: how each is doing, and what can be done next.
import { assertNever } from '../../../lib/errors.ts'
import type { InstanceDetail, InstanceSummary } from '../../../actions/action.ts'
import { imageOf } from '../../../domain/image.ts'
import { modelProviderOf } from '../../../domain/model-providers.ts'
import { planIdSchema, plans, type Plan } from '../../../domain/plans.ts'
import { regionOf } from '../../../domain/regions.ts'
import type { Status } from '../../../domain/status.ts'
import { t } from '../language.ts'
import { bold, button, code, paragraph, say, type Block, type Button, type Text, type Tone, type View } from '../view.ts'
import { cityWords, placeWords } from './regions.ts'
import { placeTitle } from './sharing.ts'
import { agoWords, clockWords, durationWords, timesWords } from './time.ts'

type StatusLook = { mark: string; tone: Tone }

const looks: Readonly<Record<Status, StatusLook>> = {
  deploying: { mark: '⏳', tone: 'working' },
  live: { mark: '🟢', tone: 'good' },
  starting: { mark: '⏳', tone: 'working' },
  stopping: { mark: '⏳', tone: 'working' },
  stopped: { mark: '·', tone: 'plain' },
  restarting: { mark: '⏳', tone: 'working' },
  updating: { mark: '⏳', tone: 'working' },
  trouble: { mark: '🔴', tone: 'bad' },
  blocked: { mark: '🟡', tone: 'warning' },
  destroying: { mark: '⏳', tone: 'working' },
  failed: { mark: '✗', tone: 'bad' },
  destroyed: { mark: '·', tone: 'plain' },
}

/** What a status is called in a list: "live", "being set up". */
function statusTitle(status: Status): string {
  const titles: Readonly<Record<Status, string>> = {
    deploying: t`being set up`,
    live: t`live`,
    starting: t`starting`,
    stopping: t`stopping`,
    stopped: t`stopped`,
    restarting: t`restarting`,
    updating: t`being updated`,
    trouble: t`not answering`,
    blocked: t`held up`,
    destroying: t`being destroyed`,
    failed: t`not set up: it failed`,
    destroyed: t`gone`,
  }
  return titles[status]
}

/** "🟢 my-claw · live" */
export function statusLine(name: string, status: Status): Text {
  return say`${looks[status].mark} ${bold(name)} · ${statusTitle(status)}`
}

/** The line that a list shows for an instance: "🟢 my-claw · live · Amsterdam". */
export function instanceLine(one: InstanceSummary): Text {
  const line = say`${statusLine(one.name, one.status)} · ${cityWords(one.region)}`
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

/** What runs under an image reference: "OpenClaw 2026.9.6". */
export function imageWords(reference: string): string {
  const image = imageOf(reference)
  if (image.kind === 'openclaw') return `OpenClaw ${image.version}`
  if (image.kind === 'clawdbot') return `Clawdbot ${image.version}`
  if (image.kind !== 'stub') return reference
  return image.version === null ? t`Practice gateway (no real assistant inside)` : t`Practice gateway ${image.version}`
}

/** What thinks inside: "Claude (key …x4Qe)". */
export function brainWords(modelProvider: string | null, secrets: readonly { name: string; last4: string }[]): string {
  const provider = modelProviderOf(modelProvider)
  if (provider === undefined) return modelProvider ?? t`none yet`
  const secret = secrets.find((one) => one.name === provider.secretName)
  if (secret === undefined) return t`${provider.brain}, without a key: it cannot answer yet`
  return secret.last4 === '' ? provider.brain : t`${provider.brain} (key …${secret.last4})`
}

/** All instances of a person, how much of their plan that is, and those of others that are shared with where they are. */
export function instancesView(own: readonly InstanceSummary[], plan: Plan, shared: readonly InstanceSummary[] = []): View {
  const list = [...own, ...shared]
  if (list.length === 0) {
    return {
      tone: 'plain',
      blocks: [paragraph`You have no assistant yet. Setting one up takes about two minutes.`],
      actions: [button(t`Set one up`, 'deploy')],
    }
  }
  const lines: Block[] = list.map((one) => ({ kind: 'text', text: instanceLine(one) }))
  return {
    tone: 'plain',
    blocks: [...lines, ...planBlocks(own, plan)],
    actions: [
      ...list.slice(0, 8).map((one) => button(one.name, 'status', handleOf(one))),
      ...(own.length < plan.instancesMax ? [button(t`Set up another`, 'deploy')] : []),
    ],
  }
}

/** How much of their plan a person uses: nobody's but theirs to read. */
function planBlocks(own: readonly InstanceSummary[], { title, instancesMax, volumeGb }: Plan): Block[] {
  if (own.length === 0 || own.some((one) => one.audience !== 'owner')) return []
  return [
    instancesMax === 1
      ? paragraph`Your plan: ${title}, for 1 assistant with ${volumeGb} GB of storage.`
      : paragraph`Your plan: ${title}. You use ${own.length} of ${instancesMax} assistants, each with ${volumeGb} GB of storage.`,
  ]
}

/** How one instance is doing. */
export function statusView(one: InstanceDetail, now: Date): View {
  const lately = latelyWords(one.events, now).slice(0, 3)
  return {
    tone: looks[one.status].tone,
    title: statusText(one, now),
    blocks: [
      ...troubleBlocks(one, now),
      {
        kind: 'fields',
        fields: [
          { label: t`Health`, value: [healthWords(one, now)] },
          { label: t`Lives in`, value: [livesWords(one)] },
          { label: t`Runs`, value: [t`${imageWords(one.image)}, on the ${planTitle(one.plan)} plan`] },
          { label: t`Brain`, value: [brainWords(one.modelProvider, one.secrets)] },
          ...(one.lastBackupAt === null ? [] : [{ label: t`Saved`, value: [agoWords(one.lastBackupAt, now)] }]),
          ...(one.sharedWith.length === 0 ? [] : [{ label: t`Shared with`, value: [one.sharedWith.map(placeTitle).join(', ')] }]),
          ...(lately.length === 0 ? [] : [{ label: t`Lately`, value: [lately.join(' · ')] }]),
        ],
      },
    ],
    actions: statusActions(one),
  }
}

function livesWords({ region: code, volumeGb }: InstanceDetail): string {
  const region = regionOf(code)
  return t`${region === undefined ? code : placeWords(region)}, with ${volumeGb} GB of storage`
}

function statusText(one: InstanceDetail, now: Date): Text {
  const name = bold(one.name)
  switch (one.status) {
    case 'deploying':
      return say`${name} is being set up.`
    case 'live':
      return one.liveSince === null ? say`${name} is live.` : say`${name} is live, for ${durationWords(now.getTime() - one.liveSince.getTime())} now.`
    case 'starting':
      return say`${name} is starting.`
    case 'stopping':
      return say`${name} is stopping.`
    case 'stopped':
      return say`${name} is stopped.`
    case 'restarting':
      return say`${name} is restarting.`
    case 'updating':
      return say`${name} is being updated.`
    case 'trouble':
      return say`${name} is not answering.`
    case 'blocked':
      return say`${name} is held up.`
    case 'destroying':
      return say`${name} is being destroyed.`
    case 'failed':
      return say`${name} is not set up: it failed.`
    case 'destroyed':
      return say`${name} is gone.`
    default:
      return assertNever(one.status)
  }
}

function healthWords({ status, health }: InstanceDetail, now: Date): string {
  if (status === 'stopped') return t`not checked while it is stopped`
  if (health === null) return status === 'live' ? t`first check within a minute` : t`checked as soon as it runs`
  const when = agoWords(health.checkedAt, now)
  if (!health.ok) return health.error === null ? t`did not answer ${when}` : t`did not answer ${when} (${health.error})`
  return health.latencyMs === null ? t`answered ${when}` : t`answered ${when}, in ${health.latencyMs} ms`
}

function troubleBlocks(one: InstanceDetail, now: Date): Block[] {
  const [incident] = one.incidents
  if (incident === undefined) return []
  const what = troubleWords(incident.kind)
  const began = agoWords(incident.openedAt, now)
  return incident.count > 1
    ? [paragraph`${what}: it began ${began}, ${timesWords(incident.count)} so far.`]
    : [paragraph`${what}: it began ${began}.`]
}

function troubleWords(kind: string): string {
  const words: Readonly<Record<string, string>> = {
    unhealthy: t`It stopped answering`,
    crashed: t`It stopped by itself`,
    'out-of-memory': t`It ran out of memory`,
    'bad-config': t`Its settings are not valid, so it does not start`,
    'config-refused': t`It refused its new settings`,
    'host-unreachable': t`The computer it runs on cannot be reached`,
    'region-full': t`There is no room for it near the place you chose`,
    'storage-lost': t`Its storage is missing at our provider`,
    'destroy-stuck': t`Our provider does not confirm that it is gone`,
    'channel-down': t`One of its chats is not connected`,
    'backup-failed': t`Its last backup failed`,
  }
  return words[kind] ?? t`Something is wrong with it`
}

/** The way into the control page. */
export function openView(one: Pick<InstanceSummary, 'name' | 'audience' | 'id'>, url: string): View {
  return {
    tone: 'plain',
    blocks: [
      paragraph`This link opens ${bold(one.name)}: its own page, where you talk to it and change everything. It works once, within a minute, and keeps the door open for an hour. Keep it to yourself.`,
    ],
    actions: [{ label: t`Open ${one.name}`, url }, button(t`New link`, 'open', handleOf(one))],
  }
}

/** What can be done with an instance in its state by everybody who gets to press it, the likeliest first. */
export function statusActions(one: Pick<InstanceSummary, 'id' | 'status' | 'name' | 'audience'>): Button[] {
  const handle = handleOf(one)
  if (one.audience === 'see') return [button(t`Look again`, 'status', handle)]
  const restart = button(t`Restart`, 'restart', handle)
  const stop = button(t`Stop`, 'stop', handle)
  const logs = button(t`Logs`, 'logs', handle)
  switch (one.status) {
    case 'live':
      return one.audience === 'owner' ? [button(t`Open`, 'open', handle), restart, stop, logs] : [restart, stop, logs]
    case 'stopped':
      return [button(t`Start`, 'start', handle), logs, button(t`Destroy`, 'destroy', handle)]
    case 'trouble':
    case 'blocked':
      return [restart, logs, stop]
    case 'failed':
    case 'destroyed':
      return [button(t`Set one up`, 'deploy')]
    case 'deploying':
    case 'starting':
    case 'stopping':
    case 'restarting':
    case 'updating':
    case 'destroying':
      return [button(t`Look again`, 'status', handle), logs]
    default:
      return assertNever(one.status)
  }
}

type Event = InstanceDetail['events'][number]

/** What happened last, newest first: endings rather than beginnings where there is one. */
function latelyWords(events: readonly Event[], now: Date): string[] {
  return events.flatMap((event, index) => {
    const ended = event.kind === 'requested' && events.slice(0, index).some((newer) => newer.kind === 'done' || newer.kind === 'failed')
    const words = ended ? undefined : eventWords(event, events.slice(index + 1), agoWords(event.at, now))
    return words === undefined ? [] : [words]
  })
}

function eventWords(event: Event, older: readonly Event[], when: string): string | undefined {
  switch (event.kind) {
    case 'requested':
      return askedWords(jobOf(event), when)
    case 'done':
      return finishedWords(jobOf(older.find((one) => one.kind === 'requested')), when)
    case 'failed':
      return t`a try failed ${when}`
    case 'renamed':
      return t`renamed ${when}`
    case 'health':
      return event.detail['exit'] === 'out-of-memory' ? t`ran out of memory ${when}` : t`stopped by itself ${when}`
    default:
      return undefined
  }
}

function jobOf(event: Event | undefined): string {
  const kind = event?.detail['kind']
  return typeof kind === 'string' ? kind : ''
}

function askedWords(job: string, when: string): string | undefined {
  const words: Readonly<Record<string, string>> = {
    deploy: t`setting up began ${when}`,
    start: t`start asked ${when}`,
    stop: t`stop asked ${when}`,
    restart: t`restart asked ${when}`,
    update: t`update began ${when}`,
    recover: t`I restarted it ${when}`,
    destroy: t`destruction asked ${when}`,
  }
  return words[job]
}

function finishedWords(job: string, when: string): string | undefined {
  const words: Readonly<Record<string, string>> = {
    deploy: t`went live ${when}`,
    start: t`started ${when}`,
    stop: t`stopped ${when}`,
    restart: t`restarted ${when}`,
    update: t`updated ${when}`,
    recover: t`came back ${when}`,
  }
  return words[job]
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
      actions: [button(t`Look again`, 'logs', handle), button(t`Status`, 'status', handle)],
    }
  }
  const lines = shown.map((line) => `${clockWords(new Date(line.at), options.timeZone).replace(' UTC', '')}  ${line.message}`)
  const more = options.lines < LOG_LINES_MORE && logs.lines.length >= options.lines
  return {
    tone: 'plain',
    title: shown.length === 1 ? say`The last 1 line of ${bold(logs.name)}` : say`The last ${shown.length} lines of ${bold(logs.name)}`,
    blocks: [{ kind: 'code', lines }],
    actions: [
      ...(more ? [button(t`More`, 'logs', handle, String(LOG_LINES_MORE))] : []),
      button(t`Newest`, 'logs', handle),
      button(t`Status`, 'status', handle),
    ],
  }
}

/** After a rename. */
export function renamedView(from: string, to: string): View {
  return {
    tone: 'plain',
    blocks: [paragraph`${bold(from)} is called ${bold(to)} now. Nothing else changed.`],
    actions: [button(t`Status`, 'status', to)],
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
