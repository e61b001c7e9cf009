// Delivers the outbox: claims chats that are owed something, renders each message as things stand now, and sends or edits it, in order.
// It must never decide what is true or who is told: that was committed with the change. Any number of processes share the work.
// Each platform has a lane of its own, so that one that lets little through holds up no other.
// A message is sent at least once; with the idempotency key, a face that can remember shows it exactly once.
import { z } from 'zod'
import { fallOver, holdUntold, noteReached } from '../../db/alert-delivery.ts'
import {
  claimChats,
  firstOwed,
  forgetMessage,
  nextDueMs,
  readerOf,
  recordDelivered,
  recordFailure,
  refreshMessage,
  releaseChat,
  renewChat,
  REPLACES,
  type ClaimedChat,
  type OwedMessage,
} from '../../db/outbox.ts'
import type { Db } from '../../db/connect.ts'
import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import { assertNever, messageOf } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { Random } from '../../lib/random.ts'
import { readyView } from './buttons.ts'
import type { Delivery, Face } from './face.ts'
import { inLanguage } from './language.ts'
import { fitted } from './layout.ts'
import type { Render } from './render.ts'
import type { ReadyView } from './view.ts'

export type NotifierDeps = {
  db: Db
  faces: ReadonlyMap<string, Face>
  clock: Clock
  random: Random
  log: Log
  /** Names this process in the leases. */
  owner: string
  leaseMs?: number
  render: Render
}
export type Notifier = {
  /** Something was announced: look now. */
  wake(): void
  /** Delivers until `signal` is aborted; what is under way is finished first. */
  run(signal: AbortSignal): Promise<void>
  /** Delivers everything that is due now. */
  drain(): Promise<void>
}

/** On each platform: a chat that does not answer holds up no other. */
const CHATS_AT_ONCE = 16
/** From here on more are claimed: one statement for several. */
const CHATS_LEFT = CHATS_AT_ONCE / 2
/** How soon an announcement of another process is seen at the latest. */
const POLL_MS = 1_000
/** A message is edited at most this often. */
const EDIT_EVERY_MS = 1_000
/** In a shared place a clock moves no faster: Telegram lets through 20 messages and edits a minute in a group, for all that is said there. */
const REFRESH_TOGETHER_MS = 10_000
/** From here on a message that keeps failing waits alone, and the chat goes on without it. */
const ATTEMPTS_TOGETHER_MAX = 5
const RETRY = { baseMs: 1_000, maxMs: 5 * 60_000 }

type Lane = { face: Face; bell: AbortController; running: Set<Promise<void>> }
type Work = Required<NotifierDeps> & { refreshes: Map<string, AbortController>; wake: () => void }
/** How the work on a chat goes on: with its next message, or after a pause. */
type Next = 'go-on' | { pauseMs: number }

export function createNotifier(deps: NotifierDeps): Notifier {
  const lanes = [...deps.faces.values()].map((face): Lane => ({ face, bell: new AbortController(), running: new Set() }))
  const wake = (): void => lanes.forEach((lane) => lane.bell.abort())
  const work: Work = { leaseMs: 30_000, ...deps, refreshes: new Map(), wake }
  return {
    wake,
    async run(signal) {
      signal.addEventListener('abort', wake, { once: true })
      await Promise.all(lanes.map((lane) => runLane(work, lane, signal)))
      for (const refresh of work.refreshes.values()) refresh.abort()
      await Promise.all(lanes.flatMap((lane) => [...lane.running]))
    },
    async drain() {
      for (;;) {
        const claimed = await Promise.all(lanes.map((lane) => claimSome(work, lane)))
        const running = lanes.flatMap((lane) => [...lane.running])
        if (running.length === 0 && claimed.every((count) => count === 0)) return
        await Promise.all(running)
      }
    },
  }
}

async function runLane(work: Work, lane: Lane, signal: AbortSignal): Promise<void> {
  const { db, clock, log } = work
  while (!signal.aborted) {
    lane.bell = new AbortController()
    try {
      const claimed = await claimSome(work, lane)
      if (claimed > 0 || lane.bell.signal.aborted) continue
      const due = lane.running.size >= CHATS_AT_ONCE ? null : await nextDueMs(db, [lane.face.provider])
      await clock.sleep(Math.min(POLL_MS, Math.max(20, due ?? POLL_MS)), lane.bell.signal)
    } catch (error) {
      log.error({ err: error }, 'the notifier could not read the outbox')
      await clock.sleep(POLL_MS, signal)
    }
  }
}

async function claimSome(work: Work, lane: Lane): Promise<number> {
  const { db, owner, leaseMs } = work
  const { face, running } = lane
  const chats = await claimChats(db, { owner, leaseMs, providers: [face.provider], limit: CHATS_AT_ONCE - running.size })
  for (const chat of chats) {
    const job = serveChat(work, chat, face)
      .catch((error: unknown) => work.log.error({ err: error, chat: chat.id }, 'a chat could not be served'))
      .finally(() => {
        running.delete(job)
        if (running.size <= CHATS_LEFT) lane.bell.abort()
      })
    running.add(job)
  }
  return chats.length
}

async function serveChat(work: Work, chat: ClaimedChat, face: Face): Promise<void> {
  const lease = new AbortController()
  const renewing = renewUntil(work, chat, lease.signal)
  let next: Next = 'go-on'
  try {
    while (next === 'go-on') {
      const row = await firstOwed(work.db, chat.id)
      if (row === null) next = { pauseMs: 0 }
      else next = row.waitMs > 0 ? { pauseMs: row.waitMs } : await deliver(work, { chat, face, row })
    }
    await releaseChat(work.db, chat, next.pauseMs)
  } finally {
    lease.abort()
    await renewing
  }
}

async function renewUntil({ clock, db, leaseMs, log }: Work, chat: ClaimedChat, signal: AbortSignal): Promise<void> {
  for (;;) {
    await clock.sleep(leaseMs / 3, signal)
    if (signal.aborted) return
    const kept = await renewChat(db, chat, leaseMs).catch((error: unknown) => {
      log.warn({ err: error, chat: chat.id }, 'a lease could not be renewed')
      return true
    })
    if (!kept) return
  }
}

type Errand = { chat: ClaimedChat; face: Face; row: OwedMessage }

async function deliver(work: Work, errand: Errand): Promise<Next> {
  const { chat, row } = errand
  const reader = await readerOf(work.db, row.userId, chat)
  return inLanguage(reader.language ?? 'en', () => deliverTo(work, errand, reader))
}

type Reader = Awaited<ReturnType<typeof readerOf>>

async function deliverTo(work: Work, errand: Errand, reader: Reader): Promise<Next> {
  const { chat, face, row } = errand
  let view: ReadyView | null
  try {
    const hold = row.messageRef === null ? await holdUntold(work.db, chat, row) : 'free'
    if (hold !== 'free') return hold === 'held' ? 'go-on' : { pauseMs: 0 }
    view = await readyFor(work, errand, reader)
  } catch (error) {
    // Words that cannot be made are our own fault: the chat goes on without this message, which is tried again later.
    work.log.error({ err: error, message: row.key, template: row.template }, 'a message could not be rendered')
    const delayMs = backoffMs(row.attempts, { ...RETRY, random: work.random })
    return (await recordFailure(work.db, chat, { id: row.id, error: messageOf(error), delayMs })) ? 'go-on' : { pauseMs: 0 }
  }
  if (view === null) return (await recordDelivered(work.db, chat, { ...row, holdMs: 0 })) ? 'go-on' : { pauseMs: 0 }
  try {
    const options = { idempotencyKey: row.key, unasked: true }
    const sent = row.messageRef === null ? await face.send(chat.address, view, options) : await face.edit(chat.address, row.messageRef, view)
    return await settle(work, errand, { delivery: sent, view, inPrivate: reader.inPrivate })
  } catch (error) {
    return failed(work, errand, error)
  }
}

async function readyFor({ db, render }: Work, { chat, face, row }: Errand, reader: Reader): Promise<ReadyView | null> {
  const view = await render(row, reader)
  if (view === null) return null
  return fitted(await readyView(db, view, { provider: chat.provider, subject: reader.subject }), face.capabilities)
}

type Sent = { delivery: Delivery; view: ReadyView; inPrivate: boolean }

async function settle(work: Work, { chat, face, row }: Errand, { delivery, view, inPrivate }: Sent): Promise<Next> {
  switch (delivery.kind) {
    case 'sent': {
      const delivered = { id: row.id, version: row.version, messageRef: delivery.ref, holdMs: EDIT_EVERY_MS }
      if (!(await recordDelivered(work.db, chat, delivered))) return { pauseMs: 0 }
      if (row.messageRef === null) await arrived(work, { chat, face, row })
      const { refreshMs } = face.capabilities
      const everyMs = refreshMs === null || inPrivate ? refreshMs : Math.max(refreshMs, REFRESH_TOGETHER_MS)
      keepFresh(work, { key: row.key, everyMs: view.job === 'ongoing' ? everyMs : null })
      return face.paceMs > 0 ? { pauseMs: face.paceMs } : 'go-on'
    }
    case 'retry-after':
      return { pauseMs: delivery.ms }
    case 'message-gone':
      return (await forgetMessage(work.db, chat, row.id)) ? 'go-on' : { pauseMs: 0 }
    case 'undeliverable': {
      const moved = await fallOver(work.db, chat, { id: row.id, userId: row.userId, why: delivery.why })
      if (moved === 'given-up')
        work.log.error({ message: row.key, user: row.userId, why: delivery.why }, 'a message could not be delivered to any chat')
      if (moved === 'moved') work.wake()
      return moved === 'fenced' ? { pauseMs: 0 } : 'go-on'
    }
    default:
      return assertNever(delivery)
  }
}

const replacedSchema = z.object({ chat: z.number(), ref: z.string() })

/** A new message is there: the one that it takes the place of goes. Dying before that leaves an old message, and no harm. */
async function arrived({ db, log }: Work, { chat, face, row }: Errand): Promise<void> {
  await noteReached(db, chat)
  const replaced = replacedSchema.safeParse(row.payload[REPLACES])
  if (!replaced.success || replaced.data.chat !== chat.id) return
  await face
    .delete(chat.address, replaced.data.ref)
    .catch((error: unknown) => log.warn({ err: error, message: row.key }, 'a message that was replaced could not be deleted'))
}

async function failed(work: Work, { chat, row }: Errand, error: unknown): Promise<Next> {
  const delayMs = backoffMs(row.attempts, { ...RETRY, random: work.random })
  const alone = row.attempts >= ATTEMPTS_TOGETHER_MAX
  work.log.warn({ err: error, message: row.key, attempts: row.attempts + 1 }, 'a message could not be sent')
  await recordFailure(work.db, chat, { id: row.id, error: messageOf(error), delayMs: alone ? delayMs : 0 })
  return alone ? 'go-on' : { pauseMs: delayMs }
}

/** A running job's message moves with its clock: it is rendered again every now and then, until a later state takes over. */
function keepFresh(work: Work, { key, everyMs }: { key: string; everyMs: number | null }): void {
  work.refreshes.get(key)?.abort()
  work.refreshes.delete(key)
  if (everyMs === null) return
  const stop = new AbortController()
  work.refreshes.set(key, stop)
  void work.clock
    .sleep(everyMs, stop.signal)
    .then(async () => {
      if (stop.signal.aborted) return
      await refreshMessage(work.db, key)
      work.wake()
    })
    .catch((error: unknown) => work.log.warn({ err: error, message: key }, 'a message could not be refreshed'))
}
