// Socket Mode for one workspace: Slack reaches us through a socket that we open, so that no public address is needed. Reconnecting is done
// here: the library waits five seconds each time Slack recycles a socket, and a refusal while it reconnects ends the process.
import { SocketModeReceiver, type webApi } from '@slack/bolt'
import { backoffMs } from '../../lib/backoff.ts'
import type { Clock } from '../../lib/clock.ts'
import { ConchError, messageOf } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { Random } from '../../lib/random.ts'
import type { Sealed } from '../../lib/sealed.ts'
import { platformError } from './delivery.ts'
import { loggerTo, type Client } from './workspaces.ts'

export type SocketDeps = { client: Client; receiver: SocketModeReceiver; clock: Clock; random: Random; log: Log }

const RETRY = { baseMs: 500, maxMs: 30_000 }
/** A socket that lasted this long was a good one: the next is opened at once. */
const GOOD_MS = 10_000
const GOODBYE_MS = 2_000
const REFUSED = new Set([
  'invalid_auth',
  'not_authed',
  'account_inactive',
  'token_revoked',
  'token_expired',
  'not_allowed_token_type',
  'no_permission',
  'missing_scope',
  'user_removed_from_team',
  'team_disabled',
])

export function createSocketReceiver(options: { appToken: Sealed; clientOptions: webApi.WebClientOptions; log: Log }): SocketModeReceiver {
  return new SocketModeReceiver({
    appToken: options.appToken.open(),
    autoReconnectEnabled: false,
    installerOptions: { clientOptions: options.clientOptions },
    logger: loggerTo(options.log),
  })
}

/** Receives until `signal` is aborted. Throws ConchError `slack.token` when Slack refuses one of the tokens. */
export async function runSocket(deps: SocketDeps, signal: AbortSignal): Promise<void> {
  const { clock, log } = deps
  let failures = 0
  let greeted = false
  while (!signal.aborted) {
    const since = clock.now().getTime()
    try {
      if (!greeted) await deps.client.auth.test()
      greeted = true
      await connection(deps, signal)
      failures = clock.now().getTime() - since >= GOOD_MS ? 0 : failures + 1
      if (signal.aborted) return
    } catch (error) {
      const code = platformError(error)
      if (code !== null && REFUSED.has(code)) throw refusal(greeted ? 'SLACK_APP_TOKEN' : 'SLACK_BOT_TOKEN', code, error)
      failures += 1
      log.warn({ reason: messageOf(error), failures }, 'Slack could not be reached; I try again')
    }
    if (failures > 0) await clock.sleep(backoffMs(failures - 1, { ...RETRY, random: deps.random }), signal)
  }
}

function refusal(name: string, code: string, cause: unknown): ConchError {
  return new ConchError('slack.token', `Slack refuses ${name} (${code}): copy it again from your app's page at api.slack.com/apps.`, { cause })
}

/** One socket, from its opening to its end. */
async function connection({ receiver, clock }: SocketDeps, signal: AbortSignal): Promise<void> {
  const socket = receiver.client
  const ended = Promise.withResolvers<void>()
  const end = (): void => ended.resolve()
  signal.addEventListener('abort', end, { once: true })
  const opening = socket.start()
  try {
    // It rejects without a reason when the socket closed before Slack greeted us.
    const lost = (error: unknown): void => ended.reject(error ?? new ConchError('slack.closed', 'the socket was closed'))
    opening.then(() => void socket.once('disconnected', end), lost)
    await ended.promise
  } finally {
    signal.removeEventListener('abort', end)
    if (signal.aborted) await Promise.race([goodbye(socket, opening), clock.sleep(GOODBYE_MS)])
  }
}

/** A socket that is still being opened would otherwise outlive us. */
async function goodbye(socket: SocketModeReceiver['client'], opening: Promise<unknown>): Promise<void> {
  const opened = await opening.then(
    () => true,
    () => false,
  )
  if (opened) await socket.disconnect()
}
