// Turns an outbox row into a view of how things stand at the moment of delivery: the row only says which job or incident it is about.
import { z } from 'zod'
import type { Db } from '../../db/connect.ts'
import { operationEvents, type InstanceEvent } from '../../db/events.ts'
import { instanceById, storedOf, type Channel, type InstanceRow } from '../../db/instances.ts'
import type { OwedMessage } from '../../db/outbox.ts'
import { pairingOf } from '../../db/pairings.ts'
import { secretsOf, type SecretName } from '../../db/secret-names.ts'
import { channelIds, credentialOfSecret } from '../../domain/credentials.ts'
import { modelProviderOf } from '../../domain/model-providers.ts'
import { milestones, operationKinds, type Milestone } from '../../domain/status.ts'
import { ConchError } from '../../lib/errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { backupNews, restoreNews } from './backups.ts'
import { linkNews } from './account.ts'
import { digestNews, incidentNews, nightNews, placeLostNews } from './alert-news.ts'
import { approvalNews } from './sharing.ts'
import type { Info } from './info.ts'
import { upgradeNews } from './upgrades.ts'
import { keyLinkNews } from './key-link.ts'
import type { View } from './view.ts'
import { pairingReplacedView, pairingView } from './words/whatsapp.ts'
import { outcomeView, progressView, type JobEnd, type JobFacts, type Notice } from './words/progress.ts'

export type Renderable = Pick<OwedMessage, 'userId' | 'key' | 'template' | 'payload' | 'messageRef' | 'heldUntil'>
/** Null when there is nothing to say any more. */
export type Render = (row: Renderable, reader: Reader) => Promise<View | null>
/** `inPrivate`: nobody else reads it. */
export type Reader = { timeZone: string | null; inPrivate: boolean }

const jobSchema = z.object({ instanceId: z.string(), operationId: z.string() })
const approvalSchema = z.object({ approvalId: z.string() })
const pairingSchema = z.object({ instanceId: z.string() })
const linkSchema = z.object({ requestId: z.string(), side: z.enum(['maker', 'taker']) })
const kindSchema = z.object({ kind: z.enum(operationKinds) })
const aboutSchema = z.object({ credential: z.string().nullable(), change: z.enum(['added', 'replaced', 'removed']) })
const milestoneNames = [...new Set(Object.values(milestones).flat())]
const milestoneSchema = z.object({ name: z.custom<Milestone>((name) => milestoneNames.some((one) => one === name)) })
const noticeSchema = z.discriminatedUnion('text', [
  z.object({ text: z.literal('slow') }),
  z.object({ text: z.literal('region-fallback'), from: z.string(), to: z.string() }),
  z.object({ text: z.literal('retrying'), what: z.string() }),
])
const failedSchema = z.object({ reason: z.string(), cleaned: z.boolean().default(false) })
const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')

type RenderDeps = {
  db: Db
  clock: Clock
  info: Info
  /** The code that an instance shows for WhatsApp now; null when there is none to be had. */
  pairingCode: (instanceId: string) => Promise<Buffer | null>
}

/**
 * The templates that the engines enqueue: 'progress' and 'outcome' of jobs, alerts, 'pairing' with WhatsApp, 'backup' and 'restore', 'link-request', one side's view of linking two chats, what
 * an owner is to allow, and 'key-set', what came of a link to the page for keys.
 */
export function createRender(deps: RenderDeps): Render {
  return async (row, reader) => {
    switch (row.template) {
      case 'progress':
      case 'outcome':
        return jobNews(deps, row, reader)
      case 'incident':
        return incidentNews(deps.db, row, reader.timeZone)
      case 'night':
        return nightNews(deps.db, row, reader.timeZone)
      case 'digest':
        return digestNews(deps.db, row, reader.timeZone)
      case 'place-lost':
        return placeLostNews(deps.db, row)
      case 'pairing':
        return pairing(deps, row)
      case 'backup':
        return backupNews(deps.db, row, reader.timeZone)
      case 'restore':
        return restoreNews(deps.db, row, reader.timeZone)
      case 'upgrade':
      case 'upgraded':
        return upgradeNews(deps.db, row, { timeZone: reader.timeZone, now: deps.clock.now() })
      case 'link-request':
        return linkNews(deps.db, row.key, linkSchema.parse(row.payload))
      case 'approval':
        return approvalNews(deps.db, row.key, { ...approvalSchema.parse(row.payload), side: 'owner' })
      case 'approval-answer':
        return approvalNews(deps.db, row.key, { ...approvalSchema.parse(row.payload), side: 'asker' })
      case 'key-set':
        return keyLinkNews(deps.db, row)
      default:
        throw new ConchError('bots.unknown-template', `there are no words for the template ${row.template}`)
    }
  }
}

async function jobNews(deps: RenderDeps, row: Renderable, { inPrivate }: Reader): Promise<View | null> {
  const known = await jobFacts(deps, row)
  if (known === null) return null
  const view = row.template === 'progress' ? progressView(known.facts) : outcomeView(known.facts, deps.info)
  // Somebody else than the owner can do nothing with it outside of the place that it is shared with.
  const powerless = inPrivate && known.ownerId !== row.userId
  return view !== null && powerless ? { ...view, actions: [] } : view
}

async function jobFacts({ db, clock }: RenderDeps, row: Renderable): Promise<{ ownerId: string; facts: JobFacts } | null> {
  const { instanceId, operationId } = jobSchema.parse(row.payload)
  const instance = await instanceById(db, instanceId)
  const events = await operationEvents(db, operationId)
  const request = events.find((event) => event.kind === 'requested')
  if (instance === null || request === undefined) return null
  const secretName = modelProviderOf(instance.modelProvider)?.secretName
  const secrets = await secretsOf(db, instanceId)
  const { channels } = storedOf(instance)
  const facts: JobFacts = {
    key: row.key,
    kind: kindSchema.parse(request.detail).kind,
    instance: {
      id: instance.id,
      name: instance.name,
      region: instance.observedRegion ?? lastFallback(events) ?? instance.region,
      image: instance.image,
      plan: instance.plan,
      modelProvider: instance.modelProvider,
      hasKey: secrets.some((one) => one.name === secretName),
      channels: channelIds.filter((id) => channels.some((one) => one.id === id)),
    },
    startedAt: request.at,
    reached: events.flatMap((event) => (event.kind === 'milestone' ? [milestoneSchema.parse(event.detail).name] : [])),
    preparing: instance.operationId === operationId ? storedOf(instance).preparing : null,
    notices: noticesOf(events),
    channel: channelOf(request, channels, secrets),
    end: endOf(events, instance, operationId),
    now: clock.now(),
  }
  return { ownerId: instance.userId, facts }
}

/** The channel that a job brings: also when it is asked for again later, as long as the assistant still listens there. */
function channelOf(request: InstanceEvent, channels: readonly Channel[], secrets: readonly SecretName[]): JobFacts['channel'] {
  const about = aboutSchema.safeParse(request.detail['about'])
  const id = about.success ? channelIds.find((one) => one === about.data.credential) : undefined
  const channel = channels.find((one) => one.id === id)
  if (!about.success || id === undefined || channel === undefined || about.data.change === 'removed') return null
  const who = secrets.find((one) => credentialOfSecret(one.name)?.id === id && one.who !== null)?.who ?? null
  return { channel: id, who, knows: channel.owners.length > 0 }
}

function noticesOf(events: readonly InstanceEvent[]): Notice[] {
  return events.flatMap((event): Notice[] => {
    const notice = noticeSchema.safeParse(event.detail)
    if (event.kind !== 'notice' || !notice.success) return []
    const { text, ...rest } = notice.data
    return [{ kind: text, ...rest } as Notice]
  })
}

function lastFallback(events: readonly InstanceEvent[]): string | undefined {
  return noticesOf(events).findLast((notice) => notice.kind === 'region-fallback')?.to
}

/** The last ending that was written wins; being held up ends with the next thing that happens. */
function endOf(events: readonly InstanceEvent[], instance: InstanceRow, operationId: string): JobEnd {
  const end = events.findLast((event) => event.kind === 'done' || event.kind === 'failed' || event.kind === 'superseded')
  if (end?.kind === 'done') return { kind: 'done', at: end.at }
  if (end?.kind === 'failed') return { kind: 'failed', at: end.at, ...failedSchema.parse(end.detail) }
  if (end?.kind === 'superseded') return { kind: 'superseded', at: end.at, by: textOf(end.detail['by']) }
  if (instance.operationId !== operationId) return { kind: 'superseded', at: instance.createdAt, by: '' }
  return instance.blocked === null ? { kind: 'running' } : { kind: 'blocked', reason: instance.blocked }
}

async function pairing({ db, pairingCode }: RenderDeps, { key, payload }: Renderable): Promise<View | null> {
  const { instanceId } = pairingSchema.parse(payload)
  const found = await pairingOf(db, instanceId)
  const instance = await instanceById(db, instanceId)
  if (found === null || instance === null) return null
  const { name } = instance
  if (found.key !== key) return pairingReplacedView(key, name)
  const { state, reason, said } = found
  const channel = storedOf(instance).channels.find((one) => one.id === 'whatsapp')
  const png = state === 'showing' ? await pairingCode(instanceId) : null
  return pairingView({ key, name, state, reason, said, png, restarting: instance.operationKind !== null, shared: channel?.owners.length === 0 })
}
