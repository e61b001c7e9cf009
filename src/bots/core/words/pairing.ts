// Strangers who wrote to an assistant.
import type { InstanceSummary, Waiting } from '../../../actions/action.ts'
import { t } from '../language.ts'
import { bold, button, code, paragraph, say, type Block, type View } from '../view.ts'
import { channelTitle } from './channels.ts'
import { clockWords } from './time.ts'

type Named = Pick<InstanceSummary, 'id' | 'name'>
/** Each has two buttons, and a message bears few. */
const SHOWN = 4

/** Everybody who waits, the longest first. */
export function waitingView({ id, name }: Named, waiting: readonly Waiting[], timeZone: string | null): View {
  if (waiting.length === 0)
    return {
      tone: 'plain',
      blocks: [
        paragraph`Nobody waits to write to ${bold(name)}. A stranger who writes to it gets a code and waits here for an hour, and it answers nobody whom you did not let in. You yourself are let in already.`,
      ],
      actions: [button(t`Look again`, 'pairing', id), button(t`Who may write`, 'config', id)],
    }
  const shown = waiting.slice(0, SHOWN)
  const more = waiting.length - shown.length
  return {
    tone: 'plain',
    title: say`Who wants to write to ${bold(name)}`,
    blocks: [
      ...shown.map((one): Block => ({ kind: 'text', text: line(one, timeZone) })),
      ...(more > 0 ? [paragraph`And ${more} more, when these are decided.`] : []),
      paragraph`Whoever is let in may talk to it as long as you want, and it costs you what they ask of it.`,
    ],
    actions: shown.flatMap(({ who, channel, accountId, requestId }) => [
      { label: t`Let ${who} in`, press: { verb: 'pairing', args: [id, 'approve', channel, accountId, requestId] } },
      { label: t`Turn ${who} away`, press: { verb: 'pairing', args: [id, 'dismiss', channel, accountId, requestId] } },
    ]),
  }
}

function line({ who, id, channel, writtenAt, endsAt }: Waiting, timeZone: string | null) {
  return who === id
    ? say`${code(id)} on ${channelTitle(channel)}, at ${clockWords(writtenAt, timeZone)}; waits until ${clockWords(endsAt, timeZone)}`
    : say`${bold(who)} (${code(id)}) on ${channelTitle(channel)}, at ${clockWords(writtenAt, timeZone)}; waits until ${clockWords(endsAt, timeZone)}`
}

/** After one of its buttons. */
export function admittedView({ id, name }: Named, decision: 'approve' | 'dismiss'): View {
  const text =
    decision === 'approve'
      ? say`They may write to ${bold(name)} now, and were told so where they wrote.`
      : say`Turned away: ${bold(name)} does not answer them. They may ask again.`
  return { tone: decision === 'approve' ? 'good' : 'plain', blocks: [{ kind: 'text', text }], actions: [button(t`Who else waits`, 'pairing', id)] }
}
