// The same promises from every store of backups, and what a bucket has to keep beside them.
import { createHash } from 'node:crypto'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Sealed } from '../../../src/lib/sealed.ts'
import { createBucketStore } from '../../../src/orchestrator/backups/s3-store.ts'
import { createFolderStore, type BackupStore } from '../../../src/orchestrator/backups/store.ts'
import { startS3, type S3Simulator } from '../../simulators/s3.ts'

const MB = 1024 * 1024
const ID = 'abcdefgh2345'
const SMALL = Buffer.from('an archive')
/** Two whole parts and the rest of a third. */
const LARGE = Buffer.alloc(19 * MB + 7, 'conch')

const promiseOf = (archive: Buffer): { bytes: number; sha256: string } => ({
  bytes: archive.length,
  sha256: createHash('sha256').update(archive).digest('hex'),
})
/** As it comes over a network: in pieces that fit no part. */
function* pieces(archive: Buffer): Generator<Buffer> {
  for (let at = 0; at < archive.length; at += 60_000) yield archive.subarray(at, at + 60_000)
}
const streamOf = (archive: Buffer): Readable => Readable.from(pieces(archive))

type Opened = { store: BackupStore; names(): Promise<string[]> }

async function folder(): Promise<Opened> {
  const dir = await mkdtemp(join(tmpdir(), 'conch-store-'))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return { store: createFolderStore({ dir }), names: () => readdir(dir) }
}

async function bucket(more: { key?: string; bucket?: string } = {}): Promise<Opened & { s3: S3Simulator }> {
  const s3 = await startS3()
  const key = new Sealed(more.key ?? s3.key)
  const store = createBucketStore({ ...s3, ...more, key, region: 'auto', pathStyle: true })
  onTestFinished(async () => {
    await store.close()
    await s3.close()
  })
  const names = async (): Promise<string[]> => [...s3.objects.keys(), ...s3.uploads.list('').map((one) => `half of ${one.key}`)]
  return { store, s3, names }
}

describe.each<[string, () => Promise<Opened>]>([
  ['a folder', folder],
  ['a bucket', bucket],
])('%s', (_name, begin) => {
  test.each([
    ['a small archive', SMALL],
    ['one of exactly a part', LARGE.subarray(0, 8 * MB)],
    ['one of exactly two parts', LARGE.subarray(0, 16 * MB)],
    ['a large one', LARGE],
  ])('gives %s back as it was put, also when it is put again', async (_what, archive) => {
    const { store, names } = await begin()
    await store.put(ID, streamOf(archive), promiseOf(archive))
    await store.put(ID, streamOf(archive), promiseOf(archive))
    const kept = await store.open(ID)
    expect.assert(kept !== null)
    expect(kept.bytes).toBe(archive.length)
    expect(promiseOf(await buffer(kept.archive))).toEqual(promiseOf(archive))
    expect(await names()).toHaveLength(1)
  })

  test('has nothing under an id that nothing was put under, and removes what is not there', async () => {
    const { store } = await begin()
    expect(await store.open(ID)).toBeNull()
    await store.remove(ID)
    await store.put(ID, streamOf(SMALL), promiseOf(SMALL))
    await store.remove(ID)
    await store.remove(ID)
    expect(await store.open(ID)).toBeNull()
  })

  test.each([
    ['longer', { bytes: LARGE.length - 1 }],
    ['shorter', { bytes: LARGE.length + 1 }],
    ['another one', { sha256: '0'.repeat(64) }],
  ])('keeps nothing of an archive that is %s than was said', async (_how, wrong) => {
    const { store, names } = await begin()
    await expect(store.put(ID, streamOf(LARGE), { ...promiseOf(LARGE), ...wrong })).rejects.toMatchObject({ code: 'backup.damaged' })
    await expect(store.put(ID, streamOf(SMALL), { ...promiseOf(SMALL), sha256: '0'.repeat(64) })).rejects.toMatchObject({ code: 'backup.damaged' })
    expect(await names()).toEqual([])
  })

  test('keeps nothing of one that breaks off, or that is stopped, and the former one stays', async () => {
    const { store, names } = await begin()
    const breaking = Readable.from(
      (function* () {
        yield* pieces(LARGE.subarray(0, 10 * MB))
        throw new Error('the machine is gone')
      })(),
    )
    await expect(store.put(ID, breaking, promiseOf(LARGE))).rejects.toThrow('the machine is gone')
    expect(await names()).toEqual([])
    await store.put(ID, streamOf(SMALL), promiseOf(SMALL))
    const stop = new AbortController()
    const stopped = Readable.from(
      (function* () {
        yield* pieces(LARGE.subarray(0, 10 * MB))
        setImmediate(() => stop.abort())
        yield* pieces(LARGE.subarray(10 * MB))
      })(),
    )
    await expect(store.put(ID, stopped, promiseOf(LARGE), stop.signal)).rejects.toMatchObject({ name: 'AbortError' })
    expect(await names()).toHaveLength(1)
    const kept = await store.open(ID)
    expect(kept === null ? null : await buffer(kept.archive)).toEqual(SMALL)
  })

  test.each(['../../etc/passwd', 'UPPER12345', '', 'a/b/c/d/e/f'])('leads nowhere else under the name %j', async (name) => {
    const { store } = await begin()
    await expect(async () => store.put(name, streamOf(SMALL), promiseOf(SMALL))).rejects.toMatchObject({ code: 'backup.bad-id' })
    await expect(async () => store.open(name)).rejects.toMatchObject({ code: 'backup.bad-id' })
    await expect(async () => store.remove(name)).rejects.toMatchObject({ code: 'backup.bad-id' })
  })
})

describe('a bucket', () => {
  test('takes up no more of an archive than it can hold in its hands while the store is slow', async () => {
    const { store, s3 } = await bucket()
    s3.fail('PUT part', 'silence')
    let taken = 0
    const source = Readable.from(
      (function* () {
        for (const piece of pieces(LARGE)) {
          taken += piece.length
          yield piece
        }
      })(),
    )
    const stop = new AbortController()
    const put = store.put(ID, source, promiseOf(LARGE), stop.signal)
    await expect.poll(() => s3.calls).toContain('PUT part')
    expect(taken).toBeLessThan(10 * MB)
    // Stopped in the middle of a part: what arrived is taken back before anybody hears of the end.
    stop.abort()
    await expect(put).rejects.toMatchObject({ name: 'AbortError' })
    expect(s3.uploads.list('')).toEqual([])
    expect(s3.calls.at(-1)).toBe('DELETE upload')
  })

  test('is asked again when it has too much to do or hangs up', async () => {
    const { store, s3 } = await bucket()
    s3.fail('PUT part', 503)
    s3.fail('PUT part', 'hang-up')
    s3.fail('POST upload', 500)
    await store.put(ID, streamOf(LARGE), promiseOf(LARGE))
    expect(s3.objects.get(`backups/${ID}.tar.gz`)?.equals(LARGE)).toBe(true)
  })

  test('that stays out of order is a failure with its name, and keeps nothing', async () => {
    const { store, s3, names } = await bucket()
    s3.fail('PUT part', 500, 99)
    await expect(store.put(ID, streamOf(LARGE), promiseOf(LARGE))).rejects.toMatchObject({ code: 'backup.store' })
    expect(await names()).toEqual([])
    s3.fail('GET object', 503, 99)
    await expect(store.open(ID)).rejects.toMatchObject({ code: 'backup.store' })
  })

  test('is rid of what a killed process left half uploaded once the same archive is put again', async () => {
    const { store, s3, names } = await bucket()
    s3.uploads.part(s3.uploads.begin(`backups/${ID}.tar.gz`), 1, SMALL)
    s3.uploads.begin('backups/zyxwvuts9876.tar.gz')
    await store.put(ID, streamOf(SMALL), promiseOf(SMALL))
    expect(await names()).toEqual([`backups/${ID}.tar.gz`, 'half of backups/zyxwvuts9876.tar.gz'])
  })

  test('whose archive breaks off on its way out says so', async () => {
    const { store, s3 } = await bucket()
    await store.put(ID, streamOf(LARGE), promiseOf(LARGE))
    s3.cutDownloads()
    const kept = await store.open(ID)
    expect.assert(kept !== null)
    await expect(buffer(kept.archive)).rejects.toThrow('aborted')
  })

  test.each([
    ['a wrong key', { key: 'another' }],
    ['another bucket', { bucket: 'somebody-elses' }],
  ])('with %s is no empty store: it refuses', async (_what, wrong) => {
    const { store } = await bucket(wrong)
    await expect(store.put(ID, streamOf(SMALL), promiseOf(SMALL))).rejects.toMatchObject({ code: 'backup.store' })
    await expect(store.open(ID)).rejects.toMatchObject({ code: 'backup.store' })
    await expect(store.remove(ID)).rejects.toMatchObject({ code: 'backup.store' })
  })
})
