// The face of one interaction: its answers appear where the person asked, seen by them alone in a server. An interaction that was acknowledged
// must not stay without an answer: Discord would show that we think for a quarter of an hour.
import { MessageFlags, Routes, type REST } from 'discord.js'
import type { Log } from '../../lib/log.ts'
import type { Language } from '../../domain/language.ts'
import type { Delivery, Face } from '../core/face.ts'
import { inLanguage, language } from '../core/language.ts'
import type { ReadyView } from '../core/view.ts'
import { cleaned, deliveryOf } from './delivery.ts'
import { messageOf } from './message.ts'
import { underWayView } from './words.ts'

export type Asked =
  /** A command: its acknowledgement is an empty reply that waits to be filled. */
  | { kind: 'command' }
  /** A button of this message, which is changed in place; `seen`: others see it as well, and it stays for them. */
  | { kind: 'press'; ref: string; seen: boolean }
  /** A form that a button of a question opened: the answer takes the question's place. */
  | { kind: 'form' }

export type Reply = {
  face: Face
  /** Called when everything is said: puts away what waits for an answer that does not come. */
  finish(): Promise<void>
}

type ReplyDeps = {
  rest: REST
  direct: Face
  log: Log
  applicationId: string
  token: string
  asked: Asked
  /** Others could read along. */
  overheard: boolean
  /** What the person's program speaks, until the core has said something in theirs. */
  language: Language
}

/** Answers to one interaction. After its token has ended, they go to the person's direct messages. */
export function createReply(deps: ReplyDeps): Reply {
  const { rest, direct, applicationId, token, asked, overheard } = deps
  const hidden = overheard ? MessageFlags.Ephemeral : 0
  let original: 'open' | 'taken' = asked.kind === 'press' ? 'taken' : 'open'
  let expecting = false
  let spoken = deps.language

  const change = (view: ReadyView): ReturnType<typeof deliveryOf> =>
    deliveryOf(rest.patch(Routes.webhookMessage(applicationId, token, '@original'), { auth: false, ...messageOf(view) }))
  const add = (view: ReadyView): ReturnType<typeof deliveryOf> =>
    deliveryOf(rest.post(Routes.webhook(applicationId, token), { auth: false, query: WAIT, ...messageOf(view, hidden) }))
  const answer = async (view: ReadyView): ReturnType<typeof deliveryOf> => {
    if (original === 'taken') return add(view)
    const filled = await change(view)
    if (filled.kind === 'retry-after') return filled
    original = 'taken'
    // The person has put the reply away.
    return filled.kind === 'message-gone' ? add(view) : filled
  }

  const face: Face = {
    ...direct,
    async send(chat, view, options) {
      const delivery = await answer(view)
      return delivery.kind === 'expired' ? direct.send(chat, view, options) : delivery
    },
    async edit(chat, ref, view) {
      if (asked.kind !== 'press' || ref !== asked.ref) return direct.edit(chat, ref, view)
      const delivery = await (asked.seen ? add(view) : change(view))
      return delivery.kind === 'expired' ? direct.edit(chat, ref, view) : delivery
    },
    expect() {
      expecting = true
      spoken = language()
    },
  }

  const close = async (): Promise<Delivery | { kind: 'expired' } | null> => {
    if (expecting && overheard) return answer(underWayView('in-private'))
    if (original === 'taken') return null
    if (expecting && asked.kind === 'form') return answer(underWayView('here'))
    if (asked.kind === 'command') await rest.delete(Routes.webhookMessage(applicationId, token, '@original'), { auth: false })
    return null
  }
  const finish = async (): Promise<void> => {
    try {
      await inLanguage(spoken, close)
    } catch (error) {
      deps.log.warn({ err: cleaned(error) }, 'a reply on Discord could not be finished')
    }
  }
  return { face, finish }
}

const WAIT = new URLSearchParams({ wait: 'true' })
