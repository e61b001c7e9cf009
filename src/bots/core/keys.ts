// What an assistant holds, in conversation: the list, and taking something away. In private only: whoever reads along learns what there is to steal.
import type { InstanceSummary, KeySummary } from '../../actions/action.ts'
import { credentialNamed } from '../../domain/credentials.ts'
import { startKey } from './conversation.ts'
import { expectJob, show, type Turn } from './turn.ts'
import { privateOnlyView } from './words/greeting.ts'
import { VARIABLE } from './words/key-forms.ts'
import { addKeyView, groupsOf, keyRemovedView, keysView, removeQuestion, whichKeyView, type KeyGroup } from './words/keys.ts'
import { refusalView } from './words/refusals.ts'
import { whatsappView } from './words/whatsapp.ts'

/** Answers /keys, and the buttons that lead on from the list. */
export async function answerKeys(turn: Turn, args: readonly string[]): Promise<void> {
  if (await refusedInGroup(turn)) return
  const [instance, what] = args
  const held = await heldBy(turn, instance, 'keys')
  if (held === null) return
  const { name } = held.instance
  const view =
    what === 'add'
      ? addKeyView(name)
      : (what === 'replace' || what === 'remove') && held.keys.length > 0
        ? whichKeyView(name, held.keys, what)
        : keysView(held.instance, held.keys, turn.deps.clock.now())
  await show(turn, view, { inPlace: true })
}

/** Answers /set-key: the guide to what is named, or everything there is to choose from. */
export async function answerSetKey(turn: Turn, args: readonly string[]): Promise<void> {
  if (await refusedInGroup(turn)) return
  const { instance, word } = split(args)
  const held = await heldBy(turn, instance, 'set-key', word === undefined ? [] : [word])
  if (held === null) return
  const { name } = held.instance
  const credential = credentialNamed(word ?? '')
  if (credential !== undefined) return startKey(turn, held.instance, { credential: credential.id })
  if (word?.toLowerCase() === 'whatsapp') return void (await show(turn, whatsappView(name, held.whatsapp), { inPlace: true }))
  if (word === VARIABLE) return startKey(turn, held.instance, { credential: VARIABLE })
  if (held.keys.some((key) => key.name === word)) return startKey(turn, held.instance, { credential: VARIABLE, variable: word ?? null })
  await show(turn, addKeyView(name), { inPlace: true })
}

/** Answers /remove-key: what is to go, the question, and the tap that confirms it. */
export async function answerRemoveKey(turn: Turn, args: readonly string[]): Promise<void> {
  if (await refusedInGroup(turn)) return
  const { instance, word, answer } = split(args)
  const held = await heldBy(turn, instance, 'remove-key', word === undefined ? [] : [word])
  if (held === null) return
  const { name } = held.instance
  const group = groupNamed(held.keys, word)
  if (group === undefined) {
    const gone = word !== undefined && answer === 'yes'
    if (gone)
      return void (await show(
        turn,
        refusalView({ reason: 'key-not-set', name: credentialNamed(word)?.title ?? word }, { action: 'remove-key', instance: name }),
      ))
    const view = held.keys.length === 0 ? keysView(held.instance, [], turn.deps.clock.now()) : whichKeyView(name, held.keys, 'remove')
    return void (await show(turn, view, { inPlace: true }))
  }
  if (answer !== 'yes') return void (await show(turn, removeQuestion(name, group), { inPlace: true }))
  const wanted = { instance: held.instance.id, names: group.keys.map((key) => key.name) }
  const done = await turn.deps.actions.perform('remove-key', wanted, turn.actor)
  if (!done.ok) return void (await show(turn, refusalView(done, { action: 'remove-key', instance: name }), { inPlace: true }))
  await show(turn, keyRemovedView(done.value, group.title), { inPlace: true })
  if (done.value.operationId !== null) expectJob(turn, done.value.operationId, { outcome: false })
}

/** `/set-key telegram` of somebody with one assistant means Telegram, not an assistant of that name. */
function split(args: readonly string[]): { instance?: string; word?: string; answer?: string } {
  const [first, second, answer] = args
  if (first === undefined) return {}
  const known = credentialNamed(first) !== undefined || first.toLowerCase() === 'whatsapp' || first === VARIABLE
  if (second === undefined && known) return { word: first }
  return { instance: first, ...(second !== undefined && { word: second }), ...(answer !== undefined && { answer }) }
}

function groupNamed(keys: readonly KeySummary[], word: string | undefined): KeyGroup | undefined {
  if (word === undefined) return undefined
  const id = credentialNamed(word)?.id ?? word
  return groupsOf(keys).find((group) => group.id === id)
}

type Held = { instance: InstanceSummary; keys: KeySummary[]; whatsapp: boolean }

/** What the instance holds; null when there is none of that name, which the person has then been told. */
async function heldBy(turn: Turn, instance: string | undefined, action: string, rest: readonly string[] = []): Promise<Held | null> {
  const wanted = instance === undefined ? {} : { instance }
  const found = await turn.deps.actions.perform('keys', wanted, turn.actor)
  if (found.ok) return found.value
  await show(turn, refusalView(found, { action, rest, ...(instance !== undefined && { instance }) }))
  return null
}

async function refusedInGroup(turn: Turn): Promise<boolean> {
  if (turn.inbound.place !== 'group') return false
  await show(turn, privateOnlyView())
  return true
}
