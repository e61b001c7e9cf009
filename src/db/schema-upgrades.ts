// The tables of upgrades and rollouts as drizzle sees them.
import { bigint, integer, jsonb, pgTable, text } from 'drizzle-orm/pg-core'
import { at } from './schema-columns.ts'

export const releases = pgTable('releases', {
  image: text('image').primaryKey(),
  notes: text('notes').notNull().default(''),
  offeredAt: at('offered_at').notNull().defaultNow(),
  withdrawnAt: at('withdrawn_at'),
})

export const rollouts = pgTable('rollouts', {
  id: text('id').primaryKey(),
  image: text('image').notNull(),
  percent: integer('percent').notNull(),
  atOnce: integer('at_once').notNull(),
  failedPercentMax: integer('failed_percent_max').notNull(),
  state: text('state').notNull().default('running'),
  reason: text('reason'),
  createdAt: at('created_at').notNull().defaultNow(),
  resumedAt: at('resumed_at').notNull().defaultNow(),
})

export const upgrades = pgTable('upgrades', {
  id: text('id').primaryKey(),
  instanceId: text('instance_id').notNull(),
  fromImage: text('from_image').notNull(),
  toImage: text('to_image').notNull(),
  rolloutId: text('rollout_id'),
  backupId: text('backup_id'),
  restoreId: text('restore_id'),
  state: text('state').notNull().default('wanted'),
  reason: text('reason'),
  error: text('error'),
  startBefore: text('start_before'),
  exitsBefore: integer('exits_before'),
  downBefore: jsonb('down_before'),
  checks: integer('checks').notNull().default(0),
  createdAt: at('created_at').notNull().defaultNow(),
  stateAt: at('state_at').notNull().defaultNow(),
  endedAt: at('ended_at'),
  dueAt: at('due_at').notNull().defaultNow(),
  leaseUntil: at('lease_until'),
  epoch: bigint('epoch', { mode: 'number' }).notNull().default(0),
})
