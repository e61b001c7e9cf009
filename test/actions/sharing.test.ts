// Who may do what with which instance: every action, by its owner, by an operator, by a viewer, by a stranger, and from another place.
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Actor } from '../../src/actions/action.ts'
import { catalogue, type ActionName } from '../../src/actions/catalogue.ts'
import { identitiesOf, mergeUsers, removeIdentity } from '../../src/db/accounts.ts'
import { expireApprovals } from '../../src/db/approvals.ts'
import { rowsOf } from '../../src/db/connect.ts'
import { postgresDatabases } from '../support/database.ts'
import { createSharing, type Sharing } from '../support/sharing.ts'
import { startMachines, type Machines } from '../support/world.ts'

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

/** What comes of each action: "ok", or the reason of its refusal. The instance is not Ben's, and shared with the place that he asks from. */
type Verdicts = { owner: string; operator: string; viewer: string; stranger: string; elsewhere: string }
const everybody = (verdict: string): Verdicts => ({ owner: verdict, operator: verdict, viewer: verdict, stranger: verdict, elsewhere: verdict })
const unseen = { stranger: 'no-instance', elsewhere: 'no-instance' }
const ownerOnly = (verdict = 'ok'): Verdicts => ({ owner: verdict, operator: 'not-allowed', viewer: 'not-allowed', ...unseen })
const verdicts: Record<ActionName, Verdicts> = {
  instances: everybody('ok'),
  status: { owner: 'ok', operator: 'ok', viewer: 'ok', ...unseen },
  open: ownerOnly(),
  logs: { owner: 'ok', operator: 'ok', viewer: 'not-allowed', ...unseen },
  restart: { owner: 'ok', operator: 'ok', viewer: 'not-allowed', ...unseen },
  stop: { owner: 'ok', operator: 'ok', viewer: 'not-allowed', ...unseen },
  start: { owner: 'already', operator: 'already', viewer: 'not-allowed', ...unseen },
  rename: ownerOnly(),
  keys: ownerOnly(),
  // As far as the store, which has no app for an instance that was never made.
  'set-key': ownerOnly('secret-store-unavailable'),
  'set-key-link': ownerOnly(),
  'remove-key': ownerOnly('key-not-set'),
  whatsapp: ownerOnly(),
  // The instance was never made: nobody answers.
  pairing: ownerOnly('gateway-silent'),
  admit: ownerOnly('gateway-silent'),
  config: ownerOnly(),
  'config-history': ownerOnly(),
  'check-config': ownerOnly(),
  'set-config': ownerOnly(),
  backup: ownerOnly(),
  backups: ownerOnly(),
  restore: everybody('unknown-backup'),
  'backup-schedule': ownerOnly(),
  'backup-link': everybody('unknown-backup'),
  upgrade: ownerOnly(),
  'start-upgrade': ownerOnly('no-upgrade'),
  destroy: { owner: 'ok', operator: 'ok', viewer: 'not-allowed', ...unseen },
  approve: everybody('approval-over'),
  alerts: ownerOnly(),
  'set-alerts': ownerOnly(),
  share: ownerOnly(),
  shares: ownerOnly(),
  // These are about nobody's instance but one's own.
  deploy: { owner: 'instance-limit', operator: 'ok', viewer: 'ok', stranger: 'ok', elsewhere: 'ok' },
  link: everybody('ok'),
  unlink: everybody('unknown-account'),
  language: everybody('ok'),
  invite: everybody('ok'),
  'accept-invite': everybody('ok'),
  'forget-me': { owner: 'instances-present', operator: 'ok', viewer: 'ok', stranger: 'ok', elsewhere: 'ok' },
}
const inputs: Partial<Record<ActionName, object>> = {
  deploy: { name: 'other-claw', region: 'ams' },
  rename: { name: 'red-claw' },
  'set-key': { values: { WEATHER_KEY: 'sunny-side-up' } },
  'set-key-link': { credential: 'WEATHER_KEY' },
  'remove-key': { names: ['WEATHER_KEY'] },
  whatsapp: { what: 'cancel' },
  admit: { channel: 'telegram', accountId: 'default', requestId: '1', decision: 'approve' },
  'check-config': { text: '{ tools: { profile: "minimal" } }' },
  'set-config': { setting: { kind: 'tools', profile: 'minimal' } },
  restore: { backup: 'abcdefgh2345' },
  'backup-schedule': { every: 'daily' },
  'backup-link': { backup: 'abcdefgh2345' },
  destroy: { confirm: 'my-claw' },
  approve: { request: 'abcdefgh2345', answer: 'yes' },
  'set-alerts': { change: { kind: 'digest', at: 480 } },
  language: { language: 'de' },
  'accept-invite': { code: 'abcd2345' },
  unlink: { account: '6a2a0a5e-6f44-4e0c-9d7d-5a5b8a3f6f10' },
  'forget-me': { confirm: 'forget me' },
}

describe.each([await postgresDatabases()])('a shared instance on $name', ({ open }) => {
  const begin = async (): Promise<Sharing> => createSharing(await open(), machines)

  it.each(Object.keys(catalogue) as ActionName[])('lets each do what is theirs: %s', async (name) => {
    const standings: Record<keyof Verdicts, (it: Sharing) => Actor> = {
      owner: (it) => it.from(it.ann, it.team),
      operator: (it) => it.from(it.ben, it.team),
      viewer: (it) => it.from(it.ben, it.team),
      stranger: (it) => it.ben,
      elsewhere: (it) => it.from(it.ben, '-1009'),
    }
    const seen: Partial<Verdicts> = {}
    const database = await open()
    for (const [nth, standing] of (Object.keys(standings) as (keyof Verdicts)[]).entries()) {
      const it = await createSharing(database, machines, nth + 1)
      await it.share(standing === 'viewer' ? 'see' : 'operate')
      const input = name === 'share' ? { room: { id: it.team, kind: 'group', title: 'Team' }, role: 'see' } : (inputs[name] ?? {})
      const result = await it.world.actions.perform(name, input, standings[standing](it))
      seen[standing] = result.ok ? 'ok' : result.reason
    }
    expect(seen).toEqual(verdicts[name])
  })

  it('is found by its id as by its name, and by nothing of it from anywhere else', async () => {
    const it = await begin()
    await it.share('operate')
    for (const instance of ['my-claw', it.id]) {
      expect(await it.reasonOf('restart', { instance }, it.from(it.ben, it.team))).toMatch(/^(ok|busy)$/)
      expect(await it.reasonOf('restart', { instance }, it.from(it.ben, '-1009'))).toBe('no-instance')
      expect(await it.reasonOf('restart', { instance }, { ...it.from(it.ben, it.team), provider: 'slack' })).toBe('no-instance')
    }
  })

  it('allows of two places that hold somebody the one that allows more, and nothing once the share has ended', async () => {
    const it = await begin()
    await it.share('operate', 'server')
    await it.share('see')
    const ben = it.from(it.ben, it.team, 'server')
    expect(await it.reasonOf('restart', {}, ben)).toBe('ok')
    expect(await it.reasonOf('restart', {}, it.from(it.ben, it.team))).toBe('not-allowed')
    for (const one of await it.shares()) expect(await it.reasonOf('share', { end: one.id }, it.ann)).toBe('ok')
    expect(await it.reasonOf('status', {}, ben)).toBe('no-instance')
    expect(await it.reasonOf('share', { end: 'abcdefgh' }, it.ann)).toBe('unknown-share')
  })

  it('is shared only with a place that the owner writes from, and one place once', async () => {
    const it = await begin()
    const room = { id: it.team, kind: 'group', title: 'Team' }
    expect(await it.reasonOf('share', { room, role: 'see' }, it.ann)).toBe('not-in-room')
    expect(await it.reasonOf('share', { room, role: 'see' }, it.from(it.ann, '-1009'))).toBe('not-in-room')
    await it.share('see')
    await it.share('operate')
    expect(await it.shares()).toMatchObject([{ room: it.team, kind: 'group', title: 'Team', role: 'operate' }])
  })

  it('is not guessed among several of its name', async () => {
    const it = await begin()
    await it.share('operate')
    const own = await it.deploy(it.ben)
    const ben = it.from(it.ben, it.team)
    expect(await it.world.actions.perform('restart', { instance: 'my-claw' }, ben)).toEqual({
      ok: false,
      reason: 'same-name',
      name: 'my-claw',
      choices: [
        { id: own, owner: null },
        { id: it.id, owner: 'ann' },
      ],
    })
    expect(await it.reasonOf('restart', { instance: it.id }, ben)).toBe('ok')
    // What only an owner may do means one's own.
    expect(await it.reasonOf('rename', { instance: 'my-claw', name: 'red-claw' }, ben)).toBe('ok')
    expect(await it.reasonOf('rename', { instance: it.id, name: 'red-claw' }, ben)).toBe('not-allowed')
    expect((await it.world.row(it.id)).name).toBe('my-claw')
  })

  it('where others read along, shows what is shared there and nothing else of its owner', async () => {
    const it = await begin()
    const listed = async (actor: Actor): Promise<object> => {
      const result = await it.world.actions.perform('instances', {}, actor)
      expect.assert(result.ok)
      return { own: result.value.instances.map((one) => one.audience), shared: result.value.shared.map((one) => one.standing) }
    }
    const [ann, ben] = [it.overheard(it.ann, it.team), it.overheard(it.ben, it.team)]
    expect(await listed(ann)).toEqual({ own: [], shared: [] })
    for (const name of ['status', 'restart', 'logs', 'destroy'] as const)
      expect(await it.reasonOf(name, { confirm: 'my-claw' }, ann), name).toBe('private-only')
    // What was shown there by its owner's wish, as trouble is, can be pressed by its owner.
    expect(await it.reasonOf('restart', { instance: it.id }, ann)).toBe('ok')
    for (const name of ['status', 'logs'] as const) expect(await it.reasonOf(name, { instance: it.id }, ann), name).toBe('private-only')
    expect(await it.reasonOf('restart', { instance: it.id }, ben)).toBe('private-only')
    await it.world.settle()
    // Sharing is how it becomes visible.
    expect(await it.reasonOf('shares', {}, ann)).toBe('ok')
    expect(await it.reasonOf('shares', {}, ben)).toBe('private-only')
    await it.share('see')
    expect(await listed(ann)).toEqual({ own: ['see'], shared: [] })
    expect(await listed(ben)).toEqual({ own: [], shared: ['see'] })
    // The owner may restart it there, and not let those read its logs who may not.
    expect(await it.reasonOf('logs', {}, ann)).toBe('private-only')
    expect(await it.reasonOf('restart', {}, ann)).toBe('ok')
    await it.share('operate')
    expect(await it.reasonOf('logs', {}, ann)).toBe('ok')
  })

  it('shows the ends of keys and who else may look to the owner alone', async () => {
    const it = await begin()
    await it.share('operate')
    await it.world.database.db.execute(
      sql`insert into secret_names (instance_id, name, fingerprint, last4, version) values (${it.id}, 'OPENAI_API_KEY', 'f', 'x4Qe', 1)`,
    )
    const seenBy = async (actor: Actor): Promise<object> => {
      const result = await it.world.actions.perform('status', {}, actor)
      expect.assert(result.ok)
      return { last4: result.value.secrets.map((one) => one.last4), sharedWith: result.value.sharedWith.map((one) => one.title) }
    }
    expect(await seenBy(it.ann)).toEqual({ last4: ['x4Qe'], sharedWith: ['Team'] })
    expect(await seenBy(it.from(it.ben, it.team))).toEqual({ last4: [''], sharedWith: [] })
    expect(await seenBy(it.overheard(it.ann, it.team))).toEqual({ last4: [''], sharedWith: [] })
  })

  it('begins one job for one wish, however many people press at once', async () => {
    const it = await begin()
    await it.share('operate')
    const people = [it.ann, it.ben, await it.at('cem')].map((one) => it.from(one, it.team))
    const results = await Promise.all(people.map((one) => it.reasonOf('restart', {}, one)))
    expect(results.toSorted()).toEqual(['busy', 'busy', 'ok'])
    expect((await it.world.row(it.id)).restartGeneration).toBe(1)
    await it.world.settle()
    expect(await it.reasonOf('restart', {}, people[1] ?? it.ben)).toBe('ok')
  })

  it('tells the news of a job to who asked for it, and of trouble to the owner', async () => {
    const it = await begin()
    await it.share('operate')
    await it.reasonOf('restart', {}, it.from(it.ben, it.team))
    await it.world.settle()
    const told = rowsOf(
      await it.world.database.db.execute(
        sql`select o.user_id as user, c.address, o.template from outbox o join chats c on c.id = o.chat_id where o.created_at >= (select max(at) from instance_events where kind = 'requested') order by o.id`,
      ),
    )
    expect(told).toEqual([{ user: it.ben.userId, address: it.ben.chat, template: 'progress' }])
  })

  describe('that somebody else wants destroyed', () => {
    const wish = async (it: Sharing, actor = it.ben): Promise<string> => {
      const asked = await it.world.actions.perform('destroy', { confirm: 'my-claw' }, it.from(actor, it.team))
      expect.assert(asked.ok && asked.value.approval !== null)
      return asked.value.approval
    }
    const states = async (it: Sharing): Promise<unknown[]> =>
      rowsOf<{ state: string }>(await it.world.database.db.execute(sql`select state from approvals order by created_at`)).map((row) => row.state)

    it('is destroyed once by several yeses and a no at once, or kept, but never both', async () => {
      const it = await begin()
      await it.share('operate')
      const request = await wish(it)
      const answers = ['yes', 'no', 'yes', 'yes', 'no'].map((answer) => it.reasonOf('approve', { request, answer }, it.ann))
      const results = await Promise.all(answers)
      expect(results.filter((one) => one === 'ok')).toHaveLength(1)
      expect(results.filter((one) => one === 'approval-over')).toHaveLength(4)
      const destroyed = (await it.world.row(it.id)).deleteRequestedAt !== null
      expect(await states(it)).toEqual([destroyed ? 'approved' : 'declined'])
      expect(await it.shares()).toHaveLength(destroyed ? 0 : 1)
    })

    it('stays when the share ends in the same moment, or goes, and nothing is half-done', async () => {
      const it = await begin()
      await it.share('operate')
      const request = await wish(it)
      const [share] = await it.shares()
      const [yes, ended] = await Promise.all([
        it.reasonOf('approve', { request, answer: 'yes' }, it.ann),
        it.reasonOf('share', { end: share?.id ?? '' }, it.ann),
      ])
      const destroyed = (await it.world.row(it.id)).deleteRequestedAt !== null
      expect(yes === 'ok').toBe(destroyed)
      expect(ended).toMatch(/^(ok|unknown-share|no-instance)$/)
      expect(await states(it)).toEqual([destroyed ? 'approved' : 'withdrawn'])
      expect(await it.shares()).toEqual([])
    })

    it('is asked for by one of several at once, and five times a day', async () => {
      const it = await begin()
      await it.share('operate')
      const people = [it.ben, await it.at('cem'), await it.at('dee')].map((one) => it.from(one, it.team))
      const asked = await Promise.all(people.map((one) => it.reasonOf('destroy', { confirm: 'my-claw' }, one)))
      expect(asked.toSorted()).toEqual(['approval-waits', 'approval-waits', 'ok'])
      await it.world.database.db.execute(sql`update approvals set state = 'declined'`)
      for (let n = 0; n < 4; n += 1) {
        await wish(it)
        await it.world.database.db.execute(sql`update approvals set state = 'declined'`)
      }
      expect(await it.reasonOf('destroy', { confirm: 'my-claw' }, it.from(it.ben, it.team))).toBe('approvals-limit')
    })

    it('is the owner’s to allow from any of their chats, and nobody else’s', async () => {
      const it = await begin()
      await it.share('operate')
      const anna = await it.at('anna', 'discord')
      await it.world.database.db.transaction((tx) => mergeUsers(tx, { from: anna.userId, into: it.ann.userId }))
      const request = await wish(it)
      for (const other of [it.ben, it.from(it.ben, it.team), await it.at('cem')])
        expect(await it.reasonOf('approve', { request, answer: 'yes' }, other)).toBe('approval-over')
      expect(await it.reasonOf('approve', { request, answer: 'yes' }, { ...anna, userId: it.ann.userId })).toBe('ok')
    })

    it('is asked of the owner whose it is by then, and keeps its share', async () => {
      const it = await begin()
      await it.share('operate')
      const request = await wish(it)
      const zoe = await it.at('zoe', 'discord')
      await it.world.database.db.transaction((tx) => mergeUsers(tx, { from: it.ann.userId, into: zoe.userId }))
      expect(await it.shares()).toHaveLength(1)
      expect(await it.reasonOf('approve', { request, answer: 'no' }, zoe)).toBe('ok')
    })

    it('is not, once the chat that asked has left its account or the wish is late', async () => {
      const it = await begin()
      await it.share('operate')
      const ben = await it.at('ben2', 'discord')
      await it.world.database.db.transaction((tx) => mergeUsers(tx, { from: ben.userId, into: it.ben.userId }))
      const request = await wish(it)
      const [first] = await identitiesOf(it.world.database.db, it.ben.userId)
      expect.assert(first !== undefined)
      await it.world.database.db.transaction((tx) => removeIdentity(tx, it.ben.userId, first))
      expect(await it.reasonOf('approve', { request, answer: 'yes' }, it.ann)).toBe('approval-over')
      const again = await wish(it, await it.at('cem'))
      await it.world.database.db.execute(sql`update approvals set expires_at = now()`)
      expect(await it.reasonOf('approve', { request: again, answer: 'yes' }, it.ann)).toBe('approval-over')
      expect((await it.world.row(it.id)).deleteRequestedAt).toBeNull()
      await expireApprovals(it.world.database.db)
      expect(await states(it)).toEqual(['expired'])
    })
  })

  it('is shared with nobody any more once it is to be destroyed, and a new one of its name is not either', async () => {
    const it = await begin()
    await it.share('operate')
    await it.reasonOf('destroy', { confirm: 'my-claw' }, it.ann)
    const ben = it.from(it.ben, it.team)
    expect(await it.reasonOf('status', {}, ben)).toBe('no-instance')
    await it.world.settle()
    await it.deploy(it.ann)
    expect(await it.reasonOf('status', {}, ben)).toBe('no-instance')
    expect(await it.world.database.db.$count(sql`shares`)).toBe(0)
  })

  it('writes who did it, with which instance, and in which place, refusals and what others read of the logs included', async () => {
    const it = await begin()
    await it.share('operate')
    await it.world.database.db.execute(sql`delete from audit_log`)
    const ben = it.from(it.ben, it.team)
    for (const name of ['restart', 'logs', 'rename', 'status'] as const) await it.reasonOf(name, { name: 'red-claw' }, ben)
    await it.reasonOf('logs', {}, it.ann)
    await it.reasonOf('stop', {}, it.from(it.ann, it.team))
    expect(await it.audited()).toEqual([
      { actor: 'telegram:ben', action: 'restart', instance: it.id, room: it.team, outcome: 'done' },
      { actor: 'telegram:ben', action: 'logs', instance: it.id, room: it.team, outcome: 'done' },
      { actor: 'telegram:ben', action: 'rename', instance: it.id, room: it.team, outcome: 'not-allowed' },
      { actor: 'telegram:ann', action: 'stop', instance: it.id, room: it.team, outcome: 'done' },
    ])
  })
})
