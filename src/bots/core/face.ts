// What a chat platform is to the core: where views go out and where people's words and presses come in.
import type { Sealed } from '../../lib/sealed.ts'
import type { ReadyView } from './view.ts'

export type Capabilities = {
  /** A message that was sent can be changed. */
  editsMessages: boolean
  /** A press is answered by changing the message that was pressed; otherwise by a new message below it. */
  answersInPlace: boolean
  /** A person's own message can be deleted: one that carries a secret is. */
  deletesTheirMessages: boolean
  /** What a person types can be hidden while a secret is asked. */
  masksSecrets: boolean
  /** A reply in a group can be shown to one person alone. */
  privateReplies: boolean
  /** A form is one dialog, or one question after the other. */
  forms: 'modal' | 'questions'
  /** A person can make a bot of their own with a tap. */
  createsBots: boolean
  /** 0: there is no select, its options become buttons. */
  selectOptionsMax: number
  buttonsMax: number
  buttonsPerRowMax: number
  buttonLabelCharsMax: number
  textCharsMax: number
  /** How often a message about a running job may be edited for its clock's sake alone; null: never. */
  refreshMs: number | null
}

/** What became of a message. Anything thrown instead is taken for a failure that passes. */
export type Delivery =
  | { kind: 'sent'; ref: string }
  | { kind: 'retry-after'; ms: number }
  /** This chat cannot be reached any more: the person blocked us, or left. */
  | { kind: 'undeliverable'; why: string }
  /** The message to be edited is gone, or too old to be edited. */
  | { kind: 'message-gone' }

export type Face = {
  provider: string
  capabilities: Capabilities
  /** At least this long between two messages that we send to one chat unasked. */
  paceMs: number
  /** Shows a new message. With an idempotency key that this face has shown before, it may change that message instead: never a second one. */
  send(chat: string, view: ReadyView, options: { idempotencyKey: string; unasked: boolean }): Promise<Delivery>
  edit(chat: string, ref: string, view: ReadyView): Promise<Delivery>
  /** Deletes a message; false when the platform refused. */
  delete(chat: string, ref: string): Promise<boolean>
  /** Says something to who pressed, and to nobody else, without a message; false when that is no longer possible. Only after a press. */
  note?(text: string): Promise<boolean>
  /** An address that opens our private chat and says this there; null while it is not known. It only ever asks or looks. */
  addressOf?(command: { name: string; args: readonly string[] }): string | null
  /** Messages with these keys will come by themselves: a face that answers line by line waits for their end. */
  expect?(chat: string, keys: readonly string[]): void
}

type Origin = {
  /** The platform's own id of the event: the same one twice is handled once. */
  id: string
  provider: string
  subject: string
  displayName: string
  chat: string
  place: 'dm' | 'group' | 'terminal'
  /** The message that was sent, or whose button was pressed. */
  messageRef?: string
  timeZone?: string | null
  /** The language of the person's program, as the platform names it: "de-AT". */
  language?: string | null
  /** The shared places that it was said in, the narrowest first; none in private. */
  rooms?: readonly Room[]
}

/** A place that others share. That something came from there is the platform's word that the person is in it. */
export type Room = {
  /** Unique on the platform. */
  id: string
  kind: 'topic' | 'group' | 'channel' | 'server' | 'workspace'
  title: string
  /** Where announcements to it go, as `send` takes it; null for what is larger than a channel. */
  address: string | null
}

/** A file that a person sent. What is in it is fetched when something asks for it, and never more than that takes. */
export type SentFile = { name: string; bytes: number | null; read(bytesMax: number): Promise<Buffer | 'too-large' | 'gone'> }

export type Inbound = Origin &
  (
    | { kind: 'text'; text: string }
    /** A file, and the words with it; without any they are empty. In private only. */
    | { kind: 'file'; file: SentFile; text: string }
    | { kind: 'press'; button: string }
    | { kind: 'start' }
    /** A form of several fields, by their names. A form of one field comes as text. */
    | { kind: 'form'; form: string; values: Readonly<Record<string, string>> }
    /** A bot that the person made with a tap. Null: the platform does not hand its token over, and they must paste it. */
    | { kind: 'bot-created'; username: string; token: Sealed | null }
  )
