// Configurations as they are stored and wanted: every version, nothing invalid, no secret; and what of them reaches the machine.
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { Actor } from '../../src/actions/action.ts'
import { forgetUser } from '../../src/db/accounts.ts'
import { rowsOf } from '../../src/db/connect.ts'
import type { Result } from '../../src/domain/refusal.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { wholeDatabase } from '../support/accounts.ts'
import { postgresDatabases } from '../support/database.ts'
import { secretLike } from '../support/secrets.ts'
import { createWorld, startMachines, type Machines, type World } from '../support/world.ts'

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

const value = <T>(result: Result<T>): T => {
  if (!result.ok) throw new Error(JSON.stringify(result))
  return result.value
}

async function documentOf(id: string): Promise<Record<string, unknown>> {
  const [machine] = await machines.fly.listMachines(`conch-${id}`)
  const file = machine?.config?.files?.[0]?.raw_value ?? ''
  const { document } = z.object({ document: z.string() }).parse(JSON.parse(Buffer.from(file, 'base64').toString()))
  return z.record(z.string(), z.unknown()).parse(JSON.parse(document))
}

describe.each([await postgresDatabases()])('a configuration on $name', ({ open }) => {
  type Scene = { world: World; ann: Actor; id: string; specOf(): Promise<unknown> }
  async function begin(): Promise<Scene> {
    const world = createWorld(await open(), machines)
    const ann = await world.actorOf('ann')
    const { id } = value(await world.actions.perform('deploy', { name: 'my-claw', region: 'ams', modelProvider: 'anthropic' }, ann)).instance
    await world.settle()
    const specOf = async (): Promise<unknown> => (await machines.fly.listMachines(`conch-${id}`))[0]?.metadata['conch_spec']
    return { world, ann, id, specOf }
  }
  const wish = (it: Scene, setting: object) => it.world.actions.perform('set-config', { setting }, it.ann)
  const versions = async ({ world }: Scene): Promise<object[]> =>
    rowsOf(await world.database.db.execute(sql`select version, document, origin, note from configs order by version`))

  it('a guided setting is a version, reaches the machine by a job, and leaves the rest alone', async () => {
    const it = await begin()
    const [before, spec] = [await documentOf(it.id), await it.specOf()]
    const done = value(await wish(it, { kind: 'tools', profile: 'coding' }))
    expect(done).toMatchObject({ version: 1, reaches: 'now', changes: [{ kind: 'added', path: 'tools.profile', value: 'coding' }] })
    await it.world.settle()
    expect(await it.world.row(it.id)).toMatchObject({ healthy: true, operationId: null, configVersion: 1 })
    expect(await documentOf(it.id)).toEqual({ ...before, tools: { profile: 'coding' } })
    expect(await it.specOf()).not.toBe(spec)
    expect(await versions(it)).toEqual([{ version: 1, document: { tools: { profile: 'coding' } }, origin: 'guided', note: 'tools' }])
    // Taken back, everything is what it was: the very same fingerprint.
    value(await wish(it, { kind: 'tools', profile: null }))
    await it.world.settle()
    expect(await it.specOf()).toBe(spec)
  })

  it('a document is checked, wanted as it was written, and going back is one more version', async () => {
    const it = await begin()
    const perform = it.world.actions.perform
    const text = `{ session: { dmScope: 'main' }, // mine\n agents: { defaults: { model: 'openai/gpt-5.2' } } }`
    const draft = value(await perform('check-config', { text }, it.ann))
    expect(draft).toMatchObject({ base: 0, changes: [{ path: 'session.dmScope' }, { path: 'agents.defaults.model', value: 'openai/gpt-5.2' }] })
    expect(await versions(it)).toEqual([])
    value(await perform('set-config', { document: draft.document, base: 0, origin: 'file' }, it.ann))
    value(await wish(it, { kind: 'persona-name', name: 'Pinch' }))
    const back = value(await perform('set-config', { version: 1, base: 2 }, it.ann))
    expect(back).toMatchObject({ version: 3, changes: [{ kind: 'removed', path: 'agents.entries.main.identity.name', from: 'Pinch' }] })
    await it.world.settle()
    expect(await documentOf(it.id)).toMatchObject({ session: { dmScope: 'main' }, agents: { defaults: { model: 'openai/gpt-5.2' } } })
    expect(await versions(it)).toMatchObject([{ origin: 'file' }, { origin: 'guided' }, { origin: 'rollback', note: '1' }])
    // The order in which it was written stays.
    expect(Object.keys(value(await perform('config', {}, it.ann)).document)).toEqual(['session', 'agents'])
    const history = value(await perform('config-history', {}, it.ann))
    expect(history).toMatchObject({ version: 3, older: false, steps: [{ version: 3 }, { version: 2 }, { version: 1, changes: [{}, {}] }] })
    expect(value(await perform('config-history', { before: 2 }, it.ann)).steps.map((step) => step.version)).toEqual([1])
  })

  it.each([
    ['what the schema does not know', { tools: { profil: 'x' } }],
    ['what is ours', { gateway: { port: 1 } }],
    ['what is Pro’s', { browser: { enabled: true } }],
    ['a secret', { hooks: { token: secretLike.anthropic() } }],
    ['a variable that is not there', { hooks: { token: '${NOT_SET}' } }],
  ])('nothing invalid is ever stored or wanted: %s', async (_what, document) => {
    const it = await begin()
    const spec = await it.specOf()
    const refused = await it.world.actions.perform('set-config', { document, base: 0, origin: 'text' }, it.ann)
    expect(refused).toMatchObject({ ok: false, reason: 'config-invalid' })
    expect(await it.world.actions.perform('check-config', { text: JSON.stringify(document) }, it.ann)).toEqual(
      // Only that one knows lines.
      expect.objectContaining({ ok: false, reason: 'config-invalid' }),
    )
    expect(await versions(it)).toEqual([])
    await it.world.settle()
    expect(await it.specOf()).toBe(spec)
    expect(await wholeDatabase(it.world.database.db)).not.toContain('sk-ant-')
  })

  it('on Pro, what is Pro’s is taken', async () => {
    const it = await begin()
    await it.world.database.db.execute(sql`update instances set plan = 'pro'`)
    const done = await it.world.actions.perform('set-config', { document: { browser: { enabled: true } }, base: 0, origin: 'text' }, it.ann)
    expect(done).toMatchObject({ ok: true, value: { version: 1 } })
  })

  it('two at once: the second one is told, instead of undoing the first', async () => {
    const it = await begin()
    const set = (profile: string) => it.world.actions.perform('set-config', { document: { tools: { profile } }, base: 0, origin: 'text' }, it.ann)
    const done = await Promise.all([set('coding'), set('minimal')])
    expect(done.map((one) => (one.ok ? 'ok' : one.reason)).toSorted()).toEqual(['config-changed', 'ok'])
    expect(await versions(it)).toHaveLength(1)
    // Guided ones come after one another, whoever is first.
    const guided = await Promise.all([wish(it, { kind: 'memory', search: false }), wish(it, { kind: 'persona-name', name: 'Pinch' })])
    expect(guided.map((one) => one.ok)).toEqual([true, true])
    expect(value(await it.world.actions.perform('config', {}, it.ann))).toMatchObject({
      version: 3,
      settings: { memory: false, personaName: 'Pinch' },
    })
  })

  it('is refused with its reason: the same again, no such version, no such model, no chat to write in', async () => {
    const it = await begin()
    value(await wish(it, { kind: 'tools', profile: 'full' }))
    const reason = async (input: object): Promise<string> => {
      const result = await it.world.actions.perform('set-config', input, it.ann)
      return result.ok ? 'ok' : result.reason
    }
    expect(await reason({ setting: { kind: 'tools', profile: 'full' } })).toBe('config-same')
    expect(await reason({ version: 9, base: 1 })).toBe('config-no-version')
    expect(await reason({ version: 0, base: 0 })).toBe('config-changed')
    expect(await reason({ setting: { kind: 'model', model: 'claude' } })).toBe('config-model')
    expect(await reason({ setting: { kind: 'people', policy: 'open' } })).toBe('config-no-chat')
    expect(await reason({ setting: { kind: 'tools', profile: 'magic' } })).toBe('bad-input')
    expect(await reason({ version: 0, base: 1 })).toBe('ok')
    await it.world.database.db.execute(sql`update instances set image = 'gateway:openclaw-2027.1.1'`)
    expect(await reason({ setting: { kind: 'tools', profile: 'full' } })).toBe('config-unknown-gateway')
  })

  it('a stopped one takes it at its next start', async () => {
    const it = await begin()
    value(await it.world.actions.perform('stop', {}, it.ann))
    await it.world.settle()
    expect(value(await wish(it, { kind: 'tools', profile: 'full' }))).toMatchObject({ reaches: 'at-start', operationId: null })
    value(await it.world.actions.perform('start', {}, it.ann))
    await it.world.settle()
    expect(await documentOf(it.id)).toMatchObject({ tools: { profile: 'full' } })
  })

  it('a variable that it refers to is not taken away under it', async () => {
    const it = await begin()
    const perform = it.world.actions.perform
    value(await perform('set-key', { values: { HOOK_TOKEN: new Sealed('sunny-side-up') } }, it.ann))
    const document = { hooks: { enabled: true, token: '${HOOK_TOKEN}' } }
    value(await perform('set-config', { document, base: 0, origin: 'text' }, it.ann))
    expect(await perform('remove-key', { names: ['HOOK_TOKEN'] }, it.ann)).toEqual({ ok: false, reason: 'key-in-config', name: 'HOOK_TOKEN' })
    value(await perform('set-config', { version: 0, base: 1 }, it.ann))
    value(await perform('remove-key', { names: ['HOOK_TOKEN'] }, it.ann))
  })

  it('the log of who did what names the version, and not what is in it', async () => {
    const it = await begin()
    value(await it.world.actions.perform('set-config', { document: { ui: { seamColor: '#aabbcc' } }, base: 0, origin: 'file' }, it.ann))
    const [entry] = rowsOf<{ input: object }>(await it.world.database.db.execute(sql`select input from audit_log where action = 'set-config'`))
    expect(entry?.input).toEqual({ document: null, base: 0, origin: 'file', version: 1 })
  })

  it('goes with its owner', async () => {
    const it = await begin()
    value(await wish(it, { kind: 'persona', character: 'dry and precise' }))
    value(await it.world.actions.perform('destroy', { confirm: 'my-claw' }, it.ann))
    await it.world.settle()
    await it.world.database.db.transaction((tx) => forgetUser(tx, it.ann.userId))
    expect(await versions(it)).toEqual([])
    expect(await wholeDatabase(it.world.database.db)).not.toContain('dry and precise')
  })
})
