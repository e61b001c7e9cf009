// Backups and restores, as the control plane asks for them. Both go on by themselves once they are begun, and are asked about: they take longer
// than what stands between it and the machine keeps a silent request open.
import { createReadStream } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import type { Backups } from './backup.ts'
import type { Restores } from './restore.ts'

export type Copies = {
  /** Answers what is about a backup or a restore; false for everything else. */
  handle(what: string, request: IncomingMessage, response: ServerResponse): Promise<boolean>
  /** Whether the state of the gateway is not to be touched now. */
  busy(): boolean
}

const NAMED = /^(backup|restore)(?:\/([a-z0-9]{6,32}))?$/
const SHA256 = /^[0-9a-f]{64}$/

export function createCopies({ backups, restores }: { backups: Backups; restores: Restores }): Copies {
  return {
    busy: () => restores.busy() || backups.state().kind === 'running',
    async handle(what, request, response) {
      const [, which, id] = NAMED.exec(what) ?? []
      if (which === undefined) return false
      const asked = `${request.method ?? 'GET'} ${which}${id === undefined ? '' : '/'}`
      switch (asked) {
        case 'GET backup':
          return json(response, 200, backups.state())
        case 'POST backup/': {
          if (restores.busy()) return json(response, 409, { kind: 'busy' })
          const state = await backups.begin(id ?? '')
          return state.kind !== 'none' && state.id !== id ? json(response, 409, { kind: 'busy' }) : json(response, 200, state)
        }
        case 'GET backup/':
          return send(backups, id ?? '', response)
        case 'DELETE backup/':
          await backups.drop(id ?? '')
          return json(response, 200, backups.state())
        case 'GET restore':
          return json(response, 200, restores.state())
        case 'PUT restore/':
          return receive({ backups, restores }, id ?? '', request, response)
        default:
          return json(response, 405, { error: 'this is not done here' })
      }
    },
  }
}

async function send(backups: Backups, id: string, response: ServerResponse): Promise<boolean> {
  const file = backups.fileOf(id)
  if (file === null) return json(response, 404, { error: 'there is no such backup' })
  response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': file.bytes, 'cache-control': 'no-store' })
  // Whoever asked has gone: it is kept, and asked for again.
  await pipeline(createReadStream(file.path), response).catch(() => response.destroy())
  return true
}

async function receive(
  { backups, restores }: { backups: Backups; restores: Restores },
  id: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  const sha256 = request.headers['x-conch-sha256']
  if (typeof sha256 !== 'string' || !SHA256.test(sha256)) return json(response, 400, { error: 'the sum of the archive is needed' })
  if (backups.state().kind === 'running') return json(response, 409, { kind: 'busy' })
  const state = await restores.receive(id, sha256, request)
  // What is left of the request is not read: the connection ends with the answer.
  response.setHeader('connection', 'close')
  return state.kind !== 'none' && state.id !== id ? json(response, 409, { kind: 'busy' }) : json(response, 200, state)
}

function json(response: ServerResponse, status: number, body: unknown): true {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body))
  return true
}
