import { z } from 'zod'
import { activeInstances, insertInstance, requestChange } from '../db/instances.ts'
import { secretsOf, unstageApp } from '../db/secret-names.ts'
import { planOf } from '../db/users.ts'
import { nameProblem, suggestName } from '../domain/instance-name.ts'
import type { GatewaySchema } from '../domain/gateway-schema.ts'
import { modelProviderOf, modelProviders } from '../domain/model-providers.ts'
import { plans } from '../domain/plans.ts'
import { ok } from '../domain/refusal.ts'
import { regionOf } from '../domain/regions.ts'
import { randomId } from '../lib/random.ts'
import type { Accepted, ChangeAction } from './action.ts'
import { requestRestore } from '../db/restores.ts'
import { ownBackup } from './backups.ts'
import { carryConfig } from './carry-config.ts'
import { channelsFor } from './channels.ts'
import { schemaFor } from './gateway-schemas.ts'
import { summaryOf } from './summary.ts'

const providerIds = modelProviders.map((provider) => provider.id)
const input = z.object({
  name: z.string().max(200),
  region: z.string().max(10),
  modelProvider: z.enum(providerIds).nullable().default(null),
  /** The id under which the key was staged, if one was pasted. */
  draftId: z
    .string()
    .regex(/^[a-z0-9]{8,20}$/)
    .optional(),
  /** What was saved of a former one is what it is to know. */
  fromBackup: z.string().max(40).nullable().default(null),
})

/** Makes an instance: writes what is wanted and opens the deployment. The database decides who gets the last free place. */
export const deploy: ChangeAction<typeof input, Accepted, GatewaySchema | null> = {
  name: 'deploy',
  summary: 'Set up a new assistant',
  words: ['name', 'region'],
  input,
  scope: 'operate',
  confirm: 'tap',
  /** What can be set in the gateway that it will run, for the settings that come back. */
  prepare: async ({ settings }, { fromBackup }) => ok(fromBackup === null ? null : await schemaFor(settings.image)),
  async run({ db: tx, actor, settings }, wanted, schema) {
    const taken = (await activeInstances(tx, actor.userId)).map((row) => row.name)
    const plan = plans[await planOf(tx, actor.userId)]
    if (taken.length >= plan.instancesMax) return { ok: false, reason: 'instance-limit', limit: plan.instancesMax, plan: plan.title }
    const problem = nameProblem(wanted.name, taken)
    if (problem !== null) return { ok: false, reason: 'name', problem }
    if (regionOf(wanted.region) === undefined) return { ok: false, reason: 'unknown-region', region: wanted.region }
    const saved = wanted.fromBackup === null ? null : await ownBackup(tx, actor, wanted.fromBackup)
    if (saved?.ok === false) return saved
    const staged = wanted.draftId !== undefined && (await unstageApp(tx, wanted.draftId, actor.userId))
    const id = staged && wanted.draftId !== undefined ? wanted.draftId : randomId(10)
    const secrets = await secretsOf(tx, id)
    const needed = modelProviderOf(wanted.modelProvider)?.secretName
    // The wizard said that a key is there, and it expired meanwhile: better to ask again than to launch an assistant without a brain.
    if (wanted.draftId !== undefined && needed !== undefined && !secrets.some((one) => one.name === needed))
      return { ok: false, reason: 'secret-store-unavailable' }
    const secretsVersion = secrets.reduce<number | null>((newest, one) => Math.max(newest ?? 0, one.version), null)
    const row = await insertInstance(
      tx,
      {
        id,
        userId: actor.userId,
        name: wanted.name.trim(),
        plan: plan.id,
        region: wanted.region,
        image: settings.image,
        modelProvider: wanted.modelProvider,
        secretsVersion,
        channels: await channelsFor(tx, actor.userId, secrets),
      },
      plan.instancesMax,
    )
    if (row === 'limit') return { ok: false, reason: 'instance-limit', limit: plan.instancesMax, plan: plan.title }
    if (row === 'name-taken')
      return { ok: false, reason: 'name', problem: { kind: 'taken', suggestion: suggestName(wanted.name, [...taken, wanted.name.trim()]) } }
    const chat = { provider: actor.provider, address: actor.chat }
    const carried = saved === null ? null : await carryConfig(tx, { backup: saved.value, row, schema })
    const set = carried === null ? {} : { configVersion: carried.version }
    const job = await requestChange(tx, row.id, { kind: 'deploy', set, chat, cause: 'owner' })
    if (job === null) return { ok: false, reason: 'being-destroyed', name: row.name }
    if (saved !== null) {
      const wish = { backupId: saved.value.id, instanceId: row.id, userId: row.userId, fresh: true, leftOut: carried?.leftOut ?? [], chat }
      await requestRestore(tx, wish)
    }
    return ok({ instance: summaryOf(job.row), operationId: job.operationId })
  },
}
