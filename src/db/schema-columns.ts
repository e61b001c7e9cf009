// Columns that many tables have.
import { timestamp } from 'drizzle-orm/pg-core'

/** A moment: Postgres' timestamptz, a Date here. */
export const at = (name: string) => timestamp(name, { withTimezone: true, mode: 'date' })
