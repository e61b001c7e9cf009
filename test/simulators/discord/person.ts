// A person at Discord: in direct messages with the bot, or in a server where others read along.
import { z } from 'zod'
import { randomId } from '../../../src/lib/random.ts'
import { seesIn, type Person } from '../person.ts'
import { labelsOf } from './calls.ts'
import { visible } from './markdown.ts'
import { allOf, type Component } from './rules.ts'
import { channelOf, messageJson, type Asked, type InteractionKind, type Posted, type State } from './state.ts'

export type DiscordPerson = Person & {
  id: string
  /** The same person in another place. */
  at(place: 'dm' | 'server' | 'friends'): DiscordPerson
  /** Sends a command with these options filled in. */
  asks(command: string, options: Readonly<Record<string, string>>): Promise<void>
  /** What is offered while an option of a command is typed. */
  completes(command: string, option: string, typed: string): Promise<string[]>
  /** Presses whatever carries this id, on a message that may be somebody else's. */
  pressesId(customId: string, message?: Posted): Promise<void>
  /** The messages that the person sees, the oldest first. */
  messages(): Posted[]
}
export type PersonContext = {
  state: State
  now: () => number
  /** Where Discord keeps files, without a slash at its end. */
  filesAt: () => string
  dispatch(type: string, data: unknown, guildId: string | null): void
  /** Watches the deadline of an acknowledgement. */
  asked(interaction: Asked): void
}

const FORM_PATIENCE_MS = 3_000

export function createPerson(context: PersonContext, who: { name: string; place: 'dm' | 'server' | 'friends'; id?: string }): DiscordPerson {
  const { state } = context
  const id = who.id ?? state.nextId()
  const user = { id, username: who.name.toLowerCase().replaceAll(/\W/g, ''), global_name: who.name, discriminator: '0', avatar: null }
  const here = channelOf(state, who.place, id)
  const asker = { context, user, personId: id }
  const messages = (): Posted[] => {
    const mine = new Set(state.channels.filter((one) => one.personId === id || one.kind === who.place).map((one) => one.id))
    const foreign = new Set(state.channels.filter((one) => one.kind === 'dm' && one.personId !== id).map((one) => one.id))
    return state.messages.filter((one) => mine.has(one.channelId) && !foreign.has(one.channelId) && (one.onlyFor === null || one.onlyFor === id))
  }
  const transcript = (): string =>
    [
      ...messages().map((one) => ({ id: one.id, text: shown(one) })),
      ...state.failures.filter((one) => one.personId === id).map((one) => ({ id: one.after, text: one.text })),
    ]
      .toSorted((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1))
      .map((one) => one.text)
      .join('\n\n')
  const press = async (message: Posted | undefined, data: object): Promise<void> => {
    const channelId = message?.channelId ?? here.id
    ask(asker, { kind: 'component', channelId, sourceId: message?.id ?? null, data })
  }
  const clicks = async (label: string): Promise<void> => {
    const message = messages().findLast((one) => labelsOf(one).includes(label))
    if (message === undefined) throw new Error(`there is no "${label}" in:\n${transcript()}`)
    const data = pressData(message, label)
    if (data !== null) await press(message, data)
  }
  const open = async (): Promise<NonNullable<ReturnType<State['forms']['get']>>> => {
    const deadline = performance.now() + FORM_PATIENCE_MS
    for (;;) {
      const form = state.forms.get(id)
      if (form !== undefined) return form
      if (performance.now() > deadline) throw new Error(`no form is open:\n${transcript()}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  return {
    id,
    at: (place) => createPerson(context, { ...who, place, id }),
    messages,
    transcript,
    sees: (pattern, options) => seesIn(transcript, pattern, options),
    sends: async (name, content) => write(asker, channelOf(state, 'dm', id).id, '', { name, content }),
    async says(text) {
      const command = commandOf(state, text)
      if (command === null) return write(asker, channelOf(state, 'dm', id).id, text)
      ask(asker, { kind: 'command', channelId: here.id, sourceId: null, data: command })
    },
    async asks(command, options) {
      const filledIn = Object.entries(options).map(([name, value]) => ({ name, type: 3, value }))
      const data = { id: state.nextId(), name: command, type: 1, options: filledIn }
      ask(asker, { kind: 'command', channelId: here.id, sourceId: null, data })
    },
    clicks,
    async submits(values, { button } = {}) {
      if (button !== undefined) await clicks(button)
      const { modal, asked } = await open()
      state.forms.delete(id)
      const components = modal.components.map((one, index) => filled(one, values, index))
      ask(asker, { kind: 'form', channelId: asked.channelId, sourceId: asked.sourceId, data: { custom_id: modal.custom_id, components } })
    },
    pressesId: (customId, message) => press(message ?? messages().at(-1), { custom_id: customId, component_type: 2 }),
    completes: (command, option, typed) => completed(asker, here.id, { command, option, typed }),
  }
}

type Typed = { command: string; option: string; typed: string }

async function completed(asker: Asker, channelId: string, { command, option, typed }: Typed): Promise<string[]> {
  const options = [{ name: option, type: 3, value: typed, focused: true }]
  const data = { id: asker.context.state.nextId(), name: command, type: 1, options }
  const asked = ask(asker, { kind: 'autocomplete', channelId, sourceId: null, data })
  await seesIn(() => (asked.choices === null ? '' : 'offered'), 'offered')
  return (asked.choices ?? []).map((one) => one.name)
}

function shown(message: Posted): string {
  if (message.author === 'person') return `> ${message.content}`
  if (message.thinking) return '(conch is thinking…)'
  const texts = allOf(message.components).flatMap((one) =>
    one.type === 10
      ? [visible(one.content ?? '')]
      : [...(one.file === undefined ? [] : [one.file.url.replace('attachment://', '📎 ')]), ...(one.items ?? []).map(() => '🖼')],
  )
  const links = new Map(allOf(message.components).flatMap((one) => (one.type === 2 && one.url !== undefined ? [[one.label ?? '', one.url]] : [])))
  const labels = labelsOf(message).map((label) => (links.has(label) ? `[${label} → ${links.get(label)}]` : `[${label}]`))
  return [message.content, ...texts, labels.join(' ')].filter((line) => line !== '').join('\n')
}

function pressData(message: Posted, label: string): object | null {
  for (const one of allOf(message.components)) {
    if (one.type === 2 && one.label === label) return one.custom_id === undefined ? null : { custom_id: one.custom_id, component_type: 2 }
    const option = (one.options ?? []).find((each) => each.label === label)
    if (option !== undefined) return { custom_id: one.custom_id, component_type: 3, values: [option.value] }
  }
  return null
}

/** A form's field with its value: named by its label, by its id, or the only one there is. */
function filled(field: Component, values: Readonly<Record<string, string>>, index: number): object {
  const inner = field.component ?? field
  const value = values[field.label ?? ''] ?? values[inner.custom_id ?? ''] ?? Object.values(values)[index]
  if (value === undefined) throw new Error(`nothing was given for the field ${field.label ?? ''}`)
  return { type: 18, id: index + 1, component: { type: inner.type, id: index + 100, custom_id: inner.custom_id, value } }
}

/** `/deploy my-claw ams` with its words in the options, in their order; null when it is no command. */
function commandOf(state: State, text: string): object | null {
  const [head = '', ...words] = text.trim().split(/\s+/)
  const command = head.startsWith('/') ? state.commands.find((one) => `/${one.name}` === head) : undefined
  if (command === undefined) return null
  const options = command.options.flatMap((option, index) => {
    const value = words[index]
    return value === undefined ? [] : [{ name: option.name, type: option.type, value: option.type === 4 ? Number(value) : value }]
  })
  return { id: state.nextId(), name: command.name, type: 1, options }
}

type Asker = { context: PersonContext; user: object; personId: string }

function write({ context, user, personId }: Asker, channelId: string, content: string, file?: { name: string; content: string }): void {
  const { state } = context
  const message: Posted = {
    id: state.nextId(),
    channelId,
    author: 'person',
    content,
    components: [],
    flags: 0,
    files: file === undefined ? [] : [file.content],
    onlyFor: null,
    thinking: false,
    edits: 0,
    nonce: null,
  }
  state.messages.push(message)
  const attachments =
    file === undefined
      ? []
      : [{ id: message.id, filename: file.name, size: Buffer.byteLength(file.content), ...addressesOf(context, message, file.name) }]
  context.dispatch('MESSAGE_CREATE', { ...messageJson(state, message), attachments, author: { ...user, id: personId }, channel_type: 1 }, null)
}

function addressesOf({ filesAt }: PersonContext, { id }: Posted, name: string): { url: string; proxy_url: string } {
  const url = `${filesAt()}/attachments/${id}/${name}`
  return { url, proxy_url: url }
}

type Question = { kind: InteractionKind; channelId: string; sourceId: string | null; data: object }
const types: Readonly<Record<InteractionKind, number>> = { command: 2, component: 3, autocomplete: 4, form: 5 }

function ask({ context, user, personId }: Asker, { kind, channelId, sourceId, data }: Question): Asked {
  const { state } = context
  const asked: Asked = {
    id: state.nextId(),
    token: randomId(40),
    kind,
    personId,
    channelId,
    sourceId,
    askedAt: context.now(),
    acknowledged: false,
    originalId: null,
    choices: null,
  }
  state.interactions.push(asked)
  const where = state.channels.find((one) => one.id === channelId)?.kind
  const inServer = where === 'server'
  const source = state.messages.find((one) => one.id === sourceId)
  const common = {
    id: asked.id,
    token: asked.token,
    application_id: state.botId,
    type: types[kind],
    version: 1,
    locale: 'en-GB',
    app_permissions: '0',
    entitlements: [],
  }
  const place = inServer
    ? {
        guild_id: state.serverId,
        context: 0,
        channel: { id: channelId, type: 0, name: 'ops' },
        member: { user, roles: [], permissions: '0', joined_at: null, deaf: false, mute: false, flags: 0 },
      }
    : { context: where === 'friends' ? 2 : 1, channel: { id: channelId, type: where === 'friends' ? 3 : 1 }, user }
  const owners = { authorizing_integration_owners: inServer ? { 0: state.serverId } : { 1: personId } }
  const message = source === undefined ? {} : { message: messageJson(state, source) }
  context.asked(asked)
  context.dispatch(
    'INTERACTION_CREATE',
    { ...common, ...place, ...owners, ...message, channel_id: channelId, data: z.looseObject({}).parse(data) },
    inServer ? state.serverId : null,
  )
  return asked
}
