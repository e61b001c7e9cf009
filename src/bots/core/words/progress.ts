// A job under way as one message that changes, and how it ended.
import { assertNever } from '../../../lib/errors.ts'
import type { ChannelId } from '../../../domain/credentials.ts'
import { imageOf } from '../../../domain/image.ts'
import { modelProviderOf } from '../../../domain/model-providers.ts'
import { plans, planIdSchema } from '../../../domain/plans.ts'
import { milestones, type Milestone, type OperationKind } from '../../../domain/status.ts'
import type { Info } from '../info.ts'
import { t } from '../language.ts'
import { bold, button, paragraph, say, type Block, type Button, type Step, type Text, type View } from '../view.ts'
import { goodbyeView } from './destroy.ts'
import { practiceBlocks } from './greeting.ts'
import { imageWords } from './instance.ts'
import { listensView, type ListenFacts } from './keys.ts'
import { cityWords } from './regions.ts'
import { durationWords, elapsedWords } from './time.ts'

export type JobEnd =
  | { kind: 'running' }
  | { kind: 'done'; at: Date }
  | { kind: 'failed'; reason: string; cleaned: boolean; at: Date }
  | { kind: 'superseded'; by: string; at: Date }
  | { kind: 'blocked'; reason: string }

export type JobFacts = {
  key: string
  kind: OperationKind
  instance: {
    id: string
    name: string
    region: string
    image: string
    plan: string
    modelProvider: string | null
    hasKey: boolean
    channels: readonly ChannelId[]
  }
  startedAt: Date
  reached: readonly Milestone[]
  preparing: { percent: number | null; message: string } | null
  notices: readonly Notice[]
  /** The channel that the job is for, when it is for one. */
  channel: ListenFacts | null
  end: JobEnd
  now: Date
}
export type Notice = { kind: 'slow' } | { kind: 'region-fallback'; from: string; to: string } | { kind: 'retrying'; what: string }

function doingText({ kind, instance }: JobFacts): Text {
  const name = bold(instance.name)
  const texts: Readonly<Record<OperationKind, Text>> = {
    deploy: say`Launching ${name}`,
    start: say`Starting ${name}`,
    stop: say`Stopping ${name}`,
    restart: say`Restarting ${name}`,
    update: say`Updating ${name}`,
    recover: say`Bringing back ${name}`,
    destroy: say`Destroying ${name}`,
    'give-up': say`Cleaning up after ${name}`,
  }
  return texts[kind]
}

/** The job's one message, as it stands now. */
export function progressView(facts: JobFacts): View {
  const { end } = facts
  switch (end.kind) {
    case 'running':
      return { ...frame(facts, facts.now), tone: 'working', job: 'ongoing' }
    case 'blocked':
      return {
        ...frame(facts, facts.now),
        tone: 'warning',
        job: 'interrupted',
        blocks: [...frame(facts, facts.now).blocks, blockedBlock(end.reason, facts)],
        actions: blockedActions(facts),
      }
    case 'done':
      return doneView(facts, end.at)
    case 'failed':
      return failedView(facts, end)
    case 'superseded':
      return {
        tone: 'plain',
        key: facts.key,
        job: 'interrupted',
        blocks: [
          end.by === 'recover'
            ? paragraph`${doingText(facts)}: it did not come up, so I am restarting it.`
            : paragraph`${doingText(facts)} made way for what you asked next.`,
        ],
        actions: [],
      }
    default:
      return assertNever(end)
  }
}

function frame(facts: JobFacts, until: Date): View {
  return {
    tone: 'plain',
    key: facts.key,
    title: doingText(facts),
    elapsed: elapsedWords(until.getTime() - facts.startedAt.getTime()),
    blocks: [{ kind: 'progress', steps: stepsOf(facts) }, ...facts.notices.slice(-1).map((notice) => noticeBlock(notice, facts))],
    actions: [],
  }
}

function stepsOf(facts: JobFacts): Step[] {
  const all = milestones[facts.kind]
  const current = all.find((name) => !facts.reached.includes(name))
  return all.map((name) => {
    const label = stepLabel(name, facts)
    if (facts.end.kind === 'done' || facts.reached.includes(name)) return { label, state: 'done' }
    if (name !== current) return { label, state: 'waiting' }
    return facts.end.kind === 'failed' ? { label, state: 'failed' } : activeStep(name, label, facts)
  })
}

function activeStep(name: Milestone, label: string, facts: JobFacts): Step {
  const { preparing } = facts
  if (preparing !== null && (name === 'start' || name === 'restart' || name === 'machine')) {
    const share = preparing.percent === null ? {} : { detail: `${Math.round(preparing.percent)} %`, percent: preparing.percent }
    return { label: preparingWords(preparing.message), state: 'active', ...share }
  }
  const expected = expectation(name, facts)
  return { label, state: 'active', ...(expected !== null && { detail: expected }) }
}

/** The computer that it is to run on says what it is doing; what it may be is known where it is our own (local/images). */
function preparingWords(message: string): string {
  const what = /^Installing (.+)$/.exec(message)?.[1]
  return what === undefined ? message : t`Installing ${what}`
}

function expectation(name: Milestone, facts: JobFacts): string | null {
  const real = imageOf(facts.instance.image).kind === 'openclaw'
  if (name === 'start' || name === 'restart') return real ? t`usually 20 to 60 s` : t`a few seconds`
  if (name === 'health') return real ? t`up to a minute` : t`a few seconds`
  return null
}

function stepLabel(name: Milestone, { instance }: JobFacts): string {
  const plan = planIdSchema.safeParse(instance.plan)
  const real = imageOf(instance.image).kind === 'openclaw'
  const labels: Readonly<Record<Milestone, string>> = {
    network: t`Private network`,
    storage: plan.success ? t`Storage ${plans[plan.data].volumeGb} GB` : t`Storage`,
    machine: t`Machine in ${cityWords(instance.region)}`,
    start: real ? t`Starting OpenClaw` : t`Starting the gateway`,
    health: t`First health check`,
    stop: real ? t`Stopping OpenClaw` : t`Stopping the gateway`,
    restart: real ? t`Restarting OpenClaw` : t`Restarting the gateway`,
    update: t`Applying the change`,
    'machine-gone': t`Machine`,
    'storage-gone': t`Storage`,
    'network-gone': t`Network and address`,
  }
  return labels[name]
}

function noticeBlock(notice: Notice, facts: JobFacts): Block {
  switch (notice.kind) {
    case 'slow':
      return paragraph`This takes longer than usual. I keep at it, and nothing is lost.`
    case 'region-fallback':
      return paragraph`${cityWords(notice.from)} is full right now (our provider has no room there), so ${bold(facts.instance.name)} goes to ${cityWords(notice.to)}.`
    case 'retrying':
      return paragraph`Our provider stumbled (${notice.what}). I am trying again; nothing is lost.`
    default:
      return assertNever(notice)
  }
}

function doneView(facts: JobFacts, at: Date): View {
  const { name } = facts.instance
  const took = durationWords(at.getTime() - facts.startedAt.getTime())
  const running: Button[] = [button(t`Status`, 'status', name), button(t`Logs`, 'logs', name)]
  const said = (tone: View['tone'], text: Text, actions: Button[]): View => ({ tone, key: facts.key, blocks: [{ kind: 'text', text }], actions })
  switch (facts.kind) {
    case 'deploy':
      return { ...frame(facts, at), title: say`Launched ${bold(name)}` }
    case 'destroy':
      return { ...frame(facts, at), title: say`Destroyed ${bold(name)}` }
    case 'give-up':
      return { ...frame(facts, at), title: say`Cleaned up after ${bold(name)}` }
    case 'start':
      return said('good', say`${bold(name)} is live again, after ${took}.`, running)
    case 'restart':
    case 'recover':
      return said('good', say`${bold(name)} is back, after ${took}. Nothing was lost.`, running)
    case 'update':
      return said('good', say`${bold(name)} is live with the change, after ${took}.`, running)
    case 'stop':
      return said('plain', say`${bold(name)} is stopped. Its storage and its memory are kept.`, [
        button(t`Start`, 'start', name),
        button(t`Status`, 'status', name),
      ])
    default:
      return assertNever(facts.kind)
  }
}

function failedView(facts: JobFacts, end: Extract<JobEnd, { kind: 'failed' }>): View {
  const shown = frame(facts, end.at)
  // A deployment's failure is an incident with a message of its own; this one only stops ticking.
  if (facts.kind === 'deploy' || facts.kind === 'give-up') {
    return end.cleaned
      ? { ...shown, blocks: [...shown.blocks, paragraph`It did not come up, and nothing of it is left.`] }
      : { ...shown, tone: 'working', job: 'ongoing', blocks: [...shown.blocks, paragraph`It did not come up. I am removing what was made for it.`] }
  }
  const again = facts.kind === 'recover' ? 'restart' : facts.kind
  return {
    ...shown,
    tone: 'bad',
    blocks: [...shown.blocks, { kind: 'text', text: say`${failureText(end.reason, facts.instance)} Its storage is untouched.` }],
    actions: [button(t`Try again`, again, facts.instance.name), button(t`Logs`, 'logs', facts.instance.name)],
  }
}

/** What made a job fail for good, in a sentence. */
function failureText(reason: string, instance: { name: string }): Text {
  switch (reason) {
    case 'address-taken':
      return say`The address that ${bold(instance.name)} was to get belongs to somebody else at our provider.`
    case 'too-slow':
      return say`${bold(instance.name)} was not running after 20 minutes, which is far too long.`
    case 'storage-lost':
      return say`The storage of ${bold(instance.name)} is missing at our provider.`
    case 'quota':
      return say`Our account at the provider may not start another machine at the moment. That is for whoever runs me to fix.`
    case 'bad-config':
      return say`OpenClaw would not start with the settings of ${bold(instance.name)}: it called them invalid.`
    case 'keeps-crashing':
      return say`${bold(instance.name)} started and stopped again, several times in a row.`
    case 'rejected':
      return say`Our provider refused to make ${bold(instance.name)}, and trying again would not have changed that.`
    default:
      return say`${bold(instance.name)} could not be brought up.`
  }
}

function blockedBlock(reason: string, { instance }: JobFacts): Block {
  switch (reason) {
    case 'region-full':
      return paragraph`There is no room near ${cityWords(instance.region)} at our provider right now. I ask again every half minute and go on by myself. Nothing is lost.`
    case 'bad-config':
      return paragraph`OpenClaw calls its settings invalid, so starting it again would not help. Nothing is lost.`
    case 'host-unreachable':
      return paragraph`The computer that ${bold(instance.name)} runs on cannot be reached. That is on our provider's side; I go on as soon as it is back. Nothing is lost.`
    case 'storage-lost':
      return paragraph`Its storage is missing at our provider. I have not put an empty one in its place; whoever runs me has been told.`
    default:
      return paragraph`I cannot go on until something changes at our provider. I keep looking.`
  }
}

function blockedActions({ kind, instance }: JobFacts): Button[] {
  const first = kind === 'deploy' ? button(t`Cancel it`, 'destroy', instance.name) : button(t`Logs`, 'logs', instance.name)
  return [button(t`Look again`, 'status', instance.name), first]
}

/** The message that stays: live or gone. Null while there is nothing to say. */
export function outcomeView(facts: JobFacts, info: Info): View | null {
  const { end, kind } = facts
  if (end.kind !== 'done') return null
  if (kind === 'destroy') return { ...goodbyeView(facts.instance.name), key: facts.key }
  if (kind === 'update' && facts.channel !== null) return listensView({ key: facts.key, name: facts.instance.name, ...facts.channel })
  return kind === 'deploy' ? liveView(facts, info) : null
}

function liveView({ key, instance }: JobFacts, info: Info): View {
  const watch = say`I check on it every minute and restart it if it stops answering.`
  const brain = modelProviderOf(instance.modelProvider)
  const practice = imageOf(instance.image).kind === 'stub'
  const thinks = brain !== undefined && instance.hasKey ? say`It thinks with ${brain.brain}.` : say`It has no key yet, so it runs but cannot answer.`
  const [name, city] = [bold(instance.name), cityWords(instance.region)]
  return {
    tone: 'good',
    key,
    title: practice ? say`${name} is live in ${city}.` : say`${name} is live in ${city}, running ${imageWords(instance.image)}.`,
    blocks: practice ? [...practiceBlocks(info.gatewayImage), { kind: 'text', text: watch }] : [paragraph`${thinks} ${watch}`],
    actions: [
      ...(instance.channels.includes('telegram') ? [] : [button(t`Add Telegram`, 'set-key', instance.name, 'telegram')]),
      button(t`Add Discord or Slack`, 'keys', instance.name, 'add'),
      button(t`Status`, 'status', instance.name),
      button(t`Logs`, 'logs', instance.name),
      button(t`Open`, 'open', instance.name),
    ],
  }
}

/** A deployment that was given up: why, what is left of it, and what to do next. */
export function notSetUpView(facts: { key: string; instance: { id: string; name: string }; reason: string; cleaned: boolean }): View {
  const { key, instance, reason, cleaned } = facts
  const left = cleaned
    ? paragraph`Everything that was made for it is removed, and nothing is charged.`
    : paragraph`I am removing what was made for it; nothing is charged.`
  return {
    tone: 'bad',
    key,
    title: say`${bold(instance.name)} was not set up.`,
    blocks: [{ kind: 'text', text: failureText(reason, instance) }, left],
    actions: [{ label: t`Try again`, press: { verb: 'retry', args: [instance.id] }, style: 'primary' }, button(t`How it works`, 'how')],
  }
}
