// Where everybody reads along: what may be asked there, and what is shown of an answer. It decides nothing about rights, which are the actions'.
import type { Face, Inbound } from './face.ts'
import { cut, linesOf, plainStyle } from './layout.ts'
import type { Button, View } from './view.ts'

/** What has an answer that everybody may read who shares the place. All else belongs into private. */
const ROOM_COMMANDS: ReadonlySet<string> = new Set([
  'instances',
  'status',
  'logs',
  'restart',
  'stop',
  'start',
  'destroy',
  'share',
  'alerts',
  'help',
  'cancel',
])
/** Telegram, answerCallbackQuery: the longest text, which is the narrowest of all platforms. */
const NOTE_CHARS_MAX = 200

/** Whether everybody reads what is said and answered there. */
export function isOverheard(inbound: Inbound, face: Face): boolean {
  return inbound.place === 'group' && !face.capabilities.privateReplies
}

/** Whether a command, or what a button asks for, has its place where others read along. */
export function belongsInRoom(name: string): boolean {
  return ROOM_COMMANDS.has(name)
}

/** The view without what nobody should press or open in front of others; what is left out goes on in private. */
export function roomView(view: View): View {
  const { input: _typed, form: _form, select: _select, createBot: _bot, ...rest } = view
  const kept = view.actions.filter(pressedInRoom)
  return { ...rest, actions: kept, ...(kept.length < view.actions.length && { elsewhere: true }) }
}

function pressedInRoom(one: Button): boolean {
  return 'press' in one && (one.press.verb === 'w' || belongsInRoom(one.press.verb))
}

/** A view as a note of few characters, which has no room for buttons. */
export function noteOf(view: View): string {
  const lines = linesOf({ ...view, tone: 'plain' }, plainStyle).map((line) => line.text)
  return cut(lines.join(' '), NOTE_CHARS_MAX)
}
