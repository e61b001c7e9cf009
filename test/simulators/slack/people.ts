// People in the simulated workspaces: what they type, press and fill in becomes the payloads that Slack sends, in Slack's shapes.
import { setTimeout as wait } from 'node:timers/promises'
import { z } from 'zod'
import { randomId } from '../../../src/lib/random.ts'
import { seesIn, type Person } from '../person.ts'
import { pressedBy, textOf, type Pressed } from './blocks.ts'
import type { Envelope } from './delivery.ts'
import type { Message, SlackState } from './state.ts'

export type SlackPerson = Person & {
  id: string
  /** Types a slash command in a channel. */
  saysIn(channel: string, command: string): Promise<void>
  /** Looks at the app's Home tab. */
  opensHome(): Promise<void>
  home(): string
  clicksHome(label: string): Promise<void>
  /** Sends the last event once more, as Slack does when an acknowledgement was lost. */
  repeats(): Promise<void>
  /** Presses a button of somebody else's message. */
  presses(message: Message, pressed: Pressed): Promise<void>
  /** The newest of the messages that this person sees and that has such a button. */
  buttonOf(label: string): { message: Message; pressed: Pressed }
}
export type PeopleDeps = {
  state: SlackState
  team: string
  commands: readonly string[]
  address: () => string
  /** Hands an event to the app; says so when it was not acknowledged. */
  send(envelope: Envelope): Promise<Record<string, unknown> | null>
  /** The app did what Slack would not stand. */
  violated(what: string): void
}

const FORM_MS = 3_000
const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

type Hand = {
  deps: PeopleDeps
  name: string
  id: string
  key: string
  room: string
  who: Record<string, unknown>
}

function replyUrl({ deps, id }: Hand, channel: string, message: Message | null): string {
  return `${deps.address()}/respond/${deps.state.reply({ channel, user: id, message })}`
}

function eventOf({ deps }: Hand, event: Record<string, unknown>): Envelope {
  return { type: 'events_api', payload: { type: 'event_callback', event_id: `Ev${randomId(10)}`, team_id: deps.team, api_app_id: 'A1', event } }
}

function commandOf(hand: Hand, channel: string, typed: string): Envelope {
  const { deps, id, name, key } = hand
  const [head = '', ...rest] = typed.slice(1).split(' ')
  // What is no command of the app's own is asked with its first one.
  const own = deps.commands.includes(`/${head}`)
  const payload = {
    command: own ? `/${head}` : '/conch',
    text: escaped(own ? rest.join(' ') : [head, ...rest].join(' ')),
    user_id: id,
    user_name: name,
    team_id: deps.team,
    channel_id: channel,
    channel_name: 'x',
    is_enterprise_install: 'false',
    response_url: replyUrl(hand, channel, null),
    trigger_id: deps.state.trigger(key),
  }
  return { type: 'slash_commands', payload }
}

function pressOf({ deps, who, key }: Hand, container: Record<string, unknown>, pressed: Pressed, response: Record<string, unknown>): Envelope {
  const actions = [{ ...pressed, action_ts: deps.state.ts() }]
  return { type: 'interactive', payload: { type: 'block_actions', ...who, container, trigger_id: deps.state.trigger(key), ...response, actions } }
}

function seenBy({ deps, room, id }: Hand): Message[] {
  return deps.state.messages.filter((one) => !one.deleted && (one.onlyFor === null ? one.channel === room : one.onlyFor === id))
}

function transcriptOf(hand: Hand): string {
  const messages = seenBy(hand).map((one) => (one.from === 'person' ? `${hand.name}: ${one.text}` : textOf(one.blocks)))
  return [...messages, ...complaintsOf(hand)].join('\n\n')
}

function buttonFor(hand: Hand, label: string): { message: Message; pressed: Pressed } {
  for (const message of seenBy(hand).toReversed()) {
    const pressed = message.from === 'bot' ? pressedBy(message.blocks, label) : null
    if (pressed !== null) return { message, pressed }
  }
  throw new Error(`no button ${label} in:\n${transcriptOf(hand)}`)
}

export function createSlackPerson(deps: PeopleDeps, name: string): SlackPerson {
  const { state, team } = deps
  const id = `U${name.toUpperCase()}`
  const key = `${team}:${id}`
  const room = state.roomOf(team, id)
  const who = { user: { id, username: name, name, team_id: team }, team: { id: team, domain: 'x' }, enterprise: null, is_enterprise_install: false }
  const hand: Hand = { deps, name, id, key, room, who }
  let last: Envelope | null = null
  const deliver = (envelope: Envelope): Promise<Record<string, unknown> | null> => {
    last = envelope
    return deps.send(envelope)
  }
  const send = async (envelope: Envelope): Promise<void> => void (await deliver(envelope))
  const presses = (message: Message, pressed: Pressed): Promise<void> => {
    const container = { type: 'message', message_ts: message.ts, channel_id: message.channel, is_ephemeral: message.onlyFor !== null }
    const response = { channel: { id: message.channel, name: 'x' }, response_url: replyUrl(hand, message.channel, message) }
    return send(pressOf(hand, container, pressed, response))
  }
  const home = (): string => textOf(state.homes.get(key) ?? [])
  return {
    id,
    presses,
    home,
    transcript: () => transcriptOf(hand),
    buttonOf: (label) => buttonFor(hand, label),
    sees: (pattern, options) => seesIn(() => transcriptOf(hand), pattern, options),
    async says(text) {
      if (text.startsWith('/')) return send(commandOf(hand, room, text))
      const ts = state.ts()
      state.messages.push({ channel: room, ts, from: 'person', text, blocks: [], onlyFor: null, deleted: false, edits: 0 })
      await send(eventOf(hand, { type: 'message', channel: room, channel_type: 'im', user: id, text: escaped(text), ts }))
    },
    async sends(name, content) {
      const bytes = Buffer.from(content)
      const file = `F${randomId(10).toUpperCase()}`
      state.files.set(file, { id: file, team, length: bytes.length, bytes, complete: true, workingOn: 0, name })
      const ts = state.ts()
      state.messages.push({ channel: room, ts, from: 'person', text: `📎 ${name}`, blocks: [], onlyFor: null, deleted: false, edits: 0 })
      const files = [{ id: file, name, size: bytes.length, url_private: `${deps.address()}/files-pri/${team}-${file}/${name}` }]
      await send(eventOf(hand, { type: 'message', subtype: 'file_share', channel: room, channel_type: 'im', user: id, text: '', ts, files }))
    },
    saysIn: (channel, text) => send(commandOf(hand, channel, text)),
    async clicks(label) {
      const { message, pressed } = buttonFor(hand, label)
      await presses(message, pressed)
    },
    async submits(values, { button } = {}) {
      if (button !== undefined) {
        const { message, pressed } = buttonFor(hand, button)
        await presses(message, pressed)
      }
      await submit(deps, { key, who, send: deliver }, values)
    },
    opensHome: () => send(eventOf(hand, { type: 'app_home_opened', user: id, channel: room, tab: 'home', event_ts: state.ts() })),
    async clicksHome(label) {
      const pressed = pressedBy(state.homes.get(key) ?? [], label)
      if (pressed === null) throw new Error(`no button ${label} on the Home tab:\n${home()}`)
      await send(pressOf(hand, { type: 'view', view_id: `VHOME${id}` }, pressed, {}))
    },
    async repeats() {
      if (last !== null) await deps.send(last)
    },
  }
}

type Filling = { key: string; who: Record<string, unknown>; send: (envelope: Envelope) => Promise<Record<string, unknown> | null> }

const answerSchema = z.object({ response_action: z.literal('errors'), errors: z.record(z.string(), z.string().min(1)) })

async function submit({ state, violated }: PeopleDeps, { key, who, send }: Filling, values: Readonly<Record<string, string>>): Promise<void> {
  const deadline = performance.now() + FORM_MS
  while (!state.modals.has(key) && performance.now() < deadline) await wait(5)
  const open = state.modals.get(key)
  if (open === undefined) throw new Error('no form is open')
  const inputs = open.view.blocks.flatMap((block) => (block.type === 'input' ? [block] : []))
  const unknown = Object.keys(values).filter((label) => !inputs.some((input) => input.label.text === label))
  if (unknown.length > 0) throw new Error(`the form has no field ${unknown.join(', ')}: ${inputs.map((input) => input.label.text).join(', ')}`)
  const empty = inputs.filter((input) => input.optional !== true && (values[input.label.text] ?? '') === '')
  if (empty.length > 0) throw new Error(`Slack does not send the form without ${empty.map((input) => input.label.text).join(', ')}`)
  const filled = inputs.map((input) => [
    input.block_id ?? '',
    { [input.element.action_id]: { type: 'plain_text_input', value: values[input.label.text] ?? null } },
  ])
  const view = { ...open.view, id: open.id, state: { values: Object.fromEntries(filled) as Record<string, unknown> } }
  const answer = await send({
    type: 'interactive',
    payload: { type: 'view_submission', ...who, trigger_id: state.trigger(key), view, response_urls: [] },
  })
  const wrong = answerSchema.safeParse(answer)
  if (!wrong.success) return void (state.modals.get(key)?.id === open.id && state.modals.delete(key))
  // Slack closes the form with a warning sign when an error is for a block that it does not have.
  for (const block of Object.keys(wrong.data.errors)) if (!inputs.some((input) => input.block_id === block)) violated(`an error for ${block}`)
  state.modals.set(key, { ...open, errors: wrong.data.errors })
}

/** The form that is open, as far as something is wrong with it. */
function complaintsOf({ deps, key }: Hand): string[] {
  const open = deps.state.modals.get(key)
  return Object.values(open?.errors ?? {}).map((text) => `⚠ ${text}`)
}
