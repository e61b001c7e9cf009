// Configuration documents: every version that an owner ever wanted, and which one is wanted now. Rows are only ever added; what is stored here has
// passed every check, and holds no secret.
import { and, desc, eq, lt } from 'drizzle-orm'
import { z } from 'zod'
import type { Json, JsonObject } from '../domain/gateway-document.ts'
import type { Db, Tx } from './connect.ts'
import type { InstanceRow } from './instances.ts'
import { configs } from './schema.ts'

export const configOrigins = ['guided', 'text', 'file', 'rollback', 'restore'] as const
export type ConfigOrigin = (typeof configOrigins)[number]
export type ConfigVersion = { version: number; document: JsonObject; origin: ConfigOrigin; note: string | null; createdAt: Date }

const jsonSchema: z.ZodType<Json> = z.lazy(() =>
  z.union([z.string(), z.number(), z.boolean(), z.null(), z.array(jsonSchema), z.record(z.string(), jsonSchema)]),
)
const documentSchema: z.ZodType<JsonObject> = z.record(z.string(), jsonSchema)
const originSchema = z.enum(configOrigins)

type Row = typeof configs.$inferSelect
const versionOf = ({ version, document, origin, note, createdAt }: Row): ConfigVersion => ({
  version,
  document: documentSchema.parse(document),
  origin: originSchema.parse(origin),
  note,
  createdAt,
})

/** The version of an instance's configuration with this number; null when there is none. */
export async function configAt(db: Db | Tx, instanceId: string, version: number): Promise<ConfigVersion | null> {
  const [row] = await db
    .select()
    .from(configs)
    .where(and(eq(configs.instanceId, instanceId), eq(configs.version, version)))
  return row === undefined ? null : versionOf(row)
}

/** What is wanted now; null as long as nothing was ever wished. */
export async function currentConfig(db: Db | Tx, { id, configVersion }: Pick<InstanceRow, 'id' | 'configVersion'>): Promise<ConfigVersion | null> {
  return configVersion === null ? null : configAt(db, id, configVersion)
}

/** The newest versions, and one more to compare the oldest of them with. */
export async function configHistory(db: Db | Tx, instanceId: string, options: { limit: number; before?: number }): Promise<ConfigVersion[]> {
  const { limit, before } = options
  const rows = await db
    .select()
    .from(configs)
    .where(and(eq(configs.instanceId, instanceId), before === undefined ? undefined : lt(configs.version, before)))
    .orderBy(desc(configs.version))
    .limit(limit + 1)
  return rows.map(versionOf)
}

/** Adds the next version, which is then still to be wanted. Call it with the instance locked: two at once would take the same number. */
export async function addConfig(
  tx: Tx,
  instanceId: string,
  wanted: { document: JsonObject; origin: ConfigOrigin; note: string | null },
): Promise<number> {
  const [last] = await tx
    .select({ version: configs.version })
    .from(configs)
    .where(eq(configs.instanceId, instanceId))
    .orderBy(desc(configs.version))
    .limit(1)
  const version = (last?.version ?? 0) + 1
  await tx.insert(configs).values({ instanceId, version, ...wanted })
  return version
}
