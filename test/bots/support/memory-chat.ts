// A chat platform in memory: keeps what it was asked to show, and can be told to fail as platforms do.
import type { Capabilities, Delivery, Face, Inbound, Room } from '../../../src/bots/core/face.ts'
import { linesOf, plainStyle } from '../../../src/bots/core/layout.ts'
import type { ReadyView } from '../../../src/bots/core/view.ts'
import { randomId } from '../../../src/lib/random.ts'
import type { Sealed } from '../../../src/lib/sealed.ts'

export type Message = { ref: string; chat: string; view: ReadyView; edits: number; deleted: boolean }
export type Answer = Delivery | Error | 'shown-then-dies'

export type MemoryChat = {
  face: Face
  messages: Message[]
  deleted: string[]
  /** How the next calls end, in order; afterwards everything works. A function decides for itself. */
  next: Answer[]
  /** Every call that came, with its time. */
  calls: { kind: 'send' | 'edit'; chat: string; at: number; key?: string }[]
  textOf(message: Message | undefined): string
  /** The text of all messages of a chat, oldest first. */
  texts(chat: string): string[]
}

const usual: Capabilities = {
  editsMessages: true,
  answersInPlace: true,
  deletesTheirMessages: true,
  masksSecrets: false,
  privateReplies: false,
  forms: 'questions',
  createsBots: false,
  selectOptionsMax: 0,
  buttonsMax: 40,
  buttonsPerRowMax: 8,
  buttonLabelCharsMax: 60,
  textCharsMax: 4_096,
  refreshMs: null,
}

export function createMemoryChat(provider: string, options: { capabilities?: Partial<Capabilities>; paceMs?: number } = {}): MemoryChat {
  const chat: MemoryChat = {
    messages: [],
    deleted: [],
    next: [],
    calls: [],
    textOf: (message) =>
      message === undefined
        ? ''
        : linesOf(message.view, plainStyle)
            .map((line) => line.text)
            .join('\n'),
    texts: (address) => chat.messages.filter((one) => one.chat === address).map((one) => chat.textOf(one)),
    face: {
      provider,
      capabilities: { ...usual, ...options.capabilities },
      paceMs: options.paceMs ?? 0,
      async send(address, view, { idempotencyKey }) {
        chat.calls.push({ kind: 'send', chat: address, at: performance.now(), key: idempotencyKey })
        const answer = chat.next.shift()
        if (answer instanceof Error) throw answer
        if (answer !== undefined && answer !== 'shown-then-dies') return answer
        const ref = randomId(8)
        chat.messages.push({ ref, chat: address, view, edits: 0, deleted: false })
        if (answer === 'shown-then-dies') throw new Error('the connection was lost after the message had arrived')
        return { kind: 'sent', ref }
      },
      async edit(address, ref, view) {
        chat.calls.push({ kind: 'edit', chat: address, at: performance.now() })
        const answer = chat.next.shift()
        if (answer instanceof Error) throw answer
        if (answer !== undefined && answer !== 'shown-then-dies') return answer
        const message = chat.messages.find((one) => one.ref === ref)
        if (message === undefined) return { kind: 'message-gone' }
        Object.assign(message, { view, edits: message.edits + 1 })
        return { kind: 'sent', ref }
      },
      async delete(_address, ref) {
        chat.deleted.push(ref)
        return true
      },
    },
  }
  return chat
}

export type Person = {
  says(text: string, options?: { id?: string }): Promise<void>
  /** Sends a file; null: its platform no longer has it. */
  sends(name: string, content: string | null): Promise<void>
  /** Presses the button with this label on the newest message that has it. */
  presses(label: string): Promise<void>
  /** Presses a button by its id, whoever it was made for. */
  pressesId(id: string, messageRef?: string): Promise<void>
  starts(): Promise<void>
  /** Makes a bot with a tap; null: its token does not come. */
  makesBot(username: string, token: Sealed | null): Promise<void>
  /** The newest message, as text. */
  sees(): string
  labels(): string[]
  idOf(label: string): string
}

/** A person at a chat. `handle` is the router's. */
export function createPerson(
  chat: MemoryChat,
  handle: (inbound: Inbound, face: Face) => Promise<void>,
  who: { subject: string; address?: string; place?: Inbound['place']; rooms?: readonly Room[]; language?: string },
): Person {
  const own = who.address ?? who.subject
  // Where others read along, so does this one.
  const address = who.rooms?.[0]?.address ?? own
  const { provider } = chat.face
  const origin = (id = randomId(12)) => ({
    id,
    provider,
    subject: who.subject,
    displayName: who.subject,
    chat: own,
    place: who.place ?? ('dm' as const),
    timeZone: 'Europe/Amsterdam',
    ...(who.rooms !== undefined && { rooms: who.rooms }),
    ...(who.language !== undefined && { language: who.language }),
  })
  const mine = (): Message[] => chat.messages.filter((one) => one.chat === address)
  const find = (label: string): { id: string; ref: string } => {
    for (const message of mine().toReversed()) {
      const button = message.view.actions.find((one) => one.kind === 'press' && one.label === label)
      if (button?.kind === 'press') return { id: button.id, ref: message.ref }
    }
    throw new Error(
      `no button ${label} in: ${mine()
        .at(-1)
        ?.view.actions.map((one) => one.label)
        .join(', ')}`,
    )
  }
  const pressesId = (id: string, messageRef?: string): Promise<void> =>
    handle({ ...origin(), kind: 'press', button: id, ...(messageRef !== undefined && { messageRef }) }, chat.face)
  return {
    says: (text, options) => handle({ ...origin(options?.id), kind: 'text', text, messageRef: `theirs-${randomId(4)}` }, chat.face),
    sends(name, content) {
      const read = async (bytesMax: number) => {
        if (content === null) return 'gone'
        const bytes = Buffer.from(content)
        return bytes.length > bytesMax ? 'too-large' : bytes
      }
      return handle({ ...origin(), kind: 'file', file: { name, bytes: null, read }, text: '', messageRef: `theirs-${randomId(4)}` }, chat.face)
    },
    presses: (label) => pressesId(find(label).id, find(label).ref),
    pressesId,
    makesBot: (username, token) => handle({ ...origin(), kind: 'bot-created', username, token }, chat.face),
    starts: () => handle({ ...origin(), kind: 'start' }, chat.face),
    sees: () => chat.textOf(mine().at(-1)),
    labels: () => (mine().at(-1)?.view.actions ?? []).map((one) => one.label),
    idOf: (label) => find(label).id,
  }
}

/** Repeats `look` until it is true, at most `ms`; the last answer decides. */
export async function eventually(look: () => boolean | Promise<boolean>, ms = 5_000): Promise<boolean> {
  const deadline = performance.now() + ms
  while (performance.now() < deadline) {
    if (await look()) return true
    await new Promise((resolve) => setImmediate(resolve))
  }
  return look()
}
