import { getTableConfig, type PgTable } from 'drizzle-orm/pg-core'
import { is, sql } from 'drizzle-orm'
import { PgTable as Table } from 'drizzle-orm/pg-core'
import { describe, expect, it } from 'vitest'
import { rowsOf } from '../../src/db/connect.ts'
import * as schema from '../../src/db/schema.ts'
import { testDatabases } from '../support/database.ts'

type Column = { table: string; column: string; type: string; nullable: boolean; default: boolean }

const byName = (a: Column, b: Column): number => `${a.table}.${a.column}`.localeCompare(`${b.table}.${b.column}`)

function columnsOf(table: PgTable): Column[] {
  const { name, columns, primaryKeys } = getTableConfig(table)
  const inKey = new Set(primaryKeys.flatMap((key) => key.columns.map((column) => column.name)))
  return columns.map((column) => ({
    table: name,
    column: column.name,
    type: column.getSQLType(),
    nullable: !column.notNull && !inKey.has(column.name),
    default: column.hasDefault || column.generatedIdentity !== undefined,
  }))
}

describe.each(await testDatabases())('schema.ts on $name', ({ open }) => {
  it('names every table and column of the migrations with its type, nullability and default, and no other', async () => {
    const { db } = await open()
    const inDatabase = rowsOf<Column>(
      await db.execute(sql`
        select c.relname as table, a.attname as column, format_type(a.atttypid, a.atttypmod) as type, not a.attnotnull as nullable, (a.atthasdef or a.attidentity <> '') as default
        from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace and c.relname <> 'schema_migrations' and a.attnum > 0 and not a.attisdropped`),
    )
    const inCode = Object.values(schema).flatMap((value) => (is(value, Table) ? columnsOf(value) : []))
    expect(inCode.toSorted(byName)).toStrictEqual(inDatabase.toSorted(byName))
    expect(inCode.length).toBeGreaterThan(50)
  })

  it('agrees on every primary key', async () => {
    const { db } = await open()
    const inDatabase = rowsOf<{ table: string; columns: string[] }>(
      await db.execute(sql`
        select c.relname as table, array_agg(a.attname::text order by array_position(i.indkey::int2[], a.attnum)) as columns
        from pg_index i join pg_class c on c.oid = i.indrelid join pg_attribute a on a.attrelid = c.oid and a.attnum = any (i.indkey)
        where i.indisprimary and c.relnamespace = 'public'::regnamespace and c.relname <> 'schema_migrations' group by c.relname`),
    )
    const inCode = Object.values(schema).flatMap((value) => {
      if (!is(value, Table)) return []
      const { name, columns, primaryKeys } = getTableConfig(value)
      const key = primaryKeys[0]?.columns ?? columns.filter((column) => column.primary)
      return [{ table: name, columns: key.map((column) => column.name) }]
    })
    const order = (a: { table: string }, b: { table: string }): number => a.table.localeCompare(b.table)
    expect(inCode.toSorted(order)).toStrictEqual(inDatabase.toSorted(order))
  })
})
