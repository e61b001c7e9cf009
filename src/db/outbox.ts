// The outbox: what people are owed to be told. A row is inserted in the transaction that made it true, and delivered by the notifier.
// A chat is claimed as a whole, so that its messages keep their order however many processes share the work. Database time only.
import { and, asc, eq, inArray, lt, sql, type SQL } from 'drizzle-orm'
import { z } from 'zod'
import { languageSchema, type Language } from '../domain/language.ts'
import { assert } from '../lib/errors.ts'
import { rowsOf, type Db, type Tx } from './connect.ts'
import { chats, identities, outbox, users } from './schema.ts'
import { chatsOf } from './users.ts'

export type Announcement = {
  userId: string
  /** Without it: the chat of the user's first identity. */
  chat?: { provider: string; address: string }
  key: string
  template: string
  payload: Record<string, unknown>
  /** The message that this one takes the place of, when it is new: sent without the outbox, to the same chat. */
  messageRef?: string | undefined
  /** Not before this time, if it is new; what the chat is owed after it goes ahead. */
  heldUntil?: Date
}

/** A chat under our lease. The epoch fences every write: a process whose lease ran out writes nothing. */
export type ClaimedChat = { id: number; provider: string; address: string; epoch: number }

export type OwedMessage = {
  id: number
  userId: string
  key: string
  template: string
  payload: Record<string, unknown>
  version: number
  messageRef: string | null
  /** It had to wait until then. */
  heldUntil: Date | null
  attempts: number
  /** Milliseconds until it may be delivered; later ones of the chat wait with it. */
  waitMs: number
}

/** Chats that a message could not be delivered to, kept beside its payload until it has reached somebody. */
const TRIED = '$tried'
/** A message that this one takes the place of, kept beside its payload: it is deleted once this one is there. */
export const REPLACES = '$replaces'
const payloadSchema = z.record(z.string(), z.unknown())
const triedSchema = z.array(z.number()).catch([])
const undelivered = sql`o.delivered_version < o.version and o.given_up_at is null`
const owed = sql`${undelivered} and (o.held_until is null or o.held_until <= now())`
const inMs = (ms: number): SQL => sql`now() + ${ms} * interval '1 millisecond'`

/** Owes the user a message, or the newest version of it when the key exists. Call it in the transaction of the change that it tells. */
export async function announce(tx: Db | Tx, message: Announcement): Promise<void> {
  const chat = message.chat ?? (await chatsOf(tx, message.userId))[0]
  assert(chat !== undefined, `user ${message.userId} has no chat`)
  const chatId = await chatIdOf(tx, chat)
  const { userId, key, template, payload, messageRef = null, heldUntil = null } = message
  const tried = sql`jsonb_strip_nulls(jsonb_build_object(${TRIED}::text, ${outbox.payload} -> ${TRIED}::text))`
  await tx
    .insert(outbox)
    .values({ chatId, userId, key, template, payload, messageRef, heldUntil })
    .onConflictDoUpdate({
      target: outbox.key,
      set: {
        version: sql`${outbox.version} + 1`,
        template,
        payload: sql`excluded.payload || case when ${outbox.givenUpAt} is null then ${tried} else '{}'::jsonb end`,
        givenUpAt: null,
      },
    })
}

/** Owes the newest state of a message once more, in the chat where it is. */
export async function announceAgain(tx: Db | Tx, key: string): Promise<void> {
  await tx
    .update(outbox)
    .set({ version: sql`${outbox.version} + 1`, givenUpAt: null })
    .where(eq(outbox.key, key))
}

/** Where a message is told; null when there is none under this key. */
export async function chatOfMessage(tx: Db | Tx, key: string): Promise<{ provider: string; address: string } | null> {
  const columns = { provider: chats.provider, address: chats.address }
  const [row] = await tx.select(columns).from(outbox).innerJoin(chats, eq(chats.id, outbox.chatId)).where(eq(outbox.key, key))
  return row ?? null
}

/** The row of a chat, made on first sight. */
export async function chatIdOf(tx: Db | Tx, chat: { provider: string; address: string }): Promise<number> {
  const match = and(eq(chats.provider, chat.provider), eq(chats.address, chat.address))
  const [known] = await tx.select({ id: chats.id }).from(chats).where(match)
  if (known !== undefined) return known.id
  await tx.insert(chats).values(chat).onConflictDoNothing()
  const [made] = await tx.select({ id: chats.id }).from(chats).where(match)
  assert(made !== undefined, 'a chat that was just inserted is there')
  return made.id
}

/** Takes up to `limit` chats that are owed something now, under a lease. */
export async function claimChats(
  db: Db,
  options: { owner: string; leaseMs: number; providers: readonly string[]; limit: number },
): Promise<ClaimedChat[]> {
  const providers = sql.join(
    options.providers.map((provider) => sql`${provider}`),
    sql`, `,
  )
  if (options.providers.length === 0 || options.limit <= 0) return []
  const result = await db.execute(sql`
    update chats set lease_owner = ${options.owner}, lease_until = ${inMs(options.leaseMs)}, epoch = chats.epoch + 1
    from (
      select c.id from chats c
      where c.provider in (${providers}) and c.not_before <= now() and (c.lease_until is null or c.lease_until <= now())
        and exists (select 1 from outbox o where o.chat_id = c.id and ${owed} and o.not_before <= now())
      order by c.not_before, c.id limit ${options.limit} for update of c skip locked
    ) due
    where chats.id = due.id
    returning chats.id, chats.provider, chats.address, chats.epoch`)
  return rowsOf<ClaimedChat>(result)
}

/** Milliseconds until one of these platforms' chats is owed something; null when nobody is owed anything. */
export async function nextDueMs(db: Db, providers: readonly string[]): Promise<number | null> {
  if (providers.length === 0) return null
  const names = sql.join(
    providers.map((provider) => sql`${provider}`),
    sql`, `,
  )
  const result = await db.execute(sql`
    select min(extract(epoch from greatest(o.not_before, o.held_until, c.not_before, c.lease_until, now()) - now()) * 1000)::float8 as ms
    from outbox o join chats c on c.id = o.chat_id where ${undelivered} and c.provider in (${names})`)
  return rowsOf<{ ms: number | null }>(result)[0]?.ms ?? null
}

/**
 * The message that the chat is owed first; null when there is none. One that was just edited is held (waitMs > 0) and the ones after it
 * wait too; one that fails again and again waits alone.
 */
export async function firstOwed(db: Db, chatId: number): Promise<OwedMessage | null> {
  const result = await db.execute(sql`
    select o.id, o.user_id as "userId", o.key, o.template, o.payload, o.version, o.message_ref as "messageRef",
      (extract(epoch from o.held_until) * 1000)::float8 as "heldUntilMs", o.attempts,
      greatest(0, extract(epoch from o.not_before - now()) * 1000)::float8 as "waitMs"
    from outbox o where o.chat_id = ${chatId} and ${owed} and (o.not_before <= now() or o.attempts = 0)
    order by o.id limit 1`)
  const [row] = rowsOf<Omit<OwedMessage, 'payload' | 'heldUntil'> & { payload: unknown; heldUntilMs: number | null }>(result)
  if (row === undefined) return null
  const { heldUntilMs, ...rest } = row
  return { ...rest, heldUntil: heldUntilMs === null ? null : new Date(Math.round(heldUntilMs)), payload: payloadSchema.parse(row.payload) }
}

/** Keeps a message from being told before `until`; false when the lease was lost. */
export async function holdMessage(db: Db | Tx, chat: ClaimedChat, held: { id: number; until: Date }): Promise<boolean> {
  const rows = await db
    .update(outbox)
    .set({ heldUntil: held.until })
    .where(and(eq(outbox.id, held.id), stillOurs(chat)))
    .returning({ id: outbox.id })
  return rows.length === 1
}

const stillOurs = (chat: ClaimedChat): SQL | undefined =>
  and(eq(outbox.chatId, chat.id), sql`exists (select 1 from ${chats} where ${chats.id} = ${chat.id} and ${chats.epoch} = ${chat.epoch})`)

/** Records that `version` was delivered as `messageRef`; false when the lease was lost. Later versions wait for `holdMs`. */
export async function recordDelivered(
  db: Db,
  chat: ClaimedChat,
  delivered: { id: number; version: number; messageRef: string | null; holdMs: number },
): Promise<boolean> {
  const rows = await db
    .update(outbox)
    .set({
      deliveredVersion: delivered.version,
      messageRef: delivered.messageRef,
      attempts: 0,
      // A failure that passed is forgotten; that another chat had to do stays on record.
      lastError: sql`case when ${outbox.attempts} > 0 then null else ${outbox.lastError} end`,
      notBefore: inMs(delivered.holdMs),
      payload: sql`${outbox.payload} - array[${TRIED}, ${REPLACES}]::text[]`,
    })
    .where(and(eq(outbox.id, delivered.id), stillOurs(chat)))
    .returning({ id: outbox.id })
  return rows.length === 1
}

/** Records a failed attempt. The message itself waits for `delayMs`. */
export async function recordFailure(db: Db, chat: ClaimedChat, failed: { id: number; error: string; delayMs: number }): Promise<boolean> {
  const rows = await db
    .update(outbox)
    .set({ attempts: sql`${outbox.attempts} + 1`, lastError: failed.error.slice(0, 500), notBefore: inMs(failed.delayMs) })
    .where(and(eq(outbox.id, failed.id), stillOurs(chat)))
    .returning({ id: outbox.id })
  return rows.length === 1
}

/** The platform no longer knows the message that was sent: the next delivery sends a new one. */
export async function forgetMessage(db: Db, chat: ClaimedChat, id: number): Promise<boolean> {
  const rows = await db
    .update(outbox)
    .set({ messageRef: null })
    .where(and(eq(outbox.id, id), stillOurs(chat)))
    .returning({ id: outbox.id })
  return rows.length === 1
}

/** This chat cannot be reached: hands the message to the user's next linked chat that was not tried, or gives it up when there is none. */
export async function moveToNextChat(db: Db | Tx, chat: ClaimedChat, failed: { id: number; why: string }): Promise<'moved' | 'given-up' | 'fenced'> {
  return db.transaction(async (tx) => {
    const [row] = await tx
      .select({ userId: outbox.userId, payload: outbox.payload })
      .from(outbox)
      .where(and(eq(outbox.id, failed.id), stillOurs(chat)))
      .for('update')
    if (row === undefined) return 'fenced'
    const payload = payloadSchema.parse(row.payload)
    const tried = [...triedSchema.parse(payload[TRIED]), chat.id]
    delete payload[REPLACES]
    const lastError = `${chat.provider}: ${failed.why}`.slice(0, 500)
    const next = await untriedChat(tx, row.userId, tried)
    await tx
      .update(outbox)
      .set(
        next === null
          ? { givenUpAt: sql`now()`, lastError }
          : {
              chatId: next,
              lastError,
              payload: { ...payload, [TRIED]: tried },
              messageRef: null,
              deliveredVersion: 0,
              attempts: 0,
              notBefore: sql`now()`,
            },
      )
      .where(eq(outbox.id, failed.id))
    return next === null ? 'given-up' : 'moved'
  })
}

async function untriedChat(tx: Tx, userId: string, tried: readonly number[]): Promise<number | null> {
  for (const linked of await chatsOf(tx, userId)) {
    const id = await chatIdOf(tx, linked)
    if (!tried.includes(id)) return id
  }
  return null
}

/** Prolongs the lease; false when it was lost. */
export async function renewChat(db: Db, chat: ClaimedChat, leaseMs: number): Promise<boolean> {
  const rows = await db
    .update(chats)
    .set({ leaseUntil: inMs(leaseMs) })
    .where(and(eq(chats.id, chat.id), eq(chats.epoch, chat.epoch)))
    .returning({ id: chats.id })
  return rows.length === 1
}

/** Gives the chat back; nothing is sent to it for `pauseMs`. */
export async function releaseChat(db: Db, chat: ClaimedChat, pauseMs: number): Promise<void> {
  await db
    .update(chats)
    .set({ leaseOwner: null, leaseUntil: null, notBefore: inMs(pauseMs) })
    .where(and(eq(chats.id, chat.id), eq(chats.epoch, chat.epoch)))
}

/** Asks for a message that was delivered to be rendered and edited again, because what it shows moves with time. */
export async function refreshMessage(db: Db, key: string): Promise<void> {
  await db
    .update(outbox)
    .set({ version: sql`${outbox.version} + 1` })
    .where(and(eq(outbox.key, key), eq(outbox.version, outbox.deliveredVersion)))
}

/** Who reads a chat: the person its buttons are bound to, their time zone and their language, and whether they are the only one. */
export async function readerOf(
  db: Db,
  userId: string,
  chat: { provider: string; address: string },
): Promise<{ subject: string; timeZone: string | null; language: Language | null; inPrivate: boolean }> {
  const rows = await db
    .select({ subject: identities.subject, chat: identities.chat, timeZone: users.timeZone, language: users.language })
    .from(users)
    // A place that they chose for alerts may be on a platform that they left.
    .leftJoin(identities, and(eq(identities.userId, users.id), eq(identities.provider, chat.provider)))
    .where(eq(users.id, userId))
    .orderBy(asc(identities.createdAt))
  const own = rows.find((row) => row.chat === chat.address)
  const { subject = null, timeZone = null, language = null } = own ?? rows[0] ?? {}
  return { subject: subject ?? '', timeZone, language: languageSchema.parse(language), inPrivate: own !== undefined }
}

/** Deletes messages that were delivered or given up more than `days` ago. */
export async function forgetOldMessages(db: Db, days: number): Promise<number> {
  const settled = sql`(${outbox.deliveredVersion} >= ${outbox.version} or ${outbox.givenUpAt} is not null)`
  const old = db
    .select({ id: outbox.id })
    .from(outbox)
    .where(and(lt(outbox.createdAt, sql`now() - ${days} * interval '1 day'`), settled))
    .limit(1_000)
  const rows = await db.delete(outbox).where(inArray(outbox.id, old)).returning({ id: outbox.id })
  return rows.length
}

/** Ends every lease of the processes before: only for a database that one process owns alone. */
export async function dropChatLeases(db: Db): Promise<void> {
  await db.update(chats).set({ leaseOwner: null, leaseUntil: null })
}
