// How an assistant is set up, in conversation: the one view, the settings that are chosen with a tap, the file, and the versions before. In private
// only: what somebody tells their assistant to be is nobody else's to read.
import type { ConfigSeen } from '../../actions/config.ts'
import type { Refusal } from '../../domain/refusal.ts'
import { configChanged } from './config-wizard.ts'
import { t } from './language.ts'
import { show, type Turn } from './turn.ts'
import { button, type Button, type View } from './view.ts'
import {
  configView,
  draftView,
  downloadView,
  historyView,
  memoryView,
  modelsView,
  peopleView,
  personaView,
  toolsView,
  type ConfigAsk,
} from './words/config.ts'
import { privateOnlyView } from './words/greeting.ts'
import { refusalView } from './words/refusals.ts'

/** Answers /config and its buttons. What is to be asked for, for conversation.ts to ask; null when there is nothing. */
export async function answerConfigCommand(
  turn: Turn,
  args: readonly string[],
): Promise<{ instance: { id: string; name: string }; ask: ConfigAsk } | null> {
  if (turn.inbound.place === 'group') return nothing(turn, privateOnlyView())
  const [named, what = '', value] = args
  const found = await turn.deps.actions.perform('config', named === undefined ? {} : { instance: named }, turn.actor)
  if (!found.ok) return refused(turn, found, named)
  const seen = found.value
  const { instance } = seen
  const ask = asks[what]
  if (ask !== undefined) return { instance, ask }
  const setting = value === undefined ? null : settingOf(what, value)
  if (setting !== null) return set(turn, seen, { setting })
  switch (what) {
    case 'history':
      return history(turn, seen, value)
    case 'back':
      return rollBack(turn, seen, Number(value ?? Number.NaN))
    case 'saved':
      return bringSaved(turn, seen, value ?? '')
    case 'restore-saved':
      return set(turn, seen, { backup: value, base: Number(args[3]) })
    case 'restore':
      return set(turn, seen, { version: Number(value), base: Number(args[3]) })
    case 'download':
      // A message with a file is a new one: what is pressed stays as it is.
      await show(turn, downloadView(seen))
      return null
    default:
      return nothing(turn, (views[what] ?? ((one) => configView(one, turn.deps.clock.now())))(seen))
  }
}

const asks: Readonly<Record<string, ConfigAsk>> = { edit: 'document', 'ask-model': 'model', 'ask-name': 'name', 'ask-character': 'character' }
const views: Readonly<Record<string, (seen: ConfigSeen) => View>> = {
  model: modelsView,
  people: peopleView,
  persona: personaView,
  memory: memoryView,
  tools: toolsView,
}

async function nothing(turn: Turn, view: View): Promise<null> {
  await show(turn, view, { inPlace: true })
  return null
}

async function refused(turn: Turn, refusal: Refusal, instance: string | undefined): Promise<null> {
  return nothing(turn, refusalView(refusal, { action: 'config', ...(instance !== undefined && { instance }) }))
}

/** What a tap wishes; a dash takes a wish back. */
function settingOf(what: string, value: string): object | null {
  const wished = value === '-' ? null : value
  switch (what) {
    case 'model':
      return { kind: 'model', model: wished }
    case 'people':
      return { kind: 'people', policy: value }
    case 'name':
      return { kind: 'persona-name', name: wished }
    case 'character':
      return { kind: 'persona', character: wished }
    case 'memory':
      return { kind: 'memory', search: value === 'on' }
    case 'recall':
      return { kind: 'recall', across: value === 'on' }
    case 'tools':
      return { kind: 'tools', profile: wished }
    default:
      return null
  }
}

async function set(turn: Turn, { instance }: ConfigSeen, wish: object): Promise<null> {
  const done = await turn.deps.actions.perform('set-config', { instance: instance.id, ...wish }, turn.actor)
  if (!done.ok) return refused(turn, done, instance.name)
  await configChanged(turn, done.value)
  return null
}

async function history(turn: Turn, { instance }: ConfigSeen, before: string | undefined): Promise<null> {
  const older = before === undefined ? {} : { before: Number(before) }
  const found = await turn.deps.actions.perform('config-history', { instance: instance.id, ...older }, turn.actor)
  return found.ok ? nothing(turn, historyView(instance, found.value, turn.deps.clock.now())) : refused(turn, found, instance.name)
}

/** Shows what going back would change, before it does. */
async function rollBack(turn: Turn, seen: ConfigSeen, version: number): Promise<null> {
  return proposed(turn, seen, { wish: { version }, apply: ['restore', String(version)], to: version })
}

/** The same for what was saved of the settings of a former assistant. */
async function bringSaved(turn: Turn, seen: ConfigSeen, backup: string): Promise<null> {
  const again = button(t`Try again`, 'config', seen.instance.id, 'saved', backup)
  return proposed(turn, seen, { wish: { backup }, apply: ['restore-saved', backup], to: 'saved', again })
}

/** `again`: where to come back to when it is refused, for what was pressed may be gone then. */
type Proposal = { wish: object; apply: readonly string[]; to: number | 'saved'; again?: Button }

async function proposed(turn: Turn, { instance }: ConfigSeen, { wish, apply, to, again }: Proposal): Promise<null> {
  const checked = await turn.deps.actions.perform('check-config', { instance: instance.id, ...wish }, turn.actor)
  if (!checked.ok) {
    const view = refusalView(checked, { action: 'config', instance: instance.name })
    const offered = again !== undefined && checked.reason === 'config-invalid' ? [again] : []
    return nothing(turn, { ...view, actions: [...view.actions, ...offered] })
  }
  const { base, changes } = checked.value
  const yes = { ...button(t`Apply`, 'config', instance.id, ...apply, String(base)), style: 'primary' as const }
  return nothing(turn, draftView(instance.name, changes, { apply: yes, keep: button(t`Keep the old one`, 'config', instance.id), to }))
}
