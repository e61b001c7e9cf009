// Two people at two chats, about to become one account; and everything that a database holds, as text.
import { sql } from 'drizzle-orm'
import type { Actor } from '../../src/actions/action.ts'
import type { LinkStep } from '../../src/actions/link.ts'
import { rowsOf, type Database, type Db } from '../../src/db/connect.ts'
import { identities } from '../../src/db/schema.ts'
import { userFor } from '../../src/db/users.ts'
import { createWorld, type Machines, type World } from './world.ts'

export type Accounts = {
  world: World
  db: Db
  /** At Telegram. */
  ann: Actor
  /** At Discord. */
  anna: Actor
  at(provider: string, subject: string, displayName?: string): Promise<Actor>
  step(actor: Actor, input: object): Promise<LinkStep>
  /** Why /link is refused, or "ok". */
  reasonOf(actor: Actor, input: object): Promise<string>
  codeOf(actor: Actor): Promise<string>
  /** Ann's code, entered by Anna. */
  asked(): Promise<{ yes: object; no: object; code: string }>
  /** Ann's code, entered by Anna, and both said yes. */
  linked(): Promise<void>
  /** Which user each subject belongs to. */
  owners(): Promise<Record<string, string>>
}

export async function createAccounts(database: Database, machines: Machines): Promise<Accounts> {
  const world = createWorld(database, machines)
  const { db } = database
  const at: Accounts['at'] = async (provider, subject, displayName = subject) => {
    const chat = `chat-of-${subject}`
    const { userId } = await userFor(db, { provider, subject, displayName, chat })
    return { provider, subject, userId, chat }
  }
  const [ann, anna] = [await at('telegram', 'ann-7', 'Ann'), await at('discord', 'anna-9', 'Anna')]
  const step: Accounts['step'] = async (actor, input) => {
    const result = await world.actions.perform('link', input, actor)
    if (!result.ok) throw new Error(result.reason)
    return result.value
  }
  const codeOf: Accounts['codeOf'] = async (actor) => {
    const made = await step(actor, {})
    if (made.kind !== 'code') throw new Error(made.kind)
    return made.code
  }
  const asked: Accounts['asked'] = async () => {
    const code = await codeOf(ann)
    const entered = await step(anna, { code })
    if (entered.kind !== 'asked') throw new Error(entered.kind)
    const { requestId: request } = entered
    return { code, yes: { request, answer: 'yes' }, no: { request, answer: 'no' } }
  }
  return {
    world,
    db,
    ann,
    anna,
    at,
    step,
    codeOf,
    asked,
    async reasonOf(actor, input) {
      const result = await world.actions.perform('link', input, actor)
      return result.ok ? 'ok' : result.reason
    },
    async linked() {
      const { yes } = await asked()
      await step(ann, yes)
      await step(anna, yes)
    },
    async owners() {
      return Object.fromEntries((await db.select().from(identities)).map((one) => [one.subject, one.userId]))
    },
  }
}

/** Every row of every table. */
export async function wholeDatabase(db: Db): Promise<string> {
  const tables = rowsOf<{ name: string }>(
    await db.execute(
      sql`select table_name as name from information_schema.tables where table_schema = 'public' and table_name <> 'schema_migrations'`,
    ),
  )
  const contents = await Promise.all(tables.map(({ name }) => db.execute(sql.raw(`select * from "${name}"`))))
  return JSON.stringify(
    contents.map((result) => rowsOf(result)),
    (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
  )
}
