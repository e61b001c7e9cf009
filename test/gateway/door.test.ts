// The public port of a machine, with the supervisor as a process of its own: who is let in, what the gateway is told of them, and who is not.
import { connect } from 'node:net'
import { SignJWT, generateKeyPair } from 'jose'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/lib/clock.ts'
import { createSigner, newSigningKeys } from '../../src/secrets/signing.ts'
import { Sealed } from '../../src/lib/sealed.ts'
import { startMachine, type Machine, type MachineOptions } from './support/machine.ts'

let machine: Machine
beforeAll(async () => {
  machine = await startMachine({ env: { CONCH_PUBLIC_PATHS: '/hooks,/telegram-webhook' } })
  await machine.live()
})
afterAll(() => machine.close())

async function own(options?: MachineOptions): Promise<Machine> {
  const started = await startMachine(options)
  onTestFinished(() => started.close())
  await started.live()
  return started
}

type Echo = { url: string; headers: Record<string, string>; greeting: string | null; pid: number }
async function see(cookie: string, path = '/', headers: Record<string, string> = {}): Promise<Echo> {
  const answer = await fetch(`${machine.url}${path}`, { headers: { cookie, ...headers } })
  expect(answer.status).toBe(200)
  return (await answer.json()) as Echo
}
const enterWith = (token: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${machine.url}/.conch/session`, { method: 'POST', headers, body: JSON.stringify({ token }) })

describe('a link', () => {
  it('opens a session of an hour, and its page carries nothing that could be written down on the way', async () => {
    const page = await fetch(`${machine.url}/.conch/open`)
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-/)
    expect(page.headers.get('referrer-policy')).toBe('no-referrer')
    expect(await page.text()).toContain('Opening your assistant')
    const answer = await enterWith(await machine.token())
    expect(answer.status).toBe(200)
    expect(answer.headers.get('set-cookie')).toMatch(/^conch_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Lax; Max-Age=3600$/)
    const secure = await enterWith(await machine.token(), { 'x-forwarded-proto': 'https' })
    expect(secure.headers.get('set-cookie')).toMatch(/; Secure$/)
  })

  it('works once, also when it is opened twice at the same moment', async () => {
    const token = await machine.token()
    const answers = await Promise.all([enterWith(token), enterWith(token), enterWith(token)])
    expect(answers.map((one) => one.status).toSorted((a, b) => a - b)).toEqual([200, 401, 401])
  })

  it.each([
    ['of another instance', async () => machine.token({ instanceId: 'somebodys2' })],
    ['for the control plane', async () => machine.token({ purpose: 'control' })],
    ['that allows nothing', async () => machine.token({ scopes: [] })],
    ['of another control plane', async () => signedElsewhere()],
    ['signed by the same name with another key', async () => forged()],
    ['that lives for too long', async () => forged({ life: 3_600 })],
    ['that is no token', async () => 'not.a.token'],
    ['with no signature', async () => `${(await machine.token()).split('.').slice(0, 2).join('.')}.`],
  ])('%s is refused', async (what, make) => {
    const answer = await enterWith(await make(), { 'fly-client-ip': what })
    expect(answer.status).toBe(401)
    expect(answer.headers.get('set-cookie')).toBeNull()
    expect(await answer.json()).toMatchObject({ title: 'This link does not work any more' })
  })

  it('that has run out, or is older than the machine’s start, is refused', async () => {
    const past = (ms: number) => ({ ...systemClock, now: () => new Date(Date.now() - ms) })
    const keys = await newSigningKeys()
    const [now, minuteAgo, before] = [
      await createSigner({ keys, clock: systemClock }),
      await createSigner({ keys, clock: past(70_000) }),
      await createSigner({ keys, clock: past(30_000) }),
    ]
    const guest = await own({ signer: now })
    const permit = { instanceId: 'abcdefgh23', purpose: 'open', scopes: ['connect'] } as const
    for (const [signer, status] of [
      [minuteAgo, 401],
      [before, 401],
      [now, 200],
    ] as const) {
      const answer = await fetch(`${guest.url}/.conch/session`, {
        method: 'POST',
        body: JSON.stringify({ token: (await signer.sign(permit)).open() }),
      })
      expect(answer.status).toBe(status)
    }
  })

  it('is good with any key of the set, so that keys can be changed', async () => {
    const [first, second] = [await newSigningKeys(), await newSigningKeys()]
    const both = (a: Sealed, b: Sealed) => new Sealed(JSON.stringify({ keys: [...JSON.parse(a.open()).keys, ...JSON.parse(b.open()).keys] }))
    const guest = await own({ signer: await createSigner({ keys: both(first, second), clock: systemClock }) })
    for (const keys of [both(first, second), both(second, first)]) {
      const signer = await createSigner({ keys, clock: systemClock })
      const token = (await signer.sign({ instanceId: 'abcdefgh23', purpose: 'open', scopes: ['connect'] })).open()
      expect((await fetch(`${guest.url}/.conch/session`, { method: 'POST', body: JSON.stringify({ token }) })).status).toBe(200)
    }
  })

  it('is not to be used by a page of somebody else', async () => {
    const answer = await enterWith(await machine.token(), { origin: 'https://evil.example' })
    expect(answer.status).toBe(403)
  })

  it('that is guessed at slows the guesser down, and nobody else', async () => {
    const guess = (address: string) => enterWith('a.b.c', { 'fly-client-ip': address })
    const answers = []
    for (let count = 0; count < 12; count += 1) answers.push((await guess('203.0.113.7')).status)
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
    expect((await guess('203.0.113.8')).status).toBe(401)
    const late = await enterWith(await machine.token(), { 'fly-client-ip': '203.0.113.7' })
    expect(late.status).toBe(429)
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0)
  })
})

async function signedElsewhere(): Promise<string> {
  const other = await createSigner({ keys: await newSigningKeys(), clock: systemClock })
  return (await other.sign({ instanceId: 'abcdefgh23', purpose: 'open', scopes: ['connect', 'configure'] })).open()
}

async function forged({ life = 60 } = {}): Promise<string> {
  const { keys } = JSON.parse(machine.signer.publicKeys) as { keys: { kid: string }[] }
  const { privateKey } = await generateKeyPair('EdDSA', { crv: 'Ed25519' })
  return new SignJWT({ purpose: 'open', scope: 'connect configure' })
    .setProtectedHeader({ alg: 'EdDSA', kid: keys[0]?.kid ?? '' })
    .setIssuer('conch')
    .setAudience('abcdefgh23')
    .setJti('forged')
    .setIssuedAt()
    .setExpirationTime(`${life}s`)
    .sign(privateKey)
}

describe('whoever is let in', () => {
  it('is the owner to the gateway, whatever they claim to be, and their session stays ours', async () => {
    const cookie = await machine.enter()
    const { headers } = await see(`theme=dark; ${cookie}; other=1`, '/', {
      'x-claw-user': 'somebody-else',
      'X-Claw-Proxy': 'mine',
      'x-openclaw-scopes': 'operator.admin',
      forwarded: 'for=10.0.0.1',
      'x-forwarded-for': '10.0.0.2',
      'x-forwarded-user': 'root',
      'x-real-ip': '10.0.0.3',
      authorization: 'Bearer a-password',
    })
    expect(headers).toMatchObject({ 'x-claw-user': 'owner', 'x-claw-proxy': '1', 'x-forwarded-for': '192.0.2.1', cookie: 'theme=dark; other=1' })
    for (const name of ['forwarded', 'x-forwarded-user', 'x-real-ip', 'authorization', 'x-openclaw-scopes']) expect(headers).not.toHaveProperty(name)
  })

  it('is named by the address that the provider saw, and may talk only when the link said no more', async () => {
    const answer = await enterWith(await machine.token({ scopes: ['connect'] }))
    const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
    const { headers } = await see(cookie, '/chat?x=1', { 'fly-client-ip': '203.0.113.9' })
    expect(headers).toMatchObject({ 'x-forwarded-for': '203.0.113.9', 'x-openclaw-scopes': 'operator.read,operator.write' })
    expect(headers).not.toHaveProperty('fly-client-ip')
  })

  it('sends bodies and gets answers as they are', async () => {
    const cookie = await machine.enter()
    const answer = await fetch(`${machine.url}/upload`, { method: 'POST', headers: { cookie }, body: 'x'.repeat(300_000) })
    expect(answer.headers.get('x-gateway')).toBe('echo')
    expect(await answer.json()).toMatchObject({ method: 'POST', url: '/upload', headers: { 'content-length': '300000' } })
  })

  it('is not let into what is for the supervisor alone, however it is spelt', async () => {
    const cookie = await machine.enter()
    for (const path of [
      '/api/v1/admin/rpc',
      '//api/v1/admin/rpc',
      '/api/v1/%61dmin/rpc',
      '/API/v1/admin/rpc',
      '/x/%2e%2e/api/v1/admin/rpc',
      '/api\\v1\\admin\\rpc',
    ]) {
      expect([
        path,
        (await raw(`POST ${path} HTTP/1.1\r\nhost: x\r\ncookie: ${cookie}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)).split('\r\n')[0],
      ]).toEqual([path, 'HTTP/1.1 404 Not Found'])
    }
  })

  it('is not to be used by a page of somebody else', async () => {
    const cookie = await machine.enter()
    expect((await fetch(machine.url, { headers: { cookie, origin: 'https://evil.example' } })).status).toBe(404)
    expect((await fetch(machine.url, { headers: { cookie, origin: machine.url } })).status).toBe(200)
  })
})

function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(machine.port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (part) => void (answer += part.toString()))
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })
}

describe('a WebSocket', () => {
  const opening = (headers: string): string =>
    `GET /ws HTTP/1.1\r\nhost: 127.0.0.1:${machine.port}\r\nupgrade: websocket\r\nconnection: upgrade\r\n${headers}\r\n`

  it('is carried for whoever is let in, both ways', async () => {
    const cookie = await machine.enter()
    const socket = connect(machine.port, '127.0.0.1', () =>
      socket.write(`${opening(`cookie: ${cookie}\r\norigin: http://127.0.0.1:${machine.port}\r\n`)}first`),
    )
    let text = ''
    socket.on('data', (part) => void (text += part.toString()))
    await machine.until('an echo', async () => text.endsWith('first'))
    expect(text).toMatch(/^HTTP\/1\.1 101 .*x-user: owner/s)
    socket.write('second')
    await machine.until('an echo', async () => text.endsWith('firstsecond'))
    socket.destroy()
  })

  it('is refused without a session, with a made up one, and for a page of somebody else', async () => {
    const cookie = await machine.enter()
    expect(await raw(opening(''))).toMatch(/^HTTP\/1\.1 401 /)
    expect(await raw(opening('cookie: conch_session=made-up\r\n'))).toMatch(/^HTTP\/1\.1 401 /)
    expect(await raw(opening(`cookie: ${cookie}\r\norigin: https://evil.example\r\n`))).toMatch(/^HTTP\/1\.1 403 /)
  })
})

describe('whoever is not', () => {
  it('sees a page that says what to do, and nothing of the gateway', async () => {
    for (const cookie of ['', 'conch_session=made-up']) {
      const answer = await fetch(`${machine.url}/settings`, { headers: { cookie } })
      expect(answer.status).toBe(401)
      expect(answer.headers.get('x-gateway')).toBeNull()
      expect(await answer.text()).toContain('send /open to the bot')
    }
  })

  it('may come back with a new link, however often the page of a session that is over asked on', async () => {
    const headers = { cookie: 'conch_session=over', 'fly-client-ip': '203.0.113.20' }
    for (let count = 0; count < 15; count += 1) expect((await fetch(machine.url, { headers })).status).toBe(401)
    expect((await enterWith(await machine.token(), { 'fly-client-ip': '203.0.113.20' })).status).toBe(200)
  })

  it('reaches the paths that are public, as a stranger, and only those', async () => {
    const hook = await fetch(`${machine.url}/hooks/mail`, {
      method: 'POST',
      headers: { authorization: 'Bearer hook-secret', 'x-claw-user': 'owner' },
      body: '{}',
    })
    const { headers } = (await hook.json()) as Echo
    expect(headers).toMatchObject({ authorization: 'Bearer hook-secret' })
    expect(headers).not.toHaveProperty('x-claw-user')
    for (const path of ['/hooksy', '/hooks/../settings', '/hooks/%2e%2e/settings', '/hooks//x', '/Hooks/mail'])
      expect([path, (await raw(`POST ${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n`)).slice(9, 12)]).toEqual([
        path,
        '401',
      ])
  })

  it('learns whether it is well, and no more', async () => {
    expect(await (await fetch(`${machine.url}/healthz`)).json()).toEqual({ ok: true })
    const ready = await fetch(`${machine.url}/readyz`)
    expect([ready.status, await ready.json()]).toEqual([503, { ready: false }])
    expect((await fetch(`${machine.url}/.conch/health`)).status).toBe(401)
    expect((await fetch(`${machine.url}/.conch/health`, { headers: { authorization: `Bearer ${await machine.token()}` } })).status).toBe(401)
  })
})

it('a suspended assistant refuses everybody, ends what is open, and is as before when that is over', async () => {
  const guest = await own({ env: { CONCH_PUBLIC_PATHS: '/hooks' } })
  const cookie = await guest.enter()
  const socket = connect(guest.port, '127.0.0.1', () =>
    socket.write(`GET /ws HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\ncookie: ${cookie}\r\n\r\n`),
  )
  await new Promise((resolve) => socket.once('data', resolve))
  const closed = new Promise((resolve) => socket.once('close', resolve))
  expect((await guest.control('PUT', 'access', { suspended: true })).status).toBe(200)
  await closed
  for (const path of ['/', '/hooks/mail', '/.conch/open']) expect((await fetch(`${guest.url}${path}`, { headers: { cookie } })).status).toBe(403)
  expect(await guest.enter()).toBe('refused: 403')
  expect(await (await guest.control('GET', 'health')).json()).toMatchObject({ state: 'suspended' })
  await guest.control('PUT', 'access', { suspended: false })
  expect((await fetch(guest.url, { headers: { cookie } })).status).toBe(401)
  expect((await fetch(guest.url, { headers: { cookie: await guest.enter() } })).status).toBe(200)
})
