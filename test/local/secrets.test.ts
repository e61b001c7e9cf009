import { statSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { harness, type Harness } from './harness.ts'

const versionSchema = z.looseObject({ version: z.number() })

async function seen(it: Harness, app: string, id: string): Promise<string> {
  return (await it.shell(app, id, 'echo $API_KEY')).stdout.trim()
}

test('secrets reach a machine when it starts or is updated, and at no other time', async () => {
  const it = await harness()
  const app = await it.app()
  await it.call('POST', `/apps/${app}/secrets/API_KEY`, { value: 'first' })
  const made = await it.create(app, { image: 'gateway:stub' })
  const path = `/apps/${app}/machines/${made.id}`
  await it.answers(app, '/healthz', 200)
  expect(await seen(it, app, made.id)).toBe('first')

  await it.call('POST', `/apps/${app}/secrets/API_KEY`, { value: 'second' })
  expect(await seen(it, app, made.id)).toBe('first')
  await it.call('POST', `${path}/restart`)
  await it.call('GET', `${path}/wait?state=started`)
  expect(await seen(it, app, made.id)).toBe('first')

  await it.call('POST', `${path}/stop`, {})
  await it.reaches(app, made.id, 'stopped')
  await it.call('POST', `${path}/start`)
  await it.reaches(app, made.id, 'started')
  expect(await seen(it, app, made.id)).toBe('second')

  await it.call('POST', `/apps/${app}/secrets`, { values: { API_KEY: 'third' } })
  await it.call('POST', path, { config: { image: 'gateway:stub' }, skip_secrets: true })
  await it.reaches(app, made.id, 'started')
  expect(await seen(it, app, made.id)).toBe('second')
  await it.call('POST', path, { config: { image: 'gateway:stub' } })
  await it.reaches(app, made.id, 'started')
  expect(await seen(it, app, made.id)).toBe('third')
})

test('min_secrets_version refuses a version that is not there yet', async () => {
  const it = await harness()
  const app = await it.app()
  const { version } = versionSchema.parse((await it.call('POST', `/apps/${app}/secrets/API_KEY`, { value: 'a' })).body)
  const config = { image: 'gateway:inline' }
  expect((await it.call('POST', `/apps/${app}/machines`, { config, min_secrets_version: version + 1 })).status).toBe(412)
  expect((await it.call('POST', `/apps/${app}/machines`, { config, min_secrets_version: version })).status).toBe(200)
  expect((await it.call('GET', `/apps/${app}/secrets?min_version=${version + 1}`)).status).toBe(412)
})

test('every change raises the version, null removes, and the digest tells same from different', async () => {
  const it = await harness()
  const app = await it.app()
  const digest = async (name: string): Promise<unknown> =>
    z.looseObject({ digest: z.string() }).parse((await it.call('GET', `/apps/${app}/secrets/${name}`)).body).digest
  const one = versionSchema.parse((await it.call('POST', `/apps/${app}/secrets/A`, { value: 'same' })).body).version
  const two = versionSchema.parse((await it.call('POST', `/apps/${app}/secrets`, { values: { B: 'same', C: 'other' } })).body).version
  expect(two).toBeGreaterThan(one)
  expect(await digest('A')).toBe(await digest('B'))
  expect(await digest('A')).not.toBe(await digest('C'))
  await it.call('POST', `/apps/${app}/secrets`, { values: { B: null } })
  expect((await it.call('DELETE', `/apps/${app}/secrets/C`)).status).toBe(200)
  expect((await it.call('DELETE', `/apps/${app}/secrets/C`)).status).toBe(404)
  expect((await it.call('GET', `/apps/${app}/secrets`)).body).toMatchObject({ secrets: [{ name: 'A' }] })
  expect((await it.call('POST', `/apps/${app}/secrets/not-a-name`, { value: 'x' })).status).toBe(400)
})

test('a value is in no answer, and on disk only in a file that nobody else can read', async () => {
  const it = await harness()
  const app = await it.app()
  const value = 'sk-do-not-show-this'
  const answers = [
    await it.call('POST', `/apps/${app}/secrets/API_KEY`, { value }),
    await it.call('POST', `/apps/${app}/secrets`, { values: { OTHER: value } }),
  ]
  const made = await it.create(app, { image: 'gateway:stub' })
  await it.answers(app, '/healthz', 200)
  const machine = `/apps/${app}/machines/${made.id}`
  for (const path of [
    `/apps/${app}`,
    `/apps/${app}/secrets?show_secrets=true`,
    `/apps/${app}/secrets/API_KEY?show_secrets=true`,
    machine,
    `${machine}/events`,
    `${machine}/versions`,
    `${machine}/ps`,
    `/apps/${app}/machines`,
    '/orgs/personal/machines',
    `/api/v1/apps/${app}/logs`,
    '/admin/requests',
    '/metrics',
  ]) {
    answers.push(await it.call('GET', path))
  }
  for (const answer of answers) {
    expect(answer.status).toBeLessThan(300)
    expect(answer.text).not.toContain(value)
  }
  const [file] = readdirSync(join(it.dir, 'secrets'))
  expect(statSync(join(it.dir, 'secrets', file ?? '')).mode & 0o777).toBe(0o600)
  for (const folder of ['apps', 'machines', 'volumes']) {
    const files = readdirSync(join(it.dir, folder), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    for (const entry of files) expect(readFileSync(join(entry.parentPath, entry.name), 'utf8')).not.toContain(value)
  }
})
