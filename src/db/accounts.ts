// A user's identities come together, go apart, and end. Whoever changes which identities a user has locks the user first, so that such changes
// follow one another.
import { and, asc, eq, inArray, lt, or, sql, type SQL } from 'drizzle-orm'
import { assert } from '../lib/errors.ts'
import { randomId } from '../lib/random.ts'
import type { Db, Tx } from './connect.ts'
import { mergeReferrals } from './referrals.ts'
import { chatsOf } from './users.ts'
import {
  actionTokens,
  alertHours,
  alertSettings,
  approvals,
  auditLog,
  backups,
  backupSchedules,
  channelChecks,
  chats,
  configs,
  health,
  identities,
  incidents,
  instanceEvents,
  instances,
  oneTimeTokens,
  outbox,
  pairings,
  restores,
  secretClaims,
  secretNames,
  shares,
  stagedApps,
  telegramKeyboards,
  upgrades,
  usageFacts,
  users,
  wizardSessions,
} from './schema.ts'

export type Identity = { ref: string; provider: string; subject: string; displayName: string; chat: string }
type Holder = { provider: string; subject: string; userId: string }

/** Takes the place of an identity in the audit log when its person asked to be forgotten. */
export const FORGOTTEN_ACTOR = 'forgotten'

const columns = {
  ref: identities.ref,
  provider: identities.provider,
  subject: identities.subject,
  displayName: identities.displayName,
  chat: identities.chat,
}

/** A user's identities in the order in which they came to know us. */
export async function identitiesOf(db: Db | Tx, userId: string): Promise<Identity[]> {
  return db.select(columns).from(identities).where(eq(identities.userId, userId)).orderBy(asc(identities.createdAt), asc(identities.ref))
}

/** The identity that acts, if it still belongs to the user for whom it acts; null when it moved or ended meanwhile. */
export async function actingIdentity(db: Db | Tx, { provider, subject, userId }: Holder): Promise<Identity | null> {
  const own = and(eq(identities.provider, provider), eq(identities.subject, subject), eq(identities.userId, userId))
  const [row] = await db.select(columns).from(identities).where(own)
  return row ?? null
}

/** Holds these users until the transaction ends. Always in one order: two transactions that hold the same two never wait for each other. */
export async function lockUsers(tx: Tx, userIds: readonly string[]): Promise<void> {
  await tx
    .select({ id: users.id })
    .from(users)
    .where(inArray(users.id, [...userIds]))
    .orderBy(asc(users.id))
    .for('update')
}

/** Everything of one user becomes another's, and the emptied user ends. The audit log keeps who acted under which user. */
export async function mergeUsers(tx: Tx, { from, into }: { from: string; into: string }): Promise<void> {
  await tx.update(identities).set({ userId: into }).where(eq(identities.userId, from))
  await tx.update(instances).set({ userId: into }).where(eq(instances.userId, from))
  await tx.update(stagedApps).set({ userId: into }).where(eq(stagedApps.userId, from))
  await tx.update(backups).set({ userId: into }).where(eq(backups.userId, from))
  await tx.update(usageFacts).set({ userId: into }).where(eq(usageFacts.userId, from))
  await tx.update(outbox).set({ userId: into }).where(eq(outbox.userId, from))
  await mergeAlertHours(tx, { from, into })
  await tx
    .update(instanceEvents)
    .set({ detail: sql`jsonb_set(${instanceEvents.detail}, '{by}', to_jsonb(${into}::text))` })
    .where(askedBy(from))
  await tx.update(oneTimeTokens).set({ userId: into }).where(eq(oneTimeTokens.userId, from))
  await mergeReferrals(tx, { from, into })
  const [emptied] = await tx
    .delete(users)
    .where(eq(users.id, from))
    .returning({ plan: users.plan, timeZone: users.timeZone, language: users.language })
  assert(emptied !== undefined, `the user ${from} is there to be merged`)
  await tx
    .update(users)
    .set({
      timeZone: sql`coalesce(${users.timeZone}, ${emptied.timeZone})`,
      language: sql`coalesce(${users.language}, ${emptied.language})`,
      // Nobody loses a plan by having linked from the other side.
      ...(emptied.plan === 'pro' && { plan: 'pro' }),
    })
    .where(eq(users.id, into))
}

/** Quiet hours and digest of the one who stays count; who has none takes the other's. */
async function mergeAlertHours(tx: Tx, { from, into }: { from: string; into: string }): Promise<void> {
  const [former] = await tx.delete(alertHours).where(eq(alertHours.userId, from)).returning()
  if (former !== undefined)
    await tx
      .insert(alertHours)
      .values({ ...former, userId: into })
      .onConflictDoNothing()
}

/** Parts an identity from its user. Its questions and buttons die with it, and news for the user go to the first chat that stays. */
export async function removeIdentity(tx: Tx, userId: string, identity: Identity): Promise<void> {
  await tx.delete(identities).where(and(eq(identities.ref, identity.ref), eq(identities.userId, userId)))
  await endConversations(tx, [identity])
  const [staying] = await chatsOf(tx, userId)
  assert(staying !== undefined, `the user ${userId} keeps a chat`)
  await tx.insert(chats).values(staying).onConflictDoNothing()
  const [home] = await tx
    .select({ id: chats.id })
    .from(chats)
    .where(and(eq(chats.provider, staying.provider), eq(chats.address, staying.address)))
  assert(home !== undefined, 'a chat that was just inserted is there')
  // What was delivered stays in the chat that parted; its next state is a new message elsewhere.
  await tx
    .update(outbox)
    .set({ chatId: home.id, messageRef: null })
    .where(and(eq(outbox.userId, userId), inArray(outbox.chatId, chatIdsOf(tx, [identity]))))
  const left = JSON.stringify({ provider: identity.provider, address: identity.chat })
  await tx
    .update(instanceEvents)
    .set({ detail: sql`jsonb_set(${instanceEvents.detail}, '{chat}', ${JSON.stringify(staying)}::jsonb)` })
    .where(
      and(
        or(inArray(instanceEvents.instanceId, instanceIdsOf(tx, userId)), askedBy(userId)),
        sql`${instanceEvents.detail} -> 'chat' = ${left}::jsonb`,
      ),
    )
}

/** What somebody asked for on an instance of somebody else. */
function askedBy(userId: string): SQL {
  return sql`${instanceEvents.detail} ->> 'by' = ${userId}`
}

/**
 * Forgets who a user was: their identities, chats, conversations, messages, and what their assistants were called. What must stay for the
 * provider's sake belongs to a nameless user from then on: whatever was under way for the old one fails instead of making what nobody could
 * reach. Call it only when no instance is present.
 */
export async function forgetUser(tx: Tx, userId: string): Promise<void> {
  const own = await identitiesOf(tx, userId)
  await endConversations(tx, own)
  await tx.delete(outbox).where(or(eq(outbox.userId, userId), inArray(outbox.chatId, chatIdsOf(tx, own))))
  await tx.delete(oneTimeTokens).where(eq(oneTimeTokens.userId, userId))
  if (own.length > 0) await tx.delete(chats).where(or(...own.map(chatMatch)))
  const telegramChats = own.filter((one) => one.provider === 'telegram').map((one) => one.chat)
  await tx.delete(telegramKeyboards).where(inArray(telegramKeyboards.chat, telegramChats))
  // What they asked for on somebody else's goes on, and is told to nobody.
  await tx
    .update(instanceEvents)
    .set({ detail: sql`${instanceEvents.detail} - 'by' - 'chat'` })
    .where(askedBy(userId))
  // What is wanted refers to a version, and so does what was saved: they let go first.
  await tx.update(backups).set({ configVersion: null }).where(eq(backups.userId, userId))
  await tx.update(instances).set({ name: 'forgotten', lastError: null, channels: [], configVersion: null }).where(eq(instances.userId, userId))
  for (const table of [
    instanceEvents,
    incidents,
    health,
    secretNames,
    secretClaims,
    shares,
    approvals,
    channelChecks,
    alertSettings,
    pairings,
    configs,
    upgrades,
    restores,
    backupSchedules,
  ] as const)
    await tx.delete(table).where(inArray(table.instanceId, instanceIdsOf(tx, userId)))
  // What was saved is deleted with the next tick.
  await tx
    .update(backups)
    .set({ instanceName: 'forgotten', error: null, expiresAt: sql`now()` })
    .where(eq(backups.userId, userId))
  await tx
    .update(stagedApps)
    .set({ expiresAt: sql`now()` })
    .where(eq(stagedApps.userId, userId))
  await handToNobody(tx, userId)
  const actors = own.map((one) => `${one.provider}:${one.subject}`)
  await tx
    .update(auditLog)
    .set({ actor: FORGOTTEN_ACTOR, input: {}, room: null })
    .where(or(eq(auditLog.userId, userId), inArray(auditLog.actor, actors)))
  await tx.delete(identities).where(eq(identities.userId, userId))
  await tx.delete(alertHours).where(eq(alertHours.userId, userId))
  // Their invitations, and that they came by one, go with the row.
  await tx.delete(users).where(eq(users.id, userId))
}

async function handToNobody(tx: Tx, userId: string): Promise<void> {
  const left = (await tx.$count(instances, eq(instances.userId, userId))) + (await tx.$count(stagedApps, eq(stagedApps.userId, userId)))
  if (left === 0) return
  const nobody = `u${randomId(11)}`
  await tx.insert(users).values({ id: nobody })
  await tx.update(instances).set({ userId: nobody }).where(eq(instances.userId, userId))
  await tx.update(stagedApps).set({ userId: nobody }).where(eq(stagedApps.userId, userId))
  await tx.update(backups).set({ userId: nobody }).where(eq(backups.userId, userId))
  await tx.update(usageFacts).set({ userId: nobody }).where(eq(usageFacts.userId, userId))
}

/** Deletes up to 10,000 rows of the audit log that are more than `days` old. */
export async function forgetOldAudit(db: Db, days: number): Promise<number> {
  const old = db
    .select({ id: auditLog.id })
    .from(auditLog)
    .where(lt(auditLog.at, sql`now() - ${days} * interval '1 day'`))
    .limit(10_000)
  const rows = await db.delete(auditLog).where(inArray(auditLog.id, old)).returning({ id: auditLog.id })
  return rows.length
}

type Who = Pick<Identity, 'provider' | 'subject' | 'chat'>
const chatMatch = (one: Who): SQL | undefined => and(eq(chats.provider, one.provider), eq(chats.address, one.chat))

function chatIdsOf(tx: Tx, own: readonly Who[]) {
  return tx
    .select({ id: chats.id })
    .from(chats)
    .where(own.length === 0 ? sql`false` : or(...own.map(chatMatch)))
}

function instanceIdsOf(tx: Tx, userId: string) {
  return tx.select({ id: instances.id }).from(instances).where(eq(instances.userId, userId))
}

async function endConversations(tx: Tx, own: readonly Who[]): Promise<void> {
  for (const { provider, subject } of own) {
    await tx.delete(wizardSessions).where(and(eq(wizardSessions.provider, provider), eq(wizardSessions.subject, subject)))
    await tx.delete(actionTokens).where(and(eq(actionTokens.provider, provider), eq(actionTokens.subject, subject)))
  }
}
