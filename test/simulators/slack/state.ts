// What the simulated workspaces hold: people, chats, messages, triggers and private reply addresses, each with its end.
import { randomId } from '../../../src/lib/random.ts'
import type { Block, Modal } from './blocks.ts'

export type Message = {
  channel: string
  ts: string
  from: 'bot' | 'person'
  text: string
  blocks: Block[]
  onlyFor: string | null
  deleted: boolean
  edits: number
}
/** `errors`: what the app said is wrong, by the block of the field. */
export type OpenModal = { id: string; view: Modal; errors?: Readonly<Record<string, string>> }
export type Reply = { channel: string; user: string; message: Message | null; usesLeft: number; until: number }
/** `workingOn`: how often a message that shows it is still refused. */
export type SlackFile = { id: string; team: string; length: number; bytes: Buffer | null; complete: boolean; workingOn: number; name: string }
export type Team = { id: string; botToken: string; installed: boolean }

/** Slack's own ends: docs.slack.dev/interactivity/handling-user-interaction. */
const TRIGGER_MS = 3_000
const REPLY_MS = 30 * 60_000
const REPLY_USES = 5

export type SlackState = ReturnType<typeof createState>

export function createState() {
  const teams = new Map<string, Team>()
  const messages: Message[] = []
  const modals = new Map<string, OpenModal>()
  const homes = new Map<string, Block[]>()
  const triggers = new Map<string, { person: string; until: number }>()
  const replies = new Map<string, Reply>()
  const files = new Map<string, SlackFile>()
  const shared: { channel: string; name: string; content: string }[] = []
  let last = 0
  return {
    teams,
    messages,
    modals,
    homes,
    replies,
    files,
    /** Files that were shared with a channel, the newest last. */
    shared,
    /** For how many tries the next files are not ready once they are uploaded. */
    filesWorkedOn: 0,
    /** How often the next private reply addresses work. */
    replyUses: REPLY_USES,
    /** The channels that the app was invited to. */
    invited: new Set<string>(),
    /** People whose account is disabled. */
    disabled: new Set<string>(),
    ts(): string {
      last = Math.max(last + 1, Math.round(performance.now() * 1_000))
      return `1700000000.${String(last).padStart(10, '0')}`
    },
    roomOf: (team: string, user: string): string => `D${team}${user}`,
    byToken: (token: string): Team | undefined => [...teams.values()].find((team) => team.botToken === token && team.installed),
    find: (channel: string, ts: string): Message | undefined => messages.find((one) => one.channel === channel && one.ts === ts && !one.deleted),
    trigger(person: string): string {
      const id = `${randomId(12)}.${randomId(6)}`
      triggers.set(id, { person, until: performance.now() + TRIGGER_MS })
      return id
    },
    /** Whose trigger it is, once and in time; a word of Slack's when it cannot be used. */
    use(id: string): { person: string } | { error: string } {
      const found = triggers.get(id)
      triggers.delete(id)
      if (found === undefined) return { error: 'exchanged_trigger_id' }
      return found.until < performance.now() ? { error: 'expired_trigger_id' } : { person: found.person }
    },
    reply(of: Omit<Reply, 'usesLeft' | 'until'>): string {
      const id = randomId(16)
      replies.set(id, { ...of, usesLeft: this.replyUses, until: performance.now() + REPLY_MS })
      return id
    },
  }
}
