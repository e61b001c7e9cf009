// Slack as a chat: the face, and how it is reached (a socket of ours for one workspace, or HTTP for many). It owns what is Slack's own: blocks,
// forms, the Home tab, acknowledgements, installations. It must never decide what is said or who may do what, and never log what people write.
import type { RequestListener } from 'node:http'
import { App, webApi } from '@slack/bolt'
import type { Clock } from '../../lib/clock.ts'
import type { Log } from '../../lib/log.ts'
import type { Random } from '../../lib/random.ts'
import type { Sealed } from '../../lib/sealed.ts'
import type { Face } from '../core/face.ts'
import { createChat, type Chat } from './chat.ts'
import { platformError } from './delivery.ts'
import { createHttp, type HttpOptions, type SlackHttp } from './http.ts'
import { listen, type Handle, type ListenDeps } from './listeners.ts'
import { createSocketReceiver, runSocket } from './socket.ts'
import { clientOptions, loggerTo, manyWorkspaces, oneWorkspace, type Client, type Workspaces } from './workspaces.ts'

export type SlackOptions = {
  connection: { kind: 'socket'; appToken: Sealed; botToken: Sealed } | ({ kind: 'http' } & HttpOptions)
  /** Another Web API than Slack's own, with a slash at its end. */
  apiUrl?: string
  clock: Clock
  random: Random
  log: Log
}
export type SlackFace = Face & {
  /** Receives until `signal` is aborted. Throws ConchError `slack.token` when Slack refuses a token. */
  run(handle: Handle, signal: AbortSignal): Promise<void>
  /** What serves every path under /slack/; null in Socket Mode, where nothing comes in by HTTP. */
  http: { requestListener: RequestListener } | null
}

export function createSlackFace(options: SlackOptions): SlackFace {
  const { connection } = options
  return connection.kind === 'socket' ? socketFace(options, connection) : httpFace(options, connection)
}

function socketFace({ apiUrl, clock, random, log }: SlackOptions, tokens: { appToken: Sealed; botToken: Sealed }): SlackFace {
  const calls = clientOptions({ apiUrl, log })
  const client = new webApi.WebClient(tokens.botToken.open(), { ...calls })
  const workspaces = oneWorkspace(client)
  const chat = createChat({ workspaces, clock, log })
  return {
    ...chat,
    http: null,
    async run(handle, signal) {
      const receiver = createSocketReceiver({ appToken: tokens.appToken, clientOptions: { ...calls }, log })
      const app = new App({
        socketMode: true,
        receiver,
        authorize: async () => ({}),
        ignoreSelf: false,
        clientOptions: { ...calls },
        logger: loggerTo(log),
      })
      const removed = async (): Promise<void> => log.warn('the Slack app was removed from its workspace, or its tokens were revoked')
      listen(app, { chat, workspaces, log, handle, installUrl: null, removed })
      await runSocket({ client, receiver, clock, random, log }, signal)
    },
  }
}

function httpFace({ apiUrl, clock, log }: SlackOptions, options: HttpOptions): SlackFace {
  const calls = clientOptions({ apiUrl, log })
  const http = createHttp(options, { clientOptions: calls, log })
  const clientWith = (token: string): Client => new webApi.WebClient(token, { ...calls })
  const workspaces = manyWorkspaces({ tokenOf: http.tokenOf, clientWith, clock })
  const chat = createChat({ workspaces, clock, log })
  return {
    ...chat,
    http: { requestListener: http.requestListener },
    async run(handle, signal) {
      listen(http.app, listenDeps({ chat, workspaces, http, log, handle }))
      http.open(true)
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve(), { once: true })
      })
      http.open(false)
    },
  }
}

type HttpParts = { chat: Chat; workspaces: Workspaces; http: SlackHttp; log: Log; handle: Handle }

function listenDeps({ http, ...parts }: HttpParts): ListenDeps {
  return { ...parts, installUrl: http.installUrl, removed: (tenant) => removed(tenant, { http, ...parts }) }
}

/** Slack tells late, and of old tokens too: an installation goes only when its token is refused now. */
async function removed(tenant: string, { workspaces, http, log }: HttpParts): Promise<void> {
  workspaces.forget(tenant)
  const client = await workspaces.clientOf(tenant)
  if (client === null) return
  try {
    await client.auth.test()
  } catch (error) {
    if (platformError(error) === null) throw error
    await http.installations.remove(tenant)
    workspaces.forget(tenant)
    log.info({ tenant }, 'a workspace removed the Slack app')
  }
}
