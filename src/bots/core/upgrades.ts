// Upgrades in conversation: what /upgrade and its buttons ask for, and the messages of an upgrade as it stands.
import { z } from 'zod'
import { backupById } from '../../db/backups.ts'
import type { Db } from '../../db/connect.ts'
import { instanceById } from '../../db/instances.ts'
import { upgradeById, upgradedKey, upgradeKey } from '../../db/upgrades.ts'
import { expectMessages, show, type Turn } from './turn.ts'
import type { View } from './view.ts'
import { privateOnlyView } from './words/greeting.ts'
import { refusalView } from './words/refusals.ts'
import { upgradedView, upgradeProgressView, upgradeView } from './words/upgrades.ts'

/** Shows the versions that there are, or moves to one. */
export async function answerUpgrades(turn: Turn, name: 'upgrade' | 'start-upgrade', args: readonly string[]): Promise<void> {
  if (turn.inbound.place === 'group' || turn.actor.overheard === true) return void (await show(turn, privateOnlyView()))
  const [instance = '', image = ''] = args
  const named = instance === '' ? {} : { instance }
  const { actions } = turn.deps
  if (name === 'upgrade') {
    const offer = await actions.perform('upgrade', named, turn.actor)
    return void (await show(turn, offer.ok ? upgradeView(offer.value) : refusalView(offer, { action: 'upgrade', ...named })))
  }
  const begun = await actions.perform('start-upgrade', { ...named, ...(image !== '' && { image }) }, turn.actor)
  if (!begun.ok) return void (await show(turn, refusalView(begun, { action: 'upgrade', ...named })))
  const { upgrade } = begun.value
  expectMessages(turn, [upgradeKey(upgrade), upgradedKey(upgrade)])
}

const payloadSchema = z.object({ upgradeId: z.string() })

/** The message of an upgrade, under way or ended. Null when there is nothing to say any more. */
export async function upgradeNews(
  db: Db,
  { key, template, payload }: { key: string; template: string; payload: unknown },
  at: { timeZone: string | null; now: Date },
): Promise<View | null> {
  const row = await upgradeById(db, payloadSchema.parse(payload).upgradeId)
  const instance = row === null ? null : await instanceById(db, row.instanceId)
  if (row === null || instance === null) return null
  const backup = row.backupId === null ? null : await backupById(db, row.backupId)
  const saved = backup?.state === 'done' ? { id: backup.id, at: backup.createdAt, until: backup.expiresAt } : null
  const { state, reason, fromImage, toImage, createdAt, endedAt, rolloutId } = row
  const elapsedMs = (endedAt ?? at.now).getTime() - createdAt.getTime()
  const facts = { key, name: instance.name, state, reason, fromImage, toImage, saved, elapsedMs, timeZone: at.timeZone, asked: rolloutId === null }
  return template === 'upgraded' ? upgradedView(facts) : upgradeProgressView(facts)
}
