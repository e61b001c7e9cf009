// Where an answer appears: next to the question. In a channel only the asker sees it; on the Home tab it takes the tab's place; in the private
// chat it is a message. Each is a face of its own for one command, press or form; announcements always go to the private chat.
import type { Log } from '../../lib/log.ts'
import { inlineId } from '../core/buttons.ts'
import type { Delivery, Face } from '../core/face.ts'
import { fileOf } from '../core/layout.ts'
import type { ReadyView } from '../core/view.ts'
import { blocksOf, messageOf } from './blocks.ts'
import { refOf, type Chat } from './chat.ts'
import { delivered, EPHEMERAL_REF, respondTo } from './delivery.ts'
import { whoseAddress, type Place } from './payloads.ts'
import { elsewhereView, wayBack } from './words.ts'
import type { Workspaces } from './workspaces.ts'

export type PlaceDeps = { chat: Chat; workspaces: Workspaces; log: Log }

const HOME_REF = 'home'
const NOT_HERE: Delivery = { kind: 'undeliverable', why: 'the app is not installed in that workspace any more' }

/** What is pressed, or stands above an answer, as the core knows it. */
export function refAt(place: Place): string {
  if (place.kind === 'message') return refOf(place.channel, place.ts)
  return place.kind === 'home' ? HOME_REF : EPHEMERAL_REF
}

/** The face that answers a press. After a form, which stands for the question it came from, the first answer takes the question's place. */
export function faceAt(deps: PlaceDeps, place: Place, after: 'press' | 'form'): Face {
  switch (place.kind) {
    case 'home':
      return homeFace(deps)
    case 'private':
      return privateFace(deps, place.responseUrl, { seen: place.seen === true, replaceFirst: after === 'form' })
    case 'message':
      return after === 'form' ? replacing(deps.chat, refAt(place)) : deps.chat
  }
}

/** The face that answers a slash command: in our private chat with a message, anywhere else so that only the asker sees it. */
export function commandFace(deps: PlaceDeps, asked: { channel: string; responseUrl: string }): Face {
  const hidden = privateFace(deps, asked.responseUrl, { seen: false, replaceFirst: false })
  let found: Promise<Face> | null = null
  const find = async (address: string): Promise<Face> => {
    // Private chats begin with D, other people's too.
    if (!asked.channel.startsWith('D')) return hidden
    const room = await deps.chat.roomOf(address).catch(() => null)
    return room === asked.channel ? deps.chat : hidden
  }
  const at = (address: string): Promise<Face> => (found ??= find(address))
  return {
    ...deps.chat,
    send: async (address, view, options) => (await at(address)).send(address, view, options),
    edit: async (address, ref, view) => (await at(address)).edit(address, ref, view),
    expect: (address, keys) => {
      at(address).then(
        (face) => face.expect?.(address, keys),
        (error: unknown) => deps.log.warn({ err: error }, 'a private chat could not be found'),
      )
    },
  }
}

/** The Home tab of one person: a screen with one view on it. */
export function homeFace(deps: PlaceDeps): Face {
  const publish = (address: string, view: ReadyView): Promise<Delivery> =>
    delivered(async () => {
      const { tenant, user } = whoseAddress(address)
      const client = await deps.workspaces.clientOf(tenant)
      if (client === null) return NOT_HERE
      await client.views.publish({ user_id: user, view: { type: 'home', blocks: blocksOf(withWayBack(view)) } })
      return { kind: 'sent', ref: HOME_REF }
    })
  return speaking(deps, { send: publish, edit: (address, _ref, view) => publish(address, view) })
}

function withWayBack(view: ReadyView): ReadyView {
  const id = inlineId({ verb: 'instances', args: [] })
  if (id === null || view.actions.some((one) => one.kind === 'press' && one.id === id)) return view
  return { ...view, actions: [...view.actions, { kind: 'press', label: wayBack(), id, style: 'plain' }] }
}

/** Answers that only the asker sees, as long as Slack lets us give them; from then on in the private chat. */
function privateFace(deps: PlaceDeps, responseUrl: string, { seen, replaceFirst }: { seen: boolean; replaceFirst: boolean }): Face {
  // What everybody sees is not replaced by what one of them asked.
  let replace = replaceFirst && !seen
  let spent = false
  const respond = async (address: string, view: ReadyView, replacesOriginal: boolean): Promise<Delivery> => {
    const body = { response_type: 'ephemeral', replace_original: replacesOriginal, ...messageOf(view) }
    const answer = spent ? null : await delivered(async () => (await respondTo(responseUrl, body)) ?? { kind: 'message-gone' })
    if (answer !== null && answer.kind !== 'message-gone') return answer
    spent = true
    return deps.chat.send(address, view, { idempotencyKey: '', unasked: false })
  }
  return speaking(deps, {
    send(address, view) {
      const replaces = replace
      replace = false
      return respond(address, view, replaces)
    },
    edit: (address, _ref, view) => respond(address, view, !seen),
  })
}

type Showing = { send(address: string, view: ReadyView): Promise<Delivery>; edit(address: string, ref: string, view: ReadyView): Promise<Delivery> }

/** A job's messages come in the private chat: when nothing was said here, that is said here. */
function speaking({ chat, log }: PlaceDeps, showing: Showing): Face {
  let spoken = false
  return {
    ...chat,
    send(address, view, options) {
      spoken = true
      // A file is shared with a chat.
      return fileOf(view) === null ? showing.send(address, view) : chat.send(address, view, options)
    },
    edit(address, ref, view) {
      spoken = true
      return showing.edit(address, ref, view)
    },
    expect(address) {
      if (spoken) return
      showing.send(address, elsewhereView()).catch((error: unknown) => log.warn({ err: error }, 'where the answer comes could not be said'))
    },
  }
}

function replacing(chat: Chat, ref: string): Face {
  let first = true
  return {
    ...chat,
    async send(address, view, options) {
      const replaces = first
      first = false
      const changed: Delivery = replaces ? await chat.edit(address, ref, view) : { kind: 'message-gone' }
      if (changed.kind === 'retry-after') first = true
      return changed.kind === 'message-gone' ? chat.send(address, view, options) : changed
    },
  }
}
