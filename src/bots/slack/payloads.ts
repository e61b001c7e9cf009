// What Slack sends, as far as we read it. Everything else in it is left alone, and nothing of it is logged.
import { z } from 'zod'
import { languageOf, type Language } from '../../domain/language.ts'
import type { Room } from '../core/face.ts'

const idSchema = z.string().min(1)
const withId = z.looseObject({ id: idSchema })
/** Slash commands are form fields: their booleans are words. */
const flag = z.union([z.boolean(), z.stringbool()]).optional()

const eventBody = z.looseObject({
  event_id: idSchema,
  team_id: idSchema,
  enterprise_id: z.string().nullish(),
  authorizations: z.array(z.looseObject({ is_enterprise_install: z.boolean().nullish() })).nullish(),
})
/** Without an address it is one that we may not read, or that went to another place. */
const fileSchema = z.looseObject({ name: z.string().nullish(), size: z.number().nullish(), url_private: z.string().nullish() })
const messageBody = eventBody.extend({
  event: z.looseObject({
    channel: idSchema,
    channel_type: z.string().optional(),
    user: idSchema,
    text: z.string().default(''),
    ts: idSchema,
    files: z.array(fileSchema).nullish(),
  }),
})
const notTheirs = z.looseObject({ event: z.looseObject({ subtype: z.string().optional(), bot_id: z.string().optional() }) })
const homeBody = eventBody.extend({ event: z.looseObject({ user: idSchema, tab: z.string() }) })
const commandBody = z.looseObject({
  command: idSchema,
  text: z.string().default(''),
  user_id: idSchema,
  user_name: z.string().default(''),
  channel_id: idSchema,
  channel_name: z.string().optional(),
  team_id: z.string().default(''),
  team_domain: z.string().optional(),
  enterprise_id: z.string().optional(),
  is_enterprise_install: flag,
  response_url: z.string(),
  trigger_id: idSchema,
})
const whoSchema = {
  user: z.looseObject({ id: idSchema, username: z.string().optional(), name: z.string().optional() }),
  team: withId.extend({ domain: z.string().optional() }).nullish(),
  enterprise: withId.nullish(),
  is_enterprise_install: flag,
}
const actionBody = z.looseObject({
  ...whoSchema,
  trigger_id: idSchema,
  response_url: z.string().optional(),
  channel: withId.extend({ name: z.string().optional() }).nullish(),
  container: z.looseObject({
    type: z.string(),
    message_ts: z.string().optional(),
    channel_id: z.string().optional(),
    is_ephemeral: z.boolean().optional(),
  }),
  actions: z.array(
    z.looseObject({ action_id: z.string(), value: z.string().optional(), selected_option: z.looseObject({ value: z.string() }).nullish() }),
  ),
})
const submitBody = z.looseObject({
  ...whoSchema,
  view: z.looseObject({
    id: idSchema,
    callback_id: z.string(),
    private_metadata: z.string(),
    state: z.looseObject({ values: z.record(z.string(), z.record(z.string(), z.looseObject({ value: z.string().nullish() }))) }),
  }),
})

/** One person in one workspace, or in one organisation where the app is installed for all of it. */
export type Who = { tenant: string; user: string; name: string }
export type Message = { who: Who; id: string; channel: string; ts: string; text: string; file: SharedFile | null }
export type SharedFile = { name: string; bytes: number | null; url: string }
export type Command = { who: Who; id: string; name: string; text: string; channel: string; rooms: Room[]; responseUrl: string }
/** Where the asker alone sees the answer; `seen`: what was pressed is there for everybody, and stays. */
type PrivatePlace = { kind: 'private'; responseUrl: string; seen?: true | undefined; channel?: { id: string; name: string } | undefined }
export type Place = { kind: 'home' } | { kind: 'message'; channel: string; ts: string } | PrivatePlace
export type Action = {
  who: Who
  id: string
  trigger: string
  actionId: string
  value: string
  place: Place
  team: Team
  responseUrl: string | null
}
export type Submit = { who: Who; id: string; form: string; metadata: string; team: Team; values: Record<string, string> }
/** The workspace that somebody acts in. */
export type Team = { id: string; name: string }

const ORGANISATION = /^E/

/** The address of a person: everything that is needed to write to them. */
export function addressOf({ tenant, user }: Pick<Who, 'tenant' | 'user'>): string {
  return `${tenant}:${user}`
}

/** The person behind an address. */
export function whoseAddress(address: string): { tenant: string; user: string } {
  const [tenant = '', user = ''] = address.split(':')
  return { tenant, user }
}

/** The key of an installation: that of the organisation, when the app is installed for all of it. */
export function tenantOf(ids: { teamId: string | undefined; enterpriseId: string | null | undefined; wholeOrganisation: boolean }): string {
  return (ids.wholeOrganisation ? ids.enterpriseId : ids.teamId) ?? ids.teamId ?? ids.enterpriseId ?? ''
}

export function isOrganisation(tenant: string): boolean {
  return ORGANISATION.test(tenant)
}

function eventTenant(body: z.infer<typeof eventBody>): string {
  const wholeOrganisation = body.authorizations?.[0]?.is_enterprise_install === true
  return tenantOf({ teamId: body.team_id, enterpriseId: body.enterprise_id, wholeOrganisation })
}

function whoOf(body: Pick<z.infer<typeof actionBody>, 'user' | 'team' | 'enterprise' | 'is_enterprise_install'>): Who {
  const ids = { teamId: body.team?.id, enterpriseId: body.enterprise?.id, wholeOrganisation: body.is_enterprise_install === true }
  return { tenant: tenantOf(ids), user: body.user.id, name: body.user.username ?? body.user.name ?? '' }
}

/** The names that Slack gives where it does not say one. */
const NAMELESS = /^(privategroup|directmessage|mpdm-.*|)$/

/** The channel and the workspace around it. Nobody reads along in a private chat, and it is no channel. */
export function roomsOf(who: Who, team: Team, channel: { id: string; name: string } | undefined): Room[] {
  if (channel === undefined || channel.id.startsWith('D')) return []
  const address = addressOf({ tenant: who.tenant, user: channel.id })
  const title = NAMELESS.test(channel.name) ? 'channel' : `#${channel.name}`
  const here: Room = { id: address, kind: 'channel', title, address }
  return team.id === '' ? [here] : [here, { id: team.id, kind: 'workspace', title: team.name || 'workspace', address: null }]
}

/** The one kind of message that is a person's own, besides those of no kind. */
const FILE_SHARED = 'file_share'

/** A person's own message in our private chat; null for everything else that comes as a message. */
export function messageIn(body: unknown): Message | null {
  const other = notTheirs.safeParse(body)
  if (!other.success || (other.data.event.subtype ?? FILE_SHARED) !== FILE_SHARED || other.data.event.bot_id !== undefined) return null
  const parsed = messageBody.safeParse(body)
  if (!parsed.success || parsed.data.event.channel_type !== 'im') return null
  const { event, event_id } = parsed.data
  const who = { tenant: eventTenant(parsed.data), user: event.user, name: '' }
  const shared = event.files?.find((one) => typeof one.url_private === 'string')
  const file = typeof shared?.url_private === 'string' ? { name: shared.name ?? '', bytes: shared.size ?? null, url: shared.url_private } : null
  return { who, id: event_id, channel: event.channel, ts: event.ts, text: event.text, file }
}

/** Somebody looked at our Home tab. */
export function homeIn(body: unknown): { who: Who; id: string } | null {
  const parsed = homeBody.safeParse(body)
  if (!parsed.success || parsed.data.event.tab !== 'home') return null
  return { who: { tenant: eventTenant(parsed.data), user: parsed.data.event.user, name: '' }, id: parsed.data.event_id }
}

/** The workspace or organisation that an event is about. */
export function tenantIn(body: unknown): string | null {
  const parsed = eventBody.safeParse(body)
  return parsed.success ? eventTenant(parsed.data) : null
}

export function commandIn(body: unknown): Command {
  const data = commandBody.parse(body)
  const ids = { teamId: data.team_id || undefined, enterpriseId: data.enterprise_id, wholeOrganisation: data.is_enterprise_install === true }
  const who = { tenant: tenantOf(ids), user: data.user_id, name: data.user_name }
  const name = data.command.replace(/^\//, '')
  const rooms = roomsOf(who, { id: data.team_id, name: data.team_domain ?? '' }, { id: data.channel_id, name: data.channel_name ?? '' })
  const text = data.text.trim()
  return { who, id: `command:${data.trigger_id}`, name, text, channel: data.channel_id, rooms, responseUrl: data.response_url }
}

export function actionIn(body: unknown): Action {
  const data = actionBody.parse(body)
  const [action] = data.actions
  return {
    who: whoOf(data),
    // A press that Slack delivers twice has the same trigger.
    id: `action:${data.trigger_id}`,
    trigger: data.trigger_id,
    actionId: action?.action_id ?? '',
    value: action?.selected_option?.value ?? action?.value ?? '',
    place: pressedAt(data),
    team: teamOf(data.team),
    responseUrl: data.response_url ?? null,
  }
}

function pressedAt({ container, channel, response_url: responseUrl }: z.infer<typeof actionBody>): Place {
  const { channel_id: id, message_ts: ts, is_ephemeral: hidden } = container
  if (id === undefined) return hidden === true && responseUrl !== undefined ? { kind: 'private', responseUrl } : { kind: 'home' }
  const here = { id, name: channel?.name ?? '' }
  if (hidden === true && responseUrl !== undefined) return { kind: 'private', responseUrl, channel: here }
  if (ts === undefined) return { kind: 'home' }
  // Where others read along, an answer is for who pressed alone.
  return id.startsWith('D') || responseUrl === undefined
    ? { kind: 'message', channel: id, ts }
    : { kind: 'private', responseUrl, seen: true, channel: here }
}

function teamOf(team: { id: string; domain?: string | undefined } | null | undefined): Team {
  return { id: team?.id ?? '', name: team?.domain ?? '' }
}

export function submitIn(body: unknown): Submit {
  const data = submitBody.parse(body)
  return {
    who: whoOf(data),
    // A form can be sent once: whatever comes for it again is the same answer.
    id: `form:${data.view.id}`,
    form: data.view.callback_id,
    metadata: data.view.private_metadata,
    team: teamOf(data.team),
    values: valuesOf(data.view.state.values),
  }
}

/** Each field is alone in its block. */
function valuesOf(blocks: Readonly<Record<string, Record<string, { value?: string | null | undefined }>>>): Record<string, string> {
  return Object.fromEntries(Object.entries(blocks).map(([name, actions]) => [name, Object.values(actions)[0]?.value ?? '']))
}

const placeSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('home') }),
  z.object({ kind: z.literal('message'), channel: z.string(), ts: z.string() }),
  z.object({
    kind: z.literal('private'),
    responseUrl: z.string(),
    seen: z.literal(true).optional(),
    channel: z.object({ id: z.string(), name: z.string() }).optional(),
  }),
])

const openedSchema = z.object({ place: placeSchema, form: z.string(), spoken: z.string() })
/** Which form was opened, where, and in which language: it travels in the form. */
export type Opened = { place: Place; form: string; spoken: Language }

export function openedFrom(metadata: string): Opened {
  const { place, form, spoken } = openedSchema.parse(JSON.parse(metadata))
  return { place, form, spoken: languageOf(spoken) ?? 'en' }
}
