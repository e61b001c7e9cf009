// Inviting others, and coming by an invitation.
import type { Inbound } from './face.ts'
import { show, type Turn } from './turn.ts'
import { inviteView } from './words/invite.ts'

const START = /^\/?start\s+ref_([a-z0-9]{8})\s*$/i

/** The code of the invitation that somebody opens their chat with us by: a link does it for them, or they type it, where Slack takes no slash. */
export function invitationOf(inbound: Inbound): string | null {
  return inbound.kind === 'text' ? (START.exec(inbound.text)?.[1]?.toLowerCase() ?? null) : null
}

/** Answers /invite. */
export async function answerInvite(turn: Turn): Promise<void> {
  const made = await turn.deps.actions.perform('invite', {}, turn.actor)
  if (!made.ok) throw new Error(`an invitation was refused: ${made.reason}`)
  const { code, came } = made.value
  const command = `ref_${code}`
  const links = turn.deps.info.elsewhere?.(null, { name: 'start', args: [command] }) ?? []
  await show(turn, inviteView({ words: `start ${command}`, came, links }))
}
