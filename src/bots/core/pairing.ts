// Who wants to write to an assistant, in conversation. In private only: it is the owner who decides, and the names are nobody else's business.
import { show, type Turn } from './turn.ts'
import { privateOnlyView } from './words/greeting.ts'
import { admittedView, waitingView } from './words/pairing.ts'
import { refusalView } from './words/refusals.ts'

/** Answers /pairing, and the buttons below each who waits. */
export async function answerPairing(turn: Turn, args: readonly string[]): Promise<void> {
  if (turn.inbound.place === 'group') return void (await show(turn, privateOnlyView()))
  const [wanted, decision, channel, accountId, requestId] = args
  const { actions } = turn.deps
  const asked = { action: 'pairing', ...(wanted !== undefined && { instance: wanted }) }
  if (
    wanted !== undefined &&
    (decision === 'approve' || decision === 'dismiss') &&
    channel !== undefined &&
    accountId !== undefined &&
    requestId !== undefined
  ) {
    const done = await actions.perform('admit', { instance: wanted, decision, channel, accountId, requestId }, turn.actor)
    return void (await show(turn, done.ok ? admittedView(done.value.instance, decision) : refusalView(done, asked), { inPlace: true }))
  }
  const found = await actions.perform('pairing', wanted === undefined ? {} : { instance: wanted }, turn.actor)
  await show(turn, found.ok ? waitingView(found.value.instance, found.value.waiting, turn.timeZone) : refusalView(found, asked))
}
