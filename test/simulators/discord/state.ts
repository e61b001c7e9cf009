// What Discord keeps: people, channels, messages and interactions.
import type { Command, Component, ModalBody } from './rules.ts'

/** `friends`: a group of people without a server. */
export type Channel = { id: string; kind: 'dm' | 'server' | 'friends'; personId: string | null }
export type Posted = {
  id: string
  channelId: string
  author: 'bot' | 'person'
  content: string
  components: Component[]
  flags: number
  /** The texts of the files that were attached. */
  files: string[]
  /** Shown to one person alone. */
  onlyFor: string | null
  /** The acknowledged command that this will be the reply to. */
  thinking: boolean
  edits: number
  nonce: string | null
}
export type InteractionKind = 'command' | 'component' | 'form' | 'autocomplete'
export type Asked = {
  id: string
  token: string
  kind: InteractionKind
  personId: string
  channelId: string
  askedAt: number
  acknowledged: boolean
  /** The message that @original stands for. */
  originalId: string | null
  /** The message whose button was pressed, or whose form was sent. */
  sourceId: string | null
  choices: { name: string; value: string }[] | null
}
export type State = {
  botId: string
  serverId: string
  channels: Channel[]
  messages: Posted[]
  interactions: Asked[]
  commands: Command[]
  /** Per person: the form that is open, with the interaction that opened it. */
  forms: Map<string, { modal: ModalBody; asked: Asked }>
  /** What a person was told about an interaction that nobody answered. */
  failures: { personId: string; after: string; text: string }[]
  /** Per person: the error that a direct message to them ends with. */
  closed: Map<string, number>
  nextId(): string
}

const EPOCH_MS = 1_420_070_400_000

export function createState(): State {
  let count = 0n
  const nextId = (): string => {
    count += 1n
    return String((BigInt(Math.trunc(performance.timeOrigin + performance.now() - EPOCH_MS)) << 22n) + count)
  }
  return {
    botId: nextId(),
    serverId: nextId(),
    channels: [],
    messages: [],
    interactions: [],
    commands: [],
    forms: new Map(),
    failures: [],
    closed: new Map(),
    nextId,
  }
}

/** The person's direct messages with the bot, or the server's only channel. */
export function channelOf(state: State, kind: Channel['kind'], personId: string): Channel {
  const wanted = kind === 'dm' ? personId : null
  const known = state.channels.find((one) => one.kind === kind && one.personId === wanted)
  if (known !== undefined) return known
  const made: Channel = { id: state.nextId(), kind, personId: wanted }
  state.channels.push(made)
  return made
}

/** A message as the API gives it. */
export function messageJson(state: State, message: Posted): Record<string, unknown> {
  const { id, channelId, content, components, flags } = message
  const now = new Date(performance.timeOrigin + performance.now()).toISOString()
  const author = { id: state.botId, username: 'conch', discriminator: '0', global_name: null, avatar: null, bot: true }
  const empty = { embeds: [], attachments: [], mentions: [], mention_roles: [] }
  return {
    id,
    channel_id: channelId,
    author,
    content,
    components,
    flags,
    type: 0,
    timestamp: now,
    edited_timestamp: null,
    tts: false,
    pinned: false,
    mention_everyone: false,
    ...empty,
  }
}
