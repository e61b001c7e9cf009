// A machine: the supervisor as a process of its own, with a gateway behind it.
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort } from '../../../src/local/launch.ts'
import { systemClock } from '../../../src/lib/clock.ts'
import { createSigner, newSigningKeys, type Permit, type Signer } from '../../../src/secrets/signing.ts'

const MAIN = fileURLToPath(new URL('../../../images/gateway/supervisor/main.ts', import.meta.url))
const ECHO = fileURLToPath(new URL('echo-gateway.ts', import.meta.url))

// With the cache, reading the supervisor's TypeScript takes a third less of a start.
const SURROUNDINGS = { PATH: process.env['PATH'] ?? '', NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] ?? '' }

export type Machine = {
  url: string
  port: number
  gatewayPort: number
  privateUrl: string
  dir: string
  signer: Signer
  process: ChildProcess
  printed(): string
  /** A token for this machine. */
  token(permit?: Partial<Permit>): Promise<string>
  /** Asks as the control plane. */
  control(method: string, what: string, body?: unknown): Promise<Response>
  /** Opens a session and returns its cookie. */
  enter(): Promise<string>
  /** Until it answers as it should. */
  until(what: string, condition: () => Promise<boolean>): Promise<void>
  live(): Promise<void>
  close(): Promise<void>
}
export type MachineOptions = {
  env?: Record<string, string>
  dir?: string
  signer?: Signer
  instance?: string
  main?: string
  nodeArgs?: readonly string[]
}

/** Starts one; it is not live yet. */
export async function startMachine(options: MachineOptions = {}): Promise<Machine> {
  const dir = options.dir ?? (await mkdtemp(join(tmpdir(), 'conch-machine-')))
  const signer = options.signer ?? (await createSigner({ keys: await newSigningKeys(), clock: systemClock }))
  const [port, privatePort, gatewayPort] = [await freePort(), await freePort(), await freePort()]
  const instance = options.instance ?? 'abcdefgh23'
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), options.main ?? MAIN], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...SURROUNDINGS,
      PORT: String(port),
      CONCH_HOST: '127.0.0.1',
      CONCH_PRIVATE_PORT: String(privatePort),
      CONCH_GATEWAY_PORT: String(gatewayPort),
      CONCH_INSTANCE: instance,
      CONCH_OWNER: 'owner',
      CONCH_KEYS: signer.publicKeys,
      CONCH_FLAVOUR: 'stub',
      CONCH_GATEWAY: ECHO,
      CONCH_DIR: join(dir, 'conch'),
      OPENCLAW_STATE_DIR: join(dir, 'openclaw'),
      OPENCLAW_GATEWAY_PASSWORD: 'a-password',
      ...options.env,
    },
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: Buffer) => void (text += part.toString()))
  const url = `http://127.0.0.1:${port}`
  const until: Machine['until'] = async (what, condition) => {
    const end = performance.now() + 60_000
    while (!(await condition().catch(() => false))) {
      if (performance.now() > end || child.exitCode !== null) throw new Error(`never: ${what}\n${text}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const token: Machine['token'] = async (permit = {}) => {
    const whole = { instanceId: instance, purpose: 'open' as const, scopes: ['connect', 'configure'] as const, ...permit } as Permit
    return (await signer.sign(whole)).open()
  }
  return {
    url,
    port,
    gatewayPort,
    privateUrl: `http://127.0.0.1:${privatePort}`,
    dir,
    signer,
    process: child,
    printed: () => text,
    token,
    until,
    async control(method, what, body) {
      const headers = { authorization: `Bearer ${await token({ purpose: 'control' })}`, 'content-type': 'application/json' }
      return fetch(`${url}/.conch/${what}`, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) })
    },
    async enter() {
      const answer = await fetch(`${url}/.conch/session`, { method: 'POST', body: JSON.stringify({ token: await token() }) })
      return answer.headers.get('set-cookie')?.split(';')[0] ?? `refused: ${answer.status}`
    },
    live: () => until('live', async () => (await fetch(`${url}/healthz`)).status === 200),
    async close() {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill('SIGTERM')
        const late = setTimeout(() => process.kill(-(child.pid ?? 0), 'SIGKILL'), 10_000)
        await once(child, 'exit')
        clearTimeout(late)
      }
      if (options.dir === undefined) await rm(dir, { recursive: true, force: true })
    },
  }
}
