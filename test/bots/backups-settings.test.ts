// What becomes of an assistant's settings when it is brought back after it was destroyed.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/actions/action.ts'
import { rowsOf } from '../../src/db/connect.ts'
import { postgresDatabases } from '../support/database.ts'
import { startMachines, type Machines } from '../support/world.ts'
import { deployedScene, type SavedScene } from './support/saved.ts'

const LONG_MS = 60_000

describe('settings that were saved', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  const actorIn = async ({ world }: SavedScene): Promise<Actor> => {
    const [row] = rowsOf<{ id: string }>(await world.database.db.execute(sql`select user_id as id from instances order by created_at limit 1`))
    return { provider: 'telegram', subject: 'ann', userId: row?.id ?? '', chat: 'ann' }
  }
  const perform = async (scene: SavedScene, action: 'set-key' | 'set-config', input: object): Promise<void> => {
    const done = await scene.world.actions.perform(action, input, await actorIn(scene))
    expect(done).toMatchObject({ ok: true })
    await scene.world.settle()
    await scene.up()
  }
  async function savedAndGone(scene: SavedScene): Promise<void> {
    const { ann, world } = scene
    await ann.says('/backup')
    await scene.until('my-claw is saved')
    await ann.says('/destroy my-claw')
    await ann.says('my-claw')
    await world.settle()
    await scene.news()
    await ann.says('/backups')
    await ann.presses(ann.labels().find((label) => /\d/.test(label)) ?? '')
  }
  const said = ({ chat }: SavedScene): string => chat.texts('ann').join('\n')
  /** The message of a restore, once it is done. */
  async function restored(scene: SavedScene): Promise<string> {
    await scene.until('is back as it was on')
    return scene.chat.texts('ann').find((text) => text.includes('is back as it was on')) ?? ''
  }
  /** The configuration as the newest machine got it. */
  const given = async (scene: SavedScene): Promise<Record<string, unknown>> =>
    JSON.parse(await readFile(join(await scene.note(), '..', 'openclaw.json'), 'utf8')) as Record<string, unknown>

  test(
    'come along into a new assistant, and back into the same one they do not',
    async () => {
      const scene = await deployedScene({ database: await open(), machines })
      const { ann } = scene
      await perform(scene, 'set-config', { setting: { kind: 'tools', profile: 'coding' } })
      await savedAndGone(scene)
      expect(ann.sees()).toContain('Its settings of then come along.')
      await ann.presses('Bring it back')
      await ann.presses('Launch')
      expect(await restored(scene)).toContain('Its settings came along.')
      expect(await given(scene)).toMatchObject({ tools: { profile: 'coding' } })
      await ann.presses('Settings')
      expect(said(scene)).toContain('Tools: files and programs on its machine\nVersion: 1, as it was saved')
      // Into itself: what is set now stays.
      scene.chat.messages.length = 0
      await ann.says('/backup')
      await scene.until('my-claw is saved')
      await perform(scene, 'set-config', { setting: { kind: 'tools', profile: 'minimal' } })
      await writeFile(await scene.note(), 'now')
      await ann.says('/backups')
      await ann.presses(ann.labels().find((label) => /\d/.test(label)) ?? '')
      await ann.presses('Restore')
      expect(await restored(scene)).not.toContain('Its settings')
      await ann.says('/config')
      expect(ann.sees()).toContain('Tools: next to none: it talks')
    },
    LONG_MS,
  )

  test(
    'that need a variable which the new one lacks stay out, with the way to bring them',
    async () => {
      const scene = await deployedScene({ database: await open(), machines })
      const { ann } = scene
      await perform(scene, 'set-key', { values: { HOOK_TOKEN: 'sunny-side-up' } })
      const hooks = { enabled: true, token: '${HOOK_TOKEN}', path: '/hooks' }
      await perform(scene, 'set-config', { document: { tools: { profile: 'coding' }, hooks }, origin: 'text', base: 0 })
      await savedAndGone(scene)
      await ann.presses('Bring it back')
      await ann.presses('Launch')
      expect(await restored(scene)).toContain('Its settings came along, but for these:\nhooks needs HOOK_TOKEN, which it does not hold.')
      ann.idOf('Keys')
      expect(await given(scene)).toMatchObject({ tools: { profile: 'coding' } })
      expect(await given(scene)).not.toHaveProperty('hooks')
      await ann.presses('Bring the settings')
      expect(said(scene)).toContain('hooks.token refers to HOOK_TOKEN, which it does not hold.')
      await perform(scene, 'set-key', { values: { HOOK_TOKEN: 'sunny-side-up' } })
      await ann.presses('Try again')
      expect(said(scene)).toContain('The settings that were saved would change my-claw:\n+ hooks.enabled: true')
      await ann.presses('Apply')
      await scene.world.settle()
      await scene.up()
      expect(await given(scene)).toMatchObject({ hooks: { token: '${HOOK_TOKEN}' } })
    },
    LONG_MS,
  )

  test(
    'are nobody else’s to bring, and end with their owner',
    async () => {
      const scene = await deployedScene({ database: await open(), machines })
      const { ann, world } = scene
      await perform(scene, 'set-config', { setting: { kind: 'persona', character: 'dry' } })
      await ann.says('/backup')
      await scene.until('my-claw is saved')
      const [saved] = rowsOf<{ id: string }>(await world.database.db.execute(sql`select id from backups`))
      const eve = await world.actorOf('eve')
      expect(await world.actions.perform('deploy', { name: 'thief', region: 'ams' }, eve)).toMatchObject({ ok: true })
      const wanted = { instance: 'thief', backup: saved?.id }
      expect(await world.actions.perform('check-config', wanted, eve)).toEqual({ ok: false, reason: 'unknown-backup' })
      expect(await world.actions.perform('set-config', { ...wanted, base: 0 }, eve)).toEqual({ ok: false, reason: 'unknown-backup' })
      await ann.says('/destroy my-claw')
      await ann.says('my-claw')
      await world.settle()
      expect(await world.actions.perform('forget-me', { confirm: 'forget me' }, await actorIn(scene))).toMatchObject({ ok: true })
      expect(rowsOf(await world.database.db.execute(sql`select config_version from backups`))).toEqual([{ config_version: null }])
    },
    LONG_MS,
  )
})
