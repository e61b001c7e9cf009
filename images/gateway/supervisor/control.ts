// What the control plane asks of a machine, and what anybody may know: whether the gateway answers.
import type { IncomingMessage, ServerResponse } from 'node:http'
import { jsonBody } from './body.ts'
import type { ConfigStore, SentConfig } from './config-store.ts'
import type { Copies } from './copies.ts'
import type { Gateway } from './gateway.ts'
import type { Record } from './record.ts'

export type ControlDeps = {
  gateway: Gateway
  configs: ConfigStore
  record: Record
  copies: Copies
  version: { flavour: string; gateway: string }
  metrics: () => Promise<string>
  /** GET of a path at the gateway itself; null when nothing answered. */
  ask: (path: string) => Promise<{ status: number; body: string } | null>
  /** Another configuration is in place. */
  changed: () => void
  /** Nobody is let in any more. */
  closeAll: () => void
  now: () => Date
}
export type Control = {
  /**
   * For everybody: well or not, and in the head how often it ended unasked, which is how the control plane learns of trouble between two looks.
   */
  alive(): { status: number; headers: Readonly<{ [name: string]: string }>; body: unknown }
  /** For everybody: whether its chats are connected. */
  ready(): Promise<[status: number, body: unknown]>
  /** For the control plane. */
  handle(what: string, request: IncomingMessage, response: ServerResponse): Promise<void>
}

/** A configuration with a thousand settings has some 100 KB. */
const BODY_BYTES_MAX = 1_000_000

export function createControl(deps: ControlDeps): Control {
  const { gateway, record } = deps
  const well = (): boolean => gateway.state().kind === 'live'
  return {
    alive: () => ({
      status: well() ? 200 : 503,
      headers: { 'x-conch-exits': String(record.exits()), 'x-conch-state': gateway.state().kind },
      body: { ok: well() },
    }),
    async ready() {
      const answer = well() ? await readiness(deps) : { ready: false, failing: [] }
      return [answer.ready ? 200 : 503, { ready: answer.ready }]
    },
    async handle(what, request, response) {
      if (await deps.copies.handle(what, request, response)) return
      const reply = await answerOf(deps, what, request)
      if (typeof reply === 'string') return void response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4; charset=utf-8' }).end(reply)
      response.writeHead(reply.status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(reply.body))
    },
  }
}

type Reply = { status: number; body: unknown } | string

async function answerOf(deps: ControlDeps, what: string, request: IncomingMessage): Promise<Reply> {
  switch (`${request.method ?? 'GET'} ${what}`) {
    case 'GET health':
      return { status: 200, body: await health(deps) }
    case 'GET readyz':
      return readiness(deps).then((body) => ({ status: body.ready ? 200 : 503, body }))
    case 'GET metrics':
      return deps.metrics()
    case 'GET config':
      return { status: 200, body: deps.configs.state() }
    case 'PUT config':
      return putConfig(deps, await jsonBody(request, BODY_BYTES_MAX))
    case 'PUT access':
      return putAccess(deps, await jsonBody(request, BODY_BYTES_MAX))
    default:
      return { status: 404, body: { error: 'there is no such thing here' } }
  }
}

/** Everything about the gateway that does not need its command line, which takes seconds and hundreds of megabytes. */
async function health(deps: ControlDeps): Promise<unknown> {
  const { gateway, configs, record, version } = deps
  const state = gateway.state()
  const { ready, failing } = state.kind === 'live' ? await readiness(deps) : { ready: false, failing: [] }
  return {
    state: record.suspended() ? 'suspended' : state.kind,
    since: state.since.toISOString(),
    ...('reason' in state && { reason: state.reason }),
    ...('detail' in state && { detail: state.detail }),
    version,
    channels: { ready, failing },
    config: configs.state(),
    exits: record.exits(),
    lastExits: record.latest(),
    at: deps.now().toISOString(),
  }
}

async function readiness({ ask }: ControlDeps): Promise<{ ready: boolean; failing: string[] }> {
  const answer = await ask('/readyz')
  if (answer === null) return { ready: false, failing: [] }
  try {
    const body: unknown = JSON.parse(answer.body)
    if (typeof body !== 'object' || body === null || !('ready' in body)) return { ready: answer.status === 200, failing: [] }
    const failing = 'failing' in body && Array.isArray(body.failing) ? body.failing.filter((one) => typeof one === 'string') : []
    return { ready: body.ready === true, failing }
  } catch {
    return { ready: answer.status === 200, failing: [] }
  }
}

async function putConfig({ configs, changed, copies }: ControlDeps, body: unknown): Promise<Reply> {
  if (copies.busy()) return { status: 409, body: { error: 'the state is being saved or replaced' } }
  const sent = sentIn(body)
  if (sent === null) return { status: 400, body: { error: 'a version and a document are needed' } }
  const offer = await configs.offer(sent)
  if (offer.kind === 'taken') changed()
  return { status: offer.kind === 'refused' ? 422 : 200, body: { ...offer, config: configs.state() } }
}

function sentIn(body: unknown): SentConfig | null {
  if (typeof body !== 'object' || body === null || !('version' in body) || !('document' in body)) return null
  const { version, document } = body
  return typeof version === 'number' && Number.isSafeInteger(version) && version > 0 && typeof document === 'string' ? { version, document } : null
}

function putAccess({ record, closeAll }: ControlDeps, body: unknown): Reply {
  if (typeof body !== 'object' || body === null || !('suspended' in body) || typeof body.suspended !== 'boolean')
    return { status: 400, body: { error: 'suspended must be true or false' } }
  record.suspend(body.suspended)
  if (body.suspended) closeAll()
  return { status: 200, body: { suspended: record.suspended() } }
}
