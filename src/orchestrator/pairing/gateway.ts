// The gateway's own controls, used from inside its machine: a small program there asks it on the loopback interface, with the password that only
// that machine and the provider's store hold. No port is opened for it, and no password leaves the machine. What comes back is the word of a
// machine that its owner's assistant can change: it is parsed and bounded, and never more than shown to that owner.
import { z } from 'zod'
import { ConchError, messageOf } from '../../lib/errors.ts'
import type { FlyClient } from '../fly/types.ts'

export type GatewayReply = { kind: 'answer'; payload: unknown } | { kind: 'refused'; code: string; message: string }
export type GatewayCall = {
  method: string
  params: Record<string, unknown>
  timeoutSeconds: number
  signal?: AbortSignal
  /** Over its WebSocket, as its own programs do: for what its controls over HTTP do not offer. */
  socket?: true
}
export type Gateway = {
  /** Throws `gateway.unreachable` when nothing was answered: the machine or the gateway is not up. */
  call(at: { app: string; machineId: string }, call: GatewayCall): Promise<GatewayReply>
}

/** The plugin that serves the controls is off, or this gateway knows none. */
export const NO_CONTROLS = 'NO_CONTROLS'
/** Reads the request from its input, where no list of processes shows it. */
const PROGRAM = `let body = ''
process.stdin.on('data', (part) => (body += part)).on('end', async () => {
  const { CONCH_GATEWAY_PORT = '18789', OPENCLAW_GATEWAY_PASSWORD } = process.env
  const headers = { authorization: 'Bearer ' + OPENCLAW_GATEWAY_PASSWORD, 'content-type': 'application/json' }
  const answer = await fetch('http://127.0.0.1:' + CONCH_GATEWAY_PORT + '/api/v1/admin/rpc', { method: 'POST', headers, body })
  process.stdout.write(JSON.stringify({ status: answer.status, body: await answer.text() }))
})`
/** The same over its WebSocket, as protocol 4 of OpenClaw 2026.9.6 has it: a challenge, `connect` with the password, then the question. */
const SOCKET_PROGRAM = `let text = ''
process.stdin.on('data', (part) => (text += part)).on('end', () => {
  const { CONCH_GATEWAY_PORT = '18789', OPENCLAW_GATEWAY_PASSWORD: password } = process.env
  const { method, params } = JSON.parse(text)
  const socket = new WebSocket('ws://127.0.0.1:' + CONCH_GATEWAY_PORT)
  const send = (id, method, params) => socket.send(JSON.stringify({ type: 'req', id, method, params }))
  const end = ({ ok, payload, error }) => process.stdout.write(JSON.stringify({ status: 200, body: JSON.stringify({ ok, payload, error }) }), () => process.exit(0))
  socket.onerror = socket.onclose = () => process.exit(1)
  const client = { id: 'gateway-client', version: '1', platform: 'node', mode: 'backend' }
  socket.onmessage = ({ data }) => {
    const said = JSON.parse(data)
    if (said.event === 'connect.challenge') send('connect', 'connect', { minProtocol: 4, maxProtocol: 4, client, role: 'operator', scopes: ['operator.pairing'], auth: { password } })
    else if (said.type === 'res' && said.id === 'connect' && said.ok) send('call', method, params)
    else if (said.type === 'res') end(said)
  }
})`
/** Starting a program on a busy machine takes its time. */
const START_SECONDS = 10
const MESSAGE_CHARS_MAX = 300

const printedSchema = z.object({ status: z.number(), body: z.string() })
const replySchema = z.discriminatedUnion('ok', [
  z.object({ ok: z.literal(true), payload: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.object({ code: z.string().max(100), message: z.string() }) }),
])

export function createGateway({ fly }: { fly: Pick<FlyClient, 'exec'> }): Gateway {
  return {
    async call({ app, machineId }, { method, params, timeoutSeconds, signal, socket }) {
      const ran = await fly.exec(app, machineId, {
        command: ['node', '-e', socket === true ? SOCKET_PROGRAM : PROGRAM],
        stdin: JSON.stringify({ method, params }),
        timeoutSeconds: timeoutSeconds + START_SECONDS,
        ...(signal !== undefined && { signal }),
      })
      if (ran.exitCode !== 0) throw unreachable(`the program on the machine ended with ${ran.exitCode}`)
      const printed = printedSchema.safeParse(parsedJson(ran.stdout))
      if (!printed.success) throw unreachable('the program on the machine printed something else')
      return replyOf(printed.data)
    },
  }
}

function replyOf({ status, body }: z.infer<typeof printedSchema>): GatewayReply {
  if (status === 404) return { kind: 'refused', code: NO_CONTROLS, message: 'not found' }
  const reply = replySchema.safeParse(parsedJson(body))
  if (!reply.success) throw unreachable(`the gateway answered ${status}`)
  if (reply.data.ok) return { kind: 'answer', payload: reply.data.payload }
  const { code, message } = reply.data.error
  return { kind: 'refused', code, message: message.slice(0, MESSAGE_CHARS_MAX) }
}

function unreachable(why: string): ConchError {
  return new ConchError('gateway.unreachable', why)
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    return { unreadable: messageOf(error) }
  }
}
