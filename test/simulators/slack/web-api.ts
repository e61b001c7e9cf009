// The Web API's methods that we use, with Slack's refusals.
import { checkedHome, checkedMessage, checkedModal } from './blocks.ts'
import { canBeShown, filesApi } from './files.ts'
import type { Message, SlackState, Team } from './state.ts'
import { randomId } from '../../../src/lib/random.ts'

export type Args = Readonly<Record<string, string>>
export type Answer = { ok: true } & Record<string, unknown>
export type Refusal = { ok: false; error: string }
export type Method = (args: Args, team: Team) => Answer | Refusal
export type Api = Readonly<Record<string, Method>>

const no = (error: string): Refusal => ({ ok: false, error })
const TEXT_CHARS_MAX = 40_000

export function createApi(state: SlackState, violate: (what: string) => void, address: () => string): Api {
  const blocksIn = (args: Args, team: Team): Message['blocks'] | null => {
    if ((args['text'] ?? '').length > TEXT_CHARS_MAX) violate('a text of more than 40,000 characters')
    if ((args['text'] ?? '') === '') violate('a message without a text for notifications')
    const checked = checkedMessage(args['blocks'] ?? '[]')
    if (!checked.ok) violate(`invalid_blocks: ${checked.why}`)
    if (!checked.ok) return null
    return canBeShown(state, { blocks: checked.value, team, violate }) ? checked.value : null
  }
  return {
    'auth.test': (_args, team) => ({ ok: true, team_id: team.id, user_id: `UBOT${team.id}`, bot_id: `B${team.id}`, url: 'https://x.slack.com/' }),
    'conversations.open'(args, team) {
      const user = args['users'] ?? ''
      if (!user.startsWith('U')) return no('user_not_found')
      if (state.disabled.has(`${team.id}:${user}`)) return no('user_disabled')
      return { ok: true, channel: { id: state.roomOf(team.id, user) } }
    },
    'chat.postMessage'(args, team) {
      const channel = args['channel'] ?? ''
      if (channel.startsWith('C') && !state.invited.has(channel)) return no('not_in_channel')
      if (!channel.startsWith('C') && !channel.startsWith(`D${team.id}`)) return no('channel_not_found')
      const blocks = blocksIn(args, team)
      if (blocks === null) return no('invalid_blocks')
      const message: Message = { channel, ts: state.ts(), from: 'bot', text: args['text'] ?? '', blocks, onlyFor: null, deleted: false, edits: 0 }
      state.messages.push(message)
      return { ok: true, channel, ts: message.ts }
    },
    'chat.update'(args, team) {
      const message = state.find(args['channel'] ?? '', args['ts'] ?? '')
      if (message === undefined || message.onlyFor !== null) return no('message_not_found')
      if (message.from !== 'bot') return no('cant_update_message')
      const blocks = blocksIn(args, team)
      if (blocks === null) return no('invalid_blocks')
      Object.assign(message, { blocks, text: args['text'] ?? '', edits: message.edits + 1 })
      return { ok: true, channel: message.channel, ts: message.ts }
    },
    'chat.delete'(args) {
      const message = state.find(args['channel'] ?? '', args['ts'] ?? '')
      if (message === undefined) return no('message_not_found')
      if (message.from !== 'bot') return no('cant_delete_message')
      message.deleted = true
      return { ok: true, channel: message.channel, ts: message.ts }
    },
    ...filesApi(state, address),
    'views.open'(args) {
      const checked = checkedModal(args['view'])
      if (!checked.ok) {
        violate(`views.open: ${checked.why}`)
        return no('invalid_arguments')
      }
      const used = state.use(args['trigger_id'] ?? '')
      if ('error' in used) {
        violate(`views.open: ${used.error}`)
        return no(used.error)
      }
      const id = `V${randomId(10)}`
      state.modals.set(used.person, { id, view: checked.value })
      return { ok: true, view: { id } }
    },
    'views.publish'(args, team) {
      const checked = checkedHome(args['view'])
      if (!checked.ok) {
        violate(`views.publish: ${checked.why}`)
        return no('invalid_arguments')
      }
      state.homes.set(`${team.id}:${args['user_id'] ?? ''}`, checked.value.blocks)
      return { ok: true }
    },
  }
}

/** What a private reply does: shows something that only one person sees, or puts it in the place of what was pressed. */
export function reply(state: SlackState, id: string, body: Record<string, unknown>, violate: (what: string) => void): number {
  const found = state.replies.get(id)
  if (found === undefined || found.until < performance.now() || found.usesLeft === 0) return 404
  found.usesLeft -= 1
  const checked = checkedMessage(body['blocks'])
  if (!checked.ok) {
    violate(`response_url: ${checked.why}`)
    return 400
  }
  const { channel, user, message } = found
  if (body['replace_original'] === true && message !== null) {
    Object.assign(message, { blocks: checked.value, edits: message.edits + 1 })
    return 200
  }
  const text = typeof body['text'] === 'string' ? body['text'] : ''
  state.messages.push({ channel, ts: state.ts(), from: 'bot', text, blocks: checked.value, onlyFor: user, deleted: false, edits: 0 })
  return 200
}
