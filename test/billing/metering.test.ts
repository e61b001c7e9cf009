// What is read of instances and what becomes of it. Time in the database is real: an hour passes by moving everything that was written an hour back.
import { sql } from 'drizzle-orm'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createMetering, type Metering } from '../../src/billing/metering.ts'
import { rowsOf, type Db } from '../../src/db/connect.ts'
import { insertInstance } from '../../src/db/instances.ts'
import { usageFactsOf } from '../../src/db/usage.ts'
import { userFor } from '../../src/db/users.ts'
import { usageIn, type Usage } from '../../src/domain/billing/facts.ts'
import { silentLog } from '../../src/lib/log.ts'
import { createProber } from '../../src/orchestrator/health/probe.ts'
import { appNameOf } from '../../src/orchestrator/machine-config.ts'
import { visit } from '../local/harness.ts'
import { postgresDatabases, testDatabases } from '../support/database.ts'
import { controlOf, createWorld, startMachines } from '../support/world.ts'

const ID = 'abcdefgh23'
const EVER = { start: new Date('2000-01-01T00:00:00Z'), end: new Date('2100-01-01T00:00:00Z') }

/** Everything was an hour earlier. */
async function hourPasses(db: Db): Promise<void> {
  const hour = sql`interval '1 hour'`
  await db.execute(sql`create temporary table moved as select * from meter_readings`)
  await db.execute(sql`delete from meter_readings`)
  await db.execute(sql`insert into meter_readings
    select instance_id, meter, run, read_at - ${hour}, total - case meter when 'uptime' then 3600 else 0 end from moved`)
  await db.execute(sql`drop table moved`)
  await db.execute(sql`create temporary table moved as select * from usage_facts`)
  await db.execute(sql`delete from usage_facts`)
  await db.execute(sql`insert into usage_facts select instance_id, meter, hour - ${hour}, "row", amount, user_id, added_at from moved`)
  await db.execute(sql`drop table moved`)
  await db.execute(sql`update meter_visits set counted_until = counted_until - ${hour}, due_at = now()`)
}

type Said = { messages: number; sent: number | null; silent: boolean }
const metricsOf = ({ messages }: Said): string =>
  [
    `process_start_time_seconds ${Math.floor(Date.now() / 1_000) - 3_600}`,
    'conch_volume_used_bytes 1000',
    `conch_messages_total{channel="telegram"} ${messages}`,
    'conch_messages_total{channel="web"} 0',
    'nonsense',
  ].join('\n')

describe.each(await testDatabases())('metering on $name', ({ open }) => {
  type Metered = { db: Db; said: Said; metering: Metering; used(): Promise<Usage>; count(): Promise<number> }

  async function metered(): Promise<Metered> {
    const { db } = await open()
    const { userId } = await userFor(db, { provider: 'terminal', subject: 'ann', displayName: 'ann', chat: 'ann' })
    const wanted = {
      id: ID,
      userId,
      name: 'my-claw',
      plan: 'starter',
      region: 'ams',
      image: 'gateway:stub',
      modelProvider: null,
      secretsVersion: null,
    }
    await db.transaction((tx) => insertInstance(tx, wanted, 1))
    await db.execute(sql`update instances set live_at = now(), machine_id = 'm1', volume_id = 'v1'`)
    const said: Said = { messages: 0, sent: 0, silent: false }
    const metering = createMetering({
      db,
      log: silentLog,
      appNameOf: (id) => `app-${id}`,
      machineMetrics: async () => (said.silent ? null : metricsOf(said)),
      query: async () => (said.sent === null ? Promise.reject(new Error('no answer')) : [{ labels: { app: `app-${ID}` }, value: said.sent }]),
    })
    const used = async (): Promise<Usage> => usageIn(EVER, await usageFactsOf(db, userId, EVER))
    return { db, said, metering, used, count: () => db.$count(sql`usage_facts`) }
  }

  /** So many hours, after each of which it is read. */
  async function hours(it: Metered, count: number, each: () => void): Promise<void> {
    for (let hour = 0; hour < count; hour += 1) {
      await hourPasses(it.db)
      each()
      expect(await it.metering.tick()).toBe(1)
    }
  }

  test('counts whole hours, once, however often they are read', async () => {
    const it = await metered()
    expect(await it.metering.tick()).toBe(1)
    expect(await it.metering.tick()).toBe(0)
    await hours(it, 5, () => {
      it.said.messages += 60
      it.said.sent = (it.said.sent ?? 0) + 3_600
    })
    const used = await it.used()
    // The hour that has begun is not counted yet: four whole ones, and the end of the first.
    expect(Number(used.messages)).toBeGreaterThanOrEqual(239)
    expect(Number(used.messages)).toBeLessThanOrEqual(300)
    // A byte a second was sent, and a thousand were stored.
    expect(Math.abs(Number(used.egress) - Number(used.storage) / 1_000)).toBeLessThan(60)
    expect(Number(used.uptime)).toBeGreaterThanOrEqual(4 * 3_600)
    const facts = await it.count()
    await it.db.execute(sql`update meter_visits set due_at = now()`)
    await it.metering.tick()
    expect(await it.count()).toBe(facts)
    expect(rowsOf(await it.db.execute(sql`select max("row")::int as rows from usage_facts`))).toEqual([{ rows: 0 }])
  })

  test('makes up for hours in which nobody answered, and believes no fall', async () => {
    const it = await metered()
    await it.metering.tick()
    await hours(it, 2, () => (it.said.messages += 100))
    it.said.silent = true
    it.said.sent = null
    await hours(it, 3, () => undefined)
    const before = await it.used()
    it.said.silent = false
    it.said.sent = 500
    it.said.messages = 800
    await hours(it, 2, () => undefined)
    const { messages, egress } = await it.used()
    expect(Number(messages)).toBeGreaterThan(Number(before.messages))
    expect([messages, egress]).toEqual([800n, 500n])
    it.said.messages = 20
    await hours(it, 2, () => undefined)
    expect((await it.used()).messages).toBe(800n)
  })

  test('takes a counter of the provider that began again at zero', async () => {
    const it = await metered()
    it.said.sent = 1_000
    await it.metering.tick()
    await hours(it, 1, () => (it.said.sent = 1_500))
    await hours(it, 1, () => (it.said.sent = 200))
    await hours(it, 2, () => undefined)
    expect((await it.used()).egress).toBe(700n)
  })
})

describe('metering', async () => {
  const { open } = await postgresDatabases()

  test('reads what a machine and the local provider say', async () => {
    const machines = await startMachines()
    onTestFinished(() => machines.close())
    const world = createWorld(await open(), machines, { image: 'gateway:stub' })
    const prober = createProber({ elapsed: () => performance.now() })
    onTestFinished(() => prober.close())
    const { db } = world.database
    const control = controlOf(machines, prober)
    const made = await world.actions.perform('deploy', { name: 'my-claw', region: 'ams' }, await world.actorOf('ann'))
    expect.assert(made.ok)
    await world.settle()
    const { id } = made.value.instance
    await expect.poll(async () => (await visit(machines.server, appNameOf(id), '/healthz')).status, { timeout: 20_000 }).toBe(200)
    const metering = createMetering({
      db,
      log: silentLog,
      machineMetrics: (instanceId) => control.metrics(instanceId),
      query: (promql) => machines.fly.query(promql),
      appNameOf,
    })
    expect(await metering.tick()).toBe(1)
    const read = rowsOf<{ meter: string; total: string }>(await db.execute(sql`select meter, total::text from meter_readings order by meter`))
    expect(read.map((one) => one.meter)).toEqual(['egress', 'storage', 'uptime'])
    const totalOf = (meter: string): number => Number(read.find((one) => one.meter === meter)?.total)
    expect(totalOf('egress')).toBeGreaterThan(0)
    expect(Math.abs(totalOf('uptime') - Date.now() / 1_000)).toBeLessThan(120)
  })
})
