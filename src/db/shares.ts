// Which instances are shared with which places, and how. A share names the place as the platform names it; who is in there is the platform's
// knowledge, shown by what comes in from there. Nothing is kept of the people.
import { and, asc, eq, inArray, isNull } from 'drizzle-orm'
import { z } from 'zod'
import { roles, roomKinds, type Role, type RoomKind } from '../domain/sharing.ts'
import { randomId } from '../lib/random.ts'
import type { Db, Tx } from './connect.ts'
import type { InstanceRow } from './instances.ts'
import { identities, instances, shares } from './schema.ts'

export type Share = { id: string; provider: string; room: string; kind: RoomKind; title: string; role: Role; since: Date }
/** An instance as it is seen from a shared place. `owner` is what the one who shared it is called; empty when that chat is no longer theirs. */
export type SharedInstance = { instance: InstanceRow; share: Share; owner: string }

const kindSchema = z.enum(roomKinds)
const roleSchema = z.enum(roles)

function shareOf(row: typeof shares.$inferSelect): Share {
  const { id, provider, room, roomKind, roomTitle, role, createdAt } = row
  return { id, provider, room, kind: kindSchema.parse(roomKind), title: roomTitle, role: roleSchema.parse(role), since: createdAt }
}

/** What is shared with these places of a platform, oldest instance first. An instance that is to be deleted is shared with nobody. */
export async function sharedWith(db: Db | Tx, places: { provider: string; rooms: readonly string[] }): Promise<SharedInstance[]> {
  if (places.rooms.length === 0) return []
  const rows = await db
    .select({ instance: instances, share: shares, owner: identities.displayName })
    .from(shares)
    .innerJoin(instances, eq(instances.id, shares.instanceId))
    .leftJoin(identities, eq(identities.ref, shares.grantedBy))
    .where(and(eq(shares.provider, places.provider), inArray(shares.room, [...places.rooms]), isNull(instances.deleteRequestedAt)))
    .orderBy(asc(instances.createdAt), asc(instances.id))
  return rows.map(({ instance, share, owner }) => ({ instance, share: shareOf(share), owner: owner ?? '' }))
}

/** The places that an instance is shared with, in the order in which that was done. */
export async function sharesOf(db: Db | Tx, instanceId: string): Promise<Share[]> {
  const rows = await db.select().from(shares).where(eq(shares.instanceId, instanceId)).orderBy(asc(shares.createdAt), asc(shares.id))
  return rows.map(shareOf)
}

/** Shares an instance with a place, or changes what that place may do. */
export async function putShare(
  tx: Tx,
  wanted: { instanceId: string; provider: string; room: { id: string; kind: RoomKind; title: string }; role: Role; grantedBy: string | null },
): Promise<void> {
  const { instanceId, provider, room, role, grantedBy } = wanted
  const now = { roomKind: room.kind, roomTitle: room.title, role, grantedBy }
  await tx
    .insert(shares)
    .values({ id: randomId(8), instanceId, provider, room: room.id, ...now })
    .onConflictDoUpdate({ target: [shares.instanceId, shares.provider, shares.room], set: now })
}

/** Ends one share of an instance. */
export async function endShare(tx: Tx, ended: { instanceId: string; id: string }): Promise<void> {
  await tx.delete(shares).where(and(eq(shares.instanceId, ended.instanceId), eq(shares.id, ended.id)))
}

/** Ends all shares of an instance. */
export async function endSharesOf(tx: Tx, instanceId: string): Promise<void> {
  await tx.delete(shares).where(eq(shares.instanceId, instanceId))
}
