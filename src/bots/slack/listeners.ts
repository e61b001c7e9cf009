// What comes in from Slack. Each event is acknowledged before anything else is done about it, and then goes its way without the library
// waiting for it: the router keeps one person's events in order.
import type { App } from '@slack/bolt'
import { languageOf } from '../../domain/language.ts'
import { messageOf as errorText } from '../../lib/errors.ts'
import { fetchBounded } from '../../lib/bounded-fetch.ts'
import type { Face, Inbound, SentFile } from '../core/face.ts'
import { commandNames } from '../core/answers.ts'
import { formOf, problemsOf } from '../core/form.ts'
import { inLanguage } from '../core/language.ts'
import { ACTION, ANSWER_FORM, answerForm, messageOf, typedText } from './blocks.ts'
import { PROVIDER, refOf } from './chat.ts'
import { respondTo } from './delivery.ts'
import {
  actionIn,
  addressOf,
  commandIn,
  homeIn,
  messageIn,
  openedFrom,
  roomsOf,
  submitIn,
  tenantIn,
  type Action,
  type Command,
  type Opened,
  type Place,
  type SharedFile,
  type Submit,
  type Team,
  type Who,
} from './payloads.ts'
import { commandFace, faceAt, homeFace, refAt, type PlaceDeps } from './places.ts'
import { notInstalledView } from './words.ts'

export type Handle = (inbound: Inbound, face: Face) => Promise<void>
export type ListenDeps = PlaceDeps & {
  handle: Handle
  /** Where the app is added to a workspace; null when it serves one workspace only. */
  installUrl: string | null
  /** The app was removed from a workspace, or says so. */
  removed(tenant: string): Promise<void>
}

/** The command whose first word is the command: `/conch deploy my-claw`. */
export const UMBRELLA = 'conch'
const ANY = /^/

/** Hangs our ears on the app. */
export function listen(app: App, deps: ListenDeps): void {
  const later = (work: () => Promise<void>): void => {
    work().catch((error: unknown) => deps.log.error({ err: error }, 'something from Slack could not be handled'))
  }
  // Slack repeats what was not acknowledged, and the inbox takes it once: a lost acknowledgement is no reason to drop it.
  const acknowledge = (ack: () => Promise<void>): Promise<void> =>
    ack().catch((error: unknown) => deps.log.warn({ reason: errorText(error) }, 'an acknowledgement did not reach Slack'))
  app.event('message', async ({ body }) => later(() => onMessage(deps, body)))
  app.event('app_home_opened', async ({ body }) => later(() => onHome(deps, body)))
  for (const event of ['app_uninstalled', 'tokens_revoked']) {
    app.event(event, async ({ body }) => later(async () => deps.removed(tenantIn(body) ?? '')))
  }
  app.command(ANY, async ({ ack, body }) => {
    await acknowledge(() => ack())
    later(() => onCommand(deps, commandIn(body)))
  })
  app.action(ANY, async ({ ack, body }) => {
    await acknowledge(() => ack())
    later(() => onAction(deps, actionIn(body)))
  })
  app.view(ANY, async ({ ack, body }) => {
    const sent = submitIn(body)
    const errors = problemsIn(sent)
    // A form with a mistake in it stays open, with what is wrong below the field.
    if (errors !== null) return acknowledge(() => ack({ response_action: 'errors', errors }))
    await acknowledge(() => ack())
    later(() => onSubmit(deps, sent))
  })
}

type Origin = Pick<Inbound, 'provider' | 'subject' | 'displayName' | 'chat' | 'place' | 'id' | 'rooms'>

function origin(who: Who, id: string, place: Inbound['place']): Origin {
  const address = addressOf(who)
  return { id, provider: PROVIDER, subject: address, displayName: who.name, chat: address, place }
}

/** Whoever asks from a channel, or presses what stands there, is in it. */
function channelOrigin(who: Who, id: string, { place, team }: { place: Place; team: Team }): Origin {
  if (place.kind !== 'private') return origin(who, id, 'dm')
  return { ...origin(who, id, 'group'), rooms: roomsOf(who, team, place.channel) }
}

async function onMessage(deps: ListenDeps, body: unknown): Promise<void> {
  const message = messageIn(body)
  if (message === null) return
  const { who, id, channel, ts, text, file } = message
  deps.chat.knows(addressOf(who), channel)
  const said = file === null ? { kind: 'text' as const } : { kind: 'file' as const, file: sentFile(deps, who, file) }
  await deps.handle({ ...origin(who, id, 'dm'), ...said, text: typedText(text), messageRef: refOf(channel, ts) }, deps.chat)
}

/** Slack hands a file to who may read files in its workspace. */
function sentFile({ workspaces }: ListenDeps, { tenant }: Who, { name, bytes, url }: SharedFile): SentFile {
  const read = async (bytesMax: number): Promise<Buffer | 'too-large' | 'gone'> => {
    const client = await workspaces.clientOf(tenant)
    // A file may lie with another company, which is not to see our token.
    if (client?.token === undefined || !isSlacks(url, client.slackApiUrl)) return 'gone'
    return fetchBounded(url, { bytesMax, headers: { authorization: `Bearer ${client.token}` } })
  }
  return { name, bytes, read }
}

function isSlacks(url: string, apiUrl: string): boolean {
  const [at, api] = [URL.parse(url), URL.parse(apiUrl)]
  return at !== null && (at.origin === api?.origin || (at.protocol === 'https:' && at.hostname.endsWith('.slack.com')))
}

async function onHome(deps: ListenDeps, body: unknown): Promise<void> {
  const opened = homeIn(body)
  if (opened === null) return
  await deps.handle({ ...origin(opened.who, opened.id, 'dm'), kind: 'text', text: '/instances' }, homeFace(deps))
}

async function onCommand(deps: ListenDeps, command: Command): Promise<void> {
  const { who, id, channel, rooms, responseUrl } = command
  if (!(await isInstalled(deps, who, responseUrl))) return
  const face = commandFace(deps, { channel, responseUrl })
  const from = { ...origin(who, id, channel.startsWith('D') ? 'dm' : 'group'), rooms }
  const words = wordsOf(command)
  await deps.handle(words === null ? { ...from, kind: 'start' } : { ...from, kind: 'text', text: words }, face)
}

/** The words as the core reads them; null: only the door was opened. */
function wordsOf({ name, text }: Command): string | null {
  if (name !== UMBRELLA) return `/${name} ${typedText(text)}`.trim()
  if (text === '') return null
  const words = typedText(text).replace(/^\//, '')
  const [first = ''] = words.split(/\s+/)
  // What is no command is an answer to the question under way, or is said to be unknown by the core.
  return commandNames.includes(first.toLowerCase()) ? `/${words}` : words
}

async function onAction(deps: ListenDeps, action: Action): Promise<void> {
  const { who, id, actionId, value, place, responseUrl } = action
  const [kind = '', ...asked] = actionId.split(':')
  if (kind === ACTION.link) return
  if (!(await isInstalled(deps, who, responseUrl))) return
  if (kind === ACTION.ask) return openForm(deps, action, asked)
  const from = channelOrigin(who, id, action)
  await deps.handle({ ...from, kind: 'press', button: value, messageRef: refAt(place) }, faceAt(deps, place, 'press'))
}

/** A trigger lives for three seconds: nothing is looked up before it is used but the workspace's token. */
async function openForm(deps: ListenDeps, { who, trigger, value, place }: Action, [tag, ...id]: readonly string[]): Promise<void> {
  const spoken = languageOf(tag) ?? 'en'
  const form = inLanguage(spoken, () => formOf(id.join(':')))
  if (form === null) return
  const client = await deps.workspaces.clientOf(who.tenant)
  const metadata = JSON.stringify({ place, form: form.id, spoken } satisfies Opened)
  await client?.views.open({ trigger_id: trigger, view: inLanguage(spoken, () => answerForm(form, value, metadata)) })
}

function problemsIn({ form, metadata, values }: Submit): Record<string, string> | null {
  if (form !== ANSWER_FORM) return null
  const opened = openedFrom(metadata)
  return inLanguage(opened.spoken, () => {
    const filled = formOf(opened.form)
    const problems = filled === null ? {} : problemsOf(filled, values)
    return Object.keys(problems).length === 0 ? null : problems
  })
}

async function onSubmit(deps: ListenDeps, { who, id, form, metadata, team, values }: Submit): Promise<void> {
  if (form !== ANSWER_FORM) return
  const opened = openedFrom(metadata)
  const { place } = opened
  const from = { ...channelOrigin(who, id, { place, team }), messageRef: refAt(place) }
  const [only, ...more] = Object.values(values)
  const said =
    only !== undefined && more.length === 0 ? ({ kind: 'text', text: only } as const) : ({ kind: 'form', form: opened.form, values } as const)
  await deps.handle({ ...from, ...said }, faceAt(deps, place, 'form'))
}

/** Slack hands us what was asked in a workspace that threw us out, too: without a token the only way to answer is the one that came with it. */
async function isInstalled(deps: ListenDeps, who: Who, responseUrl: string | null): Promise<boolean> {
  if (deps.installUrl === null || (await deps.workspaces.clientOf(who.tenant)) !== null) return true
  if (responseUrl !== null) {
    await respondTo(responseUrl, { response_type: 'ephemeral', replace_original: false, ...messageOf(notInstalledView(deps.installUrl)) })
  }
  return false
}
