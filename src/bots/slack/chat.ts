// A person's private chat with us, or a channel that we were invited to: where announcements go, and everything that is not asked from a channel
// or the Home tab.
import type { Clock } from '../../lib/clock.ts'
import { ConchError } from '../../lib/errors.ts'
import type { Log } from '../../lib/log.ts'
import type { Delivery, Face } from '../core/face.ts'
import { fileOf, withoutFile } from '../core/layout.ts'
import type { ReadyView } from '../core/view.ts'
import { slackCapabilities } from './blocks.ts'
import { delivered, platformError } from './delivery.ts'
import { whoseAddress } from './payloads.ts'
import { dropPicture, shareFile, withPicture } from './pictures.ts'
import type { Client, Workspaces } from './workspaces.ts'

export type Chat = Face & {
  /** The id of the private chat with a person. */
  roomOf(address: string): Promise<string | null>
  /** A message came from this chat: it need not be asked for. */
  knows(address: string, room: string): void
}

export const PROVIDER = 'slack'
/** Slack asks for at most one message a second and channel. */
const PACE_MS = 1_000
const ROOMS_MAX = 10_000
/** Public channels, and private ones made before 2021 (docs.slack.dev/apis/web-api/using-the-conversations-api). */
const CHANNEL = /^[CG]/
/** The token itself is refused: another one may be stored by now. */
const BAD_TOKEN = new Set(['invalid_auth', 'not_authed', 'token_revoked', 'token_expired', 'account_inactive'])
const NOT_INSTALLED: Delivery = { kind: 'undeliverable', why: 'the app is not installed in that workspace any more' }

export function createChat({ workspaces, clock, log }: { workspaces: Workspaces; clock: Clock; log: Log }): Chat {
  const rooms = new Map<string, string>()
  const knows = (address: string, room: string): void => {
    const [oldest] = rooms.keys()
    if (rooms.size >= ROOMS_MAX && oldest !== undefined) rooms.delete(oldest)
    rooms.set(address, room)
  }
  const roomWith = async (client: Client, address: string): Promise<string> => {
    const { user: place } = whoseAddress(address)
    if (CHANNEL.test(place)) return place
    const known = rooms.get(address)
    if (known !== undefined) return known
    const opened = await client.conversations.open({ users: place })
    const room = opened.channel?.id
    if (room === undefined) throw new ConchError('slack.no-room', 'Slack opened a private chat and did not say which')
    knows(address, room)
    return room
  }
  const withClient = (address: string, work: (client: Client) => Promise<Delivery>): Promise<Delivery> =>
    delivered(async () => {
      const { tenant } = whoseAddress(address)
      const client = await workspaces.clientOf(tenant)
      if (client === null) return NOT_INSTALLED
      try {
        return await work(client)
      } catch (error) {
        const code = platformError(error)
        if (code === 'channel_not_found') rooms.delete(address)
        if (code !== null && BAD_TOKEN.has(code)) workspaces.forget(tenant)
        throw error
      }
    })
  return {
    provider: PROVIDER,
    capabilities: slackCapabilities,
    paceMs: PACE_MS,
    knows,
    async roomOf(address) {
      const client = await workspaces.clientOf(whoseAddress(address).tenant)
      return client === null ? null : roomWith(client, address)
    },
    send: (address, view) => withClient(address, async (client) => post({ client, clock, log }, await roomWith(client, address), view)),
    edit: (address, ref, view) => withClient(address, (client) => update({ client, clock, log }, ref, view)),
    async delete(address, ref) {
      const deletion = await withClient(address, async (client) => {
        const { channel, ts } = atOf(ref)
        await client.chat.delete({ channel, ts })
        return { kind: 'sent', ref }
      })
      return deletion.kind === 'sent'
    },
  }
}

/** A message's reference: Slack needs the channel to change it, and the file of its picture to take that away. */
export function refOf(channel: string, ts: string, file?: string): string {
  return file === undefined ? `${channel}:${ts}` : `${channel}:${ts}:${file}`
}

function atOf(ref: string): { channel: string; ts: string; file: string | undefined } {
  const [channel = '', ts = '', file] = ref.split(':')
  return { channel, ts, file }
}

type Deps = { client: Client; clock: Clock; log: Log }

async function post({ client, clock, log }: Deps, channel: string, shown: ReadyView): Promise<Delivery> {
  const asked = fileOf(shown)
  const shared = asked !== null && (await shareFile({ client, log }, channel, asked))
  const view = shared ? withoutFile(shown) : shown
  return withPicture({ client, clock, log }, view, async (message, file) => {
    const sent = await client.chat.postMessage({ channel, ...message, mrkdwn: false, unfurl_links: false, unfurl_media: false })
    if (sent.ts === undefined) throw new ConchError('slack.no-ts', 'Slack took a message and did not say which it is')
    return { kind: 'sent', ref: refOf(sent.channel ?? channel, sent.ts, file) }
  })
}

async function update({ client, clock, log }: Deps, ref: string, view: ReadyView): Promise<Delivery> {
  const { channel, ts, file: former } = atOf(ref)
  const changed = await withPicture({ client, clock, log }, view, async (message, file): Promise<Delivery> => {
    await client.chat.update({ channel, ts, ...message })
    return { kind: 'sent', ref: refOf(channel, ts, file) }
  })
  if (former !== undefined) await dropPicture({ client, log }, former)
  return changed
}
