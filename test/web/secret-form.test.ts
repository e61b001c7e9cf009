import http from 'node:http'
import { eq, sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { instances, oneTimeTokens, outbox, users } from '../../src/db/schema.ts'
import { forgetUser, mergeUsers } from '../../src/db/accounts.ts'
import { wholeDatabase } from '../support/accounts.ts'
import { postgresDatabases } from '../support/database.ts'
import { startMachines, type Machines } from '../support/world.ts'
import { openSite, proofIn } from './support/site.ts'

const KEY = `sk-ant-api03-${'q'.repeat(60)}x4Qe`
const NAME = 'ANTHROPIC_API_KEY'

let machines: Machines
beforeAll(async () => {
  machines = await startMachines()
})
afterAll(() => machines.close())

/** A request with just these headers, in these pieces. */
function raw(url: string, options: { method: string; headers: Record<string, string>; chunks?: readonly string[] }): Promise<number> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, options, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('error', reject)
    for (const chunk of options.chunks ?? []) request.write(chunk)
    request.end()
  })
}

describe('the page for secrets', async () => {
  const { open } = await postgresDatabases()
  const begin = async (options: { publicUrl?: string } = {}) => openSite(await open(), machines, options)
  const rowOf = async (site: Awaited<ReturnType<typeof begin>>, id: string) => {
    const [row] = await site.world.database.db.select().from(oneTimeTokens).where(eq(oneTimeTokens.hash, id))
    return row
  }
  const proofAt = async (url: string): Promise<string> => proofIn(await (await fetch(url)).text())

  test('shows what is asked for whom, in the language that the link was made in', async () => {
    const site = await begin()
    const english = await (await fetch((await site.link()).url)).text()
    expect(english).toContain('<html lang="en">')
    expect(english).toContain('<h1>Anthropic for my-claw</h1>')
    expect(english).toContain('Anthropic API key')
    expect(english).toContain('for 10 more minutes')
    const german = await (await fetch((await site.link({ language: 'de' })).url)).text()
    expect(german).toContain('<html lang="de">')
    expect(german).toContain('<h1>Anthropic für my-claw</h1>')
    expect(german).toContain('noch 10 Minuten lang')
  })

  test('keeps itself to itself: no script, no frame, no cache, no trace of where somebody came from', async () => {
    const site = await begin()
    const answer = await fetch((await site.link()).url)
    const page = await answer.text()
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'x-robots-tag': 'noindex, nofollow',
    })
    const policy = answer.headers.get('content-security-policy') ?? ''
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'$/,
    )
    expect(policy).not.toContain('unsafe')
    expect(page).not.toMatch(/<script|\son\w+=|style="/)
    expect(page.length).toBeLessThan(50_000)
    expect(answer.headers.get('strict-transport-security')).toBeNull()
  })

  test('tells browsers to keep to https when that is how they reach it', async () => {
    const site = await begin({ publicUrl: 'https://conch.example.com' })
    const answer = await fetch((await site.link()).url)
    expect(answer.headers.get('strict-transport-security')).toBe('max-age=31536000')
  })

  test('what is opened for a preview, or asked for its head, is not used up', async () => {
    const site = await begin()
    const { url } = await site.link()
    for (let n = 0; n < 5; n += 1) expect((await fetch(url)).status).toBe(200)
    const head = await fetch(url, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect((await site.post(url, { [NAME]: KEY })).status).toBe(200)
    expect(site.vault.kept).toEqual([{ [NAME]: KEY }])
  })

  test('what is pasted is handed over without the space around it, and the person is told in the chat', async () => {
    const site = await begin()
    const { url, id } = await site.link()
    const answer = await site.post(url, { [NAME]: `  ${KEY}\n` })
    const page = await answer.text()
    expect(page).toContain('You can close this page. I wrote to you in the chat.')
    expect(page).toContain('…x4Qe')
    expect(site.vault.kept).toEqual([{ [NAME]: KEY }])
    expect(site.vault.submissions).toEqual([{ instanceId: site.instanceId, actor: site.ann, credential: 'anthropic', language: 'en', anyway: false }])
    expect((await rowOf(site, id))?.usedAt).not.toBeNull()
    const told = await site.world.database.db.select().from(outbox).where(eq(outbox.template, 'key-set'))
    expect(told).toMatchObject([{ userId: site.ann.userId, payload: { instanceId: site.instanceId, credential: 'anthropic' }, messageRef: null }])
  })

  test('works once: what comes later is told that it did its work', async () => {
    const site = await begin()
    const { url } = await site.link()
    const proof = proofIn(await (await fetch(url)).text())
    await site.post(url, { [NAME]: KEY }, { proof })
    const again = await site.post(url, { [NAME]: `${KEY}2` }, { proof })
    expect([again.status, await again.text()]).toEqual([410, expect.stringContaining('This link has done its work')])
    expect((await fetch(url)).status).toBe(410)
    expect(site.vault.kept).toHaveLength(1)
  })

  test('of several answers at once one is taken', async () => {
    const site = await begin()
    const { url } = await site.link()
    const proof = proofIn(await (await fetch(url)).text())
    const { promise, resolve } = Promise.withResolvers<void>()
    site.vault.gate = promise
    const posts = Array.from({ length: 8 }, async (_, n) => (await site.post(url, { [NAME]: `${KEY}${n}` }, { proof })).status)
    // Seven come back while the one is still being checked: then it may end.
    let answered = 0
    for (const post of posts) void post.then(() => ((answered += 1) === 7 ? resolve() : undefined))
    const statuses = await Promise.all(posts)
    expect([statuses.filter((one) => one === 200).length, statuses.filter((one) => one === 409).length]).toEqual([1, 7])
    expect(site.vault.kept).toHaveLength(1)
    expect(await site.world.database.db.$count(outbox, eq(outbox.template, 'key-set'))).toBe(1)
  })

  test('a refused value says why at its field, is not shown again, and leaves the link good', async () => {
    const site = await begin()
    const { url } = await site.link()
    site.vault.next = [{ kind: 'refused', problems: new Map([[NAME, 'Anthropic does not know this key.']]), anyway: false }]
    const refused = await site.post(url, { [NAME]: `${KEY}-wrong` })
    const page = await refused.text()
    expect(refused.status).toBe(422)
    expect(page).toMatch(/aria-describedby="field-ANTHROPIC_API_KEY-hint field-ANTHROPIC_API_KEY-problem"\s+aria-invalid="true"/)
    expect(page).toContain('Anthropic does not know this key.')
    expect(page).toContain('This page takes 4 more tries.')
    expect(page).not.toContain('-wrong')
    expect((await site.post(url, { [NAME]: KEY }, { proof: proofIn(page) })).status).toBe(200)
    expect(site.vault.kept).toEqual([{ [NAME]: KEY }])
  })

  test('five refused values end the link', async () => {
    const site = await begin()
    const { url } = await site.link()
    site.vault.next = Array.from({ length: 5 }, () => ({ kind: 'refused', problems: new Map([[NAME, 'No.']]), anyway: false }))
    const statuses: number[] = []
    for (let n = 0; n < 5; n += 1) statuses.push((await site.post(url, { [NAME]: KEY }, { proof: await proofAt(url) })).status)
    expect(statuses).toEqual([422, 422, 422, 422, 410])
    expect([(await fetch(url)).status, await (await fetch(url)).text()]).toEqual([410, expect.stringContaining('That was 5 times')])
  })
  test('a field left empty is no try, and nothing is handed over', async () => {
    const site = await begin()
    const { url, id } = await site.link({ credential: 'slack' })
    const answer = await site.post(url, { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_APP_TOKEN: '  ' })
    expect([answer.status, await answer.text()]).toEqual([422, expect.stringContaining('Nothing is pasted here yet.')])
    expect(site.vault.submissions).toEqual([])
    expect((await rowOf(site, id))?.tries).toBe(0)
  })

  test('when what keeps secrets does not answer, the page says that it kept nothing and can be used again', async () => {
    const site = await begin()
    const { url, id } = await site.link()
    site.vault.next = [new Error('the provider is away')]
    const failed = await site.post(url, { [NAME]: KEY })
    expect([failed.status, await failed.text()]).toEqual([503, expect.stringContaining('this page still works')])
    expect(await rowOf(site, id)).toMatchObject({ tries: 0, hold: null, usedAt: null })
    expect((await site.post(url, { [NAME]: KEY })).status).toBe(200)
  })

  test('whoever died while checking an answer gives the link free after two minutes', async () => {
    const site = await begin()
    const { url, id } = await site.link()
    await site.world.database.db.execute(sql`update one_time_tokens set hold = 'dead', held_until = now() + interval '1 minute' where hash = ${id}`)
    expect((await site.post(url, { [NAME]: KEY })).status).toBe(409)
    await site.world.database.db.execute(sql`update one_time_tokens set held_until = now() - interval '1 second' where hash = ${id}`)
    expect((await site.post(url, { [NAME]: KEY })).status).toBe(200)
  })

  test('an expired link says so kindly, shown or answered', async () => {
    const site = await begin()
    const { url, id } = await site.link({ language: 'de' })
    const proof = await proofAt(url)
    await site.expire(id)
    const shown = await fetch(url)
    expect([shown.status, await shown.text()]).toEqual([410, expect.stringContaining('Dieser Link ist abgelaufen')])
    expect((await site.post(url, { [NAME]: KEY }, { proof })).status).toBe(410)
    expect(site.vault.submissions).toEqual([])
  })

  test('a new link for the same key ends the one before, and leaves those for other keys', async () => {
    const site = await begin()
    const first = await site.link()
    const other = await site.link({ credential: 'slack' })
    await site.link()
    expect([(await fetch(first.url)).status, (await fetch(other.url)).status]).toEqual([410, 200])
  })

  test('a made-up link is unknown, in the language of the browser', async () => {
    const site = await begin()
    const forged = await fetch(`${site.address}/k/${'A'.repeat(43)}`, { headers: { 'accept-language': 'de-AT,de;q=0.9' } })
    expect([forged.status, await forged.text()]).toEqual([404, expect.stringContaining('Diesen Link kenne ich nicht')])
    for (const path of ['', '/', '/short', `/${'A'.repeat(44)}`, `/${'A'.repeat(43)}/more`, '/%00'])
      expect((await fetch(`${site.address}/k${path}`)).status).toBe(404)
    expect((await site.post(`${site.address}/k/${'A'.repeat(43)}`, { [NAME]: KEY }, { proof: 'x' })).status).toBe(404)
  })

  test('many wrong links from one address are cut short, in every process and for that address alone; a right one still opens', async () => {
    const site = await begin({ publicUrl: 'https://conch.example.com' })
    const second = await site.another()
    const from = (address: string) => ({ headers: { 'x-forwarded-for': `203.0.113.250, ${address}` } })
    const wrong = async (at: string, address: string) => fetch(`${at}/k/${'B'.repeat(43)}`, from(address))
    for (let n = 0; n < 20; n += 1) expect((await wrong(n % 2 === 0 ? site.address : second, '198.51.100.7')).status).toBe(404)
    const stopped = await wrong(second, '198.51.100.7')
    expect([stopped.status, stopped.headers.get('retry-after')]).toEqual([429, '600'])
    expect((await wrong(second, '198.51.100.8')).status).toBe(404)
    const { url } = await site.link()
    expect((await fetch(url, from('198.51.100.7'))).status).toBe(200)
    await site.world.database.db.execute(sql`update token_misses set since = now() - interval '11 minutes'`)
    expect((await wrong(site.address, '198.51.100.7')).status).toBe(404)
  })

  test('a form from another site is not read', async () => {
    const site = await begin()
    const { url } = await site.link()
    const proof = await proofAt(url)
    const foreign: Record<string, string>[] = [
      { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
      { 'sec-fetch-site': 'cross-site', origin: 'null' },
      { 'sec-fetch-site': 'same-site', origin: 'null' },
      { 'sec-fetch-site': 'none', origin: 'null' },
      { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' },
    ]
    for (const headers of foreign) expect((await site.post(url, { [NAME]: KEY }, { proof, headers })).status, JSON.stringify(headers)).toBe(403)
    const body = new URLSearchParams({ proof, [NAME]: KEY }).toString()
    const typed = { 'content-type': 'application/x-www-form-urlencoded' }
    const bare = (headers: Record<string, string>) => raw(url, { method: 'POST', headers: { ...typed, ...headers }, chunks: [body] })
    expect(await bare({})).toBe(403)
    expect(await bare({ origin: 'https://evil.example' })).toBe(403)
    expect(site.vault.submissions).toEqual([])
    // A browser without Sec-Fetch-Site.
    expect(await bare({ origin: new URL(url).origin })).toBe(200)
  })

  test('a form without the field that only its own page knows is not taken', async () => {
    const site = await begin()
    const { url } = await site.link()
    const other = await proofAt((await site.link({ credential: 'slack' })).url)
    for (const proof of [other, 'wrong', '']) expect((await site.post(url, { [NAME]: KEY }, { proof })).status).toBe(403)
    expect(site.vault.submissions).toEqual([])
  })

  test('what is too large or no form is not read, whatever it says about its length', async () => {
    const site = await begin()
    const { url } = await site.link()
    const proof = await proofAt(url)
    expect((await site.post(url, { [NAME]: 'k'.repeat(40_000) }, { proof })).status).toBe(413)
    const headers = { origin: 'null', 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' }
    const chunked = { ...headers, 'transfer-encoding': 'chunked' }
    expect(
      await raw(url, {
        method: 'POST',
        headers: chunked,
        chunks: [`proof=${proof}&${NAME}=`, ...Array.from({ length: 40 }, () => 'k'.repeat(1_024))],
      }),
    ).toBe(413)
    const json = JSON.stringify({ proof, [NAME]: KEY })
    for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x'])
      expect(await raw(url, { method: 'POST', headers: { ...headers, 'content-type': type }, chunks: [json] })).toBe(415)
    for (const method of ['PUT', 'DELETE', 'PATCH']) expect(await raw(url, { method, headers })).toBe(404)
    expect(site.vault.submissions).toEqual([])
  })

  test('an assistant that is gone, or somebody else’s by now, has nothing to set', async () => {
    const site = await begin()
    const { db } = site.world.database
    const { url } = await site.link()
    const proof = await proofAt(url)
    const bob = await site.world.actorOf('bob')
    await db.update(instances).set({ userId: bob.userId }).where(eq(instances.id, site.instanceId))
    expect((await fetch(url)).status).toBe(410)
    expect((await site.post(url, { [NAME]: KEY }, { proof })).status).toBe(410)
    await db.update(instances).set({ userId: site.ann.userId, deleteRequestedAt: new Date() }).where(eq(instances.id, site.instanceId))
    expect((await fetch(url)).status).toBe(410)
    expect(site.vault.submissions).toEqual([])
  })

  test('links go with the account: to the one it is merged into, and away when it is forgotten', async () => {
    const site = await begin()
    const { db } = site.world.database
    const { url } = await site.link()
    const bob = await site.world.actorOf('bob')
    await db.transaction((tx) => mergeUsers(tx, { from: site.ann.userId, into: bob.userId }))
    expect((await site.post(url, { [NAME]: KEY })).status).toBe(200)
    await db.execute(sql`update instances set delete_requested_at = now(), destroyed_at = now()`)
    await db.transaction((tx) => forgetUser(tx, bob.userId))
    expect(await db.$count(oneTimeTokens)).toBe(0)
    expect(await db.$count(users, eq(users.id, bob.userId))).toBe(0)
  })

  test('a person makes at most ten links an hour', async () => {
    const site = await begin()
    for (let n = 0; n < 10; n += 1) await site.link({ credential: `one-${n}` })
    const refused = await site.world.actions.perform('set-key-link', { instance: 'my-claw', credential: 'anthropic' }, site.ann)
    expect(refused).toMatchObject({ ok: false, reason: 'key-links-limit', limit: 10 })
  })

  test('a link is made for one’s own assistant only', async () => {
    const site = await begin()
    const bob = await site.world.actorOf('bob')
    const refused = await site.world.actions.perform('set-key-link', { instance: site.instanceId, credential: 'anthropic' }, bob)
    expect(refused).toMatchObject({ ok: false, reason: 'no-instance' })
  })

  test('neither a value nor a token is in the database, the log or a page, however it ends', async () => {
    const site = await begin()
    const { url } = await site.link()
    const secrets = ['refused', 'failed', 'slow', 'stored'].map((word) => `${KEY}-${word}`)
    site.vault.next = [{ kind: 'refused', problems: new Map([[NAME, 'No.']]), anyway: false }, new Error('away')]
    let pages = ''
    const proof = await proofAt(url)
    for (const value of [secrets[0], secrets[1], secrets[3]]) pages += await (await site.post(url, { [NAME]: value ?? '' }, { proof })).text()
    pages += await (await site.post(url, { [NAME]: secrets[2] ?? '' }, { proof })).text()
    pages += await (await site.post(`${site.address}/k/${'C'.repeat(43)}`, { [NAME]: secrets[2] ?? '' }, { proof })).text()
    expect(site.vault.kept).toEqual([{ [NAME]: secrets[3] }])
    const everything = `${await wholeDatabase(site.world.database.db)}${site.log()}`
    const token = url.split('/').at(-1) ?? 'none'
    for (const secret of [...secrets, KEY]) for (const place of [everything, pages]) expect(place).not.toContain(secret)
    expect(everything).not.toContain(token)
    expect(everything).not.toContain(proof)
  })
})

describe.each([await postgresDatabases()])('one winner on $name', ({ open }) => {
  test('eight answers through two processes at once', async () => {
    const site = await openSite(await open(), machines)
    const second = await site.another()
    const { url } = await site.link()
    const proof = proofIn(await (await fetch(url)).text())
    const elsewhere = url.replace(site.address, second)
    const posts = Array.from({ length: 8 }, (_, n) => site.post(n % 2 === 0 ? url : elsewhere, { [NAME]: `${KEY}${n}` }, { proof }))
    const statuses = (await Promise.all(posts)).map((answer) => answer.status)
    expect(statuses.filter((status) => status === 200)).toHaveLength(1)
    expect(statuses.every((status) => [200, 409, 410].includes(status))).toBe(true)
    expect(site.vault.kept).toHaveLength(1)
    expect(await site.world.database.db.$count(outbox, eq(outbox.template, 'key-set'))).toBe(1)
  })
})
