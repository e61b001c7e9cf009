// The page that gives a backup out: what it shows, and that one link gives out one copy.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { silentLog } from '../../src/lib/log.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { createBucketStore } from '../../src/orchestrator/backups/s3-store.ts'
import { createFolderStore, type BackupStore } from '../../src/orchestrator/backups/store.ts'
import { startWebServer } from '../../src/web/server.ts'
import { startS3 } from '../simulators/s3.ts'
import { postgresDatabases } from '../support/database.ts'
import { createWorld, startMachines, type Machines, type World } from '../support/world.ts'
import { proofIn } from './support/site.ts'

const ARCHIVE = 'the archive itself'
const ID = 'abcdefgh2345'

describe('the page that gives a backup out', async () => {
  const { open } = await postgresDatabases()
  let machines: Machines
  beforeAll(async () => {
    machines = await startMachines()
  })
  afterAll(() => machines.close())

  type Site = {
    world: World
    store: BackupStore
    link(): Promise<string>
    press(url: string, more?: { proof?: string; origin?: string }): Promise<Response>
  }

  async function folderStore(): Promise<BackupStore> {
    const dir = await mkdtemp(join(tmpdir(), 'conch-backups-'))
    onTestFinished(() => rm(dir, { recursive: true, force: true }))
    return createFolderStore({ dir })
  }
  async function bucketStore(): Promise<BackupStore> {
    const s3 = await startS3()
    onTestFinished(() => s3.close())
    return createBucketStore({ ...s3, key: new Sealed(s3.key), region: 'auto', pathStyle: true })
  }

  async function begin(openStore: () => Promise<BackupStore> = folderStore): Promise<Site> {
    const world = createWorld(await open(), machines)
    const { db } = world.database
    const ann = await world.actorOf('ann')
    const made = await world.actions.perform('deploy', { name: 'my-claw', region: 'ams' }, ann)
    expect.assert(made.ok)
    const store = await openStore()
    onTestFinished(() => store.close())
    const sha256 = new Sealed(ARCHIVE).fingerprint
    await store.put(ID, Readable.from([Buffer.from(ARCHIVE)]), { bytes: ARCHIVE.length, sha256 })
    await db.execute(sql`
      insert into backups (id, user_id, instance_id, instance_name, image, kind, state, bytes, sha256, created_at, expires_at)
      select ${ID}, user_id, id, name, image, 'manual', 'done', ${ARCHIVE.length}, ${sha256}, '2026-11-24T10:00:00Z', now() + interval '7 days' from instances`)
    const backups = { db, log: silentLog, open: (id: string) => store.open(id) }
    const server = await startWebServer({ port: 0, publicUrl: null, ready: async () => true, backups })
    onTestFinished(() => server.close())
    return {
      world,
      store,
      async link() {
        const linked = await world.actions.perform('backup-link', { backup: ID }, ann)
        expect.assert(linked.ok)
        return `${server.address}/b/${linked.value.token.open()}`
      },
      async press(url, { proof, origin } = {}) {
        const body = new URLSearchParams({ proof: proof ?? proofIn(await (await fetch(url)).text()) })
        return fetch(url, { method: 'POST', body, headers: { origin: origin ?? new URL(url).origin } })
      },
    }
  }

  test('gives it out of a bucket as well', async () => {
    const site = await begin(bucketStore)
    const answer = await site.press(await site.link())
    expect(answer.headers.get('content-length')).toBe(String(ARCHIVE.length))
    expect(await answer.text()).toBe(ARCHIVE)
    await site.store.remove(ID)
    expect(await (await site.press(await site.link())).text()).toContain('not there any more')
  })

  test('shows what it is, without a script, and looking uses nothing up', async () => {
    const site = await begin()
    const url = await site.link()
    for (let times = 0; times < 3; times += 1) {
      const answer = await fetch(url)
      const page = await answer.text()
      expect(answer.status).toBe(200)
      expect(page).toContain('<h1>What my-claw knew</h1>')
      expect(page).toContain('24 November 2026 at 10:00 UTC')
      expect(page).not.toContain('<script')
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(answer.headers.get('referrer-policy')).toBe('no-referrer')
    }
    expect(await (await site.press(url)).text()).toBe(ARCHIVE)
  })

  test('gives it out once, as a file, however many press at once', async () => {
    const site = await begin()
    const url = await site.link()
    const proof = proofIn(await (await fetch(url)).text())
    const answers = await Promise.all([1, 2, 3, 4].map(() => site.press(url, { proof })))
    const given = answers.filter((one) => one.status === 200)
    expect(given).toHaveLength(1)
    expect(given[0]?.headers.get('content-disposition')).toBe('attachment; filename="my-claw-2026-11-24.tar.gz"')
    expect(await given[0]?.text()).toBe(ARCHIVE)
    expect((await fetch(url)).status).toBe(410)
    expect((await site.press(url, { proof })).status).toBe(410)
  })

  test('gives nothing to another page, to an old link, or once it is deleted or somebody else’s', async () => {
    const site = await begin()
    const { db } = site.world.database
    const older = await site.link()
    const url = await site.link()
    expect((await fetch(older)).status).toBe(410)
    expect((await site.press(url, { origin: 'https://evil.example.com' })).status).toBe(403)
    expect((await site.press(url, { proof: 'guessed' })).status).toBe(403)
    expect((await fetch(`${url.slice(0, -1)}${url.endsWith('A') ? 'B' : 'A'}`)).status).toBe(404)
    await db.execute(sql`update backups set state = 'deleted'`)
    expect((await fetch(url)).status).toBe(410)
    await db.execute(sql`update backups set state = 'done'`)
    const eve = await site.world.actorOf('eve')
    await db.execute(sql`update backups set user_id = ${eve.userId}`)
    expect((await fetch(url)).status).toBe(410)
  })

  test('a copy that is missing uses the link up no more than one that is there would', async () => {
    const site = await begin()
    const url = await site.link()
    await site.store.remove(ID)
    expect((await site.press(url)).status).toBe(410)
    await site.store.put(ID, Readable.from([Buffer.from(ARCHIVE)]), { bytes: ARCHIVE.length, sha256: new Sealed(ARCHIVE).fingerprint })
    expect(await (await site.press(url)).text()).toBe(ARCHIVE)
  })
})
