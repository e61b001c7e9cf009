// The tables of metering as drizzle sees them.
import { bigint, integer, pgTable, primaryKey, text } from 'drizzle-orm/pg-core'
import { at } from './schema-columns.ts'

export const meterReadings = pgTable(
  'meter_readings',
  {
    instanceId: text('instance_id').notNull(),
    meter: text('meter').notNull(),
    run: text('run').notNull(),
    readAt: at('read_at').notNull().defaultNow(),
    total: bigint('total', { mode: 'bigint' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.meter, table.readAt] })],
)

export const usageFacts = pgTable(
  'usage_facts',
  {
    instanceId: text('instance_id').notNull(),
    meter: text('meter').notNull(),
    hour: at('hour').notNull(),
    row: integer('row').notNull(),
    amount: bigint('amount', { mode: 'bigint' }).notNull(),
    userId: text('user_id').notNull(),
    addedAt: at('added_at').notNull().defaultNow(),
  },
  (table) => [primaryKey({ columns: [table.instanceId, table.meter, table.hour, table.row] })],
)

export const meterVisits = pgTable('meter_visits', {
  instanceId: text('instance_id').primaryKey(),
  dueAt: at('due_at').notNull().defaultNow(),
  countedUntil: at('counted_until').notNull(),
})
