// Moving an assistant to a later version of its gateway, for its owner alone: what there is, and the wish for one.
import { z } from 'zod'
import { currentConfig } from '../db/configs.ts'
import type { Tx } from '../db/connect.ts'
import { lockInstance, type InstanceRow } from '../db/instances.ts'
import { offeredReleases, type Release } from '../db/releases.ts'
import { requestUpgrade } from '../db/upgrades.ts'
import { isNewer } from '../domain/image.ts'
import { ok, type Result } from '../domain/refusal.ts'
import type { ChangeAction, InstanceSummary, ReadAction } from './action.ts'
import { settingsProblems } from './config.ts'
import { findInstance } from './find-instance.ts'
import { schemaFor } from './gateway-schemas.ts'
import { notNow, whileUpgraded } from './not-now.ts'
import { summaryOf } from './summary.ts'

const one = z.object({ instance: z.string().max(200).optional() })
export type UpgradeOffer = {
  instance: InstanceSummary
  /** Later versions than the one that it runs, the newest first. */
  releases: Pick<Release, 'image' | 'notes'>[]
}

/** The versions that an assistant can move to. */
export const upgrade: ReadAction<typeof one, UpgradeOffer> = {
  name: 'upgrade',
  summary: 'Move an assistant to a newer version of OpenClaw',
  words: ['instance'],
  input: one,
  scope: 'read',
  confirm: 'none',
  async run(context, { instance }) {
    const { db, actor } = context
    if (actor.overheard === true) return { ok: false, reason: 'private-only' }
    const found = await findInstance(context, instance)
    if (!found.ok) return found
    const row = found.value
    if (row.deleteRequestedAt !== null) return { ok: false, reason: 'being-destroyed', name: row.name }
    const releases = (await newerThan(db, row)).map(({ image, notes }) => ({ image, notes }))
    return (await whileUpgraded(db, row)) ?? ok({ instance: summaryOf(row), releases })
  },
}

const startInput = one.extend({ image: z.string().max(300).optional() })

/** Wants an assistant on a version; without one, on the newest. Its messages come by themselves, under `upgrade:<id>` and `upgraded:<id>`. */
export const startUpgrade: ChangeAction<typeof startInput, { instance: InstanceSummary; upgrade: string }> = {
  name: 'start-upgrade',
  summary: 'Move an assistant to the version that was chosen',
  words: ['instance', 'image'],
  input: startInput,
  scope: 'operate',
  confirm: 'tap',
  hidden: true,
  async run(context, { instance, image: wanted }) {
    const { actor, db: tx } = context
    if (actor.overheard === true) return { ok: false, reason: 'private-only' }
    const found = await findInstance(context, instance)
    if (!found.ok) return found
    const row = { ...found.value, ...(await lockInstance(tx, found.value.id)) }
    const refused = notNow(row) ?? (await whileUpgraded(tx, row))
    if (refused !== null) return refused
    const [newest, ...older] = await newerThan(tx, row)
    const release = wanted === undefined ? newest : [newest, ...older].find((each) => each?.image === wanted)
    if (release === undefined) return { ok: false, reason: 'no-upgrade', name: row.name, image: row.image }
    const unfit = await unfitSettings(tx, row, release.image)
    if (unfit !== null) return unfit
    const chat = { provider: actor.provider, address: actor.chat }
    const move = { instanceId: row.id, userId: row.userId, fromImage: row.image, toImage: release.image }
    const id = await requestUpgrade(tx, { ...move, rolloutId: null, chat })
    return id === null ? { ok: false, reason: 'busy', state: 'upgrading' } : ok({ instance: summaryOf(row), upgrade: id })
  },
}

/** What is offered and later than what the instance runs, the newest first. */
async function newerThan(db: Parameters<typeof offeredReleases>[0], { image }: InstanceRow): Promise<Release[]> {
  const newer = (await offeredReleases(db)).filter((release) => isNewer(release.image, image))
  return newer.toSorted((a, b) => (isNewer(a.image, b.image) ? -1 : 1))
}

/** The owner's settings must be good for the new version: it would not start with them. A version whose schema is not here says so itself, on trial. */
async function unfitSettings(tx: Tx, row: InstanceRow, image: string): Promise<Result<never> | null> {
  const document = (await currentConfig(tx, row))?.document
  const schema = schemaFor(image)
  if (document === undefined || schema === null) return null
  const [problem] = await settingsProblems(tx, row, { schema: await schema, document })
  return problem === undefined ? null : { ok: false, reason: 'upgrade-settings', name: row.name, image, problem }
}
