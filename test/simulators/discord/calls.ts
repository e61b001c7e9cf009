// What each call of the bot does: the REST half of Discord.
import { z } from 'zod'
import {
  allOf,
  commandProblems,
  commandsSchema,
  COMPONENTS_V2,
  EPHEMERAL,
  FILES,
  messageProblems,
  messageSchema,
  modalProblems,
  modalSchema,
  type MessageBody,
} from './rules.ts'
import { channelOf, messageJson, type Asked, type Posted, type State } from './state.ts'

export type Answer = { status: number; body?: unknown; headers?: Record<string, string> }
export type CallContext = { state: State; now: () => number; violation: (text: string) => void; tokenLifeMs: number }
type Call = { parts: string[]; body: unknown }

const ACKNOWLEDGE_MS = 3_000
const callbackSchema = z.object({ type: z.number(), data: z.unknown().optional() })

export const refused = (status: number, code: number, message: string): Answer => ({ status, body: { code, message } })
const unknownMessage = refused(404, 10_008, 'Unknown Message')

type Route = [method: string, pattern: RegExp, run: (context: CallContext, call: Call) => Answer]

const routes: Route[] = [
  ['PUT', /^\/applications\/(\d+)\/commands$/, register],
  ['POST', /^\/users\/@me\/channels$/, openDirect],
  ['POST', /^\/channels\/(\d+)\/messages$/, postMessage],
  ['PATCH', /^\/channels\/(\d+)\/messages\/(\d+)$/, (context, call) => changed(context, publicMessage(context, call), call.body)],
  ['DELETE', /^\/channels\/(\d+)\/messages\/(\d+)$/, (context, call) => removed(context, publicMessage(context, call))],
  ['POST', /^\/interactions\/(\d+)\/([\w-]+)\/callback$/, callback],
  ['POST', /^\/webhooks\/(\d+)\/([\w-]+)$/, followUp],
  [
    'PATCH',
    /^\/webhooks\/(\d+)\/([\w-]+)\/messages\/(@original|\d+)$/,
    (context, call) => onReply(context, call, (message) => changed(context, message, call.body)),
  ],
  [
    'DELETE',
    /^\/webhooks\/(\d+)\/([\w-]+)\/messages\/(@original|\d+)$/,
    (context, call) => onReply(context, call, (message) => removed(context, message)),
  ],
]

/** Carries a call out. */
export function carryOut(context: CallContext, method: string, path: string, body: unknown): Answer {
  for (const [verb, pattern, run] of routes) {
    const match = verb === method ? pattern.exec(path) : null
    if (match !== null) return run(context, { parts: match.slice(1), body })
  }
  return refused(404, 0, `404: Not Found (${method} ${path})`)
}

function register({ state, violation }: CallContext, { body }: Call): Answer {
  const commands = commandsSchema.parse(body)
  const problems = commandProblems(commands)
  for (const problem of problems) violation(`commands: ${problem}`)
  if (problems.length > 0) return refused(400, 50_035, 'Invalid Form Body')
  state.commands = commands
  return { status: 200, body: commands.map((one) => ({ ...one, id: state.nextId(), application_id: state.botId, version: state.nextId() })) }
}

function openDirect({ state }: CallContext, { body }: Call): Answer {
  const { recipient_id: personId } = z.object({ recipient_id: z.string() }).parse(body)
  return { status: 200, body: { id: channelOf(state, 'dm', personId).id, type: 1, recipients: [] } }
}

function wrong({ violation }: CallContext, body: MessageBody): Answer | null {
  const problems = messageProblems(body)
  for (const problem of problems) violation(`message: ${problem}`)
  return problems.length === 0 ? null : refused(400, 50_035, 'Invalid Form Body')
}

function filesOf(raw: unknown): string[] {
  const files = typeof raw === 'object' && raw !== null && FILES in raw ? raw[FILES] : []
  return z.array(z.string()).parse(files)
}

function posted({ state }: CallContext, body: MessageBody, at: { channelId: string; onlyFor: string | null }): Posted {
  const { content, components, flags, nonce } = body
  return {
    id: state.nextId(),
    ...at,
    author: 'bot',
    content: content ?? '',
    components: [...(components ?? [])],
    flags: flags ?? 0,
    files: [],
    thinking: false,
    edits: 0,
    nonce: nonce === undefined || nonce === null ? null : String(nonce),
  }
}

function postMessage(context: CallContext, { parts, body: raw }: Call): Answer {
  const { state } = context
  const channel = state.channels.find((one) => one.id === parts[0])
  if (channel === undefined) return refused(404, 10_003, 'Unknown Channel')
  const closed = state.closed.get(channel.personId ?? '')
  if (closed !== undefined) return refused(403, closed, 'Cannot send messages to this user')
  const body = messageSchema.parse(raw)
  const problem = wrong(context, body)
  if (problem !== null) return problem
  const nonce = body.nonce === undefined || body.nonce === null ? null : String(body.nonce)
  const known =
    body.enforce_nonce === true ? state.messages.find((one) => nonce !== null && one.nonce === nonce && one.channelId === channel.id) : undefined
  if (known !== undefined) return { status: 200, body: messageJson(state, known) }
  const message = { ...posted(context, body, { channelId: channel.id, onlyFor: null }), files: filesOf(raw) }
  state.messages.push(message)
  return { status: 200, body: messageJson(state, message) }
}

function publicMessage({ state }: CallContext, { parts }: Call): Posted | undefined {
  return state.messages.find((one) => one.channelId === parts[0] && one.id === parts[1] && one.onlyFor === null)
}

function changed(context: CallContext, message: Posted | undefined, raw: unknown): Answer {
  if (message === undefined) return unknownMessage
  if (message.author !== 'bot') return refused(403, 50_005, 'Cannot edit a message authored by another user')
  const body = messageSchema.parse(raw)
  const flags = (body.flags ?? message.flags) | (message.flags & EPHEMERAL)
  if ((message.flags & COMPONENTS_V2) !== 0 && (flags & COMPONENTS_V2) === 0)
    return refused(400, 50_035, 'The flag of components version 2 cannot be removed')
  const problem = wrong(context, { ...body, flags })
  if (problem !== null) return problem
  Object.assign(message, {
    content: body.content ?? '',
    components: [...(body.components ?? [])],
    flags,
    files: filesOf(raw),
    thinking: false,
    edits: message.edits + (message.thinking ? 0 : 1),
  })
  return { status: 200, body: messageJson(context.state, message) }
}

function removed({ state }: CallContext, message: Posted | undefined): Answer {
  if (message === undefined) return unknownMessage
  if (message.author !== 'bot') return refused(403, 50_003, 'Cannot execute action on this channel type')
  state.messages.splice(state.messages.indexOf(message), 1)
  return { status: 204 }
}

function callback(context: CallContext, { parts, body }: Call): Answer {
  const { state, now, violation } = context
  const asked = state.interactions.find((one) => one.id === parts[0] && one.token === parts[1])
  if (asked === undefined || now() - asked.askedAt > ACKNOWLEDGE_MS) return refused(404, 10_062, 'Unknown interaction')
  if (asked.acknowledged) return refused(400, 40_060, 'Interaction has already been acknowledged.')
  const { type, data } = callbackSchema.parse(body)
  const problem = accept(context, asked, { type, data })
  if (problem !== null) {
    violation(`interaction: ${problem}`)
    return refused(400, 50_035, 'Invalid Form Body')
  }
  asked.acknowledged = true
  return { status: 204 }
}

/** Does what the first response says; what is wrong with it, or null. */
function accept(context: CallContext, asked: Asked, { type, data }: { type: number; data: unknown }): string | null {
  const { state } = context
  switch (type) {
    case 5: {
      const flags = z.object({ flags: z.number().nullish() }).optional().parse(data)?.flags ?? 0
      const at = { channelId: asked.channelId, onlyFor: (flags & EPHEMERAL) !== 0 ? asked.personId : null }
      const message = { ...posted(context, { flags }, at), thinking: true }
      state.messages.push(message)
      asked.originalId = message.id
      return asked.kind === 'autocomplete' ? 'choices were asked for' : null
    }
    case 6:
      asked.originalId = asked.sourceId
      return asked.sourceId === null ? 'there is no message to update' : null
    case 8:
      asked.choices = z.object({ choices: z.array(z.object({ name: z.string().min(1).max(100), value: z.string() })).max(25) }).parse(data).choices
      return asked.kind === 'autocomplete' ? null : 'no choices were asked for'
    case 9: {
      const modal = modalSchema.parse(data)
      if (asked.kind === 'form') return 'a form in answer to a form'
      state.forms.set(asked.personId, { modal, asked })
      return modalProblems(modal)[0] ?? null
    }
    default:
      return `a first response of type ${type} is not expected`
  }
}

function followUp(context: CallContext, { parts, body: raw }: Call): Answer {
  const asked = alive(context, parts[1] ?? '')
  if (asked === null) return refused(404, 10_015, 'Unknown Webhook')
  const body = messageSchema.parse(raw)
  const problem = wrong(context, body)
  if (problem !== null) return problem
  const onlyFor = ((body.flags ?? 0) & EPHEMERAL) !== 0 ? asked.personId : null
  const message = { ...posted(context, body, { channelId: asked.channelId, onlyFor }), files: filesOf(raw) }
  context.state.messages.push(message)
  return { status: 200, body: messageJson(context.state, message) }
}

function onReply(context: CallContext, { parts }: Call, run: (message: Posted | undefined) => Answer): Answer {
  const asked = alive(context, parts[1] ?? '')
  if (asked === null) return refused(401, 50_027, 'Invalid Webhook Token')
  const id = parts[2] === '@original' ? asked.originalId : parts[2]
  return run(context.state.messages.find((one) => one.id === id && one.author === 'bot'))
}

function alive({ state, now, tokenLifeMs, violation }: CallContext, token: string): Asked | null {
  const asked = state.interactions.find((one) => one.token === token)
  if (asked === undefined || now() - asked.askedAt > tokenLifeMs) return null
  if (!asked.acknowledged) violation('an interaction was replied to before it was acknowledged')
  return asked
}

/** The labels that can be pressed on a message. */
export function labelsOf(message: Posted): string[] {
  return allOf(message.components).flatMap((one) => (one.type === 2 ? [one.label ?? ''] : (one.options ?? []).map((option) => option.label)))
}
