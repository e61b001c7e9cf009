import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '../../src/actions/action.ts'
import { rowsOf } from '../../src/db/connect.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { faultCatalogue } from '../../src/local/faults.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'
import { testDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines, type World } from '../support/world.ts'

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

const wish = { name: 'my-claw', region: 'ams', modelProvider: null }

describe.each(await testDatabases())('actions on $name', ({ open }) => {
  async function begin(plan: 'starter' | 'pro' = 'starter'): Promise<{ world: World; ann: Actor; bob: Actor }> {
    const world = createWorld(await open(), machines)
    return { world, ann: await world.actorOf('ann', plan), bob: await world.actorOf('bob') }
  }

  it('lets exactly one of two deployments win when there is one place', async () => {
    const { world, ann } = await begin()
    const results = await Promise.all([
      world.actions.perform('deploy', { ...wish, name: 'one-claw' }, ann),
      world.actions.perform('deploy', { ...wish, name: 'two-claw' }, ann),
    ])
    expect(results.filter((one) => one.ok)).toHaveLength(1)
    expect(results.find((one) => !one.ok)).toMatchObject({ reason: 'instance-limit', limit: 1, plan: 'Starter' })
    expect(await world.database.db.$count(sql`instances`)).toBe(1)
  })

  it('fills three places of a Pro plan and no fourth, however many ask at once', async () => {
    const { world, ann } = await begin('pro')
    const results = await Promise.all(Array.from({ length: 8 }, (_, n) => world.actions.perform('deploy', { ...wish, name: `claw-${n}` }, ann)))
    expect(results.filter((one) => one.ok)).toHaveLength(3)
    expect(rowsOf<{ slot: number }>(await world.database.db.execute(sql`select slot from instances order by slot`)).map((row) => row.slot)).toEqual([
      1, 2, 3,
    ])
  })

  it('refuses a name that the owner uses, with one that works; another owner may use it', async () => {
    const { world, ann, bob } = await begin('pro')
    await world.actions.perform('deploy', wish, ann)
    expect(await world.actions.perform('deploy', wish, ann)).toMatchObject({ reason: 'name', problem: { kind: 'taken', suggestion: 'my-claw-2' } })
    expect(await world.actions.perform('deploy', wish, bob)).toMatchObject({ ok: true })
  })

  it('frees name and place as soon as destruction is asked for', async () => {
    const { world, ann } = await begin()
    await world.actions.perform('deploy', wish, ann)
    await world.actions.perform('destroy', { instance: 'my-claw', confirm: 'my-claw' }, ann)
    expect(await world.actions.perform('deploy', wish, ann)).toMatchObject({ ok: true })
  })

  it('never shows or touches an instance of somebody else', async () => {
    const { world, ann, bob } = await begin()
    const made = await world.actions.perform('deploy', wish, ann)
    if (!made.ok) throw new Error(made.reason)
    const { id } = made.value.instance
    for (const instance of ['my-claw', id, appNameOf(id)]) {
      expect(await world.actions.perform('status', { instance }, bob)).toMatchObject({ ok: false, reason: 'no-instance' })
      expect(await world.actions.perform('restart', { instance }, bob)).toMatchObject({ ok: false, reason: 'no-instance' })
      expect(await world.actions.perform('destroy', { instance, confirm: 'my-claw' }, bob)).toMatchObject({ ok: false, reason: 'no-instance' })
    }
    expect(await world.row(id)).toMatchObject({ restartGeneration: 0, deleteRequestedAt: null })
  })

  it('destroys only when the name was typed', async () => {
    const { world, ann } = await begin()
    await world.actions.perform('deploy', wish, ann)
    expect(await world.actions.perform('destroy', { instance: 'my-claw', confirm: 'yes' }, ann)).toMatchObject({
      reason: 'name-mismatch',
      name: 'my-claw',
    })
    expect(await world.database.db.$count(sql`instances`, sql`delete_requested_at is not null`)).toBe(0)
  })

  it('says which ones there are when the name is unknown or missing', async () => {
    const { world, ann } = await begin('pro')
    await world.actions.perform('deploy', { ...wish, name: 'one-claw' }, ann)
    await world.actions.perform('deploy', { ...wish, name: 'two-claw' }, ann)
    expect(await world.actions.perform('restart', { instance: 'three' }, ann)).toMatchObject({
      reason: 'unknown-instance',
      wanted: 'three',
      names: ['one-claw', 'two-claw'],
    })
    expect(await world.actions.perform('restart', {}, ann)).toMatchObject({ reason: 'which-instance', names: ['one-claw', 'two-claw'] })
  })

  it('renames, and refuses a name in use without changing anything', async () => {
    const { world, ann } = await begin('pro')
    await world.actions.perform('deploy', { ...wish, name: 'one-claw' }, ann)
    await world.actions.perform('deploy', { ...wish, name: 'two-claw' }, ann)
    expect(await world.actions.perform('rename', { instance: 'one-claw', name: 'two-claw' }, ann)).toMatchObject({
      reason: 'name',
      problem: { kind: 'taken', suggestion: 'two-claw-2' },
    })
    expect(await world.actions.perform('rename', { instance: 'one-claw', name: 'red-claw' }, ann)).toMatchObject({ ok: true })
    expect(rowsOf(await world.database.db.execute(sql`select name from instances order by slot`))).toEqual([
      { name: 'red-claw' },
      { name: 'two-claw' },
    ])
  })

  it('writes every change and every refusal to the audit log, with its actor', async () => {
    const { world, ann } = await begin()
    await world.actions.perform('deploy', wish, ann)
    await world.actions.perform('deploy', { ...wish, name: 'two-claw' }, ann)
    const rows = rowsOf(await world.database.db.execute(sql`select actor, action, outcome from audit_log order by id`))
    expect(rows).toEqual([
      { actor: 'terminal:ann', action: 'deploy', outcome: 'done' },
      { actor: 'terminal:ann', action: 'deploy', outcome: 'instance-limit' },
    ])
  })

  it('slows a script gone wild down', async () => {
    const { world, ann } = await begin()
    await world.actions.perform('deploy', wish, ann)
    for (let n = 0; n < 30; n += 1) await world.actions.perform('restart', {}, ann)
    expect(await world.actions.perform('restart', {}, ann)).toMatchObject({ reason: 'too-many-requests' })
  })

  it('hands a pasted key to the provider and keeps only its name, last characters and fingerprint', async () => {
    const { world, ann } = await begin()
    const key = 'sk-ant-api03-planted-key-that-must-not-be-found-x4Qe'
    const draftId = world.actions.draft(ann)
    expect(await world.actions.stageSecret(ann, { draftId, name: 'ANTHROPIC_API_KEY', secret: new Sealed(key) })).toEqual({
      ok: true,
      value: { last4: 'x4Qe', tried: true },
    })
    const made = await world.actions.perform('deploy', { ...wish, modelProvider: 'anthropic', draftId }, ann)
    expect(made).toMatchObject({ ok: true, value: { instance: { id: draftId } } })
    await world.settle()
    expect((await machines.fly.listSecrets(appNameOf(draftId))).map((secret) => secret.name)).toContain('ANTHROPIC_API_KEY')
    const tables = rowsOf<{ name: string }>(
      await world.database.db.execute(sql`select table_name as name from information_schema.tables where table_schema = 'public'`),
    )
    for (const { name } of tables) {
      const rows = await world.database.db.execute(sql.raw(`select * from "${name}"`))
      expect(JSON.stringify(rowsOf(rows), (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).not.toContain('planted-key')
    }
  })

  it('says that the key could not be kept when the provider does not answer, and stays usable', async () => {
    const { world, ann } = await begin()
    await machines.fault({ match: { method: 'POST', path: '/secrets/' }, kind: faultCatalogue.unavailable })
    const draftId = world.actions.draft(ann)
    expect(
      await world.actions.stageSecret(ann, {
        draftId,
        name: 'ANTHROPIC_API_KEY',
        secret: new Sealed('sk-ant-api03-some-key-of-the-right-shape-x4Qe'),
      }),
    ).toEqual({ ok: false, reason: 'secret-store-unavailable' })
    await machines.clearFaults()
    expect(await world.actions.perform('deploy', wish, ann)).toMatchObject({ ok: true })
  })

  it('does not take over what somebody else pasted', async () => {
    const { world, ann, bob } = await begin()
    const draftId = world.actions.draft(ann)
    await world.actions.stageSecret(ann, {
      draftId,
      name: 'OPENAI_API_KEY',
      secret: new Sealed('sk-proj-somebody-elses-key-of-the-right-shape-1234'),
    })
    const made = await world.actions.perform('deploy', { ...wish, draftId }, bob)
    expect(made.ok && made.value.instance.id).not.toBe(draftId)
  })
})
