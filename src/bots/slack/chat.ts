// A person's private chat with us, or a channel that we were invited to: where announcements go, and everything that is not asked from a channel
// or the Home tab.
import { ConchError } from '../../lib/errors.ts'
import type { Delivery, Face } from '../core/face.ts'
import type { ReadyView } from '../core/view.ts'
import { messageOf, slackCapabilities } from './blocks.ts'
import { delivered, platformError } from './delivery.ts'
import { whoseAddress } from './payloads.ts'
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

export function createChat({ workspaces }: { workspaces: Workspaces }): Chat {
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
    send: (address, view) => withClient(address, async (client) => post(client, await roomWith(client, address), view)),
    edit: (address, ref, view) => withClient(address, (client) => update(client, ref, view)),
    async delete(address, ref) {
      const deletion = await withClient(address, async (client) => {
        await client.chat.delete(atOf(ref))
        return { kind: 'sent', ref }
      })
      return deletion.kind === 'sent'
    },
  }
}

/** A message's reference: Slack needs the channel to change it. */
export function refOf(channel: string, ts: string): string {
  return `${channel}:${ts}`
}

function atOf(ref: string): { channel: string; ts: string } {
  const [channel = '', ts = ''] = ref.split(':')
  return { channel, ts }
}

async function post(client: Client, channel: string, view: ReadyView): Promise<Delivery> {
  const sent = await client.chat.postMessage({ channel, ...messageOf(view), mrkdwn: false, unfurl_links: false, unfurl_media: false })
  if (sent.ts === undefined) throw new ConchError('slack.no-ts', 'Slack took a message and did not say which it is')
  return { kind: 'sent', ref: refOf(sent.channel ?? channel, sent.ts) }
}

async function update(client: Client, ref: string, view: ReadyView): Promise<Delivery> {
  await client.chat.update({ ...atOf(ref), ...messageOf(view) })
  return { kind: 'sent', ref }
}
