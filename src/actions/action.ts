// What a person may ask for. One catalogue (catalogue.ts) from which every face is drawn: chat commands, /help, command registration,
// and later REST and MCP. An action writes desired state and returns; it never calls the provider. Ownership, limits and the audit row
// are enforced once, in perform.ts.
import type { z } from 'zod'
import type { Db, Tx } from '../db/connect.ts'
import type { InstanceRow } from '../db/instances.ts'
import type { Result } from '../domain/refusal.ts'
import type { Role, RoomKind, Standing } from '../domain/sharing.ts'
import type { Status } from '../domain/status.ts'
import type { Who } from '../domain/who.ts'
import type { Sealed } from '../lib/sealed.ts'
import type { Log } from '../lib/log.ts'
import type { SecretStore } from '../secrets/secret-store.ts'

/** Who asks, from where. `chat` is the adapter's address of the place that gets the announcements of what was asked. */
export type Actor = {
  provider: string
  subject: string
  userId: string
  chat: string
  /** The shared places that it was asked in, by their ids. */
  rooms?: readonly string[]
  /** Everybody in the first of them reads the answer. */
  overheard?: true
}

export type ReadContext = {
  db: Db | Tx
  actor: Actor
  logs: LogSource
  guests: GuestBook
  copiedAt: CopySource
  gate: Gate
  trail: Trail
}
/** A stranger who wrote to an assistant and waits to be let in. */
export type Waiting = { requestId: string; channel: string; accountId: string; who: string; id: string; writtenAt: Date; endsAt: Date }
/** Where it is asked, and said, who may write to an instance: the gateway itself. Null when it does not answer. */
export type GuestBook = {
  list(instance: InstanceRow): Promise<Waiting[] | null>
  decide(
    instance: InstanceRow,
    request: Pick<Waiting, 'requestId' | 'channel' | 'accountId'>,
    decision: 'approve' | 'dismiss',
  ): Promise<'done' | 'gone' | null>
}
export type ChangeContext = { db: Tx; actor: Actor; settings: ActionSettings; gate: Gate; trail: Trail }
/** For what an action does before its transaction: reads, and the store of secrets. */
export type PrepareContext = {
  db: Db
  actor: Actor
  secrets: SecretStore
  guests: GuestBook
  settings: ActionSettings
  log: Log
  gate: Gate
  trail: Trail
}
/** What an action needs, for findInstance() to hold it against who asks. */
export type Gate = {
  scope: 'read' | 'operate' | 'destroy'
  /** Who may do it besides the owner, where the instance is shared: whoever may see it, or whoever may operate it. Without it, nobody. */
  shared?: Role
  /** The owner may name with it, where others read along, what is not shared there. */
  reveals?: true
}
/** What the audit row is told of what the action was about. It is filled in on the way, so that a refusal knows it too. */
export type Trail = {
  instanceId: string | null
  /** The shared place that let somebody do it who is not the owner. */
  room: string | null
  outcome: string
  detail: Record<string, unknown>
}
/** What the operator's configuration decides for all. */
export type ActionSettings = {
  image: string
  billing: boolean
  /** Signs a link to an instance's control page, which works once, for a minute. */
  linkTo: (instanceId: string) => Promise<Sealed>
}
/** Where an instance's output is read; null when the provider does not answer. */
export type LogSource = (instance: InstanceRow) => Promise<{ at: string; message: string }[] | null>

/** When the provider copied the whole storage of an instance last; null when it did not, or does not answer. */
export type CopySource = (instance: InstanceRow) => Promise<Date | null>

type Described<Input extends z.ZodType> = Pick<Gate, 'shared' | 'reveals'> & {
  name: string
  /** One line for /help and for command registration: at most 100 characters. */
  summary: string
  /** How the words after the command fill the input: `/restart my-claw`. */
  words: readonly string[]
  input: Input
  /** What a chat must get from the person before it calls: a tap, or the instance's name typed. */
  confirm: 'none' | 'tap' | 'type-name'
  /** Only asked for by what we show: no command of its own. */
  hidden?: true
}
/** Looks, outside any transaction, and may ask the provider. */
export type ReadAction<Input extends z.ZodType, Output> = Described<Input> & {
  scope: 'read'
  run(context: ReadContext, input: z.output<Input>): Promise<Result<Output>>
}
/** Changes what is wanted, in one transaction with its audit row. */
export type ChangeAction<Input extends z.ZodType, Output, Prepared = undefined> = Described<Input> & {
  scope: 'operate' | 'destroy'
  /** Whoever did it is not to be known afterwards: its audit row carries no name. */
  anonymous?: true
  /** Runs first and outside the transaction: the one place from which a pasted secret goes to the provider's store. Harmless when repeated. */
  prepare?(context: PrepareContext, input: z.output<Input>): Promise<Result<Prepared>>
  run(context: ChangeContext, input: z.output<Input>, prepared: Prepared): Promise<Result<Output>>
}
export type Action<Input extends z.ZodType, Output, Prepared = undefined> = ReadAction<Input, Output> | ChangeAction<Input, Output, Prepared>

export type InstanceSummary = {
  id: string
  name: string
  status: Status
  plan: string
  region: string
  image: string
  modelProvider: string | null
  blocked: string | null
  failure: string | null
  createdAt: Date
  /** What the one who asks is to it. */
  standing: Standing
  /** What everybody may do who gets to press what is shown of it: where others read along, no more than the place may. */
  audience: Standing
}
export type InstanceDetail = InstanceSummary & {
  /** Since when it has been answering, null when it is not. */
  liveSince: Date | null
  health: { ok: boolean; checkedAt: Date; latencyMs: number | null; error: string | null } | null
  /** The last four characters are for the owner alone. */
  secrets: { name: string; last4: string; setAt: Date }[]
  /** For the owner alone. */
  sharedWith: { kind: RoomKind; title: string; role: Role }[]
  events: { at: Date; kind: string; detail: Record<string, unknown> }[]
  incidents: { kind: string; count: number; openedAt: Date }[]
  volumeGb: number
  /** When it was saved last; for the owner alone. */
  lastBackupAt: Date | null
}
/** A secret that an instance holds, as anybody may see it. */
export type KeySummary = { name: string; last4: string; setAt: Date; who: Who | null }
/** A change that is now under way. Its progress is announced in the chat by itself under the message key `op:<operationId>`. */
export type Accepted = { instance: InstanceSummary; operationId: string | null }
