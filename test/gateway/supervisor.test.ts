// Real child processes; only time is handed in.
import { createServer } from 'node:http'
import { once } from 'node:events'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createGateway, type Gateway, type GatewayDeps } from '../../images/gateway/supervisor/gateway.ts'

type Timer = { at: number; call: () => void }
type Stage = {
  gateway: Gateway
  /** Moves time, and calls back whatever is due on the way. */
  pass(ms: number): Promise<void>
  printed(): string
  well: boolean
  kills: number
}

/** A gateway that runs this program. */
function stage(program: string, node = process.execPath): Stage {
  let now = Date.UTC(2026, 0, 1)
  let text = ''
  const timers = new Set<Timer>()
  const it: Omit<Stage, 'gateway'> = {
    well: true,
    kills: 0,
    printed: () => text,
    async pass(ms) {
      const end = now + ms
      for (;;) {
        const [next] = [...timers].filter((one) => one.at <= end).toSorted((a, b) => a.at - b.at)
        if (next === undefined) break
        timers.delete(next)
        now = Math.max(now, next.at)
        next.call()
        // A probe is answered before time goes on.
        await new Promise((resolve) => setImmediate(resolve))
      }
      now = end
    },
  }
  const deps: GatewayDeps = {
    command: { program: node, args: ['-e', program], env: {} },
    probe: () => Promise.resolve(it.well),
    memoryKills: () => it.kills,
    now: () => new Date(now),
    after(ms, call) {
      const timer = { at: now + ms, call }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    ended: () => undefined,
    refused: () => false,
    answered: () => undefined,
    others: null,
    output: (part) => void (text += part.toString()),
  }
  const gateway = createGateway(deps)
  onTestFinished(async () => {
    const pid = gateway.pid()
    if (pid !== null) process.kill(-pid, 'SIGKILL')
    await gateway.stop()
  })
  return Object.assign(it, { gateway })
}

const STAYS = `console.log('up'); setInterval(() => undefined, 1e6)`

async function until(condition: () => boolean): Promise<void> {
  const end = performance.now() + 20_000
  while (!condition()) {
    if (performance.now() > end) throw new Error(`never: ${String(condition)}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

function kill(gateway: Gateway): void {
  const pid = gateway.pid()
  if (pid === null) throw new Error('it is not running')
  process.kill(pid, 'SIGKILL')
}

describe('the supervised gateway', () => {
  it('is live when it answers, unwell when it stops answering, and live again', async () => {
    const on = stage(STAYS)
    on.gateway.start()
    expect(on.gateway.state().kind).toBe('starting')
    await on.pass(1_000)
    expect(on.gateway.state().kind).toBe('live')
    on.well = false
    await on.pass(1_000)
    expect(on.gateway.state().kind).toBe('unwell')
    on.well = true
    await on.pass(1_000)
    expect(on.gateway.state().kind).toBe('live')
  })

  it('comes back after a kill within its wait, which doubles, and begins anew after 30 s of health', async () => {
    const on = stage(STAYS)
    on.gateway.start()
    on.well = false
    for (const wait of [1_000, 2_000, 4_000]) {
      kill(on.gateway)
      await until(() => on.gateway.state().kind === 'waiting')
      await on.pass(wait - 1)
      expect(on.gateway.pid()).toBeNull()
      await on.pass(1)
      expect(on.gateway.pid()).not.toBeNull()
    }
    expect(on.gateway.restarts()).toEqual({ crashed: 3, 'out-of-memory': 0, 'bad-config': 0 })
    on.well = true
    await on.pass(32_000)
    kill(on.gateway)
    await until(() => on.gateway.state().kind === 'waiting')
    await on.pass(1_000)
    expect(on.gateway.pid()).not.toBeNull()
  })

  it('calls memory the cause when the kernel took it', async () => {
    const on = stage(STAYS)
    on.gateway.start()
    on.kills += 1
    kill(on.gateway)
    await until(() => on.gateway.state().kind === 'waiting')
    expect(on.gateway.state()).toMatchObject({ reason: 'out-of-memory' })
  })

  it('does not start a refused configuration again by itself, says why, and starts another one at once', async () => {
    const on = stage(`console.error('channels.telegram.tokn: unknown key'); process.exitCode = 78`)
    on.gateway.start()
    await until(() => on.gateway.state().kind === 'degraded')
    expect(on.gateway.state()).toMatchObject({ reason: 'bad-config', detail: 'channels.telegram.tokn: unknown key' })
    await on.pass(600_000)
    expect(on.gateway.pid()).toBeNull()
    on.gateway.start()
    expect(on.gateway.pid()).not.toBeNull()
    expect(on.gateway.restarts()['bad-config']).toBe(1)
  })

  it('ends in order on SIGTERM, and is not started again', async () => {
    const on = stage(`process.on('SIGTERM', () => { console.log('bye'); process.exit(0) }); ${STAYS}`)
    on.gateway.start()
    await until(() => on.printed().includes('up'))
    await on.gateway.stop()
    expect(on.printed()).toContain('bye')
    expect(on.gateway.state().kind).toBe('stopped')
    on.gateway.start()
    await on.pass(600_000)
    expect(on.gateway.pid()).toBeNull()
  })

  it('is killed 30 s after a SIGTERM that it ignores, and what it started with it', async () => {
    const peer = createServer().listen(0, '127.0.0.1')
    await once(peer, 'listening')
    const connections = new Set<object>()
    peer.on('connection', (socket) => {
      connections.add(socket)
      socket.on('error', () => undefined).on('close', () => connections.delete(socket))
    })
    const address = peer.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    onTestFinished(() => void peer.close())
    const grandchild = `require('net').connect(${port}, '127.0.0.1'); process.on('SIGTERM', () => undefined); setInterval(() => undefined, 1e6)`
    const on = stage(
      `process.on('SIGTERM', () => undefined); require('child_process').spawn(process.execPath, ['-e', ${JSON.stringify(grandchild)}], { stdio: 'inherit' }); ${STAYS}`,
    )
    on.gateway.start()
    await until(() => on.printed().includes('up') && connections.size === 1)
    const stopped = on.gateway.stop()
    await on.pass(29_999)
    expect(on.gateway.pid()).not.toBeNull()
    await on.pass(1)
    await stopped
    await until(() => connections.size === 0)
  })

  it('that cannot be started at all is tried again', async () => {
    const on = stage('', '/nowhere/node')
    on.gateway.start()
    await until(() => on.gateway.state().kind === 'waiting')
    expect(on.gateway.state()).toMatchObject({ reason: 'crashed' })
  })
})
