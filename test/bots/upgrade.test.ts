// Upgrades in conversation, with everything behind them: the local Machines server, the supervisor, and practice gateways of several versions, which take
// over what earlier ones knew and refuse what later ones left.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { forgetUser } from '../../src/db/accounts.ts'
import { rowsOf } from '../../src/db/connect.ts'
import { knowRelease, offerRelease, withdrawRelease } from '../../src/db/releases.ts'
import { silentLog } from '../../src/lib/log.ts'
import { createBackupEngine } from '../../src/orchestrator/backups/engine.ts'
import { createMachineCopies } from '../../src/orchestrator/backups/machine.ts'
import { createFolderStore } from '../../src/orchestrator/backups/store.ts'
import { createProber } from '../../src/orchestrator/health/probe.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'
import { createUpgradeEngine, type UpgradeEngine } from '../../src/orchestrator/upgrades/engine.ts'
import { runOps } from '../../src/ops.ts'
import { postgresDatabases } from '../support/database.ts'
import { testSigner } from '../support/signing.ts'
import { controlOf, createWorld, startMachines, type Machines } from '../support/world.ts'
import { createMemoryChat } from './support/memory-chat.ts'
import { sceneOn, type Scene } from './support/scene.ts'

const LONG_MS = 90_000
const FIRST = 'gateway:stub-1.0'

describe('upgrades in conversation', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  type Upgraded = Scene & {
    upgrades: UpgradeEngine
    /** Everything that is due, once; what ann sees. */
    turn(): Promise<string>
    /** Everything that is due, again and again, until ann sees this. */
    until(seen: string): Promise<void>
    /** A file in what the assistant knows. */
    note(): Promise<string>
    /** As a query answers. */
    rows(query: ReturnType<typeof sql>): Promise<unknown[]>
    /** Everything that is due, until the upgrade under way is that far, and the new version was started. */
    reach(state: string): Promise<void>
    /** One turn of the upgrades alone: what they ask for is wanted, and not done yet. */
    saving(): Promise<void>
    /** So much time passed in what an upgrade waits for. */
    later(minutes: number): Promise<void>
  }

  async function deployed(offered: readonly string[], channels: readonly string[] = []): Promise<Upgraded> {
    const world = createWorld(await open(), machines, { image: FIRST })
    const scene = sceneOn(world, createMemoryChat('telegram'))
    const { db } = world.database
    await knowRelease(db, FIRST)
    for (const image of offered) await offerRelease(db, { image })
    const dir = await mkdtemp(join(tmpdir(), 'conch-upgrades-'))
    const prober = createProber({ elapsed: () => performance.now() })
    const control = controlOf(machines, prober)
    const { addressTemplate } = machines.server
    const machine = createMachineCopies({ control, addressTemplate })
    onTestFinished(async () => {
      await machine.close()
      await prober.close()
      await rm(dir, { recursive: true, force: true })
    })
    const both = { db, clock: world.clock, log: silentLog }
    const backupEngine = () => createBackupEngine({ ...both, machine, store: createFolderStore({ dir }), announced: () => undefined })
    const upgradeEngine = () =>
      createUpgradeEngine({ ...both, fly: machines.fly, prober, control, addressTemplate, keys: testSigner.publicKeys, changed: () => undefined })
    const upgrades = upgradeEngine()
    // Two processes, always at the same time.
    const engines = [upgrades, upgradeEngine(), backupEngine(), backupEngine()]
    const turn = async (): Promise<string> => {
      await world.turn({ probe: (url) => prober.check(url) })
      // Backups and restores keep their own pace: a machine that starts is given its time.
      await db.execute(sql`update upgrades set due_at = now()`)
      await Promise.all(engines.map((engine) => engine.turn()))
      await scene.news()
      return scene.chat.texts('ann').join('\n')
    }
    await scene.ann.says('/deploy my-claw ams')
    await scene.ann.presses('Skip for now')
    await scene.ann.presses('Launch')
    const set = JSON.stringify(channels.map((id) => ({ id, owners: [] })))
    await db.execute(sql`update instances set channels = ${set}::jsonb`)
    await expect.poll(turn, { timeout: 30_000, interval: 50 }).toContain('my-claw is live')
    return {
      ...scene,
      upgrades,
      turn,
      until: (seen) => expect.poll(turn, { timeout: 60_000, interval: 50 }).toContain(seen),
      async note() {
        const [row] = rowsOf<{ volume: string }>(await db.execute(sql`select volume_id as volume from instances`))
        return join(machines.volume(row?.volume ?? ''), 'openclaw', 'note.txt')
      },
      rows: async (query) => rowsOf(await db.execute(query)),
      async reach(state) {
        const current = async (): Promise<unknown> => {
          await turn()
          const started = sql`start_before is distinct from (select start_id from instances)`
          return rowsOf(await db.execute(sql`select state from upgrades where ended_at is null and ${started}`))
        }
        await expect.poll(current, { timeout: 30_000, interval: 50 }).toEqual([{ state }])
      },
      saving: async () => void (await upgrades.turn()),
      async later(minutes) {
        await db.execute(sql`update upgrades set state_at = state_at - ${minutes} * interval '1 minute'`)
      },
    }
  }

  const image = sql`select image, power from instances`

  test(
    'an assistant moves to a newer version with what it knows, saved before',
    async () => {
      const it = await deployed(['gateway:stub-2.0', 'gateway:stub-1.5', 'gateway:openclaw-2026.9.6'])
      const { ann, world } = it
      await writeFile(await it.note(), 'kept')
      await offerRelease(world.database.db, { image: 'gateway:stub-2.0', notes: 'It listens better.' })
      await ann.says('/upgrade')
      expect(ann.sees()).toContain('my-claw runs Practice gateway 1.0. Practice gateway 2.0 is newer.')
      expect(ann.sees()).toContain('Practice gateway 2.0: It listens better.')
      expect(ann.labels()).toEqual(['Update to Practice gateway 2.0', 'Update to Practice gateway 1.5'])
      await ann.presses('Update to Practice gateway 2.0')
      // Until it has ended, nothing else is done with it.
      await ann.says('/restart')
      expect(ann.sees()).toContain('my-claw is moving to another version just now.')
      await it.until('my-claw runs Practice gateway 2.0 now.')
      expect(await it.rows(image)).toEqual([{ image: 'gateway:stub-2.0', power: 'on' }])
      expect(await readFile(await it.note(), 'utf8')).toBe('kept')
      expect(await it.rows(sql`select kind, state from backups`)).toEqual([{ kind: 'before-upgrade', state: 'done' }])
      const [made] = (await it.rows(sql`select id, volume_id as volume from instances`)) as { id: string; volume: string }[]
      expect(await machines.fly.listSnapshots(appNameOf(made?.id ?? ''), made?.volume ?? '')).toHaveLength(1)
      expect(await it.rows(sql`select detail ->> 'kind' as kind from instance_events where detail ->> 'cause' = 'upgrade'`)).toEqual([
        { kind: 'update' },
      ])
      expect(await it.rows(sql`select kind from incidents`)).toEqual([])
      await ann.says('/upgrade')
      expect(ann.sees()).toContain('my-claw runs Practice gateway 2.0, and I offer nothing newer.')
      await ann.says('/restart')
      await it.until('my-claw is back, after')
    },
    LONG_MS,
  )

  test.for([
    ['2.0-crashes', 'it kept crashing'],
    ['2.0-refuses', 'it does not start with your settings'],
  ] as const)(
    'a version that %s is gone back from by itself, with what was saved, and only that is told',
    { timeout: LONG_MS },
    async ([version, why]) => {
      const it = await deployed([`gateway:stub-${version}`])
      const { ann } = it
      await writeFile(await it.note(), 'kept')
      await ann.says('/upgrade')
      await ann.presses(`Update to Practice gateway ${version}`)
      await it.until('my-claw is back on Practice gateway 1.0.')
      expect(ann.sees()).toContain(`I tried Practice gateway ${version}, but ${why}. It knows what it knew on`)
      expect(await it.rows(image)).toEqual([{ image: FIRST, power: 'on' }])
      expect(await readFile(await it.note(), 'utf8')).toBe('kept')
      expect(await it.rows(sql`select state from upgrades`)).toEqual([{ state: 'returned' }])
      expect(await it.rows(sql`select kind from incidents where closed_at is null`)).toEqual([])
      await ann.says('/status')
      expect(ann.sees()).toContain('my-claw is live')
      // Somebody who wants to be forgotten is not held by it.
      await ann.says('/destroy my-claw')
      await ann.says('my-claw')
      await it.until('my-claw is gone:')
      const [owner] = (await it.rows(sql`select user_id as "userId" from instances`)) as { userId: string }[]
      await it.world.database.db.transaction((tx) => forgetUser(tx, owner?.userId ?? ''))
      expect(await it.rows(sql`select id from upgrades`)).toEqual([])
    },
  )

  test(
    'a version that cannot be had is gone back from, and nothing is restored',
    async () => {
      const it = await deployed(['gateway:stub-3.0-absent'])
      const { ann } = it
      await machines.fault({ match: { method: 'POST', path: '/machines/[^/]+$' }, kind: { status: 422, body: { error: 'no such image' } } })
      onTestFinished(() => machines.clearFaults())
      await ann.says('/upgrade')
      await ann.presses('Update to Practice gateway 3.0-absent')
      await expect
        .poll(async () => (await it.turn(), it.rows(sql`select state, reason from upgrades`)), { timeout: 30_000 })
        .toEqual([{ state: 'returned', reason: 'not-installed' }])
      await it.turn()
      expect(ann.sees()).toContain('I tried Practice gateway 3.0-absent, but it could not be installed. Nothing is lost.')
      expect(await it.rows(sql`select id from restores`)).toEqual([])
      expect(await it.rows(image)).toEqual([{ image: FIRST, power: 'on' }])
    },
    LONG_MS,
  )

  test(
    'a version that does not answer, or whose chats stay away, is given its time and then gone back from',
    async () => {
      const it = await deployed(['gateway:stub-2.0-sick', 'gateway:stub-2.0-deaf'], ['telegram'])
      const { ann } = it
      await ann.says('/upgrade')
      await ann.presses('Update to Practice gateway 2.0-sick')
      await it.reach('switching')
      await it.later(16)
      await it.until('my-claw is back on Practice gateway 1.0.')
      expect(ann.sees()).toContain('I tried Practice gateway 2.0-sick, but it did not answer.')
      await ann.says('/upgrade')
      await ann.presses('Update to Practice gateway 2.0-deaf')
      await it.reach('checking')
      await it.later(5)
      await it.until('it could not connect to your chats any more.')
      expect(await it.rows(image)).toEqual([{ image: FIRST, power: 'on' }])
    },
    LONG_MS,
  )

  test(
    'one that the operator moves along is told once it is done, and not at night',
    async () => {
      const it = await deployed([])
      const { ann, world, upgrades } = it
      const { db } = world.database
      await ann.says('/alerts')
      await db.execute(sql`insert into alert_hours (user_id, quiet_from, quiet_to) select user_id, 0, 1439 from instances`)
      await db.execute(sql`update users set time_zone = 'UTC'`)
      await runOps(db, ['rollout', 'gateway:stub-2.0', '--percent', '100'])
      await upgrades.tick()
      await expect.poll(async () => (await it.turn(), it.rows(sql`select state from upgrades`)), { timeout: 30_000 }).toEqual([{ state: 'done' }])
      await it.turn()
      expect(ann.sees()).not.toContain('Practice gateway 2.0')
      await db.execute(sql`delete from alert_hours`)
      await db.execute(sql`update outbox set held_until = null`)
      await it.until('I moved my-claw to Practice gateway 2.0, and it is well.')
      expect(it.chat.texts('ann').filter((text) => text.includes('Practice gateway 2.0'))).toHaveLength(1)
    },
    LONG_MS,
  )

  test(
    'without room for a copy, and when it is withdrawn, older, stopped or destroyed, nothing is changed',
    async () => {
      const it = await deployed(['gateway:stub-2.0', 'gateway:stub-0.9'])
      const { ann, world } = it
      const { db } = world.database
      const actor = { ...(await world.actorOf('ann')), provider: 'telegram' }
      const [owner] = await it.rows(sql`select user_id as "userId" from instances`)
      const own = { ...actor, ...(owner as { userId: string }) }
      const ask = async (wanted?: string): Promise<string> => {
        const asked = await world.actions.perform('start-upgrade', { instance: 'my-claw', ...(wanted !== undefined && { image: wanted }) }, own)
        return asked.ok ? 'ok' : asked.reason
      }
      expect(await ask('gateway:stub-0.9')).toBe('no-upgrade')
      expect(await ask('gateway:stub-7.0')).toBe('no-upgrade')
      await withdrawRelease(db, 'gateway:stub-2.0')
      expect(await ask()).toBe('no-upgrade')
      await offerRelease(db, { image: 'gateway:stub-2.0' })
      const eve = await world.actorOf('eve')
      expect(await world.actions.perform('start-upgrade', { instance: 'my-claw' }, eve)).toMatchObject({ ok: false, reason: 'no-instance' })
      await ann.says('/stop')
      await it.until('my-claw is stopped.')
      expect(await ask()).toBe('not-running')
      await ann.says('/start my-claw')
      await it.until('my-claw is live again')
      expect(await ask()).toBe('ok')
      expect(await ask()).toBe('busy')
      await it.saving()
      await db.execute(sql`update backups set state = 'failed', reason = 'no-space'`)
      await it.until('my-claw stays on Practice gateway 1.0: its storage has too little room')
      expect(await it.rows(image)).toEqual([{ image: FIRST, power: 'on' }])
      expect(await ask()).toBe('ok')
      await ann.says('/destroy my-claw')
      await ann.says('my-claw')
      await it.until('my-claw is gone')
      await it.until('my-claw is gone')
      expect(await it.rows(sql`select state, reason from upgrades order by created_at`)).toEqual([
        { state: 'failed', reason: 'no-space' },
        { state: 'failed', reason: 'gone' },
      ])
    },
    LONG_MS,
  )
})
