// The practice gateway's WhatsApp: the calls `web.login.start`, `web.login.wait` and `channels.status` of OpenClaw's admin plugin, with answers
// in its words. Nothing is linked with anybody: the codes say so to whoever scans them. Part of the practice gateway's program.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32, deflateSync } from 'node:zlib'
import encodeQR from 'qr'

type Reply = { status: number; body: unknown }
export type PracticeWhatsapp = {
  /** Answers POST /api/v1/admin/rpc; null where that is switched off, as it is by default. */
  rpc(body: string): Promise<Reply> | null
  /** Somebody scans the code. */
  scan(): boolean
  /** The next code, as if the time of the one before had run out. */
  next(): boolean
  /** Nobody scanned any of them: the login is over. */
  end(): void
}

/** As long as the real ones live. */
const FIRST_CODE_MS = 60_000
const CODE_MS = 20_000
const LOGIN_MS = 180_000

type Login = { startedAt: number; codes: number; timer: NodeJS.Timeout; dataUrl: string; scanned: boolean; ring: () => void; rung: Promise<void> }
type State = { linkedFile: string; login: Login | null }
type Params = { force?: boolean; timeoutMs?: number; currentQrDataUrl?: string }
type Config = {
  channels?: { whatsapp?: { enabled?: boolean } }
  plugins?: { entries?: Record<string, { enabled?: boolean }> }
}

/** `dir` is the gateway's folder; `configFile` names what is switched on. A linked phone survives a restart. */
export function createPracticeWhatsapp(dir: string, configFile: string): PracticeWhatsapp {
  const config = existsSync(configFile) ? (JSON.parse(readFileSync(configFile, 'utf8')) as Config) : {}
  const enabled = (plugin: string): boolean => config.plugins?.entries?.[plugin]?.enabled === true
  // A gateway whose plugin could not be fetched starts without it.
  const present = enabled('whatsapp') && config.channels?.whatsapp?.enabled === true && !existsSync(join(dir, 'no-whatsapp'))
  const state: State = { linkedFile: join(dir, 'whatsapp-linked'), login: null }
  return {
    rpc(body) {
      if (!enabled('admin-http-rpc')) return null
      const { method, params } = JSON.parse(body) as { method?: unknown; params?: Params }
      return answer(state, present, { method, params: params ?? {} })
    },
    scan() {
      if (state.login === null) return false
      state.login.scanned = true
      writeFileSync(state.linkedFile, '')
      end(state)
      return true
    },
    next() {
      if (state.login !== null) renew(state, state.login, CODE_MS)
      return state.login !== null
    },
    end: () => end(state),
  }
}

async function answer(state: State, present: boolean, { method, params }: { method: unknown; params: Params }): Promise<Reply> {
  const good = (payload: unknown): Reply => ({ status: 200, body: { ok: true, payload } })
  const bad = (message: string): Reply => ({ status: 400, body: { ok: false, error: { code: 'INVALID_REQUEST', message } } })
  if (method === 'channels.status') return good({ channels: present ? { whatsapp: { configured: true, linked: existsSync(state.linkedFile) } } : {} })
  if (method !== 'web.login.start' && method !== 'web.login.wait') return bad(`admin HTTP RPC method is not supported: ${String(method)}`)
  if (!present)
    return bad('web login provider is not available. Install the official external plugin with: openclaw plugins install @openclaw/whatsapp')
  return good(method === 'web.login.start' ? start(state, params) : await wait(state, params))
}

function start(state: State, { force }: Params): unknown {
  if (existsSync(state.linkedFile) && force !== true) return { message: 'WhatsApp is already linked (+00). Say “relink” if you want a fresh QR.' }
  rmSync(state.linkedFile, { force: true })
  if (state.login !== null) return { qrDataUrl: state.login.dataUrl, message: 'QR already active. Scan it in WhatsApp → Linked Devices.' }
  const timer = setTimeout(() => end(state), LOGIN_MS)
  const login: Login = { startedAt: performance.now(), codes: 0, timer, dataUrl: '', scanned: false, ring: () => undefined, rung: Promise.resolve() }
  state.login = login
  renew(state, login, FIRST_CODE_MS)
  return { qrDataUrl: login.dataUrl, message: 'Scan this QR in WhatsApp → Linked Devices.' }
}

async function wait(state: State, { timeoutMs = 120_000, currentQrDataUrl }: Params): Promise<unknown> {
  const deadline = performance.now() + timeoutMs
  const mine = state.login
  for (;;) {
    if (mine?.scanned === true) return { connected: true, message: '✅ Linked! WhatsApp is ready.' }
    if (mine === null || state.login !== mine) return { connected: false, message: 'No active WhatsApp login in progress.' }
    if (currentQrDataUrl !== undefined && mine.dataUrl !== currentQrDataUrl)
      return { connected: false, message: 'QR refreshed. Scan the latest code in WhatsApp → Linked Devices.', qrDataUrl: mine.dataUrl }
    const leftMs = deadline - performance.now()
    if (leftMs <= 0) return { connected: false, message: 'Still waiting for the QR scan. Let me know when you’ve scanned it.' }
    let timer: NodeJS.Timeout | undefined
    await Promise.race([mine.rung, new Promise((resolve) => (timer = setTimeout(resolve, leftMs)))])
    clearTimeout(timer)
  }
}

function renew(state: State, login: Login, livesMs: number): void {
  clearTimeout(login.timer)
  login.codes += 1
  login.dataUrl = dataUrlOf(`practice code ${login.codes} of ${login.startedAt}: there is nothing to link here`)
  login.timer = setTimeout(() => (performance.now() - login.startedAt > LOGIN_MS ? end(state) : renew(state, login, CODE_MS)), livesMs).unref()
  const { ring } = login
  login.rung = new Promise((resolve) => (login.ring = resolve))
  ring()
}

function end(state: State): void {
  const { login } = state
  state.login = null
  if (login === null) return
  clearTimeout(login.timer)
  login.ring()
}

/** A code as a picture, the way OpenClaw sends it: six pixels a module, four modules of margin. */
function dataUrlOf(text: string): string {
  const rows = encodeQR(text, 'raw', { ecc: 'medium', border: 4, scale: 6 })
  return `data:image/png;base64,${pngOf(rows).toString('base64')}`
}

/** Dark and light as a PNG of eight-bit greys. */
function pngOf(rows: readonly (readonly boolean[])[]): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(rows[0]?.length ?? 0, 0)
  header.writeUInt32BE(rows.length, 4)
  header.writeUInt8(8, 8)
  // Each line begins with the number of its filter: none.
  const pixels = Buffer.concat(rows.map((row) => Buffer.from([0, ...row.map((dark) => (dark ? 0 : 255))])))
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(pixels)), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)]
  length.writeUInt32BE(data.length)
  sum.writeUInt32BE(crc32(named))
  return Buffer.concat([length, named, sum])
}
