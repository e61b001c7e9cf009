// Ann's instance and the people around her, in places that she shares it with.
import { sql } from 'drizzle-orm'
import type { Actor } from '../../src/actions/action.ts'
import type { ActionName } from '../../src/actions/catalogue.ts'
import { rowsOf, type Database } from '../../src/db/connect.ts'
import { sharesOf, type Share } from '../../src/db/shares.ts'
import { userFor } from '../../src/db/users.ts'
import type { Role } from '../../src/domain/sharing.ts'
import { createWorld, type Machines, type World } from './world.ts'

export type Audited = { actor: string; action: string; instance: string | null; room: string | null; outcome: string }
export type Sharing = {
  world: World
  /** The group on Telegram that all are in. */
  team: string
  /** The owner. */
  ann: Actor
  ben: Actor
  /** Ann's instance, my-claw. */
  id: string
  at(subject: string, provider?: string): Promise<Actor>
  /** The same person, asking from these places. */
  from(actor: Actor, ...rooms: string[]): Actor
  /** The same, where everybody reads the answer. */
  overheard(actor: Actor, room: string): Actor
  deploy(actor: Actor, name?: string): Promise<string>
  share(role: Role, room?: string): Promise<void>
  shares(): Promise<Share[]>
  /** Why an action is refused, or "ok". */
  reasonOf(name: ActionName, input: object, actor: Actor): Promise<string>
  /** The audit log, oldest first. */
  audited(): Promise<Audited[]>
}

/** `nth` tells several of them on one database apart. */
export async function createSharing(database: Database, machines: Machines, nth = 0): Promise<Sharing> {
  const team = `-1005${nth}`
  const suffix = nth === 0 ? '' : `-${nth}`
  const world = createWorld(database, machines)
  const { db } = database
  const at: Sharing['at'] = async (subject, provider = 'telegram') => {
    const chat = `chat-of-${subject}`
    const { userId } = await userFor(db, { provider, subject, displayName: subject, chat })
    return { provider, subject, userId, chat }
  }
  const deploy: Sharing['deploy'] = async (actor, name = 'my-claw') => {
    const made = await world.actions.perform('deploy', { name, region: 'ams' }, actor)
    if (!made.ok) throw new Error(made.reason)
    // Live as far as the database knows: who may do what takes no machine, and settle() makes it true where one is needed.
    await db.execute(
      sql`update instances set operation_id = null, operation_kind = null, operation_started_at = null, healthy = true, live_at = now() where id = ${made.value.instance.id}`,
    )
    return made.value.instance.id
  }
  const [ann, ben] = [await at(`ann${suffix}`), await at(`ben${suffix}`)]
  const id = await deploy(ann)
  const from: Sharing['from'] = (actor, ...rooms) => ({ ...actor, rooms })
  const reasonOf: Sharing['reasonOf'] = async (name, input, actor) => {
    const result = await world.actions.perform(name, input, actor)
    return result.ok ? 'ok' : result.reason
  }
  return {
    world,
    team,
    ann,
    ben,
    id,
    at,
    from,
    overheard: (actor, room) => ({ ...from(actor, room), chat: room, overheard: true }),
    deploy,
    async share(role, room = team) {
      const kind = room === team ? 'group' : 'server'
      const done = await reasonOf('share', { instance: id, room: { id: room, kind, title: 'Team' }, role }, from(ann, room))
      if (done !== 'ok') throw new Error(done)
    },
    shares: () => sharesOf(db, id),
    reasonOf,
    audited: async () =>
      rowsOf<Audited>(await db.execute(sql`select actor, action, instance_id as instance, room, outcome from audit_log order by id`)),
  }
}
