// An assistant's configuration: what is wanted of it, what would become of a wish, and the wish itself. A document is stored, and wanted, only when
// everything about it is right; what is stored is never changed, and going back is one more version.
import { z } from 'zod'
import { addConfig, configAt, configHistory, currentConfig, type ConfigOrigin, type ConfigVersion } from '../db/configs.ts'
import type { Db, Tx } from '../db/connect.ts'
import { lockInstance, storedOf, type InstanceRow } from '../db/instances.ts'
import { secretsOf } from '../db/secret-names.ts'
import { documentProblems, textProblem, type CheckedAgainst, type DocumentProblem } from '../domain/gateway-check.ts'
import { documentChanges, type DocumentChange } from '../domain/gateway-diff.ts'
import { effectiveDocument, type JsonObject, type ListenedChannel, type Path } from '../domain/gateway-document.ts'
import type { GatewaySchema } from '../domain/gateway-schema.ts'
import {
  dmPolicies,
  PERSONA_CHARS_MAX,
  PERSONA_NAME_CHARS_MAX,
  settingsIn,
  toolProfiles,
  withSetting,
  type Settings,
} from '../domain/gateway-settings.ts'
import { readDocument } from '../domain/gateway-text.ts'
import { modelProviders } from '../domain/model-providers.ts'
import { planIdSchema } from '../domain/plans.ts'
import { ok, type Result } from '../domain/refusal.ts'
import type { Accepted, Actor, ChangeAction, ChangeContext, InstanceSummary, PrepareContext, ReadAction, ReadContext } from './action.ts'
import { ownBackup } from './backups.ts'
import { bringAbout, type Reaches } from './bring-about.ts'
import { findInstance } from './find-instance.ts'
import { schemaFor } from './gateway-schemas.ts'
import { summaryOf } from './summary.ts'

const instance = z.string().max(200).optional()
/** Of what is wrong with a document, more than this is no help at once. */
const PROBLEMS_MAX = 10
const HISTORY_MAX = 8

type Changed = { at: Date; origin: ConfigOrigin; note: string | null }
/** `version` is 0, and `changed` null, as long as nothing was ever wished. */
export type ConfigSeen = {
  instance: InstanceSummary
  version: number
  changed: Changed | null
  document: JsonObject
  settings: Settings
  channels: readonly ListenedChannel['id'][]
  /** The models that there is a key for. */
  models: readonly { brain: string; model: string }[]
}

const lookInput = z.object({ instance })

/** What is wanted of an assistant's gateway. */
export const config: ReadAction<typeof lookInput, ConfigSeen> = {
  name: 'config',
  summary: 'How an assistant is set up: its model, who may write, its character',
  words: ['instance'],
  input: lookInput,
  scope: 'read',
  confirm: 'none',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const row = found.value
    const current = await currentConfig(context.db, row)
    const held = (await secretsOf(context.db, row.id)).map((secret) => secret.name)
    const { channels } = storedOf(row)
    return ok({
      instance: summaryOf(row),
      version: current?.version ?? 0,
      changed: current === null ? null : { at: current.createdAt, origin: current.origin, note: current.note },
      document: current?.document ?? {},
      settings: settingsIn(effectiveDocument(current?.document ?? null, { address: '', modelProvider: row.modelProvider, channels }), channels),
      channels: channels.map((one) => one.id),
      models: modelProviders.filter((provider) => held.includes(provider.secretName)).map(({ brain, model }) => ({ brain, model })),
    })
  },
}

export type ConfigStep = { version: number; changed: Changed; changes: readonly DocumentChange[] }
const historyInput = z.object({ instance, before: z.number().int().positive().optional() })

/** The versions that were wanted, newest first, with what each of them changed. `older`: there are more. */
export const configVersions: ReadAction<typeof historyInput, { instance: InstanceSummary; version: number; steps: ConfigStep[]; older: boolean }> = {
  name: 'config-history',
  summary: "An assistant's configuration as it was",
  words: ['instance'],
  hidden: true,
  input: historyInput,
  scope: 'read',
  confirm: 'none',
  async run(context, { instance: named, before }) {
    const found = await findInstance(context, named)
    if (!found.ok) return found
    const versions = await configHistory(context.db, found.value.id, { limit: HISTORY_MAX, ...(before !== undefined && { before }) })
    const steps = versions.slice(0, HISTORY_MAX).map((one, index) => stepOf(one, versions[index + 1]))
    return ok({ instance: summaryOf(found.value), version: found.value.configVersion ?? 0, steps, older: versions.length > HISTORY_MAX })
  },
}

function stepOf({ version, document, createdAt, origin, note }: ConfigVersion, before: ConfigVersion | undefined): ConfigStep {
  return { version, changed: { at: createdAt, origin, note }, changes: documentChanges(before?.document ?? {}, document) }
}

const backup = z.string().regex(/^[a-z0-9]{6,32}$/)
const checkInput = z.union([
  z.object({ instance, text: z.string() }),
  z.object({ instance, version: z.number().int().min(0) }),
  z.object({ instance, backup }),
])
/** What a wish would change; `base` is the version that it would come after. */
export type ConfigDraft = { instance: InstanceSummary; document: JsonObject; base: number; changes: readonly DocumentChange[] }

/** Reads a document as its owner wrote it, an older version, or one that was saved, and says what it would change, or what is wrong. Changes nothing. */
export const checkConfig: ReadAction<typeof checkInput, ConfigDraft> = {
  name: 'check-config',
  summary: 'What a configuration would change',
  words: ['instance'],
  hidden: true,
  input: checkInput,
  scope: 'read',
  confirm: 'none',
  async run(context, wanted) {
    const found = await findInstance(context, wanted.instance)
    if (!found.ok) return found
    const row = found.value
    const schema = await schemaOf(row)
    if (!schema.ok) return schema
    const read = await documentOf(context, row, wanted)
    if (!read.ok) return read
    const { document, lineOf } = read.value
    const current = (await currentConfig(context.db, row))?.document ?? {}
    const checked = await passes(context.db, row, { schema: schema.value, document, current, lineOf })
    if (!checked.ok) return checked
    return ok({ instance: summaryOf(row), document, base: row.configVersion ?? 0, changes: checked.value })
  },
}

type Read = { document: JsonObject; lineOf?: ((path: Path) => number | null) | undefined }

async function documentOf({ db, actor }: ReadContext, row: InstanceRow, wanted: z.output<typeof checkInput>): Promise<Result<Read>> {
  if ('version' in wanted) return older(db, row, wanted.version)
  if ('backup' in wanted) return saved(db, actor, wanted.backup)
  const read = readDocument(wanted.text)
  return read.ok ? ok(read) : invalid([textProblem(read)])
}

/** Version 0 is what there was before anything was wished. */
async function older(db: Db | Tx, row: InstanceRow, version: number): Promise<Result<{ document: JsonObject }>> {
  if (version === 0) return ok({ document: {} })
  const found = await configAt(db, row.id, version)
  return found === null ? { ok: false, reason: 'config-no-version', version } : ok({ document: found.document })
}

/** What was wanted when a backup of the person's own was made, of whichever assistant. */
async function saved(db: Db | Tx, actor: Actor, id: string): Promise<Result<{ document: JsonObject }>> {
  const found = await ownBackup(db, actor, id)
  if (!found.ok) return found
  const { instanceId, configVersion } = found.value
  const config = configVersion === null ? null : await configAt(db, instanceId, configVersion)
  return ok({ document: config?.document ?? {} })
}

async function schemaOf(row: InstanceRow): Promise<Result<GatewaySchema>> {
  const schema = schemaFor(row.image)
  return schema === null ? { ok: false, reason: 'config-unknown-gateway', image: row.image } : ok(await schema)
}

type Candidate = Read & { schema: GatewaySchema; current: JsonObject }

/** What an instance's document is held against. */
export async function heldAgainst(db: Db | Tx, row: InstanceRow, schema: GatewaySchema): Promise<CheckedAgainst> {
  return {
    schema,
    // Whatever it is called: it is ours, and of the kind of text that it must be.
    address: 'https://assistant.invalid',
    modelProvider: row.modelProvider,
    channels: storedOf(row).channels,
    plan: planIdSchema.parse(row.plan),
    variables: (await secretsOf(db, row.id)).map((secret) => secret.name),
  }
}

/** Why a document may not reach the instance's machine: as its plan and its variables are now, by the schema of the version that it is for. */
export async function settingsProblems(
  db: Db | Tx,
  row: InstanceRow,
  { schema, document, lineOf }: Read & { schema: GatewaySchema },
): Promise<DocumentProblem[]> {
  return documentProblems(document, await heldAgainst(db, row, schema), lineOf)
}

/** What a document changes, if it may reach the machine. */
async function passes(db: Db | Tx, row: InstanceRow, { current, ...read }: Candidate): Promise<Result<DocumentChange[]>> {
  const { document } = read
  const problems = await settingsProblems(db, row, read)
  if (problems.length > 0) return invalid(problems)
  const changes = documentChanges(current, document)
  return changes.length === 0 ? { ok: false, reason: 'config-same' } : ok(changes)
}

function invalid(problems: readonly DocumentProblem[]): Result<never> {
  return { ok: false, reason: 'config-invalid', problems: problems.slice(0, PROBLEMS_MAX), more: Math.max(0, problems.length - PROBLEMS_MAX) }
}

const text = (charsMax: number): z.ZodType<string> => z.string().trim().min(1).max(charsMax)
const settingSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('model'), model: text(200).nullable() }),
  z.object({ kind: z.literal('people'), policy: z.enum(dmPolicies) }),
  z.object({ kind: z.literal('persona-name'), name: text(PERSONA_NAME_CHARS_MAX).nullable() }),
  z.object({ kind: z.literal('persona'), character: text(PERSONA_CHARS_MAX).nullable() }),
  z.object({ kind: z.literal('memory'), search: z.boolean() }),
  z.object({ kind: z.literal('recall'), across: z.boolean() }),
  z.object({ kind: z.literal('tools'), profile: z.enum(toolProfiles).nullable() }),
])
const base = z.number().int().min(0)
const setInput = z.union([
  z.object({ instance, setting: settingSchema }),
  z.object({ instance, version: z.number().int().min(0), base }),
  z.object({ instance, backup, base }),
  z.object({ instance, document: z.record(z.string(), z.json()), origin: z.enum(['text', 'file']), base }),
])
type Wanted = z.output<typeof setInput>
export type ConfigChange = Accepted & { version: number; changes: readonly DocumentChange[]; reaches: Reaches }

/** Wants one setting, a whole document, an older version, or what was saved from now on. */
export const setConfig: ChangeAction<typeof setInput, ConfigChange, GatewaySchema> = {
  name: 'set-config',
  summary: 'Change how an assistant is set up',
  words: ['instance'],
  hidden: true,
  input: setInput,
  scope: 'operate',
  confirm: 'none',
  async prepare(context, wanted) {
    const found = await changeable(context, wanted.instance)
    return found.ok ? schemaOf(found.value) : found
  },
  async run(context, wanted, schema) {
    const { db: tx, trail } = context
    // The versions are there to be read: the log of who did what says which one.
    if ('document' in wanted) trail.detail['document'] = null
    const found = await changeable(context, wanted.instance)
    if (!found.ok) return found
    // Locked first: two wishes at once are two versions, and the second knows of the first.
    const row = await lockInstance(tx, found.value.id)
    if (row === null) return { ok: false, reason: 'no-instance' }
    const current = (await currentConfig(tx, row))?.document ?? {}
    const wish = await wishOf(context, row, wanted, current)
    if (!wish.ok) return wish
    const changes = await passes(tx, row, { schema, document: wish.value.document, current })
    if (!changes.ok) return changes
    const version = await addConfig(tx, row.id, wish.value)
    trail.detail['version'] = version
    const about = { config: version }
    const done = await bringAbout(context, row, { set: { configVersion: version }, about, event: 'config' })
    if (!done.ok) return done
    const { row: after, reaches, operationId } = done.value
    return ok({ instance: summaryOf(after), operationId, version, changes: changes.value, reaches })
  },
}

async function changeable(
  context: Pick<PrepareContext, 'actor' | 'gate' | 'trail'> & { db: ChangeContext['db'] | PrepareContext['db'] },
  wanted: string | undefined,
) {
  const found = await findInstance(context, wanted)
  if (!found.ok || found.value.deleteRequestedAt === null) return found
  return { ok: false, reason: 'being-destroyed', name: found.value.name } as const
}

type Wish = { document: JsonObject; origin: ConfigOrigin; note: string | null }

async function wishOf({ db: tx, actor }: ChangeContext, row: InstanceRow, wanted: Wanted, current: JsonObject): Promise<Result<Wish>> {
  if ('setting' in wanted) {
    const { setting } = wanted
    const { channels } = storedOf(row)
    if (setting.kind === 'people' && channels.length === 0) return { ok: false, reason: 'config-no-chat' }
    if (setting.kind === 'model' && setting.model !== null && !MODEL.test(setting.model))
      return { ok: false, reason: 'config-model', model: setting.model }
    return ok({ document: withSetting(current, setting, channels), origin: 'guided', note: setting.kind })
  }
  if (wanted.base !== (row.configVersion ?? 0)) return { ok: false, reason: 'config-changed' }
  if ('document' in wanted) return ok({ document: wanted.document as JsonObject, origin: wanted.origin, note: null })
  if ('backup' in wanted) {
    const kept = await saved(tx, actor, wanted.backup)
    return kept.ok ? ok({ document: kept.value.document, origin: 'restore', note: null }) : kept
  }
  const former = await older(tx, row, wanted.version)
  return former.ok ? ok({ document: former.value.document, origin: 'rollback', note: String(wanted.version) }) : former
}

/** The company, a slash, and what it calls the model. */
const MODEL = /^[a-z0-9][a-z0-9-]*\/[^\s]+$/i
